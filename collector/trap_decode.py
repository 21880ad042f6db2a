"""Notifications decoded by pysnmp's engine: v1, v2c and v3, traps and informs (RFC 3416, 3584, 3414).

The engine gets packets from our own socket and answers informs through it. It costs one to two thousandths
of a second a packet, so nobody hands it more than `collector.traps` lets through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gufo.snmp import User
from pysnmp.carrier.asyncio.dgram import udp, udp6
from pysnmp.carrier.base import AbstractTransportDispatcher
from pysnmp.entity import config, engine
from pysnmp.entity.rfc3413 import ntfrcv
from pysnmp.proto.api.v2c import OctetString
from pysnmp.proto.error import ProtocolError, StatusInformation

from collector.counters import Counters
from collector.decode import as_address
from collector.gufo import usm_user
from collector.secrets import CommunitySecret, SnmpSecret, UsmSecret
from collector.tlv import read_tlv
from collector.transport import Value

SNMP_TRAP_OID = "1.3.6.1.6.3.1.1.4.1.0"
SNMP_TRAP_ADDRESS = "1.3.6.1.6.3.18.1.3.0"
_IF_INDEX = "1.3.6.1.2.1.2.2.1.1."

AUTH = {
    None: config.USM_AUTH_NONE,
    "MD5": config.USM_AUTH_HMAC96_MD5,
    "SHA1": config.USM_AUTH_HMAC96_SHA,
    "SHA224": config.USM_AUTH_HMAC128_SHA224,
    "SHA256": config.USM_AUTH_HMAC192_SHA256,
    "SHA384": config.USM_AUTH_HMAC256_SHA384,
    "SHA512": config.USM_AUTH_HMAC384_SHA512,
}
PRIV = {
    None: config.USM_PRIV_NONE,
    "DES": config.USM_PRIV_CBC56_DES,
    "AES128": config.USM_PRIV_CFB128_AES,
    "AES192": config.USM_PRIV_CFB192_AES_BLUMENTHAL,
    "AES256": config.USM_PRIV_CFB256_AES_BLUMENTHAL,
    "AES192C": config.USM_PRIV_CFB192_AES,
    "AES256C": config.USM_PRIV_CFB256_AES,
}

_ENGINES_AT_MOST = 20_000
"""Engine ids are the sender's own word: more than these are an attack, not a network."""

WireAddress = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Notification:
    """One trap or inform, as its sender meant it."""

    trap_oid: str
    if_index: int | None
    agent_address: str | None
    """The trap's own word on who sent it (v1 agent-addr, snmpTrapAddress): proxies put the device here."""
    values: tuple[tuple[str, Value], ...]


class _Wire(AbstractTransportDispatcher):  # type: ignore[misc]  # pysnmp ships no types
    """pysnmp's way out: answers to informs and SNMPv3 reports leave by our socket."""

    def __init__(self, send: Callable[[bytes, WireAddress], None]) -> None:
        super().__init__()
        self._send = send

    def send_message(  # the names are pysnmp's
        self,
        outgoingMessage: Any,  # noqa: N803 - as above
        transportDomain: Any,  # noqa: ARG002, N803 - as above
        transportAddress: Any,  # noqa: N803 - as above
    ) -> None:
        self._send(bytes(outgoingMessage), (str(transportAddress[0]), int(transportAddress[1])))


class TrapDecoder:
    """`decode(packet, address)` gives the notifications in it: none or one."""

    def __init__(
        self,
        secrets: Iterable[SnmpSecret],
        send: Callable[[bytes, WireAddress], None],
        counters: Counters,
    ) -> None:
        self._counters = counters
        self._found: list[Notification] = []
        self._engine = engine.SnmpEngine()
        self._engine.register_transport_dispatcher(_Wire(send))
        self._users: dict[str, User] = {}
        self._usm: dict[str, UsmSecret] = {}
        self._engines: set[tuple[bytes, str]] = set()
        for number, secret in enumerate(_distinct(secrets)):
            if isinstance(secret, CommunitySecret):
                config.add_v1_system(self._engine, f"community{number}", secret.community)
            else:
                self._usm[secret.user] = secret
                self._add_user(secret)
        ntfrcv.NotificationReceiver(self._engine, self._take)

    def _add_user(self, secret: UsmSecret, engine_id: bytes | None = None) -> None:
        """Informs are for our own engine, traps come from the sender's: keys are localised to each.

        The costly part of a password is done once, by gufo: what is added here are master keys.
        """
        user = self._users.setdefault(secret.user, usm_user(secret))
        config.add_v3_user(
            self._engine,
            secret.user,
            AUTH[secret.auth],
            user.get_auth_key() or None,
            PRIV[secret.priv],
            user.get_priv_key() or None,
            securityEngineId=None if engine_id is None else OctetString(engine_id),
            authKeyType=config.USM_KEY_TYPE_MASTER,
            privKeyType=config.USM_KEY_TYPE_MASTER,
        )

    def _know_sender(self, packet: bytes) -> None:
        """A v3 trap of an engine not met before: its users' keys, if the user is ours."""
        sender = v3_sender(packet)
        if sender is None or sender in self._engines:
            return
        secret = self._usm.get(sender[1])
        if secret is None:
            return
        if len(self._engines) >= _ENGINES_AT_MOST:
            self._counters.add("trap_engines_refused")
            return
        self._engines.add(sender)
        self._add_user(secret, sender[0])

    def decode(self, packet: bytes, address: WireAddress) -> Sequence[Notification]:
        """Never raises; what can't be decoded or does not prove who sent it is counted."""
        self._found = []
        v6 = ":" in address[0]
        domain = udp6.DOMAIN_NAME if v6 else udp.DOMAIN_NAME
        where = (udp6.Udp6TransportAddress if v6 else udp.UdpTransportAddress)(address)
        try:
            self._know_sender(packet)
            self._engine.message_dispatcher.receive_message(self._engine, domain, where, packet)
        except (ProtocolError, StatusInformation):
            pass
        except Exception:  # noqa: BLE001 - pysnmp raises nearly anything on bytes made to hurt it
            self._counters.add("trap_decoder_errors")
        if not self._found:
            self._counters.add("traps_not_accepted")
        return self._found

    def _take(
        self, _engine: Any, _state: Any, _context_engine: Any, _context: Any, bindings: Any, _extra: Any
    ) -> None:
        values = tuple((str(name), _plain(value)) for name, value in bindings)
        named = dict(values)
        trap_oid = named.get(SNMP_TRAP_OID)
        if not isinstance(trap_oid, str):
            return
        agent = named.get(SNMP_TRAP_ADDRESS)
        self._found.append(
            Notification(trap_oid, _if_index(values), as_address(agent) if agent else None, values)
        )

    def close(self) -> None:
        self._engine.unregister_transport_dispatcher()


def v3_sender(packet: bytes) -> tuple[bytes, str] | None:
    """Engine id and user of an SNMPv3 message; they lie open in its header (RFC 3412, 6; RFC 3414, 2.4)."""
    try:
        _, message, _ = read_tlv(packet, 0)
        _, version, at = read_tlv(message, 0)
        if version != b"\x03":
            return None
        _, _, at = read_tlv(message, at)
        _, security, _ = read_tlv(message, at)
        _, parameters, _ = read_tlv(security, 0)
        _, engine_id, at = read_tlv(parameters, 0)
        _, _, at = read_tlv(parameters, at)
        _, _, at = read_tlv(parameters, at)
        _, user, _ = read_tlv(parameters, at)
    except IndexError:
        return None
    return (engine_id, user.decode("utf-8", "replace")) if 5 <= len(engine_id) <= 32 else None


def _distinct(secrets: Iterable[SnmpSecret]) -> list[SnmpSecret]:
    """One of each community and each user: the same one may stand in several credentials."""
    seen: dict[tuple[str, str], SnmpSecret] = {}
    for secret in secrets:
        key = ("c", secret.community) if isinstance(secret, CommunitySecret) else ("u", secret.user)
        seen.setdefault(key, secret)
    return list(seen.values())


def _plain(value: Any) -> Value:
    kind = type(value).__name__
    if kind in ("ObjectIdentifier", "ObjectName"):
        return str(value)
    if kind == "IpAddress":
        return str(as_address(bytes(value)) or "")
    try:
        return int(value)
    except (TypeError, ValueError):
        pass
    try:
        return bytes(value)
    except (TypeError, ValueError):
        return None


def _if_index(values: Sequence[tuple[str, Value]]) -> int | None:
    """Of the ifIndex binding, else the last part of any other column of ifTable or ifXTable."""
    for oid, value in values:
        if oid.startswith(_IF_INDEX) and isinstance(value, int):
            return value
    for oid, _ in values:
        if oid.startswith(("1.3.6.1.2.1.2.2.1.", "1.3.6.1.2.1.31.1.1.1.")):
            last = oid.rpartition(".")[2]
            return int(last) if last.isdigit() else None
    return None

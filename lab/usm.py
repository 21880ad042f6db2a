"""SNMPv3 of one agent: User-based Security Model (RFC 3414) by the `snmp` library, its authoritative side.

Time is handed in: engine time is counted from the device's simulated boot.
"""

# mypy: disable-error-code="import-untyped"
# `snmp` ships no type information.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from snmp.exception import IncomingMessageError
from snmp.security.levels import SecurityLevel
from snmp.security.models import SecurityModel
from snmp.security.usm import UserBasedSecurityModule
from snmp.security.usm.auth import HmacMd5, HmacSha, HmacSha224, HmacSha256, HmacSha384, HmacSha512
from snmp.security.usm.eso.priv import EsoAesCfb192, EsoAesCfb256
from snmp.security.usm.priv import AesCfb128, DesCbc
from snmp.security.usm.timekeeper import EngineTime
from snmp.security.usm.users import UserRegistry
from snmp.utils import subbytes
from snmp.v3.message import (
    HeaderData,
    MessageFlags,
    ReportMessage,
    ScopedPDU,
    SecurityName,
    SNMPv3Message,
    SNMPv3WireMessage,
)

from lab import codec

AUTH = {
    "MD5": HmacMd5,
    "SHA1": HmacSha,
    "SHA224": HmacSha224,
    "SHA256": HmacSha256,
    "SHA384": HmacSha384,
    "SHA512": HmacSha512,
}
"""Names as in the inventory (`topology.model.Credential.auth`)."""
PRIV = {"DES": DesCbc, "AES128": AesCfb128, "AES192": EsoAesCfb192, "AES256": EsoAesCfb256}
"""AES-192 and AES-256 extend short keys as draft-blumenthal-aes-usm does, which is net-snmp's way."""

_NAMESPACE = "lab"
_UNKNOWN_USER_NAMES = (1, 3, 6, 1, 6, 3, 15, 1, 1, 3, 0)
_UNKNOWN_CONTEXTS = (1, 3, 6, 1, 6, 3, 12, 1, 5, 0)
MAX_MESSAGE_OCTETS = 65_507


@dataclass(frozen=True, slots=True)
class User:
    """One SNMPv3 user with its secrets. `auth`/`priv` None: that level isn't used."""

    name: str
    auth: str | None = None
    auth_key: str | None = None
    priv: str | None = None
    priv_key: str | None = None
    context: str = ""


def registry(users: Sequence[User]) -> UserRegistry:
    """The library's key store. Turning a password into a key costs milliseconds, so agents share one."""
    store = UserRegistry()
    for user in users:
        store.addUser(
            user.name.encode(),
            _NAMESPACE,
            default=None if not store.namespaceConfigs else False,
            authProtocol=AUTH[user.auth] if user.auth else None,
            authSecret=user.auth_key.encode() if user.auth and user.auth_key else None,
            privProtocol=PRIV[user.priv] if user.priv else None,
            privSecret=user.priv_key.encode() if user.priv and user.priv_key else None,
        )
    return store


@dataclass(frozen=True, slots=True)
class Opened:
    """A request that passed security. `authorized` is false below the user's own security level."""

    message: Any
    request: codec.Request
    authorized: bool
    max_octets: int


class Usm:
    def __init__(self, engine_id: bytes, users: UserRegistry, contexts: Sequence[str] = ("",)) -> None:
        self._security = UserBasedSecurityModule(_NAMESPACE, engine_id)
        self._security.users = users
        self._contexts = {context.encode() for context in contexts} | {b""}
        self._unknown_contexts = 0

    def booted(self, boots: int, at_s: float) -> None:
        """Engine boots and time start anew: requests with the old ones are now outside the time window."""
        self._security.engineTime = EngineTime(at_s, boots, authoritative=True)

    def open(self, datagram: bytes, at_s: float) -> Opened | bytes | None:
        """The request, or the report to send back, or None where silence is right. Raises MalformedError."""
        try:
            wire = SNMPv3WireMessage.decodeExact(subbytes(datagram))
            message = self._security.processIncoming(wire, at_s)
        except ReportMessage as stop:
            return self._encode(stop.message, at_s)
        except (IncomingMessageError, ValueError, IndexError, TypeError) as err:
            raise codec.MalformedError(str(err)) from err
        if not message.securityName.namespaces:
            self._security.unknownUserNames += 1
            return self._report(message, _UNKNOWN_USER_NAMES, self._security.unknownUserNames, at_s)
        if bytes(message.scopedPDU.contextName) not in self._contexts:
            self._unknown_contexts += 1
            return self._report(message, _UNKNOWN_CONTEXTS, self._unknown_contexts, at_s)
        request = codec.request_of(message.scopedPDU.pdu)
        level = message.header.flags.securityLevel
        needed = self._security.maxSecurityLevel(message.securityName.userName, _NAMESPACE)
        return Opened(message, request, level >= needed, message.header.maxSize)

    def seal(self, opened: Opened, pdu: Any, at_s: float) -> bytes:
        """The answer, at the request's own security level."""
        request = opened.message
        header = HeaderData(
            request.header.msgID,
            MAX_MESSAGE_OCTETS,
            MessageFlags(request.header.flags.securityLevel),
            SecurityModel.USM,
        )
        scoped = ScopedPDU(pdu, self._security.engineID, request.scopedPDU.contextName)
        name = SecurityName(request.securityName.userName, _NAMESPACE)
        return self._encode(SNMPv3Message(header, scoped, self._security.engineID, name), at_s)

    def notification(self, user: User, pdu: Any, message_id: int, at_s: float) -> bytes:
        """A trap at the user's own level; the sender is the authoritative engine (RFC 3414 3.1)."""
        level = SecurityLevel(user.auth is not None, user.priv is not None)
        header = HeaderData(message_id, MAX_MESSAGE_OCTETS, MessageFlags(level), SecurityModel.USM)
        scoped = ScopedPDU(pdu, self._security.engineID, user.context.encode())
        name = SecurityName(user.name.encode(), _NAMESPACE)
        return self._encode(SNMPv3Message(header, scoped, self._security.engineID, name), at_s)

    def _report(self, message: Any, counter: codec.Oid, value: int, at_s: float) -> bytes:
        pdu = codec.report(counter, value, message.scopedPDU.pdu.requestID)
        level = message.header.flags.securityLevel
        known = bool(message.securityName.namespaces)
        header = HeaderData(
            message.header.msgID,
            MAX_MESSAGE_OCTETS,
            MessageFlags(level if known else SecurityLevel(False, False)),
            SecurityModel.USM,
        )
        scoped = ScopedPDU(pdu, self._security.engineID, message.scopedPDU.contextName)
        name = SecurityName(message.securityName.userName, _NAMESPACE)
        return self._encode(SNMPv3Message(header, scoped, self._security.engineID, name), at_s)

    def _encode(self, message: Any, at_s: float) -> bytes:
        encoded: bytes = self._security.prepareOutgoing(message, at_s)
        return encoded

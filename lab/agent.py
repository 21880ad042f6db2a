"""One SNMP agent: a datagram in, a datagram out. v1, v2c and v3; GET, GETNEXT, GETBULK; SET is refused."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from lab import codec
from lab.codec import Error, MalformedError, Oid, Operation, Request
from lab.usm import Opened, Usm
from lab.view import View

MAX_OCTETS = 1_472
"""What fits an Ethernet frame: real agents don't send more without being asked to."""
_HEADROOM_OCTETS = 60
"""Version, community or engine id, PDU header."""
_V3_HEADROOM_OCTETS = 180


@dataclass(slots=True)
class AgentCounters:
    """Datagrams, by what became of them."""

    received: int = 0
    answered: int = 0
    reports: int = 0
    wrong_community: int = 0
    malformed: int = 0


class Agent:
    def __init__(
        self, *, communities_v1: Collection[bytes], communities_v2c: Collection[bytes], usm: Usm
    ) -> None:
        self._communities = {0: frozenset(communities_v1), 1: frozenset(communities_v2c)}
        self.usm = usm
        self.counters = AgentCounters()

    def answer(self, datagram: bytes, view: Callable[[], View], at_s: float) -> bytes | None:
        """The answer, or None where a real agent stays silent: a wrong community, or not SNMP."""
        self.counters.received += 1
        try:
            version = codec.version_of(datagram)
            reply = (
                self._answer_v3(datagram, view, at_s)
                if version == 3
                else self._answer_community(datagram, view, at_s)
            )
        except MalformedError:
            self.counters.malformed += 1
            return None
        if reply is not None:
            self.counters.answered += 1
        return reply

    def _answer_community(self, datagram: bytes, view: Callable[[], View], at_s: float) -> bytes | None:
        message = codec.decode_community(datagram)
        if message.community not in self._communities.get(message.version, ()):
            self.counters.wrong_community += 1
            return None
        varbinds, error, index = respond(
            message.request, view(), at_s, MAX_OCTETS - _HEADROOM_OCTETS, v1=message.version == 0
        )
        pdu = codec.response(message.request.request_id, varbinds, error, index)
        return codec.encode_community(message.version, message.community, pdu)

    def _answer_v3(self, datagram: bytes, view: Callable[[], View], at_s: float) -> bytes | None:
        opened = self.usm.open(datagram, at_s)
        if not isinstance(opened, Opened):
            self.counters.reports += opened is not None
            return opened
        request = opened.request
        if not opened.authorized:
            refused = codec.response(request.request_id, _echo(request), Error.AUTHORIZATION, 0)
            return self.usm.seal(opened, refused, at_s)
        room = min(MAX_OCTETS, opened.max_octets) - _V3_HEADROOM_OCTETS
        varbinds, error, index = respond(request, view(), at_s, room)
        return self.usm.seal(opened, codec.response(request.request_id, varbinds, error, index), at_s)


def _echo(request: Request) -> list[bytes]:
    return [codec.varbind(name, codec.NULL) for name in request.oids]


def respond(
    request: Request, view: View, at_s: float, room_octets: int, *, v1: bool = False
) -> tuple[list[bytes], Error, int]:
    """Variable bindings, error-status and error-index (RFC 3416 4.2, RFC 1157 4.1 for v1)."""
    match request.operation:
        case Operation.GET:
            return _get(request, view, at_s, room_octets, v1)
        case Operation.GET_NEXT:
            return _get_next(request, view, at_s, room_octets, v1)
        case Operation.GET_BULK if not v1:
            return _get_bulk(request, view, at_s, room_octets), Error.NONE, 0
        case Operation.GET_BULK:
            raise MalformedError("SNMPv1 has no GetBulk")
        case Operation.SET:
            return _echo(request), Error.READ_ONLY if v1 else Error.NOT_WRITABLE, 1


def _get(
    request: Request, view: View, at_s: float, room_octets: int, v1: bool
) -> tuple[list[bytes], Error, int]:
    found = []
    for i, name in enumerate(request.oids, start=1):
        value = view.get(name, at_s)
        missing = value in (codec.NO_SUCH_OBJECT, codec.NO_SUCH_INSTANCE)
        if v1 and (missing or codec.is_counter64(value)):
            return _echo(request), Error.NO_SUCH_NAME, i
        found.append(codec.varbind(name, value))
    return _fitting(request, found, room_octets, v1)


def _get_next(
    request: Request, view: View, at_s: float, room_octets: int, v1: bool
) -> tuple[list[bytes], Error, int]:
    found = []
    for i, name in enumerate(request.oids, start=1):
        row = view.after(name, at_s, skip_counter64=v1)
        if row is None and v1:
            return _echo(request), Error.NO_SUCH_NAME, i
        found.append(codec.varbind(*(row or (name, codec.END_OF_MIB_VIEW))))
    return _fitting(request, found, room_octets, v1)


def _fitting(
    request: Request, found: list[bytes], room_octets: int, v1: bool
) -> tuple[list[bytes], Error, int]:
    """All of it, or tooBig: RFC 3416 sends that without bindings, RFC 1157 with the request's own."""
    if sum(map(len, found)) > room_octets:
        return (_echo(request) if v1 else []), Error.TOO_BIG, 0
    return found, Error.NONE, 0


def _get_bulk(request: Request, view: View, at_s: float, room_octets: int) -> list[bytes]:
    """As many whole repetitions, and of the last one as many bindings, as fit (RFC 3416 4.2.3)."""
    found: list[bytes] = []
    used = 0

    def take(name: Oid) -> Oid | None:
        """Append the row after `name`; None when the answer is full."""
        nonlocal used
        row = view.after(name, at_s)
        bind = codec.varbind(*(row or (name, codec.END_OF_MIB_VIEW)))
        if used + len(bind) > room_octets:
            return None
        used += len(bind)
        found.append(bind)
        ended.append(row is None)
        return name if row is None else row[0]

    ended: list[bool] = []
    for name in request.oids[: request.non_repeaters]:
        if take(name) is None:
            return found
    cursors = list(request.oids[request.non_repeaters :])
    for _ in range(request.max_repetitions if cursors else 0):
        ended = []
        for i, name in enumerate(cursors):
            reached = take(name)
            if reached is None:
                return found
            cursors[i] = reached
        if all(ended):
            break
    return found

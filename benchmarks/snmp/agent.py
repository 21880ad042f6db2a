"""A recording served over UDP as a v1/v2c agent, and the ways in which real agents misbehave.

`python -m benchmarks.snmp.agent FILE.snmprec [--port N]` serves one recording by hand. Tests hand in a
`Behaviour` to break single things on purpose.
"""

from __future__ import annotations

import argparse
import asyncio
import codecs
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.snmp import ber
from benchmarks.snmp.ber import Oid

GEN_ERR, TOO_BIG, NO_SUCH_NAME = 5, 1, 2


@dataclass(frozen=True, slots=True)
class Row:
    oid: Oid
    tag: int
    value: bytes
    """The encoded value, tag included."""


def encode_value(tag: str, text: str) -> bytes:
    """A value of a .snmprec line: `tag` as there (a trailing x is hex, a trailing e is escaped text)."""
    kind = tag[-1] if tag[-1] in "xe" else ""
    number = int(tag.rstrip("xe"))
    if kind == "x":
        raw = bytes.fromhex(text)
    elif kind == "e":
        raw = codecs.decode(text, "unicode_escape").encode("latin-1")
    else:
        raw = text.encode("utf-8")
    if number in (2, 65, 66, 67, 70) and not kind:
        return ber.encode_int(number, int(text))
    if number == 6:
        return ber.encode_oid(ber.parse_oid(text))
    if number == 64 and not kind:
        return ber.tlv(64, bytes(int(part) for part in text.split(".")))
    if number == 5:
        return ber.NULL
    return ber.tlv(number, raw)


def load_snmprec(lines: Iterable[str]) -> list[Row]:
    """Rows in the order of the file. Of an OID that stands there twice the first counts."""
    rows: dict[Oid, Row] = {}
    for line in lines:
        text = line.rstrip("\n")
        if not text or text.startswith("#"):
            continue
        name, tag, value = text.split("|", 2)
        oid = ber.parse_oid(name)
        if oid not in rows:
            rows[oid] = Row(oid, int(tag.rstrip("xe")), encode_value(tag, value))
    return list(rows.values())


class Mib:
    """Rows in lexicographic order, changeable while it is served."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = {row.oid: row for row in rows}
        self.order = sorted(self.rows)

    @classmethod
    def from_file(cls, path: Path) -> Mib:
        with path.open(encoding="utf-8", errors="replace") as lines:
            return cls(load_snmprec(lines))

    def set(self, oid: str, tag: str, text: str) -> None:
        key = ber.parse_oid(oid)
        self.rows[key] = Row(key, int(tag.rstrip("xe")), encode_value(tag, text))
        self.order = sorted(self.rows)

    def remove(self, prefix: str) -> None:
        start = ber.parse_oid(prefix)
        self.rows = {oid: row for oid, row in self.rows.items() if oid[: len(start)] != start}
        self.order = sorted(self.rows)

    def get(self, oid: Oid) -> bytes | None:
        row = self.rows.get(oid)
        return None if row is None else row.value

    def has_object(self, oid: Oid) -> bool:
        """Whether something lies beside it, so that noSuchInstance is the word rather than noSuchObject."""
        parent = oid[:-1]
        at = bisect_left(self.order, parent)
        return at < len(self.order) and self.order[at][: len(parent)] == parent

    def after(self, oid: Oid) -> Oid | None:
        at = bisect_right(self.order, oid)
        return self.order[at] if at < len(self.order) else None


@dataclass(frozen=True, slots=True)
class Request:
    version: int
    community: bytes
    pdu: int
    request_id: int
    a: int
    """non-repeaters of a GETBULK."""
    b: int
    """max-repetitions of a GETBULK."""
    oids: tuple[Oid, ...]


def parse_request(data: bytes) -> Request:
    """Raises IndexError or ValueError when it is no v1/v2c request."""
    _, body, _ = ber.read_tlv(data, 0)
    _, version, at = ber.read_tlv(body, 0)
    _, community, at = ber.read_tlv(body, at)
    pdu, content, _ = ber.read_tlv(body, at)
    numbers = []
    at = 0
    for _ in range(3):
        _, raw, at = ber.read_tlv(content, at)
        numbers.append(int.from_bytes(raw, "big", signed=True))
    _, binds, _ = ber.read_tlv(content, at)
    oids = []
    at = 0
    while at < len(binds):
        _, bind, at = ber.read_tlv(binds, at)
        _, name, _ = ber.read_tlv(bind, 0)
        oids.append(ber.decode_oid(name))
    return Request(
        int.from_bytes(version, "big"), community, pdu, numbers[0], numbers[1], numbers[2], tuple(oids)
    )


Answer = list[bytes]
Behaviour = Callable[[Request, Callable[[Request], bytes]], Answer]
"""Takes a request and the honest answer's maker, gives the packets to send."""


def honest(request: Request, answer: Callable[[Request], bytes]) -> Answer:
    return [answer(request)]


class ReplayAgent(asyncio.DatagramProtocol):
    """`await agent.start()`, then `agent.port`. Answers within `max_bytes` as RFC 3416 says."""

    def __init__(
        self,
        mib: Mib,
        *,
        community: str = "public",
        behaviour: Behaviour = honest,
        max_bytes: int = 1472,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.mib = mib
        self.behaviour = behaviour
        self.max_bytes = max_bytes
        self.requests = 0
        self.log: list[Request] = []
        self._community = community.encode()
        self._address = (host, port)
        self._transport: asyncio.DatagramTransport | None = None
        self.port = port
        self.reply_from: asyncio.DatagramTransport | None = None
        """Answers leave from here instead: another port or address."""

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=self._address)
        self.port = self._transport.get_extra_info("sockname")[1]

    def stop(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        pass

    def datagram_received(self, data: bytes, addr: Any) -> None:
        try:
            request = parse_request(data)
        except (IndexError, ValueError):
            return
        if request.community != self._community:
            return
        self.requests += 1
        self.log.append(request)
        sender = self.reply_from or self._transport
        assert sender is not None
        for packet in self.behaviour(request, self.answer):
            sender.sendto(packet, addr)

    def answer(self, request: Request) -> bytes:
        return answer(self.mib, request, self.max_bytes)


def error_answer(request: Request, status: int, index: int = 0) -> bytes:
    """An error-status; the names come back with NULLs, as agents do (tooBig without any: RFC 3416, 4.2.1)."""
    binds = [] if status == TOO_BIG else [ber.varbind(oid, ber.NULL) for oid in request.oids]
    return ber.message(
        request.version, request.community, ber.RESPONSE, request.request_id, status, index, binds
    )


def answer(mib: Mib, request: Request, max_bytes: int = 1472) -> bytes:
    budget = max_bytes - len(request.community) - 40
    if request.pdu == ber.GET_BULK:
        binds = _bulk(mib, request, budget)
    else:
        binds = []
        for index, oid in enumerate(request.oids):
            if request.pdu == ber.GET:
                value = mib.get(oid)
                name = oid
            else:
                following = mib.after(oid)
                value = None if following is None else mib.get(following)
                name = oid if following is None else following
            if value is None and request.version == 0:
                return error_answer(request, NO_SUCH_NAME, index + 1)
            if value is None:
                value = ber.END_OF_MIB_VIEW
                if request.pdu == ber.GET:
                    value = ber.NO_SUCH_INSTANCE if mib.has_object(oid) else ber.NO_SUCH_OBJECT
            binds.append(ber.varbind(name, value))
        if sum(map(len, binds)) > budget:
            return error_answer(request, TOO_BIG)
    return ber.message(request.version, request.community, ber.RESPONSE, request.request_id, 0, 0, binds)


def _bulk(mib: Mib, request: Request, budget: int) -> list[bytes]:
    binds: list[bytes] = []
    used = 0
    cursors: list[Oid | None] = list(request.oids)
    for _ in range(max(0, request.b)):
        for at, cursor in enumerate(cursors):
            following = None if cursor is None else mib.after(cursor)
            if following is None:
                bind = ber.varbind(cursor or request.oids[at], ber.END_OF_MIB_VIEW)
            else:
                bind = ber.varbind(following, mib.rows[following].value)
            if used + len(bind) > budget:
                return binds
            binds.append(bind)
            used += len(bind)
            cursors[at] = following
        if all(cursor is None for cursor in cursors):
            break
    return binds


async def _serve(path: Path, host: str, port: int, community: str) -> None:
    agent = ReplayAgent(Mib.from_file(path), community=community, host=host, port=port)
    await agent.start()
    print(f"{path.name} on {host}:{agent.port}")
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--community", default="public")
    given = parser.parse_args()
    asyncio.run(_serve(given.file, given.host, given.port, given.community))


if __name__ == "__main__":
    main()

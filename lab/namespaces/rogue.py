"""A rogue before a good agent: takes the agent's place, asks it on another port, and spoils the answers. Run
inside the machine's namespace by path, with the standard library only.

    rogue.py MODE --listen HOST:PORT --agent HOST:PORT

slow: each answer 3 s late. garbage: random octets. truncated: half of each answer. other-id: answers to
questions that nobody asked. old: forever the first answer it ever gave. flood: every answer fifty times.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Callable
from typing import Any

MODES = ("slow", "garbage", "truncated", "other-id", "old", "flood")
LATE_S = 3.0
_FLOOD = 50


class _Upstream(asyncio.DatagramProtocol):
    """One question to the good agent."""

    def __init__(self, question: bytes, answered: Callable[[bytes], None]) -> None:
        self._question = question
        self._answered = answered

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.sendto(self._question)

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: ARG002  # asyncio's signature
        self._answered(data)
        self._transport.close()


class _Rogue(asyncio.DatagramProtocol):
    def __init__(self, mode: str, agent: tuple[str, int]) -> None:
        self._mode = mode
        self._agent = agent
        self._first: bytes | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(
            loop.create_datagram_endpoint(
                lambda: _Upstream(data, lambda answer: self._spoil(answer, addr)), remote_addr=self._agent
            )
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _spoil(self, answer: bytes, asker: Any) -> None:
        send = self._transport.sendto
        match self._mode:
            case "slow":
                asyncio.get_running_loop().call_later(LATE_S, send, answer, asker)
            case "garbage":
                send(random.randbytes(random.randint(1, len(answer))), asker)
            case "truncated":
                send(answer[: len(answer) // 2], asker)
            case "other-id":
                send(_other_id(answer), asker)
            case "old":
                self._first = self._first or answer
                send(self._first, asker)
            case "flood":
                for _ in range(_FLOOD):
                    send(answer, asker)


def _other_id(answer: bytes) -> bytes:
    """The request id of a v1 or v2c answer, changed: SEQUENCE, version, community, PDU, then INTEGER id."""
    at = _inside(answer, 0)
    for _ in range(2):
        at = _after(answer, at)
    at = _inside(answer, at)  # into the PDU
    if at + 3 > len(answer):
        return answer
    last = at + 1 + answer[at + 1]
    return answer[:last] + bytes([answer[last] ^ 0x55]) + answer[last + 1 :]


def _inside(data: bytes, at: int) -> int:
    return at + 2 + (data[at + 1] & 0x7F if data[at + 1] & 0x80 else 0)


def _after(data: bytes, at: int) -> int:
    start = _inside(data, at)
    long = data[at + 1] & 0x80
    return start + (int.from_bytes(data[at + 2 : start]) if long else data[at + 1])


def _endpoint(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("--listen", type=_endpoint, required=True)
    parser.add_argument("--agent", type=_endpoint, required=True)
    options = parser.parse_args()
    await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Rogue(options.mode, options.agent), local_addr=options.listen
    )
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())

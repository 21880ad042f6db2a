"""A fiber that takes its time: copies frames between two interfaces after a delay. Run inside the fibers'
namespace by path, with the standard library only. (netem does this in the kernel, where the kernel has it.)

    delay.py IF_A IF_B --delay-ms 20 --jitter-ms 5 --loss-percent 1
"""

from __future__ import annotations

import argparse
import asyncio
import random
import socket
from collections.abc import Callable

_SOL_PACKET, _PACKET_VNET_HDR, _PACKET_IGNORE_OUTGOING = 263, 15, 23
_ALL = 3  # ETH_P_ALL
_BURST = 64


def _tap(if_name: str) -> socket.socket:
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    # With this header, checksums left to the hardware and segmentation come through whole.
    tap.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
    tap.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    tap.bind((if_name, _ALL))
    tap.setblocking(False)
    return tap


def _carry(
    loop: asyncio.AbstractEventLoop, source: socket.socket, target: socket.socket, options: argparse.Namespace
) -> Callable[[], None]:
    def send(frame: bytes) -> None:
        try:
            target.send(frame)
        except OSError:  # the other end has no light, or its queue is full: the frame is lost, as in a fiber
            return

    def readable() -> None:
        for _ in range(_BURST):
            try:
                frame = source.recv(70_000)
            except OSError:  # nothing more, or no light
                return
            if random.random() * 100.0 < options.loss_percent:
                continue
            delay_ms = options.delay_ms + random.uniform(-options.jitter_ms, options.jitter_ms)
            loop.call_later(max(0.0, delay_ms) / 1000.0, send, frame)

    return readable


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("if_a")
    parser.add_argument("if_b")
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--jitter-ms", type=float, default=0.0)
    parser.add_argument("--loss-percent", type=float, default=0.0)
    options = parser.parse_args()
    loop = asyncio.get_running_loop()
    a, b = _tap(options.if_a), _tap(options.if_b)
    loop.add_reader(a, _carry(loop, a, b, options))
    loop.add_reader(b, _carry(loop, b, a, options))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())

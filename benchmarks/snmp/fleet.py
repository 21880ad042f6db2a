"""Many devices for the poller to be measured against: one process, a table of ready answers.

Every device is 127.1.x.y on one port and says the same: the system group, 28 interfaces and 20 optical
sensors of four modules on ENTITY-SENSOR-MIB. Addresses in 127.9.x.y never answer.
"""

from __future__ import annotations

import argparse
import select
import socket
import struct
import sys
from collections.abc import Iterator

from benchmarks.snmp import ber
from benchmarks.snmp.agent import Mib, Request, answer, load_snmprec, parse_request

PORTS = 28
MODULES = 4
ALIVE, DEAD = "127.1", "127.9"
_IP_PKTINFO = 8
_CACHE_ENTRIES = 20_000


def rows() -> list[str]:
    """377 values that a walk of 12 interface columns and the sensors reads, with the names around them."""
    lines = [
        "1.3.6.1.2.1.1.1.0|4|Arista Networks EOS version 4.28.3M (simulated)",
        "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.30065.1.3011.1",
        "1.3.6.1.2.1.1.3.0|67|8640000",
        "1.3.6.1.2.1.1.5.0|4|bench",
        "1.3.6.1.2.1.1.6.0|4|Tanah Grogot",
        f"1.3.6.1.2.1.2.1.0|2|{PORTS}",
        "1.3.6.1.2.1.31.1.5.0|67|500",
    ]
    for n in range(1, PORTS + 1):
        lines += [
            f"1.3.6.1.2.1.2.2.1.2.{n}|4|Ethernet{n}",
            f"1.3.6.1.2.1.2.2.1.3.{n}|2|6",
            f"1.3.6.1.2.1.2.2.1.7.{n}|2|1",
            f"1.3.6.1.2.1.2.2.1.8.{n}|2|{1 if n % 5 else 2}",
            f"1.3.6.1.2.1.2.2.1.9.{n}|67|{1000 + n}",
            f"1.3.6.1.2.1.2.2.1.13.{n}|65|{n * 3}",
            f"1.3.6.1.2.1.2.2.1.14.{n}|65|{n}",
            f"1.3.6.1.2.1.2.2.1.19.{n}|65|{n * 2}",
            f"1.3.6.1.2.1.2.2.1.20.{n}|65|0",
            f"1.3.6.1.2.1.31.1.1.1.1.{n}|4|Ethernet{n}",
            f"1.3.6.1.2.1.31.1.1.1.6.{n}|70|{n * 123_456_789_012}",
            f"1.3.6.1.2.1.31.1.1.1.10.{n}|70|{n * 98_765_432_109}",
            f"1.3.6.1.2.1.31.1.1.1.15.{n}|66|10000",
            f"1.3.6.1.2.1.31.1.1.1.18.{n}|4|link {n}",
        ]
    lines += list(_modules())
    return lines


def _modules() -> Iterator[str]:
    """Five sensors a module: temperature, voltage, bias, tx and rx power."""
    kinds = ((8, 9, 1, 352), (4, 9, 2, 331), (5, 8, 2, 650), (6, 8, 4, 5000), (6, 8, 4, 320))
    names = ("Temperature", "Voltage", "Bias", "TX Power", "RX Power")
    for module in range(1, MODULES + 1):
        parent = 1000 * module
        yield f"1.3.6.1.2.1.47.1.1.1.1.4.{parent}|2|0"
        yield f"1.3.6.1.2.1.47.1.1.1.1.7.{parent}|4|Ethernet{module}"
        for n, ((kind, scale, precision, value), name) in enumerate(zip(kinds, names, strict=True), start=1):
            sensor = parent + n
            yield f"1.3.6.1.2.1.47.1.1.1.1.4.{sensor}|2|{parent}"
            yield f"1.3.6.1.2.1.47.1.1.1.1.7.{sensor}|4|Ethernet{module} {name} Sensor"
            for column, number in ((1, kind), (2, scale), (3, precision), (4, value), (5, 1)):
                yield f"1.3.6.1.2.1.99.1.1.1.{column}.{sensor}|2|{number}"


def serve(port: int) -> None:
    """Forever. Answers are made once for each distinct list of names and kept."""
    mib = Mib(load_snmprec(rows()))
    cache: dict[bytes, bytes] = {}
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
    sock.bind(("0.0.0.0", port))
    sock.setblocking(False)
    while True:
        select.select([sock], [], [])
        while True:
            try:
                data, ancillary, _, address = sock.recvmsg(4096, 64)
            except BlockingIOError:
                break
            source = ancillary[0][2][8:12]
            if source[1] == 9:
                continue
            packet = _answer(mib, data, cache)
            if packet is None:
                continue
            info = struct.pack("@I4s4s", 0, source, b"\0\0\0\0")
            sock.sendmsg([packet], [(socket.IPPROTO_IP, _IP_PKTINFO, info)], 0, address)


def _answer(mib: Mib, data: bytes, cache: dict[bytes, bytes]) -> bytes | None:
    """The bindings of the answer stand ready; only the request id around them is new."""
    try:
        _, body, _ = ber.read_tlv(data, 0)
        _, version, at = ber.read_tlv(body, 0)
        _, community, at = ber.read_tlv(body, at)
        pdu, content, _ = ber.read_tlv(body, at)
        _, request_id, after_id = ber.read_tlv(content, 0)
    except IndexError:
        return None
    key = bytes((pdu,)) + content[after_id:]
    tail = cache.get(key)
    if tail is None:
        request: Request = parse_request(data)
        _, whole, _ = ber.read_tlv(answer(mib, request), 0)
        at = 0
        for _ in range(2):
            _, _, at = ber.read_tlv(whole, at)
        _, inside, _ = ber.read_tlv(whole, at)
        _, _, at = ber.read_tlv(inside, 0)
        tail = inside[at:]
        if len(cache) < _CACHE_ENTRIES:
            cache[key] = tail
    return ber.tlv(
        0x30,
        ber.tlv(2, version) + ber.tlv(4, community) + ber.tlv(ber.RESPONSE, ber.tlv(2, request_id) + tail),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=16161)
    given = parser.parse_args()
    print(f"{len(rows())} rows a device on {ALIVE}.x.y:{given.port}", file=sys.stderr)
    serve(given.port)

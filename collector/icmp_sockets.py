"""The wires that carry echo requests: raw ICMP, datagram ICMP, and the lab's UDP.

Everything above the socket (identity, pacing, time-outs) is the same for all of them: `collector.icmp`.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from collector.icmp_wire import V4_WANTED, V6_WANTED, EchoError, IpVersion, echo_request, error_about

LAB_PORT_OFFSET = 1000
"""The lab's echo responder listens this far above the device's SNMP port."""
SNMP_PORT = 161
RECEIVE_BUFFER_BYTES = 4 << 20

# Linux numbers that Python's socket module does not name (linux/icmp.h, linux/icmpv6.h, asm/socket.h).
_SOL_RAW = 255
_ICMP_FILTER = 1
_ICMP6_FILTER = 1
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS = 35
_SO_RXQ_OVFL = 40
_IP_RECVERR = 11
_IPV6_RECVERR = 25
_SO_EE_ORIGIN_ICMP = 2
_SO_EE_ORIGIN_ICMP6 = 3
_MSG_ERRQUEUE = 0x2000
_TIMESPEC = struct.Struct("@qq")
_EXTENDED_ERR = struct.Struct("@IBBBBII")  # struct sock_extended_err: errno, origin, type, code, ...
_ANCILLARY_BYTES = 256

SocketAddress = tuple[str, int] | tuple[str, int, int, int]


class Wire(StrEnum):
    RAW = "raw"
    DATAGRAM = "datagram"
    FPING = "fping"
    LAB = "lab"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Packet:
    data: bytes
    source: str
    stamp_s: float | None
    """When the kernel received it, in seconds since the epoch; ``None`` where it doesn't say."""
    dropped: int | None
    """How many packets this socket has lost so far to a full buffer, where the kernel says."""


class EchoSocket:
    """One non-blocking socket of one IP version."""

    def __init__(self, sock: socket.socket, wire: Wire, version: IpVersion, ident: int) -> None:
        self._sock = sock
        self._wire = wire
        self.version = version
        self.ident = ident
        # The lab's messages are IPv4's (RFC 792) whatever the address: nothing checks a pseudo header.
        self.message_version = IpVersion.V4 if wire is Wire.LAB else version
        self.ip_header = wire is Wire.RAW and version is IpVersion.V4
        self.error_queue = wire is Wire.DATAGRAM
        """Whether ICMP errors come by `receive_error`: a datagram socket keeps them apart."""

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        self._sock.close()

    def send(self, sequence: int, payload: bytes, to: SocketAddress, snmp_port: int | None) -> None:
        """Raises OSError as the kernel does."""
        message = echo_request(self.message_version, self.ident, sequence, payload)
        port = (snmp_port or SNMP_PORT) + LAB_PORT_OFFSET if self._wire is Wire.LAB else 0
        address = (to[0], port, *to[2:])
        try:
            self._sock.sendto(message, address)
        except OSError:
            if not self.error_queue:
                raise
            # The kernel tells an ICMP error about an earlier packet at the next call, once (ip(7)).
            self._sock.sendto(message, address)

    def receive(self) -> Packet | None:
        """The next packet, or ``None`` when there is none. Raises OSError as the kernel does."""
        try:
            data, ancillary, _, source = self._sock.recvmsg(2048, _ANCILLARY_BYTES)
        except BlockingIOError:
            return None
        stamp_s = dropped = None
        for level, kind, value in ancillary:
            if level != socket.SOL_SOCKET:
                continue
            if kind == _SO_TIMESTAMPNS and len(value) == _TIMESPEC.size:
                seconds, nanoseconds = _TIMESPEC.unpack(value)
                stamp_s = seconds + nanoseconds * 1e-9
            elif kind == _SO_RXQ_OVFL and len(value) == 4:
                dropped = int.from_bytes(value, "little")
        return Packet(data, source[0], stamp_s, dropped)

    def receive_error(self) -> EchoError | bool:
        """The next ICMP error about a request of ours, from the error queue. True: one that says nothing
        about an echo request; False: there is none."""
        try:
            quoted, ancillary, _, destination = self._sock.recvmsg(2048, _ANCILLARY_BYTES, _MSG_ERRQUEUE)
        except OSError:
            return False
        for level, kind, value in ancillary:
            ours = (level, kind) in (
                (socket.IPPROTO_IP, _IP_RECVERR),
                (socket.IPPROTO_IPV6, _IPV6_RECVERR),
            )
            if not ours or len(value) < _EXTENDED_ERR.size:
                continue
            _, origin, icmp_type, code, _, _, _ = _EXTENDED_ERR.unpack_from(value)
            if origin in (_SO_EE_ORIGIN_ICMP, _SO_EE_ORIGIN_ICMP6):
                return error_about(self.version, icmp_type, code, quoted, destination[0]) or True
        return True


def open_raw(version: IpVersion, source: str | None, ident: int) -> EchoSocket:
    """Needs CAP_NET_RAW. Raises OSError."""
    if version is IpVersion.V4:
        sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        unwanted = 0xFFFFFFFF
        for kind in V4_WANTED:
            unwanted &= ~(1 << kind)
        level, option, pattern = _SOL_RAW, _ICMP_FILTER, struct.pack("@I", unwanted)
    else:
        sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        words = [0xFFFFFFFF] * 8
        for kind in V6_WANTED:
            words[kind // 32] &= ~(1 << kind % 32)
        level, option, pattern = socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("@8I", *words)
    try:
        # Only spares us work (our own requests on loopback, pings of others): `decode` judges anyway.
        with contextlib.suppress(OSError):
            sock.setsockopt(level, option, pattern)
        _prepare(sock, source)
    except OSError:
        sock.close()
        raise
    return EchoSocket(sock, Wire.RAW, version, ident)


def open_datagram(version: IpVersion, source: str | None, _ident: int) -> EchoSocket:
    """Needs a group within net.ipv4.ping_group_range. The kernel chooses the identifier. Raises OSError."""
    if version is IpVersion.V4:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
    else:
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, socket.IPPROTO_ICMPV6)
    try:
        _prepare(sock, source or "")
        with contextlib.suppress(OSError):
            if version is IpVersion.V4:
                sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
            else:
                sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
        ident = sock.getsockname()[1]
    except OSError:
        sock.close()
        raise
    return EchoSocket(sock, Wire.DATAGRAM, version, ident)


def open_lab(version: IpVersion, source: str | None, ident: int) -> EchoSocket:
    """Needs nothing. Raises OSError."""
    family = socket.AF_INET if version is IpVersion.V4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        _prepare(sock, source)
    except OSError:
        sock.close()
        raise
    return EchoSocket(sock, Wire.LAB, version, ident)


OPENERS: dict[Wire, Callable[[IpVersion, str | None, int], EchoSocket]] = {
    Wire.RAW: open_raw,
    Wire.DATAGRAM: open_datagram,
    Wire.LAB: open_lab,
}


def _prepare(sock: socket.socket, source: str | None) -> None:
    sock.setblocking(False)
    try:
        # A sweep's answers come back within a millisecond of each other: room for all of them.
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    for option in (_SO_TIMESTAMPNS, _SO_RXQ_OVFL):
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, option, 1)
    if source is not None:
        sock.bind((source, 0))


def errno_name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "unknown")

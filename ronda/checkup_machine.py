"""What of this machine Ronda needs: echo, ports, a right clock, enough files, a directory of its own."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

from collector.icmp_sockets import open_datagram, open_raw
from collector.icmp_wire import IpVersion
from ronda.checkup import Finding, bad, good, note

FILES_A_DEVICE = 2
FILES_OF_ITS_OWN = 256
SKEW_NOTE_S = 1.0
_STA_UNSYNC = 0x0040
_TIME_ERROR = 5


def echo(wire: str) -> Finding:
    """Can it ask by ICMP, and how. `wire` as in the settings."""
    if wire in ("fping", "lab"):
        if wire == "fping" and shutil.which("fping") is None:
            return bad("echo", "probe.wire is fping, which is not installed", "apt-get install fping")
        return good("echo", f"by {wire}, as set")
    refused: dict[str, OSError] = {}
    for name, opened in (("raw", open_raw), ("datagram", open_datagram)):
        if wire not in ("auto", name):
            continue
        try:
            opened(IpVersion.V4, None, os.getpid() & 0xFFFF).close()
        except OSError as error:
            refused[name] = error
        else:
            return good("echo", f"ICMP by {name} socket")
    cure = (
        "raw: setcap cap_net_raw+ep on the interpreter, or AmbientCapabilities=CAP_NET_RAW (deploy/systemd); "
        "datagram: sysctl -w net.ipv4.ping_group_range='0 2147483647'"
    )
    reasons = "; ".join(f"{name}: {error.strerror}" for name, error in refused.items())
    if wire == "auto" and shutil.which("fping"):
        return note("echo", f"only by fping ({reasons})", cure)
    return bad("echo", f"no way to send ICMP ({reasons})", cure)


def ports(
    host: str, port: int, traps_host: str, traps_port: int | None, *, running: bool | None
) -> list[Finding]:
    """Can it listen where it is told to. `running`: a Ronda that answers is no trouble; None: not asked."""
    found = [_port("web port", socket.SOCK_STREAM, host, port, "api.port", running=running)]
    if traps_port is not None:
        found.append(
            _port("trap port", socket.SOCK_DGRAM, traps_host, traps_port, "traps.port", running=running)
        )
    return found


def _port(
    part: str, kind: socket.SocketKind, host: str, port: int, setting: str, *, running: bool | None
) -> Finding:
    where = f"{host} port {port}"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE and running:
            return good(part, f"{where}: the running Ronda has it")
        if error.errno in (errno.EACCES, errno.EPERM):
            cure = f"ports below 1024 need CAP_NET_BIND_SERVICE; or choose another with {setting}"
            return bad(part, f"{where}: {error.strerror}", cure)
        if error.errno == errno.EADDRINUSE:
            cure = f"`ss -lntup | grep :{port}` says who has it; end that, or set {setting}"
            if running is None:
                return note(part, f"{where} is taken; by a running Ronda? --offline does not ask", cure)
            return bad(part, f"{where} is taken by another program", cure)
        return bad(part, f"{where}: {error.strerror}", f"choose an address of this machine with {setting}")
    return good(part, f"{where} is free")


def clock_is_kept() -> bool | None:
    """Whether the kernel's clock is steered by NTP (adjtimex(2)); None where that can't be asked."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        buffer = (
            ctypes.c_long * 64
        )()  # struct timex with modes = 0: read only; 64 longs are more than it has
        state = libc.adjtimex(ctypes.byref(buffer))
    except (OSError, AttributeError):
        return None
    if state < 0:
        return None
    status = ctypes.cast(ctypes.byref(buffer, 5 * ctypes.sizeof(ctypes.c_long)), ctypes.POINTER(ctypes.c_int))
    return state != _TIME_ERROR and not status[0] & _STA_UNSYNC


def time_sync(kept: Callable[[], bool | None] = clock_is_kept) -> Finding:
    """A wrong clock makes wrong SLA seconds, and InfluxDB refuses what lies in the future."""
    synchronised = kept()
    if synchronised is None:
        return note("time", "this system does not say whether its clock is kept right", "check `timedatectl`")
    if not synchronised:
        cure = "apt-get install systemd-timesyncd (or chrony) and `timedatectl set-ntp true`"
        return note("time", "the clock is not kept right by NTP", cure)
    return good("time", "the clock is kept right by NTP")


def open_files(devices: int) -> Finding:
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_OF_ITS_OWN + FILES_A_DEVICE * devices
    if allowed < wanted:
        cure = f"`ulimit -n {wanted}`, or LimitNOFILE={wanted} in the unit"
        return bad("open files", f"{allowed} allowed, about {wanted} needed for {devices} devices", cure)
    return good("open files", f"{allowed} allowed, about {wanted} needed")


def directory(path: Path) -> Finding:
    """Is the data directory there, writable, and nobody else's to read."""
    try:
        return _directory(path)
    except OSError as error:
        cure = "run this as the user that Ronda runs as, or let that user into the directories above it"
        return bad("data directory", f"{path}: {error.strerror}", cure)


def _directory(path: Path) -> Finding:
    """Raises OSError."""
    if not path.exists():
        parent = next(p for p in path.absolute().parents if p.exists())
        if parent.is_dir() and os.access(parent, os.W_OK | os.X_OK):
            return good("data directory", f"{path} will be made at the first start")
        return bad("data directory", f"{path} can't be made in {parent}", f"mkdir {path} and chown it")
    if not path.is_dir():
        return bad("data directory", f"{path} is a file", "move it away, or choose another with data_dir")
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return bad("data directory", f"{path} can't be written", f"chown -R $(id -un) {path}")
    if path.stat().st_mode & 0o077:
        return note("data directory", f"{path} can be read by others", f"chmod 700 {path}")
    return good("data directory", str(path))

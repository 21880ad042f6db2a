"""The wrapping: the whole lab lives in one process tree with namespaces of its own, so that the death of its
first process, even by `kill -9`, takes everything along and nothing is left on the computer.

Also the way in: `enter` moves a process into one of the lab's network namespaces.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from lab.namespaces.control import namespace_files
from lab.sockets import LabError

PROGRAMS = {
    "ip": "iproute2",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "nft": "nftables",
    "fping": "fping",
    "snmpd": "snmpd",
    "snmptrap": "snmp",
    "lldpd": "lldpd",
    "sshd": "openssh-server",
    "ssh-keygen": "openssh-client",
    "/usr/lib/frr/zebra": "frr",
    "/usr/lib/frr/ospfd": "frr",
    "/usr/lib/x86_64-linux-gnu/frr/modules/zebra_snmp.so": "frr-snmp",
}
_HIDDEN = ("/run", "/var/run", "/var/tmp", "/etc/frr")  # noqa: S108  # names, not files: the lab lays memory over them
_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def missing() -> list[str]:
    """What keeps the lab from running here, in words; empty when nothing does."""
    if sys.platform != "linux":
        return ["Linux (namespaces)"]
    lacking = []
    for program, package in PROGRAMS.items():
        if not _has(program) and package not in lacking:
            lacking.append(package)
    if os.getuid() != 0:
        if shutil.which("newuidmap") is None:
            lacking.append("uidmap (or root)")
        elif not _has_sub_ids():
            lacking.append("a line for this user in /etc/subuid and /etc/subgid (or root)")
    elif not _may_unshare():
        lacking.append("the right to make namespaces (CAP_SYS_ADMIN)")
    return lacking


def _has(program: str) -> bool:
    if not program.startswith("/"):
        return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None
    if Path(program).exists():
        return True
    return program.endswith(".so") and any(Path("/usr/lib").glob(f"*/frr/modules/{Path(program).name}"))


def _has_sub_ids() -> bool:
    import pwd

    names = {str(os.getuid()), pwd.getpwuid(os.getuid()).pw_name}
    for file in ("/etc/subuid", "/etc/subgid"):
        try:
            lines = Path(file).read_text().splitlines()
        except OSError:
            return False
        if not any(line.split(":")[0] in names for line in lines):
            return False
    return True


def _may_unshare() -> bool:
    pid = os.fork()
    if pid == 0:
        libc = ctypes.CDLL(None)
        os._exit(0 if libc.unshare(_CLONE_NEWNET) == 0 else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def command(argv: Sequence[str]) -> list[str]:
    """`argv` as process 1 of a world of its own: when either of the two processes dies, all of it does."""
    flags = ["--mount", "--pid", "--net", "--fork", "--kill-child=KILL", "--mount-proc"]
    if os.getuid() != 0:
        flags = ["--user", "--map-root-user", "--map-auto", *flags]
    return ["unshare", *flags, *argv]


def check_run_dir(run_dir: Path) -> None:
    """Raises LabError for a place that the lab itself covers."""
    for hidden in _HIDDEN:
        if run_dir.resolve().is_relative_to(Path(hidden).resolve()):
            raise LabError(f"{run_dir}: the lab lays memory over {hidden}; choose a run directory elsewhere")


def die_with_parent() -> None:
    """For the child of a fork, before it becomes the lab: the lab ends when whoever started it does."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def enter(run_dir: Path, where: str) -> None:
    """Move this thread into a network namespace of the lab: `monitor`, or a device. Sockets made afterwards
    are there; those that exist stay where they are. Raises LabError when it may not."""
    user, net = namespace_files(run_dir, where)
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        own_world = os.fstat(user).st_ino != Path("/proc/self/ns/user").stat().st_ino
        if own_world and libc.setns(user, _CLONE_NEWUSER) != 0:
            raise LabError(f"can't enter the lab: {os.strerror(ctypes.get_errno())}")
        if libc.setns(net, _CLONE_NEWNET) != 0:
            raise LabError(f"can't enter {where}: {os.strerror(ctypes.get_errno())}")
    finally:
        os.close(user)
        os.close(net)

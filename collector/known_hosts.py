"""Which host keys are trusted: a file in OpenSSH's known_hosts form (sshd(8)), hashed names included.

A key is never taken by itself: `trust` adds one that a person has seen.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import paramiko  # type: ignore[import-untyped]  # it ships none
from paramiko.hostkeys import HostKeyEntry, InvalidHostKey  # type: ignore[import-untyped]  # it ships none

from collector.ssh_faults import SshFault
from topology.observations import PollFault

SSH_PORT = 22


class KnownHostsError(Exception):
    """The file can't be used; the message names it, and the line."""


@dataclass(frozen=True, slots=True)
class HostKey:
    """A key that a server showed."""

    type: str
    """ssh-ed25519, ecdsa-sha2-nistp256, ssh-rsa, ..."""
    blob: bytes

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.blob)


def fingerprint(blob: bytes) -> str:
    """As ssh-keygen -l prints it: SHA256 of the key, base64 without padding."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def host_name(host: str, port: int) -> str:
    """How a host stands in the file: [host]:port when the port isn't 22."""
    return host if port == SSH_PORT else f"[{host}]:{port}"


class KnownHosts:
    """One file, read again at every question: another process may have added to it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def keys_of(self, host: str, port: int) -> list[HostKey]:
        """Raises KnownHostsError."""
        name = host_name(host, port)
        matching = paramiko.HostKeys()
        return [
            HostKey(k.get_name(), k.asbytes())
            for names, k in self._entries()
            if _names(matching, names, name)
        ]

    def check(self, host: str, port: int, shown: HostKey) -> None:
        """Raises SshFault unless exactly this key is trusted, KnownHostsError when that can't be told."""
        trusted = self.keys_of(host, port)
        if any(shown.blob == key.blob for key in trusted):
            return
        name = host_name(host, port)
        if not trusted:
            raise SshFault(
                PollFault.HOST_KEY_UNKNOWN,
                f"{name} shows a {shown.type} key that nobody has trusted yet: {shown.fingerprint}. "
                f"Compare it with the device's own, then run `ronda ssh trust` for it (trusted keys are in "
                f"{self.path})",
            )
        before = ", ".join(f"{key.type} {key.fingerprint}" for key in trusted)
        raise SshFault(
            PollFault.HOST_KEY_CHANGED,
            f"THE HOST KEY OF {name} HAS CHANGED: it shows {shown.type} {shown.fingerprint}, trusted is "
            f"{before} ({self.path}). It is another device, was set up anew, or somebody stands between: no "
            "password was sent. When you know why, run `ronda ssh trust --replace` for it",
        )

    def trust(self, host: str, port: int, key: HostKey, *, replace: bool = False) -> None:
        """Adds the key; with `replace` in the place of all others of that host. Raises KnownHostsError."""
        name = host_name(host, port)
        line = f"{name} {key.type} {base64.b64encode(key.blob).decode()}\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with (self.path.parent / f".{self.path.name}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._write(name, line, replace)
        except OSError as error:
            raise KnownHostsError(f"{self.path}: {error.strerror or error}") from error

    def _write(self, name: str, line: str, replace: bool) -> None:
        old = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        if old and not old.endswith("\n"):
            old += "\n"
        if replace:
            matching = paramiko.HostKeys()
            kept = []
            for text in old.splitlines(keepends=True):
                entry = _entry(text)
                if entry is None or not _names(matching, entry.hostnames, name):
                    kept.append(text)
            old = "".join(kept)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=self.path.parent, prefix=f".{self.path.name}.", delete=False
        ) as new:
            new.write(old + line)
            new.flush()
            os.fsync(new.fileno())
        Path(new.name).replace(self.path)  # whole or not at all

    def _entries(self) -> list[tuple[list[str], paramiko.PKey]]:
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise KnownHostsError(f"{self.path}: {error}") from error
        found = []
        for number, text in enumerate(lines, start=1):
            try:
                entry = _entry(text)
            except InvalidHostKey as error:
                raise KnownHostsError(f"{self.path}:{number}: no host key: {error.line[:60]!r}") from error
            if entry is not None and entry.key is not None:
                found.append((list(entry.hostnames), entry.key))
        return found


def _entry(line: str) -> HostKeyEntry | None:
    """None for comments, and for what paramiko doesn't know (@cert-authority, key types to come)."""
    plain = line.strip()
    if not plain or plain.startswith(("#", "@")):
        return None
    return HostKeyEntry.from_line(plain)


def _names(matching: paramiko.HostKeys, names: list[str], wanted: str) -> bool:
    return any(
        name == wanted or (name.startswith("|1|") and matching.hash_host(wanted, name) == name)
        for name in names
    )

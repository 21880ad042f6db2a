"""Logins of the machines: `netops` lands in FRR's vtysh, `netlin` in bash; the inventory's SSH users as
netops.

The lab has a key pair of its own, which opens every machine, and writes a known_hosts file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lab.namespaces.plan import Machine
from lab.namespaces.shell import run
from topology.model import CredentialKind, Inventory

VTYSH_USER, BASH_USER = "netops", "netlin"
_FIRST_ID = 20_001


class Accounts:
    def __init__(self, inventory: Inventory, run_dir: Path, environment: Mapping[str, str]) -> None:
        self._run_dir = run_dir
        self._environment = environment
        self._logins = [c for c in inventory.credentials.values() if c.kind is CredentialKind.SSH and c.user]
        more = sorted({str(c.user) for c in self._logins} - {VTYSH_USER, BASH_USER, "root"})
        self.vtysh_users = [VTYSH_USER, *more]
        self._files: dict[str, str] = {}
        self._bash_files: dict[str, str] = {}

    @property
    def key_file(self) -> Path:
        return self._run_dir / "ssh" / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        return self._run_dir / "ssh" / "known_hosts"

    def prepare(self) -> None:
        """The key pair, and what every machine's account files have in common."""
        self.key_file.parent.mkdir(parents=True, exist_ok=True)
        self.known_hosts.write_text("")
        if not self.key_file.exists():
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(self.key_file)])
        keys = [self.key_file.with_name("id_ed25519.pub").read_text()]
        for login in self._logins:
            public = Path(f"{login.key_file}.pub").expanduser() if login.key_file else None
            if public is not None and public.is_file():
                keys.append(public.read_text())
        self._files = self._account_files("/usr/bin/vtysh") | {"authorized_keys": "".join(keys)}
        self._bash_files = self._account_files("/bin/bash") | {"authorized_keys": "".join(keys)}

    def _account_files(self, shell: str) -> dict[str, str]:
        """Lines to add to the computer's own passwd, group and shadow, inside of a machine."""
        passwd, group, shadow = [], [], []
        for number, user in enumerate([*self.vtysh_users, BASH_USER], start=_FIRST_ID):
            its_shell = "/bin/bash" if user == BASH_USER else shell
            passwd.append(f"{user}:x:{number}:{number}::/tmp:{its_shell}\n")
            group.append(f"{user}:x:{number}:\n")
            shadow.append(f"{user}:{self._password(user)}:19000:0:99999:7:::\n")
        return {"passwd": "".join(passwd), "group": "".join(group), "shadow": "".join(shadow)}

    def _password(self, user: str) -> str:
        """`*` is nobody's password, yet lets keys in."""
        for login in self._logins:
            secret = self._environment.get(login.password_env or "")
            if login.user == user and secret:
                return run(["openssl", "passwd", "-6", "-stdin"], text=secret).strip()
        return "*"

    def files(self, *, vtysh: bool) -> dict[str, str]:
        """For one machine: where there is no FRR, everybody lands in bash."""
        return self._files if vtysh else self._bash_files

    def know_host(self, machine: Machine, public_key: Path) -> None:
        with self.known_hosts.open("a") as file:
            file.write(f"{machine.address} {' '.join(public_key.read_text().split()[:2])}\n")

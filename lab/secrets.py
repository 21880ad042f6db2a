"""What the simulated devices accept as secrets: what the inventory's credentials point at.

Nothing secret is kept in the project: `demo_environment` makes values up, new ones in every run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

from lab.usm import User
from topology.model import Credential, CredentialId, CredentialKind, Device, Inventory

_ENV_FIELDS = ("community_env", "auth_key_env", "priv_key_env", "password_env")


def demo_environment(inventory: Inventory) -> dict[str, str]:
    """Random values for every environment variable that the inventory's credentials name."""
    names = {
        name
        for credential in inventory.credentials.values()
        for key in _ENV_FIELDS
        if (name := getattr(credential, key)) is not None
    }
    return {name: f"demo-{token_hex(8)}" for name in sorted(names)}


@dataclass(frozen=True, slots=True)
class Access:
    """What one device lets in."""

    communities_v1: tuple[bytes, ...] = ()
    communities_v2c: tuple[bytes, ...] = ()
    users: tuple[User, ...] = ()


@dataclass(slots=True)
class Keyring:
    """Secrets by the inventory's references; what is missing is made up once and remembered."""

    environment: Mapping[str, str]
    made_up: dict[str, str] = field(default_factory=dict)
    """Environment variables that were not set, with the values the devices now accept."""
    missing_files: list[str] = field(default_factory=list)
    """Key files that could not be read; the monitor can't read them either."""

    def access(self, inventory: Inventory, device: Device) -> Access:
        v1, v2c, users = [], [], []
        for credential_id in device.snmp:
            credential = inventory.credentials[credential_id]
            match credential.kind:
                case CredentialKind.SNMP_V1:
                    v1.append(self._community(credential))
                case CredentialKind.SNMP_V2C:
                    v2c.append(self._community(credential))
                case CredentialKind.SNMP_V3:
                    users.append(self._user(credential))
                case CredentialKind.SSH:
                    pass
        return Access(tuple(v1), tuple(v2c), tuple(users))

    def password(self, credential: Credential) -> str:
        """What devices take for an SSH credential."""
        return self._secret(credential.id, credential.password_env, credential.password_file)

    def _community(self, credential: Credential) -> bytes:
        return self._secret(credential.id, credential.community_env, credential.community_file).encode()

    def _user(self, credential: Credential) -> User:
        return User(
            name=credential.user or credential.id,
            auth=credential.auth,
            auth_key=self._secret(credential.id, credential.auth_key_env, credential.auth_key_file)
            if credential.auth
            else None,
            priv=credential.priv if credential.auth else None,
            priv_key=self._secret(credential.id, credential.priv_key_env, credential.priv_key_file)
            if credential.priv and credential.auth
            else None,
            context=credential.context or "",
        )

    def _secret(self, credential: CredentialId, env: str | None, file: str | None) -> str:
        if env is not None and self.environment.get(env):
            return self.environment[env]
        if file is not None:
            try:
                return Path(file).expanduser().read_text("utf-8").strip()
            except OSError:
                if file not in self.missing_files:
                    self.missing_files.append(file)
        return self.made_up.setdefault(env or f"file of {credential}", f"demo-{token_hex(8)}")

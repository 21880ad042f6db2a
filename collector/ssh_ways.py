"""The way to a device over SSH: which hosts to log in to, one behind the other, and with which secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from collector.known_hosts import KnownHosts
from collector.secrets import SecretError, SshSecret, resolve
from collector.ssh_faults import SshFault
from topology.model import Credential, CredentialId, Device
from topology.observations import PollFault

_MOST_JUMPS = 4


@dataclass(frozen=True, slots=True)
class Hop:
    """A server to log in to."""

    host: str
    port: int
    secret: SshSecret = field(repr=False)
    known_hosts: KnownHosts

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Ways:
    """Secrets are read when they are first needed, and once."""

    def __init__(
        self,
        credentials: Mapping[CredentialId, Credential],
        environ: Mapping[str, str],
        known_hosts: Path,
        *,
        secrets: Mapping[CredentialId, SshSecret],
    ) -> None:
        """`known_hosts`: trusted host keys, where a credential names no file of its own. `secrets`: ready
        ones that need no looking up."""
        self._credentials = dict(credentials)
        self._environ = environ
        self._known_hosts_file = known_hosts
        self._secrets = dict(secrets)

    def replace_credentials(self, credentials: Mapping[CredentialId, Credential]) -> None:
        """All secrets are read again."""
        self._credentials = dict(credentials)
        self._secrets.clear()

    def to(self, device: Device) -> list[Hop]:
        """Jump hosts first. Raises SecretError, SshFault."""
        if device.address is None:
            raise SshFault(PollFault.CONFIGURATION, "the device has no address")
        if device.ssh is None:
            raise SshFault(PollFault.CONFIGURATION, "the device has no ssh credential")
        secret = self._secret(device.ssh)
        hops = [Hop(device.address.host, secret.port, secret, self._known_hosts(secret))]
        jump = self._jump_of(device.ssh)
        while jump is not None:
            name, _, where = jump.partition("/")
            host, port = _split_host(where)
            if len(hops) > _MOST_JUMPS:
                raise SshFault(PollFault.CONFIGURATION, f"more than {_MOST_JUMPS} jump hosts")
            credential = CredentialId(name)
            secret = self._secret(credential)
            hops.insert(0, Hop(host, port or secret.port, secret, self._known_hosts(secret)))
            jump = self._jump_of(credential)
        return hops

    def _jump_of(self, name: CredentialId) -> str | None:
        credential = self._credentials.get(name)
        return None if credential is None else credential.jump

    def _known_hosts(self, secret: SshSecret) -> KnownHosts:
        own = secret.known_hosts
        return KnownHosts(self._known_hosts_file if own is None else Path(own).expanduser())

    def _secret(self, name: CredentialId) -> SshSecret:
        known = self._secrets.get(name)
        if known is not None:
            return known
        credential = self._credentials.get(name)
        if credential is None:
            raise SecretError(f"credential {name} is not in the inventory")
        secret = resolve(credential, self._environ)
        if not isinstance(secret, SshSecret):
            raise SecretError(f"credential {name} is for SNMP, not for SSH")
        self._secrets[name] = secret
        return secret


def _split_host(text: str) -> tuple[str, int | None]:
    """host, host:port, [v6]:port or a bare IPv6 address."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, int(rest[1:]) if rest.startswith(":") and rest[1:].isdigit() else None
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and ":" not in host:
        return host, int(port)
    return text, None

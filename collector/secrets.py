"""From where a secret is to what it is: credentials of the inventory made usable.

The inventory names environment variables and files; only here are they read. A secret never stands in
a message, a repr or a log: errors name the variable or the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from topology.model import Credential, CredentialId, CredentialKind
from topology.observations import PollError, PollFault

AUTH_PROTOCOLS = ("MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512")
"""RFC 3414 (MD5, SHA-1) and RFC 7860 (HMAC-SHA-2)."""
PRIV_PROTOCOLS = ("DES", "AES128", "AES192", "AES256", "AES192C", "AES256C")
"""RFC 3414 (DES), RFC 3826 (AES-128); AES-192/256 by Blumenthal's draft, with C by Cisco's (Reeder)."""

MIN_PASSPHRASE_CHARS = 8
"""RFC 3414, 11.2: passwords of at least 8 characters."""


class SecretError(Exception):
    """A credential can't be used. `error` is what a poll reports; it names the source, never the secret."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.error = PollError(fault=PollFault.CONFIGURATION, message=message, what="credentials")


@dataclass(frozen=True, slots=True)
class CommunitySecret:
    """SNMPv1 or v2c."""

    id: CredentialId
    version: Literal["1", "2c"]
    community: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class UsmSecret:
    """SNMPv3 User-based Security Model (RFC 3414)."""

    id: CredentialId
    user: str
    auth: str | None = None
    auth_key: str | None = field(default=None, repr=False)
    priv: str | None = None
    priv_key: str | None = field(default=None, repr=False)
    context: str | None = None


@dataclass(frozen=True, slots=True)
class SshSecret:
    id: CredentialId
    user: str
    password: str | None = field(default=None, repr=False)
    key_file: str | None = None
    port: int = 22
    agent: bool = False
    known_hosts: str | None = None


SnmpSecret = CommunitySecret | UsmSecret
Secret = CommunitySecret | UsmSecret | SshSecret


def _read_file(path: str) -> str:
    return Path(path).expanduser().read_text(encoding="utf-8")


def resolve(
    credential: Credential,
    environ: Mapping[str, str],
    *,
    read_file: Callable[[str], str] = _read_file,
) -> Secret:
    """The secret that `credential` points at. Raises SecretError, which names what is missing."""

    def secret(env: str | None, file: str | None, what: str) -> str | None:
        return _lookup(credential.id, env, file, what, environ, read_file)

    if credential.kind in (CredentialKind.SNMP_V1, CredentialKind.SNMP_V2C):
        community = secret(credential.community_env, credential.community_file, "community")
        if community is None:
            raise SecretError(f"credential {credential.id}: needs community_env or community_file")
        version: Literal["1", "2c"] = "1" if credential.kind is CredentialKind.SNMP_V1 else "2c"
        return CommunitySecret(id=credential.id, version=version, community=community)
    if credential.kind is CredentialKind.SSH:
        if credential.user is None:
            raise SecretError(f"credential {credential.id}: ssh needs a user")
        return SshSecret(
            id=credential.id,
            user=credential.user,
            password=secret(credential.password_env, credential.password_file, "password"),
            key_file=None if credential.key_file is None else str(Path(credential.key_file).expanduser()),
            port=credential.port or 22,
            agent=credential.agent,
            known_hosts=credential.known_hosts,
        )
    return checked_usm(
        UsmSecret(
            id=credential.id,
            user=credential.user or "",
            auth=normal_protocol(credential.auth),
            auth_key=secret(credential.auth_key_env, credential.auth_key_file, "auth key"),
            priv=normal_protocol(credential.priv),
            priv_key=secret(credential.priv_key_env, credential.priv_key_file, "priv key"),
            context=credential.context,
        )
    )


def normal_protocol(name: str | None) -> str | None:
    """SHA, sha-256, AES ... as people write them, to the names used here."""
    if name is None:
        return None
    plain = name.upper().replace("-", "").replace("_", "")
    return {"SHA": "SHA1", "AES": "AES128", "NONE": None}.get(plain, plain)


def checked_usm(usm: UsmSecret) -> UsmSecret:
    """Raises SecretError when the parts don't make a security level of RFC 3411."""
    problem = None
    if not usm.user:
        problem = "SNMPv3 needs a user"
    elif usm.auth is not None and usm.auth not in AUTH_PROTOCOLS:
        problem = f"unknown auth protocol {usm.auth}; one of {', '.join(AUTH_PROTOCOLS)}"
    elif usm.priv is not None and usm.priv not in PRIV_PROTOCOLS:
        problem = f"unknown priv protocol {usm.priv}; one of {', '.join(PRIV_PROTOCOLS)}"
    elif usm.priv is not None and usm.auth is None:
        problem = "priv without auth is no security level of SNMPv3"
    elif usm.auth is not None and usm.auth_key is None:
        problem = "auth needs auth_key_env or auth_key_file"
    elif usm.priv is not None and usm.priv_key is None:
        problem = "priv needs priv_key_env or priv_key_file"
    elif usm.auth is not None and len(usm.auth_key or "") < MIN_PASSPHRASE_CHARS:
        problem = f"the auth key has fewer than {MIN_PASSPHRASE_CHARS} characters (RFC 3414)"
    elif usm.priv is not None and len(usm.priv_key or "") < MIN_PASSPHRASE_CHARS:
        problem = f"the priv key has fewer than {MIN_PASSPHRASE_CHARS} characters (RFC 3414)"
    if problem is not None:
        raise SecretError(f"credential {usm.id}: {problem}")
    return usm


def _lookup(
    credential: CredentialId,
    env: str | None,
    file: str | None,
    what: str,
    environ: Mapping[str, str],
    read_file: Callable[[str], str],
) -> str | None:
    if env is not None:
        value = environ.get(env)
        if value:
            return value
        state = "is not set" if value is None else "is empty"
        if file is None:
            raise SecretError(f"credential {credential}: environment variable {env} ({what}) {state}")
    if file is not None:
        try:
            text = read_file(file).rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise SecretError(f"credential {credential}: file {file} ({what}) is not UTF-8 text") from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SecretError(f"credential {credential}: file {file} ({what}): {reason}") from error
        if not text:
            raise SecretError(f"credential {credential}: file {file} ({what}) is empty")
        return text
    return None

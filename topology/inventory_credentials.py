"""Credentials name where a secret is. These checks see that they do, and that nothing is missing."""

from __future__ import annotations

from topology.inventory_checks import Checker, Row, Say
from topology.inventory_problems import Level
from topology.model import CredentialKind
from topology.yaml_positions import Path

_FIELDS = {
    CredentialKind.SNMP_V1: {"community_env", "community_file"},
    CredentialKind.SNMP_V2C: {"community_env", "community_file"},
    CredentialKind.SNMP_V3: {
        *(
            "user",
            "context",
            "auth",
            "auth_key_env",
            "auth_key_file",
            "priv",
            "priv_key_env",
            "priv_key_file",
        ),
    },
    CredentialKind.SSH: {
        *("user", "key_file", "password_env", "password_file", "port", "agent", "jump", "known_hosts"),
    },
}
SECRET_KEYS = {
    "community": "community_env",
    "password": "password_env",
    "passphrase": "password_env",
    "auth_key": "auth_key_env",
    "auth_password": "auth_key_env",
    "auth_pass": "auth_key_env",
    "priv_key": "priv_key_env",
    "priv_password": "priv_key_env",
    "priv_pass": "priv_key_env",
    "private_key": "key_file",
    "secret": "password_env",
    "key": "key_file",
    "token": "password_env",
}
"""Keys under which people type a secret, and the key that says where it is instead."""


def check_credentials(checker: Checker) -> None:
    for path, row in checker.rows("credentials"):
        kind = row.get("kind")
        if isinstance(kind, str) and kind in set(CredentialKind):
            _check(path, row, CredentialKind(kind), checker.say, checker.invalid)
            if kind == CredentialKind.SSH and row.get("jump") is not None:
                _check_jump(path, row, checker)


def _check(path: Path, row: Row, kind: CredentialKind, say: Say, invalid: frozenset[Path]) -> None:
    spoiled = {str(p[len(path)]) for p in invalid if p[: len(path)] == path and len(p) > len(path)}
    given = {key for key, value in row.items() if value is not None} | spoiled

    def need(*keys: str, what: str) -> None:
        if not given & set(keys):
            say(path, f"a credential of kind {kind} needs {what}", code="credential-incomplete")

    def only_one(stem: str) -> None:
        if {f"{stem}_env", f"{stem}_file"} <= given:
            say(
                (*path, f"{stem}_file"),
                f"give {stem}_env or {stem}_file, not both",
                code="credential-conflict",
            )

    for key in sorted(given - _FIELDS[kind] - {"id", "kind"} - spoiled):
        message = f"{key} means nothing to a credential of kind {kind}"
        say((*path, key), message, code="credential-field", level=Level.WARNING)
    for stem in ("community", "auth_key", "priv_key", "password"):
        only_one(stem)
    if kind in {CredentialKind.SNMP_V1, CredentialKind.SNMP_V2C}:
        need("community_env", "community_file", what="community_env or community_file")
    elif kind is CredentialKind.SNMP_V3:
        need("user", what="a user")
        _check_v3(path, given, say)
    else:
        need("user", what="a user")
        means = ("key_file", "password_env", "password_file", "agent")
        need(*means, what="key_file, password_env, password_file or agent")


def _check_jump(path: Path, row: Row, checker: Checker) -> None:
    """`jump` names an ssh credential and a host, and no way leads back to where it began."""
    seen = [str(row.get("id"))]
    jump = str(row["jump"])
    while True:
        name, slash, host = jump.partition("/")
        if not (name and slash and host):
            message = f"jump: {jump!r} is not of the form CREDENTIAL/host"
            checker.say((*path, "jump"), message, code="credential-jump")
            return
        if name in seen:
            message = f"jump: {' > '.join((*seen, name))} goes round in a circle"
            checker.say((*path, "jump"), message, code="credential-jump")
            return
        by = next((other for _, other in checker.rows("credentials") if str(other.get("id")) == name), None)
        if by is None or by.get("kind") != CredentialKind.SSH:
            message = f"jump: {name!r} is no credential of kind ssh"
            checker.say((*path, "jump"), message, code="credential-jump")
            return
        if by.get("jump") is None:
            return
        seen.append(name)
        jump = str(by["jump"])


def _check_v3(path: Path, given: set[str], say: Say) -> None:
    for protocol in ("auth", "priv"):
        key = {f"{protocol}_key_env", f"{protocol}_key_file"}
        if protocol in given and not given & key:
            message = f"{protocol} needs {protocol}_key_env or {protocol}_key_file"
            say((*path, protocol), message, code="credential-incomplete")
        if protocol not in given and given & key:
            message = f"a {protocol} key without the protocol"
            say(
                (*path, min(given & key)), message, f"write {protocol}: as well", code="credential-incomplete"
            )
    if "priv" in given and "auth" not in given and not given & {"auth_key_env", "auth_key_file"}:
        message = "priv without auth: SNMPv3 encrypts only what it authenticates"
        say((*path, "priv"), message, "write auth: as well", code="credential-incomplete")

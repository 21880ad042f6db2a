"""Secrets come from where the inventory says, and never show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from collector.secrets import CommunitySecret, SecretError, SshSecret, UsmSecret, normal_protocol, resolve
from topology.model import Credential, CredentialId, CredentialKind
from topology.observations import PollFault

ID = CredentialId("noc")
V2C = Credential(ID, CredentialKind.SNMP_V2C, community_env="COMMUNITY")
V3 = Credential(
    ID,
    CredentialKind.SNMP_V3,
    user="noc",
    auth="SHA256",
    auth_key_env="AUTH",
    priv="AES128",
    priv_key_env="PRIV",
)
ENVIRON = {"COMMUNITY": "hush-hush", "AUTH": "authentic-key", "PRIV": "privacy-key"}


def test_a_community() -> None:
    assert resolve(V2C, ENVIRON) == CommunitySecret(ID, "2c", "hush-hush")
    assert resolve(replace(V2C, kind=CredentialKind.SNMP_V1), ENVIRON) == CommunitySecret(
        ID, "1", "hush-hush"
    )


def test_a_file_and_its_last_newline(tmp_path: Path) -> None:
    file = tmp_path / "community"
    file.write_text("in a file\n")
    credential = Credential(ID, CredentialKind.SNMP_V2C, community_file=str(file))
    assert resolve(credential, {}) == CommunitySecret(ID, "2c", "in a file")


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "community"
    file.write_text("from the file")
    both = replace(V2C, community_file=str(file))
    assert resolve(both, ENVIRON).community == "hush-hush"  # type: ignore[union-attr]  # v2c
    assert resolve(both, {}).community == "from the file"  # type: ignore[union-attr]  # v2c


def test_usm() -> None:
    secret = resolve(V3, ENVIRON)
    assert secret == UsmSecret(ID, "noc", "SHA256", "authentic-key", "AES128", "privacy-key")


def test_ssh() -> None:
    credential = Credential(ID, CredentialKind.SSH, user="noc", key_file="~/.ssh/noc", port=2222)
    assert resolve(credential, {}) == SshSecret(ID, "noc", None, str(Path("~/.ssh/noc").expanduser()), 2222)


def test_secrets_never_show() -> None:
    for credential in (V2C, V3, Credential(ID, CredentialKind.SSH, user="noc", password_env="AUTH")):
        shown = repr(resolve(credential, ENVIRON))
        for secret in ENVIRON.values():
            assert secret not in shown


@pytest.mark.parametrize(
    ("credential", "environ", "named"),
    [
        (V2C, {}, "COMMUNITY"),
        (V2C, {"COMMUNITY": ""}, "COMMUNITY"),
        (Credential(ID, CredentialKind.SNMP_V2C), {}, "community_env"),
        (Credential(ID, CredentialKind.SNMP_V2C, community_file="/nowhere/c"), {}, "/nowhere/c"),
        (V3, {"AUTH": "authentic-key"}, "PRIV"),
        (V3, {**ENVIRON, "AUTH": "short"}, "fewer than 8"),
        (replace(V3, auth="SHA3"), ENVIRON, "SHA3"),
        (replace(V3, priv="ROT13"), ENVIRON, "ROT13"),
        (replace(V3, auth=None, auth_key_env=None), ENVIRON, "priv without auth"),
        (replace(V3, user=None), ENVIRON, "user"),
        (Credential(ID, CredentialKind.SSH), {}, "user"),
    ],
)
def test_what_is_missing_is_named(credential: Credential, environ: dict[str, str], named: str) -> None:
    with pytest.raises(SecretError) as caught:
        resolve(credential, environ)
    message = str(caught.value)
    assert "noc" in message
    assert named in message
    assert caught.value.error.fault is PollFault.CONFIGURATION
    for secret in environ.values():
        assert not secret or secret not in message


def test_protocols_as_people_write_them() -> None:
    assert [normal_protocol(name) for name in ("SHA", "sha-256", "AES", "aes_192", "none", None)] == [
        "SHA1",
        "SHA256",
        "AES128",
        "AES192",
        None,
        None,
    ]

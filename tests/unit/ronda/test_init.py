"""The first set-up: whatever people answer, the files are read back, and secrets stand in one of them."""

from __future__ import annotations

import errno
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ronda.cli import app
from ronda.errors import BadInputError
from ronda.first_setup import SECRETS_FILE, Answers, SnmpAnswer, checked_address, files, slug
from ronda.settings import load_settings
from topology.inventory import Level, read_inventory
from topology.model import CredentialKind

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(str.strip)
SECRETS = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="'"), min_size=8, max_size=30
)
V2C = st.builds(SnmpAnswer, community=SECRETS)
V3 = st.builds(
    SnmpAnswer,
    user=NAMES,
    auth=st.just("SHA256"),
    auth_key=SECRETS,
    priv=st.just("AES128"),
    priv_key=st.none() | SECRETS,
)


@given(NAMES, NAMES, NAMES, V2C | V3)
def test_whatever_is_answered_the_inventory_is_read_back(
    network: str, office: str, device: str, snmp: SnmpAnswer
) -> None:
    texts = files(Answers(network, "Asia/Makassar", "id", office, device, "10.0.0.1", snmp))
    inventory, problems = read_inventory(texts["inventory.yaml"], "inventory.yaml")
    assert inventory is not None, [str(p) for p in problems]
    assert not [p for p in problems if p.level is Level.ERROR]
    (only,) = inventory.offices.values()
    assert only.name == office.strip() or only.name == office
    assert slug(device) in inventory.devices
    kind = CredentialKind.SNMP_V2C if snmp.user is None else CredentialKind.SNMP_V3
    assert {c.kind for c in inventory.credentials.values()} == {kind}
    for secret in (snmp.community, snmp.auth_key, snmp.priv_key):
        if secret:
            assert f"'{secret}'" in texts[SECRETS_FILE]
            assert f"'{secret}'" not in texts["inventory.yaml"] + texts["ronda.yaml"]


def test_the_settings_are_read_back(tmp_path: Path) -> None:
    answers = Answers(
        "n", "Asia/Makassar", "id", "o", "d", "10.0.0.1", SnmpAnswer("public"),
        influx_url="http://10.0.0.9:8086", influx_token="t0ken",
        telegram_chat="-100123", telegram_token="1:x",
        webhook_url="http://10.0.0.8/hook",
    )  # fmt: skip
    texts = files(answers)
    (tmp_path / "ronda.yaml").write_text(texts["ronda.yaml"])
    settings = load_settings(tmp_path / "ronda.yaml", {})
    assert settings.metrics.kind == "influx"
    assert [r.id for r in settings.alerts.receivers] == ["layar", "piket", "webhook"]
    assert "t0ken" not in texts["ronda.yaml"]


def test_a_secret_that_no_shell_line_can_hold_is_refused() -> None:
    with pytest.raises(BadInputError, match="use a file instead"):
        files(Answers("n", "Asia/Makassar", "id", "o", "d", "10.0.0.1", SnmpAnswer("it's")))


@pytest.mark.parametrize("text", ["10.0.0.1", "10.0.0.1:1161", "[2001:db8::1]:161", "router.example"])
def test_addresses(text: str) -> None:
    assert checked_address(text) == text


def run(*arguments: str, given: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(app, ["init", *arguments], input=given)
    return done.exit_code, done.output


def test_a_device_that_does_not_answer_is_said_and_the_files_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RONDA_SNMP_COMMUNITY", "rahasia-sekali")
    code, said = run(str(tmp_path), "--yes", "--address", "127.0.0.1:9")
    assert code == 1
    assert "SNMP:" in said
    assert "rahasia-sekali" not in said
    assert stat.S_IMODE((tmp_path / SECRETS_FILE).stat().st_mode) == 0o600
    code, said = run(str(tmp_path), "--yes", "--address", "127.0.0.1:9")
    assert code == 2
    assert "--force" in said


def test_a_wrong_answer_is_asked_again(tmp_path: Path) -> None:
    given = "Uji\nMars/Kota\nAsia/Jakarta\nid\nKantor\ninti\n127.0.0.1:9\n\nrahasia1\nn\nbukan-url\n\n\n"
    code, said = run(str(tmp_path), given=given)
    assert code == 1, said
    assert "no time zone is called 'Mars/Kota'" in said
    assert "'bukan-url' is not of the form" in said
    assert "Asia/Jakarta" in (tmp_path / "inventory.yaml").read_text()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--address", "127.0.0.1:9", "--timezone", "Mars"], "no time zone"),
        (["--address", "127.0.0.1:9", "--language", "xx"], "id \\(Indonesian\\)"),
        ([], "needed with --yes"),
        (["--address", "127.0.0.1:99999"], "port"),
    ],
)
def test_bad_flags_write_nothing(tmp_path: Path, arguments: list[str], why: str) -> None:
    code, said = run(str(tmp_path), "--yes", *arguments)
    assert code == 2
    assert re.search(why, said), said
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_is_kept_beside_the_new(tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_text("# three weeks of work\n")
    code, said = run(str(tmp_path), "--yes", "--force", "--address", "127.0.0.1:9")
    assert code == 1
    assert (tmp_path / "inventory.yaml.bak").read_text() == "# three weeks of work\n"
    assert str(tmp_path / "inventory.yaml.bak") in said


def test_a_disk_that_takes_nothing_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inventory.yaml").write_text("# three weeks of work\n")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    code, said = run(str(tmp_path), "--yes", "--force", "--address", "127.0.0.1:9")
    assert code == 2
    assert "No space left on device" in said
    assert [p.name for p in tmp_path.iterdir()] == ["inventory.yaml"]
    assert (tmp_path / "inventory.yaml").read_text() == "# three weeks of work\n"


def test_the_next_commands_go_where_the_files_are(tmp_path: Path) -> None:
    _, said = run(str(tmp_path / "paser"), "--yes", "--address", "127.0.0.1:9")
    assert f"cd {tmp_path / 'paser'}\n" in said
    assert said.index("cd ") < said.index("secrets.env; set +a")

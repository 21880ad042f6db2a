"""A misspelt setting: what, where, and what was likely meant, in one line, from a file or the environment."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ronda.cli import app
from ronda.section import SettingsError
from ronda.settings import Settings, load_settings
from ronda.settings_source import misspelt

INVENTORY = """\
version: 1
network: {name: Net}
vantage: core
hubs: [hub]
offices: [{id: hub, name: Hub, kind: dinas}]
devices: [{id: core, office: hub}]
links: []
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inventory.yaml").write_text(INVENTORY)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("api: {prot: 1}", "r.yaml: api.prot: there is no such setting (did you mean 'port'?)"),
        ("apy: {port: 1}", "r.yaml: apy: there is no such setting (did you mean 'api'?)"),
        ("qqqq: 1", "r.yaml: qqqq: there is no such setting (docs/settings.md has them all)"),
        (
            "alerts: {receivers: [{id: a, kind: webhook, urll: http://x.example}]}",
            "there is no such setting (did you mean 'url'?)",
        ),
        ("api: {port: 1}\napi: {port: 2}", "r.yaml:2:1: api is written twice; the first is in line 1"),
        ("poll: [", "r.yaml:2:1: not valid YAML"),
        ("poll: {timeout_s: lama}", "poll.timeout_s: Input should be a valid number"),
    ],
)
def test_every_mistake_is_a_line_of_its_own(here: Path, text: str, said: str) -> None:
    Path("r.yaml").write_text(text + "\n")
    with pytest.raises(SettingsError) as error:
        load_settings(Path("r.yaml"), {})
    assert any(said in line for line in str(error.value).splitlines()), str(error.value)


def test_what_the_environment_set_is_not_blamed_on_a_file() -> None:
    with pytest.raises(SettingsError, match=r"^environment RONDA_API__PROT: api\.prot: there is no such"):
        load_settings(None, {"RONDA_API__PROT": "3"})


def test_a_value_is_not_repeated_it_may_be_a_secret(here: Path) -> None:
    Path("r.yaml").write_text("api: {port: s3cr3t}\n")
    with pytest.raises(SettingsError) as error:
        load_settings(Path("r.yaml"), {})
    assert "s3cr3t" not in str(error.value)


def test_a_secret_is_no_misspelt_section() -> None:
    names = {"RONDA_SNMP_COMMUNITY": "x", "RONDA_ZZQ__KEY": "x", "RONDA_API__PORT": "1", "HOME": "/"}
    assert misspelt(names, Settings.model_fields) == []
    assert misspelt({"RONDA_APY__PORT": "1"}, Settings.model_fields) == [
        ("RONDA_APY__PORT", "RONDA_API__PORT")
    ]


@pytest.mark.parametrize(
    ("variable", "code", "said"),
    [
        ("RONDA_API__PROT", 1, "environment RONDA_API__PROT: error: api.prot: there is no such setting"),
        ("RONDA_APY__PORT", 0, "did you mean RONDA_API__PORT?"),
    ],
)
def test_check_looks_at_the_environment_without_a_settings_file(
    here: Path, monkeypatch: pytest.MonkeyPatch, variable: str, code: int, said: str
) -> None:
    monkeypatch.setenv(variable, "3")
    done = CliRunner().invoke(app, ["check"])
    assert done.exit_code == code, done.output
    assert said in done.output


def test_check_says_the_line_of_a_broken_file(here: Path) -> None:
    Path("ronda.yaml").write_text("api:\n  port: [\n")
    done = CliRunner().invoke(app, ["check"])
    assert done.exit_code == 1
    assert "ronda.yaml:3:1: error:" in done.output

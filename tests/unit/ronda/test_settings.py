"""Settings: files, environment, and what is said of mistakes."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from alerts.channels.memory import ShortMemory
from alerts.incident import IncidentSettings
from alerts.model import ReceiverId, Severity
from ronda.build import incident_settings, verdict_settings
from ronda.build_channels import Parts, build_channels
from ronda.build_routing import build_routing
from ronda.clock import SystemClock
from ronda.commands.shared import server_url
from ronda.section import SettingsError
from ronda.settings import load_settings
from topology.verdict import VerdictSettings


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "ronda.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_need_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(None, {})
    assert settings.api.host == "127.0.0.1"
    assert [r.channels[0].kind for r in settings.alerts.receivers] == ["console"]


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "api: {port: 9000}\nverdict: {settle_s: 3}\n")
    environ = {
        "RONDA_API__PORT": "9001",
        "RONDA_DATA_DIR": "/srv/ronda",
        "RONDA_ALERTS__ROUTES": "[{receivers: [console], min_severity: major}]",
        "RONDA_SNMP_COMMUNITY": "a secret of the inventory's, not a setting",
    }
    settings = load_settings(path, environ)
    assert settings.api.port == 9001
    assert settings.verdict.settle_s == 3
    assert settings.data_dir == Path("/srv/ronda")
    assert build_routing(settings.alerts).routes[0].min_severity is Severity.MAJOR


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "api: {port: 99999, hots: localhost}\nverdict: {settle_s: soon}\nmetrics: {kind: influxdb}\n",
    )
    with pytest.raises(SettingsError) as caught:
        load_settings(path, {})
    text = str(caught.value)
    assert len(text.splitlines()) == 4
    for name in ("api.port", "api.hots", "verdict.settle_s", "metrics.kind"):
        assert f"ronda.yaml: {name}:" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alerts: {routes: [{receivers: [nocc]}]}", "no receiver 'nocc' (known: console)"),
        ("alerts: {receivers: [{id: a, kind: webhook}], routes: []}", "webhook 'a' needs url or url_env"),
        (
            "alerts: {receivers: [{id: a, kind: console}, {id: a, kind: console}], routes: []}",
            "'a' stands there twice",
        ),
        (
            "alerts: {receivers: [{id: a, kind: webhook, url: noc.example}], routes: []}",
            "alerts.receivers 'a': url: 'noc.example' is not of the form http",
        ),
        (
            "metrics: {kind: influx, url: 'localhost:8086'}",
            "metrics.url: 'localhost:8086' is not of the form",
        ),
        ("metrics: {kind: influx, url: 'http://[::1'}", "metrics.url: 'http://[::1' is not of the form"),
        ("verdict: {stale_after_intervals: .inf}", "verdict.stale_after_intervals: Input should be a finite"),
        ("- a list", "expected a mapping"),
        ("api: [", "ronda.yaml:"),
    ],
)
def test_what_does_not_fit_together(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=r".") as caught:
        load_settings(write(tmp_path, text), {})
    assert said in str(caught.value)


def test_a_variable_that_is_no_yaml_is_named() -> None:
    with pytest.raises(SettingsError, match="RONDA_API__HOSTS"):
        load_settings(None, {"RONDA_API__HOSTS": "[a"})


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8064"),
        ("0.0.0.0", "http://127.0.0.1:8064"),
        ("::", "http://[::1]:8064"),
        ("::1", "http://[::1]:8064"),
        ("noc.example", "http://noc.example:8064"),
    ],
)
def test_where_a_command_finds_the_server(host: str, url: str) -> None:
    assert server_url(load_settings(None, {"RONDA_API__HOST": host}).api) == url


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such settings file"):
        load_settings(tmp_path / "nowhere.yaml", {})


def test_a_secret_that_is_not_there_is_named_and_never_shown(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "alerts: {receivers: [{id: noc, kind: webhook, url_env: NOC_URL, secret_env: NOC_KEY}], routes: []}",
    )
    settings, parts = load_settings(path, {}), Parts(SystemClock(), ShortMemory())
    with pytest.raises(SettingsError, match="NOC_KEY is not set") as caught:
        build_channels(settings.alerts, {"NOC_URL": "http://user:hunter2@127.0.0.1/"}, parts)
    assert "hunter2" not in str(caught.value)
    channels = build_channels(settings.alerts, {"NOC_URL": "http://127.0.0.1/", "NOC_KEY": "k"}, parts)
    assert list(channels) == [ReceiverId("noc")]


def test_every_knob_of_the_verdict_and_of_incidents_can_be_set_and_starts_as_documented() -> None:
    settings = load_settings(None, {})
    assert verdict_settings(settings.verdict) == VerdictSettings()
    assert incident_settings(settings.alerts) == IncidentSettings()
    assert set(type(settings.verdict).model_fields) == {f.name for f in fields(VerdictSettings)}
    assert {f.name for f in fields(IncidentSettings)} <= set(type(settings.alerts).model_fields)

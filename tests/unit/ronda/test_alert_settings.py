"""The `alerts:` section: what is said of mistakes, and that what the documentation shows is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alerts.model import ReceiverId
from ronda.alert_reach import check_against
from ronda.build_routing import build_routing
from ronda.section import SettingsError
from ronda.settings import load_settings
from ronda.settings_check import check_settings
from topology.inventory import load_inventory
from topology.inventory_problems import Level

ROOT = Path(__file__).parents[3]
SHIPPED = load_inventory(ROOT / "inventory.yaml")


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "ronda.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_the_documentation_shows_has_no_mistake(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "routing.md").read_text(encoding="utf-8")
    block = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0]
    settings = load_settings(write(tmp_path, block), {})
    assert [str(p) for p in check_against(settings.alerts, SHIPPED) if p.error] == []
    routing = build_routing(settings.alerts)
    assert routing.audiences == {ReceiverId("icon-noc"): "icon"}
    assert routing.quiet[0].hours.begins.hour == 21


WRONG = """\
api: {port: 99999}
alerts:
  receivers: [{id: piket, kind: console}]
  rota: [{id: minggu, members: [budi], starting: 2026-11-16}]
  escalation:
    - {id: a, steps: [{after_min: 10, receivers: [pikett]}], then: b}
    - {id: b, steps: [{after_min: 5, receivers: piket}, {after_min: 1, receivers: piket}], then: a}
  quiet_hours: [{from: '25:00', until: '06:00'}]
  calendars: [{id: libur}]
  routes:
    - {receivers: [piket], min_severity: critical, max_severity: major}
    - {receivers: [nobody]}
    - {rota: piket, kinds: [redundancy], min_severity: major}
    - {receivers: [piket], kinds: [outag]}
    - {receivers: [piket], conditions: [errors], kinds: [outage]}
    - {kecamatan: [Kuaro]}
    - {receivers: [piket], digest: true, repeat_min: 5}
    - {receivers: [piket], continue: false}
    - {receivers: [piket], when: [{only_on: lebaran}]}
"""


def test_all_mistakes_are_said_at_once_each_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(write(tmp_path, WRONG), {})
    said = {line.split(": ")[1] for line in str(caught.value).splitlines()}
    assert said == {
        "api.port",
        "alerts.rota.0.members.0",
        "alerts.escalation.0.steps.0.receivers",
        "alerts.escalation.0.then",
        "alerts.escalation.1.steps.1.after_min",
        "alerts.escalation.1.then",
        "alerts.quiet_hours.0.from",
        "alerts.calendars.0",
        "alerts.routes.0.min_severity",
        "alerts.routes.1.receivers",
        "alerts.routes.2.rota",
        "alerts.routes.2.min_severity",
        "alerts.routes.3.kinds.0",
        "alerts.routes.4.conditions",
        "alerts.routes.5",
        "alerts.routes.6.digest",
        "alerts.routes.8",
        "alerts.routes.8.when.0.only_on",
    }


def test_names_that_the_inventory_does_not_have(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "alerts:\n"
        "  receivers:\n"
        "    - {id: piket, kind: console}\n"
        "    - {id: icon, kind: console, audience: 'provider:ikon'}\n"
        "  routes:\n"
        "    - {receivers: [piket], kecamatan: [kuaro]}\n"
        "    - {receivers: [piket], kecamatan: [Kuarro], offices: [dkispp], providers: [telkomm]}\n"
        "    - {receivers: [piket], office_kinds: [rsud], kecamatan: [Kuaro]}\n",
    )
    problems = check_settings(path, SHIPPED, {})
    assert {(p.path, p.line) for p in problems if p.level is Level.ERROR} == {
        ("alerts.receivers.1.audience", 4),
        ("alerts.routes.1.kecamatan", 7),
        ("alerts.routes.1.offices", 7),
        ("alerts.routes.1.providers", 7),
        ("alerts.routes.2.kecamatan", 8),
    }
    assert any("did you mean 'Kuaro'" in p.message for p in problems)


@pytest.mark.parametrize(
    ("routes", "says"),
    [
        ("[{receivers: piket}]", None),
        ("[{receivers: piket, min_severity: critical}]", None),
        ("[{receivers: piket, digest: true}]", "nobody is told of a critical outage of"),
        ("[{receivers: piket, max_severity: warning}]", "nobody is told of a critical outage of"),
        ("[{receivers: piket, kinds: [outage]}]", "the monitor itself"),
        ("[{receivers: piket, when: [{from: '07:00', until: '16:00'}]}]", "Monday at 00:00"),
        (
            "[{receivers: piket, when: [{from: '07:00', until: '16:00'}]},"
            " {receivers: piket, when: [{from: 16:00, until: 07:00}]}]",
            None,
        ),
        (
            "[{min_severity: critical, continue: false}, {receivers: piket}]",
            "nobody is told of a critical outage",
        ),
    ],
)
def test_critical_outages_that_nobody_would_hear_of(tmp_path: Path, routes: str, says: str | None) -> None:
    text = f"alerts: {{receivers: [{{id: piket, kind: console}}], routes: {routes}}}\n"
    problems = check_settings(write(tmp_path, text), SHIPPED, {})
    assert all(p.level is Level.WARNING for p in problems)
    if says is None:
        assert problems == []
    else:
        assert any(says in p.message for p in problems), problems

"""Every figure that the program can ever count has a name, a type and a meaning in `/metrics`."""

from __future__ import annotations

import re

import pytest

from api import own_figures
from api.routes.health import render
from ronda.docs import MONITORING, ROOT

COUNTED_IN = {
    **{f"ronda/{n}.py": "app" for n in ("intake", "rounds", "upkeep", "metrics_writer")},
    "ronda/keeper.py": "records",
    "ronda/heartbeat.py": "heartbeat",
    "ronda/conditions.py": "conditions",
    "ronda/discovery.py": "discovery",
    "ronda/config_backup.py": "config_backup",
    "alerts/outbox.py": "outbox",
    "alerts/channels/telegram.py": "channels",
    "alerts/channels/telegram_bot.py": "channels",
    "alerts/channels/email.py": "channels",
    "alerts/channels/alertmanager.py": "channels",
    "storage/records/database.py": "records",
    "storage/metrics/embedded.py": "metrics",
    "storage/metrics/influx.py": "metrics",
    "storage/metrics/spool.py": "metrics_spool",
    "topology/state.py": "judge",
    **{f"collector/{n}.py": "snmp" for n in ("collect", "contact", "fallback", "poll", "reader", "snmp")},
    **{f"collector/{n}.py": "ssh" for n in ("ssh", "ssh_threads", "ssh_turns")},
    **{f"collector/{n}.py": "traps" for n in ("traps", "trap_decode")},
}
NAME = re.compile(r'(?:[cC]ounters\["(\w+)"\] [+]?=|(?:_counters|_totals)\.add\("(\w+)")')


@pytest.mark.parametrize(("file", "part"), COUNTED_IN.items())
def test_what_is_counted_in_the_source_has_a_name(file: str, part: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    names = {f"{part}_{(a or b).removeprefix(f'{part}_')}" for a, b in NAME.findall(text)}
    assert names, "nothing is counted there any more: take it off the list"
    given = {n: next(s[0] for s in own_figures.samples({n: 1})) for n in names}
    assert {n: g for n, g in given.items() if g in ("ronda_activity_total", "ronda_level")} == {}


def test_every_file_that_counts_is_looked_at() -> None:
    rooms = ("alerts", "collector", "ronda", "storage", "topology")
    counting = {
        str(path.relative_to(ROOT))
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if NAME.search(path.read_text(encoding="utf-8"))
    }
    assert counting - set(COUNTED_IN) == set()


def test_every_family_stands_on_the_page_with_its_type_and_meaning() -> None:
    page = MONITORING.read_text(encoding="utf-8")
    for family in own_figures.FAMILIES:
        label = f"`{family.label}`" if family.label else ""
        assert f"| `{family.name}` | {family.kind} | {label} | {family.words} |" in page
    names = [family.name for family in own_figures.FAMILIES]
    assert len(names) == len(set(names))


def test_from_the_first_second_every_counter_is_there_at_zero() -> None:
    lines = render(own_figures.samples({})).splitlines()
    for family in own_figures.FAMILIES:
        if family.kind == "counter" and not family.label:
            assert f"{family.name} 0" in lines
    assert 'ronda_ssh_fault_total{fault="authentication"} 0' in lines


def test_labels_and_histograms_come_apart_from_their_flat_names() -> None:
    figures = {
        "echo_send_errors_ENETUNREACH": 3, "http_faults_timeout": 2, "snmp_devices": 3.0, "new_part_thing": 4,
        "schedule_lag_s_bucket_0.01": 5, "schedule_lag_s_bucket_+Inf": 6, "schedule_lag_sum_s": 0.5,
    }  # fmt: skip
    lines = render(own_figures.samples(figures)).splitlines()
    for line in (
        'ronda_echo_send_errors_total{errno="ENETUNREACH"} 3',
        'ronda_http_faults_total{fault="timeout"} 2',
        "ronda_snmp_devices 3",
        'ronda_activity_total{part="new_part_thing"} 4',
        'ronda_schedule_lag_seconds_bucket{le="0.01"} 5',
        'ronda_schedule_lag_seconds_bucket{le="+Inf"} 6',
        "ronda_schedule_lag_seconds_sum 0.5",
        "ronda_schedule_lag_seconds_count 6",
        "# TYPE ronda_schedule_lag_seconds histogram",
    ):
        assert lines.count(line) == 1, line

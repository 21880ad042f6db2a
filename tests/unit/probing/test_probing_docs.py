"""docs/probing.md names every counter and every wire."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from collector.echo import EchoCounters
from collector.http import HttpCounters
from collector.http_faults import HttpFault
from collector.icmp import Wire
from collector.places import PlaceCounters
from collector.schedule import ScheduleCounters

PAGE = (Path(__file__).parents[3] / "docs" / "probing.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize(
    ("title", "counters"),
    [
        ("Counters of the prober", EchoCounters()),
        ("Counters of the schedule", ScheduleCounters(PlaceCounters())),
    ],
)
def test_every_counter_is_documented(title: str, counters: EchoCounters | ScheduleCounters) -> None:
    if isinstance(counters, EchoCounters):
        counters.icmp_errors["x"] = counters.send_errors["x"] = counters.receive_errors["x"] = 1
    else:
        counters.failed["x"] = 1
    exposed = {name for name, _, _ in counters.samples()}
    rows = [line.split("|")[1] for line in section(title).splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert exposed == documented - {"reason", "errno", "where", "le"}


def test_every_wire_is_documented() -> None:
    for wire in Wire:
        assert f"| `{wire}` |" in section("Which wire")


def test_every_reason_and_counter_of_application_checks_is_documented() -> None:
    text = section("Applications")
    for fault in HttpFault:
        assert f"`{fault}`" in text
    counters = HttpCounters()
    counters.faults["timeout"] = 1
    for name, _, _ in counters.samples():
        assert f"`{name}`" in text

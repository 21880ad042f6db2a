"""Nights that once went wrong, as short timelines, and the plain ones that everything else stands on."""

from __future__ import annotations

from pathlib import Path

import pytest
from night_checks import Report, spend
from night_plan import Break, Mend, MendPart, Restart, Step

from topology.inventory import load_inventory

PASER = load_inventory(Path(__file__).parents[3] / "inventory.yaml")

NIGHTS: dict[str, list[Step]] = {
    "a link": [Break(5.0, "link", "grogot-kuaro")],
    "a link that is the only way": [Break(5.0, "link", "long-ikis-long-kali")],
    "a ring cut twice": [Break(5.0, "link", "grogot-kuaro"), Break(60.0, "link", "long-ikis-grogot")],
    "two cuts at once": [Break(5.0, "link", "core-1-dinkes"), Break(0.0, "link", "belengkong-pkm")],
    "a cut behind a cut": [Break(5.0, "link", "kuaro-pkm"), Break(40.0, "group", "duct-grogot-kuaro")],
    "a duct": [Break(5.0, "group", "duct-gajah-mada")],
    "a power feed": [Break(5.0, "feed", "feed-perkantoran")],
    "a provider's way in": [Break(5.0, "link", "core-2-icon")],
    "SNMP stopped": [Break(5.0, "snmp", "kuaro-d1"), Mend(60.0, 0)],
    # Polls that failed while a device was off were counted against its SNMP when it came back.
    "a device is off and on": [Break(7.0, "device", "bkad-r1")],
    # What had not been asked again after the power came back was blamed as a cut of its own.
    "a feed with a switch and what hangs on it": [Break(3.0, "feed", "feed-batu-kajang")],
    # Offices that fell silent before the monitor's own device did were told one by one.
    "the monitor's own feed": [Break(1.0, "feed", "feed-dkisp")],
    "the monitor's uplink": [Break(7.0, "uplink")],
    # The first office told was one behind a cloud, which can't be asked itself.
    "the monitor's uplink, an office behind a cloud first": [Break(20.0, "uplink")],
    # The blindness took in an old incident, and with it the time it had already waited.
    "blind while something is down": [Break(20.0, "link", "core-2-server"), Break(3.0, "uplink")],
    # The vantage answered first: its incident was over, and the blindness was told a second time.
    "blind again a minute later": [Break(5.0, "uplink"), Mend(30.0, 0), Break(60.0, "uplink")],
    # Every fiber that was not yet spliced made a page of its own.
    "a duct mended in part": [Break(5.0, "group", "duct-perkantoran"), MendPart(40.0, 1)],
    # A suspicion that knew the rest better than the open incident did was told as another.
    "two neighbours off, on again one by one": [
        Break(0.0, "device", "belengkong-d1"),
        Break(1.0, "device", "batu-engau-d1"),
    ],
    # Evidence from before the crash resolved what had been told after it was saved.
    "a crash in the middle": [Break(5.0, "feed", "feed-perkantoran"), Restart(7.0, 0.5, crash=True)],
    "a stop in the middle": [Break(5.0, "group", "duct-gajah-mada"), Restart(3.0, 40.0, crash=False)],
    "repaired while the monitor was down": [
        Break(5.0, "link", "grogot-kuaro"),
        Restart(20.0, 0.5, crash=True),
        Mend(0.0, 0),
    ],
    # Silence from before the restart had waited long enough at once, and was told link by link.
    "blind across a crash": [
        Break(60.0, "uplink"),
        Restart(47.8, 5.0, crash=True),
        Restart(50.0, 40.0, crash=True),
    ],
    "SNMP stopped, then blind after a restart": [
        Break(0.3, "snmp", "rsud-r1"),
        Restart(60.0, 40.0, crash=False),
        Break(3.0, "uplink"),
    ],
}


def told(report: Report) -> str:
    return "\n".join([*report.broken, *report.told])


@pytest.mark.parametrize("name", NIGHTS)
def test_night(name: str) -> None:
    for seed in (1, 2):
        report = spend(PASER, NIGHTS[name], seed=seed)
        assert not report.broken, told(report)
        assert report.opened >= 1, told(report)


def test_a_link_that_flaps_is_at_most_one_incident() -> None:
    """Ten cuts of three seconds in a minute: whether one is caught depends on when the probes go out."""
    for seed in range(4):
        report = spend(PASER, [Break(5.0, "flap", "long-ikis-long-kali")], seed=seed)
        assert not report.broken, told(report)
        assert report.opened <= 1, told(report)


def test_a_far_away_office_that_answers_late_is_not_told() -> None:
    report = spend(PASER, [Break(5.0, "latency", "pkm-tanjung-aru-r1"), Mend(120.0, 0)], seed=4)
    assert not report.broken, told(report)
    assert report.opened == 0

"""Nights against the truth: random faults, repairs and restarts; one right alert for one cause.

What must hold of every night is in `night_checks`; how a night is lived, in `night_watch`. `RONDA_LONG=1`
plays ten times as many. A failing night shrinks to its shortest plan; pin it in `test_night_timelines`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from night_checks import spend
from night_networks import networks
from night_plan import Break, Mend, Step, plans

from topology.inventory import load_inventory
from topology.model import Inventory

PASER = load_inventory(Path(__file__).parents[3] / "inventory.yaml")
TIMES = 10 if os.environ.get("RONDA_LONG") else 1
OUTAGES = ("link", "device", "group", "feed", "snmp", "uplink")


def nights(examples: int) -> settings:
    return settings(
        max_examples=examples * TIMES,
        deadline=None,
        database=None,
        derandomize=TIMES == 1,  # the same nights in every run, other ones in every long run
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )


def check(inventory: Inventory, steps: list[Step], seed: int) -> None:
    note("; ".join(map(str, steps)))
    report = spend(inventory, steps, seed=seed)
    for line in report.told:
        note(line)
    assert not report.broken, "\n".join(report.broken)


dice = st.integers(0, 99)


@nights(20)
@given(plans(PASER, OUTAGES), dice)
def test_outages_in_paser(steps: list[Step], seed: int) -> None:
    check(PASER, steps, seed)


@nights(10)
@given(plans(PASER, OUTAGES, restarts=True), dice)
def test_restarts_in_paser(steps: list[Step], seed: int) -> None:
    check(PASER, steps, seed)


@nights(6)
@given(plans(PASER, ("link", "device", "flap", "latency"), faults=2), dice)
def test_flapping_and_slowness_in_paser(steps: list[Step], seed: int) -> None:
    check(PASER, steps, seed)


@nights(80)
@given(st.data())
def test_outages_in_random_networks(data: st.DataObject) -> None:
    inventory = data.draw(networks())
    check(inventory, data.draw(plans(inventory, OUTAGES)), data.draw(dice))


@nights(50)
@given(st.data())
def test_restarts_in_random_networks(data: st.DataObject) -> None:
    inventory = data.draw(networks())
    check(inventory, data.draw(plans(inventory, OUTAGES, faults=3, restarts=True)), data.draw(dice))


@nights(20)
@given(st.data())
def test_flapping_and_slowness_in_random_networks(data: st.DataObject) -> None:
    inventory = data.draw(networks())
    kinds = ("link", "device", "flap", "latency")
    check(inventory, data.draw(plans(inventory, kinds, faults=2)), data.draw(dice))


@pytest.mark.parametrize("seed", range(3 * TIMES))
def test_loss_is_no_outage(seed: int) -> None:
    """A trunk loses a fifth of its packets each way for ten minutes, with up to 25 devices behind it. Before
    its loss is known a device may miss five answers in a row by chance: once in some hours of such nights."""
    links = ["core-1-core-2", "grogot-kuaro", "grogot-belengkong", "batu-sopang-pkm"]
    report = spend(PASER, [Break(0.0, "loss", links[seed % len(links)]), Mend(600.0, 0)], seed=seed)
    assert report.opened <= 2, report.told

"""The demo's own network under the prober and the application checks: what is cut looks cut."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from collector.http import ApplicationChecker, ApplicationRule, HttpSettings
from collector.icmp import Prober, ProberSettings, ProbeTarget
from lab.lab import Lab
from ronda.clock import SystemClock
from topology.inventory import load_inventory
from topology.model import ApplicationId, DeviceId

PASER = Path(__file__).parents[3] / "inventory.yaml"
CLOCK = SystemClock()


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with Lab(load_inventory(PASER), addresses="ephemeral", environment={}, boot_s=0.2) as lab:
        yield lab


@pytest.fixture
async def prober() -> AsyncIterator[Prober]:
    prober = Prober(ProberSettings(wire="lab"), CLOCK)
    await prober.start()
    yield prober
    await prober.stop()


def targets(lab: Lab) -> list[ProbeTarget]:
    return [ProbeTarget(d.id, d.address) for d in lab.inventory.devices.values() if d.address is not None]


async def silent(prober: Prober, lab: Lab) -> set[DeviceId]:
    answers = await prober.probe(targets(lab), timeout_s=0.7)
    return {a.device for a in answers if not a.answered}


async def test_all_answer_and_one_without_power_does_not(lab: Lab, prober: Prober) -> None:
    assert await silent(prober, lab) == set()
    server = lab.inventory.applications[ApplicationId("e-budgeting")].hosted_at
    lab.power_off(server)
    # Whoever else falls silent hangs on it; the core does not.
    gone = await silent(prober, lab)
    assert server in gone
    assert lab.inventory.vantages[0] not in gone
    assert len(gone) < len(targets(lab)) / 2
    assert prober.counters.foreign == prober.counters.malformed == 0


async def test_an_application_whose_host_lost_power_is_not_up(lab: Lab) -> None:
    settings = HttpSettings(rule=ApplicationRule(timeout_s=1.0), confirm_after_s=0.05)
    checker = ApplicationChecker(lab.inventory.applications.values(), CLOCK, settings)
    await checker.start()
    try:
        application = lab.inventory.applications[ApplicationId("e-budgeting")]
        before = await checker.check(application.id)
        lab.power_off(application.hosted_at)
        after = await checker.check(application.id)
    finally:
        await checker.stop()
    assert before is not None
    assert before.up
    assert after is not None
    assert not after.up
    assert after.reason is not None
    assert after.status_code is None

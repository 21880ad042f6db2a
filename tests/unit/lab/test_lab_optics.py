"""Link budgets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lab.optics import LOSS_OF_SIGNAL_MARGIN_DB, budget, modules
from topology.inventory import load_inventory
from topology.model import DeviceId, Inventory, Link, LinkEnd, LinkId, Medium

ROOT = Path(__file__).parents[3]


def fiber(length_m: float, **changes: float) -> Link:
    end = LinkEnd(DeviceId("a"), "sfp1"), LinkEnd(DeviceId("b"), "sfp1")
    return replace(Link(LinkId("l"), *end, length_m=length_m, capacity_bps=10**9), **changes)  # type: ignore[arg-type]  # replace() has one value type here


@pytest.mark.parametrize("length_m", [10.0, 1_000.0, 9_000.0, 39_000.0, 79_000.0, 119_000.0, 300_000.0])
def test_every_length_gets_a_working_link(length_m: float) -> None:
    found = budget(fiber(length_m))
    rx_dbm = found.rx_dbm()
    assert rx_dbm is not None
    assert found.low_alarm_dbm + 2.0 < rx_dbm < found.high_alarm_dbm - 1.0
    assert found.holds(0.0)
    assert found.frame_error_ratio(0.0) == 0.0


def test_longer_fibers_get_stronger_modules() -> None:
    reaches = [budget(fiber(metres)).module.reach_m for metres in (1_000.0, 30_000.0, 70_000.0, 110_000.0)]
    assert reaches == sorted(set(reaches))


def test_the_inventorys_limits_are_kept_with_room() -> None:
    found = budget(fiber(30_000.0, rx_min_dbm=-15.0, rx_max_dbm=-9.0))
    rx_dbm = found.rx_dbm()
    assert rx_dbm is not None
    assert -15.0 < rx_dbm < -9.0


def test_the_projects_own_network_starts_without_an_alarm() -> None:
    inventory: Inventory = load_inventory(ROOT / "inventory.yaml")
    for link in inventory.links.values():
        if link.medium is not Medium.FIBER:
            continue
        rx_dbm = budget(link).rx_dbm()
        assert rx_dbm is not None
        assert link.rx_min_dbm is None or rx_dbm >= link.rx_min_dbm + 2.0, link.id
        assert link.rx_max_dbm is None or rx_dbm <= link.rx_max_dbm - 1.0, link.id


def test_loss_takes_errors_first_then_the_link_then_the_light() -> None:
    found = budget(fiber(1_000.0))
    healthy_dbm = found.rx_dbm()
    assert healthy_dbm is not None
    to_alarm_db = healthy_dbm - found.low_alarm_dbm
    assert found.frame_error_ratio(to_alarm_db) > 0.0
    assert found.holds(to_alarm_db + LOSS_OF_SIGNAL_MARGIN_DB - 0.1)
    assert not found.holds(to_alarm_db + LOSS_OF_SIGNAL_MARGIN_DB + 0.1)
    assert found.rx_dbm(to_alarm_db + LOSS_OF_SIGNAL_MARGIN_DB + 0.1) is not None
    assert found.rx_dbm(60.0) is None


def test_module_figures_are_sane() -> None:
    for module in modules():
        assert module.sensitivity_dbm < module.overload_dbm < module.tx_dbm + 12.0

"""A configuration read over SSH from a device of the test's own, and what is kept of it."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.maintenance import Window, WindowId
from lab.cli.host import Shell
from ronda.config_backup import backups_missing, planned_between, stale
from ronda.config_fetch import Fetched, fetch
from storage.configs import ConfigStore
from storage.records.configurations import BackupState
from topology.findings import Component, ComponentKind
from topology.inventory import load_inventory
from topology.model import DeviceId

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
R1 = DeviceId("r1")
WHOLE = (
    "Building configuration...\n!\n! Last configuration change at 10:00:00 by budi\nhostname r1\n"
    + "".join(f"interface Gi0/{n}\n description ke {n}\n" for n in range(20))
    + "snmp-server community S3cr RO\nntp clock-period 17\nend"
)


@dataclass
class HandClock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return (self.at - NOW).total_seconds()


@dataclass
class Device:
    """What it prints now."""

    config: str = WHOLE

    def answer(self, line: str) -> str:
        return self.config if line == "show running-config" else ""


@pytest.fixture
def store(tmp_path: Path) -> ConfigStore:
    store = ConfigStore(tmp_path / "configurations")
    store.start()
    return store


async def read(place: Any, store: ConfigStore, hours: float = 0, **more: Any) -> Fetched:
    return await fetch(place.device, place.poller, store, HandClock(NOW + timedelta(hours=hours)), **more)


async def test_a_day_with_a_change(serve: Any, store: ConfigStore) -> None:
    device = Device()
    place = await serve(Shell("r1#", device.answer))
    first = await read(place, store)
    assert first.change is not None
    assert first.change.first
    kept = store.text(R1)
    assert kept is not None
    assert "hostname r1" in kept
    assert "S3cr" not in kept
    device.config = WHOLE.replace("clock-period 17", "clock-period 99").replace("10:00:00", "11:00:00")
    assert (await read(place, store, 1)).change is None
    device.config = WHOLE.replace("ke 7", "ke kuaro").replace("by budi", "by siti")
    changed = (await read(place, store, 2)).change
    assert changed is not None
    assert (changed.who, changed.lines_added, changed.lines_removed) == ("siti", 1, 1)
    assert changed.summary == "interface Gi0/7"


@pytest.mark.parametrize(
    ("what", "config", "why"),
    [
        ("empty", "", "empty|cut off"),
        ("cut off", WHOLE[: WHOLE.index("interface Gi0/15")], "cut off"),
        ("more than half gone", "hostname r1\ninterface Gi0/1\nend", "more than half"),
        ("refused", "% Invalid input detected at '^' marker.", "."),
    ],
)
async def test_a_bad_one_never_takes_the_place_of_a_good_one(
    serve: Any, store: ConfigStore, what: str, config: str, why: str
) -> None:
    device = Device()
    place = await serve(Shell("r1#", device.answer))
    await read(place, store)
    good = store.text(R1)
    device.config = config
    bad = await read(place, store, 1)
    assert bad.failed, what
    assert re.search(why, str(bad.reason))
    assert store.text(R1) == good
    assert len(store.changes(R1)) == 1


async def test_a_connection_that_is_lost_midway_keeps_the_good_one(serve: Any, store: ConfigStore) -> None:
    device = Device()
    place = await serve(Shell("r1#", device.answer))
    await read(place, store)

    def lost(line: str) -> str:
        if line == "show running-config":
            place.host.drop()
            return WHOLE[:300]
        return ""

    device.answer = lost  # type: ignore[method-assign]  # the device from now on
    place.host._shell = Shell("r1#", lost)
    bad = await read(place, store, 1)
    assert bad.failed
    assert "S3cr" not in str(bad.reason)
    assert len(store.changes(R1)) == 1


async def test_no_way_in_is_a_reason(serve: Any, store: ConfigStore) -> None:
    place = await serve(Shell("r1#", Device().answer), password="wrong")
    assert "authentication" in str((await read(place, store)).reason)
    assert store.text(R1) is None


def window(device: str, start_h: float, end_h: float) -> Window:
    return Window(
        WindowId("w"), "t", (Component(ComponentKind.DEVICE, device),), NOW + timedelta(hours=start_h),
        NOW + timedelta(hours=end_h), None, "x", NOW,
    )  # fmt: skip


def test_what_a_window_covered_since_the_last_copy_was_planned() -> None:
    inventory = load_inventory(ROOT / "inventory.yaml")
    setda = DeviceId("setda-sw1")

    def planned(*windows: Window) -> bool:
        return planned_between(inventory, setda, windows, NOW, NOW + timedelta(hours=24))

    assert planned(window("setda-sw1", 3, 5))
    assert planned(window("setda-sw1", -2, 1))
    assert not planned(window("setda-sw1", -5, -1))
    assert not planned(window("kuaro-d1", 3, 5))
    office = replace(window("-", 0, 1), subjects=(Component(ComponentKind.OFFICE, "setda"),))
    assert planned(office)
    assert not planned()


def test_told_only_when_a_whole_copy_is_missing_for_long() -> None:
    inventory = load_inventory(ROOT / "inventory.yaml")
    setda, days = DeviceId("setda-sw1"), timedelta(days=3)

    def late(good_days_ago: float | None, reason: str | None, device: DeviceId = setda) -> bool:
        good = None if good_days_ago is None else NOW - timedelta(days=good_days_ago)
        state = BackupState(device, NOW, good, NOW - timedelta(days=10), 4, reason)
        return bool(stale(inventory, {device: state}, NOW, days))

    assert late(4, "timeout")
    assert late(None, "timeout")
    assert not late(1, "timeout")
    assert not late(4, None)
    assert not late(4, "timeout", DeviceId("gone"))
    condition = backups_missing([BackupState(setda, NOW, None, NOW, 4, "timeout: x")], NOW, standing=True)
    assert "setda-sw1" in condition.why
    assert condition.standing

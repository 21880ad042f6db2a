"""When the monitor calls itself unwell, and when it is well again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ronda.condition_settings import SelfWatchSection
from ronda.vitals import Vitals, VitalSigns

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
WELL = Vitals(
    asked=0,
    devices=10,
    unsaved=0,
    metrics_trouble=None,
    metrics_waiting=0.0,
    metrics_lost=0,
    clock_steps=0,
    round_errors=0,
    oldest_message_s=None,
    messages_waiting=0,
    disk_free_bytes=50_000_000_000,
    disk_bytes=100_000_000_000,
)


class Watch:
    """Looks every 30 s; `asked` rises by itself."""

    def __init__(self) -> None:
        self.signs = VitalSigns(SelfWatchSection())
        self.second = 0
        self.asked = 0

    def look(self, **unwell: object) -> dict[str, bool | None]:
        """What stands, by part."""
        self.second += 30
        self.asked += 5
        seen = replace(WELL, **{"asked": self.asked, **unwell})  # type: ignore[arg-type]  # as the test says
        found = self.signs.look(seen, START + timedelta(seconds=self.second), float(self.second))
        return {str(c.components[0].id): c.standing for c in found}

    def after(self, seconds: int, **unwell: object) -> dict[str, bool | None]:
        for _ in range(seconds // 30):
            last = self.look(**unwell)
        return last


@pytest.fixture
def watch() -> Watch:
    watch = Watch()
    assert not any(watch.after(120).values())
    return watch


def test_nobody_is_asked_any_more(watch: Watch) -> None:
    assert watch.after(300, asked=99)["polls"] is None  # not for long enough yet: nobody knows
    assert watch.after(60, asked=99)["polls"] is True
    assert watch.look()["polls"] is False


def test_records_that_cannot_be_written_for_a_while(watch: Watch) -> None:
    assert watch.look(unsaved=3)["records"] is None
    assert watch.after(150, unsaved=3)["records"] is True
    assert watch.look()["records"] is False


def test_metrics_in_trouble_growing_or_lost(watch: Watch) -> None:
    assert watch.after(180, metrics_trouble="connection refused")["spool"] is True
    assert watch.look()["spool"] is None
    assert watch.after(150)["spool"] is False
    assert watch.look(metrics_lost=5)["spool"] is True
    waiting = 1000.0
    watch = Watch()
    for _ in range(8):
        waiting += 100
        last = watch.look(metrics_waiting=waiting)
    assert last["spool"] is True


def test_a_nearly_full_disk_with_some_room_to_waver(watch: Watch) -> None:
    assert watch.look(disk_free_bytes=400_000_000)["disk"] is True
    assert watch.look(disk_free_bytes=520_000_000)["disk"] is True
    assert watch.look(disk_free_bytes=700_000_000)["disk"] is False
    assert "disk" not in watch.look(disk_free_bytes=None)


def test_a_message_that_waits_for_too_long(watch: Watch) -> None:
    assert watch.look(oldest_message_s=100.0, messages_waiting=1)["outbox"] is False
    assert watch.look(oldest_message_s=1000.0, messages_waiting=1)["outbox"] is True
    assert watch.look()["outbox"] is False


def test_looks_that_fail_stand_for_a_while(watch: Watch) -> None:
    assert watch.look(round_errors=1)["rounds"] is True
    assert watch.look(round_errors=1)["rounds"] is None
    assert watch.after(630, round_errors=1)["rounds"] is False


def test_a_clock_that_was_set_is_a_notice(watch: Watch) -> None:
    found = watch.signs.look(replace(WELL, asked=999, clock_steps=1), START, 9999.0)
    (notice,) = [c for c in found if c.components[0].id == "clock"]
    assert notice.standing
    assert notice.lasts_s == 3600
    again = watch.signs.look(replace(WELL, asked=1999, clock_steps=1), START, 10029.0)
    assert not [c for c in again if c.components[0].id == "clock"]

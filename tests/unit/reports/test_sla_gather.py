"""From the records to the report: what is read, and how much of the log is touched for it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from reports.month import parse_month
from reports.sla import sla_report
from reports.standing import Gap
from ronda.watch import Watch
from storage.records import Records, history, outage_causes, rollout
from storage.records.outage_causes import CauseKind
from storage.settings import RecordsRetention
from topology.findings import Component, ComponentKind, StateChange
from topology.model import ConnectionStage, OfficeId

Story = Any  # of conftest.py, which importlib mode can't import
NOW = datetime(2027, 1, 5, tzinfo=UTC)


@pytest.fixture
def records(tmp_path: Path) -> Any:
    opened = Records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    opened.start()
    yield opened
    opened.stop()


def keep(records: Records, story: Story) -> None:
    records.save(story.incidents, (), [line.change for line in story.log])
    for span in story.watched:
        records.write(lambda c, s=span: history.keep_watch(c, s.since, s.until))
    for window in story.windows:
        records.save_window(window)


def test_the_records_give_the_same_report_as_the_values(records: Records, story: Story) -> None:
    first = story.cut("kuaro", story.day(3), story.day(3, 7, 12))
    story.cut("long-ikis", story.day(30, 23, 50), story.day(31, 0, 20), by=story.link("telkom-long"))
    story.window(story.link("telkom-long"), story.day(30, 23, 55), story.day(31))
    story.monitor("blind", story.day(7))
    story.monitor("seeing", story.day(7, 1))
    keep(records, story)
    assert sla_report(records, story.inventory, parse_month("2026-11"), NOW) == story.report(now=NOW)
    word = records.write(lambda c: outage_causes.add(c, first.id, NOW, "Rina", CauseKind.LISTRIK, "foto kWh"))
    story.words = {first.id: [word]}
    report = sla_report(records, story.inventory, parse_month("2026-11"), NOW)
    assert report == story.report(now=NOW)
    assert report.offices[1].seconds.excluded_power_s == 7.2 * 3600


def test_an_empty_database_knows_nothing(records: Records, story: Story) -> None:
    report = sla_report(records, story.inventory, parse_month("2026-11"), NOW)
    assert {o.seconds.unknown_s for o in report.offices} == {30 * 86400.0}
    assert {i.gap for o in report.offices for i in o.intervals} == {Gap.NOT_WATCHED}


@pytest.mark.parametrize(("behind_s", "unknown_s"), [(9.0, 0.0), (40.0, 40.0)])
def test_the_watch_that_still_runs_reaches_to_now(
    records: Records, story: Story, behind_s: float, unknown_s: float
) -> None:
    now = story.day(10)
    story.watched = [type(story.watched[0])(story.day(-20), now - timedelta(seconds=behind_s))]
    keep(records, story)
    report = sla_report(records, story.inventory, parse_month("2026-11"), now)
    assert {o.seconds.unknown_s for o in report.offices} == {unknown_s}


def test_reading_a_month_goes_through_the_index(records: Records, story: Story) -> None:
    """However long the log: no step of a report's questions reads a whole table."""
    dice = random.Random(7)
    office = Component(ComponentKind.OFFICE, "kuaro")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    changes = [
        StateChange(
            start + timedelta(minutes=dice.randrange(500_000)),
            office,
            None,
            dice.choice(["cut", "connected"]),
        )
        for _ in range(5000)
    ]
    records.append_changes(changes)
    asked: list[tuple[str, Any]] = []

    def note(conn: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    engine = records._engine
    assert engine is not None
    sa.event.listen(engine, "before_cursor_execute", note)
    sla_report(records, story.inventory, parse_month("2026-11"), NOW)
    sa.event.remove(engine, "before_cursor_execute", note)
    of_events = [(s, p) for s, p in asked if "FROM event" in s]
    assert of_events
    with engine.connect() as connection:
        for statement, parameters in of_events:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            words = " ".join(str(row[-1]) for row in plan)
            assert "SEARCH event USING INDEX ix_event_kind_subject_at_id" in words
            assert "SCAN" not in words


# --- the books


def test_a_watch_grows_and_a_pause_begins_another(records: Records) -> None:
    watch = Watch()
    start = datetime(2026, 11, 1, tzinfo=UTC)

    def flush() -> None:
        stretches = watch.to_save()
        for since, until in stretches:
            records.write(lambda c, s=since, u=until: history.keep_watch(c, s, u))
        watch.saved(stretches)

    for second in range(0, 100, 5):
        watch.look(start + timedelta(seconds=second))
        if second % 20 == 0:
            flush()
    for second in range(500, 600, 5):  # a machine that slept
        watch.look(start + timedelta(seconds=second))
    watch.look(start + timedelta(seconds=550))  # a clock that was set back
    flush()
    found = records.read(lambda c: history.watched(c, start, start + timedelta(days=1)))
    assert [((a - start).total_seconds(), (b - start).total_seconds()) for a, b in found] == [
        (0, 95),
        (500, 595),
    ]
    assert len(watch.to_save()) == 1


def test_pruning_takes_old_watches_and_keeps_what_reports_need(records: Records, story: Story) -> None:
    keep(records, story)
    old = (datetime(2023, 1, 1, tzinfo=UTC), datetime(2023, 2, 1, tzinfo=UTC))
    records.write(lambda c: history.keep_watch(c, *old))
    before = sla_report(records, story.inventory, parse_month("2026-11"), NOW)
    records.prune(NOW, RecordsRetention())
    assert records.read(lambda c: history.watched(c, *old)) == []
    assert sla_report(records, story.inventory, parse_month("2026-11"), NOW) == before


def test_progress_comes_back_as_it_was_given(records: Records) -> None:
    office = OfficeId("kuaro")
    given = [
        records.write(lambda c: rollout.add(c, office, NOW, "Rina", ConnectionStage.ORDERED, "PO 12")),
        records.write(lambda c: rollout.add(c, office, NOW, "Rina", None, "", NOW.date(), "https://x.id/a")),
    ]
    assert records.read(rollout.of_offices) == {office: given}
    assert records.read(lambda c: rollout.of_offices(c, [OfficeId("other")])) == {}

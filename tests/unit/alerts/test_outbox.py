"""The outbox on real records (SQLite) and channels that fail in every way, on a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.delivery import Delivery, Manner, Overtaken, RetryPolicy
from alerts.model import (
    Incident,
    IncidentId,
    IncidentKind,
    IncidentStatus,
    Notification,
    Outcome,
    Reason,
    ReceiverId,
    Severity,
)
from alerts.outbox import Outbox
from ronda.keeper import Keeper, Unsaved
from storage.records import Records

START = datetime(2026, 11, 21, 12, tzinfo=UTC)


class HandClock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return (self.at - START).total_seconds()

    def pass_s(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Recorder:
    """A channel that answers as it is told, and remembers."""

    def __init__(self, answer: Callable[[Notification], Delivery] | None = None) -> None:
        self.answer = answer or (lambda _: Delivery(Outcome.SENT))
        self.got: list[str] = []

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def deliver(self, notification: Notification) -> Delivery:
        self.got.append(notification.dedup_key)
        return self.answer(notification)


def incident(number: int = 1) -> Incident:
    return Incident(
        id=IncidentId(f"R-261121-{number:03d}"),
        kind=IncidentKind.OUTAGE,
        status=IncidentStatus.OPEN,
        severity=Severity.MAJOR,
        components=(),
        explains=(),
        confidence=1.0,
        why="",
        began_at=START,
        opened_at=START,
    )


def note(reason: Reason, revision: int, receiver: str = "noc", number: int = 1) -> Notification:
    return Notification(
        dedup_key=f"R-261121-{number:03d}/{revision}/{reason}/{receiver}",
        receiver=ReceiverId(receiver),
        reason=reason,
        incident=IncidentId(f"R-261121-{number:03d}"),
        revision=revision,
        severity=Severity.MAJOR,
        created_at=START,
        subject="s",
        text="t",
    )


@pytest.fixture
async def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def keeper(tmp_path: Path, clock: HandClock):
    keeper = Keeper(Records(f"sqlite:///{tmp_path / 'records.sqlite'}"), clock)
    await keeper.start()
    yield keeper
    await keeper.stop()


async def saved(keeper: Keeper, *notes: Notification) -> None:
    keeper.add(Unsaved([incident()], notes, []))
    assert await keeper.save()


def outbox(keeper: Keeper, clock: HandClock, **channels: Sequence[Recorder]) -> Outbox:
    policy = RetryPolicy(first_s=2, factor=2, at_most_s=60, give_up_after=4)
    named = {ReceiverId(r): {str(n): c for n, c in enumerate(many)} for r, many in channels.items()}
    keep = {receiver: Manner(overtaken=Overtaken.KEEP) for receiver in named}
    return Outbox(keeper, named, clock, policy, manners=keep)


async def test_sent_once_and_not_again(keeper: Keeper, clock: HandClock) -> None:
    channel = Recorder()
    box = outbox(keeper, clock, noc=[channel])
    await saved(keeper, note(Reason.OPENED, 1))
    assert await box.flush() == 1
    clock.pass_s(3600)
    assert await box.flush() == 0
    await saved(keeper, note(Reason.OPENED, 1))  # a restart makes the same notification: known by its key
    assert await box.flush() == 0
    assert len(channel.got) == 1


async def test_resolved_waits_until_opened_has_gone_out(keeper: Keeper, clock: HandClock) -> None:
    answers = [Delivery(Outcome.RETRY, "HTTP 503")]
    channel = Recorder(lambda _: answers.pop() if answers else Delivery(Outcome.SENT))
    box = outbox(keeper, clock, noc=[channel])
    await saved(keeper, note(Reason.OPENED, 1), note(Reason.RESOLVED, 2))
    await box.flush()
    assert [k.split("/")[2] for k in channel.got] == ["opened"]
    clock.pass_s(1.9)
    assert await box.flush() == 0
    clock.pass_s(1.0)
    await box.flush()
    assert [k.split("/")[2] for k in channel.got] == ["opened", "opened", "resolved"]


async def test_one_receivers_trouble_is_not_anothers(keeper: Keeper, clock: HandClock) -> None:
    bad, good = Recorder(lambda _: Delivery(Outcome.RETRY, "down")), Recorder()
    box = outbox(keeper, clock, noc=[bad], camat=[good])
    await saved(keeper, note(Reason.OPENED, 1), note(Reason.OPENED, 1, "camat"))
    await box.flush()
    assert len(good.got) == len(bad.got) == 1


async def test_it_gives_up_and_says_so(keeper: Keeper, clock: HandClock) -> None:
    box = outbox(keeper, clock, noc=[Recorder(lambda _: Delivery(Outcome.RETRY, "down"))])
    await saved(keeper, note(Reason.OPENED, 1))
    for _ in range(10):
        await box.flush()
        clock.pass_s(120)
    assert box.counters == {"retry": 3, "failed": 1}
    (row,) = await keeper.call(lambda: keeper._records.recent_notifications())
    assert row.notification.outcome is Outcome.FAILED
    assert "gave up after 4 tries" in str(row.error)


async def test_a_permanent_failure_is_not_tried_again(keeper: Keeper, clock: HandClock) -> None:
    channel = Recorder(lambda _: Delivery(Outcome.FAILED, "HTTP 401"))
    box = outbox(keeper, clock, noc=[channel])
    await saved(keeper, note(Reason.OPENED, 1))
    await box.flush()
    clock.pass_s(3600)
    assert await box.flush() == 0


async def test_the_second_channel_takes_over(keeper: Keeper, clock: HandClock) -> None:
    second = Recorder()
    box = outbox(keeper, clock, noc=[Recorder(lambda _: Delivery(Outcome.RETRY, "down")), second])
    await saved(keeper, note(Reason.OPENED, 1))
    await box.flush()
    assert box.counters == {"sent": 1}
    assert second.got


async def test_nobody_known_by_that_name_is_permanent(keeper: Keeper, clock: HandClock) -> None:
    box = outbox(keeper, clock)
    await saved(keeper, note(Reason.OPENED, 1))
    await box.flush()
    assert box.counters == {"failed": 1}


async def test_two_senders_never_take_the_same_row(tmp_path: Path, clock: HandClock) -> None:
    url = f"sqlite:///{tmp_path / 'records.sqlite'}"
    keepers = [Keeper(Records(url), clock) for _ in range(2)]
    for keeper in keepers:
        await keeper.start()
    channel = Recorder()
    boxes = [outbox(keeper, clock, noc=[channel]) for keeper in keepers]
    for number in range(1, 41):
        keepers[0].add(Unsaved([incident(number)], [note(Reason.OPENED, 1, number=number)], []))
    assert await keepers[0].save()
    await asyncio.gather(*(box.flush() for box in boxes))
    assert sorted(channel.got) == sorted(set(channel.got))
    assert len(channel.got) == 40
    for keeper in keepers:
        await keeper.stop()


async def test_a_sender_that_died_is_taken_over_after_its_lease(keeper: Keeper, clock: HandClock) -> None:
    await saved(keeper, note(Reason.OPENED, 1))
    assert len(await keeper.claim_due(10, 60)) == 1  # ... and then kill -9
    channel = Recorder()
    box = outbox(keeper, clock, noc=[channel])
    clock.pass_s(59)
    assert await box.flush() == 0
    clock.pass_s(2)
    assert await box.flush() == 1


async def test_what_cannot_be_saved_is_not_sent_and_not_lost(tmp_path: Path, clock: HandClock) -> None:
    keeper = Keeper(Records(f"sqlite:///{tmp_path / 'records.sqlite'}"), clock)
    await keeper.start()
    broken = True
    save = keeper._records.save

    def sometimes(*args: object) -> None:
        if broken:
            raise OSError("database or disk is full")
        save(*args)  # type: ignore[arg-type]

    keeper._records.save = sometimes  # type: ignore[method-assign]
    channel = Recorder()
    box = outbox(keeper, clock, noc=[channel])
    keeper.add(Unsaved([incident()], [note(Reason.OPENED, 1)], []))
    keeper.add(Unsaved([replace(incident(), revision=2)], [note(Reason.RESOLVED, 2)], []))
    assert not await keeper.save()
    await box.flush()
    assert channel.got == []
    assert keeper.waiting == 2
    broken = False
    assert await keeper.save()
    await box.flush()
    assert [k.split("/")[2] for k in channel.got] == ["opened", "resolved"]
    await keeper.stop()

"""Expiry, rate limit, summaries, several channels: on real records and a clock that the test moves."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.delivery import Delivery, Manner, Overtaken, RetryPolicy
from alerts.model import IncidentId, Notification, Outcome, Reason, ReceiverId, Severity
from alerts.outbox import Outbox
from alerts.summary import summary_of
from ronda.keeper import Keeper, Unsaved
from storage.records import Records
from topology.model import Language

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
SENT, RETRY, FAILED = (
    Delivery(o, None if o is Outcome.SENT else o.value) for o in (Outcome.SENT, Outcome.RETRY, Outcome.FAILED)
)
GUARD_S = 60.0
"""Against hanging: a busy disk may take a second for a commit."""
MAYBE = replace(RETRY, maybe_arrived=True)


class HandClock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return (self.at - START).total_seconds()


class Recorder:
    def __init__(self) -> None:
        self.got: list[Notification] = []
        self.answer: Callable[[Notification], Delivery] = lambda _: SENT
        self.stuck: asyncio.Event | None = None

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def deliver(self, notification: Notification) -> Delivery:
        if self.stuck is not None:
            await self.stuck.wait()
        delivery = self.answer(notification)
        if delivery.outcome is Outcome.SENT or delivery.maybe_arrived:
            self.got.append(notification)
        return delivery

    @property
    def reasons(self) -> list[str]:
        return [n.reason.value for n in self.got]


class House:
    """Records, keeper and outbox; `again` is what a restart does."""

    def __init__(self, path: Path, manner: Manner, names: tuple[str, ...] = ("telegram",)) -> None:
        self.path = path
        self.manners = {ReceiverId("piket"): manner}
        self.channels = {name: Recorder() for name in names}
        self.clock = HandClock()
        self.revisions = count(1)

    async def __aenter__(self) -> House:
        self.records = Records(f"sqlite:///{self.path}")
        self.keeper = Keeper(self.records, self.clock, self.manners)
        await self.keeper.start()
        self.box = Outbox(
            self.keeper,
            {ReceiverId("piket"): self.channels},
            self.clock,
            RetryPolicy(first_s=2, factor=1, give_up_after=5),
            self.manners,
            lambda held, now: summary_of(held, now, Language.ID),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.keeper.stop()

    @property
    def channel(self) -> Recorder:
        return next(iter(self.channels.values()))

    async def tell(self, *reasons: Reason, number: int = 1) -> None:
        notes = [note(reason, next(self.revisions), number) for reason in reasons]
        self.keeper.add(Unsaved([], notes, []))
        assert await self.keeper.save()

    async def pass_s(self, seconds: float, step_s: float = 1.0) -> None:
        until = self.clock.at + timedelta(seconds=seconds)
        while self.clock.at < until:
            self.clock.at += timedelta(seconds=step_s)
            await self.box.flush()

    async def outcomes(self) -> list[tuple[str, str]]:
        rows = await self.keeper.call(lambda: self.records.recent_notifications(1000))
        return [(r.notification.reason.value, r.notification.outcome.value) for r in reversed(rows)]


def note(reason: Reason, revision: int, number: int = 1) -> Notification:
    incident = f"R-261121-{number:03d}"
    return Notification(
        dedup_key=f"{incident}/{revision}/{reason}/piket",
        receiver=ReceiverId("piket"),
        reason=reason,
        incident=IncidentId(incident),
        revision=revision,
        severity=Severity.MAJOR,
        created_at=START,
        subject=f"{reason} <{incident}>",
        text="t",
    )


DROP, COMBINE, KEEP = (Manner(overtaken=o) for o in Overtaken)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "records.sqlite"


# --- what is overtaken ---


@pytest.mark.parametrize(
    ("manner", "arrives"), [(DROP, []), (COMBINE, ["resolved"]), (KEEP, ["opened", "updated", "resolved"])]
)
async def test_of_an_outage_that_nobody_could_be_told_of(
    file: Path, manner: Manner, arrives: list[str]
) -> None:
    async with House(file, manner) as house:
        house.channel.answer = lambda _: RETRY
        await house.tell(Reason.OPENED)
        await house.box.flush()
        await house.tell(Reason.UPDATED, Reason.RESOLVED)
        house.channel.answer = lambda _: SENT
        await house.pass_s(10)
        assert house.channel.reasons == arrives


async def test_once_told_the_end_is_told(file: Path) -> None:
    async with House(file, DROP) as house:
        await house.tell(Reason.OPENED)
        await house.box.flush()
        house.channel.answer = lambda _: RETRY
        await house.tell(Reason.UPDATED)
        await house.box.flush()
        await house.tell(Reason.RESOLVED)
        house.channel.answer = lambda _: SENT
        await house.pass_s(10)
        assert house.channel.reasons == ["opened", "resolved"]
        assert (await house.outcomes())[1] == ("updated", "expired")


async def test_what_perhaps_arrived_is_answered_by_its_end(file: Path) -> None:
    """A timeout after the message was handed over: somebody may sit there and wait for the all-clear."""
    async with House(file, DROP) as house:
        house.channel.answer = lambda _: MAYBE
        await house.tell(Reason.OPENED)
        await house.box.flush()
        await house.tell(Reason.RESOLVED)
        house.channel.answer = lambda _: SENT
        await house.pass_s(10)
        assert house.channel.reasons == ["opened", "resolved"]


async def test_only_the_newest_update_goes_out(file: Path) -> None:
    async with House(file, DROP) as house:
        await house.tell(Reason.OPENED)
        await house.box.flush()
        await house.tell(Reason.UPDATED, Reason.UPDATED, Reason.UPDATED)
        await house.box.flush()
        assert house.channel.reasons == ["opened", "updated"]
        assert house.channel.got[-1].revision == 4


async def test_what_came_back_is_a_story_of_its_own(file: Path) -> None:
    async with House(file, DROP) as house:
        await house.tell(Reason.OPENED, Reason.RESOLVED, Reason.REOPENED)
        await house.box.flush()
        assert house.channel.reasons == ["reopened"]
        await house.tell(Reason.RESOLVED)
        await house.box.flush()
        assert house.channel.reasons == ["reopened", "resolved"]


STORY = [Reason.OPENED, Reason.UPDATED, Reason.ACKNOWLEDGED, Reason.RESOLVED, Reason.REOPENED]


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_whatever_fails_nobody_is_left_with_an_outage_that_is_over(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Random stories, failures and moments of sending. In the end: nothing after its own all-clear; who has
    (perhaps) heard of an outage has heard of its end; and what never failed arrived."""
    empty = tmp_path_factory.getbasetemp() / "empty.sqlite"
    if not empty.exists():
        made = Records(f"sqlite:///{empty}")
        made.start()
        made.stop()
    plan = data.draw(st.lists(st.sampled_from([0, 0, 1, 2, 3]), min_size=2, max_size=12))
    answers = data.draw(st.lists(st.sampled_from([SENT, SENT, RETRY, MAYBE]), max_size=12))

    async def run() -> None:
        path = tmp_path_factory.mktemp("story") / "r.sqlite"
        shutil.copy(empty, path)
        async with House(path, DROP) as house:
            house.channel.answer = lambda _: answers.pop() if answers else SENT
            open_now, ever = False, False
            for step in plan:
                if step == 0:
                    if open_now:
                        await house.tell(Reason.RESOLVED)
                    else:
                        await house.tell(Reason.REOPENED if ever else Reason.OPENED)
                    open_now, ever = not open_now, True
                elif step == 1 and open_now:
                    await house.tell(Reason.UPDATED)
                elif step == 2:
                    await house.box.flush()
                else:
                    await house.pass_s(3)
            if open_now:
                await house.tell(Reason.RESOLVED)
            await house.pass_s(30, step_s=3)
            revisions = [n.revision for n in house.channel.got]
            assert revisions == sorted(revisions), "out of order"
            if house.channel.got:
                assert house.channel.reasons[-1] == "resolved"
            heard = False
            for got in house.channel.got:
                if got.reason is Reason.RESOLVED:
                    assert heard, "an all-clear for what nobody heard of"
                heard = got.reason is not Reason.RESOLVED or heard
            assert all(outcome in ("sent", "expired") for _, outcome in await house.outcomes())

    asyncio.run(run())


# --- the rate limit ---


async def test_what_is_over_the_limit_comes_as_one_summary(file: Path) -> None:
    async with House(file, Manner(at_most_per_minute=3, overtaken=Overtaken.DROP)) as house:
        for number in range(1, 11):
            await house.tell(Reason.OPENED, number=number)
        await house.box.flush()
        assert house.channel.reasons == ["opened"] * 3
        await house.pass_s(59)
        assert len(house.channel.got) == 3
        await house.pass_s(2)
        assert house.channel.reasons == ["opened"] * 3 + ["summary"]
        summary = house.channel.got[-1]
        assert summary.subject.startswith("7 pesan ditahan dalam semenit terakhir: ")
        assert summary.text.count("\n- ") == 7
        assert "&lt;R-261121-010&gt;" in summary.html
        assert house.box.counters["summarised"] == 7
        await house.pass_s(120)
        assert len(house.channel.got) == 4


async def test_an_outage_told_in_a_summary_is_told_to_be_over(file: Path) -> None:
    async with House(file, Manner(at_most_per_minute=1)) as house:
        for number in range(1, 4):
            await house.tell(Reason.OPENED, number=number)
        await house.pass_s(61)
        assert house.channel.reasons == ["opened", "summary"]
        await house.tell(Reason.RESOLVED, number=3)
        await house.pass_s(61)
        assert house.channel.reasons == ["opened", "summary", "resolved"]


async def test_an_escalation_is_never_held(file: Path) -> None:
    async with House(file, Manner(at_most_per_minute=1)) as house:
        await house.tell(Reason.OPENED, number=1)
        await house.tell(Reason.OPENED, number=2)
        await house.box.flush()
        await house.tell(Reason.ESCALATED, number=1)
        await house.box.flush()
        assert house.channel.reasons == ["opened", "escalated"]


async def test_one_alone_that_was_held_is_no_summary(file: Path) -> None:
    async with House(file, Manner(at_most_per_minute=1)) as house:
        await house.tell(Reason.OPENED, number=1)
        await house.tell(Reason.OPENED, number=2)
        await house.pass_s(61)
        assert house.channel.reasons == ["opened", "opened"]


async def test_being_held_uses_up_no_try(file: Path) -> None:
    async with House(file, Manner(at_most_per_minute=1)) as house:
        house.channel.answer = lambda _: FAILED
        await house.tell(Reason.OPENED, number=1)
        await house.box.flush()
        await house.tell(Reason.OPENED, number=2)
        await house.pass_s(20 * 60, step_s=30)
        assert [o for _, o in await house.outcomes()] == ["failed", "failed"]


# --- several channels ---


async def test_each_channel_gets_it_and_one_that_is_stuck_holds_up_nobody(file: Path) -> None:
    both = Manner(channels=("telegram", "email"))
    async with House(file, both, ("telegram", "email")) as house:
        house.channels["telegram"].stuck = asyncio.Event()
        await house.box.start()
        for number in range(1, 9):
            await house.tell(Reason.OPENED, number=number)
        house.box.poke()
        async with asyncio.timeout(GUARD_S):
            while len(house.channels["email"].got) < 8:  # noqa: ASYNC110  # the outbox works by itself
                await asyncio.sleep(0.01)
        assert house.channels["telegram"].got == []
        house.channels["telegram"].stuck.set()
        async with asyncio.timeout(GUARD_S):
            while len(house.channels["telegram"].got) < 8:  # noqa: ASYNC110  # the outbox works by itself
                await asyncio.sleep(0.01)
        await house.box.stop()
        keys = [n.dedup_key for n in house.channels["email"].got]
        assert all(key.endswith("/piket/email") for key in keys)


async def test_a_channel_that_breaks_in_its_own_way_is_tried_again(file: Path) -> None:
    async with House(file, DROP) as house:

        def broken(_: Notification) -> Delivery:
            raise KeyError("a fault of ours")

        house.channel.answer = broken
        await house.tell(Reason.OPENED)
        await house.box.flush()
        house.channel.answer = lambda _: SENT
        await house.pass_s(5)
        assert house.channel.reasons == ["opened"]
        assert house.box.counters["channel_errors"] == 1


async def test_a_mark_that_the_disk_refuses_is_tried_again_and_nothing_goes_out_twice(
    file: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr("alerts.outbox.MARK_AGAIN_S", (0.0, 0.0, 0.0))
    async with House(file, DROP) as house:
        refusals = iter([True, True, False])
        mark = house.keeper.mark

        async def locked_at_first(*args: Any, **options: Any) -> None:
            if next(refusals):
                raise OSError("database is locked")
            await mark(*args, **options)

        monkeypatch.setattr(house.keeper, "mark", locked_at_first)
        await house.tell(Reason.OPENED)
        await house.box.flush()
        await house.pass_s(200, step_s=20)
        assert house.channel.reasons == ["opened"]
        assert await house.outcomes() == [("opened", "sent")]
        assert house.box.counters["store_errors"] == 2


async def test_a_failed_message_goes_out_after_what_was_wrong_is_mended(file: Path) -> None:
    async with House(file, DROP) as house:
        house.channel.answer = lambda _: FAILED
        await house.tell(Reason.OPENED)
        await house.box.flush()
        house.channel.answer = lambda _: SENT
        await house.pass_s(100)
        assert house.channel.got == []
        assert await house.keeper.call(lambda: house.records.requeue(house.clock.now())) == 1
        await house.box.flush()
        assert house.channel.reasons == ["opened"]


async def test_a_failed_message_whose_outage_is_over_stays_unsent(file: Path) -> None:
    async with House(file, DROP) as house:
        house.channel.answer = lambda _: FAILED
        await house.tell(Reason.OPENED)
        await house.box.flush()
        await house.tell(Reason.RESOLVED)
        await house.box.flush()
        house.channel.answer = lambda _: SENT
        await house.keeper.call(lambda: house.records.requeue(house.clock.now()))
        await house.box.flush()
        assert house.channel.got == []


async def test_stopping_in_the_middle_gives_the_row_back(file: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("alerts.outbox.STOP_WITHIN_S", 0.05)
    async with House(file, DROP) as house:
        house.channel.stuck = asyncio.Event()
        await house.box.start()
        await house.tell(Reason.OPENED)
        house.box.poke()
        async with asyncio.timeout(GUARD_S):
            while not house.box._under_way:  # noqa: ASYNC110  # the outbox works by itself
                await asyncio.sleep(0.01)
        await house.box.stop()
        house.channel.stuck = None
        await house.box.flush()
        assert house.channel.reasons == ["opened"]

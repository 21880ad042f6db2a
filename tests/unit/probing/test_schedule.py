"""The schedule on a real event loop and a real APScheduler, with short intervals and generous bounds."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from collector.echo import ProbeTarget
from collector.schedule import Schedule, ScheduleSettings
from ronda.clock import SystemClock
from topology.model import Address, Device, DeviceId, OfficeId
from topology.observations import PollError, PollFault, PollResult, Reachability, SystemInfo

CLOCK = SystemClock()


def device(name: str, poll_s: float = 0.4, probe_s: float = 0.4, host: str = "192.0.2.1") -> Device:
    return Device(
        DeviceId(name),
        OfficeId("dkisp"),
        Address(host),
        poll_interval_s=poll_s,
        probe_interval_s=probe_s,
    )


class World:
    """Devices as the schedule's callbacks see them."""

    def __init__(self) -> None:
        self.dead: set[str] = set()
        self.dead_poll_takes_s = 30.0
        self.poll_takes_s = 0.0
        self.polls: list[tuple[float, str]] = []
        self.results: list[PollResult] = []
        self.probes: list[tuple[float, str]] = []
        self.rtt_s: float | None = None
        self.patience_s: list[float | None] = []
        self.answers: list[Reachability] = []
        self.polling: Counter[str] = Counter()
        self.twice = False

    async def poll(self, target: Device) -> PollResult:
        started = CLOCK.now()
        self.polls.append((CLOCK.monotonic_s(), target.id))
        self.polling[target.id] += 1
        self.twice |= self.polling[target.id] > 1
        try:
            if target.id in self.dead:
                await asyncio.sleep(self.dead_poll_takes_s)
                return PollResult(target.id, started, 0.0, errors=(PollError(PollFault.TIMEOUT, "silence"),))
            await asyncio.sleep(self.poll_takes_s)
            return PollResult(target.id, started, 0.0, (SystemInfo(target.id, started),))
        finally:
            self.polling[target.id] -= 1

    async def probe(self, targets: Sequence[ProbeTarget]) -> list[Reachability]:
        now_s = CLOCK.monotonic_s()
        self.probes += [(now_s, target.device) for target in targets]
        self.patience_s += [target.patience_s for target in targets]
        if any(target.device in self.dead for target in targets):
            await asyncio.sleep(0.2)
        return [
            Reachability(
                t.device,
                CLOCK.now(),
                t.device not in self.dead,
                rtt_s=None if t.device in self.dead else self.rtt_s,
            )
            for t in targets
        ]


@asynccontextmanager
async def running(
    world: World,
    devices: Sequence[Device],
    settings: ScheduleSettings | None = None,
    deliver: Callable[[PollResult], None] | None = None,
    deliver_probes: Callable[[Sequence[Reachability]], None] | None = None,
) -> AsyncIterator[Schedule]:
    schedule = Schedule(
        devices,
        poll=world.poll,
        probe=world.probe,
        deliver=deliver or world.results.append,
        deliver_probes=deliver_probes or world.answers.extend,
        clock=CLOCK,
        settings=settings,
    )
    await schedule.start()
    try:
        yield schedule
    finally:
        await schedule.stop()


async def until(condition: Callable[[], bool], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - the conditions are plain values, nobody sets an event
            await asyncio.sleep(0.02)


async def test_inert_until_started_and_quiet_after_the_end() -> None:
    world = World()
    schedule = Schedule(
        [device("a")], world.poll, world.probe, world.results.append, world.answers.extend, CLOCK
    )
    assert schedule.poll_now([DeviceId("a")]) == 0
    await asyncio.sleep(0.1)
    assert not world.polls
    await schedule.start()
    await until(lambda: len(world.results) >= 2 and len(world.answers) >= 2)
    await schedule.stop()
    before = len(world.polls), len(world.probes)
    await asyncio.sleep(0.6)
    assert (len(world.polls), len(world.probes)) == before
    await schedule.stop()
    await schedule.start()
    await until(lambda: len(world.polls) > before[0] and len(world.probes) > before[1])
    await schedule.stop()


async def test_each_is_polled_and_probed_again_and_again() -> None:
    world = World()
    names = [f"r{n}" for n in range(20)]
    async with running(world, [device(name) for name in names]) as schedule:
        await until(lambda: all(Counter(n for _, n in world.polls)[name] >= 3 for name in names))
        await until(lambda: all(Counter(n for _, n in world.probes)[name] >= 3 for name in names))
        assert not world.twice
        assert schedule.counters.finished >= 60
        assert not schedule.counters.failed


async def test_what_has_no_address_is_never_asked() -> None:
    world = World()
    cloud = Device(DeviceId("cloud"), None)
    async with running(world, [cloud, device("a")]):
        await until(lambda: len(world.polls) > 2)
    assert {name for _, name in [*world.polls, *world.probes]} == {"a"}


async def test_dead_devices_delay_no_living_one() -> None:
    world = World()
    world.dead = {f"dead{n}" for n in range(200)}
    devices = [device(name, poll_s=60.0, probe_s=60.0) for name in sorted(world.dead)]
    devices += [device(f"alive{n}", poll_s=1.0, probe_s=60.0) for n in range(5)]
    settings = ScheduleSettings(polls_quick=4, yield_place_after_s=0.05, first_polls_s=0.2)
    async with running(world, devices, settings) as schedule:
        await asyncio.sleep(4.5)
        polls = Counter(name for _, name in world.polls)
        assert min(polls[f"alive{n}"] for n in range(5)) >= 2
        # And the next time, known to be dumb, they take slow places at once.
        assert schedule.counters.places.slow > 50


async def test_a_device_known_to_be_dumb_takes_no_quick_place() -> None:
    world = World()
    world.dead = {"dead"}
    # Nothing yields here, so only what is known of the device keeps it off the one quick place.
    settings = ScheduleSettings(polls_quick=1, yield_place_after_s=60.0)
    async with running(world, [device("dead", poll_s=0.5)], settings) as schedule:
        await until(lambda: schedule.counters.places.slow == 1)
        assert schedule.counters.places.quick == 0
        world.dead = set()
        await until(lambda: any(result.observations for result in world.results))
        world.poll_takes_s = 0.2
        await until(lambda: schedule.counters.places.quick == 1)
        assert schedule.counters.places.slow == 0, "and once it has spoken it is as good as any"


async def test_a_poll_ends_at_its_deadline_and_what_was_missing_is_said() -> None:
    world = World()
    world.dead = {"a"}
    async with running(world, [device("a", poll_s=0.5)]) as schedule:
        await until(lambda: len(world.results) >= 2)
        assert world.results[0].errors[0].fault is PollFault.DEADLINE
        assert 0.3 < world.results[0].duration_s < 3.0
        assert schedule.counters.deadline >= 2
    assert not world.twice


async def test_silence_is_known_in_seconds_and_the_living_are_told_at_once() -> None:
    world = World()
    devices = [device(name, probe_s=60.0, poll_s=60.0) for name in ("a", "b")]
    async with running(world, devices) as schedule:
        await until(lambda: {a.device for a in world.answers} == {"a", "b"})
        world.dead = {"a"}
        start_s = CLOCK.monotonic_s()
        await asyncio.sleep(0.6)
        assert schedule.probe_now([DeviceId("a"), DeviceId("b"), DeviceId("stranger")]) == 2
        await until(lambda: schedule.missing_answers(DeviceId("a")) >= 3)
        assert CLOCK.monotonic_s() - start_s < 5.0
        assert len([a for a in world.answers if a.device == "a" and not a.answered]) == 3
        assert schedule.missing_answers(DeviceId("b")) == 0
        # The second look follows at the time-out (here 0.2 s), not at the pump's next turn.
        looks = [s for s, name in world.probes if name == "a"][-3:]
        assert looks[1] - looks[0] < 0.8
        # The answer of b did not wait for a's time-out.
        lost = next(a for a in world.answers if a.device == "a" and not a.answered)
        assert [a.answered for a in world.answers if a.device == "b"] == [True, True]
        assert world.answers.index(lost) > [a.device for a in world.answers].index(DeviceId("b"), 1)


@pytest.mark.parametrize(("rtt_s", "patience_s"), [(0.01, 0.5), (0.2, 0.8), (None, None)])
async def test_an_extra_look_waits_as_long_as_the_device_is_known_to_take(
    rtt_s: float | None, patience_s: float | None
) -> None:
    """The regular one has the whole time-out: it is the slowest answer of late that is known, no more."""
    world = World()
    world.rtt_s = rtt_s
    async with running(world, [device("a", probe_s=0.3, poll_s=3600.0)]):
        await until(lambda: len(world.answers) >= 3)
        assert set(world.patience_s) == {None}
        world.dead.add("a")
        lost = len(world.answers)
        await until(lambda: len(world.answers) >= lost + 4)
        later = world.patience_s[lost:]
        assert patience_s is None or patience_s in [p and round(p, 2) for p in later]
        assert None in later, "the regular ones"
        assert all(p is None or round(p, 2) == patience_s for p in later)


async def test_a_poll_asked_for_comes_at_once_then_as_the_limit_allows() -> None:
    world = World()
    a = DeviceId("a")
    settings = ScheduleSettings(poll_ask_gap_s=0.5, first_polls_s=0.01)
    async with running(world, [device("a", poll_s=3600.0)], settings) as schedule:
        await until(lambda: len(world.results) == 1)
        assert schedule.poll_now([a]) == 1
        assert schedule.poll_now([a, a]) == 0
        assert schedule.counters.asked_in_vain == 2
        await until(lambda: len(world.polls) == 2)
        assert world.polls[1][0] - world.polls[0][0] >= 0.45
        await asyncio.sleep(0.7)
        assert len(world.polls) == 2


async def test_a_first_poll_that_is_planned_for_later_comes_when_it_is_asked_for() -> None:
    """Something broke seconds after the start: a neighbour's ports are wanted now."""
    world = World()
    settings = ScheduleSettings(first_polls_s=3600.0)
    async with running(world, [device("a", poll_s=3600.0)], settings) as schedule:
        await asyncio.sleep(0.1)
        assert world.polls == []
        assert schedule.poll_now([DeviceId("a")]) == 1
        await until(lambda: len(world.polls) == 1)
        await asyncio.sleep(0.3)
        assert len(world.polls) == 1, "the planned one is served"


async def test_a_regular_turn_serves_the_poll_that_was_put_off() -> None:
    world = World()
    settings = ScheduleSettings(poll_ask_gap_s=2.0, first_polls_s=0.01)
    async with running(world, [device("a", poll_s=1.0)], settings) as schedule:
        await until(lambda: len(world.polls) == 1)
        assert schedule.poll_now([DeviceId("a")]) == 1
        await until(lambda: len(world.polls) == 2)
        assert schedule.poll_now([DeviceId("a")]) == 1, "the wish before was served: this is another"


async def test_a_poll_asked_for_while_one_is_in_flight_follows_it() -> None:
    world = World()
    world.poll_takes_s = 0.4
    settings = ScheduleSettings(poll_ask_gap_s=0.1, first_polls_s=0.01)
    async with running(world, [device("a", poll_s=3600.0)], settings) as schedule:
        await until(lambda: len(world.polls) == 1)
        schedule.poll_now([DeviceId("a")])
        await until(lambda: len(world.results) == 2)
    assert not world.twice


async def test_a_callback_that_raises_stops_nothing() -> None:
    world = World()

    def refuse(_: object) -> None:
        raise RuntimeError("the store is full")

    async with running(world, [device("a")], deliver=refuse, deliver_probes=refuse) as schedule:
        await until(lambda: len(world.polls) >= 3 and len(world.probes) >= 3)
        assert schedule.counters.failed["deliver"] >= 2
        assert schedule.counters.failed["probe"] >= 2


async def test_a_poll_that_raises_is_a_result_that_says_so() -> None:
    world = World()

    async def broken(_: Device) -> PollResult:
        raise ZeroDivisionError

    async def mute(_: Sequence[ProbeTarget]) -> list[Reachability]:
        raise OSError("no")

    schedule = Schedule([device("a")], broken, mute, world.results.append, world.answers.extend, CLOCK)
    await schedule.start()
    await until(lambda: len(world.results) >= 2 and schedule.counters.failed["probe"] >= 2)
    await schedule.stop()
    assert world.results[0].errors[0].fault is PollFault.CONFIGURATION
    assert "ZeroDivisionError" in world.results[0].errors[0].message
    assert schedule.missing_answers(DeviceId("a")) == 0, "a probe that was not tried says nothing"


async def test_reload_follows_the_inventory() -> None:
    world = World()
    a, b, c = device("a"), device("b"), device("c")
    async with running(world, [a, b]) as schedule:
        await until(lambda: {name for _, name in world.polls} == {"a", "b"})
        schedule.reload([b, c])
        changed = len(world.polls), len(world.probes)
        await until(lambda: "c" in {n for _, n in world.polls} and "c" in {n for _, n in world.probes})
        await asyncio.sleep(0.6)
        assert "a" not in {n for _, n in world.polls[changed[0] + 1 :]}
        assert "a" not in {n for _, n in world.probes[changed[1] + 1 :]}


async def test_a_device_that_moved_is_asked_at_its_new_address() -> None:
    world = World()
    asked: list[str] = []

    async def poll(target: Device) -> PollResult:
        assert target.address is not None
        asked.append(target.address.host)
        return await World.poll(world, target)

    world.poll = poll  # type: ignore[method-assign]  # the world is told by another name
    world.dead, world.dead_poll_takes_s = {"a"}, 30.0
    settings = ScheduleSettings(poll_ask_gap_s=0.1, first_polls_s=0.01)
    async with running(world, [device("a", poll_s=3600.0)], settings) as schedule:
        await until(lambda: asked == ["192.0.2.1"])
        world.dead = set()
        schedule.reload([device("a", poll_s=3600.0, host="192.0.2.2")])
        await until(lambda: len(world.results) == 1)
    assert asked == ["192.0.2.1", "192.0.2.2"]


async def test_what_runs_every_so_often_survives_its_errors_and_ends() -> None:
    world = World()
    runs = 0

    async def check() -> None:
        nonlocal runs
        runs += 1
        raise RuntimeError

    async with running(world, []) as schedule:
        schedule.every("checks", 0.2, check)
        await until(lambda: runs >= 3)
        assert schedule.counters.failed["every"] >= 2
        schedule.never("checks")
        schedule.never("unheard of")
        await asyncio.sleep(0.1)
        before = runs
        await asyncio.sleep(0.6)
        assert runs == before


async def test_a_turn_that_takes_too_long_is_not_run_twice() -> None:
    world = World()
    running_now, most = 0, 0

    async def slow() -> None:
        nonlocal running_now, most
        running_now += 1
        most = max(most, running_now)
        await asyncio.sleep(0.7)
        running_now -= 1

    async with running(world, []) as schedule:
        schedule.every("slow", 0.2, slow)
        await until(lambda: schedule.counters.overrun >= 2)
    assert most == 1


async def test_stop_waits_for_nobody() -> None:
    world = World()
    world.dead = {f"r{n}" for n in range(100)}
    schedule = Schedule(
        [device(name, poll_s=3600.0) for name in world.dead],
        world.poll,
        world.probe,
        world.results.append,
        world.answers.extend,
        CLOCK,
        ScheduleSettings(first_polls_s=0.1),
    )
    await schedule.start()
    await until(lambda: len(world.polls) == 100)
    start_s = CLOCK.monotonic_s()
    await schedule.stop()
    assert CLOCK.monotonic_s() - start_s < 2.0
    assert not world.results
    assert schedule.counters.in_flight == 0
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def test_a_wall_clock_set_back_an_hour_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """APScheduler goes by the wall clock: it alone would wait out the hour."""
    behind = timedelta()

    class Shifted(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Shifted:
            return super().now(tz) - behind  # type: ignore[return-value]  # timedelta keeps the class

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Shifted)
    monkeypatch.setattr("apscheduler.executors.base.datetime", Shifted)

    class Clock(SystemClock):
        def now(self) -> datetime:
            return datetime.now(UTC) - behind

    world = World()
    schedule = Schedule(
        [device("a", poll_s=0.3)],
        world.poll,
        world.probe,
        world.results.append,
        world.answers.extend,
        Clock(),
    )
    await schedule.start()
    await until(lambda: len(world.polls) >= 3)
    behind = timedelta(hours=1)
    await asyncio.sleep(0.4)
    before = len(world.polls)
    await until(lambda: len(world.polls) >= before + 3, within_s=15.0)
    assert schedule.counters.clock_steps == 1
    await schedule.stop()


async def test_counters_are_samples_for_metrics() -> None:
    world = World()
    async with running(world, [device("a")]) as schedule:
        await until(lambda: schedule.counters.due >= 3)
        samples = {(name, *labels.values()): value for name, labels, value in schedule.counters.samples()}
    assert samples["lag_s_bucket", "+Inf"] == samples["due",]
    assert samples["lag_max_s",] >= 0.0
    assert samples["started",] >= 3

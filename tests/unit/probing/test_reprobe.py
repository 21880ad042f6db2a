"""The probing policy on simulated time: when is whom asked, and after how long is silence known."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from collector.reprobe import Reprobe, ReprobeSettings, next_turn_s, phase_of
from topology.model import DeviceId

A, B = DeviceId("a"), DeviceId("b")
Answers = Callable[[DeviceId, float], float | None]
"""Round trip of a probe sent at a time; None: never answered."""


@dataclass
class Simulation:
    """Asks the policy as the schedule does, each probe having a time-out of one second."""

    answers: Answers
    settings: ReprobeSettings = field(default_factory=ReprobeSettings)
    timeout_s: float = 1.0
    now_s: float = 0.0
    sent: list[tuple[float, DeviceId]] = field(default_factory=list)
    silent_at: dict[DeviceId, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.policy = Reprobe(self.settings)
        self._outcomes: list[tuple[float, DeviceId, float, bool]] = []

    def run(self, until_s: float) -> None:
        while True:
            next_s = self.policy.next_s()
            outcome = min(self._outcomes, default=None)
            at_s = min(
                float("inf") if next_s is None else max(next_s, self.now_s),
                float("inf") if outcome is None else outcome[0],
            )
            if at_s > until_s:
                self.now_s = until_s
                return
            self.now_s = at_s
            if outcome is not None and outcome[0] == at_s:
                self._outcomes.remove(outcome)
                self._tell(*outcome)
                continue
            due = self.policy.due(at_s)
            for device in [*due.regular, *due.urgent]:
                self.sent.append((at_s, device))
                rtt_s = self.answers(device, at_s)
                answered = rtt_s is not None and rtt_s <= self.timeout_s
                known_s = at_s + (rtt_s if answered and rtt_s is not None else self.timeout_s)
                self._outcomes.append((known_s, device, at_s, answered))

    def _tell(self, at_s: float, device: DeviceId, sent_s: float, answered: bool) -> None:
        if answered:
            self.policy.heard(device, sent_s)
            self.silent_at.pop(device, None)
        else:
            self.policy.missed(device, sent_s, at_s)
            if self.policy.missing(device) >= 3:
                self.silent_at.setdefault(device, at_s)

    def times(self, device: DeviceId, after_s: float = 0.0) -> list[float]:
        return [s for s, who in self.sent if who == device and s >= after_s]


def alive(_device: DeviceId, _sent_s: float) -> float | None:
    return 0.01


def dies_at(died_s: float) -> Answers:
    return lambda _device, sent_s: 0.01 if sent_s < died_s else None


def burst_at(asked_s: float, answers: Answers, until_s: float = 8.0) -> Simulation:
    simulation = Simulation(answers)
    simulation.policy.set_devices({A: 100.0}, 0.0)
    simulation.run(asked_s)
    simulation.policy.ask(A, asked_s, burst=True)
    simulation.run(until_s)
    return simulation


def test_a_burst_knows_of_silence_a_second_sooner() -> None:
    simulation = burst_at(4.0, dies_at(3.9))
    assert simulation.times(A, 4.0) == pytest.approx([4.0, 4.3, 4.6])
    assert simulation.silent_at[A] == pytest.approx(5.6)


def test_whoever_answers_the_first_of_a_burst_is_asked_no_more() -> None:
    assert burst_at(4.0, alive).times(A, 4.0) == [4.0]


def test_a_burst_of_which_one_is_lost_is_no_silence() -> None:
    simulation = burst_at(4.0, lambda _device, sent_s: None if sent_s == 4.0 else 0.01)
    assert simulation.times(A, 4.0) == pytest.approx([4.0, 4.3])
    assert A not in simulation.silent_at


def test_bursts_rest_between_each_other_and_spare_the_silent() -> None:
    simulation = burst_at(4.0, dies_at(3.9), until_s=6.5)
    before = len(simulation.sent)
    for tick in range(40):
        simulation.policy.ask(A, simulation.now_s, burst=True)
        simulation.run(6.5 + tick * 0.1)
    # A silent device that is asked for again and again is asked at the pace of asking, not in bursts.
    assert len(simulation.sent) - before <= 4.0 / ReprobeSettings().ask_gap_s + 1


def test_a_living_device_is_probed_at_its_interval() -> None:
    simulation = Simulation(alive)
    simulation.policy.set_devices({A: 10.0}, 0.0)
    simulation.run(until_s=100.0)
    times = simulation.times(A)
    assert 0.0 <= times[0] <= 2.0
    gaps = [b - a for a, b in itertools.pairwise(times[1:])]
    assert gaps == pytest.approx([10.0] * len(gaps))
    assert len(times) in (10, 11)


def test_three_in_a_row_are_known_within_three_seconds_of_the_first_probe_lost() -> None:
    simulation = Simulation(dies_at(50.0))
    simulation.policy.set_devices({A: 10.0}, 0.0)
    simulation.run(until_s=100.0)
    lost_s = simulation.times(A, after_s=50.0)[0]
    # Sent, timed out after 1 s, then two extra looks: at once and half a second later.
    assert simulation.times(A, after_s=50.0)[1:3] == pytest.approx([lost_s + 1.0, lost_s + 1.5])
    assert simulation.silent_at[A] == pytest.approx(lost_s + 2.5)


def test_while_it_stays_silent_the_regular_pace_is_back() -> None:
    simulation = Simulation(dies_at(50.0))
    simulation.policy.set_devices({A: 10.0}, 0.0)
    simulation.run(until_s=650.0)
    after_s = simulation.silent_at[A]
    times = simulation.times(A, after_s=after_s)
    assert len(times) == pytest.approx((650.0 - after_s) / 10.0, abs=1)


def test_a_single_lost_answer_costs_one_more_probe_and_no_silence() -> None:
    lost: list[float] = []

    def loses_one(_device: DeviceId, sent_s: float) -> float | None:
        if sent_s > 50.0 and not lost:
            lost.append(sent_s)
            return None
        return 0.01

    simulation = Simulation(loses_one)
    simulation.policy.set_devices({A: 10.0}, 0.0)
    simulation.run(until_s=lost[0] + 9.0 if lost else 65.0)
    assert simulation.times(A, after_s=lost[0] + 0.5)[:1] == pytest.approx([lost[0] + 1.0])
    assert len(simulation.times(A, after_s=lost[0] + 0.5)) <= 2
    assert not simulation.silent_at
    assert simulation.policy.missing(A) == 0


def test_a_device_back_from_silence_is_heard_at_its_next_turn() -> None:
    simulation = Simulation(lambda _device, sent_s: None if 50.0 <= sent_s < 80.0 else 0.01)
    simulation.policy.set_devices({A: 10.0}, 0.0)
    simulation.run(until_s=79.0)
    assert A in simulation.silent_at
    simulation.run(until_s=90.1)
    assert A not in simulation.silent_at


def test_a_line_that_loses_half_is_not_stormed() -> None:
    count = 0

    def every_second(_device: DeviceId, _sent_s: float) -> float | None:
        nonlocal count
        count += 1
        return None if count % 2 else 0.01

    simulation = Simulation(every_second)
    simulation.policy.set_devices({A: 10.0}, 0.0)
    simulation.run(until_s=1000.0)
    # At most two extra looks every two seconds, whatever happens; here far fewer.
    assert len(simulation.sent) < 350


def test_between_two_series_of_extra_looks_there_is_a_rest() -> None:
    policy = Reprobe(ReprobeSettings(rest_s=2.0))
    policy.set_devices({A: 60.0}, 0.0)
    policy.missed(A, sent_s=10.0, now_s=11.0)
    assert policy.due(11.0).urgent == [A]
    policy.heard(A, sent_s=11.0)
    policy.missed(A, sent_s=11.4, now_s=11.6)
    assert policy.due(12.9).urgent == []
    assert policy.due(13.0).urgent == [A]


def test_extra_looks_that_come_late_do_not_become_one() -> None:
    policy = Reprobe(ReprobeSettings())
    policy.set_devices({A: 10.0}, 0.0)
    first_s = policy.next_s()
    assert first_s is not None
    assert policy.due(first_s).regular == [A]
    policy.missed(A, first_s, first_s + 1.0)
    assert policy.due(first_s + 4.0).urgent == [A]  # the loop hung for three seconds
    assert policy.due(first_s + 4.0).urgent == []
    assert policy.due(first_s + 4.6).urgent == [A]


def test_an_older_loss_told_after_a_newer_answer_is_no_loss() -> None:
    policy = Reprobe(ReprobeSettings())
    policy.set_devices({A: 10.0}, 0.0)
    policy.due(3.0)
    policy.heard(A, sent_s=5.0)
    policy.missed(A, sent_s=4.5, now_s=5.5)
    assert policy.missing(A) == 0
    assert not policy.due(5.6).urgent


def test_asked_for_it_is_probed_at_once_and_once() -> None:
    simulation = Simulation(alive)
    simulation.policy.set_devices({A: 60.0, B: 60.0}, 0.0)
    simulation.run(until_s=70.0)
    simulation.run(until_s=next_turn_s(70.0, 60.0, phase_of(A)) + 5.0)
    now_s = simulation.now_s
    assert simulation.policy.ask(A, now_s)
    assert not simulation.policy.ask(A, now_s), "the second wish is served by the first"
    simulation.run(until_s=now_s + 0.2)
    assert simulation.times(A, after_s=now_s) == [now_s]


def test_asked_for_again_at_once_it_waits_for_the_gap() -> None:
    simulation = Simulation(alive)
    simulation.policy.set_devices({A: 60.0}, 0.0)
    simulation.run(until_s=next_turn_s(70.0, 60.0, phase_of(A)) + 5.0)
    now_s = simulation.now_s
    simulation.policy.ask(A, now_s)
    simulation.run(until_s=now_s + 0.1)
    assert simulation.policy.ask(A, now_s + 0.1)
    simulation.run(until_s=now_s + 2.0)
    assert simulation.times(A, after_s=now_s) == pytest.approx([now_s, now_s + 0.5])


def test_nobody_asks_for_a_stranger() -> None:
    policy = Reprobe(ReprobeSettings())
    assert not policy.ask(A, 0.0)
    policy.heard(A, 0.0)
    policy.missed(A, 0.0, 1.0)
    policy.dropped(A)
    assert policy.next_s() is None
    assert policy.missing(A) == 0


def test_a_turn_is_skipped_while_the_probe_before_is_out() -> None:
    policy = Reprobe(ReprobeSettings())
    policy.set_devices({A: 1.0}, 0.0)
    turn_s = policy.next_s()
    assert turn_s is not None
    assert policy.due(turn_s).regular == [A]
    following_s = policy.next_s()
    assert following_s is not None
    assert policy.due(following_s).regular == []
    assert policy.overrun == 1
    policy.dropped(A)  # it never had an outcome: nothing follows, and the next turn is free
    assert policy.due(following_s + 1.0).regular == [A]
    assert policy.missing(A) == 0


def test_turns_that_passed_unused_are_one() -> None:
    policy = Reprobe(ReprobeSettings())
    policy.set_devices({A: 1.0}, 0.0)
    policy.due(2.0)
    policy.heard(A, 2.0)
    assert policy.due(60.0).regular == [A]
    assert policy.due(60.0).regular == []
    assert policy.coalesced > 50


def test_reload_keeps_what_is_known() -> None:
    policy = Reprobe(ReprobeSettings())
    policy.set_devices({A: 10.0, B: 10.0}, 0.0)
    policy.due(3.0)
    policy.missed(A, 3.0, 4.0)
    policy.set_devices({A: 10.0}, 4.0)
    assert len(policy) == 1
    assert policy.missing(A) == 1
    due = policy.due(60.0)
    assert [*due.regular, *due.urgent] == [A]
    policy.set_devices({A: 30.0}, 60.0)
    assert policy.next_s() is not None


def test_an_interval_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="a probe interval is positive"):
        Reprobe(ReprobeSettings()).set_devices({A: 0.0}, 0.0)


def test_a_thousand_devices_do_not_start_in_the_same_second() -> None:
    simulation = Simulation(alive)
    devices = {DeviceId(f"device-{n}"): 10.0 for n in range(1000)}
    simulation.policy.set_devices(devices, 0.0)
    simulation.run(until_s=40.0)
    for second in range(10, 40):
        count = sum(second <= s < second + 1 for s, _ in simulation.sent)
        assert 60 <= count <= 140


def test_phases_are_the_same_after_a_restart() -> None:
    # hash() would differ from process to process: these figures are fixed for good.
    assert phase_of("kuaro-r1") == pytest.approx(0.75387, abs=1e-5)
    assert phase_of("dkisp-core") == pytest.approx(0.89484, abs=1e-5)


def test_turns_lie_on_the_grid() -> None:
    assert next_turn_s(100.0, 10.0, 0.25) == 102.5
    assert next_turn_s(102.5, 10.0, 0.25) == 112.5
    assert next_turn_s(102.4, 10.0, 0.25) == 102.5

"""When to probe whom: a regular pace, and a quick second and third look when an answer is missing. Pure.

Invariant: a device has exactly one moment at which it is due next (`next_s`): the earliest of its regular
turn, of the extra looks that are open for it, and of the look that was asked for.

A device's life, with the defaults: probed every `interval_s`; a first missing answer opens an extra look
at once and one half a second later, so that three in a row are known within about a second of the first
time-out (sooner where a burst was asked for); after that the regular pace again, for as long as it stays
silent. All times are seconds of one monotonic clock.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import floor

from topology.model import DeviceId


@dataclass(frozen=True, slots=True)
class ReprobeSettings:
    extra_looks: int = 2
    """After the first missing answer; with it they make the three in a row that mean silent."""
    extra_gap_s: float = 0.5
    """Between the extra looks; the first follows at once."""
    rest_s: float = 2.0
    """At least this long from one series of extra looks to the next of the same device."""
    ask_gap_s: float = 0.5
    """A look that is asked for comes at least this long after the one before."""
    burst_gap_s: float = 0.3
    """Between the looks of a burst, which don't wait for each other: whoever answers the first within this
    time is asked no more."""
    patience_rtts: float = 4.0
    """An extra look, or one that was asked for, waits so many times the slowest round trip of late ..."""
    patience_least_s: float = 0.5
    """... at least this long, and never longer than a regular one."""
    first_sweep_s: float = 2.0
    """A device that is new is first probed within this time (and within its interval)."""


@dataclass(frozen=True, slots=True)
class Due:
    regular: list[DeviceId]
    urgent: list[DeviceId]
    """Extra looks, and looks that were asked for: somebody waits for each single answer."""


@dataclass(slots=True)
class _Track:
    interval_s: float
    phase: float
    regular_s: float
    extra_s: list[float] = field(default_factory=list)
    """Sorted moments of the extra looks that are open."""
    asked_s: float | None = None
    """When a look that somebody asked for is due."""
    out: int = 0
    """Probes sent whose outcome isn't known yet."""
    missing: int = 0
    """Answers missing in a row."""
    last_sent_s: float = float("-inf")
    last_heard_s: float = float("-inf")
    """When the newest answered probe was sent."""
    series_s: float = float("-inf")
    """When the last series of extra looks was opened."""
    burst_s: tuple[float, float] = (float("-inf"), float("-inf"))
    """From when to when the last burst was sent: its own misses open no series."""

    @property
    def next_s(self) -> float:
        next_s = min(self.regular_s, self.extra_s[0]) if self.extra_s else self.regular_s
        return next_s if self.asked_s is None else min(next_s, self.asked_s)


def phase_of(key: str) -> float:
    """A fraction of an interval, 0 to 1, the same after every restart: spreads starts evenly."""
    digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def next_turn_s(after_s: float, interval_s: float, phase: float) -> float:
    """The first moment after `after_s` on the grid of `interval_s` shifted by `phase` of it."""
    turns = floor(after_s / interval_s - phase) + 1
    turn_s = (turns + phase) * interval_s
    return turn_s if turn_s > after_s else turn_s + interval_s  # rounding of large numbers


class Reprobe:
    def __init__(self, settings: ReprobeSettings) -> None:
        self._settings = settings
        self._tracks: dict[DeviceId, _Track] = {}
        self._heap: list[tuple[float, DeviceId]] = []
        """Entries that no longer agree with `next_s` are skipped when they come up."""
        self.overrun = 0
        """Regular turns skipped because the probe before was still out."""
        self.coalesced = 0
        """Regular turns that passed unused because nobody called in time."""

    def __len__(self) -> int:
        return len(self._tracks)

    def set_devices(self, intervals_s: Mapping[DeviceId, float], now_s: float) -> None:
        """Devices that stay keep what is known of them; those of another interval get a new turn."""
        for gone in self._tracks.keys() - intervals_s.keys():
            del self._tracks[gone]
        for device, interval_s in intervals_s.items():
            if interval_s <= 0:
                raise ValueError(f"{device}: a probe interval is positive")
            track = self._tracks.get(device)
            if track is not None and track.interval_s == interval_s:
                continue
            phase = phase_of(device)
            if track is None:
                first_s = now_s + phase * min(interval_s, self._settings.first_sweep_s)
                self._tracks[device] = _Track(interval_s, phase, first_s)
            else:
                track.interval_s = interval_s
                track.regular_s = next_turn_s(now_s, interval_s, phase)
            self._push(device)

    def next_s(self) -> float | None:
        """When somebody is due next; ``None`` with no devices."""
        while self._heap:
            due_s, device = self._heap[0]
            track = self._tracks.get(device)
            if track is not None and track.next_s == due_s:
                return due_s
            heapq.heappop(self._heap)
        return None

    def due(self, now_s: float) -> Due:
        """Who is to be probed now. Each one's outcome has to be told: `heard`, `missed` or `dropped`."""
        due = Due([], [])
        while (next_s := self.next_s()) is not None and next_s <= now_s:
            _, device = heapq.heappop(self._heap)
            track = self._tracks[device]
            if self._take_wanted(track, now_s):
                due.urgent.append(device)
            elif self._take_regular(track, now_s):
                due.regular.append(device)
            self._push(device)
        return due

    def heard(self, device: DeviceId, sent_s: float) -> None:
        """The probe sent at `sent_s` was answered."""
        track = self._tracks.get(device)
        if track is None:
            return
        track.out = max(0, track.out - 1)
        track.last_heard_s = max(track.last_heard_s, sent_s)
        track.missing = 0
        if track.extra_s:
            track.extra_s.clear()
            self._push(device)

    def missed(self, device: DeviceId, sent_s: float, now_s: float) -> None:
        """The probe sent at `sent_s` was not answered in time."""
        track = self._tracks.get(device)
        if track is None:
            return
        track.out = max(0, track.out - 1)
        if sent_s <= track.last_heard_s:
            return  # a later one was answered already
        track.missing += 1
        in_burst = track.burst_s[0] <= sent_s <= track.burst_s[1] and bool(
            track.extra_s or track.out or track.missing > self._settings.extra_looks
        )
        if track.missing == 1 and not in_burst:
            start_s = max(now_s, track.series_s + self._settings.rest_s)
            track.series_s = start_s
            gap_s = self._settings.extra_gap_s
            track.extra_s = [start_s + n * gap_s for n in range(self._settings.extra_looks)]
            self._push(device)

    def dropped(self, device: DeviceId) -> None:
        """The probe gave no outcome at all (it could not be tried): nothing follows from it."""
        track = self._tracks.get(device)
        if track is not None:
            track.out = max(0, track.out - 1)

    def ask(self, device: DeviceId, now_s: float, *, burst: bool = False) -> bool:
        """Somebody wants to know now. False when it isn't a device of ours, or a look is about to come.

        `burst`: there is reason to believe that it has gone (a neighbour's trap). The looks that would follow
        a missing answer are sent without waiting for it, and silence is known a second sooner. At most one
        burst in `rest_s`, and none of a device that is silent already.
        """
        track = self._tracks.get(device)
        if track is None:
            return False
        settings = self._settings
        wanted_s = max(now_s, track.last_sent_s + settings.ask_gap_s)
        if burst and not track.missing and not track.extra_s and wanted_s >= track.series_s + settings.rest_s:
            gap_s = settings.burst_gap_s
            track.asked_s = wanted_s if track.asked_s is None else min(track.asked_s, wanted_s)
            track.extra_s = [wanted_s + (n + 1) * gap_s for n in range(settings.extra_looks)]
            track.series_s = wanted_s
            # Called late, looks keep their distance: the last one may come a little after its time.
            track.burst_s = (track.asked_s, track.extra_s[-1] + gap_s if track.extra_s else wanted_s)
            self._push(device)
            return True
        if track.next_s <= wanted_s:
            return False
        track.asked_s = wanted_s
        self._push(device)
        return True

    def missing(self, device: DeviceId) -> int:
        """Answers missing in a row."""
        track = self._tracks.get(device)
        return 0 if track is None else track.missing

    def _take_wanted(self, track: _Track, now_s: float) -> bool:
        """Whether a look that was asked for, or an extra one, is due. It serves the regular turn too."""
        wanted = False
        if track.asked_s is not None and track.asked_s <= now_s:
            track.asked_s = None
            wanted = True
        if track.extra_s and track.extra_s[0] <= now_s:
            # Those still to come keep their distance: called late, two looks must not become one.
            late_s = now_s - track.extra_s[0]
            track.extra_s = [s + late_s for s in track.extra_s[1:]]
            wanted = True
        if wanted:
            if track.regular_s <= now_s:
                self._turn_over(track, now_s)
            self._sent(track, now_s)
        return wanted

    def _take_regular(self, track: _Track, now_s: float) -> bool:
        self._turn_over(track, now_s)
        if track.out > 0:
            self.overrun += 1
            return False
        self._sent(track, now_s)
        return True

    def _turn_over(self, track: _Track, now_s: float) -> None:
        following_s = next_turn_s(now_s, track.interval_s, track.phase)
        self.coalesced += max(0, round((following_s - track.regular_s) / track.interval_s) - 1)
        track.regular_s = following_s

    def _sent(self, track: _Track, now_s: float) -> None:
        track.out += 1
        track.last_sent_s = now_s

    def _push(self, device: DeviceId) -> None:
        heapq.heappush(self._heap, (self._tracks[device].next_s, device))

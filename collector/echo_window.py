"""Loss, round trip and jitter of each device over its last probes. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from topology.model import DeviceId
from topology.observations import Reachability

DEFAULT_SPAN = 60


@dataclass(frozen=True, slots=True)
class EchoWindow:
    """Seconds; ``None`` where no answer (for jitter: no two answers in a row) is within the window."""

    since: datetime
    """Of the oldest probe counted."""
    probes: int
    lost: int
    rtt_min_s: float | None = None
    rtt_avg_s: float | None = None
    rtt_max_s: float | None = None
    jitter_s: float | None = None
    """Mean difference between the round trips of probes in a row (as in RFC 3550, 6.4.1, unsmoothed)."""

    @property
    def loss_ratio(self) -> float:
        return self.lost / self.probes


class EchoWindows:
    """What never left this machine (`sent` 0) is no loss of the network's and is not counted."""

    def __init__(self, span: int = DEFAULT_SPAN) -> None:
        if span < 1:
            raise ValueError("a window has a place at least")
        self._span = span
        self._probes: dict[DeviceId, deque[tuple[datetime, float | None]]] = {}

    def add(self, probes: Iterable[Reachability]) -> None:
        for probe in probes:
            if probe.sent == 0:
                continue
            window = self._probes.get(probe.device)
            if window is None:
                window = self._probes[probe.device] = deque(maxlen=self._span)
            window.append((probe.at, probe.rtt_s if probe.answered else None))

    def keep(self, devices: Collection[DeviceId]) -> None:
        """Forgets all others."""
        for gone in self._probes.keys() - set(devices):
            del self._probes[gone]

    def of(self, device: DeviceId) -> EchoWindow | None:
        """``None`` before the first probe."""
        window = self._probes.get(device)
        if not window:
            return None
        times = [rtt_s for _, rtt_s in window if rtt_s is not None]
        steps = [abs(b - a) for (_, a), (_, b) in pairwise(window) if a is not None and b is not None]
        lost = len(window) - len(times)
        if not times:
            return EchoWindow(window[0][0], len(window), lost)
        return EchoWindow(
            window[0][0],
            len(window),
            lost,
            min(times),
            sum(times) / len(times),
            max(times),
            sum(steps) / len(steps) if steps else None,
        )

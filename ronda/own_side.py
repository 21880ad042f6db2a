"""Probes that never left this machine (no route, a name that can't be resolved): whose fault is that?

Of one device it says nothing: it is left out, and the device becomes unknown when its evidence is old. Of
nearly all devices at once it says that the monitor itself is cut off: then they count as unanswered, and the
judge calls the monitor blind instead of anybody cut off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from topology.model import DeviceId
from topology.observations import Reachability

SHARE = 0.9


class OwnSide:
    def __init__(self, probed: int) -> None:
        self._probed = probed
        self._stuck: dict[DeviceId, Reachability] = {}
        """Devices whose newest probe did not leave."""

    @property
    def stuck(self) -> int:
        return len(self._stuck)

    def sift(self, probes: Iterable[Reachability]) -> Sequence[Reachability]:
        """Those that say something, of their devices or (when nearly all are stuck) of ourselves."""
        kept = []
        for probe in probes:
            if probe.sent == 0:
                self._stuck[probe.device] = probe
            else:
                self._stuck.pop(probe.device, None)
                kept.append(probe)
        if self._stuck and len(self._stuck) >= SHARE * self._probed:
            kept += self._stuck.values()
        return kept

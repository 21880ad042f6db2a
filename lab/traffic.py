"""Simulated traffic: each office asks, the routes carry it, the counters count it.

Every rate is a sum of cosines, so its integral is exact: a counter doesn't depend on how often it is read,
and the same inventory gives the same curves in every run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lab.seeds import rng
from topology.model import DeviceId, Inventory, LinkId, OfficeKind

DAY_S = 86_400.0
MEAN_FRAME_OCTETS = 700.0
BUSY_SHARE = 0.6
"""Demands are sized so that no link of the healthy network averages more of its capacity than this."""
PEAK_RATE = 2.0
"""Highest momentary rate of a demand, as a multiple of its mean: the sum of its waves."""

_KIND_BPS = {
    OfficeKind.RSUD: 60e6,
    OfficeKind.DINAS: 25e6,
    OfficeKind.BADAN: 25e6,
    OfficeKind.SEKRETARIAT: 40e6,
    OfficeKind.INSPEKTORAT: 12e6,
    OfficeKind.KECAMATAN: 15e6,
    OfficeKind.SEKOLAH: 10e6,
    OfficeKind.PUSKESMAS: 8e6,
    OfficeKind.KELURAHAN: 5e6,
    OfficeKind.DESA: 4e6,
    OfficeKind.OTHER: 8e6,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A positive rate around 1: the working day, plus two quicker waves. Seconds are of local time of day."""

    waves: tuple[tuple[float, float, float], ...]
    """(amplitude, angular frequency per second, phase)."""

    def integral(self, start_s: float, end_s: float) -> float:
        area = end_s - start_s
        for amplitude, omega, phase in self.waves:
            area += amplitude / omega * (math.sin(omega * end_s + phase) - math.sin(omega * start_s + phase))
        return area

    def rate(self, at_s: float) -> float:
        return 1.0 + sum(a * math.cos(w * at_s + p) for a, w, p in self.waves)


@dataclass(frozen=True, slots=True)
class Demand:
    """What the office behind `device` draws from the hub (`down_bps`) and sends to it (`up_bps`)."""

    device: DeviceId
    down_bps: float
    up_bps: float
    shape: Shape


@dataclass(frozen=True, slots=True)
class Hop:
    link: LinkId
    forward: bool
    """Whether a packet from the hub to the office runs from the link's `a` to its `b`."""


@dataclass(slots=True)
class Count:
    """Totals of one direction since the lab began."""

    octets: float = 0.0
    errors: float = 0.0
    discards: float = 0.0

    def plus(self, octets: float, error_ratio: float, carried: float) -> Count:
        """`octets` offered, of which the share `carried` fits."""
        sent = octets * carried
        return Count(
            self.octets + sent,
            self.errors + sent / MEAN_FRAME_OCTETS * error_ratio,
            self.discards + (octets - sent) / MEAN_FRAME_OCTETS,
        )


@dataclass(slots=True)
class _Load:
    forward: list[tuple[Demand, float]] = field(default_factory=list)
    """Demands with their mean rate from a to b, in octets per second."""
    backward: list[tuple[Demand, float]] = field(default_factory=list)
    error_ratio: float = 0.0
    carried: float = 1.0


def shape_of(device: DeviceId) -> Shape:
    dice = rng("traffic", device)
    peak_s = dice.gauss(10.5, 0.7) * 3_600.0
    day = 2.0 * math.pi / DAY_S
    return Shape(
        (
            (0.68, day, -day * peak_s),
            (0.12, 2.0 * day, -2.0 * day * (peak_s + 1_800.0)),
            (0.12, 2.0 * math.pi / dice.uniform(380.0, 620.0), dice.uniform(0.0, 6.28)),
            (0.08, 2.0 * math.pi / dice.uniform(55.0, 95.0), dice.uniform(0.0, 6.28)),
        )
    )


def demands(inventory: Inventory, routes: Mapping[DeviceId, Sequence[Hop]]) -> tuple[Demand, ...]:
    """One demand an office that has a route, shrunk together where a link would be too busy."""
    wanted: dict[DeviceId, tuple[float, float]] = {}
    seen = set()
    for device in inventory.devices.values():
        if device.office is None or device.office in seen or not routes.get(device.id):
            continue
        seen.add(device.office)
        dice = rng("demand", device.id)
        down = _KIND_BPS[inventory.offices[device.office].kind] * dice.uniform(0.6, 1.4)
        wanted[device.id] = (down, down * dice.uniform(0.15, 0.35))
    load: dict[LinkId, float] = {}
    for device_id, (down, _) in wanted.items():
        for hop in routes[device_id]:
            load[hop.link] = load.get(hop.link, 0.0) + down
    shrink = {
        link: min(1.0, BUSY_SHARE * (inventory.links[link].capacity_bps or 1_000_000_000) / bps)
        for link, bps in load.items()
    }
    return tuple(
        Demand(device_id, down * factor, up * factor, shape_of(device_id))
        for device_id, (down, up) in wanted.items()
        for factor in [min(shrink[hop.link] for hop in routes[device_id])]
    )


class Traffic:
    """Counts per link and direction, and per office LAN. Times are the lab's seconds, never going back."""

    def __init__(self, demands: Iterable[Demand], *, at_s: float, day_offset_s: float) -> None:
        """`day_offset_s` + the lab's time = seconds since some local midnight."""
        self.demands = {d.device: d for d in demands}
        self._offset_s = day_offset_s
        self._since_s = at_s
        self._loads: dict[LinkId, _Load] = {}
        self._served: frozenset[DeviceId] = frozenset()
        self._links: dict[tuple[LinkId, bool], Count] = {}
        self._lans: dict[tuple[DeviceId, bool], float] = {}

    def _area_s(self, demand: Demand, at_s: float) -> float:
        return demand.shape.integral(self._since_s + self._offset_s, at_s + self._offset_s)

    def link(self, link: LinkId, forward: bool, at_s: float) -> Count:
        """Totals of the direction a to b (`forward`) or b to a."""
        past = self._links.get((link, forward), Count())
        load = self._loads.get(link)
        if load is None:
            return past
        flows = load.forward if forward else load.backward
        octets = sum(rate * self._area_s(demand, at_s) for demand, rate in flows)
        return past.plus(octets, load.error_ratio, load.carried)

    def lan(self, device: DeviceId, to_office: bool, at_s: float) -> float:
        """Octets over the office's own network, towards the office or from it."""
        past = self._lans.get((device, to_office), 0.0)
        if device not in self._served:
            return past
        demand = self.demands[device]
        bps = demand.down_bps if to_office else demand.up_bps
        return past + bps / 8.0 * self._area_s(demand, at_s)

    def reroute(
        self,
        at_s: float,
        routes: Mapping[DeviceId, Sequence[Hop]],
        error_ratios: Mapping[LinkId, float],
        capacities_bps: Mapping[LinkId, int],
    ) -> None:
        """From `at_s` on traffic takes these routes. What was counted before stays counted."""
        for link in self._loads:
            for forward in (True, False):
                self._links[link, forward] = self.link(link, forward, at_s)
        for device in self._served:
            for to_office in (True, False):
                self._lans[device, to_office] = self.lan(device, to_office, at_s)
        self._since_s = at_s
        loads: dict[LinkId, _Load] = {}
        served = []
        for device, demand in self.demands.items():
            hops = routes.get(device)
            if not hops:
                continue
            served.append(device)
            for hop in hops:
                load = loads.setdefault(hop.link, _Load(error_ratio=error_ratios.get(hop.link, 0.0)))
                down, up = demand.down_bps / 8.0, demand.up_bps / 8.0
                load.forward.append((demand, down if hop.forward else up))
                load.backward.append((demand, up if hop.forward else down))
        for link, load in loads.items():
            peak = PEAK_RATE * 8.0 * max(sum(r for _, r in load.forward), sum(r for _, r in load.backward))
            load.carried = min(1.0, capacities_bps[link] / peak)
        self._loads = loads
        self._served = frozenset(served)

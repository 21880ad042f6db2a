"""Observations and verdicts to points: pure.

A point has one second's precision. All that a poll said of one port becomes one point, at the time of the
newest of those observations, so that a chart finds counters, rates and states in one row.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from storage.metrics import names
from storage.metrics.point import Point, Tags, point, tags_of
from storage.metrics.verdict_points import CONNECTIVITY_CODES, VerdictPoints, links_by_port
from topology.findings import Verdict
from topology.model import DeviceId, Inventory, PortRef
from topology.observations import (
    AdminStatus,
    ApplicationCheck,
    Light,
    Means,
    OperStatus,
    OpticalReading,
    PollResult,
    PortCounters,
    PortRates,
    PortStatus,
    Reachability,
    SensorReading,
    SystemInfo,
)

if TYPE_CHECKING:
    from collector.echo_window import EchoWindow
    from collector.http import ResponseTimes

OPER_CODES: Mapping[OperStatus, int] = {
    OperStatus.UP: 1,
    OperStatus.DOWN: 2,
    OperStatus.TESTING: 3,
    OperStatus.UNKNOWN: 4,
    OperStatus.DORMANT: 5,
    OperStatus.NOT_PRESENT: 6,
    OperStatus.LOWER_LAYER_DOWN: 7,
}
ADMIN_CODES: Mapping[AdminStatus, int] = {AdminStatus.UP: 1, AdminStatus.DOWN: 2, AdminStatus.TESTING: 3}
LIGHT_CODES: Mapping[Light, int] = {Light.LIT: 1, Light.DARK: 0}
GOOD_SENSOR_STATES = frozenset({"ok", "normal", "on", "online", "on_mains", "charged"})
MUTE_SENSOR_STATES = frozenset({"absent", "unknown", "not_present", "unsupported"})
"""States that say neither good nor bad: unknown is not down."""


__all__ = [
    "ADMIN_CODES",
    "CONNECTIVITY_CODES",
    "LIGHT_CODES",
    "OPER_CODES",
    "Point",
    "PointMaker",
    "Tags",
    "links_by_port",
    "points_of_applications",
    "points_of_checks",
    "points_of_poll",
    "points_of_probes",
    "points_of_self",
    "points_of_verdict",
    "tags_of",
]


class PointMaker:
    """Points of one inventory. Holds what would be looked up again for every poll; make a new one when it
    changes."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._links = links_by_port(inventory)
        self._port_tags: dict[PortRef, Tags] = {}
        self._verdicts = VerdictPoints(inventory)

    def of_poll(self, result: PollResult) -> list[Point]:
        """Interfaces (counters, rates, states), optics, sensors and the device itself."""
        ports: defaultdict[PortRef, dict[str, int | float | None]] = defaultdict(dict)
        port_at: dict[PortRef, datetime] = {}
        device: dict[str, int | float | None] = {}
        if result.means is Means.SNMP:  # the two ways of asking share the series: only one may tell of itself
            device = {names.POLL_S: result.duration_s, names.POLL_ERRORS: len(result.errors)}
        made: list[Point | None] = []
        optics: list[OpticalReading] = []
        self._verdicts.see(result.observations)
        for seen in result.observations:
            match seen:
                case PortStatus() | PortCounters() | PortRates():
                    ports[seen.port].update(_port_values(seen))
                    port_at[seen.port] = max(seen.at, port_at.get(seen.port, seen.at))
                case OpticalReading():
                    optics.append(seen)
                case SensorReading():
                    made.append(self._of_sensor(seen))
                    _fold_sensor(device, seen)
                case SystemInfo():
                    device[names.UPTIME_S] = seen.uptime_s
                case ApplicationCheck():
                    made.append(_of_check(seen))
                case _:
                    pass  # reachability goes through `of_probes`; neighbours are not figures
        made += map(self._of_optics, _a_lane_each(optics))
        made += [
            point(names.INTERFACE, self._tags_of_port(p), port_at[p], values) for p, values in ports.items()
        ]
        made.append(point(names.DEVICE, self._tags_of_device(result.device), result.started_at, device))
        return [p for p in made if p is not None]

    def of_probes(self, probes: Iterable[Reachability]) -> list[Point]:
        """One point for each ICMP probe; what was heard by other means is no probe."""
        made = (
            point(
                names.PROBE,
                self._tags_of_device(probe.device),
                probe.at,
                {
                    names.ANSWERED: int(probe.answered),
                    names.RTT_MS: None if probe.rtt_s is None else probe.rtt_s * 1000.0,
                    names.LOSS_RATIO: 1.0 - probe.received / probe.sent if probe.sent > 0 else None,
                },
            )
            for probe in probes
            if probe.means is Means.ICMP
        )
        return [p for p in made if p is not None]

    def of_windows(self, windows: Mapping[DeviceId, EchoWindow], at: datetime) -> list[Point]:
        """Loss and jitter of each device over its last probes."""
        made = (
            point(
                names.PROBE,
                self._tags_of_device(device),
                at,
                {
                    names.JITTER_MS: None if window.jitter_s is None else window.jitter_s * 1000.0,
                    names.WINDOW_LOSS_RATIO: window.loss_ratio,
                },
            )
            for device, window in windows.items()
        )
        return [p for p in made if p is not None]

    def of_verdict(self, verdict: Verdict, incidents: int | None = None) -> list[Point]:
        """Offices, applications, links and the whole network. `incidents`: how many are active."""
        return self._verdicts.points(verdict, incidents)

    def _of_optics(self, seen: OpticalReading) -> Point | None:
        port = seen.port
        tags = dict(self._tags_of_device(seen.device) if port is None else self._tags_of_port(port))
        if seen.lane is not None:
            tags[names.TAG_LANE] = str(seen.lane)
        if port is None:
            tags[names.TAG_MODULE] = seen.name
        return point(
            names.OPTICS,
            tags_of(tags),
            seen.at,
            {
                names.RX_DBM: None if seen.light is Light.DARK else seen.rx_dbm,
                names.TX_DBM: seen.tx_dbm,
                names.LIGHT: LIGHT_CODES.get(seen.light),
                names.TEMPERATURE_C: seen.temperature_c,
                names.BIAS_MA: seen.bias_ma,
                names.VOLTAGE_V: seen.voltage_v,
            },
        )

    def _of_sensor(self, seen: SensorReading) -> Point | None:
        tags = dict(self._tags_of_device(seen.device))
        tags[names.TAG_SENSOR] = seen.name
        tags[names.TAG_SENSOR_KIND] = seen.kind
        ok = None
        if seen.state is not None and seen.state not in MUTE_SENSOR_STATES:
            ok = int(seen.state in GOOD_SENSOR_STATES)
        return point(names.SENSOR, tags_of(tags), seen.at, {names.VALUE: seen.value, names.OK: ok})

    def _tags_of_device(self, id_: DeviceId) -> Tags:
        device = self._inventory.devices.get(id_)
        return tags_of({names.TAG_DEVICE: id_, names.TAG_OFFICE: None if device is None else device.office})

    def _tags_of_port(self, port: PortRef) -> Tags:
        known = self._port_tags.get(port)
        if known is None:
            link = self._links.get(port)
            pairs: dict[str, str | None] = dict(self._tags_of_device(port.device))
            pairs[names.TAG_IF_NAME] = port.if_name
            if link is not None:
                pairs[names.TAG_LINK] = link.id
                pairs[names.TAG_PROVIDER] = link.provider
            known = self._port_tags[port] = tags_of(pairs)
        return known


def _a_lane_each(readings: Sequence[OpticalReading]) -> Iterator[OpticalReading]:
    """A module of one lane is one series, whether the agent numbers its lane or not, or says it both ways."""
    lanes: defaultdict[PortRef, set[int | None]] = defaultdict(set)
    for seen in readings:
        if seen.port is not None:
            lanes[seen.port].add(seen.lane)
    for seen in readings:
        known = lanes[seen.port] if seen.port is not None else {seen.lane}
        if len(known - {None}) > 1 or seen.lane is None:
            yield seen
        elif None not in known:
            yield replace(seen, lane=None)


def _port_values(seen: PortStatus | PortCounters | PortRates) -> dict[str, int | float | None]:
    match seen:
        case PortStatus():
            return {
                names.OPER: OPER_CODES[seen.oper],
                names.ADMIN: ADMIN_CODES.get(seen.admin),
                names.SPEED_BPS: seen.speed_bps,
            }
        case PortCounters():
            return {names.IN_OCTETS: seen.in_octets, names.OUT_OCTETS: seen.out_octets}
        case PortRates():
            return {
                names.IN_BPS: _whole(seen.in_bps),
                names.OUT_BPS: _whole(seen.out_bps),
                names.IN_ERRORS: seen.in_errors_per_s,
                names.OUT_ERRORS: seen.out_errors_per_s,
                names.IN_DISCARDS: seen.in_discards_per_s,
                names.OUT_DISCARDS: seen.out_discards_per_s,
            }


def _whole(bps: float | None) -> float | None:
    """Whole bit/s: a fraction of a bit means nothing, and costs five times the digits and the time to write
    them."""
    return bps if bps is None or not math.isfinite(bps) else float(round(bps))


_FOLDED = {
    ("cpu", "ratio"): names.CPU_RATIO,
    ("memory", "ratio"): names.MEMORY_RATIO,
    ("temperature", "celsius"): names.TEMPERATURE_C,
}


def _fold_sensor(device: dict[str, int | float | None], seen: SensorReading) -> None:
    """The device's own figure is its worst sensor's."""
    name = _FOLDED.get((seen.kind, seen.unit))
    if name is None or seen.value is None or not math.isfinite(seen.value):
        return
    so_far = device.get(name)
    device[name] = seen.value if so_far is None else max(so_far, seen.value)


def _of_check(check: ApplicationCheck, times: ResponseTimes | None = None) -> Point | None:
    expires = check.certificate_expires_at
    return point(
        names.APPLICATION,
        tags_of({names.TAG_APPLICATION: check.application}),
        check.at,
        {
            names.UP: int(check.up),
            names.RESPONSE_MS: None if check.response_s is None else check.response_s * 1000.0,
            names.STATUS_CODE: check.status_code,
            names.RESPONSE_P50_MS: None if times is None else times.p50_s * 1000.0,
            names.RESPONSE_P95_MS: None if times is None else times.p95_s * 1000.0,
            names.CERTIFICATE_DAYS: None if expires is None else (expires - check.at) / timedelta(days=1),
        },
    )


def points_of_poll(result: PollResult, inventory: Inventory) -> list[Point]:
    """`PointMaker.of_poll` for one call. A caller with many polls keeps a `PointMaker`."""
    return PointMaker(inventory).of_poll(result)


def points_of_probes(probes: Iterable[Reachability], inventory: Inventory) -> list[Point]:
    return PointMaker(inventory).of_probes(probes)


def points_of_verdict(verdict: Verdict, inventory: Inventory) -> list[Point]:
    return PointMaker(inventory).of_verdict(verdict)


def points_of_applications(checks: Iterable[ApplicationCheck]) -> list[Point]:
    return [p for p in map(_of_check, checks) if p is not None]


def points_of_checks(checks: Iterable[tuple[ApplicationCheck, ResponseTimes | None]]) -> list[Point]:
    """Each check with how its application has been answering."""
    return [p for check, times in checks if (p := _of_check(check, times)) is not None]


def points_of_self(counters: Mapping[str, int | float], at: datetime) -> list[Point]:
    """Ronda's own figures: integers are counters since the start, floats are levels."""
    made = (
        point(
            names.RONDA,
            tags_of({names.TAG_PART: part}),
            at,
            {names.VALUE: value} if isinstance(value, float) else {names.COUNT: value},
        )
        for part, value in counters.items()
    )
    return [p for p in made if p is not None]

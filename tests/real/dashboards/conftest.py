"""A day of the simulated network, in a real InfluxDB, up to this minute: with an outage in it."""

from __future__ import annotations

import asyncio
import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lab.hardware import PortUse
from lab.network import Network
from ronda.clock import SystemClock
from ronda.patrol import Patrol
from storage.metrics.influx import InfluxStore
from storage.metrics.influx_admin import InfluxAdmin
from storage.metrics.point import Point
from storage.metrics.point_maker import PointMaker, points_of_applications, points_of_self
from storage.metrics.verdict_points import points_of_incidents
from storage.settings import InfluxSettings, Retention
from topology.inventory import load_inventory
from topology.model import Device, Inventory, LinkId, PortRef
from topology.observations import (
    AdminStatus,
    ApplicationCheck,
    Light,
    Observation,
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

DAY_S, HOUR_S = 86400, 3600
ROOT = Path(__file__).parents[3]
CUT = LinkId("long-ikis-long-kali")


@dataclass(frozen=True)
class Day:
    """What the tests ask about."""

    url: str
    database: str
    inventory: Inventory
    end: datetime


class Observer:
    """Reads the simulated network as polls and probes would."""

    def __init__(self, inventory: Inventory, start: datetime) -> None:
        self.inventory = inventory
        self.network = Network(inventory, at_s=0.0, wall=start)
        self.start = start
        self._before: dict[PortRef, tuple[float, int, int]] = {}

    def poll(self, device: Device, at_s: float) -> PollResult:
        at = self.start + timedelta(seconds=at_s)
        seen: list[Observation] = [
            SystemInfo(device.id, at, uptime_s=self.network.uptime_s(device.id, at_s)),
            SensorReading(device.id, at, "cpu", "cpu", 0.3 + 0.2 * math.sin(at_s / 9000), "ratio"),
            SensorReading(device.id, at, "memory", "memory", 0.5, "ratio"),
            SensorReading(device.id, at, "temperature", "board", 42 + 3 * math.sin(at_s / 20000), "celsius"),
            SensorReading(device.id, at, "fan", "fan1", None, "state", "ok"),
        ]
        for port in self.network.hardware[device.id].ports:
            if port.use not in (PortUse.LINK, PortUse.LAN):
                continue
            ref = PortRef(device.id, port.name)
            oper = OperStatus.UP if self.network.oper_up(port) else OperStatus.DOWN
            seen.append(PortStatus(ref, at, AdminStatus.UP, oper, speed_bps=1_000_000_000))
            count = self.network.counters(port, at_s)
            octets = (int(count.rx.octets), int(count.tx.octets))
            seen.append(PortCounters(ref, at, *octets))
            if ref in self._before:
                then_s, received, sent = self._before[ref]
                over_s = at_s - then_s
                rates = [8 * (now - was) / over_s for now, was in zip(octets, (received, sent), strict=True)]
                seen.append(PortRates(ref, at, over_s, *rates, 0.0, 0.0, 0.0, 0.0))
            self._before[ref] = (at_s, *octets)
            light = self.network.optical(port, at_s)
            if light is not None:
                state = Light.DARK if light.rx_dbm is None else Light.LIT
                seen.append(
                    OpticalReading(
                        device.id,
                        at,
                        port.name,
                        port.name,
                        light=state,
                        rx_dbm=light.rx_dbm,
                        tx_dbm=light.tx_dbm,
                    )
                )
        return PollResult(device.id, at, 0.2, tuple(seen))


def points_of_a_day(inventory: Inventory, end: datetime) -> Iterator[list[Point]]:
    """One list a moment: each quarter of an hour, in the last hour each five minutes. A fiber is cut for an
    hour in the middle, and again at the end."""
    start = end - timedelta(days=1)
    watch, maker, patrol = Observer(inventory, start), PointMaker(inventory), Patrol(inventory, ())
    polled = [d for d in inventory.devices.values() if d.monitored and d.id in watch.network.hardware]
    for step, at_s in enumerate((*range(0, DAY_S - HOUR_S, 900), *range(DAY_S - HOUR_S, DAY_S + 1, 300))):
        at = start + timedelta(seconds=at_s)
        if at_s in (DAY_S // 2, DAY_S - 300):
            with watch.network.changing(at_s) as truth:
                truth.cut.add(CUT)
        elif at_s == DAY_S // 2 + HOUR_S:
            with watch.network.changing(at_s) as truth:
                truth.cut.discard(CUT)
        made: list[Point] = []
        for late_s in (0.0, 1.0, 2.0):  # three probes: silence has to be repeated to be believed
            now = at + timedelta(seconds=late_s)
            probes = [
                Reachability(d.id, now, up, rtt_s=0.004 if up else None, received=int(up))
                for d in polled
                for up in [watch.network.reachable(d.id)]
            ]
            patrol.see(probes)
        made += maker.of_probes(probes)
        for device in polled:
            if watch.network.answers_snmp(device.id):
                result = watch.poll(device, at_s)
                patrol.see(result.observations)
                made += maker.of_poll(result)
        checks = [ApplicationCheck(a, at, True, 0.08, 200) for a in inventory.applications]
        patrol.see(checks)
        for late_s in (3.0, 12.0):
            round_ = patrol.look(at + timedelta(seconds=late_s))
            made += points_of_incidents(round_.moved.incidents, round_.verdict.at)
        made += maker.of_verdict(round_.verdict, sum(i.told for i in patrol.book.active))
        made += points_of_applications(checks)
        counters = {
            "app_verdicts": step * 60,
            "app_polls": step * len(polled),
            "app_probes": step,
            "outbox_sent": step,
        }
        levels = {"records_unsaved": 0.0, "metrics_spool_backlog_bytes": 0.0, "outbox_waiting": 0.0}
        made += points_of_self(
            {**counters, **levels, "app_poll_errors": step, "metrics_points_stored": step}, at
        )
        yield made


@pytest.fixture(scope="session")
def day(influxd: Any, tmp_path_factory: pytest.TempPathFactory) -> Day:
    if shutil.which("influxd") is None:
        pytest.skip("influxd is not installed (Debian: influxdb)")
    inventory = load_inventory(ROOT / "inventory.yaml")
    end = datetime.now(UTC).replace(microsecond=0)
    settings = InfluxSettings(url=influxd.url, database="day")
    spool = tmp_path_factory.mktemp("spool")

    admin = InfluxAdmin(settings, Retention())
    admin.open()
    admin.init()
    admin.close()

    async def load() -> None:
        store = InfluxStore(settings, spool, SystemClock())
        await store.start()
        for points in points_of_a_day(inventory, end):
            await store.write(points)
        await store.maintain(int(end.timestamp()) + 2 * 3600)
        await store.stop()

    asyncio.run(load())
    return Day(influxd.url, "day", inventory, end)

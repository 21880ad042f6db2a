"""The simulated network: physical truth, and every reading that follows from it. No sockets, no clock.

Times are the lab's own seconds (`at_s`, any monotonic origin). Each call that changes the truth first runs
what was due, so that a test may hand in any times in order.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from zoneinfo import ZoneInfo

from lab.hardware import Hardware, Port, PortUse, build
from lab.optics import NO_LIGHT_DBM, budget, drift_db
from lab.readings import Change, LldpNeighbor, OpticalState, PortCount, Running
from lab.seeds import rng
from lab.state import State, Truth, derive
from lab.traffic import Count, Traffic, demands
from topology.model import DeviceId, DeviceRole, Inventory, LinkId, Medium

_SPEAKS_LLDP = (Medium.FIBER, Medium.COPPER, Medium.RADIO)
"""Media that pass link-layer frames; satellite, cellular and VPN links do not."""


class Network:
    def __init__(self, inventory: Inventory, *, at_s: float, wall: datetime, boot_s: float = 2.0) -> None:
        """`wall` is the aware time at `at_s`: it sets the time of day of the traffic."""
        self.inventory = inventory
        self.boot_s = boot_s
        self.budgets = {
            link.id: budget(link) for link in inventory.links.values() if link.medium is Medium.FIBER
        }
        self.hardware = build(inventory, self.budgets)
        self.truth = Truth()
        self.version = 0
        """Grows with every change that a reading other than a counter could show."""
        self.listeners: list[Callable[[Change], None]] = []
        self._due: list[tuple[float, int, str, Callable[[float], None]]] = []
        self._order = count()
        self.state: State = derive(inventory, self.truth, self.budgets)
        local = wall.astimezone(ZoneInfo(inventory.network.timezone))
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        self.traffic = Traffic(
            demands(inventory, self.state.routes),
            at_s=at_s,
            day_offset_s=(local - midnight).total_seconds() - at_s,
        )
        self._reroute(at_s)
        self._port_of = {(p.link, p.is_a): p for h in self.hardware.values() for p in h.ports if p.link}
        self.running = {
            device: self._first_boot(hardware, at_s) for device, hardware in self.hardware.items()
        }

    # -- time ------------------------------------------------------------------------------------------

    def at(self, due_s: float, tag: str, act: Callable[[float], None]) -> None:
        """Have `act` called when the lab's time reaches `due_s`."""
        heapq.heappush(self._due, (due_s, next(self._order), tag, act))

    def cancel(self, tag: str) -> None:
        self._due = [entry for entry in self._due if entry[2] != tag]
        heapq.heapify(self._due)

    @property
    def next_due_s(self) -> float | None:
        return self._due[0][0] if self._due else None

    def advance(self, at_s: float) -> None:
        """Run what is due by now, each at its own time."""
        while self._due and self._due[0][0] <= at_s:
            due_s, _, _, act = heapq.heappop(self._due)
            act(due_s)

    @contextmanager
    def changing(self, at_s: float) -> Iterator[Truth]:
        """Change the truth inside; states, routes and port times follow on leaving."""
        before, on_battery = self.state, self._on_battery()
        yield self.truth
        self.state = derive(self.inventory, self.truth, self.budgets)
        self._reroute(at_s)
        booted = []
        for device in sorted(self.state.running - before.running):
            if device in self.running:
                self._boot(device, at_s)
                booted.append(device)
        down = self._moved(before.links_up - self.state.links_up, at_s)
        up = self._moved(self.state.links_up - before.links_up, at_s)
        self.version += 1
        lost_mains = tuple(sorted(self._on_battery() - on_battery))
        change = Change(at_s, down, up, tuple(booted), lost_mains)
        for listener in self.listeners:
            listener(change)

    def _moved(self, links: frozenset[LinkId], at_s: float) -> tuple[Port, ...]:
        ports = []
        for link in sorted(links):
            for is_a in (True, False):
                port = self._port_of.get((link, is_a))
                if port is not None:
                    self.running[port.device].changed_at_s[port.name] = at_s
                    ports.append(port)
        return tuple(ports)

    def _reroute(self, at_s: float) -> None:
        self.traffic.reroute(
            at_s,
            self.state.routes,
            {
                link: module.frame_error_ratio(self.truth.extra_loss_db.get(link, 0.0))
                for link, module in self.budgets.items()
            },
            {link.id: link.capacity_bps or 1_000_000_000 for link in self.inventory.links.values()},
        )

    # -- booting ---------------------------------------------------------------------------------------

    def _first_boot(self, hardware: Hardware, at_s: float) -> Running:
        """A device that has been up for days: its counters already have a past."""
        dice = rng("boot", hardware.device.id)
        uptime_s = dice.uniform(2.0, 180.0) * 86_400.0
        running = Running(
            boots=dice.randint(3, 40),
            booted_at_s=at_s - uptime_s,
            if_index={p.name: hardware.vendor.first_if_index + i for i, p in enumerate(hardware.ports)},
        )
        for port in hardware.ports:
            mean_bps = self._mean_bps(port)
            running.zero[port.name] = (
                Count(octets=-mean_bps[0] / 8.0 * uptime_s),
                Count(octets=-mean_bps[1] / 8.0 * uptime_s),
            )
        return running

    def _mean_bps(self, port: Port) -> tuple[float, float]:
        """Average (in, out) of the healthy network: one simulated day divided by its length."""
        if port.use is PortUse.LAN and port.device in self.traffic.demands:
            demand = self.traffic.demands[port.device]
            return demand.up_bps, demand.down_bps
        if port.link is None:
            return 0.0, 0.0
        down = sum(
            d.down_bps
            for d in self.traffic.demands.values()
            if any(h.link == port.link for h in self.state.routes.get(d.device, ()))
        )
        return down * 0.5, down * 0.5

    def _boot(self, device: DeviceId, at_s: float) -> None:
        running = self.running[device]
        running.boots += 1
        running.booted_at_s = at_s
        for port in self.hardware[device].ports:
            running.zero[port.name] = self._totals(port, at_s)

    def reboot(self, device: DeviceId, at_s: float, *, renumber: bool = False) -> None:
        """Down now, up again `boot_s` later, with a new boot count; `renumber` also shuffles ifIndex."""
        with self.changing(at_s) as truth:
            truth.rebooting.add(device)
        if renumber:
            self._renumber(device)
        self.cancel(f"boot {device}")
        self.at(at_s + self.boot_s, f"boot {device}", lambda due_s: self._booted(device, due_s))
        self.advance(at_s)

    def _booted(self, device: DeviceId, at_s: float) -> None:
        with self.changing(at_s) as truth:
            truth.rebooting.discard(device)

    def _renumber(self, device: DeviceId) -> None:
        running = self.running[device]
        names = list(running.if_index)
        rng("renumber", device, str(running.boots)).shuffle(names)
        # Each name takes the index of the next one in a shuffled circle: none keeps its own.
        old = dict(running.if_index)
        running.if_index = {name: old[names[(i + 1) % len(names)]] for i, name in enumerate(names)}

    # -- readings --------------------------------------------------------------------------------------

    def reachable(self, device: DeviceId) -> bool:
        return device in self.state.reachable

    def answers_snmp(self, device: DeviceId) -> bool:
        return device in self.state.reachable and device not in self.truth.snmp_stopped

    def round_trip_loss(self, device: DeviceId) -> float:
        """Probability that a question or its answer is lost on the way to a reachable device."""
        kept = 1.0
        for link in self.state.ways.get(device, ()):
            kept *= (1.0 - self.truth.packet_loss.get(link, 0.0)) ** 2
        return 1.0 - kept

    def uptime_s(self, device: DeviceId, at_s: float) -> float:
        return at_s - self.running[device].booted_at_s

    def oper_up(self, port: Port) -> bool:
        if port.use is PortUse.LINK:
            return port.link in self.state.links_up
        return port.use in (PortUse.LAN, PortUse.LOOPBACK)

    def _on_battery(self) -> set[DeviceId]:
        return {
            device
            for device, hardware in self.hardware.items()
            if hardware.device.role is DeviceRole.UPS and self.mains_lost_at_s(device) is not None
        }

    def mains_lost_at_s(self, ups: DeviceId) -> float | None:
        """Since when a power feed of the UPS's office is dark; None while all have power."""
        office = self.inventory.devices[ups].office
        feeds = {
            group
            for device in self.inventory.devices.values()
            if device.office == office or device.id == ups
            for group in device.risk_groups
        }
        return min((at_s for feed, at_s in self.truth.dark_feeds.items() if feed in feeds), default=None)

    def counters(self, port: Port, at_s: float) -> PortCount:
        rx, tx = self._totals(port, at_s)
        rx_zero, tx_zero = self.running[port.device].zero[port.name]
        return PortCount(_minus(rx, rx_zero), _minus(tx, tx_zero))

    def _totals(self, port: Port, at_s: float) -> tuple[Count, Count]:
        if port.link is not None:
            return (
                self.traffic.link(port.link, not port.is_a, at_s),
                self.traffic.link(port.link, port.is_a, at_s),
            )
        if port.use is PortUse.LAN:
            return (
                Count(octets=self.traffic.lan(port.device, False, at_s)),
                Count(octets=self.traffic.lan(port.device, True, at_s)),
            )
        return Count(), Count()

    def optical(self, port: Port, at_s: float) -> OpticalState | None:
        """What the port's module reports; None where there is no readable module."""
        if port.budget is None or port.link is None:
            return None
        link = self.inventory.links[port.link]
        far = link.b.device if port.is_a else link.a.device
        dark = port.link in self.truth.cut or far not in self.state.running
        loss_db = self.truth.extra_loss_db.get(port.link, 0.0) - drift_db(link, at_s)
        rx_dbm = None if dark else port.budget.rx_dbm(loss_db)
        dice = rng("module", port.link, port.device)
        module = port.budget.module
        return OpticalState(
            budget=port.budget,
            rx_dbm=rx_dbm if rx_dbm is not None and rx_dbm > NO_LIGHT_DBM else None,
            tx_dbm=module.tx_dbm + dice.uniform(-0.4, 0.4),
            temperature_c=dice.uniform(36.0, 44.0) + 10.0 * drift_db(link, at_s),
            bias_ma=module.bias_ma * dice.uniform(0.9, 1.1),
            voltage_v=dice.uniform(3.26, 3.33),
        )

    def neighbors(self, device: DeviceId) -> list[LldpNeighbor]:
        """LLDP rows: one for each link that is up and passes such frames, to a device of our own."""
        found = []
        for port in self.hardware[device].ports:
            if port.link is None or port.link not in self.state.links_up:
                continue
            remote_port = self._port_of.get((port.link, not port.is_a))
            if remote_port is None or self.inventory.links[port.link].medium not in _SPEAKS_LLDP:
                continue
            running = self.running[device]
            since_s = max(running.booted_at_s, running.changed_at_s.get(port.name, running.booted_at_s))
            found.append(LldpNeighbor(port, self.hardware[remote_port.device], remote_port, since_s))
        return found


def _minus(total: Count, zero: Count) -> Count:
    return Count(total.octets - zero.octets, total.errors - zero.errors, total.discards - zero.discards)

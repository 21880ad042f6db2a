"""The lab: breaks and mends what `world` built, and knows what is true.

Runs as the supervisor, in namespaces of its own (`lab.namespaces.wrap`); `lab.namespaces.control` lets others
talk to it. Every public method that changes something is a command.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lab.answers import find
from lab.namespaces import files, rogue
from lab.namespaces.machine import Running
from lab.namespaces.plan import MONITOR, MONITOR_ADDRESS, Plan
from lab.namespaces.shell import in_net
from lab.namespaces.truth import offices_cut, reachable
from lab.namespaces.world import Options, World
from lab.sockets import LabError
from topology.model import RiskGroupId, RiskGroupKind

_POWER_KINDS = (RiskGroupKind.POWER_FEED, RiskGroupKind.SITE)


class Lab:
    def __init__(
        self, plan: Plan, run_dir: Path, environment: Mapping[str, str], options: Options | None = None
    ) -> None:
        self.plan = plan
        self.options = options or Options()
        self.world = World(plan, run_dir, environment, self.options)
        self._fibers = self.world.fibers
        self._machines = self.world.machines
        self._cut: set[str] = set()
        self._dark: set[str] = set()
        self._lock = threading.RLock()
        self._timers: list[threading.Timer] = []
        self._flaps: dict[str, object] = {}

    def start(self) -> None:
        """Raises LabError."""
        self.world.start()

    def stop(self) -> None:
        with self._lock:
            for timer in self._timers:
                timer.cancel()
            self._flaps.clear()
            self.world.stop()

    # -- finding ----------------------------------------------------------------------------------------

    def _wire(self, wanted: str) -> str:
        return find("link", wanted, list(self.plan.wires))

    def _machine(self, wanted: str) -> Running:
        return self._machines[find("device", wanted, list(self._machines))]

    def _wires(self, target: str) -> list[str]:
        """A link's own wire, or those of all links of a risk group."""
        groups = self.plan.inventory.risk_groups
        name = find("link or risk group", target, [*self.plan.wires, *groups])
        if name in self.plan.wires:
            return [name]
        links = self.plan.inventory.links.values()
        found = [link.id for link in links if RiskGroupId(name) in link.risk_groups]
        if not found:
            raise LabError(f"no link runs through {name}; for a power feed use power-off")
        return list(found)

    def _fed(self, target: str) -> list[str]:
        """A device; or all devices of an office, of a power feed or of a site. UPSs live on."""
        inventory = self.plan.inventory
        feeds = [g for g, group in inventory.risk_groups.items() if group.kind in _POWER_KINDS]
        name = find("device, office or power feed", target, [*inventory.devices, *inventory.offices, *feeds])
        if name in inventory.devices:
            return [name]
        return [
            d.id for d in inventory.devices.values() if d.office == name or RiskGroupId(name) in d.risk_groups
        ]

    # -- commands ---------------------------------------------------------------------------------------

    def cut(self, target: str) -> dict[str, Any]:
        """A link, a duct with all its links, or the monitor's own uplink (`uplink-1`)."""
        return self._set_cut(self._wires(target), True)

    def restore(self, target: str) -> dict[str, Any]:
        """Whole again, without loss and without delay."""
        with self._lock:
            wires = self._wires(target)
            for wire in wires:
                self._flaps.pop(wire, None)
                self._fibers.set_loss(wire, 0.0, None)
                self._fibers.set_delay(wire, 0.0, 0.0)
            return self._set_cut(wires, False)

    def _set_cut(self, wires: list[str], cut: bool) -> dict[str, Any]:
        with self._lock:
            for wire in wires:
                self._fibers.set_cut(wire, cut)
            self._cut = self._cut | set(wires) if cut else self._cut - set(wires)
            self._fibers.light()
        return {"links": wires}

    def loss(self, link: str, percent: float, sender: str | None = None) -> dict[str, Any]:
        """Of the frames each way, or of those that `sender` sends."""
        if not 0.0 <= percent <= 100.0:
            raise LabError("the loss is between 0 and 100 percent")
        with self._lock:
            wire = self._wire(link)
            ends = [p.machine for p in self.plan.wires[wire].ends]
            if sender is not None and sender not in ends:
                raise LabError(f"{wire} joins {' and '.join(ends)}; {sender} is at neither end")
            self._fibers.set_loss(wire, percent, sender)
        return {"links": [wire]}

    def latency(self, link: str, ms: float, jitter_ms: float = 0.0) -> dict[str, Any]:
        """More round-trip time: half of it each way."""
        if not 0.0 <= ms <= 60_000.0 or not 0.0 <= jitter_ms <= 60_000.0:
            raise LabError("latency and jitter are between 0 and 60000 ms")
        with self._lock:
            wire = self._wire(link)
            self._fibers.set_delay(wire, ms / 2.0, jitter_ms / 2.0)
        return {"links": [wire]}

    def flap(self, link: str, times: int = 10, every_s: float = 6.0) -> dict[str, Any]:
        """Cut again and again, each time for half of the interval."""
        if times < 1 or every_s <= 0.0:
            raise LabError("a link flaps at least once, some seconds apart")
        with self._lock:
            wire = self._wire(link)
            token = self._flaps[wire] = object()

        def step(down: bool) -> None:
            with self._lock:
                if self._flaps.get(wire) is token:
                    self._set_cut([wire], down)

        step(True)
        for i in range(times):
            if i:
                self._later(i * every_s, lambda: step(True))
            self._later((i + 0.5) * every_s, lambda: step(False))
        return {"links": [wire], "lasts_s": (times - 0.5) * every_s}

    def _later(self, after_s: float, do: Callable[[], None]) -> None:
        self._timers = [t for t in self._timers if t.is_alive()]
        timer = threading.Timer(after_s, do)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def power_off(self, target: str) -> dict[str, Any]:
        """A device, an office or a power feed: everything in it dies at once. A UPS in the same place lives
        on its battery, unless it is named itself."""
        with self._lock:
            found = [self._machines[m] for m in self._fed(target)]
            alone = target in self._machines
            off = [m for m in found if m.powered and (alone or not m.is_ups)]
            for machine in off:
                self._fibers.darken(machine.machine.id)
            for machine in off:
                machine.kill()
                self._fibers.unplug(machine.machine.id)
                self._dark.add(machine.machine.id)
            for machine in found:
                if machine.is_ups and not alone:
                    self._battery(machine, True)
        return {"devices": [m.machine.id for m in off]}

    def power_on(self, target: str) -> dict[str, Any]:
        """Everything boots: new interfaces with counters at zero, the same keys and engine ids."""
        with self._lock:
            found = [self._machines[m] for m in self._fed(target)]
            on = [m for m in found if not m.powered]
            for machine in on:
                self._dark.discard(machine.machine.id)
                self._fibers.plug_in(machine.machine.id)
                self.world.host_routes(machine.machine.id)
            self._fibers.light()
            self.world.boot([m.machine.id for m in on])
            for machine in found:
                if machine.is_ups:
                    self._battery(machine, False)
        return {"devices": [m.machine.id for m in on]}

    def ups(self, device: str, source: str) -> dict[str, Any]:
        """`battery` or `mains`."""
        machine = self._machine(device)
        if not machine.is_ups:
            raise LabError(f"{machine.machine.id} is not a UPS")
        if source not in ("battery", "mains"):
            raise LabError("a UPS is on `battery` or on `mains`")
        with self._lock:
            self._battery(machine, source == "battery")
        return {"devices": [machine.machine.id]}

    def _battery(self, machine: Running, battery: bool) -> None:
        machine.on_battery(battery)
        access = self.world.keyring.access(self.plan.inventory, machine.machine.device)
        communities = (*access.communities_v2c, *access.communities_v1)
        if not (battery and self.options.traps and machine.powered and communities):
            return
        trap = ["snmptrap", "-v", "2c", "-c", communities[0].decode()]
        trap += [f"--clientaddr={machine.machine.address}", f"{MONITOR_ADDRESS}:{files.TRAP_PORT}", ""]
        trap += [".1.3.6.1.2.1.33.2.1", ".1.3.6.1.2.1.33.1.2.3.0", "i", "30"]
        machine.inside(["env", "MIBS=", *trap])

    def stop_snmp(self, device: str) -> dict[str, Any]:
        """Its agent is killed; it still forwards and answers echo."""
        return self._service(device, "stop-snmpd")

    def start_snmp(self, device: str) -> dict[str, Any]:
        """The agent runs (again), and alone: a rogue before it goes."""
        return self._service(device, "snmpd")

    def stop_ssh(self, device: str) -> dict[str, Any]:
        """sshd is killed."""
        return self._service(device, "stop-sshd")

    def start_ssh(self, device: str) -> dict[str, Any]:
        """sshd runs (again)."""
        return self._service(device, "sshd")

    def _service(self, device: str, what: str) -> dict[str, Any]:
        with self._lock:
            machine = self._machine(device)
            if what.endswith("snmpd"):
                if not machine.agent:
                    raise LabError(
                        f"{machine.machine.id} has no SNMP agent: the inventory gives it no `snmp`"
                    )
                machine.stop_rogue()
            machine.service(what)
        return {"devices": [machine.machine.id]}

    def rogue(self, device: str, mode: str) -> dict[str, Any]:
        """A spoiler takes the agent's place; `start-snmp` ends it."""
        if mode not in rogue.MODES:
            raise LabError(f"a rogue is one of {', '.join(rogue.MODES)}")
        with self._lock:
            machine = self._machine(device)
            if not machine.agent or not machine.powered:
                raise LabError(f"{machine.machine.id} has no agent that runs")
            machine.start_rogue(mode)
        return {"devices": [machine.machine.id]}

    def rename(self, device: str, old: str, new: str) -> dict[str, Any]:
        """An interface gets another name, and OSPF goes on over it: its configuration is told the new one."""
        with self._lock:
            machine = self._machine(device)
            wire = self._fibers.rename(machine.machine.id, old, new)
            if wire is None:
                raise LabError(f"{machine.machine.id} has no interface {old}")
            if machine.machine.routes:
                other = self.plan.wires[wire].other(machine.machine.id).machine
                speaks = other in self.plan.machines and self.plan.machines[other].routes
                lines = files.interface(new, speaks=speaks, tempo=self.options.tempo)
                commands = [w for line in ["configure terminal", *lines] for w in ("-c", line.strip())]
                machine.inside(["vtysh", *commands])
        return {"links": [wire]}

    def restore_all(self) -> dict[str, Any]:
        """Everything whole, powered and running."""
        with self._lock:
            self._flaps.clear()
            for wire in self.plan.wires:
                self._fibers.set_loss(wire, 0.0, None)
                self._fibers.set_delay(wire, 0.0, 0.0)
            self._set_cut(list(self._cut), False)
            for machine_id in sorted(self._dark):
                self.power_on(machine_id)
            for machine in self._machines.values():
                if machine.is_ups:
                    machine.on_battery(False)
                if machine.agent and (machine.rogue is not None or not self._alive(machine, "snmpd")):
                    self.start_snmp(machine.machine.id)
                if machine.environment["SSH"] == "1" and not self._alive(machine, "sshd"):
                    self.start_ssh(machine.machine.id)
        return {}

    @staticmethod
    def _alive(machine: Running, daemon: str) -> bool:
        try:
            machine.inside(["sh", "-c", f"kill -0 $(cat /run/{daemon}.pid)"])
        except LabError:
            return False
        return True

    def inside(self, device: str, argv: list[str]) -> dict[str, Any]:
        """Run a program in a device and give back what it said."""
        return {"output": self._machine(device).inside(argv)}

    # -- truth ------------------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """What is broken, and who can be reached because of it."""
        with self._lock:
            answering = reachable(self.plan, self._cut, self._dark)
            monitored = {m.id for m in self.plan.machines.values() if m.address is not None}
            return {
                "cut": sorted(self._cut),
                "dark": sorted(self._dark),
                "silent": sorted(monitored - answering),
                "offices_cut": sorted(offices_cut(self.plan, answering)),
                "notes": self.world.notes,
            }

    def truth(self) -> dict[str, Any]:
        """The same, and beside it who really answers echo requests from the monitor's place now."""
        addresses = {m.address: m.id for m in self.plan.machines.values() if m.address is not None}
        argv = ["fping", "-a", "-q", "-r", "1", "-t", "700", "-i", "1", *addresses]
        asked = subprocess.run(in_net(MONITOR, argv), capture_output=True, text=True, timeout=60, check=False)
        answering = {addresses[line] for line in asked.stdout.split() if line in addresses}
        return {
            **self.status(),
            "answering": sorted(answering),
            "offices_cut_by_echo": sorted(offices_cut(self.plan, answering)),
        }

    def wait_converged(self, within_s: float = 60.0) -> dict[str, Any]:
        """Until everyone who should answer does. Raises LabError."""
        until = time.monotonic() + within_s
        while True:
            truth = self.truth()
            monitored = {m.id for m in self.plan.machines.values() if m.address is not None}
            missing = monitored - set(truth["silent"]) - set(truth["answering"])
            if not missing:
                return truth
            if time.monotonic() > until:
                raise LabError(
                    f"not converged after {within_s:g} s: no answer from {', '.join(sorted(missing))}"
                )
            time.sleep(0.2)

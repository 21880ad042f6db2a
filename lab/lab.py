"""The lab, running: a simulated network with its devices on real sockets of this machine.

async with Lab(inventory, addresses="ephemeral") as lab:
    lab.cut("grogot-kuaro")
    ...  # poll lab.inventory.devices[...].address
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Any, Literal, Self

from lab import codec, commands, traps
from lab.agent import Agent
from lab.answers import Answer
from lab.apps import HealthPage
from lab.cli.servers import CliServers
from lab.network import Network
from lab.readings import Change
from lab.secrets import Access, Keyring
from lab.sockets import DeviceSockets, LabError, derived, open_applications, open_devices
from lab.usm import User, Usm, registry
from lab.wire import Host, Responder
from topology.clock import Clock
from topology.model import DeviceId, Inventory

Addresses = Literal["inventory", "ephemeral"]
"""`inventory`: each device at its own loopback address; `ephemeral`: 127.0.0.1 with free ports for each."""

DEMO_MORNING = datetime(2026, 8, 3, 1, 30, tzinfo=UTC)
"""A Monday, half past nine in Tana Paser: the time of day that a lab without a clock starts at."""

_registry = lru_cache(maxsize=64)(lambda users: registry(users))


class LoopClock:
    """The event loop's own time, and a wall clock that starts on a fixed morning: tests repeat exactly."""

    def __init__(self, start: datetime = DEMO_MORNING) -> None:
        self._start = start
        self._zero_s = asyncio.get_running_loop().time()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic_s() - self._zero_s)

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()


class Lab:
    """Constructed inert; `start` opens the sockets and `stop` closes them.

    The commands of `lab.commands` are methods (`cut`, `restore`, `power_off`, ...); each raises
    `UnknownIdError` or `BadArgumentError`, and returns an `Answer`.
    """

    def __init__(
        self,
        inventory: Inventory,
        *,
        clock: Clock | None = None,
        addresses: Addresses = "inventory",
        environment: Mapping[str, str] | None = None,
        trap_to: tuple[str, int] | None = None,
        boot_s: float = 2.0,
    ) -> None:
        """`environment` holds the secrets that the inventory's credentials name (default: the process's own);
        missing ones are made up, see `environment` afterwards."""
        self.inventory = inventory
        """After `start`: with the addresses and URLs really served."""
        self.addresses: Addresses = addresses
        self.hosts: dict[DeviceId, Host] = {}
        self._clock = clock
        self._boot_s = boot_s
        self._trap_to = trap_to
        self._keyring = Keyring(os.environ if environment is None else environment)
        self._network: Network | None = None
        self._responders: dict[DeviceId, Responder] = {}
        self._access: dict[DeviceId, Access] = {}
        self._transports: list[asyncio.BaseTransport] = []
        self._pages: list[HealthPage] = []
        self.cli = CliServers(self._keyring.password)
        """Command lines over SSH, of devices with an SSH credential."""
        self._sockets: list[socket.socket] = []
        self._timer: asyncio.TimerHandle | None = None
        self.traps_sent = 0

    # -- life ------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Raises LabError when a socket can't be had; nothing is left open then."""
        clock = self._clock or LoopClock()
        self._clock = clock
        ephemeral = self.addresses == "ephemeral"
        devices = open_devices(self.inventory, ephemeral=ephemeral)
        self._sockets += [sock for pair in devices.values() for sock in (pair.snmp, pair.probe)]
        if any(devices[d].address != self.inventory.devices[d].address for d in devices):
            self.addresses, ephemeral = "ephemeral", True
        try:
            applications = open_applications(self.inventory, ephemeral=ephemeral)
            self._sockets += applications.values()
            self.inventory = derived(self.inventory, devices, applications)
            try:
                self.inventory = self.cli.open(self.inventory, ephemeral=ephemeral)
            except OSError as err:
                raise LabError(f"can't listen for SSH: {err}") from err
            network = Network(self.inventory, at_s=clock.monotonic_s(), wall=clock.now(), boot_s=self._boot_s)
            self._network = network
            network.listeners.append(self._changed)
            for device, pair in devices.items():
                await self._serve(device, pair, clock)
            await self.cli.start(network, self.inventory, clock.monotonic_s)
            for application_id, listener in applications.items():
                page = HealthPage(network, self.inventory.applications[application_id])
                self._pages.append(page)
                await page.start(listener)
        except BaseException:
            await self.stop()
            raise

    async def _serve(self, device: DeviceId, pair: DeviceSockets, clock: Clock) -> None:
        access = self._keyring.access(self.inventory, self.inventory.devices[device])
        host = Host(self.network, device, self._agent(device, access), clock.monotonic_s)
        self.hosts[device] = host
        self._access[device] = access
        loop = asyncio.get_running_loop()
        for sock, answer in ((pair.snmp, host.snmp), (pair.probe, host.echo)):
            transport, responder = await loop.create_datagram_endpoint(
                partial(Responder, host, answer), sock=sock
            )
            self._transports.append(transport)
            if sock is pair.snmp:
                self._responders[device] = responder

    def _trap_message(self, device: DeviceId, pdu: Any) -> bytes:
        """With the first of the device's own credentials, as it would be set up: v3, else a community."""
        access = self._access[device]
        if access.users:
            return self.hosts[device].notification_by(access.users[0], pdu, self.traps_sent)
        if access.communities_v2c:
            return codec.encode_community(1, access.communities_v2c[0], pdu)
        return codec.encode_community(1, (access.communities_v1 or (b"public",))[0], pdu)

    async def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self.cli.stop()
        for page in self._pages:
            await page.stop()
        for transport in self._transports:
            transport.close()
        self._transports.clear()
        await asyncio.sleep(0)  # lets the transports close their sockets
        for sock in self._sockets:  # those that no transport had taken yet
            sock.close()
        self._sockets.clear()

    def _agent(self, device: DeviceId, access: Access) -> Agent:
        users: tuple[User, ...] = access.users
        usm = Usm(self.network.hardware[device].engine_id, _registry(users), [user.context for user in users])
        return Agent(communities_v1=access.communities_v1, communities_v2c=access.communities_v2c, usm=usm)

    # -- what it knows ---------------------------------------------------------------------------------

    @property
    def network(self) -> Network:
        """The simulation itself: truth, state, readings."""
        assert self._network is not None, "the lab has not been started"
        return self._network

    @property
    def environment(self) -> dict[str, str]:
        """The made-up secrets by environment variable: set these for whoever is to poll the lab."""
        return dict(self._keyring.made_up)

    @property
    def missing_files(self) -> list[str]:
        return list(self._keyring.missing_files)

    def now_s(self) -> float:
        assert self._clock is not None, "the lab has not been started"
        return self._clock.monotonic_s()

    # -- commands --------------------------------------------------------------------------------------

    def command(self, name: str, **arguments: Any) -> Answer:
        """Run one of `lab.commands.COMMANDS` now."""
        at_s = self.now_s()
        self.network.advance(at_s)
        try:
            answer = commands.COMMANDS[name](self.network, at_s, **arguments)
        finally:
            self._schedule()
        if name == "status":
            return Answer(answer.message, {**answer.data, "datagrams": self.datagrams()})
        return answer

    def datagrams(self) -> dict[str, int]:
        """What came in and what became of it, over all devices."""
        agents = [host.agent.counters for host in self.hosts.values()]
        return {
            "snmp_received": sum(counters.received for counters in agents),
            "snmp_answered": sum(counters.answered for counters in agents),
            "snmp_wrong_community": sum(counters.wrong_community for counters in agents),
            "snmp_malformed": sum(counters.malformed for counters in agents),
            "echoes": sum(host.echoes for host in self.hosts.values()),
            "unreachable": sum(host.dropped for host in self.hosts.values()),
            "lost": sum(host.lost for host in self.hosts.values()),
            "send_errors": sum(responder.send_errors for responder in self._responders.values()),
            "traps_sent": self.traps_sent,
        }

    def cut(self, link: str) -> Answer:
        return self.command("cut", link=link)

    def cut_duct(self, group: str) -> Answer:
        return self.command("cut-duct", group=group)

    def restore(self, target: str) -> Answer:
        return self.command("restore", target=target)

    def restore_all(self) -> Answer:
        return self.command("restore-all")

    def power_off(self, target: str) -> Answer:
        return self.command("power-off", target=target)

    def power_on(self, target: str) -> Answer:
        return self.command("power-on", target=target)

    def dim(self, link: str, db: float) -> Answer:
        return self.command("dim", link=link, db=db)

    def loss(self, link: str, percent: float) -> Answer:
        return self.command("loss", link=link, percent=percent)

    def flap(self, link: str, times: int = 5, every_s: float = 6.0) -> Answer:
        return self.command("flap", link=link, times=times, every_s=every_s)

    def stop_snmp(self, device: str) -> Answer:
        return self.command("stop-snmp", device=device)

    def start_snmp(self, device: str) -> Answer:
        return self.command("start-snmp", device=device)

    def stop_app(self, application: str) -> Answer:
        return self.command("stop-app", application=application)

    def start_app(self, application: str) -> Answer:
        return self.command("start-app", application=application)

    def reboot(self, device: str) -> Answer:
        return self.command("reboot", device=device)

    def renumber(self, device: str) -> Answer:
        return self.command("renumber", device=device)

    def status(self) -> Answer:
        return self.command("status")

    # -- what happens by itself ------------------------------------------------------------------------

    def _schedule(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_s = self.network.next_due_s
        if due_s is not None:
            delay_s = max(0.0, due_s - self.now_s())
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._tick)

    def _tick(self) -> None:
        self.network.advance(self.now_s())
        self._schedule()

    def _changed(self, change: Change) -> None:
        self.cli.drop_unreachable()
        if self._trap_to is None:
            return
        for device, varbinds in traps.notifications(self.network, change):
            responder = self._responders.get(device)
            if responder is None:
                continue
            self.traps_sent += 1
            message = self._trap_message(device, codec.trap(self.traps_sent, varbinds))
            delay_s = self.hosts[device].delay_s() / 2.0
            asyncio.get_running_loop().call_later(delay_s, responder.send, message, self._trap_to)

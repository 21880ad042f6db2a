"""Traps and informs as hints: who should be polled now, and who is alive.

A trap proves that its sender lives and says where to look; what is true is polled. A storm is cut down
before it is decoded: for each sender a few packets a window are read, the rest only counted, and decoding
is done in small slices, so that ten thousand traps in a burst cost no poll its turn.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from typing import Any

from collector.counters import Counters
from collector.secrets import SnmpSecret
from collector.trap_decode import Notification, TrapDecoder
from topology.clock import Clock
from topology.model import DeviceId
from topology.observations import Means, Reachability

STANDARD_TRAPS: Mapping[str, str] = {
    "1.3.6.1.6.3.1.1.5.1": "cold_start",
    "1.3.6.1.6.3.1.1.5.2": "warm_start",
    "1.3.6.1.6.3.1.1.5.3": "link_down",
    "1.3.6.1.6.3.1.1.5.4": "link_up",
    "1.3.6.1.6.3.1.1.5.5": "authentication_failure",
    "1.0.8802.1.1.2.0.0.1": "lldp_changed",
    "1.3.6.1.2.1.14.16.2.2": "ospf_neighbor_changed",
    "1.3.6.1.2.1.14.16.2.16": "ospf_interface_changed",
    "1.3.6.1.2.1.15.0.1": "bgp_established",
    "1.3.6.1.2.1.15.0.2": "bgp_lost",
    "1.3.6.1.2.1.15.7.1": "bgp_established",
    "1.3.6.1.2.1.15.7.2": "bgp_lost",
    "1.3.6.1.2.1.33.2.1": "ups_on_battery",
    "1.3.6.1.2.1.33.2.3": "ups_alarm",
    "1.3.6.1.2.1.33.2.4": "ups_alarm_cleared",
}
"""SNMPv2-MIB, LLDP-MIB, OSPF-TRAP-MIB, BGP4-MIB, UPS-MIB."""

OTHER = "other"


@dataclass(frozen=True, slots=True)
class TrapEvent:
    """What one device said within one window."""

    device: DeviceId
    at: datetime
    """When the first of them came."""
    kinds: tuple[str, ...]
    """Words of STANDARD_TRAPS and of profiles' `traps`, in order of arrival; `other` for the rest."""
    if_indexes: tuple[int, ...]
    count: int
    """Packets, those that were only counted included."""

    def reachability(self) -> Reachability:
        """A trap is evidence that its sender lives."""
        return Reachability(self.device, self.at, True, Means.TRAP)


@dataclass(frozen=True, slots=True)
class TrapSettings:
    host: str = "0.0.0.0"
    port: int = 162
    window_s: float = 1.0
    """The first trap of a device is handed on at once, those after it together at the end of this."""
    packets_a_window: int = 20
    """Of one sender, so many are decoded a window; the rest are counted."""
    slice_packets: int = 5
    """So many are decoded before anything else gets its turn."""
    senders: int = 4096
    """More senders than this at once are not listened to."""


@dataclass(slots=True)
class _Sender:
    packets: deque[tuple[bytes, tuple[str, int], datetime]] = field(default_factory=deque)
    taken: int = 0
    counted: int = 0


@dataclass(slots=True)
class _Gathered:
    at: datetime
    kinds: dict[str, None] = field(default_factory=dict)
    if_indexes: dict[int, None] = field(default_factory=dict)
    count: int = 0


class TrapListener(asyncio.DatagramProtocol):
    """`await start()`; `on_event` is called in the event loop, at most about once a window for a device."""

    def __init__(
        self,
        sources: Mapping[str, DeviceId],
        secrets: Iterable[SnmpSecret],
        on_event: Callable[[TrapEvent], None],
        clock: Clock,
        settings: TrapSettings | None = None,
        *,
        words: Mapping[str, str] | None = None,
    ) -> None:
        """`sources` are devices by IP address; `words` more notifications by OID (prefix), from profiles."""
        self._sources = {plain_address(address): device for address, device in sources.items()}
        self._secrets = list(secrets)
        self._on_event = on_event
        self._clock = clock
        self._settings = settings or TrapSettings()
        self._words = {**STANDARD_TRAPS, **(words or {})}
        self._totals = Counters()
        self._senders: dict[str, _Sender] = {}
        self._gathered: dict[DeviceId, _Gathered] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._decoder: TrapDecoder | None = None
        self._worker: asyncio.Task[None] | None = None
        self._ticker: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self.port = self._settings.port

    # -- life --------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Raises OSError when the port can't be had (below 1024 it takes the right to)."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=(self._settings.host, self._settings.port)
        )
        self.port = self._transport.get_extra_info("sockname")[1]
        self._decoder = TrapDecoder(self._secrets, self._send, self._totals)
        self._worker = asyncio.create_task(self._decode_forever())
        self._ticker = asyncio.create_task(self._tick_forever())

    async def stop(self) -> None:
        for task in (self._worker, self._ticker):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if self._transport is not None:
            self._transport.close()
        if self._decoder is not None:
            self._decoder.close()

    def replace_sources(self, sources: Mapping[str, DeviceId]) -> None:
        """A new inventory."""
        self._sources = {plain_address(address): device for address, device in sources.items()}

    @property
    def counters(self) -> Mapping[str, int]:
        return self._totals.snapshot()

    # -- what comes in ---------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Nothing is decoded here: in a storm this is all that a packet costs."""
        self._totals.add("traps_received")
        host = plain_address(addr[0])
        sender = self._senders.get(host)
        if sender is None:
            if len(self._senders) >= self._settings.senders:
                self._totals.add("traps_dropped")
                return
            sender = self._senders[host] = _Sender()
        if sender.taken >= self._settings.packets_a_window:
            sender.counted += 1
            self._totals.add("traps_coalesced")
            return
        sender.taken += 1
        sender.packets.append((data, (addr[0], addr[1]), self._clock.now()))
        self._wake.set()

    def error_received(self, exc: Exception) -> None:  # noqa: ARG002 - asyncio's signature
        self._totals.add("trap_socket_errors")

    def _send(self, packet: bytes, address: tuple[str, int]) -> None:
        if self._transport is not None:
            self._transport.sendto(packet, address)

    # -- what is made of it ------------------------------------------------------------------------------

    async def _decode_forever(self) -> None:
        """Senders in turn, a few packets at a time."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            done = 0
            while waiting := [(host, sender) for host, sender in self._senders.items() if sender.packets]:
                for host, sender in waiting:
                    data, address, at = sender.packets.popleft()
                    self._decode(host, data, address, at)
                    done += 1
                    if done % self._settings.slice_packets == 0:
                        await asyncio.sleep(0)

    def _decode(self, host: str, data: bytes, address: tuple[str, int], at: datetime) -> None:
        assert self._decoder is not None
        for notification in self._decoder.decode(data, address):
            device = self._device_of(host, notification)
            if device is None:
                self._totals.add("traps_from_unknown_sources")
                continue
            self._totals.add("traps_understood")
            first = device not in self._gathered
            gathered = self._gathered.setdefault(device, _Gathered(at))
            gathered.kinds[self._word(notification.trap_oid)] = None
            if notification.if_index is not None:
                gathered.if_indexes[notification.if_index] = None
            gathered.count += 1
            if first:
                self._hand_on(device, gathered)
                self._gathered[device] = _Gathered(at)

    def _device_of(self, host: str, notification: Notification) -> DeviceId | None:
        """By the trap's own word first: a proxy's address is not the device's."""
        if notification.agent_address is not None:
            device = self._sources.get(plain_address(notification.agent_address))
            if device is not None:
                return device
        return self._sources.get(host)

    def _word(self, trap_oid: str) -> str:
        oid = trap_oid
        while oid:
            word = self._words.get(oid)
            if word is not None:
                return word
            oid = oid.rpartition(".")[0]
        return OTHER

    async def _tick_forever(self) -> None:
        """The end of each window: what gathered is handed on, and everyone may speak again."""
        while True:
            await asyncio.sleep(self._settings.window_s)
            for host, sender in list(self._senders.items()):
                device = self._sources.get(host)
                if sender.counted and device is not None and device in self._gathered:
                    self._gathered[device].count += sender.counted
                sender.counted = sender.taken = 0
                if not sender.packets:
                    del self._senders[host]
            gathered, self._gathered = self._gathered, {}
            for device, found in gathered.items():
                if found.count:
                    self._hand_on(device, found)
                    self._gathered[device] = _Gathered(self._clock.now())

    def _hand_on(self, device: DeviceId, gathered: _Gathered) -> None:
        self._totals.add("trap_events")
        self._on_event(
            TrapEvent(device, gathered.at, tuple(gathered.kinds), tuple(gathered.if_indexes), gathered.count)
        )


def plain_address(text: str) -> str:
    """One spelling for an address: IPv4 in IPv6 as IPv4, no scope, lower case; names as they are."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return text
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)

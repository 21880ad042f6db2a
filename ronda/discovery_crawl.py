"""Asks devices who is beside them, then those, and so on; and what that would add to the inventory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Protocol

from ronda.first_setup import slug
from topology.clock import Clock
from topology.discovery import compare
from topology.discovery_model import PLACEHOLDER_OFFICE, Comparison, FindingKind, SeenEnd, SeenLink, Stranger
from topology.discovery_names import plain_name, short_name
from topology.discovery_seen import Sightings
from topology.model import (
    Address,
    CredentialId,
    CredentialKind,
    Device,
    DeviceId,
    Inventory,
    LinkId,
    OfficeId,
)
from topology.observations import Light, OpticalReading, PollResult, PortStatus

PLACES = 16
"""Devices that are asked at the same time."""
_SNMP_KINDS = frozenset({CredentialKind.SNMP_V1, CredentialKind.SNMP_V2C, CredentialKind.SNMP_V3})


class Ask(Protocol):
    async def __call__(self, device: Device) -> PollResult:
        """Never raises for what a device or the network does."""
        ...


@dataclass(frozen=True, slots=True)
class CrawlSettings:
    hops: int | None = None
    """How far from the first ones; None: as far as it goes."""
    any_address: bool = False
    """Unknown neighbours at public addresses are asked, too: they get to see the SNMP community."""
    most: int = 2000
    """Devices in all."""


@dataclass(slots=True)
class Crawled:
    inventory: Inventory
    """The declared one with what was found in it."""
    found: dict[DeviceId, Stranger] = field(default_factory=dict)
    """Devices that were not declared."""
    asked: set[DeviceId] = field(default_factory=set)
    answered: set[DeviceId] = field(default_factory=set)
    silent: dict[DeviceId, str] = field(default_factory=dict)
    """Why."""
    optical: set[SeenEnd] = field(default_factory=set)
    """Ports with an optical module."""
    comparison: Comparison | None = None
    left_out: list[str] = field(default_factory=list)
    """What was not asked or taken in, and why."""


async def crawl(
    inventory: Inventory,
    seeds: Sequence[DeviceId],
    ask: Ask,
    clock: Clock,
    settings: CrawlSettings | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Crawled:
    """Ask the seeds, then whom they hear, known or not. `progress` is told how many are done and known of."""
    return await _Crawl(inventory, ask, clock, settings or CrawlSettings(), progress).run(seeds)


class _Crawl:
    def __init__(
        self,
        inventory: Inventory,
        ask: Ask,
        clock: Clock,
        settings: CrawlSettings,
        progress: Callable[[int, int], None],
    ) -> None:
        self._declared = inventory
        self._ask = ask
        self._clock = clock
        self._settings = settings
        self._progress = progress
        self._sightings = Sightings()
        self._places = asyncio.Semaphore(PLACES)
        self._hops: dict[DeviceId, int] = {}
        self._strangers: set[str] = set()
        self.result = Crawled(inventory)

    async def run(self, seeds: Sequence[DeviceId]) -> Crawled:
        queue = list(seeds)
        self._hops = dict.fromkeys(seeds, 0)
        while queue:
            await asyncio.gather(*(self._one(self.result.inventory.devices[d]) for d in queue))
            queue = self._next()
        self.result.comparison = self._compare()
        return self.result

    async def _one(self, device: Device) -> None:
        async with self._places:
            self.result.asked.add(device.id)
            got = await self._ask(device)
        ports = [o for o in got.observations if isinstance(o, PortStatus)]
        if ports:
            self.result.answered.add(device.id)
            self._sightings.take(got)
        else:
            self.result.silent[device.id] = "; ".join(e.message for e in got.errors) or "no answer"
        for seen in got.observations:
            if isinstance(seen, OpticalReading) and seen.if_name and seen.light is not Light.UNSUPPORTED:
                self.result.optical.add(SeenEnd(device.id, seen.if_name))
        self._progress(len(self.result.answered) + len(self.result.silent), len(self._hops))

    def _compare(self) -> Comparison:
        now = self._clock.now()
        return compare(self.result.inventory, self._sightings.fresh(now, self.result.inventory), now)

    def _next(self) -> list[DeviceId]:
        compared = self._compare()
        for stranger in compared.strangers:
            self._take_in(stranger)
        if compared.strangers:
            compared = self._compare()
        queue = []
        for cable in compared.cables:
            for one, other in ((cable.a.device, cable.b.device), (cable.b.device, cable.a.device)):
                if one in self._hops and self._to_be_asked(other, self._hops[one] + 1):
                    queue.append(other)
        for device in self.result.found:
            hop = 1 + min((self._hops[e.device] for e, _ in self.result.found[device].heard), default=0)
            if self._to_be_asked(device, hop):
                queue.append(device)
        return queue

    def _to_be_asked(self, device: DeviceId, hop: int) -> bool:
        known = self.result.inventory.devices[device]
        if device in self._hops or not (known.snmp or known.ssh) or known.address is None:
            return False
        if self._settings.hops is not None and hop > self._settings.hops:
            return False
        if len(self._hops) >= self._settings.most:
            self._left_out(f"more than {self._settings.most} devices: the rest was not asked")
            return False
        self._hops[device] = hop
        return True

    def _take_in(self, stranger: Stranger) -> None:
        if stranger.key in self._strangers:
            return
        self._strangers.add(stranger.key)
        if (name := plain_name(stranger.system)) is None:
            self._left_out(f"{stranger.key} at {stranger.heard[0][0]} tells no name")
            return
        teller = self.result.inventory.devices[stranger.heard[0][0].device]
        address = None
        if stranger.address is not None:
            if self._may_ask(stranger.address):
                port = teller.address.port if teller.address is not None else None
                address = Address(stranger.address, port)
            else:
                self._left_out(f"{name}: {stranger.address} is a public address; --any-address asks it, too")
        devices = self.result.inventory.devices
        id_ = DeviceId(_free(slug(short_name(name)), devices))
        snmp = (*teller.snmp, *(c for c in self._snmp_credentials() if c not in teller.snmp))
        known = Device(id_, OfficeId(PLACEHOLDER_OFFICE), address, snmp=snmp, name=stranger.system)
        self.result.found[id_] = stranger
        self.result.inventory = replace(self.result.inventory, devices={**devices, id_: known})

    def _snmp_credentials(self) -> list[CredentialId]:
        return [c.id for c in self._declared.credentials.values() if c.kind in _SNMP_KINDS]

    def _may_ask(self, address: str) -> bool:
        ip = ip_address(address)
        return self._settings.any_address or ip.is_private or ip.is_loopback

    def _left_out(self, why: str) -> None:
        if why not in self.result.left_out:
            self.result.left_out.append(why)


# --- what that would add


@dataclass(frozen=True, slots=True)
class Additions:
    offices: tuple[Mapping[str, Any], ...] = ()
    devices: tuple[Mapping[str, Any], ...] = ()
    links: tuple[Mapping[str, Any], ...] = ()
    skipped: tuple[str, ...] = ()
    """What is not written, and why."""

    def __bool__(self) -> bool:
        return bool(self.devices or self.links)

    def rows(self) -> dict[str, Sequence[Mapping[str, Any]]]:
        return {"offices": self.offices, "devices": self.devices, "links": self.links}


def additions(
    crawled: Crawled,
    declared: Inventory,
    offices: Mapping[DeviceId, OfficeId],
    default_snmp: Sequence[str],
) -> Additions:
    """What is not declared yet. `offices` says where found devices stand; others go to the placeholder."""
    assert crawled.comparison is not None
    skipped: list[str] = list(crawled.left_out)
    # What is told twice, by its other name, or by somebody who turned out to be declared, is no new device.
    wanted = {d for d in crawled.found if d in crawled.answered} | {
        end.device
        for finding in crawled.comparison.findings
        if finding.found is not None
        for end in (finding.found.a, finding.found.b)
        if end.device in crawled.found
    }
    devices = []
    for id_ in crawled.found:
        if id_ in wanted:
            found = crawled.inventory.devices[id_]
            devices.append(_device_row(found, crawled, offices.get(id_), default_snmp, declared))
    links = []
    ids = set(declared.links)
    for finding in crawled.comparison.findings:
        cable = finding.found
        if finding.kind is not FindingKind.NOT_DECLARED or cable is None:
            continue
        if cable.shared:
            skipped.append(f"{cable.a} - {cable.b}: others are heard there, too, through a silent switch")
            continue
        written = {d["id"] for d in devices if "address" in d}
        lacking = [
            e
            for e in (cable.a, cable.b)
            if e.port is None and (e.device in written or _monitored(declared, e.device))
        ]
        if lacking:
            skipped.append(f"{cable.a} - {cable.b}: the port of {lacking[0].device} is not known")
            continue
        link = LinkId(_free(f"{cable.a.device}-{cable.b.device}", ids))
        ids.add(link)
        links.append(_link_row(link, cable, crawled))
    places: list[Mapping[str, Any]] = []
    used = {d["office"] for d in devices}
    if PLACEHOLDER_OFFICE in used and OfficeId(PLACEHOLDER_OFFICE) not in declared.offices:
        name = "BELUM DITEMPATKAN (perangkat temuan: pindahkan ke kantornya)"
        places.append({"id": PLACEHOLDER_OFFICE, "name": name, "connection": "planned", "priority": 4})
    return Additions(tuple(places), tuple(devices), tuple(links), tuple(skipped))


def _monitored(inventory: Inventory, device: DeviceId) -> bool:
    known = inventory.devices.get(device)
    return known is not None and known.monitored


def _device_row(
    found: Device, crawled: Crawled, office: OfficeId | None, default_snmp: Sequence[str], declared: Inventory
) -> Mapping[str, Any]:
    row: dict[str, Any] = {"id": found.id}
    name = _clean(found.name or "")
    if name and name.lower() != found.id:
        row["name"] = name
    row["office"] = office or PLACEHOLDER_OFFICE
    taken = {str(d.address) for d in declared.devices.values()}
    if found.address is not None and found.id in crawled.answered and str(found.address) not in taken:
        row["address"] = str(found.address)
        if list(found.snmp) != list(default_snmp):
            row["snmp"] = found.snmp[0] if len(found.snmp) == 1 else list(found.snmp)
    return row


def _link_row(id_: LinkId, cable: SeenLink, crawled: Crawled) -> Mapping[str, Any]:
    row: dict[str, Any] = {"id": id_}
    for side, end in (("a", cable.a), ("b", cable.b)):
        row[side] = {"device": end.device} | ({} if end.port is None else {"port": _clean(end.port)})
    row["medium"] = "fiber" if {cable.a, cable.b} & crawled.optical else "copper"
    if cable.speed_bps is not None:
        row["capacity_bps"] = cable.speed_bps
    return row


def _clean(text: str) -> str:
    """Fit to stand in the file: what a device says may hold anything."""
    return "".join(c for c in text if c.isprintable()).strip()[:100]


def _free(wanted: str, taken: Iterable[str]) -> str:
    taken = set(taken)
    if wanted not in taken:
        return wanted
    return next(name for n in range(2, 10_000) if (name := f"{wanted}-{n}") not in taken)


def comment(now: datetime, seed: str | None) -> str:
    where = f" --from {seed}" if seed else ""
    return f"found by `ronda discover{where}` on {now:%Y-%m-%d}: check office, role and medium"

"""Random networks of two providers. Whatever is not the first one's carries a mark in every text of it, so
that a look at the bytes tells whether any of it came through."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from api_samples import MemoryAccess, SampleBackend

from alerts.maintenance import Window, WindowId
from alerts.model import (
    AffectedOffice,
    ConditionKind,
    Happened,
    Hypothesis,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentStatus,
    Severity,
    TimelineEntry,
)
from api.backend import ReadinessCheck
from storage.metrics import names
from storage.metrics.store import Row, Series
from storage.records.events import RecordedChange
from topology.findings import (
    ApplicationVerdict,
    Cause,
    Component,
    ComponentKind,
    Connectivity,
    DeviceCondition,
    LinkCondition,
    OfficeVerdict,
    StateChange,
    Verdict,
)
from topology.model import (
    Address,
    Application,
    ApplicationId,
    ConnectionStage,
    Contact,
    Credential,
    CredentialId,
    CredentialKind,
    Device,
    DeviceId,
    DeviceRole,
    Inventory,
    Link,
    LinkEnd,
    LinkId,
    Location,
    Medium,
    Network,
    Office,
    OfficeId,
    OfficeKind,
    Provider,
    ProviderId,
    RiskGroup,
    RiskGroupId,
    RiskGroupKind,
)

MARK = "qzx"
"""In every text that is not the first provider's."""
STAFF = "vwj"
"""In addresses, contacts, and words of staff: not even of its own offices a provider sees them."""
OWN, OTHER = ProviderId("nusa"), ProviderId(f"{MARK}-net")
NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


@dataclass
class Drawn:
    """A network being drawn."""

    dice: random.Random
    offices: dict[OfficeId, Office] = field(default_factory=dict)
    devices: dict[DeviceId, Device] = field(default_factory=dict)
    links: dict[LinkId, Link] = field(default_factory=dict)
    groups: dict[RiskGroupId, RiskGroup] = field(default_factory=dict)

    def group(self, id_: str, kind: RiskGroupKind) -> RiskGroupId:
        group = RiskGroupId(id_)
        self.groups[group] = RiskGroup(group, kind, f"name of {id_}")
        return group

    def office(self, id_: str, provider: ProviderId | None, *, active: bool = True) -> OfficeId:
        office = OfficeId(id_)
        self.offices[office] = Office(
            office,
            f"Kantor {id_}",
            self.dice.choice(list(OfficeKind)),
            kecamatan=f"Kecamatan {MARK if MARK in id_ else self.dice.choice('abc')}",
            priority=self.dice.randint(1, 4),
            location=Location(-1.9 - self.dice.random() / 10, 116.2) if self.dice.random() < 0.7 else None,
            connection=ConnectionStage.ACTIVE if active else ConnectionStage.ORDERED,
            provider=provider,
            target_date=date(2026, 10, 1) if self.dice.random() < 0.5 else None,
            phase=self.dice.choice([None, 1, 2]),
            contacts=(Contact(f"{STAFF} Ani", f"{STAFF}@example.id", f"+62 {STAFF}", f"@{STAFF}"),),
        )
        return office

    def device(
        self, id_: str, office: OfficeId | None, provider: ProviderId | None = None, **more: Any
    ) -> DeviceId:
        device = DeviceId(id_)
        address = None if more.get("role") is DeviceRole.CLOUD else Address(f"{STAFF}-{id_}.example", 1161)
        self.devices[device] = Device(
            device,
            office,
            address,
            provider=provider,
            name=f"Alat {id_}",
            snmp=(CredentialId(STAFF),),
            **more,
        )
        return device

    def link(
        self, id_: str, a: DeviceId, b: DeviceId, provider: ProviderId | None, *groups: RiskGroupId
    ) -> LinkId:
        link = LinkId(id_)
        ports = [f"{MARK}0/{n}" if MARK in d else f"ge0/{n}" for n, d in enumerate((a, b))]
        self.links[link] = Link(
            link,
            LinkEnd(a, ports[0]),
            LinkEnd(b, ports[1]),
            self.dice.choice(list(Medium)),
            provider,
            circuit_id=f"circuit {id_}",
            capacity_bps=100_000_000,
            risk_groups=groups,
            name=f"jalur {id_}" if self.dice.random() < 0.5 else None,
        )
        return link


def draw(seed: int) -> Inventory:
    """A hub; offices of the first provider, of the other, of both, of none."""
    dice = random.Random(seed)
    drawn = Drawn(dice)
    duct = drawn.group("duct-bersama", RiskGroupKind.DUCT)
    strange_duct = drawn.group(f"duct-{MARK}", RiskGroupKind.DUCT)
    node = drawn.group(f"pop-{MARK}", RiskGroupKind.PROVIDER_NODE)
    feed = drawn.group(f"feed-{MARK}", RiskGroupKind.POWER_FEED)
    hub = drawn.office("pusat", None)
    core = drawn.device(f"{MARK}-core", hub, role=DeviceRole.CORE, risk_groups=(feed,))
    cloud = drawn.device("nusa-cloud", None, OWN, role=DeviceRole.CLOUD)
    drawn.link("nusa-up", cloud, core, OWN, duct)
    strange_cloud = drawn.device(f"{MARK}-cloud", None, OTHER, role=DeviceRole.CLOUD)
    drawn.link(f"{MARK}-up", strange_cloud, core, OTHER, strange_duct, node)
    for n in range(dice.randint(1, 3)):  # the first provider's
        office = drawn.office(f"nusa-{n}", dice.choice([OWN, None]))
        cpe = drawn.device(f"cpe-{n}", office, dice.choice([OWN, None]))
        drawn.link(
            f"nusa-l{n}", cpe, dice.choice([cloud, core]), OWN, *([duct] if dice.random() < 0.5 else [])
        )
        if dice.random() < 0.3:
            drawn.device(f"{MARK}-inside-{n}", office)  # somebody's switch behind the end of the circuit
    for n in range(dice.randint(0, 2)):  # of both: whom it names decides nothing
        office = drawn.office(f"dua-{n}", dice.choice([OWN, OTHER, None]))
        cpe = drawn.device(f"cpe-dua-{n}", office)
        strange = drawn.device(f"{MARK}-cpe-dua-{n}", office, OTHER)
        drawn.link(f"nusa-dua-{n}", cpe, cloud, OWN)
        drawn.link(f"{MARK}-dua-{n}", strange, strange_cloud, OTHER, duct, node)
        drawn.link(f"{MARK}-in-{n}", cpe, strange, None)
    for n in range(dice.randint(1, 3)):  # the other's
        office = drawn.office(f"{MARK}-{n}", OTHER)
        cpe = drawn.device(f"{MARK}-cpe-{n}", office, dice.choice([OTHER, None]))
        drawn.link(f"{MARK}-l{n}", cpe, dice.choice([strange_cloud, core]), OTHER, strange_duct)
    for n in range(dice.randint(0, 2)):  # the region's own
        office = drawn.office(f"{MARK}-own-{n}", None)
        switch = drawn.device(f"{MARK}-own-sw-{n}", office, risk_groups=(feed,))
        drawn.link(f"{MARK}-own-l{n}", switch, core, None)
    for n, provider in enumerate([OWN, OTHER]):
        id_ = f"rencana-{n}" if provider == OWN else f"{MARK}-rencana-{n}"
        drawn.office(id_, provider, active=False)
    server = drawn.device(f"{MARK}-server", hub, role=DeviceRole.SERVER)
    drawn.link(f"{MARK}-server-l", server, core, None)
    application = Application(
        ApplicationId(f"{MARK}-surat"), f"e-Surat {MARK}", server, f"https://{STAFF}.{MARK}.example/"
    )
    contact = (Contact(f"NOC {OTHER}", f"noc@{MARK}.example", f"+62 {MARK}"),)
    return Inventory(
        Network("Kabupaten Uji"),
        (core,),
        (hub,),
        drawn.offices,
        drawn.devices,
        drawn.links,
        {
            OWN: Provider(OWN, "Nusa Net", 99.5, 1_000_000),
            OTHER: Provider(OTHER, f"PT {MARK.upper()} Jaya", 99.1, 7_777_777, contact),
        },
        drawn.groups,
        {application.id: application},
        {CredentialId(STAFF): Credential(CredentialId(STAFF), CredentialKind.SNMP_V2C, community_env=STAFF)},
    )


def a_bad_day(seed: int) -> SampleBackend:
    """The network with verdict, incidents, log, measured values and an audit log, all full of marks."""
    inventory = draw(seed)
    dice = random.Random(seed + 1)
    backend = SampleBackend(inventory, access=MemoryAccess())
    backend.clock.at = NOW
    causes = tuple(_cause(dice, inventory, n) for n in range(dice.randint(2, 5)))
    backend.newest = Verdict(
        NOW,
        {
            o: OfficeVerdict(
                o,
                Connectivity.NOT_CONNECTED
                if office.connection is not ConnectionStage.ACTIVE
                else dice.choice([*Connectivity][:4]),
                NOW - timedelta(minutes=dice.randint(1, 90)),
                dice.randint(0, 3),
                3,
                tuple(c.group for c in causes if dice.random() < 0.6),
            )
            for o, office in inventory.offices.items()
        },
        {d: dice.choice(list(DeviceCondition)) for d in inventory.devices},
        {link: dice.choice(list(LinkCondition)) for link in inventory.links},
        causes,
        applications={
            a: ApplicationVerdict(a, False, tuple(inventory.offices)) for a in inventory.applications
        },
        management_faults=tuple(inventory.devices),
    )
    backend.told = [_incident(dice, inventory, n) for n in range(dice.randint(3, 7))]
    subjects = _components(inventory)
    for n in range(40):
        change = StateChange(
            NOW - timedelta(minutes=80 - n),
            dice.choice(subjects),
            None if n % 3 else "up",
            "down",
            f"{MARK} {STAFF} said so",
        )
        if change.subject.kind in (ComponentKind.OFFICE, ComponentKind.LINK, ComponentKind.DEVICE):
            backend.log.append(RecordedChange(len(backend.log) + 1, _sane(change, dice)))
    backend.checks = [ReadinessCheck("records", False, f"{MARK} disk of {STAFF}")]
    backend.counters = {f"{MARK}_polls": 3}
    backend.measured = _measured(inventory)
    for id_, subjects in {
        f"M-{MARK}": [Component(ComponentKind.LINK, f"{MARK}-up")],
        "M-1": [Component(ComponentKind.LINK, "nusa-up"), Component(ComponentKind.LINK, f"{MARK}-up")],
    }.items():
        backend.records.save_window(
            Window(
                WindowId(id_),
                f"{MARK} {STAFF}",
                tuple(subjects),
                NOW - timedelta(hours=1),
                NOW + timedelta(hours=1),
                None,
                f"{STAFF} Rina",
                NOW - timedelta(days=1),
                note=STAFF,
            )
        )
    return backend


async def a_register(backend: SampleBackend) -> SampleBackend:
    """The same, with progress of the roll-out and causes that people found."""
    for office in (o for o in backend.inventory.offices.values() if MARK in o.id):
        await backend.register.add_progress(
            office.id, f"{STAFF} Rina", ConnectionStage.SURVEYED, f"{MARK} {STAFF}", None, None
        )
    return backend


def _sane(change: StateChange, dice: random.Random) -> StateChange:
    states: dict[ComponentKind, list[str]] = {
        ComponentKind.OFFICE: [c.value for c in Connectivity],
        ComponentKind.LINK: [c.value for c in LinkCondition],
        ComponentKind.DEVICE: [c.value for c in DeviceCondition],
    }
    return StateChange(change.at, change.subject, None, dice.choice(states[change.subject.kind]), change.why)


def _components(inventory: Inventory) -> list[Component]:
    return [
        *(Component(ComponentKind.OFFICE, i) for i in inventory.offices),
        *(Component(ComponentKind.LINK, i) for i in inventory.links),
        *(Component(ComponentKind.DEVICE, i) for i in inventory.devices),
        *(Component(ComponentKind.RISK_GROUP, i) for i in inventory.risk_groups),
        *(Component(ComponentKind.PROVIDER, i) for i in inventory.providers),
        *(Component(ComponentKind.PORT, f"{i}:ge0/9") for i in inventory.devices if MARK in i),
    ]


def _some(dice: random.Random, inventory: Inventory, most: int) -> tuple[Component, ...]:
    everything = _components(inventory)
    return tuple(dice.sample(everything, dice.randint(1, min(most, len(everything)))))


def _cause(dice: random.Random, inventory: Inventory, n: int) -> Cause:
    offices = list(inventory.offices)
    return Cause(
        f"{MARK}-group-{n // 2}",
        1 + n % 2,
        _some(dice, inventory, 2),
        _some(dice, inventory, 4),
        0.8,
        f"{MARK} is dark, {STAFF}",
        NOW - timedelta(minutes=9),
        cut=tuple(dice.sample(offices, 2)),
        degraded=tuple(dice.sample(offices, 1)),
    )


def _incident(dice: random.Random, inventory: Inventory, n: int) -> Incident:
    began = NOW - timedelta(minutes=60 - n)
    resolved = dice.random() < 0.3
    words = f"{MARK} {STAFF}"
    offices = dice.sample(list(inventory.offices), dice.randint(0, 3))
    return Incident(
        IncidentId(f"R-261121-{n:03}"),
        dice.choice(list(IncidentKind)),
        IncidentStatus.RESOLVED
        if resolved
        else dice.choice([IncidentStatus.OPEN, IncidentStatus.ACKNOWLEDGED]),
        dice.choice(list(Severity)),
        _some(dice, inventory, 2),
        _some(dice, inventory, 4),
        0.7,
        words,
        began,
        alternatives=(Hypothesis(_some(dice, inventory, 2), 0.2, words),),
        opened_at=began,
        acknowledged_at=began,
        acknowledged_by=f"{STAFF} Rina",
        resolved_at=NOW - timedelta(minutes=1) if resolved else None,
        offices=tuple(AffectedOffice(o, Connectivity.CUT, began) for o in offices),
        timeline=tuple(
            TimelineEntry(began, what, words, dice.choice([None, f"{STAFF} Rina"])) for what in Happened
        ),
        group=words,
        condition=dice.choice(list(ConditionKind)),
        facts=((f"{MARK}_dbm", -3.0), ("device", words)),
        assigned_to=f"{STAFF} Budi",
        ticket=None,
        held_by=(words,),
    )


def _measured(inventory: Inventory) -> dict[str, list[Series]]:
    rows = (Row(int(NOW.timestamp()) - 60, {f: 1.0 for m in names.MEASUREMENTS.values() for f in m.fields}),)
    found: dict[str, list[Series]] = {m: [] for m in names.MEASUREMENTS}
    for link in inventory.links.values():
        for end in link.ends:
            office = inventory.devices[end.device].office
            tags = {"device": end.device, "if_name": end.if_name or "", "link": link.id}
            tags["lane"] = MARK if MARK in end.device else "1"
            tags |= {"provider": link.provider} if link.provider else {}
            tags |= {"office": office} if office else {}
            found[names.INTERFACE].append(Series(tags, rows))
            found[names.OPTICS].append(Series(tags, rows))
        own = {"link": link.id, "medium": "fiber"} | ({"provider": link.provider} if link.provider else {})
        found[names.LINK].append(Series(own, rows))
    for device in inventory.devices.values():
        tags = {"device": device.id} | ({"office": device.office} if device.office else {})
        for measurement in (names.PROBE, names.DEVICE, names.SENSOR):
            found[measurement].append(Series(tags, rows))
        found[names.INTERFACE].append(
            Series({**tags, "if_name": "ge9" if device.provider == OWN else f"{MARK}9"}, rows)
        )
    for office in inventory.offices.values():
        tags = {"office": office.id, "kind": office.kind.value}
        tags |= {"provider": office.provider} if office.provider else {}
        found[names.OFFICE].append(Series(tags, rows))
    for other in set(found) - {names.INTERFACE, names.OPTICS, names.LINK, names.PROBE, names.DEVICE}:
        found[other].append(Series({MARK: MARK}, rows))
    return found

"""The checked rows of a file to the values of `topology.model`. Nothing can go wrong here any more."""

from __future__ import annotations

from collections.abc import Iterable

from topology.inventory_schema import (
    ApplicationRow,
    ContactRow,
    CredentialRow,
    DefaultsRow,
    DeviceRow,
    EndRow,
    InventoryFile,
    LinkRow,
    OfficeRow,
    ProviderRow,
    RestitutionRow,
)
from topology.model import (
    Application,
    ApplicationId,
    Contact,
    Credential,
    CredentialId,
    Device,
    DeviceId,
    Inventory,
    Link,
    LinkEnd,
    LinkId,
    Location,
    Network,
    Office,
    OfficeId,
    Provider,
    ProviderId,
    Restitution,
    RestitutionStep,
    RiskGroup,
    RiskGroupId,
)


def build(file: InventoryFile) -> Inventory:
    credentials = [_credential(c) for c in file.credentials or ()]
    providers = [_provider(p) for p in file.providers or ()]
    risks = [RiskGroup(RiskGroupId(r.id), r.kind, r.name or r.id) for r in file.risk_groups or ()]
    offices = [_office(o) for o in file.offices]
    devices = [_device(d, file.defaults) for d in file.devices]
    links = [_link(link) for link in file.links]
    applications = [_application(a) for a in file.applications or ()]
    return Inventory(
        network=Network(file.network.name, file.network.timezone, file.network.language),
        vantages=tuple(dict.fromkeys(DeviceId(v) for v in file.vantage)),
        hubs=tuple(dict.fromkeys(OfficeId(h) for h in file.hubs)),
        offices={o.id: o for o in offices},
        devices={d.id: d for d in devices},
        links={link.id: link for link in links},
        providers={p.id: p for p in providers},
        risk_groups={r.id: r for r in risks},
        applications={a.id: a for a in applications},
        credentials={c.id: c for c in credentials},
    )


def _contacts(rows: Iterable[ContactRow] | None) -> tuple[Contact, ...]:
    return tuple(Contact(c.name, c.email, c.phone, c.telegram) for c in rows or ())


def _risks(ids: Iterable[str] | None) -> tuple[RiskGroupId, ...]:
    return tuple(dict.fromkeys(RiskGroupId(r) for r in ids or ()))


def _provider_id(name: str | None) -> ProviderId | None:
    return None if name is None else ProviderId(name)


def _credential(row: CredentialRow) -> Credential:
    values = row.model_dump()
    values["id"] = CredentialId(row.id)
    values["agent"] = bool(row.agent)
    return Credential(**values)


def _provider(row: ProviderRow) -> Provider:
    return Provider(
        ProviderId(row.id),
        row.name or row.id,
        row.sla_percent,
        row.monthly_fee_idr,
        _contacts(row.contacts),
        Restitution() if row.restitution is None else _restitution(row.restitution),
    )


def _restitution(row: RestitutionRow) -> Restitution:
    steps = tuple(RestitutionStep(s.below_percent, s.fee_percent) for s in row.steps or ())
    return Restitution(row.kind, row.counts_over_s, row.only_below_sla, steps)


def _office(row: OfficeRow) -> Office:
    place = row.location
    return Office(
        id=OfficeId(row.id),
        name=row.name or row.id,
        kind=row.kind,
        kecamatan=row.kecamatan,
        priority=row.priority,
        location=None if place is None else Location(place.latitude_deg, place.longitude_deg),
        connection=row.connection,
        provider=_provider_id(row.provider),
        target_date=row.target_date,
        phase=row.phase,
        contacts=_contacts(row.contacts),
    )


def _device(row: DeviceRow, defaults: DefaultsRow) -> Device:
    snmp = defaults.snmp if row.snmp is None else row.snmp
    ssh = defaults.ssh if row.ssh is None else row.ssh
    cloud = row.role == "cloud"
    return Device(
        id=DeviceId(row.id),
        office=None if row.office is None else OfficeId(row.office),
        address=None if cloud else row.address,
        role=row.role,
        profile=row.profile,
        snmp=tuple(CredentialId(c) for c in snmp or ()),
        ssh=None if ssh is None else CredentialId(ssh),
        provider=_provider_id(row.provider),
        risk_groups=_risks(row.risk_groups),
        poll_interval_s=defaults.poll_interval_s if row.poll_interval_s is None else row.poll_interval_s,
        probe_interval_s=defaults.probe_interval_s if row.probe_interval_s is None else row.probe_interval_s,
        name=row.name,
    )


def _end(row: EndRow) -> LinkEnd:
    return LinkEnd(DeviceId(row.device), row.port)


def _link(row: LinkRow) -> Link:
    return Link(
        id=LinkId(row.id),
        a=_end(row.a),
        b=_end(row.b),
        medium=row.medium,
        provider=_provider_id(row.provider),
        circuit_id=row.circuit_id,
        capacity_bps=row.capacity_bps,
        length_m=row.length_m,
        risk_groups=_risks(row.risk_groups),
        rx_min_dbm=row.rx_min_dbm,
        rx_max_dbm=row.rx_max_dbm,
        name=row.name,
    )


def _application(row: ApplicationRow) -> Application:
    used_by = (
        None if row.used_by is None or row.used_by == ["all"] else tuple(OfficeId(o) for o in row.used_by)
    )
    return Application(ApplicationId(row.id), row.name or row.id, DeviceId(row.hosted_at), row.url, used_by)

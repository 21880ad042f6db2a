"""The things a network of offices is made of. Frozen values, built by `topology.inventory`.

Units stand in names; absence is ``None``; ids are their own types so that they can't be mixed up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NewType

OfficeId = NewType("OfficeId", str)
DeviceId = NewType("DeviceId", str)
LinkId = NewType("LinkId", str)
ProviderId = NewType("ProviderId", str)
RiskGroupId = NewType("RiskGroupId", str)
ApplicationId = NewType("ApplicationId", str)
CredentialId = NewType("CredentialId", str)


class OfficeKind(StrEnum):
    DINAS = "dinas"
    BADAN = "badan"
    SEKRETARIAT = "sekretariat"
    INSPEKTORAT = "inspektorat"
    KECAMATAN = "kecamatan"
    KELURAHAN = "kelurahan"
    DESA = "desa"
    PUSKESMAS = "puskesmas"
    RSUD = "rsud"
    SEKOLAH = "sekolah"
    OTHER = "other"


class ConnectionStage(StrEnum):
    """How far an office's own connection has come; only `ACTIVE` ones are judged."""

    PLANNED = "planned"
    SURVEYED = "surveyed"
    ORDERED = "ordered"
    INSTALLING = "installing"
    ACTIVE = "active"


class DeviceRole(StrEnum):
    CORE = "core"
    DISTRIBUTION = "distribution"
    ACCESS = "access"
    CPE = "cpe"
    OLT = "olt"
    ONU = "onu"
    UPS = "ups"
    SERVER = "server"
    CLOUD = "cloud"
    """A provider's network whose inside is not ours: a node without an address, never polled."""


class Medium(StrEnum):
    FIBER = "fiber"
    COPPER = "copper"
    RADIO = "radio"
    CELLULAR = "cellular"
    SATELLITE = "satellite"
    VPN = "vpn"


class RiskGroupKind(StrEnum):
    DUCT = "duct"
    POLE_ROUTE = "pole_route"
    CABLE = "cable"
    POWER_FEED = "power_feed"
    SITE = "site"
    PROVIDER_NODE = "provider_node"


class CredentialKind(StrEnum):
    SNMP_V1 = "snmp_v1"
    SNMP_V2C = "snmp_v2c"
    SNMP_V3 = "snmp_v3"
    SSH = "ssh"


class Language(StrEnum):
    ID = "id"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Location:
    """WGS 84."""

    latitude_deg: float
    longitude_deg: float


@dataclass(frozen=True, slots=True)
class Contact:
    name: str
    email: str | None = None
    phone: str | None = None
    telegram: str | None = None


class RestitutionKind(StrEnum):
    PROPORTIONAL = "proportional"
    """The fee, times the counted part of the month."""
    STEPS = "steps"
    """A share of the fee that rises as the month's availability falls."""


@dataclass(frozen=True, slots=True)
class RestitutionStep:
    below_percent: float
    """Owed when the month's availability is below this."""
    fee_percent: float


@dataclass(frozen=True, slots=True)
class Restitution:
    """What a provider owes back for outages, by its contract (docs/sla.md)."""

    kind: RestitutionKind = RestitutionKind.PROPORTIONAL
    counts_over_s: float = 300.0
    """An outage longer than this counts, one of this length or less does not."""
    only_below_sla: bool = False
    """Nothing is owed while the agreed availability is met."""
    steps: tuple[RestitutionStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Provider:
    id: ProviderId
    name: str
    sla_percent: float | None = None
    monthly_fee_idr: int | None = None
    contacts: tuple[Contact, ...] = ()
    restitution: Restitution = Restitution()


@dataclass(frozen=True, slots=True)
class RiskGroup:
    """Things that fail together: a shared risk group (links of one duct, devices of one power feed)."""

    id: RiskGroupId
    kind: RiskGroupKind
    name: str


@dataclass(frozen=True, slots=True)
class Office:
    id: OfficeId
    name: str
    kind: OfficeKind = OfficeKind.OTHER
    kecamatan: str | None = None
    priority: int = 3
    """1 highest to 4 lowest."""
    location: Location | None = None
    connection: ConnectionStage = ConnectionStage.ACTIVE
    provider: ProviderId | None = None
    target_date: date | None = None
    phase: int | None = None
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class Address:
    """Where a device answers. `port` is the SNMP port when it isn't 161."""

    host: str
    port: int | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Device:
    id: DeviceId
    office: OfficeId | None
    """``None`` only for a provider's cloud."""
    address: Address | None = None
    """``None``: not monitored; nothing is ever concluded from its silence."""
    role: DeviceRole = DeviceRole.CPE
    profile: str = "auto"
    snmp: tuple[CredentialId, ...] = ()
    """Tried in order on first contact only."""
    ssh: CredentialId | None = None
    provider: ProviderId | None = None
    risk_groups: tuple[RiskGroupId, ...] = ()
    poll_interval_s: float = 60.0
    probe_interval_s: float = 10.0
    name: str | None = None

    @property
    def monitored(self) -> bool:
        return self.address is not None


@dataclass(frozen=True, slots=True)
class PortRef:
    """A port by name, never by ifIndex: that one renumbers after a reboot."""

    device: DeviceId
    if_name: str

    def __str__(self) -> str:
        return f"{self.device}:{self.if_name}"


@dataclass(frozen=True, slots=True)
class LinkEnd:
    device: DeviceId
    if_name: str | None = None
    """May be absent at an end that isn't monitored."""

    @property
    def port(self) -> PortRef | None:
        return None if self.if_name is None else PortRef(self.device, self.if_name)


@dataclass(frozen=True, slots=True)
class Link:
    id: LinkId
    a: LinkEnd
    b: LinkEnd
    medium: Medium = Medium.FIBER
    provider: ProviderId | None = None
    circuit_id: str | None = None
    capacity_bps: int | None = None
    length_m: float | None = None
    risk_groups: tuple[RiskGroupId, ...] = ()
    rx_min_dbm: float | None = None
    rx_max_dbm: float | None = None
    name: str | None = None

    @property
    def ends(self) -> tuple[LinkEnd, LinkEnd]:
        return (self.a, self.b)

    def other(self, device: DeviceId) -> LinkEnd:
        """The end that is not at `device`. Raises KeyError when the link does not touch it."""
        if self.a.device == device:
            return self.b
        if self.b.device == device:
            return self.a
        raise KeyError(device)


@dataclass(frozen=True, slots=True)
class Application:
    id: ApplicationId
    name: str
    hosted_at: DeviceId
    url: str | None = None
    used_by: tuple[OfficeId, ...] | None = None
    """``None``: by all offices."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Where a secret is, never the secret: names of environment variables or paths of files."""

    id: CredentialId
    kind: CredentialKind
    user: str | None = None
    community_env: str | None = None
    community_file: str | None = None
    auth: str | None = None
    """SNMPv3: MD5, SHA1, SHA224, SHA256, SHA384 or SHA512; ``None`` is noAuth."""
    auth_key_env: str | None = None
    auth_key_file: str | None = None
    priv: str | None = None
    """SNMPv3: DES, AES128, AES192 or AES256; ``None`` is noPriv."""
    priv_key_env: str | None = None
    priv_key_file: str | None = None
    context: str | None = None
    key_file: str | None = None
    password_env: str | None = None
    password_file: str | None = None
    port: int | None = None
    agent: bool = False
    """SSH: keys of the running ssh-agent may be used."""
    jump: str | None = None
    """SSH: CREDENTIAL/host or CREDENTIAL/host:port of the host to go through."""
    known_hosts: str | None = None
    """SSH: file of trusted host keys; ``None``: the application's own."""


@dataclass(frozen=True, slots=True)
class Network:
    name: str
    timezone: str = "Asia/Makassar"
    language: Language = Language.ID


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything declared. Cross references are already checked: every id used here exists."""

    network: Network
    vantages: tuple[DeviceId, ...]
    """The devices the monitor is attached to, the first being its usual way in."""
    hubs: tuple[OfficeId, ...]
    offices: Mapping[OfficeId, Office]
    devices: Mapping[DeviceId, Device]
    links: Mapping[LinkId, Link]
    providers: Mapping[ProviderId, Provider] = field(default_factory=dict)
    risk_groups: Mapping[RiskGroupId, RiskGroup] = field(default_factory=dict)
    applications: Mapping[ApplicationId, Application] = field(default_factory=dict)
    credentials: Mapping[CredentialId, Credential] = field(default_factory=dict)

"""The form of `inventory.yaml`: which keys there are, what they hold and what they default to.

The models check shapes and single values; what spans several of them is `topology.inventory_checks`.
`json_schema()` is what editors complete by.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from topology.inventory_values import (
    AuthProtocol,
    Day,
    EnvironmentName,
    Host,
    Id,
    Ids,
    OneOrMore,
    PrivProtocol,
    Real,
    Text,
    WebAddress,
    Whole,
)
from topology.model import (
    ConnectionStage,
    CredentialKind,
    DeviceRole,
    Language,
    Medium,
    OfficeKind,
    RestitutionKind,
    RiskGroupKind,
)


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class NetworkRow(_Row):
    name: Text = Field("Network", description="The name shown on pages and in messages.")
    timezone: str = Field(
        "Asia/Makassar", description="IANA time zone of pages, messages and monthly reports."
    )
    language: Language = Field(Language.ID, description="Of messages and pages: id (Indonesian) or en.")


class ContactRow(_Row):
    name: Text = Field("", description="A person, or a desk such as 'NOC'.")
    email: str | None = None
    phone: Text | None = None
    telegram: Text | None = Field(None, description="A Telegram chat id or user name.")


class DefaultsRow(_Row):
    snmp: OneOrMore | None = Field(
        None, description="Credential (or list, tried in order) of devices that name none."
    )
    ssh: Id | None = Field(None, description="SSH credential of devices that name none.")
    poll_interval_s: Real = Field(60.0, gt=0, le=86400, description="Seconds between two full SNMP polls.")
    probe_interval_s: Real = Field(
        10.0, gt=0, le=86400, description="Seconds between two reachability probes."
    )


class CredentialRow(_Row):
    id: Id = Field(description="The name devices use for it.")
    kind: CredentialKind
    user: Text | None = Field(None, description="snmp_v3 and ssh: the user's name.")
    community_env: EnvironmentName | None = Field(
        None, description="Environment variable that holds the community."
    )
    community_file: str | None = Field(None, description="File that holds the community.")
    auth: AuthProtocol | None = Field(None, description="snmp_v3: authentication; left out: none.")
    auth_key_env: EnvironmentName | None = None
    auth_key_file: str | None = None
    priv: PrivProtocol | None = Field(None, description="snmp_v3: encryption; left out: none.")
    priv_key_env: EnvironmentName | None = None
    priv_key_file: str | None = None
    context: Text | None = Field(None, description="snmp_v3: context name.")
    key_file: str | None = Field(None, description="ssh: file of the private key.")
    password_env: EnvironmentName | None = None
    password_file: str | None = None
    port: Whole | None = Field(None, ge=1, le=65535, description="ssh: port when it isn't 22.")
    agent: bool | None = Field(None, description="ssh: use the keys of the running ssh-agent.")
    jump: Text | None = Field(
        None, description="ssh: CREDENTIAL/host of a host to go through; its host key is checked, too."
    )
    known_hosts: str | None = Field(
        None, description="ssh: file of trusted host keys, when it isn't the setting's."
    )


class StepRow(_Row):
    below_percent: Real = Field(gt=0, le=100, description="Owed when the month's availability is below this.")
    fee_percent: Real = Field(gt=0, le=100, description="Share of the month's fee that is owed.")


class RestitutionRow(_Row):
    kind: RestitutionKind = Field(
        RestitutionKind.PROPORTIONAL,
        description="proportional: the fee times the counted part of the month; steps: by availability.",
    )
    counts_over_s: Real = Field(300.0, ge=0, description="An outage longer than this counts.")
    only_below_sla: bool = Field(False, description="Nothing is owed while sla_percent is met.")
    steps: list[StepRow] | None = Field(None, description="For kind steps: the lowest step reached counts.")

    @model_validator(mode="after")
    def _steps_where_needed(self) -> RestitutionRow:
        if (self.kind is RestitutionKind.STEPS) != bool(self.steps):
            raise PydanticCustomError(
                "restitution", "kind: steps needs a list of steps, and proportional has none"
            )
        return self


class ProviderRow(_Row):
    id: Id
    name: Text | None = Field(None, description="Left out: the id.")
    sla_percent: Real | None = Field(
        None, ge=0, le=100, description="Availability agreed per month, e.g. 99.5."
    )
    monthly_fee_idr: Whole | None = Field(None, ge=0, description="Fee of one circuit, in rupiah.")
    restitution: RestitutionRow | None = Field(None, description="What it owes back for outages.")
    contacts: list[ContactRow] | None = None


class RiskGroupRow(_Row):
    id: Id
    kind: RiskGroupKind = RiskGroupKind.DUCT
    name: Text | None = Field(None, description="Left out: the id.")


class LocationRow(_Row):
    """WGS 84."""

    latitude_deg: Real = Field(ge=-90, le=90, description="South is negative.")
    longitude_deg: Real = Field(ge=-180, le=180, description="East is positive.")


class OfficeRow(_Row):
    id: Id
    name: Text | None = Field(None, description="As people say it; left out: the id.")
    kind: OfficeKind = OfficeKind.OTHER
    kecamatan: Text | None = None
    priority: Whole = Field(3, ge=1, le=4, description="1 highest to 4 lowest: decides how loud an alert is.")
    location: LocationRow | None = None
    connection: ConnectionStage = Field(
        ConnectionStage.ACTIVE, description="How far its connection has come. Only active offices are judged."
    )
    provider: Id | None = Field(None, description="Who connects it, or is to connect it.")
    target_date: Day | None = Field(None, description="When it is to be connected.")
    phase: Whole | None = Field(None, ge=0, description="Phase of the roll-out plan.")
    contacts: list[ContactRow] | None = None


class DeviceRow(_Row):
    id: Id
    name: Text | None = None
    office: Id | None = Field(None, description="Where it stands. Only a role: cloud has none.")
    address: Host | None = Field(
        None, description="host, host:port or [v6]:port (the SNMP port). Left out: not monitored."
    )
    role: DeviceRole = DeviceRole.CPE
    profile: Text = Field("auto", description="Vendor profile; auto asks the device (sysObjectID).")
    snmp: OneOrMore | None = Field(None, description="Credential, or a list tried in order on first contact.")
    ssh: Id | None = Field(None, description="Credential of kind ssh.")
    provider: Id | None = None
    risk_groups: Ids | None = Field(None, description="What it fails together with, e.g. a power feed.")
    poll_interval_s: Real | None = Field(None, gt=0, le=86400)
    probe_interval_s: Real | None = Field(None, gt=0, le=86400)


class EndRow(_Row):
    device: Id
    port: Text | None = Field(
        None,
        min_length=1,
        description="The port's name (ifName). May be left out at an end that isn't monitored.",
    )


class LinkRow(_Row):
    id: Id
    name: Text | None = None
    a: EndRow
    b: EndRow
    medium: Medium = Medium.FIBER
    provider: Id | None = None
    circuit_id: Text | None = Field(None, description="The provider's name for it, quoted in tickets.")
    capacity_bps: Whole | None = Field(None, gt=0, description="Bits per second.")
    length_m: Real | None = Field(None, ge=0, description="Length of the cable or path, in metres.")
    risk_groups: Ids | None = Field(None, description="Ducts, pole routes and cables it runs through.")
    rx_min_dbm: Real | None = Field(
        None, ge=-60, le=20, description="Receive power below this is too little light."
    )
    rx_max_dbm: Real | None = Field(
        None, ge=-60, le=20, description="Receive power above this is too much light."
    )


class ApplicationRow(_Row):
    id: Id
    name: Text | None = Field(None, description="Left out: the id.")
    hosted_at: Id = Field(description="The device behind which it runs.")
    url: WebAddress | None = Field(None, description="Asked from the monitor to see whether it works.")
    used_by: OneOrMore | None = Field(None, description="'all' (the default) or a list of office ids.")


class InventoryFile(_Row):
    """The network as it is declared: offices, devices, links and what they depend on."""

    version: Annotated[Literal["1"], WithJsonSchema({"enum": [1, "1"]})] = Field(
        description="Version of this file's form."
    )
    network: NetworkRow
    vantage: OneOrMore = Field(description="The device (or devices) the monitor is attached to.")
    hubs: Ids = Field(description="An office is connected when it reaches one of these offices.")
    defaults: DefaultsRow = Field(DefaultsRow(), description="For devices that don't say otherwise.")
    credentials: list[CredentialRow] | None = Field(
        None, description="Where secrets are; never a secret itself."
    )
    providers: list[ProviderRow] | None = None
    risk_groups: list[RiskGroupRow] | None = Field(None, description="Things that fail together.")
    offices: list[OfficeRow]
    devices: list[DeviceRow]
    links: list[LinkRow]
    applications: list[ApplicationRow] | None = None


_ROWS: dict[str, type[_Row]] = {
    "network": NetworkRow,
    "defaults": DefaultsRow,
    "credentials": CredentialRow,
    "providers": ProviderRow,
    "restitution": RestitutionRow,
    "steps": StepRow,
    "risk_groups": RiskGroupRow,
    "offices": OfficeRow,
    "devices": DeviceRow,
    "links": LinkRow,
    "applications": ApplicationRow,
    "contacts": ContactRow,
    "location": LocationRow,
    "a": EndRow,
    "b": EndRow,
}


def allowed_keys(path: tuple[str | int, ...]) -> list[str]:
    """The keys a mapping at `path` may have."""
    name = next((step for step in reversed(path) if isinstance(step, str)), None)
    return list((InventoryFile if name is None else _ROWS[name]).model_fields)


_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file, for editors."""
    schema = InventoryFile.model_json_schema(mode="validation")
    _tidy(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Ronda inventory",
        **schema,
    }


def json_schema_text() -> str:
    """What `docs/inventory.schema.json` holds."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _tidy(node: object) -> None:
    """Three things pydantic leaves undone: an optional key may be written without a value, limits of an
    optional number have their standard names, and a title that repeats the key says nothing."""
    if isinstance(node, list):
        for item in node:
            _tidy(item)
    if not isinstance(node, dict):
        return
    for ours, standard in _BOUNDS.items():
        if isinstance(node.get(ours), int | float):
            node[standard] = node.pop(ours)
    if isinstance(node.get("title"), str):
        del node["title"]
    properties = node.get("properties")
    if isinstance(properties, dict):
        for name, rule in properties.items():
            if name not in node.get("required", ()):
                properties[name] = _nullable(rule)
    for value in node.values():
        _tidy(value)


def _nullable(rule: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {k: rule.pop(k) for k in ("description", "default") if k in rule}
    if kept.get("default", "") is None:
        del kept["default"]
    if {"type": "null"} not in rule.get("anyOf", ()):
        rule = {"anyOf": [rule, {"type": "null"}]}
    return {**rule, **kept}

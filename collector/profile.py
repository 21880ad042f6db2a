"""Vendor knowledge as data: the schema of `profiles/*.yaml`, and the choice of one for a device.

A profile is chosen by sysObjectID (longest prefix), then by sysDescr, else it is `generic`. It says which
standard parts to read, which private tables hold optics and sensors, in what units, and what to leave
alone. docs/profiles.md teaches how to write one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from collector.quirks import LABELS, QUIRKS

GENERIC = "generic"
AUTO = "auto"

_OID = re.compile(r"^\d+(\.\d+)+$")


class ProfileError(ValueError):
    """Profiles that can't be used; the message lists every mistake with its file."""


def _check_oid(value: str) -> str:
    if not _OID.match(value):
        raise ValueError(f"{value!r} is no OID: digits with dots between, no leading dot")
    return value


def _check_quirk(value: str) -> str:
    if value not in QUIRKS:
        raise ValueError(f"unknown quirk {value!r}; collector/quirks.py has {', '.join(sorted(QUIRKS))}")
    return value


def _check_label(value: str) -> str:
    if value not in LABELS:
        raise ValueError(
            f"unknown label quirk {value!r}; collector/quirks.py has {', '.join(sorted(LABELS))}"
        )
    return value


OidText = Annotated[str, AfterValidator(_check_oid)]
QuirkName = Annotated[str, AfterValidator(_check_quirk)]

Part = Literal[
    "system", "interfaces", "lldp", "cdp", "ospf", "bgp", "entity_sensors", "host_resources", "ucd", "ups"
]
PowerUnit = Literal["dbm", "centi_dbm", "deci_dbm", "milli_dbm", "mw", "uw", "deci_uw", "nw"]
IndexPart = Literal["if_index", "if_name", "entity", "lane", "kind", "port", "slot", "onu", "frame", "skip"]
PowerLimit = Literal[
    "rx_low_alarm",
    "rx_low_warning",
    "rx_high_warning",
    "rx_high_alarm",
    "tx_low_alarm",
    "tx_low_warning",
    "tx_high_warning",
    "tx_high_alarm",
]
Reading = Literal["rx", "tx", "temperature", "bias", "voltage"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Power(_Strict):
    """One column of optical power. `scale` multiplies the raw number before the unit is applied."""

    oid: OidText
    unit: PowerUnit = "dbm"
    scale: float = 1.0
    absent: tuple[int | float | str, ...] = ()
    """Raw values that mean "no reading"."""
    dark: tuple[int | float | str, ...] = ()
    """Raw values that mean "no light comes in"."""
    quirk: QuirkName | None = None
    """Takes the raw value instead of `unit` and `scale`, gives dBm."""


class Number(_Strict):
    """One column that is a plain number once scaled."""

    oid: OidText
    scale: float = 1.0
    offset: float = 0.0
    absent: tuple[int | float | str, ...] = ()
    quirk: QuirkName | None = None


class Optics(_Strict):
    """A table with optical readings, one row a port, a lane or an ONU."""

    name: str
    """The table's name in its MIB."""
    index: tuple[IndexPart, ...] = ("if_index",)
    """What the parts of a row's index are, from the left."""
    interface: Literal["if_index", "entity", "if_name", "column", "none"] = "if_index"
    """How a row finds its interface; `none` for ONUs and slots."""
    if_column: OidText | None = None
    """For `if_name`: the column with the port's name. For `column`: the one with its ifIndex."""
    if_pattern: str | None = None
    """For `if_name` without a column: the name made of index parts, e.g. "{slot}/{port}"."""
    label: OidText | None = None
    """A column with the row's own name."""
    label_pattern: str | None = None
    """A name made of index parts, for rows that belong to no interface; `{if_name}` is known too."""
    label_quirk: Annotated[str, AfterValidator(_check_label)] | None = None
    """A named function of quirks.py that makes the name of the index parts."""
    lane: int | None = None
    """For tables with a set of columns a lane: which lane this is."""
    lanes_in_text: bool = False
    """The columns are texts with one number a lane, in order."""
    lanes_from: int | None = None
    """The number of the first lane in the index, when it isn't 1 (0 for Juniper)."""
    rx: Power | None = None
    tx: Power | None = None
    temperature: Number | None = None
    bias: Number | None = None
    voltage: Number | None = None
    limits: Mapping[PowerLimit, Power] = Field(default_factory=dict)
    rx_loss: OidText | None = None
    """A column that is 1 while no light comes in."""
    kinds: Mapping[int, Reading] = Field(default_factory=dict)
    """For tables with one row a reading: what the index part `kind` stands for."""
    dark_below_dbm: float = -39.9
    """At or below this a receiver sees nothing; many agents say -40."""
    zero_is_absent: bool = False
    """Rows that are zero in every column belong to modules without diagnostics, or to empty cages."""
    keep_zeros: bool = False
    """Such rows are reported with their zeros (and `light: unsupported`), not left out."""
    min_interval_s: float = 0.0
    """Not oftener than this: ONU tables, whose reading costs the line card."""


class EntityOptics(_Strict):
    """Sensors with type, scale and precision, hung on ENTITY-MIB: Cisco's and the standard's form."""

    name: str
    base: OidText
    """The value table's entry; columns 1 to 5 are type, scale, precision, value, status."""
    thresholds: OidText | None = None
    """CISCO-ENTITY-SENSOR-MIB entSensorThresholdEntry: severity .2, relation .3, value .4."""
    dbm_type: int | None = 14
    """The type's number for dBm; the standard has none."""
    absent: tuple[int, ...] = ()


class Sensor(_Strict):
    """A column (or a scalar: then its OID ends in .0's parent) with numbers or states."""

    kind: str
    unit: Literal["celsius", "ratio", "rpm", "volts", "amperes", "watts", "seconds", "state"]
    oid: OidText
    name: str | None = None
    """What it is called; `{index}` is the row's index. Without it `name_oid` is read."""
    name_oid: OidText | None = None
    name_join: Literal["same", "first", "last", "entity"] = "same"
    """Which part of the row's index finds its row in `name_oid`."""
    scale: float = 1.0
    absent: tuple[int | float | str, ...] = ()
    states: Mapping[int, str] = Field(default_factory=dict)
    quirk: QuirkName | None = None
    of: OidText | None = None
    """For ratios: the column with the whole."""
    rest: OidText | None = None
    """For ratios: the column with what is left; the whole is both together."""
    only_index: str | None = None
    where_oid: OidText | None = None
    where_value: int | None = None
    """Only rows whose cell in `where_oid` is `where_value`."""


class Match(_Strict):
    sys_object_id: tuple[OidText, ...] = ()
    sys_descr: tuple[str, ...] = ()
    """Regular expressions, searched without regard to case."""

    def describes(self, sys_descr: str | None) -> bool:
        return bool(sys_descr) and any(
            re.search(pattern, sys_descr or "", re.IGNORECASE) for pattern in self.sys_descr
        )


class Profile(_Strict):
    name: str
    title: str
    extends: tuple[str, ...] = ()
    match: Match = Match()
    read: tuple[Part, ...] = ()
    """Standard parts; those of extended profiles come first."""
    leave_out: tuple[Part, ...] = ()
    """Parts of extended profiles that this device should not be asked for."""
    avoid: tuple[OidText, ...] = ()
    """Subtrees that are never asked: some crash an agent, some take it minutes."""
    max_repetitions: int | None = Field(default=None, ge=1, le=100)
    optics: tuple[Optics, ...] = ()
    entity_optics: tuple[EntityOptics, ...] = ()
    sensors: tuple[Sensor, ...] = ()
    traps: Mapping[OidText, str] = Field(default_factory=dict)
    """What an enterprise notification means, by its snmpTrapOID."""

    @model_validator(mode="after")
    def _patterns_compile(self) -> Profile:
        for pattern in self.match.sys_descr:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"sys_descr {pattern!r}: {error}") from error
        for table in self.optics:
            if "kind" in table.index and not table.kinds:
                raise ValueError(f"{table.name}: an index with a kind needs kinds")
            if table.interface in ("if_name", "column") and not (table.if_column or table.if_pattern):
                raise ValueError(f"{table.name}: interface {table.interface} needs if_column or if_pattern")
            if table.rx is None and table.tx is None:
                raise ValueError(f"{table.name}: neither rx nor tx")
        return self


@dataclass(frozen=True)
class Profiles:
    """All profiles, with `extends` already folded in."""

    by_name: Mapping[str, Profile]

    def __getitem__(self, name: str) -> Profile:
        return self.by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    def names(self) -> list[str]:
        return sorted(self.by_name)

    def choose(self, sys_object_id: str | None, sys_descr: str | None) -> Profile:
        """The profile for a device that says so of itself.

        The longest matching sysObjectID prefix decides; where several profiles have the same one (all of
        Cisco's systems do), sysDescr does, and else the one that the others extend.
        """
        best: list[Profile] = []
        best_length = 0
        for profile in self.by_name.values():
            for prefix in profile.match.sys_object_id:
                if sys_object_id and len(prefix) >= best_length and _under(sys_object_id, prefix):
                    best = [profile] if len(prefix) > best_length else [*best, profile]
                    best_length = len(prefix)
        described = [profile for profile in best or self._in_order() if profile.match.describes(sys_descr)]
        if described:
            return described[0]
        extended = {name for profile in best for name in profile.extends}
        base = [profile for profile in best if profile.name in extended]
        return (base or best or [self.by_name[GENERIC]])[0]

    def _in_order(self) -> list[Profile]:
        return [self.by_name[name] for name in self.names()]


def _under(oid: str, prefix: str) -> bool:
    return oid == prefix or oid.startswith(prefix + ".")


def load_profiles(directory: Traversable | None = None) -> Profiles:
    """Reads every *.yaml there (the packaged ones by default). Raises ProfileError with all mistakes."""
    source = directory if directory is not None else resources.files("collector") / "profiles"
    raw: dict[str, dict[str, Any]] = {}
    mistakes: list[str] = []
    for file in sorted(source.iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".yaml"):
            continue
        try:
            document = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader
        except yaml.YAMLError as error:
            mistakes.append(f"{file.name}: {error}")
            continue
        if not isinstance(document, dict):
            mistakes.append(f"{file.name}: not a mapping")
            continue
        if document.get("name") != file.name.removesuffix(".yaml"):
            mistakes.append(f"{file.name}: its name must be {file.name.removesuffix('.yaml')!r}")
            continue
        raw[str(document["name"])] = document
    single: dict[str, Profile] = {}
    for name, document in raw.items():
        try:
            single[name] = Profile.model_validate(document)
        except ValidationError as error:
            mistakes.extend(
                f"{name}.yaml: {'.'.join(map(str, e['loc'])) or 'profile'}: {e['msg']}"
                for e in error.errors()
            )
    if GENERIC not in single and not mistakes:
        mistakes.append(f"no {GENERIC}.yaml")
    folded: dict[str, Profile] = {}
    for name in single:
        try:
            folded[name] = _fold(name, single, ())
        except ProfileError as error:
            mistakes.append(str(error))
    if mistakes:
        raise ProfileError("\n".join(mistakes))
    return Profiles(folded)


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _fold(name: str, profiles: Mapping[str, Profile], seen: tuple[str, ...]) -> Profile:
    """A profile with what it extends in front. Matching is its own; everything else adds up."""
    own = profiles[name]
    if name in seen:
        raise ProfileError(f"{name}.yaml: extends itself by way of {' > '.join((*seen, name))}")
    for parent in own.extends:
        if parent not in profiles:
            raise ProfileError(f"{name}.yaml: extends {parent!r}, which does not exist")
    parents = [_fold(parent, profiles, (*seen, name)) for parent in own.extends]
    read = [part for profile in (*parents, own) for part in profile.read if part not in own.leave_out]
    repetitions = [p.max_repetitions for p in (own, *reversed(parents)) if p.max_repetitions is not None]
    return own.model_copy(
        update={
            "read": tuple(dict.fromkeys(read)),
            "avoid": tuple(dict.fromkeys(oid for p in (*parents, own) for oid in p.avoid)),
            "max_repetitions": repetitions[0] if repetitions else None,
            "optics": _joined(p.optics for p in (*parents, own)),
            "entity_optics": _joined(p.entity_optics for p in (*parents, own)),
            "sensors": tuple(sensor for p in (*parents, own) for sensor in p.sensors),
            "traps": {oid: text for p in (*parents, own) for oid, text in p.traps.items()},
        }
    )


def _joined(groups: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Tables of all, a later one taking the place of an earlier one of the same name."""
    tables: dict[str, Any] = {}
    for group in groups:
        for table in group:
            tables[table.name] = table
    return tuple(tables.values())

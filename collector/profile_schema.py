"""The schema of `profiles/*.yaml`: what a profile can say of a device.

docs/profiles.md teaches how to write one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from collector.profile_ssh import Ssh
from collector.quirks import LABELS, QUIRKS

_OID = re.compile(r"^\d+(\.\d+)+$")


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
    "system",
    "interfaces",
    "lldp",
    "timetra_lldp",
    "cdp",
    "ospf",
    "bgp",
    "entity_sensors",
    "host_resources",
    "ucd",
    "ups",
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
    hundredths: OidText | None = None
    """The column with the two digits behind the point, where `oid` has whole dBm only."""
    sign: OidText | None = None
    """Beside `hundredths`: the column that is -1 below 0 dBm (-0.95 is a 0, a 95 and a -1)."""
    unit_oid: OidText | None = None
    """A scalar by which the device says its unit, for devices on which that is a setting."""
    units: Mapping[int, PowerUnit] = Field(default_factory=dict)
    """What `unit_oid`'s values stand for."""


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
    needs_voltage: bool = False
    """A row with a supply voltage of 0 has no diagnostics: what it says of power is filling."""
    zero_rx_while_down: bool = False
    """A received power of exactly 0 on a port that is down is "no light", not 0 dBm."""
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
    unit: Literal["celsius", "ratio", "rpm", "volts", "amperes", "watts", "seconds", "dbm", "state"]
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
    entity_class: int | None = None
    """Only rows whose entity (the index) is of this entPhysicalClass (6: power supply, 7: fan)."""
    zero_needs: OidText | None = None
    """A zero is a reading only where this column is above zero: parts without a CPU or memory give zeros."""
    unless_oid: OidText | None = None
    """Only on devices that give nothing in this column: the newer way to say the same."""
    only_index: str | None = None
    where_oid: OidText | None = None
    where_value: int | None = None
    """Only rows whose cell in `where_oid` is `where_value`."""


class LldpBeside(_Strict):
    """A vendor's own neighbour table whose rows are numbered as lldpRemIndex is, for agents that leave the
    local port out of LLDP-MIB (RouterOS)."""

    if_index: OidText
    address: OidText | None = None


class Match(_Strict):
    sys_object_id: tuple[OidText, ...] = ()
    sys_descr: tuple[str, ...] = ()
    """Regular expressions, searched without regard to case."""
    when_in_doubt: bool = False
    """Of profiles that share a prefix this one is taken when sysDescr speaks for none of them."""

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
    read_alone: tuple[Part, ...] = ()
    """Parts that devices of this very profile are asked for; profiles that extend it don't inherit them."""
    leave_out: tuple[Part, ...] = ()
    """Parts of extended profiles that this device should not be asked for."""
    avoid: tuple[OidText, ...] = ()
    """Subtrees that are never asked: some crash an agent, some take it minutes."""
    max_repetitions: int | None = Field(default=None, ge=1, le=100)
    lldp_beside: LldpBeside | None = None
    optics: tuple[Optics, ...] = ()
    entity_optics: tuple[EntityOptics, ...] = ()
    sensors: tuple[Sensor, ...] = ()
    traps: Mapping[OidText, str] = Field(default_factory=dict)
    """What an enterprise notification means, by its snmpTrapOID."""
    ssh: Ssh | None = None
    """What can be asked over SSH; an extended profile's, when it has none of its own."""

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

"""The `ssh:` part of a profile: which read-only commands a platform has, and what their output means.

docs/ssh.md teaches how to write one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _check_regex(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from error
    return value


def _one_line(value: str) -> str:
    if not value.isprintable() or not value.strip():
        raise ValueError(f"{value!r}: a command is one line of printable characters")
    return value


Regex = Annotated[str, AfterValidator(_check_regex)]
CommandText = Annotated[str, AfterValidator(_one_line)]
Gives = Literal["optics", "ports", "neighbors", "system", "sensors"]
CellUnit = Literal[
    "dbm", "dbm_x100", "mw", "uw", "celsius", "volts", "mv", "ma", "ua", "amperes", "watts", "rpm", "ratio",
    "percent", "bps", "kbps", "mbps", "gbps", "seconds", "bytes", "state",
]  # fmt: skip

FIELDS: Mapping[str, frozenset[str]] = {
    "optics": frozenset(
        (
            *("if_name", "name", "lane", "present", "loss", "rx_dbm", "tx_dbm", "temperature_c", "bias_ma"),
            "voltage_v",
            *(f"{way}_{side}_{level}_dbm" for way in ("rx", "tx") for side in ("low", "high")
              for level in ("alarm", "warning")),
        )
    ),
    "ports": frozenset(
        (
            *("if_name", "if_descr", "if_alias", "if_index", "admin", "oper", "speed_bps"),
            *("in_octets", "out_octets", "in_errors", "out_errors", "in_discards", "out_discards"),
        )
    ),
    "neighbors": frozenset(
        ("protocol", "local_if_name", "remote_system", "remote_port", "remote_address", "state")
    ),
    "system": frozenset(("sys_name", "sys_descr", "uptime_s", "location")),
}  # fmt: skip
"""What a command's `fields` may name, by what it gives. Sensors are named freely."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Cell(_Strict):
    """One value: where it stands in a row, and how its text is read."""

    source: str | tuple[str, ...] = Field((), alias="from")
    """The row's keys; the first that has a text counts."""
    text: str | None = None
    """Instead of `from`: keys in braces and text around them, e.g. "RouterOS {version}"."""
    pick: Regex | None = None
    """Only what the first group finds counts; nothing found is no value."""
    unit: CellUnit | None = None
    """When the text itself names none."""
    dark: tuple[str, ...] = ()
    """Texts that mean "no light comes in", besides the usual ones."""
    dark_when: Mapping[str, Regex] = Field(default_factory=dict)
    """A reading that is not there means dark while these keys of the row say so."""
    absent: tuple[str, ...] = ()
    """Texts that mean "no reading", besides the usual ones."""
    skip: Regex | None = None
    """Texts that are none: the next key of `from` counts."""
    map: Mapping[Regex, str] = Field(default_factory=dict)
    """Regular expressions to the words that they stand for; the first that is found counts."""
    default: str | None = None
    """Where the row has no such key, or no expression of `map` is found."""
    lanes: str | None = None
    """The text has one reading a lane, with this between them."""
    kind: str | None = None
    """Sensors: temperature, cpu, memory, fan, psu, voltage, ..."""
    sensor: str | None = None
    """Sensors: its name; keys in braces are taken from the row."""
    of: str | None = None
    """Sensors, ratios: the key with the whole."""
    invert: bool = False
    """Sensors, ratios: the text says what is left."""

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,) if isinstance(self.source, str) else self.source


class Lines(_Strict):
    """Records of lines: `begin` opens one (and within it one of the next level), `rules` fill it."""

    begin: tuple[Regex, ...]
    rules: tuple[Regex, ...] = ()
    """Named groups become the row's keys, the first text of a key counting; a group `lane` opens a row of
    that lane within the record."""
    end: tuple[Regex, ...] = ()
    """What follows such a line, up to the next `begin`, belongs to none."""
    implicit: bool = False
    """Lines before any `begin` are a record, too."""
    repeats: Regex | None = None
    """Each line of a record where this is found is a lane, the first of them number 1. A record with only one
    such line has no lanes."""
    continues: Regex | None = None
    """Such a line goes on with the one above it."""


class Table(_Strict):
    """Columns under headers, wherever they stand."""

    columns: Mapping[str, Regex]
    """The row's key to an expression that its header (all lines joined, lower case) has."""
    row: Regex
    """How a line of data begins."""
    marks: tuple[str, ...] = ()
    """Words behind a number that only say that it is out of limits."""
    limits: Mapping[str, Regex] = Field(default_factory=dict)
    """Headers of thresholds; the key is put behind that of the quantity in the same table."""
    under: Regex | None = None
    """A line that names what the rows below it belong to: its groups are keys of each."""


class Pairs(_Strict):
    """RouterOS `print detail`: numbered records of key=value."""

    begin: Regex = r"^\s*\d+\s"


class Columns(_Strict):
    """RouterOS `monitor`: a line a property, a column a thing."""

    key: str | None = None
    """The property whose values head the columns."""


class JsonMap(_Strict):
    """Paths into a JSON document: keys with dots between; `*` is each member, `~` each of a list, or the one
    thing itself where it is none. `@1` is the key that the first `*` of `rows` stood for; a path that ends in
    `.@` gives the key of its own last `*`."""

    rows: tuple[str, ...]
    """Where rows are; the first path that has any counts."""
    values: Mapping[str, str | tuple[str, ...]]


class Parser(_Strict):
    ntc: str | None = None
    """A template of ntc-templates, e.g. cisco_ios_show_version."""
    textfsm: str | None = None
    """A file of collector/cli_templates."""
    lines: Lines | None = None
    table: Table | None = None
    pairs: Pairs | None = None
    columns: Columns | None = None
    json_map: JsonMap | None = Field(None, alias="json")

    @model_validator(mode="after")
    def _one(self) -> Parser:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("a parser is one of ntc, textfsm, lines, table, pairs, columns, json")
        return self


class SshCommand(_Strict):
    name: str
    command: CommandText
    gives: Gives
    parser: Parser
    dialects: tuple[Parser, ...] = ()
    """Other forms that the output may have: tried in turn where the parser finds no row."""
    fields: Mapping[str, Cell]
    like: Regex | None = None
    """Other ways to type it, whose output is the same. Its named groups are keys of rows that lack them."""
    ask: bool = True
    """False: its output is understood, but Ronda does not send it (it costs the device too much, or wants a
    view that only an administrator may enter)."""
    only: Mapping[str, Regex] = Field(default_factory=dict)
    """Rows where these keys don't fit are left out."""
    empty: tuple[Regex, ...] = ()
    """Outputs that say that there is nothing."""

    @model_validator(mode="before")
    @classmethod
    def _short_cells(cls, data: object) -> object:
        """`rx_dbm: rx` is short for `rx_dbm: {from: rx}`."""
        if isinstance(data, dict) and isinstance(data.get("fields"), dict):
            cells = {k: {"from": v} if isinstance(v, str) else v for k, v in data["fields"].items()}
            return {**data, "fields": cells}
        return data

    @model_validator(mode="after")
    def _known_fields(self) -> SshCommand:
        known = FIELDS.get(self.gives)
        unknown = sorted(set(self.fields) - known) if known is not None else []
        if unknown:
            raise ValueError(f"{self.name}: {self.gives} have no {', '.join(unknown)}")
        if self.gives == "sensors" and any(c.kind is None or c.unit is None for c in self.fields.values()):
            raise ValueError(f"{self.name}: a sensor needs kind and unit")
        return self


class Mask(_Strict):
    """A secret in a configuration. What the group `secret` finds is replaced."""

    match: Regex

    @model_validator(mode="after")
    def _names_the_secret(self) -> Mask:
        if "secret" not in re.compile(self.match).groupindex:
            raise ValueError(f"{self.match!r} has no group named secret")
        return self


class SshConfig(_Strict):
    """How the running configuration is read, told to be whole, and made fit to be kept."""

    command: CommandText
    complete_when: Regex
    """Found in the text only when all of it is there."""
    masks: tuple[Mask, ...] = ()
    volatile: tuple[Regex, ...] = ()
    """Lines that differ from one reading to the next though nobody changed anything."""
    changed_by: tuple[Regex, ...] = ()
    """Where the device says who changed it last: a group `who`."""

    @model_validator(mode="before")
    @classmethod
    def _short_masks(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("masks"), list):
            return {**data, "masks": [{"match": m} if isinstance(m, str) else m for m in data["masks"]]}
        return data


class Ssh(_Strict):
    netmiko: str
    """netmiko's device_type."""
    hello: tuple[Regex, ...] = ()
    """What the server says of itself before the login (RFC 4253, 4.2), where that tells the platform."""
    names: Mapping[str, str] = Field(default_factory=dict)
    """Beginnings of interface names, as commands write them, to those of IF-MIB ifName."""
    prepares: tuple[CommandText, ...] = ()
    """What netmiko sends to get the session ready. Nothing but this and the commands is ever sent."""
    answers: tuple[str, ...] = ()
    """Single keys that netmiko may press at a login notice."""
    commands: tuple[SshCommand, ...] = ()
    config: SshConfig | None = None

    @model_validator(mode="after")
    def _names_differ(self) -> Ssh:
        names = [command.name for command in self.commands]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two commands are called {', '.join(twice)}")
        return self

    @property
    def asked(self) -> tuple[str, ...]:
        """The commands of a poll, each once, in order."""
        return tuple(dict.fromkeys(command.command for command in self.commands if command.ask))

    @property
    def may_send(self) -> frozenset[str]:
        """Every line that may reach the device."""
        config = () if self.config is None else (self.config.command,)
        return frozenset((*self.prepares, *self.asked, *config))

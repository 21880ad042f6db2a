"""Rows of a command's output to observations, by the profile's field map. Pure.

A cell that can't be read spoils itself only, and is told with the device's words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from collector import cli_values as values
from collector.cli_cells import filled, text_of, unit_of
from collector.cli_lines import Row
from collector.cli_merge import LIMITS, merged
from collector.profile_ssh import Cell, Ssh, SshCommand
from topology.model import DeviceId, PortRef
from topology.observations import (
    AdminStatus,
    Light,
    Neighbor,
    Observation,
    OperStatus,
    OpticalLimits,
    OpticalReading,
    PortCounters,
    PortStatus,
    SensorReading,
    SystemInfo,
)

T = TypeVar("T")
_COUNTERS = ("in_octets", "out_octets", "in_errors", "out_errors", "in_discards", "out_discards")
_LANE = re.compile(r"\d+")
_NO = frozenset(("no", "false", "0", "absent", "not present"))


@dataclass(slots=True)
class Reader:
    """What reading one command's rows needs, and what went wrong meanwhile."""

    device: DeviceId
    at: datetime
    ssh: Ssh
    command: SshCommand
    problems: list[str] = field(default_factory=list)
    dropped: int = 0
    """Rows without the name of what they are about."""
    several: bool = False
    """More rows than one: a nameless module would be any of them."""
    torn: Row | None = None
    """The row that the output was cut off in: what it does not say is not known, whatever the usual is."""

    def observations(self, rows: Sequence[Row]) -> list[Observation]:
        kept = [row for row in rows if self._wanted(row)]
        match self.command.gives:
            case "optics":
                self.several = len(kept) > 1
                return list(merged(self._optics(kept)))
            case "ports":
                return [seen for row in kept for seen in self._port(row)]
            case "neighbors":
                return [seen for row in kept if (seen := self._neighbor(row)) is not None]
            case "system":
                return self._system(kept)
            case "sensors":
                return [seen for row in kept for seen in self._sensors(row)]

    def _wanted(self, row: Row) -> bool:
        return all(re.search(pattern, row.get(key, "")) for key, pattern in self.command.only.items())

    # -- cells ---------------------------------------------------------------------------------------

    def text(self, name: str, row: Row) -> str | None:
        cell = self.command.fields.get(name)
        return None if cell is None else text_of(cell, row)

    def _value(self, name: str, row: Row, read: Callable[[str], T | None]) -> T | None:
        text = self.text(name, row)
        if text is None:
            return None
        try:
            return read(text)
        except values.UnreadableError as error:
            self._complain(name, row, str(error))
            return None

    def _number(self, name: str, row: Row, unit: str) -> float | None:
        cell = self.command.fields.get(name)
        own = unit if cell is None or cell.unit is None else cell.unit
        absent = () if cell is None else cell.absent
        return self._value(name, row, lambda text: values.number(text, own, absent=absent))

    def _complain(self, name: str, row: Row, words: str) -> None:
        about = next((t for n in ("if_name", "name", "local_if_name") if (t := self.text(n, row))), None)
        self.problems.append(f"{name}{f' of {about}' if about else ''}: {words}")

    def if_name(self, text: str | None) -> str | None:
        """As IF-MIB's ifName has it."""
        if text is None:
            return None
        found = re.match(r"([A-Za-z-]+?)\s*(?=\d)", text)
        if found is None:
            return text
        long = self.ssh.names.get(found.group(1))
        return text if long is None else long + text[found.end() :]

    # -- optics --------------------------------------------------------------------------------------

    def _optics(self, rows: Sequence[Row]) -> Iterator[OpticalReading]:
        for row in rows:
            if row is self.torn and self._lanes_may_follow(row):
                continue
            for lane_row in self._lanes(row):
                seen = self._reading(lane_row)
                if seen is not None:
                    yield seen

    def _lanes_may_follow(self, row: Row) -> bool:
        """Cut off before any power, or where nothing tells whether that was all."""
        lines = self.command.parser.lines
        if lines is not None and lines.repeats is not None:
            return True
        return all(self.text(n, row) is None for n in ("rx_dbm", "tx_dbm", "lane"))

    def _lanes(self, row: Row) -> Iterator[Row]:
        """A row a lane, where cells hold several readings."""
        split: dict[str, list[str]] = {}
        for cell in self.command.fields.values():
            if cell.lanes is None:
                continue
            for key in cell.sources:
                parts = [p.strip() for p in re.split(cell.lanes, row.get(key, ""))]
                while parts and not parts[-1]:
                    parts.pop()
                if len(parts) > 1:
                    split[key] = parts
        if not split:
            yield row
            return
        for n in range(max(map(len, split.values()))):
            mine = {key: parts[n] for key, parts in split.items() if n < len(parts)}
            yield {**{k: v for k, v in row.items() if k not in split}, **mine, "lane": str(n + 1)}

    def _reading(self, row: Row) -> OpticalReading | None:
        present = self.text("present", row)
        if present is not None and present.lower() in _NO:
            return None
        own_name = self.text("name", row) or self.text("if_name", row)
        measured = [n for n in ("rx_dbm", "tx_dbm") if self.text(n, row) is not None]
        others = {
            "temperature_c": self._number("temperature_c", row, "celsius"),
            "bias_ma": self._number("bias_ma", row, "ma"),
            "voltage_v": self._number("voltage_v", row, "volts"),
        }
        limits = {name: self._limit(name, row) for name in LIMITS}
        loss = self.text("loss", row)
        told = any(v is not None for v in (*others.values(), *limits.values()))
        if not measured and not told and loss is None and present is None:
            return None
        if own_name is None and self.several:
            self.dropped += 1
            return None
        if own_name is None:
            own_name = "module"
        rx, tx = self._power("rx_dbm", row), self._power("tx_dbm", row)
        light = rx.light
        if loss is not None and loss.lower() not in _NO and rx.dbm is None:
            light = Light.DARK
        lane = self.text("lane", row) or row.get("lane")
        number = None if lane is None else _LANE.search(lane)
        if_name = self.if_name(self.text("if_name", row))
        return OpticalReading(
            self.device,
            self.at,
            own_name,
            if_name=if_name,
            lane=None if number is None else int(number.group()),
            light=light,
            rx_dbm=rx.dbm,
            tx_dbm=tx.dbm,
            temperature_c=others["temperature_c"],
            bias_ma=others["bias_ma"],
            voltage_v=others["voltage_v"],
            limits=OpticalLimits(**limits),
        )

    def _power(self, name: str, row: Row) -> values.PowerText:
        cell = self.command.fields.get(name)
        text = self.text(name, row)
        if cell is None:
            return values.UNSUPPORTED
        found = values.UNSUPPORTED
        if text is not None:
            try:
                found = values.power(text, unit_of(cell, row), dark=cell.dark, absent=cell.absent)
            except values.UnreadableError as error:
                self._complain(name, row, str(error))
                return values.UNSUPPORTED
        says_dark = cell.dark_when and all(
            re.search(pattern, row.get(key, "")) for key, pattern in cell.dark_when.items()
        )
        return values.DARK if found == values.UNSUPPORTED and says_dark else found

    def _limit(self, name: str, row: Row) -> float | None:
        cell = self.command.fields.get(name)
        if cell is None:
            return None
        return self._value(name, row, lambda text: values.limit_dbm(text, unit_of(cell, row)))

    # -- ports ---------------------------------------------------------------------------------------

    def _port(self, row: Row) -> Iterator[Observation]:
        said = self.text("if_name", row)
        if_name = self.if_name(said)
        if said is None or if_name is None:
            self.dropped += 1
            return
        port = PortRef(self.device, if_name)
        descr = self.text("if_descr", row) or (said if said != if_name else None)
        speed = self._number("speed_bps", row, "bps")
        yield PortStatus(
            port,
            self.at,
            AdminStatus(self._word("admin", row, AdminStatus)),
            OperStatus(self._word("oper", row, OperStatus)),
            if_index=self._value("if_index", row, values.whole),
            if_descr=descr,
            if_alias=self.text("if_alias", row),
            speed_bps=round(speed) if speed else None,  # a speed of nothing is none that is known
        )
        counts = {name: self._value(name, row, values.whole) for name in _COUNTERS}
        if any(count is not None for count in counts.values()):
            yield PortCounters(
                port,
                self.at,
                in_octets=counts["in_octets"],
                out_octets=counts["out_octets"],
                in_errors=counts["in_errors"],
                out_errors=counts["out_errors"],
                in_discards=counts["in_discards"],
                out_discards=counts["out_discards"],
            )

    def _word(self, name: str, row: Row, among: type[AdminStatus] | type[OperStatus]) -> str:
        cell = self.command.fields.get(name)
        text = None if cell is None else text_of(cell, row, default=row is not self.torn)
        if text is None:
            return "unknown"
        if text in set(among):
            return text
        if text.lower() in set(among):
            return text.lower()
        self._complain(name, row, f"{text!r} is no state that the profile knows")
        return "unknown"

    # -- others --------------------------------------------------------------------------------------

    def _neighbor(self, row: Row) -> Neighbor | None:
        protocol = self.text("protocol", row)
        system, port, address = (
            self.text(n, row) for n in ("remote_system", "remote_port", "remote_address")
        )
        if protocol is None or not (system or port or address):
            self.dropped += 1
            return None
        state = self.text("state", row)
        return Neighbor(
            self.device,
            self.at,
            protocol.lower(),
            self.if_name(self.text("local_if_name", row)),
            system,
            port,
            address,
            None if state is None else state.lower(),
        )

    def _system(self, rows: Sequence[Row]) -> list[Observation]:
        whole: Row = {}
        for row in reversed(rows):  # the first says it best
            whole.update(row)
        if not whole:
            return []
        descr = self.command.fields.get("sys_descr")
        torn = self.torn is not None
        return [
            SystemInfo(
                self.device,
                self.at,
                sys_name=self.text("sys_name", whole),
                sys_descr=None if descr is None else text_of(descr, whole, default=not torn),
                uptime_s=self._value("uptime_s", whole, values.duration_s),
                location=self.text("location", whole),
            )
        ]

    def _sensors(self, row: Row) -> Iterator[SensorReading]:
        for name, cell in self.command.fields.items():
            text = text_of(cell, row)
            if text is None or cell.kind is None:
                continue
            label = filled(cell.sensor, row) if cell.sensor is not None else name
            if not label:
                self.dropped += 1
                continue
            if cell.map and not re.search(r"\d", text):
                yield SensorReading(self.device, self.at, cell.kind, label, None, "state", text)
                continue
            value = self._sensor_value(name, cell, row)
            if value is not None:
                unit = {"percent": "ratio", "mv": "volts"}.get(cell.unit or "", cell.unit or "")
                yield SensorReading(self.device, self.at, cell.kind, label, value, unit)

    def _sensor_value(self, name: str, cell: Cell, row: Row) -> float | None:
        if cell.of is None:
            return self._number(name, row, cell.unit or "")
        try:
            part = values.number(text_of(cell, row) or "", "bytes")
            whole = values.number(row.get(cell.of, ""), "bytes")
        except values.UnreadableError as error:
            self._complain(name, row, str(error))
            return None
        if part is None or not whole:
            return None
        ratio = part / whole
        return 1.0 - ratio if cell.invert else ratio

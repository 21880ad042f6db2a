"""What an inventory must hold together: ids that exist, ports used once, offices that can be reached.

The checks run on the plain document, not on the parsed models, so that one bad date does not hide a
dangling id in the same row. They skip whatever another message already speaks of: one mistake, one message.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterator

from topology.discovery_model import PLACEHOLDER_OFFICE
from topology.inventory_problems import Level, did_you_mean
from topology.inventory_values import SNMP_PORT, parse_address, parse_number
from topology.model import DeviceRole, Medium
from topology.yaml_positions import Path, Plain

Say = Callable[..., None]
"""``say(path, message, suggestion=None, *, code, level=ERROR)``; the caller knows positions."""
Line = Callable[[Path], int]
Row = dict[str, Plain]

_SECTIONS = {
    "credentials": "credential",
    "providers": "provider",
    "risk_groups": "risk group",
    "offices": "office",
    "devices": "device",
    "links": "link",
    "applications": "application",
}
# Where an id of another section stands: (section or top-level key, path inside a row, section meant).
_REFERENCES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("vantage", (), "devices"),
    ("hubs", (), "offices"),
    ("defaults", ("snmp",), "credentials"),
    ("defaults", ("ssh",), "credentials"),
    ("offices", ("provider",), "providers"),
    ("devices", ("office",), "offices"),
    ("devices", ("provider",), "providers"),
    ("devices", ("risk_groups",), "risk_groups"),
    ("devices", ("snmp",), "credentials"),
    ("devices", ("ssh",), "credentials"),
    ("links", ("a", "device"), "devices"),
    ("links", ("b", "device"), "devices"),
    ("links", ("provider",), "providers"),
    ("links", ("risk_groups",), "risk_groups"),
    ("applications", ("hosted_at",), "devices"),
    ("applications", ("used_by",), "offices"),
)


class Checker:
    """`invalid` are the paths another message already speaks of."""

    def __init__(self, data: Row, say: Say, line: Line, invalid: frozenset[Path]) -> None:
        self.data = data
        self.say = say
        self.line = line
        self.invalid = invalid
        self.ids: dict[str, dict[str, Path]] = {}
        self.certain: dict[str, bool] = {}
        """Whether a section could be read as a whole; if not, an id missing in it proves nothing."""
        self.broken: list[frozenset[str]] = []
        """What stands at the ends of links that have a message already, known or not."""

    def run(self) -> None:
        self._ids()
        self._references()
        self._network()
        self._devices()
        self._links()

    def rows(self, section: str) -> Iterator[tuple[Path, Row]]:
        value = self.data.get(section)
        for index, row in enumerate(value if isinstance(value, list) else ()):
            if isinstance(row, dict):
                yield (section, index), row

    def _ids(self) -> None:
        for section, noun in _SECTIONS.items():
            known = self.ids.setdefault(section, {})
            value = self.data.get(section)
            rows = list(self.rows(section))
            named = [(path, row["id"]) for path, row in rows if isinstance(row.get("id"), str)]
            present = isinstance(value, list) and len(rows) == len(value)
            self.certain[section] = (present and len(named) == len(rows)) or (
                value is None and (section,) not in self.invalid
            )
            for path, name in named:
                assert isinstance(name, str)
                if name in known:
                    line = self.line((*known[name], "id"))
                    message = f"the {noun} {name!r} is declared twice; the first is in line {line}"
                    self.say((*path, "id"), message, "rename or remove one of them", code="duplicate-id")
                known.setdefault(name, path)

    def _references(self) -> None:
        for place, inner, section in _REFERENCES:
            rows = [((place,), self.data)] if not inner else self._rows_or_one(place)
            for path, row in rows:
                self._reference(path, row, inner or (place,), section, place)

    def _rows_or_one(self, place: str) -> list[tuple[Path, Row]]:
        value = self.data.get(place)
        return [((place,), value)] if isinstance(value, dict) else list(self.rows(place))

    def _reference(self, path: Path, row: Row, inner: tuple[str, ...], section: str, place: str) -> None:
        value: Plain = row
        for step in inner:
            value = value.get(step) if isinstance(value, dict) else None
        full = path if inner == (place,) else (*path, *inner)
        if place == "applications" and inner == ("used_by",) and value == "all":
            return
        listed = value if isinstance(value, list) else [value]
        for index, name in enumerate(listed):
            if not isinstance(name, str):
                continue
            at = (*full, index) if isinstance(value, list) else full
            if name in self.ids[section]:
                if section == "credentials":
                    self._credential_kind(at, name, inner[-1])
                continue
            if not self.certain[section] or at in self.invalid:
                continue
            noun = _SECTIONS[section]
            none = f"no {noun}s are declared" if not self.ids[section] else f"declare it under {section}"
            hint = did_you_mean(name, self.ids[section], otherwise=none)
            self.say(at, f"unknown {noun} {name!r}", hint, code="unknown-id")

    def _credential_kind(self, at: Path, name: str, used_as: str) -> None:
        row = self.row("credentials", name)
        kind = row.get("kind")
        if isinstance(kind, str) and kind.startswith(("snmp", "ssh")) and not kind.startswith(used_as):
            message = f"the credential {name!r} is of kind {kind}, which is not for {used_as}"
            self.say(at, message, code="credential-kind")

    def row(self, section: str, name: str) -> Row:
        _, index = self.ids[section][name]
        value = self.data[section]
        assert isinstance(value, list)
        assert isinstance(index, int)
        row = value[index]
        assert isinstance(row, dict)
        return row

    def _network(self) -> None:
        network = self.data.get("network")
        zone = network.get("timezone") if isinstance(network, dict) else None
        if isinstance(zone, str):
            try:
                zoneinfo.ZoneInfo(zone)
            except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
                known = zoneinfo.available_timezones()
                hint = did_you_mean(zone, known, otherwise="an IANA name such as Asia/Makassar")
                if known:
                    self.say(
                        ("network", "timezone"), f"unknown timezone {zone!r}", hint, code="unknown-timezone"
                    )
        if self.data.get("hubs") == []:
            self.say(("hubs",), "no hub: no office could ever be connected", code="missing")
        if self.data.get("vantage") == []:
            self.say(("vantage",), "no vantage: the monitor has to be attached to a device", code="missing")

    def _devices(self) -> None:
        answering: dict[tuple[str, int], Path] = {}
        for path, row in self.rows("devices"):
            name = word(row.get("id")) or f"number {int(path[1]) + 1}"
            role = word(row.get("role", DeviceRole.CPE))
            cloud = role == DeviceRole.CLOUD
            if "office" not in row and not cloud and role in set(DeviceRole):
                message = f"the device {name!r} has no office"
                self.say(
                    path,
                    message,
                    "write office: ID; only a role: cloud has none",
                    code="device-without-office",
                )
            if row.get("office") == PLACEHOLDER_OFFICE:
                message = f"where {name!r} stands is not known yet: discovery found it"
                hint = f"write its office in the place of {PLACEHOLDER_OFFICE}, which is never judged"
                self.say((*path, "office"), message, hint, code="placeholder-office", level=Level.WARNING)
            address = row.get("address")
            if cloud and address is not None:
                message = f"the address of {name!r} is not used: a cloud is never polled"
                self.say((*path, "address"), message, code="cloud-address", level=Level.WARNING)
                continue
            if not isinstance(address, str):
                continue
            try:
                parsed = parse_address(address)
            except ValueError:
                continue
            place = (parsed.host, parsed.port or SNMP_PORT)
            if place in answering:
                other = answering[place]
                message = (
                    f"{address} is already the address of the device in line {self.line((*other, 'address'))}"
                )
                self.say((*path, "address"), message, code="duplicate-address", level=Level.WARNING)
            answering.setdefault(place, path)

    def _links(self) -> None:
        users: dict[tuple[str, str], tuple[Path, Row]] = {}
        for path, row in self.rows("links"):
            self._light_limits(path, row)
            ends = [(side, self.end(row, side)) for side in ("a", "b")]
            (_, (device_a, _)), (_, (device_b, _)) = ends
            good = [d for d in (device_a, device_b) if d in self.ids["devices"]]
            if device_a is not None and device_a == device_b:
                self.say(path, f"this link joins {device_a!r} to itself", code="self-link")
                self.broken.append(frozenset({device_a}))
                continue
            if len(good) < 2:
                self.broken.append(frozenset(d for d in (device_a, device_b) if d is not None))
            for side, (device, port) in ends:
                if device not in self.ids["devices"]:
                    continue
                if port is None:
                    self._port_left_out((*path, side), device)
                    continue
                first = users.setdefault((device, port), (path, row))
                if first[1] is not row and not self._may_share(device, first[1], row):
                    line = self.line((*first[0], "id"))
                    message = f"port {port!r} of {device!r} is already used by the link in line {line}"
                    self.say((*path, side, "port"), message, "a port carries one link", code="port-reused")

    def _light_limits(self, path: Path, row: Row) -> None:
        low, high = row.get("rx_min_dbm"), row.get("rx_max_dbm")
        try:
            upside_down = low is not None and high is not None and parse_number(low) >= parse_number(high)
        except ValueError:
            return
        if upside_down:
            message = f"rx_min_dbm {low} is not below rx_max_dbm {high}"
            self.say((*path, "rx_min_dbm"), message, "swap them?", code="out-of-range")

    def end(self, row: Row, side: str) -> tuple[str | None, str | None]:
        end = row.get(side)
        if not isinstance(end, dict):
            return None, None
        return word(end.get("device")), word(end.get("port"))

    def _port_left_out(self, path: Path, device: str) -> None:
        if path in self.invalid or (*path, "port") in self.invalid:
            return
        if isinstance(self.row("devices", device).get("address"), str):
            message = (
                f"{device!r} is monitored, but this end names no port: its state won't be seen from here"
            )
            self.say(path, message, "write port: IFNAME", code="port-left-out", level=Level.WARNING)

    def _may_share(self, device: str, one: Row, other: Row) -> bool:
        """Some ports serve many: an OLT's PON port, a radio sector, a tunnel's or satellite's way in."""
        if self.row("devices", device).get("role") == DeviceRole.OLT:
            return True
        shared = {Medium.RADIO, Medium.CELLULAR, Medium.SATELLITE, Medium.VPN}
        return all(word(row.get("medium")) in shared for row in (one, other))


def word(value: Plain) -> str | None:
    return value if isinstance(value, str) else None


def words(value: Plain) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [v for v in listed if isinstance(v, str)]

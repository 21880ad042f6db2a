"""The one place that owns measurement, tag and field names. Dashboards, the API and the stores read them
here.

A field's kind says how it is rolled up; its `integer` says the type that InfluxDB will hold it to for ever
(there, an integer written after a float is an error), so points are made with that type.
`docs/metrics.md` lists all of this, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

# Measurements
INTERFACE: Final = "interface"
OPTICS: Final = "optics"
PROBE: Final = "probe"
DEVICE: Final = "device"
SENSOR: Final = "sensor"
OFFICE: Final = "office"
LINK: Final = "link"
NETWORK: Final = "network"
INCIDENT: Final = "incident"
APPLICATION: Final = "application"
APPLICATION_OFFICE: Final = "application_office"
RONDA: Final = "ronda"

# Tags. The device measurement and the device tag share a word: they live in different places of a line.
TAG_OFFICE: Final = "office"
TAG_DEVICE: Final = "device"
TAG_IF_NAME: Final = "if_name"
TAG_LINK: Final = "link"
TAG_PROVIDER: Final = "provider"
TAG_LANE: Final = "lane"
TAG_MODULE: Final = "module"
TAG_SENSOR: Final = "sensor"
TAG_SENSOR_KIND: Final = "sensor_kind"
TAG_KIND: Final = "kind"
TAG_KECAMATAN: Final = "kecamatan"
TAG_APPLICATION: Final = "application"
TAG_PART: Final = "part"
TAG_MEDIUM: Final = "medium"
TAG_INCIDENT: Final = "incident"
TAG_SEVERITY: Final = "severity"
TAG_WHAT: Final = "what"

# Fields
IN_OCTETS: Final = "in_octets"
OUT_OCTETS: Final = "out_octets"
IN_BPS: Final = "in_bps"
OUT_BPS: Final = "out_bps"
IN_ERRORS: Final = "in_errors"
OUT_ERRORS: Final = "out_errors"
IN_DISCARDS: Final = "in_discards"
OUT_DISCARDS: Final = "out_discards"
OPER: Final = "oper"
ADMIN: Final = "admin"
SPEED_BPS: Final = "speed_bps"
RX_DBM: Final = "rx_dbm"
TX_DBM: Final = "tx_dbm"
LIGHT: Final = "light"
TEMPERATURE_C: Final = "temperature_c"
BIAS_MA: Final = "bias_ma"
VOLTAGE_V: Final = "voltage_v"
ANSWERED: Final = "answered"
RTT_MS: Final = "rtt_ms"
LOSS_RATIO: Final = "loss_ratio"
JITTER_MS: Final = "jitter_ms"
WINDOW_LOSS_RATIO: Final = "window_loss_ratio"
UPTIME_S: Final = "uptime_s"
CPU_RATIO: Final = "cpu_ratio"
MEMORY_RATIO: Final = "memory_ratio"
POLL_S: Final = "poll_s"
POLL_ERRORS: Final = "poll_errors"
VALUE: Final = "value"
OK: Final = "ok"
CONNECTIVITY: Final = "connectivity"
PATHS: Final = "paths"
PATHS_DESIGNED: Final = "paths_designed"
UP: Final = "up"
RESPONSE_MS: Final = "response_ms"
RESPONSE_P50_MS: Final = "response_p50_ms"
RESPONSE_P95_MS: Final = "response_p95_ms"
CERTIFICATE_DAYS: Final = "certificate_days"
STATUS_CODE: Final = "status_code"
REACHABLE: Final = "reachable"
LATITUDE_DEG: Final = "latitude_deg"
LONGITUDE_DEG: Final = "longitude_deg"
CONDITION: Final = "condition"
LOAD_BPS: Final = "load_bps"
LOAD_RATIO: Final = "load_ratio"
RX_MARGIN_DB: Final = "rx_margin_db"
CONNECTED: Final = "connected"
DEGRADED: Final = "degraded"
CUT: Final = "cut"
UNKNOWN: Final = "unknown"
NOT_CONNECTED: Final = "not_connected"
LINKS_DOWN: Final = "links_down"
DEVICES_SILENT: Final = "devices_silent"
INCIDENTS: Final = "incidents"
ACTIVE: Final = "active"
OFFICES_CUT: Final = "offices_cut"
OFFICES_DEGRADED: Final = "offices_degraded"
COUNT: Final = "count"


class FieldKind(StrEnum):
    COUNTER = "counter"
    """Only rises, until it wraps or the device restarts. Rolled up to its last value."""
    GAUGE = "gauge"
    """Rolled up to its mean, with `_min` and `_max` beside it."""
    STATE = "state"
    """A code. Rolled up to its last value, with `_min` and `_max` beside it."""


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: FieldKind
    integer: bool
    unit: str
    what: str


@dataclass(frozen=True, slots=True)
class Measurement:
    name: str
    tags: tuple[str, ...]
    fields: Mapping[str, Field]
    what: str


MIN_SUFFIX: Final = "_min"
MAX_SUFFIX: Final = "_max"


def _measurement(name: str, tags: tuple[str, ...], what: str, *fields: Field) -> Measurement:
    return Measurement(name, tags, MappingProxyType({f.name: f for f in fields}), what)


def _counter(name: str, unit: str, what: str) -> Field:
    return Field(name, FieldKind.COUNTER, True, unit, what)


def _gauge(name: str, unit: str, what: str, *, integer: bool = False) -> Field:
    return Field(name, FieldKind.GAUGE, integer, unit, what)


def _state(name: str, what: str) -> Field:
    return Field(name, FieldKind.STATE, True, "code", what)


MEASUREMENTS: Final[Mapping[str, Measurement]] = MappingProxyType(
    {
        m.name: m
        for m in (
            _measurement(
                INTERFACE,
                (TAG_OFFICE, TAG_DEVICE, TAG_IF_NAME, TAG_LINK, TAG_PROVIDER),
                "A port, once a poll. `link` and `provider` are there when a declared link ends at the port.",
                _counter(IN_OCTETS, "octets", "Received, as the device counts it (modulo 2^63)."),
                _counter(OUT_OCTETS, "octets", "Sent, as the device counts it (modulo 2^63)."),
                _gauge(IN_BPS, "bit/s", "Received; safe across wraps, resets and missed polls."),
                _gauge(OUT_BPS, "bit/s", "Sent; safe across wraps, resets and missed polls."),
                _gauge(IN_ERRORS, "1/s", "Frames received with errors."),
                _gauge(OUT_ERRORS, "1/s", "Frames that could not be sent because of errors."),
                _gauge(IN_DISCARDS, "1/s", "Good frames received and dropped."),
                _gauge(OUT_DISCARDS, "1/s", "Good frames dropped instead of sent."),
                _gauge(SPEED_BPS, "bit/s", "Current speed of the port.", integer=True),
                _state(
                    OPER,
                    "ifOperStatus of RFC 2863: 1 up, 2 down, 3 testing, 4 unknown, 5 dormant, "
                    "6 notPresent, 7 lowerLayerDown.",
                ),
                _state(ADMIN, "ifAdminStatus of RFC 2863: 1 up, 2 down, 3 testing."),
            ),
            _measurement(
                OPTICS,
                (TAG_OFFICE, TAG_DEVICE, TAG_IF_NAME, TAG_LANE, TAG_MODULE, TAG_LINK, TAG_PROVIDER),
                "One lane of one optical module. `module` is its name where it belongs to no port (an ONU).",
                _gauge(RX_DBM, "dBm", "Receive power; absent without light."),
                _gauge(TX_DBM, "dBm", "Transmit power."),
                _state(LIGHT, "1 lit, 0 dark; absent when the module can't tell."),
                _gauge(TEMPERATURE_C, "degC", "Temperature of the module."),
                _gauge(BIAS_MA, "mA", "Laser bias current."),
                _gauge(VOLTAGE_V, "V", "Supply voltage of the module."),
            ),
            _measurement(
                PROBE,
                (TAG_OFFICE, TAG_DEVICE),
                "One reachability probe (ICMP).",
                _gauge(
                    ANSWERED,
                    "0 or 1",
                    "Whether anything came back; its mean is the share answered.",
                    integer=True,
                ),
                _gauge(RTT_MS, "ms", "Round-trip time; absent without an answer."),
                _gauge(LOSS_RATIO, "0 to 1", "Echoes lost of those sent."),
                _gauge(JITTER_MS, "ms", "Mean step between round trips of the last 60 probes; every 30 s."),
                _gauge(WINDOW_LOSS_RATIO, "0 to 1", "Probes lost of the last 60; every 30 s."),
            ),
            _measurement(
                DEVICE,
                (TAG_OFFICE, TAG_DEVICE),
                "A device, once a poll.",
                _gauge(UPTIME_S, "s", "Since its last restart (falls to 0 at one)."),
                _gauge(CPU_RATIO, "0 to 1", "Load of the busiest processor."),
                _gauge(MEMORY_RATIO, "0 to 1", "Share of the fullest memory that is used."),
                _gauge(TEMPERATURE_C, "degC", "The hottest sensor that is not an optical module."),
                _gauge(POLL_S, "s", "How long the poll took."),
                _gauge(POLL_ERRORS, "errors", "Parts of the poll that gave nothing.", integer=True),
            ),
            _measurement(
                SENSOR,
                (TAG_OFFICE, TAG_DEVICE, TAG_SENSOR, TAG_SENSOR_KIND),
                "One sensor. `sensor_kind` is temperature, fan, psu, voltage, current, power, battery, ...",
                _gauge(VALUE, "by kind", "In the unit of its kind: degC, rpm, V, A, W, dBm, s, or 0 to 1."),
                _state(OK, "1 in order, 0 not; for sensors that report a state."),
            ),
            _measurement(
                OFFICE,
                (TAG_OFFICE, TAG_KIND, TAG_KECAMATAN, TAG_PROVIDER),
                "An office's connection as judged.",
                _state(CONNECTIVITY, "0 connected, 1 degraded, 2 cut, 3 unknown, 4 not_connected."),
                _gauge(PATHS, "paths", "Risk-disjoint paths to a hub that are left.", integer=True),
                _gauge(PATHS_DESIGNED, "paths", "Risk-disjoint paths that the design has.", integer=True),
                _gauge(
                    REACHABLE,
                    "0 or 1",
                    "1 connected or degraded, 0 cut, absent while unknown or not joined; its mean is the "
                    "availability.",
                    integer=True,
                ),
                _gauge(LATITUDE_DEG, "deg", "Where it is (WGS 84), for maps."),
                _gauge(LONGITUDE_DEG, "deg", "Where it is (WGS 84), for maps."),
            ),
            _measurement(
                LINK,
                (TAG_LINK, TAG_PROVIDER, TAG_MEDIUM),
                "A declared link as judged, and the worst of what its ends measured.",
                _state(CONDITION, "0 up, 1 down, 2 disabled, 3 unknown."),
                _gauge(LOAD_BPS, "bit/s", "The busier direction, at whichever end measures it."),
                _gauge(LOAD_RATIO, "0 to 1", "The same as a share of the link's declared capacity."),
                _gauge(RX_DBM, "dBm", "The weaker end's receive power."),
                _gauge(RX_MARGIN_DB, "dB", "How far that is above the link's declared limit."),
            ),
            _measurement(
                NETWORK,
                (),
                "The whole network in a row: what a wall of figures reads, ready counted.",
                _gauge(CONNECTED, "offices", "Connected with all their paths.", integer=True),
                _gauge(DEGRADED, "offices", "Connected, a spare path gone.", integer=True),
                _gauge(CUT, "offices", "Cut off.", integer=True),
                _gauge(UNKNOWN, "offices", "Of which nothing is known.", integer=True),
                _gauge(NOT_CONNECTED, "offices", "Not joined yet.", integer=True),
                _gauge(LINKS_DOWN, "links", "Links that are down.", integer=True),
                _gauge(DEVICES_SILENT, "devices", "Silent devices, shadows included.", integer=True),
                _gauge(INCIDENTS, "incidents", "Incidents that are open or acknowledged.", integer=True),
            ),
            _measurement(
                INCIDENT,
                (TAG_INCIDENT, TAG_KIND, TAG_SEVERITY, TAG_WHAT),
                "An incident at each of its changes, for annotations. `what` names the cause.",
                _state(ACTIVE, "1 open or acknowledged, 0 resolved."),
                _gauge(OFFICES_CUT, "offices", "Cut off by it now.", integer=True),
                _gauge(OFFICES_DEGRADED, "offices", "Degraded by it now.", integer=True),
            ),
            _measurement(
                APPLICATION,
                (TAG_APPLICATION,),
                "An application as checked from the vantage.",
                _gauge(UP, "0 or 1", "Whether the check passed; its mean is the availability.", integer=True),
                _gauge(RESPONSE_MS, "ms", "Time to the whole answer."),
                _gauge(RESPONSE_P50_MS, "ms", "Half of the last 120 answers were quicker."),
                _gauge(RESPONSE_P95_MS, "ms", "All but five in a hundred of them were quicker."),
                _gauge(CERTIFICATE_DAYS, "days", "Until the TLS certificate ends; negative when it has."),
                _state(STATUS_CODE, "HTTP status of the answer."),
            ),
            _measurement(
                APPLICATION_OFFICE,
                (TAG_APPLICATION, TAG_OFFICE),
                "Whether an office that uses an application can reach it.",
                _gauge(REACHABLE, "0 or 1", "1 when it can; its mean is the availability.", integer=True),
            ),
            _measurement(
                RONDA,
                (TAG_PART,),
                "Ronda's own counters, one series a counter (`part` is its name).",
                _counter(COUNT, "things", "How many since the process started."),
                _gauge(VALUE, "by part", "A level: a queue's length, a duration."),
            ),
        )
    }
)


def fields_of(measurement: str) -> Mapping[str, Field]:
    """The catalogue's fields of one measurement, none for one that it doesn't know."""
    known = MEASUREMENTS.get(measurement)
    return {} if known is None else known.fields


def field_of(measurement: str, name: str) -> Field | None:
    """The catalogue's entry, ``None`` for a name that it doesn't know."""
    return fields_of(measurement).get(name)

"""What a collector can see. Every observation says of whom and when (aware UTC), and nothing else.

A collector never concludes; it reports. `topology.state` folds these into evidence.
Absence is ``None``: a value the device did not give, or gave wrongly, spoils its own field only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from topology.model import ApplicationId, DeviceId, PortRef


class Means(StrEnum):
    """By what means a device was asked, or made itself heard."""

    ICMP = "icmp"
    SNMP = "snmp"
    SSH = "ssh"
    TRAP = "trap"


class AdminStatus(StrEnum):
    """IF-MIB ifAdminStatus (RFC 2863)."""

    UP = "up"
    DOWN = "down"
    TESTING = "testing"
    UNKNOWN = "unknown"


class OperStatus(StrEnum):
    """IF-MIB ifOperStatus (RFC 2863)."""

    UP = "up"
    DOWN = "down"
    TESTING = "testing"
    UNKNOWN = "unknown"
    DORMANT = "dormant"
    NOT_PRESENT = "notPresent"
    LOWER_LAYER_DOWN = "lowerLayerDown"


class Light(StrEnum):
    """Whether light comes in: a state, because "no light" has no dBm value."""

    LIT = "lit"
    DARK = "dark"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Reachability:
    """One probe's outcome (or a poll's, or a trap heard: then `answered` is true)."""

    device: DeviceId
    at: datetime
    answered: bool
    means: Means = Means.ICMP
    rtt_s: float | None = None
    sent: int = 1
    received: int = 1


@dataclass(frozen=True, slots=True)
class PortStatus:
    port: PortRef
    at: datetime
    admin: AdminStatus
    oper: OperStatus
    if_index: int | None = None
    if_descr: str | None = None
    if_alias: str | None = None
    if_type: int | None = None
    """IANAifType."""
    speed_bps: int | None = None
    last_change_s: float | None = None
    """sysUpTime when the port entered its state, in seconds (ifLastChange is in hundredths)."""


@dataclass(frozen=True, slots=True)
class PortCounters:
    """Raw counters as the device gave them (64-bit where it has them)."""

    port: PortRef
    at: datetime
    in_octets: int | None = None
    out_octets: int | None = None
    in_errors: int | None = None
    out_errors: int | None = None
    in_discards: int | None = None
    out_discards: int | None = None
    octets_bits: int = 64
    """Width of the octet counters: 64 (ifXTable) or 32 (ifTable)."""
    discontinuity_s: float | None = None
    """ifCounterDiscontinuityTime in seconds of sysUpTime."""


@dataclass(frozen=True, slots=True)
class PortRates:
    """Rates between two polls, safe across wraps, resets, missed polls and clock steps."""

    port: PortRef
    at: datetime
    over_s: float
    in_bps: float | None = None
    out_bps: float | None = None
    in_errors_per_s: float | None = None
    out_errors_per_s: float | None = None
    in_discards_per_s: float | None = None
    out_discards_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class OpticalLimits:
    """The module's own thresholds, in dBm (`None` where unset)."""

    rx_low_alarm_dbm: float | None = None
    rx_low_warning_dbm: float | None = None
    rx_high_warning_dbm: float | None = None
    rx_high_alarm_dbm: float | None = None
    tx_low_alarm_dbm: float | None = None
    tx_low_warning_dbm: float | None = None
    tx_high_warning_dbm: float | None = None
    tx_high_alarm_dbm: float | None = None


@dataclass(frozen=True, slots=True)
class OpticalReading:
    """One lane of one module (or one ONU of an OLT: then `if_name` is None and `name` says which)."""

    device: DeviceId
    at: datetime
    name: str
    if_name: str | None = None
    if_index: int | None = None
    lane: int | None = None
    light: Light = Light.UNSUPPORTED
    rx_dbm: float | None = None
    tx_dbm: float | None = None
    temperature_c: float | None = None
    bias_ma: float | None = None
    voltage_v: float | None = None
    limits: OpticalLimits = OpticalLimits()
    rx_oid: str | None = None
    """Where the receive power was read, for whoever has to trust it."""
    tx_oid: str | None = None

    @property
    def port(self) -> PortRef | None:
        return None if self.if_name is None else PortRef(self.device, self.if_name)


@dataclass(frozen=True, slots=True)
class Neighbor:
    """What the device says is at the other end (LLDP, CDP), or whom it routes with (OSPF, BGP)."""

    device: DeviceId
    at: datetime
    protocol: str
    """lldp, cdp, ospf or bgp."""
    local_if_name: str | None = None
    remote_system: str | None = None
    remote_port: str | None = None
    remote_address: str | None = None
    state: str | None = None
    """The adjacency's state where the protocol has one (ospf: full; bgp: established)."""


@dataclass(frozen=True, slots=True)
class SensorReading:
    device: DeviceId
    at: datetime
    kind: str
    """temperature, cpu, memory, fan, psu, voltage, current, power, battery, ..."""
    name: str
    value: float | None
    unit: str
    """celsius, ratio, rpm, volts, amperes, watts, seconds, state."""
    state: str | None = None
    """For kinds that are states: ok, failed, absent, on_battery, ..."""


@dataclass(frozen=True, slots=True)
class SystemInfo:
    """SNMPv2-MIB system group (RFC 3418)."""

    device: DeviceId
    at: datetime
    sys_name: str | None = None
    sys_object_id: str | None = None
    sys_descr: str | None = None
    uptime_s: float | None = None
    profile: str | None = None
    """The profile that was chosen for it."""
    location: str | None = None


@dataclass(frozen=True, slots=True)
class ApplicationCheck:
    application: ApplicationId
    at: datetime
    up: bool
    response_s: float | None = None
    status_code: int | None = None
    reason: str | None = None
    """Why it is not up, in words."""
    certificate_expires_at: datetime | None = None
    """Of the TLS certificate that was shown; ``None`` without TLS, or when none was seen."""


Observation = (
    Reachability
    | PortStatus
    | PortCounters
    | PortRates
    | OpticalReading
    | Neighbor
    | SensorReading
    | SystemInfo
    | ApplicationCheck
)


class PollFault(StrEnum):
    """Why (a part of) a poll gave nothing."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    """The host said so: port unreachable, connection refused."""
    UNREACHABLE = "unreachable"
    """No route, network down: our side of the wire speaks."""
    AUTHENTICATION = "authentication"
    DECODE = "decode"
    LOOP = "loop"
    """OIDs that do not increase; the walk was stopped."""
    TOO_BIG = "too_big"
    AGENT = "agent"
    """The agent answered with an error-status, or refused a table it had before."""
    DEADLINE = "deadline"
    """The poll's own deadline; what had been read is kept."""
    CONFIGURATION = "configuration"
    """A missing secret, an unknown profile: ours to mend."""
    HOST_KEY_UNKNOWN = "host_key_unknown"
    """SSH: nobody has said yet that this key is the device's."""
    HOST_KEY_CHANGED = "host_key_changed"
    """SSH: another key than the one that was trusted. Another device, or somebody between."""
    ALGORITHM = "algorithm"
    """SSH: no key exchange, cipher or key type that both sides know."""
    PROMPT = "prompt"
    """SSH: logged in, but no prompt came, or a question instead of one."""
    PAGING = "paging"
    """SSH: the device waits for a key in the middle of an output."""
    PRIVILEGE = "privilege"
    """The user may log in, but not ask this."""


@dataclass(frozen=True, slots=True)
class PollError:
    fault: PollFault
    message: str
    oid: str | None = None
    what: str | None = None
    """The table or step that is missing because of it."""


@dataclass(frozen=True, slots=True)
class PollResult:
    """All that one poll of one device brought, its failures included. Never an exception."""

    device: DeviceId
    started_at: datetime
    duration_s: float
    observations: tuple[Observation, ...] = ()
    errors: tuple[PollError, ...] = field(default=())
    means: Means = Means.SNMP

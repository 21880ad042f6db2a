"""What storage needs to be told. Plain values: `ronda.settings` builds them from the user's file and
environment.

Ages and lengths are in seconds, sizes in bytes. Secrets are already resolved here: these values are never
printed whole (`repr` leaves them out).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

DAY_S = 86_400
THIRTEEN_MONTHS_S = 397 * DAY_S
"""An SLA report may look back at 13 calendar months: 366 + 31 days at the most."""


class MetricsKind(StrEnum):
    EMBEDDED = "embedded"
    INFLUX = "influx"


class InfluxVersion(StrEnum):
    """The server's family; `AUTO` asks it at the start."""

    AUTO = "auto"
    V1 = "1"
    V2 = "2"
    V3 = "3"


@dataclass(frozen=True, slots=True)
class Retention:
    """How long each resolution of the metrics is kept (docs/storage.md, "Sizing")."""

    raw_s: int = 14 * DAY_S
    five_minutes_s: int = 90 * DAY_S
    hourly_s: int = 730 * DAY_S

    def __post_init__(self) -> None:
        if not 0 < self.raw_s <= self.five_minutes_s <= self.hourly_s:
            raise ValueError("retention: wanted 0 < raw <= five minutes <= hourly")
        if self.raw_s < 2 * 3600:
            raise ValueError("retention: raw below 2 hours leaves nothing to make the hourly values of")


@dataclass(frozen=True, slots=True)
class SpoolSettings:
    """Bounds of the on-disk queue in front of InfluxDB. What is older or beyond `max_bytes` is dropped, and
    counted."""

    max_bytes: int = 2 * 1024**3
    max_age_s: int = 7 * DAY_S
    segment_bytes: int = 8 * 1024**2
    fsync_interval_s: float = 1.0
    """0: after every append. Only a power failure can cost what was not synced; a killed process costs
    nothing."""


@dataclass(frozen=True, slots=True)
class InfluxSettings:
    """One server. 1.x: `user` and `password`; 2.x and 3: `token`. `database` is the bucket of 2.x."""

    url: str = "http://127.0.0.1:8086"
    version: InfluxVersion = InfluxVersion.AUTO
    database: str = "ronda"
    org: str = "-"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    verify_tls: bool = True
    ca_file: Path | None = None
    write_timeout_s: float = 5.0
    """A live write that takes longer goes to the spool."""
    query_timeout_s: float = 30.0
    retry_s: float = 5.0
    """Longest pause between two attempts at a server in trouble."""
    linger_s: float = 0.2
    """How long a write waits for others to share its request."""
    max_request_bytes: int = 1024**2
    max_pending_bytes: int = 16 * 1024**2
    """Lines in memory; what comes beyond goes to the spool at once."""


@dataclass(frozen=True, slots=True)
class RecordsRetention:
    """Ages after which finished records go. What an SLA report of the past 13 months needs always stays."""

    events_s: int = 800 * DAY_S
    incidents_s: int = 800 * DAY_S
    outbox_s: int = 90 * DAY_S

    def __post_init__(self) -> None:
        if min(self.events_s, self.incidents_s) < THIRTEEN_MONTHS_S:
            raise ValueError("retention: events and incidents are kept for 397 days (13 months) at least")
        if self.outbox_s < DAY_S:
            raise ValueError("retention: the outbox keeps finished messages for a day at least")


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """Everything that storage needs. Files lie in `data_dir`, made with mode 0700 when missing."""

    data_dir: Path
    metrics_kind: MetricsKind = MetricsKind.EMBEDDED
    influx: InfluxSettings = InfluxSettings()
    retention: Retention = Retention()
    spool: SpoolSettings = SpoolSettings()
    records_url: str | None = field(default=None, repr=False)
    """SQLAlchemy URL; ``None``: SQLite in `data_dir`. Left out of `repr`: it may hold a password."""
    records_retention: RecordsRetention = RecordsRetention()

    @property
    def metrics_file(self) -> Path:
        return self.data_dir / "metrics.sqlite"

    @property
    def spool_dir(self) -> Path:
        return self.data_dir / "spool"

    @property
    def records(self) -> str:
        return self.records_url or f"sqlite:///{self.data_dir / 'records.sqlite'}"

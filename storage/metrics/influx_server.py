"""What is known of the server: which one it is, whether it takes metrics now, and if not, why."""

from __future__ import annotations

from datetime import datetime

import structlog

from storage.metrics.influx_admin import MAX_SKEW_S, explain
from storage.metrics.influx_wire import InfluxError, Server
from storage.settings import InfluxSettings

log = structlog.get_logger(__name__)


class ServerState:
    """Says in the log when the server comes and goes: once for each trouble, not once for each write."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._announced = False
        self.version = settings.version
        """AUTO until it was met, where the settings do not say it."""
        self.available = False
        self.why_not: str | None = None

    def meet(self, server: Server, now: datetime) -> None:
        """It answered, and told what it is."""
        self.version = server.version
        if server.date is not None:
            skew_s = (server.date - now).total_seconds()
            if abs(skew_s) > MAX_SKEW_S:
                log.warning(
                    "InfluxDB's clock differs from ours", skew_s=round(skew_s), url=self._settings.url
                )
        self.win(release=server.release)

    def lose(self, error: InfluxError) -> None:
        self.why_not = explain(error, self._settings)
        if not self._announced:
            log.error("InfluxDB does not take metrics, they go to the spool", why=self.why_not)
        self.available, self._announced = False, True

    def win(self, **details: object) -> None:
        if not self.available:
            log.info("InfluxDB takes metrics", url=self._settings.url, **details)
        self.available, self._announced = True, False
        self.why_not = None

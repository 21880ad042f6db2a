"""What the API needs of discovery and of the kept configurations. `ronda` implements it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from storage.configs import ConfigChange
from storage.records.configurations import BackupState
from topology.discovery_model import Comparison
from topology.model import DeviceId


@dataclass(frozen=True, slots=True)
class Compared:
    comparison: Comparison
    since: Mapping[str, datetime]
    """By a finding's key: since when it has stood."""


class ConfigurationsUnavailableError(Exception):
    """The repository can't be read, or there is none; the message says why."""


class Findings(Protocol):
    def compared(self) -> Compared | None:
        """The newest comparison of neighbours with the inventory; None before the first."""
        ...

    def backup_states(self) -> Mapping[DeviceId, BackupState]:
        """How the last backup of each device went."""
        ...

    async def configurations(self) -> Mapping[DeviceId, ConfigChange]:
        """The newest change of every device that has a copy. Raises ConfigurationsUnavailableError, as the
        others below."""
        ...

    async def configuration(self, device: DeviceId, commit: str | None) -> str | None: ...

    async def configuration_changes(
        self, device: DeviceId, since: datetime | None, until: datetime | None, limit: int
    ) -> Sequence[ConfigChange]:
        """Newest first."""
        ...

    async def configuration_diff(self, device: DeviceId, old: str | None, new: str | None) -> str | None: ...

"""Discovery and kept configurations for the API, from the running jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from api.findings import Compared, ConfigurationsUnavailableError
from ronda.config_backup import ConfigBackup
from ronda.discovery import Discovery
from storage.configs import ConfigChange, ConfigStoreError
from storage.records.configurations import BackupState
from topology.model import DeviceId

T = TypeVar("T")


class JobFindings:
    """Implements `api.findings.Findings`."""

    def __init__(self, discovery: Discovery, backup: ConfigBackup) -> None:
        self._discovery = discovery
        self._backup = backup

    def compared(self) -> Compared | None:
        found = self._discovery.comparison
        return None if found is None else Compared(found, self._discovery.since)

    def backup_states(self) -> Mapping[DeviceId, BackupState]:
        return self._backup.states

    async def configurations(self) -> Mapping[DeviceId, ConfigChange]:
        return await self._read(self._backup.store.devices) if self._backup.running else {}

    async def configuration(self, device: DeviceId, commit: str | None) -> str | None:
        return await self._read(lambda: self._backup.store.text(device, commit))

    async def configuration_changes(
        self, device: DeviceId, since: datetime | None, until: datetime | None, limit: int
    ) -> Sequence[ConfigChange]:
        store = self._backup.store
        if not self._backup.running:
            return []
        return await self._read(lambda: store.changes(device, limit=limit, since=since, until=until))

    async def configuration_diff(self, device: DeviceId, old: str | None, new: str | None) -> str | None:
        return await self._read(lambda: self._backup.store.diff(device, old, new))

    async def _read(self, function: Callable[[], T]) -> T:
        if self._backup.trouble is not None:
            raise ConfigurationsUnavailableError(self._backup.trouble)
        if not self._backup.running:
            raise ConfigurationsUnavailableError("no device has an SSH credential, or backup is off")
        try:
            return await asyncio.to_thread(function)
        except ConfigStoreError as error:
            raise ConfigurationsUnavailableError(str(error)) from error

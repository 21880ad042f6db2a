"""What channels remember, in the records (alerts.channels.memory.Memory)."""

from __future__ import annotations

from typing import Any

from ronda.keeper import Keeper
from storage.records import Records
from topology.clock import Clock


class ChannelMemory:
    def __init__(self, keeper: Keeper, records: Records, clock: Clock) -> None:
        self._keeper = keeper
        self._records = records
        self._clock = clock

    async def get(self, owner: str, key: str) -> dict[str, Any] | None:
        return await self._keeper.call(lambda: self._records.remembered(owner, key))

    async def put(self, owner: str, key: str, value: dict[str, Any]) -> None:
        now = self._clock.now()
        await self._keeper.call(lambda: self._records.remember(owner, key, value, now))

    async def of_owner(self, owner: str) -> dict[str, dict[str, Any]]:
        return await self._keeper.call(lambda: self._records.remembered_of(owner))

    async def forget(self, owner: str, key: str) -> None:
        await self._keeper.call(lambda: self._records.forget(owner, key))

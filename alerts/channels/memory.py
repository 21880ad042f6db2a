"""What channels remember between messages, and whom they tell of a pressed button."""

from __future__ import annotations

from typing import Any, Protocol


class Memory(Protocol):
    """Kept in the records: it outlives a crash."""

    async def get(self, owner: str, key: str) -> dict[str, Any] | None: ...

    async def put(self, owner: str, key: str, value: dict[str, Any]) -> None: ...

    async def of_owner(self, owner: str) -> dict[str, dict[str, Any]]: ...

    async def forget(self, owner: str, key: str) -> None: ...


class OnAck(Protocol):
    """Takes an acknowledgement; returns what to say to who gave it. Never raises for a wrong id."""

    async def __call__(self, incident_id: str, who: str, via: str) -> str: ...


class ShortMemory:
    """For one run: a test message, a tool."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], dict[str, Any]] = {}

    async def get(self, owner: str, key: str) -> dict[str, Any] | None:
        return self._values.get((owner, key))

    async def put(self, owner: str, key: str, value: dict[str, Any]) -> None:
        self._values[owner, key] = value

    async def of_owner(self, owner: str) -> dict[str, dict[str, Any]]:
        return {key: value for (of, key), value in self._values.items() if of == owner}

    async def forget(self, owner: str, key: str) -> None:
        self._values.pop((owner, key), None)

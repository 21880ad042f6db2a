"""What `ronda status` says below the offices: applications out of reach, neighbours against the inventory,
configurations not read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from ronda.commands.status_applications import ApplicationLine, applications_of, words_of
from topology.model import Inventory, Language


@dataclass(frozen=True, slots=True)
class Notes:
    """None: not known, or not for the caller to see."""

    mismatches: int | None = None
    compared_at: str | None = None
    configurations: int | None = None
    without_backup: int | None = None
    applications: Sequence[ApplicationLine] | None = None

    def as_json(self) -> Mapping[str, Any]:
        return {
            "discovery": None
            if self.compared_at is None
            else {"at": self.compared_at, "mismatches": self.mismatches},
            "configurations": None
            if self.configurations is None
            else {"kept": self.configurations, "failing": self.without_backup},
            "applications": None
            if self.applications is None
            else [one.as_json() for one in self.applications],
        }

    def lines(self, known: Inventory) -> list[str]:
        language = known.network.language
        found = words_of(self.applications or (), known)
        if self.mismatches:
            found.append(
                f"{self.mismatches} hal berbeda dari inventaris menurut tetangga perangkat: ronda discover"
                if language is Language.ID
                else f"{self.mismatches} things differ from the inventory, neighbours say: ronda discover"
            )
        if self.without_backup:
            found.append(
                f"{self.without_backup} konfigurasi perangkat tidak terbaca: ronda backup --list"
                if language is Language.ID
                else f"{self.without_backup} configurations can't be read: ronda backup --list"
            )
        return found


def notes_of(url: str, headers: Mapping[str, str]) -> Notes:
    """What the caller may see of it; nothing of it keeps the offices from being shown."""
    try:
        with httpx.Client(base_url=url, timeout=5.0, headers=headers) as client:
            discovery = client.get("/api/v1/discovery")
            kept = client.get("/api/v1/configurations")
            applications = applications_of(client)
        compared = discovery.json() if discovery.status_code == httpx.codes.OK else {}
        rows = kept.json()["items"] if kept.status_code == httpx.codes.OK else None
        return Notes(
            compared.get("mismatches"),
            compared.get("at"),
            None if rows is None else len(rows),
            None if rows is None else sum(row["reason"] is not None for row in rows),
            applications,
        )
    except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError):
        return Notes()

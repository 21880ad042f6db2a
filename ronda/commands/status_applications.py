"""What `ronda status` says of applications: who can't use which, and for what reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from topology.application_reach import Unusable
from topology.model import Inventory, Language

_WORDS = {
    Language.ID: {
        Unusable.OFFICE_CUT: "kantornya sendiri putus",
        Unusable.HOST_CUT: "servernya tidak terjangkau",
        Unusable.APPLICATION_DOWN: "aplikasinya tidak menjawab",
    },
    Language.EN: {
        Unusable.OFFICE_CUT: "the office itself is cut off",
        Unusable.HOST_CUT: "its server can't be reached",
        Unusable.APPLICATION_DOWN: "it does not answer",
    },
}


@dataclass(frozen=True, slots=True)
class ApplicationLine:
    id: str
    name: str
    up: bool | None
    """As checked from here; None: nobody looked."""
    unusable: Mapping[str, Unusable]
    """Office to the nearest reason."""

    def as_json(self) -> Mapping[str, Any]:
        lost = [{"office": office, "why": why.value} for office, why in self.unusable.items()]
        return {"id": self.id, "up": self.up, "unusable": lost}


def applications_of(http: httpx.Client) -> Sequence[ApplicationLine] | None:
    """None: not for the caller to see. Raises httpx.HTTPError; ValueError, KeyError, TypeError when no Ronda
    answers."""
    found: list[ApplicationLine] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = http.get(
            "/api/v1/applications", params={"limit": 500, **({"cursor": cursor} if cursor else {})}
        )
        if answer.status_code != httpx.codes.OK:
            return None
        page = answer.json()
        found += [
            ApplicationLine(
                row["id"], row["name"], row["up"], {u["office"]: Unusable(u["why"]) for u in row["unusable"]}
            )
            for row in page["items"]
        ]
        cursor = page.get("next_cursor")
    return found


def words_of(applications: Sequence[ApplicationLine], known: Inventory) -> list[str]:
    """A line for each application that somebody can't use, the most missed first."""
    language = known.network.language
    lines = []
    for one in sorted(applications, key=lambda a: (-len(a.unusable), a.name)):
        counts = Counter(one.unusable.values())
        if not counts:
            continue
        why = ", ".join(f"{_WORDS[language][w]} ({counts[w]})" for w in Unusable if counts[w])
        lines.append(
            f"{one.name} [{one.id}] tidak bisa dipakai {len(one.unusable)} SKPD: {why}"
            if language is Language.ID
            else f"{one.name} [{one.id}] can't be used by {len(one.unusable)} offices: {why}"
        )
    return lines

"""A button in a message is a change like one made by the API: it is noted, and listeners are told."""

from __future__ import annotations

from typing import Any

import pytest

from ronda.ack_by_channel import acknowledged_by_channel


async def test_who_pressed_it_stands_in_the_audit_log(client: Any, backend: Any) -> None:
    incident = backend.cut()
    published = backend.feed.published
    said = await acknowledged_by_channel(backend, incident.id, "Rina", "telegram")
    assert said == f"Tercatat: Rina menangani {incident.id}."
    [entry] = backend.access.log
    assert (entry.who, entry.role, entry.via, entry.action) == ("Rina", "oncall", "telegram", "acknowledge")
    assert entry.subject == f"/api/v1/incidents/{incident.id}/acknowledge"
    assert entry.at == backend.clock.now()
    assert backend.feed.published == published + 1
    [row] = (await client.get("/api/v1/audit?action=acknowledge")).json()["items"]
    assert (row["who"], row["via"]) == ("Rina", "telegram")


async def test_what_changed_nothing_is_not_noted(backend: Any) -> None:
    incident = backend.cut()
    await acknowledged_by_channel(backend, incident.id, "Rina", "telegram")
    again = await acknowledged_by_channel(backend, incident.id, "Budi", "telegram")
    assert again == f"{incident.id} sudah ditangani oleh Rina."
    assert await acknowledged_by_channel(backend, "R-0", "Budi", "telegram") == "Insiden R-0 tidak dikenal."
    assert len(backend.access.log) == 1


async def test_a_lost_entry_does_not_deny_what_was_done(
    backend: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    incident = backend.cut()
    backend.access.down = True
    said = await acknowledged_by_channel(backend, incident.id, "Rina", "telegram")
    assert said.startswith("Tercatat")
    assert "audit entry not saved" in capsys.readouterr().out

"""Alertmanager's channel against Debian's prometheus-alertmanager, started here."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from alerts.channels.alertmanager import AlertmanagerChannel, AlertmanagerSettings
from alerts.channels.memory import ShortMemory
from alerts.model import Notification, Outcome, Reason, Severity

PROGRAM = shutil.which("prometheus-alertmanager")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(PROGRAM is None, reason="prometheus-alertmanager is not installed"),
]


class Now:
    """The machine's time: Alertmanager judges by its own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return 0.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("alertmanager")
    config = folder / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                str(PROGRAM),
                f"--config.file={config}",
                f"--storage.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--cluster.listen-address=",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            for _ in range(200):
                try:
                    if httpx.get(f"{url}/-/ready", timeout=1).is_success:
                        break
                except httpx.HTTPError:
                    assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.05)
            yield url
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture
async def house(manager: str) -> AsyncIterator[Any]:
    class House:
        def __init__(self) -> None:
            self.memory = ShortMemory()
            self.active = {"R-261121-001", "R-261121-003"}

        async def standing(self) -> set[str]:
            return self.active

    house: Any = House()
    settings = AlertmanagerSettings(manager, labels={"site": "paser"}, resend_s=3600)
    house.channel = AlertmanagerChannel(settings, "noc", Now(), house.memory, house.standing)
    await house.channel.start()
    yield house
    await house.channel.stop()


async def alerts(manager: str, incident: str) -> list[dict[str, Any]]:
    async with httpx.AsyncClient() as client:
        found = await client.get(f"{manager}/api/v2/alerts", params={"filter": f'incident="{incident}"'})
    answer: list[dict[str, Any]] = found.json()
    return answer


async def test_an_incident_stands_and_ends(
    manager: str, house: Any, note: Callable[..., Notification]
) -> None:
    now = datetime.now(UTC)
    began = {"kind": "outage", "began_at": (now - timedelta(minutes=3)).isoformat()}
    opened = note(payload={**began, "board_url": "https://ronda.example/incident/R-261121-001"})
    assert (await house.channel.deliver(opened)).outcome is Outcome.SENT
    (alert,) = await alerts(manager, "R-261121-001")
    assert alert["labels"] == {
        "alertname": "RondaIncident",
        "incident": "R-261121-001",
        "kind": "outage",
        "severity": "major",
        "site": "paser",
    }
    assert alert["generatorURL"] == "https://ronda.example/incident/R-261121-001"
    started = datetime.fromisoformat(alert["startsAt"])  # it keeps milliseconds
    assert abs(started - (now - timedelta(minutes=3))) < timedelta(milliseconds=1)
    assert datetime.fromisoformat(alert["endsAt"]) > now + timedelta(minutes=4)

    over = note(Reason.RESOLVED, 2, payload={**began, "resolved_at": datetime.now(UTC).isoformat()})
    assert (await house.channel.deliver(over)).outcome is Outcome.SENT
    await asyncio.sleep(0.01)
    assert await alerts(manager, "R-261121-001") == []
    assert await house.memory.of_owner("alertmanager:noc") == {}


async def test_worse_is_another_alert_and_the_old_one_ends(
    manager: str, house: Any, note: Callable[..., Notification]
) -> None:
    one = {"incident": "R-261121-002", "payload": {"kind": "outage", "began_at": None}}
    await house.channel.deliver(note(**one, created_at=datetime.now(UTC)))
    worse = note(Reason.UPDATED, 2, **one, severity=Severity.CRITICAL, created_at=datetime.now(UTC))
    await house.channel.deliver(worse)
    assert [a["labels"]["severity"] for a in await alerts(manager, "R-261121-002")] == ["critical"]


async def test_what_stands_is_sent_again_and_what_ended_in_silence_is_ended(
    manager: str, house: Any, note: Callable[..., Notification]
) -> None:
    one = {"incident": "R-261121-003", "created_at": datetime.now(UTC), "payload": {"kind": "outage"}}
    await house.channel.deliver(note(**one))
    (before,) = await alerts(manager, "R-261121-003")
    await asyncio.sleep(0.01)
    assert await house.channel.resend() >= 1
    (again,) = await alerts(manager, "R-261121-003")
    assert again["endsAt"] > before["endsAt"]
    assert again["startsAt"] == before["startsAt"]
    house.active = set()
    assert await house.channel.resend() == 0
    assert await alerts(manager, "R-261121-003") == []


async def test_a_test_is_an_alert_of_its_own(
    manager: str, house: Any, note: Callable[..., Notification]
) -> None:
    test = note(Reason.TEST, incident=None, severity=Severity.INFO, created_at=datetime.now(UTC), payload={})
    delivery = await house.channel.deliver(test)
    assert delivery.outcome is Outcome.SENT
    assert delivery.answer == "HTTP 200"


async def test_what_it_refuses_is_said(manager: str, note: Callable[..., Notification]) -> None:
    settings = AlertmanagerSettings(manager, labels={"not a label": "x"})
    channel = AlertmanagerChannel(settings, "noc", Now(), ShortMemory())
    await channel.start()
    delivery = await channel.deliver(note())
    await channel.stop()
    assert delivery.outcome is Outcome.FAILED
    assert "not a label" in str(delivery.error)

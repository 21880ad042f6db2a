"""The wall clock is set back while Ronda runs: it starts anew by itself, and what is seen counts again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.model import IncidentId, Notification, Reason, ReceiverId, Severity
from ronda.app import App
from ronda.settings import load_settings
from ronda.watch_on import watch_on
from storage.records import Records
from topology.inventory import load_inventory
from topology.model import DeviceId
from topology.observations import Means, Reachability

INVENTORY = """\
version: 1
network: {name: Net}
vantage: core
hubs: [hub]
offices:
  - {id: hub, name: Hub, kind: dinas}
  - {id: kuaro, name: Kuaro, kind: kecamatan}
devices:
  - {id: core, office: hub}
  - {id: kuaro-r1, office: kuaro}
links:
  - {id: hub-kuaro, a: {device: core}, b: {device: kuaro-r1}, medium: fiber}
"""


class WrongClock:
    """Two hours ahead until it is set right."""

    def __init__(self) -> None:
        self.ahead = timedelta(hours=2)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()


async def until(check: Callable[[], object], within_s: float = 60.0) -> None:
    async with asyncio.timeout(within_s):
        while not check():  # noqa: ASYNC110  # the application works by itself
            await asyncio.sleep(0.02)


def see(app: App, device: str, *, answered: bool) -> None:
    app.patrol.see([Reachability(DeviceId(device), app.clock.now(), answered, Means.ICMP)])
    app.rounds.poke()


async def test_an_outage_that_began_tomorrow_ends_today(tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_text(INVENTORY, encoding="utf-8")
    environ = {"RONDA_API__PORT": "0", "RONDA_DATA_DIR": str(tmp_path / "data")}
    settings = load_settings(None, environ)
    clock, stopping, apps = WrongClock(), asyncio.Event(), list[App]()

    def make() -> App:
        apps.append(App(settings, load_inventory(tmp_path / "inventory.yaml"), clock, {}))
        return apps[-1]

    def states() -> list[str]:
        return [i.status.value for i in apps[-1].patrol.book.active]

    watching = asyncio.create_task(watch_on(make, stopping))
    await until(lambda: apps and apps[-1].patrol.verdict)
    for _ in range(6):
        see(apps[0], "core", answered=True)
        see(apps[0], "kuaro-r1", answered=False)
        await asyncio.sleep(0.1)
    await until(lambda: states() == ["open"])
    incident = apps[0].patrol.book.active[0].id

    clock.ahead = timedelta(0)
    await until(lambda: len(apps) == 2 and apps[1].patrol.verdict)
    assert [i.id for i in apps[1].patrol.book.active] == [incident]

    async def seen_well() -> None:
        while apps[1].patrol.book.active:
            for device in ("core", "kuaro-r1"):
                see(apps[1], device, answered=True)
            await asyncio.sleep(0.2)

    await asyncio.wait_for(seen_well(), 60)
    stopping.set()
    assert await asyncio.wait_for(watching, 30)
    assert len(apps) == 2, "started anew once"


def test_a_message_of_tomorrow_goes_out_today(tmp_path: Path) -> None:
    now = datetime(2026, 11, 22, 3, tzinfo=UTC)
    records = Records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    records.start()
    for number, due_in in ((1, timedelta(hours=2)), (2, timedelta(minutes=5)), (3, timedelta(0))):
        note = Notification(
            dedup_key=f"R-{number}/1/opened/log",
            receiver=ReceiverId("log"),
            reason=Reason.OPENED,
            incident=IncidentId(f"R-{number}"),
            revision=1,
            severity=Severity.MAJOR,
            created_at=now + due_in,
            subject="s",
            text="t",
        )
        records.save([], [note], [])
    assert [c.notification.incident for c in records.claim_due(now, 10, 60)] == ["R-3"]
    records.release_leases(now)
    assert {c.notification.incident for c in records.claim_due(now, 10, 60)} == {"R-1", "R-2", "R-3"}
    records.stop()

"""A running Ronda writes down that it watches, so that reports tell its absence from a quiet network."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from ronda.app import App
from ronda.clock import SystemClock
from ronda.settings import Settings
from storage.records import Records, history
from topology.inventory import load_inventory

INVENTORY = """\
version: 1
network: {name: Net}
vantage: core
hubs: [hub]
offices: [{id: hub, name: Hub, kind: dinas}]
devices: [{id: core, office: hub}]
links: []
"""


async def test_each_run_is_a_watch_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_text(INVENTORY, encoding="utf-8")
    settings = Settings(inventory=tmp_path / "inventory.yaml", data_dir=tmp_path / "data")
    settings = settings.model_copy(update={"api": settings.api.model_copy(update={"port": 0})})
    clock = SystemClock()
    runs = []
    for _ in range(2):
        app = App(settings, load_inventory(settings.inventory), clock, {})
        began = clock.now()
        await app.start()
        while app.counters["verdicts"] < 2:  # noqa: ASYNC110  # the app has no event for it
            await asyncio.sleep(0.02)
        await app.stop()
        runs.append((began, clock.now()))
    records = Records(f"sqlite:///{tmp_path / 'data' / 'records.sqlite'}")
    records.start()
    found = records.read(lambda c: history.watched(c, runs[0][0], runs[1][1] + timedelta(seconds=1)))
    records.stop()
    assert len(found) == 2
    for (began, ended), (since, until) in zip(runs, found, strict=True):
        assert began <= since < until <= ended

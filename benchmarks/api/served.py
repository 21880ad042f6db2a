"""The server that is measured: the real application over 1,000 offices, with a verdict twice a second that
says something new once in two seconds, and a change told to every stream."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
import uvloop
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from api.app import create_app
from api.scope import LOCAL
from api.view import View
from ronda.app import App
from ronda.clock import SystemClock
from ronda.server import spare_what_stays
from ronda.settings import Settings
from topology.findings import (
    Component,
    ComponentKind,
    Connectivity,
    DeviceCondition,
    LinkCondition,
    OfficeVerdict,
    StateChange,
    Verdict,
)
from topology.model import (
    Device,
    DeviceId,
    DeviceRole,
    Inventory,
    Link,
    LinkEnd,
    LinkId,
    Location,
    Network,
    Office,
    OfficeId,
)

OFFICES = 1000


def a_regency() -> Inventory:
    offices, devices, links = {}, {}, {}
    for n in range(OFFICES):
        office, device = OfficeId(f"office-{n:04}"), DeviceId(f"r-{n:04}")
        offices[office] = Office(
            office,
            f"Kantor Desa nomor {n}",
            kecamatan=f"Kecamatan {n % 10}",
            location=Location(-1.9 - n / 10000, 116.1),
        )
        role = DeviceRole.CORE if n == 0 else DeviceRole.CPE
        devices[device] = Device(device, office, role=role)
        if n:
            link = LinkId(f"l-{n:04}")
            links[link] = Link(link, LinkEnd(DeviceId(f"r-{n // 12:04}")), LinkEnd(device))
    return Inventory(
        Network("Uji"), (DeviceId("r-0000"),), (OfficeId("office-0000"),), offices, devices, links
    )


def judged(inventory: Inventory, now: datetime, cut: int) -> Verdict:
    """As a judge gives it: new values every time, and of them a few say something new."""
    offices = {
        o: OfficeVerdict(
            o, Connectivity.CUT if n == cut else Connectivity.CONNECTED, now.replace(second=0), 1, 1
        )
        for n, o in enumerate(inventory.offices)
    }
    devices = dict.fromkeys(inventory.devices, DeviceCondition.UP)
    return Verdict(now, offices, devices, dict.fromkeys(inventory.links, LinkCondition.UP))


async def serve(core: int) -> None:
    os.sched_setaffinity(0, {core})
    clock = SystemClock()
    inventory = a_regency()
    with tempfile.TemporaryDirectory() as directory:
        system = App(Settings(data_dir=Path(directory)), inventory, clock, {})
        await system.keeper.start()
        web: FastAPI = create_app(system.backend)

        @web.get("/plain")
        async def plain() -> JSONResponse:
            rows = View(system.backend, LOCAL).offices()
            return JSONResponse({"items": [row.model_dump(mode="json") for row in rows]})

        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            sock.listen(1024)
            config = uvicorn.Config(
                web,
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_keep_alive=120,
                timeout_graceful_shutdown=1,
            )
            server = uvicorn.Server(config)
            spare_what_stays()
            print(json.dumps({"port": sock.getsockname()[1]}), flush=True)
            judging = asyncio.create_task(judge(system))
            await server.serve(sockets=[sock])
            judging.cancel()


async def judge(system: App) -> None:
    n = 0
    while True:
        n += 1
        now = datetime.now(UTC)
        system.patrol.verdict = judged(system.inventory, now, n // 4 % OFFICES)
        if n % 4 == 0:
            office = Component(ComponentKind.OFFICE, f"office-{n // 4 % OFFICES:04}")
            system.backend.feed.publish([StateChange(now, office, "connected", "cut", "benchmark")])
        await asyncio.sleep(0.5)


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))

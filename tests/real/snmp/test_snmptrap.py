"""Traps and informs sent by net-snmp's snmptrap: v1, v2c, v3, acknowledged, and a storm."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from collector.secrets import CommunitySecret, UsmSecret
from collector.traps import TrapEvent, TrapListener, TrapSettings
from ronda.clock import SystemClock
from topology.model import CredentialId, DeviceId

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("snmptrap") is None, reason="snmptrap is not installed (Debian: snmp)"),
]

ID = CredentialId("c")
SECRETS = (
    CommunitySecret(ID, "2c", "public"),
    UsmSecret(ID, "noc", "SHA256", "authpass123", "AES128", "privpass123"),
)
LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
IF_INDEX = ("1.3.6.1.2.1.2.2.1.1.7", "i", "7")
V3 = [
    "-v3",
    "-e",
    "0x8000000001020304",
    "-u",
    "noc",
    "-l",
    "authPriv",
    "-a",
    "SHA-256",
    "-A",
    "authpass123",
    "-x",
    "AES",
    "-X",
    "privpass123",
]


class Ear:
    def __init__(self, events: list[TrapEvent], listener: TrapListener, folder: Path) -> None:
        self.events = events
        self.listener = listener
        self._environ = {**os.environ, "MIBS": "", "SNMP_PERSISTENT_DIR": str(folder)}

    async def send(self, command: str, *arguments: str) -> int:
        process = await asyncio.create_subprocess_exec(
            command,
            *arguments,
            env=self._environ,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        return await process.wait()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not true():  # noqa: ASYNC110 - the condition lies in another object
                await asyncio.sleep(0.02)

    @property
    def to(self) -> str:
        return f"127.0.0.1:{self.listener.port}"


@pytest.fixture
async def ear(tmp_path: Path) -> AsyncIterator[Ear]:
    events: list[TrapEvent] = []
    listener = TrapListener(
        {"127.0.0.1": DeviceId("r1"), "10.1.2.3": DeviceId("r2")},
        SECRETS,
        events.append,
        SystemClock(),
        TrapSettings(host="127.0.0.1", port=0, window_s=0.3),
    )
    await listener.start()
    yield Ear(events, listener, tmp_path)
    await listener.stop()


async def test_v2c(ear: Ear) -> None:
    assert await ear.send("snmptrap", "-v2c", "-cpublic", ear.to, "", LINK_DOWN, *IF_INDEX) == 0
    await ear.until(lambda: bool(ear.events))
    (event,) = ear.events
    assert (event.device, event.kinds, event.if_indexes, event.count) == ("r1", ("link_down",), (7,), 1)
    assert event.reachability().answered


async def test_v1_is_mapped_by_its_own_agent_address(ear: Ear) -> None:
    command = ["-v1", "-cpublic", ear.to, "1.3.6.1.4.1.99999", "10.1.2.3", "2", "0", "42", *IF_INDEX]
    assert await ear.send("snmptrap", *command) == 0
    await ear.until(lambda: bool(ear.events))
    assert ear.events[0].device == "r2"
    assert ear.events[0].kinds == ("link_down",)


async def test_v3(ear: Ear) -> None:
    assert await ear.send("snmptrap", *V3, ear.to, "", LINK_DOWN, *IF_INDEX) == 0
    await ear.until(lambda: bool(ear.events))
    assert ear.events[0].kinds == ("link_down",)


async def test_v3_with_a_wrong_key_is_not_believed(ear: Ear) -> None:
    wrong = ["wrongpass123" if part == "authpass123" else part for part in V3]
    await ear.send("snmptrap", *wrong, ear.to, "", LINK_DOWN, *IF_INDEX)
    await ear.until(lambda: ear.listener.counters.get("traps_not_accepted", 0) > 0)
    assert ear.events == []


@pytest.mark.parametrize(
    "credential",
    [
        ["-v2c", "-cpublic"],
        [
            "-v3",
            "-u",
            "noc",
            "-l",
            "authPriv",
            "-a",
            "SHA-256",
            "-A",
            "authpass123",
            "-x",
            "AES",
            "-X",
            "privpass123",
        ],
    ],
    ids=["v2c", "v3"],
)
async def test_informs_are_acknowledged(ear: Ear, credential: list[str]) -> None:
    """snmpinform exits 0 only when the answer came."""
    command = [*credential, "-r1", "-t3", ear.to, "", LINK_DOWN, *IF_INDEX]
    assert await ear.send("snmpinform", *command) == 0
    await ear.until(lambda: bool(ear.events))


async def test_a_wrong_community_is_not_believed(ear: Ear) -> None:
    await ear.send("snmptrap", "-v2c", "-cother", ear.to, "", LINK_DOWN, *IF_INDEX)
    await ear.until(lambda: ear.listener.counters.get("traps_not_accepted", 0) > 0)
    assert ear.events == []


async def test_a_storm_is_coalesced_and_starves_nobody(ear: Ear) -> None:
    """10,000 traps in a burst; meanwhile the event loop keeps its turns."""
    catcher = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    catcher.bind(("127.0.0.1", 0))
    await ear.send(
        "snmptrap", "-v2c", "-cpublic", f"127.0.0.1:{catcher.getsockname()[1]}", "", LINK_DOWN, *IF_INDEX
    )
    packet = catcher.recv(4096)
    late_s: list[float] = []

    async def heartbeat() -> None:
        loop = asyncio.get_running_loop()
        while True:
            began_s = loop.time()
            await asyncio.sleep(0.01)
            late_s.append(loop.time() - began_s - 0.01)

    beat = asyncio.create_task(heartbeat())

    def burst() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for n in range(10_000):
                sock.sendto(packet, ("127.0.0.1", ear.listener.port))
                if n % 100 == 99:
                    time.sleep(0.002)

    await asyncio.to_thread(burst)
    catcher.close()
    await asyncio.sleep(0.8)
    beat.cancel()
    counters = ear.listener.counters
    assert counters["traps_received"] > 5_000  # the kernel may drop some
    assert counters["traps_understood"] < 400
    assert counters["traps_understood"] + counters["traps_coalesced"] == counters["traps_received"]
    assert 2 <= len(ear.events) < 20
    assert sum(event.count for event in ear.events) == pytest.approx(counters["traps_received"], rel=0.1)
    assert max(late_s) < 0.5


async def test_unknown_sources_are_counted(tmp_path: Path) -> None:
    events: list[TrapEvent] = []
    listener = TrapListener(
        {}, SECRETS, events.append, SystemClock(), TrapSettings(host="127.0.0.1", port=0, window_s=0.2)
    )
    await listener.start()
    ear = Ear(events, listener, tmp_path)
    await ear.send("snmptrap", "-v2c", "-cpublic", ear.to, "", LINK_DOWN, *IF_INDEX)
    await ear.until(lambda: listener.counters.get("traps_from_unknown_sources", 0) == 1)
    assert events == []
    await listener.stop()

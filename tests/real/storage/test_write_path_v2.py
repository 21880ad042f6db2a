"""`/api/v2/write`, the write path of InfluxDB 2.x and 3, on a real server that takes it: VictoriaMetrics."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ronda.clock import SystemClock
from storage.metrics.influx import InfluxStore
from storage.metrics.influx_wire import InfluxError, InfluxWire, Trouble
from storage.metrics.line import LineWriter
from storage.metrics.point import Point, tags_of
from storage.metrics.store import Written
from storage.settings import InfluxSettings, InfluxVersion

pytestmark = pytest.mark.real
NOW = int(time.time()) - 600


@pytest.fixture
def victoria(tmp_path: Path, free_port: Any) -> Iterator[str]:
    program = shutil.which("victoria-metrics")
    if program is None:
        pytest.skip("victoria-metrics is not installed (Debian: victoria-metrics)")
    port = free_port()
    process = subprocess.Popen(
        [program, "-storageDataPath", str(tmp_path / "vm"), "-httpListenAddr", f"127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 30
    try:
        while time.monotonic() < until:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{url}/health", timeout=2).status_code == 200:
                    break
            time.sleep(0.05)
        yield url
    finally:
        process.kill()
        process.wait(10)


def exported(url: str, name: str) -> list[dict[str, Any]]:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        httpx.get(f"{url}/internal/force_flush", timeout=5)
        answer = httpx.get(f"{url}/api/v1/export", params={"match[]": name}, timeout=5).text
        if answer:
            return [json.loads(line) for line in answer.splitlines()]
        time.sleep(0.1)
    return []


def test_lines_arrive_with_their_tags_times_and_values(victoria: str) -> None:
    wire = InfluxWire(InfluxSettings(url=victoria, token="t", database="ronda"), timeout_s=5)
    wire.open()
    tags = tags_of({"device": 'r1, of "Kuaro" = main', "office": "Kantor Camat é"})
    wire.write(
        LineWriter().lines([Point("interface", tags, {"in_bps": 1.5, "oper": 2}, NOW)]).body, InfluxVersion.V2
    )
    wire.close()
    (found,) = exported(victoria, "interface_in_bps")
    assert {k: found["metric"][k] for k in ("device", "office")} == dict(tags)
    assert (found["values"], found["timestamps"]) == ([1.5], [NOW * 1000])
    assert exported(victoria, "interface_oper")[0]["values"] == [2]


async def test_a_store_of_version_2_writes_there_and_fills_in_later(victoria: str, tmp_path: Path) -> None:
    settings = InfluxSettings(url=victoria, token="t", version=InfluxVersion.V2, linger_s=0.0)
    store = InfluxStore(settings, tmp_path / "spool", SystemClock())
    await store.start()
    point = Point("probe", tags_of({"device": "r1"}), {"rtt_ms": 2.5}, NOW)
    assert await store.write([point]) == Written(stored=1)
    await store.stop()
    assert exported(victoria, "probe_rtt_ms")[0]["values"] == [2.5]


def test_nobody_there_is_unavailable() -> None:
    wire = InfluxWire(InfluxSettings(url="http://127.0.0.1:1"), timeout_s=1)
    wire.open()
    with pytest.raises(InfluxError) as caught:
        wire.write(b"m f=1 1\n", InfluxVersion.V2)
    wire.close()
    assert caught.value.trouble is Trouble.UNAVAILABLE

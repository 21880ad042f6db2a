"""How fast the API answers: 1,000 offices, 200 requests a second on one core, 200 event streams beside them.

    .venv/bin/python -m benchmarks.api.run [--seconds 20] [--json]

The server runs in a process of its own, pinned to one core; whoever asks, on another. Beside it, for a ratio,
a plain FastAPI route that builds and serialises the same list at every request.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

TARGET_P99_MS = 30.0
RATE = 200
STREAMS = 200
OFFICES = "/api/v1/offices?limit=1000"
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Result:
    asked: int
    failed: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    cpu_ratio: float
    """Of the server's core."""


@dataclass(frozen=True)
class Report:
    with_streams: Result
    alone: Result
    rss_kb: tuple[int, int, int]
    events: int
    ours_ms: float
    plain_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(description="The API under load.")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, set(cores[1:]) or set(cores))
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.api.served", str(cores[0])],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        where = json.loads(server.stdout.readline())
        report = asyncio.run(measure("127.0.0.1", where["port"], server.pid, asked.seconds))
    finally:
        server.terminate()
        server.wait(10)
    print(json.dumps(asdict(report), indent=1) if asked.json else _text(report))
    ours = report.with_streams
    raise SystemExit(0 if ours.p99_ms < TARGET_P99_MS and not ours.failed else 1)


async def measure(host: str, port: int, pid: int, seconds: float) -> Report:
    told = [0]
    before_kb = _rss_kb(pid)
    streams = [asyncio.create_task(_listen(host, port, told)) for _ in range(STREAMS)]
    pool = Pool(host, port)
    await asyncio.sleep(2.0)
    await _load(pool, pid, 3.0)
    warm_kb = _rss_kb(pid)
    with_streams = await _load(pool, pid, seconds)
    after_kb = _rss_kb(pid)
    for task in streams:
        task.cancel()
    await asyncio.gather(*streams, return_exceptions=True)
    alone = await _load(pool, pid, seconds / 2)
    ours_ms, plain_ms = await _cpu_ms(pool, pid, OFFICES, 400), await _cpu_ms(pool, pid, "/plain", 40)
    return Report(with_streams, alone, (before_kb, warm_kb, after_kb), told[0], ours_ms, plain_ms)


class Pool:
    """Kept connections, and as little else as can be: whoever measures shares the machine."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def get(self, path: str) -> int:
        """The status; the body is read and thrown away."""
        here = self._free.pop() if self._free else await asyncio.open_connection(self._host, self._port)
        reader, writer = here
        writer.write(_request(path, self._host))
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        self._free.append(here)
        return int(head[9:12])


def _request(path: str, host: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n".encode()


async def _listen(host: str, port: int, told: list[int]) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(_request("/api/v1/stream", host))
    while line := await reader.readline():
        told[0] += line.startswith(b"event:")


async def _load(pool: Pool, pid: int, seconds: float) -> Result:
    """Open loop: a request is due at its time, whether the ones before were answered or not; what it waits
    for them counts."""
    took: list[float] = []
    failed = 0
    start, cpu = time.perf_counter(), _cpu_s(pid)

    async def ask(due: float) -> None:
        nonlocal failed
        failed += await pool.get(OFFICES) != 200
        took.append(time.perf_counter() - due)

    tasks = []
    for n in range(int(seconds * RATE)):
        due = start + n / RATE
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(ask(due)))
    await asyncio.gather(*tasks)
    lasted = time.perf_counter() - start
    ordered = sorted(took)
    return Result(
        len(took),
        failed,
        statistics.median(ordered) * 1000,
        ordered[int(len(ordered) * 0.99)] * 1000,
        ordered[-1] * 1000,
        (_cpu_s(pid) - cpu) / lasted,
    )


async def _cpu_ms(pool: Pool, pid: int, path: str, times: int) -> float:
    """The server's CPU for one answer, asked one after the other."""
    await pool.get(path)
    before = _cpu_s(pid)
    for _ in range(times):
        await pool.get(path)
    return (_cpu_s(pid) - before) / times * 1000


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def _text(report: Report) -> str:
    def line(name: str, r: Result) -> str:
        return (
            f"{name:<20} p50 {r.p50_ms:7.2f} ms  p99 {r.p99_ms:7.2f} ms  worst {r.worst_ms:7.2f} ms  "
            f"{r.cpu_ratio:6.1%} of a core  {r.asked} asked, {r.failed} failed"
        )

    before, warm, after = report.rss_kb
    return "\n".join(
        [
            f"1,000 offices, {RATE} requests/s, {STREAMS} event streams; wanted: p99 < {TARGET_P99_MS:g} ms",
            line("with streams", report.with_streams),
            line("without", report.alone),
            f"memory: {before / 1024:.1f} MB at the start, {warm / 1024:.1f} warm, {after / 1024:.1f} after; "
            f"{report.events} events told",
            f"CPU for one answer: {report.ours_ms:.2f} ms, a plain FastAPI route {report.plain_ms:.2f} ms: "
            f"ratio {report.plain_ms / max(report.ours_ms, 0.01):.1f}",
        ]
    )


if __name__ == "__main__":
    main()

"""1,000 loopback addresses, one echo each, every second: what share of a core does it take?

Beside fping (Debian package fping) and icmplib (installed into a virtual environment of the benchmark's own,
`var/bench/icmplib`, where an index can be reached). Interleaved repeats, medians. Our processor time and
icmplib's are taken inside the process, without its start; fping's is the whole process.

Run as root, or with CAP_NET_RAW. Goal: under 10 % of a core.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # run as a file, from anywhere

from collector.icmp import Prober, ProberSettings, ProbeTarget  # noqa: E402 - after the path is set
from collector.schedule import Schedule  # noqa: E402
from ronda.clock import SystemClock  # noqa: E402
from topology.model import Address, Device, DeviceId, OfficeId  # noqa: E402
from topology.observations import PollResult, Reachability  # noqa: E402

PEER_VENV = ROOT / "var" / "bench" / "icmplib"
PEER = "icmplib==3.0.4"
PEER_CODE = """
import asyncio, json, sys, time
from icmplib import async_multiping
async def main(seconds, hosts):
    answered = rounds = 0; sweeps = []
    cpu = time.process_time(); end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.monotonic()
        answered += sum(h.is_alive for h in await async_multiping(
            hosts, count=1, interval=0, timeout=1, concurrent_tasks=250, privileged=True))
        rounds += 1; sweeps.append(time.monotonic() - start)
        await asyncio.sleep(max(0, 1 - sweeps[-1]))
    print(json.dumps({"cpu_ratio": (time.process_time() - cpu) / rounds, "answered": answered,
                      "asked": rounds * len(hosts), "sweep_ms": 1000 * sorted(sweeps)[len(sweeps) // 2]}))
asyncio.run(main(float(sys.argv[1]), sys.argv[2].split()))
"""


@dataclass(frozen=True, slots=True)
class Figure:
    cpu_ratio: float
    """Processor seconds a second: of one core."""
    answered: int
    asked: int
    sweep_ms: float | None = None
    rss_mb: float | None = None


def hosts(count: int) -> list[str]:
    return [f"127.8.{n // 200}.{1 + n % 200}" for n in range(count)]


def rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def sweeps(count: int, seconds: float) -> Figure:
    """The prober alone: one `probe` of all targets a second."""
    prober = Prober(ProberSettings(wire="raw"), SystemClock())
    await prober.start()
    targets = [ProbeTarget(DeviceId(host), Address(host)) for host in hosts(count)]
    await prober.probe(targets)
    answered = rounds = 0
    took: list[float] = []
    cpu_s, start_s = time.process_time(), time.monotonic()
    while time.monotonic() < start_s + seconds:
        sweep_s = time.monotonic()
        answered += sum(answer.answered for answer in await prober.probe(targets))
        rounds += 1
        took.append(time.monotonic() - sweep_s)
        await asyncio.sleep(max(0.0, 1.0 - took[-1]))
    cpu_ratio = (time.process_time() - cpu_s) / rounds
    await prober.stop()
    return Figure(cpu_ratio, answered, rounds * count, 1000 * statistics.median(took), rss_mb())


async def scheduled(count: int, seconds: float) -> Figure:
    """Schedule and prober as the application runs them, every device at an interval of one second."""
    clock = SystemClock()
    prober = Prober(ProberSettings(wire="raw"), clock)
    await prober.start()
    answers: list[bool] = []

    async def poll(device: Device) -> PollResult:
        return PollResult(device.id, clock.now(), 0.0)

    def deliver_probes(probes: Sequence[Reachability]) -> None:
        answers.extend(probe.answered for probe in probes)

    devices = [
        Device(DeviceId(h), OfficeId("x"), Address(h), poll_interval_s=3600.0, probe_interval_s=1.0)
        for h in hosts(count)
    ]
    schedule = Schedule(devices, poll, prober.probe, lambda _result: None, deliver_probes, clock)
    await schedule.start()
    await asyncio.sleep(3.0)  # the first sweep
    answers.clear()
    cpu_s, start_s = time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    cpu_ratio = (time.process_time() - cpu_s) / (time.monotonic() - start_s)
    figure = Figure(cpu_ratio, sum(answers), len(answers), None, rss_mb())
    await schedule.stop()
    await prober.stop()
    return figure


def child(name: str, count: int, seconds: float) -> None:
    import uvloop

    main = scheduled(count, seconds) if name.startswith("schedule") else sweeps(count, seconds)
    figure = uvloop.run(main) if name.endswith("uvloop") else asyncio.run(main)
    print(json.dumps(asdict(figure)))


def ours(name: str) -> Callable[[int, float], Figure]:
    def measure(count: int, seconds: float) -> Figure:
        command = [
            sys.executable,
            __file__,
            "--child",
            name,
            "--targets",
            str(count),
            "--seconds",
            str(seconds),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return Figure(**json.loads(done.stdout))

    return measure


def fping(gap_ms: str) -> Callable[[int, float], Figure]:
    def measure(count: int, seconds: float) -> Figure:
        rounds = max(1, round(seconds))
        command = ["fping", "-q", "-C", str(rounds), "-p", "1000", "-i", gap_ms, "-t", "900", "-r", "0"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            command, input="\n".join(hosts(count)), capture_output=True, text=True, check=False
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        words = [word for line in done.stderr.splitlines() for word in line.partition(" : ")[2].split()]
        return Figure(cpu_s / rounds, sum(word != "-" for word in words), len(words))

    return measure


def icmplib(count: int, seconds: float) -> Figure:
    command = [str(PEER_VENV / "bin" / "python"), "-c", PEER_CODE, str(seconds), " ".join(hosts(count))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Figure(**json.loads(done.stdout))


def peer_ready() -> bool:
    python = PEER_VENV / "bin" / "python"
    if not python.exists():
        venv.create(PEER_VENV, with_pip=True)
    install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", PEER]
    return subprocess.run(install, capture_output=True, check=False).returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.targets, options.seconds)
        return
    if os.geteuid() != 0:
        print("skipped: raw ICMP sockets need root or CAP_NET_RAW")
        return
    measures: dict[str, Callable[[int, float], Figure]] = {
        "ronda prober": ours("prober"),
        "ronda prober, uvloop": ours("prober-uvloop"),
        "ronda schedule + prober, uvloop": ours("schedule-uvloop"),
    }
    if shutil.which("fping"):
        measures["fping -i 0.5 (paced, as we are)"] = fping("0.5")
        measures["fping -i 0 (one burst a sweep)"] = fping("0")
    else:
        print("fping is left out: not installed")
    if peer_ready():
        measures[PEER] = icmplib
    else:
        print(f"{PEER} is left out: it could not be installed")
    figures: dict[str, list[Figure]] = {name: [] for name in measures}
    for _ in range(options.repeats):
        for name, measure in measures.items():
            figures[name].append(measure(options.targets, options.seconds))
    print(f"{options.targets} targets a second, {options.repeats} x {options.seconds:g} s each, medians")
    print(f"{'':34} {'core %':>7} {'answered':>9} {'sweep ms':>9} {'RSS MB':>7}")
    for name, runs in figures.items():
        cpu = 100 * statistics.median(run.cpu_ratio for run in runs)
        answered = sum(run.answered for run in runs) / max(1, sum(run.asked for run in runs))
        took = [run.sweep_ms for run in runs if run.sweep_ms is not None]
        rss = [run.rss_mb for run in runs if run.rss_mb is not None]
        print(
            f"{name:34} {cpu:7.2f} {answered:9.2%} {statistics.median(took) if took else float('nan'):9.0f} "
            f"{statistics.median(rss) if rss else float('nan'):7.0f}"
        )


if __name__ == "__main__":
    main()

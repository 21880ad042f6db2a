"""Speed and memory of SNMP polling beside peers, in the same run, on one simulated fleet.

One device poll is 28 interfaces and 20 optical sensors (about 377 values). Every contender runs alone in a
process, in turn, several times; medians are printed, and ratios to Ronda. Figures are polls a second of the
contender's own CPU, so that the agent's speed does not count.

`python benchmarks/snmp/run.py [--quick] [--big]`; peers that are not installed are left out by name.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.snmp.contender import COLUMNS, address_of  # noqa: E402 - the path comes first
from benchmarks.snmp.fleet import PORTS, rows  # noqa: E402 - as above

Figures = dict[str, float]


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("0.0.0.0", 0))
        return int(probe.getsockname()[1])


def contender(way: str, **options: Any) -> Figures:
    arguments = [sys.executable, "-m", "benchmarks.snmp.contender", way]
    for name, value in options.items():
        if value is True:
            arguments.append(f"--{name.replace('_', '-')}")
        elif value is not False:
            arguments += [f"--{name.replace('_', '-')}", str(value)]
    found = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)}\n{found.stderr[-3000:]}")
    return dict(json.loads(found.stdout))


def bulkwalk(port: int, devices: int, **_: Any) -> Figures:
    """net-snmp's command, one process a column, as a script would."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environ = {**os.environ, "MIBS": ""}
    for n in range(devices):
        for column in COLUMNS:
            target = f"{address_of(n, 0)}:{port}"
            subprocess.run(
                ["snmpbulkwalk", "-v2c", "-cpublic", "-Cr30", "-On", target, column],
                env=environ,
                stdout=subprocess.DEVNULL,
                check=True,
            )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"polls_per_cpu_s": devices / spent_s, "rss_mb": after.ru_maxrss / 1024}


class Exporter:
    """prometheus-snmp-exporter with a module that walks the same columns."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        metrics = "".join(
            f"    - {{name: m{n}, oid: {oid}, type: gauge, help: m,"
            " indexes: [{labelname: i, type: gauge}]}\n"
            for n, oid in enumerate(COLUMNS)
        )
        config = folder / "snmp.yml"
        config.write_text(
            f"bench:\n  walk: [{', '.join(COLUMNS)}]\n  max_repetitions: 30\n  version: 2\n"
            f"  auth: {{community: public}}\n  metrics:\n{metrics}"
        )
        self._process = subprocess.Popen(
            [
                "prometheus-snmp-exporter",
                f"--config.file={config}",
                f"--web.listen-address=127.0.0.1:{self._port}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(50):
            try:
                socket.create_connection(("127.0.0.1", self._port), 0.2).close()
                return
            except OSError:
                time.sleep(0.1)

    def poll(self, port: int, devices: int, **_: Any) -> Figures:
        before_s = self._cpu_s()
        for n in range(devices):
            url = f"http://127.0.0.1:{self._port}/snmp?module=bench&target={address_of(n, 0)}:{port}"
            with urllib.request.urlopen(url, timeout=20) as answer:
                assert answer.read().count(b"\nm") > PORTS
        return {"polls_per_cpu_s": devices / (self._cpu_s() - before_s), "rss_mb": self._rss_mb()}

    def _cpu_s(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _rss_mb(self) -> float:
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
        return 0.0

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


class Snmpd:
    """net-snmp's agent with the fleet's rows, for SNMPv3 (SHA-256, AES-128)."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        names = {"2": "integer", "4": "octet_str", "6": "object_id", "65": "counter", "66": "uinteger"}
        names |= {"67": "timeticks", "70": "counter64"}
        lines = [f"agentaddress udp:127.0.0.1:{self.port}", "sysServices 2"]
        lines += ["createUser bench SHA-256 authpass123 AES privpass123", "rouser bench priv"]
        for row in rows():
            oid, tag, value = row.split("|", 2)
            text = f'"{value}"' if tag == "4" else value
            lines.append(f"override {oid} {names[tag]} {text}")
        (folder / "snmpd.conf").write_text("\n".join(lines) + "\n")
        environ = {**os.environ, "MIBS": "", "SNMP_PERSISTENT_DIR": str(folder / "state")}
        self._process = subprocess.Popen(
            ["snmpd", "-C", "-c", str(folder / "snmpd.conf"), "-f", "-Lf", str(folder / "snmpd.log")],
            env=environ,
        )
        time.sleep(2)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def median_of(runs: list[Figures]) -> Figures:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def in_turn(ways: dict[str, Callable[[], Figures]], times: int) -> dict[str, Figures]:
    found: dict[str, list[Figures]] = {name: [] for name in ways}
    for _ in range(times):
        for name, way in ways.items():
            found[name].append(way())
    return {name: median_of(runs) for name, runs in found.items()}


def show(title: str, found: dict[str, Figures]) -> None:
    ours = found["ronda"]["polls_per_cpu_s"]
    print(f"\n{title}")
    print(f"  {'':<26}{'polls/CPU s':>12}{'ronda is':>12}{'peak MB':>9}")
    for name, figures in found.items():
        speed = figures["polls_per_cpu_s"]
        print(f"  {name:<26}{speed:>12.1f}{ours / speed:>11.1f}x{figures.get('rss_mb', 0):>9.0f}")
    extra = found["ronda"]
    print(
        f"  ronda: best round {extra['best_polls_per_cpu_s']:.0f}, {extra['requests_per_poll']:.1f} packets"
        f" a poll, p99 {extra['p99_ms']:.1f} ms,"
        f" learning {extra['learning_cpu_ms_per_device']:.1f} ms CPU a device"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one run of each, fewer devices")
    parser.add_argument("--big", action="store_true", help="10,000 devices too (a minute and a gigabyte)")
    given = parser.parse_args()
    times = 1 if given.quick else 3
    port = free_port()
    fleet = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.snmp.fleet", "--port", str(port)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(1.0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stop: list[Callable[[], None]] = [fleet.terminate]
        try:
            measure(given, times, port, folder, stop)
        finally:
            for end in reversed(stop):
                end()


def measure(
    given: argparse.Namespace, times: int, port: int, folder: Path, stop: list[Callable[[], None]]
) -> None:
    ways: dict[str, Callable[[], Figures]] = {
        "ronda": lambda: contender("ronda", port=port, rounds=10),
        "pysnmp": lambda: contender("pysnmp", port=port, devices=10, rounds=1),
    }
    left_out = []
    if shutil.which("snmpbulkwalk"):
        ways["snmpbulkwalk (processes)"] = lambda: bulkwalk(port, 5)
    else:
        left_out.append("snmpbulkwalk")
    if shutil.which("prometheus-snmp-exporter"):
        exporter = Exporter(folder)
        stop.append(exporter.stop)
        ways["snmp_exporter (HTTP)"] = lambda: exporter.poll(port, 100)
    else:
        left_out.append("prometheus-snmp-exporter")
    show("SNMPv2c, 100 devices, 10 in flight", in_turn(ways, times))
    if shutil.which("snmpd"):
        agent = Snmpd(folder)
        stop.append(agent.stop)
        v3 = {
            "ronda": lambda: contender("ronda", port=agent.port, rounds=10, devices=50, v3=True),
            "pysnmp": lambda: contender("pysnmp", port=agent.port, devices=5, rounds=1, v3=True),
        }
        show("SNMPv3 authPriv (SHA-256, AES-128), 50 sessions, 10 in flight", in_turn(v3, times))
    else:
        left_out.append("snmpd (SNMPv3)")
    fleets = [(1000, 100)] + ([(10_000, 1000)] if given.big else [])
    for devices, dead in fleets:
        found = contender(
            "ronda", port=port, devices=devices, dead=dead, in_flight=min(devices, 1000), rounds=2
        )
        share = found["round_cpu_s"] / 60.0
        print(
            f"\n{devices:,} devices, {dead:,} of them dead, every 60 s: {100 * share:.1f} % of a core,"
            f" a round in {found['round_s']:.1f} s, peak {found['rss_mb']:.0f} MB"
        )
    if left_out:
        print(f"\nnot installed and left out: {', '.join(left_out)}")


if __name__ == "__main__":
    main()

"""An hour of random faults on real routers, compressed: what leaks, sticks or is forgotten shows here.

    .venv/bin/python benchmarks/endtoend/soak.py --minutes 10        # or 600

Faults come every few seconds: cuts, ducts, power, dead daemons, loss, latency, flapping, rogues, restarts. At
the end everything is mended, and then: every incident has its all-clear, every office is connected, the log
has no error, every job of the schedule ended, and memory has not grown.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.endtoend.house import House, wait_for
from lab.namespaces import wrap
from lab.namespaces.client import LabProcess
from lab.namespaces.control import RefusedError
from topology.inventory import load_inventory
from topology.model import DeviceRole, Inventory

TWELVE = Path(__file__).resolve().parents[2] / "lab" / "namespaces" / "twelve.yaml"
SAMPLE_S = 2.0
WARM_UP = 0.3
"""Of the run, before which memory may grow: caches fill, profiles are learned."""
LEAST_SLOPE_S = 300.0
"""Shorter runs say nothing about a slope."""
MAX_SLOPE_MB_H = 60.0


@dataclass
class Soak:
    """What came of it; `problems` is empty when all is well."""

    faults: int = 0
    notes: int = 0
    rss_mb: list[tuple[float, float]] = field(default_factory=list)
    slope_mb_h: float | None = None
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        sizes = [mb for _, mb in self.rss_mb]
        return {
            "faults": self.faults,
            "messages": self.notes,
            "rss_mb": {"first": sizes[0], "last": sizes[-1], "most": max(sizes)} if sizes else {},
            "slope_mb_h": self.slope_mb_h,
            "problems": self.problems,
        }


def faults(inventory: Inventory, draw: random.Random) -> tuple[str, Mapping[str, Any]]:
    """One fault or repair, by chance."""
    link = draw.choice(sorted(inventory.links))
    routers = sorted(
        d.id for d in inventory.devices.values() if d.monitored and d.role is not DeviceRole.UPS and d.snmp
    )
    away = [d for d in routers if d not in inventory.vantages]
    device = draw.choice(away)
    duct = draw.choice(sorted(g for g in inventory.risk_groups if g.startswith("duct")) or [link])
    kinds: list[tuple[int, Callable[[], tuple[str, Mapping[str, Any]]]]] = [
        (30, lambda: ("cut", {"target": link})),
        (40, lambda: ("restore", {"target": link})),
        (4, lambda: ("cut", {"target": duct})),
        (6, lambda: ("restore", {"target": duct})),
        (5, lambda: ("power_off", {"target": device})),
        (12, lambda: ("power_on", {"target": device})),
        (4, lambda: ("stop_snmp", {"device": device})),
        (8, lambda: ("start_snmp", {"device": device})),
        (3, lambda: ("rogue", {"device": device, "mode": draw.choice(["slow", "garbage", "old", "flood"])})),
        (4, lambda: ("loss", {"link": link, "percent": draw.choice([5.0, 20.0])})),
        (4, lambda: ("latency", {"link": link, "ms": draw.choice([20.0, 200.0]), "jitter_ms": 10.0})),
        (3, lambda: ("flap", {"link": link, "times": 4, "every_s": 3.0})),
        (6, lambda: ("restore_all", {})),
    ]
    weights = [weight for weight, _ in kinds]
    return draw.choices([make for _, make in kinds], weights)[0]()


def soak(house: House, for_s: float, *, seed: int, say: Callable[[str], None] = print) -> Soak:
    """Faults for so long, then an hour's end: everything mended and looked at."""
    result, draw = Soak(), random.Random(seed)
    inventory = load_inventory(house.lab.inventory)
    began = time.monotonic()
    sampled = 0.0
    while time.monotonic() - began < for_s:
        command, arguments = faults(inventory, draw)
        try:
            house.lab.ask(command, **arguments)
        except RefusedError:  # a device without power has no daemon to stop: part of the game
            continue
        result.faults += 1
        until = time.monotonic() + draw.expovariate(1 / 3.0)
        while time.monotonic() < until:
            if time.monotonic() - sampled > SAMPLE_S:
                sampled = time.monotonic()
                result.rss_mb.append((sampled - began, rss_mb(house)))
            time.sleep(0.1)
        if house.process is None or house.process.poll() is not None:
            result.problems.append(f"ronda serve ended: {house.log.read_text(errors='replace')[-2000:]}")
            return result
        if result.faults % 50 == 0:
            say(f"{time.monotonic() - began:.0f} s: {result.faults} faults, {len(house.hook.notes)} messages")
    _end(house, result)
    result.slope_mb_h = slope_mb_h(result.rss_mb, for_s)
    if result.slope_mb_h is not None and result.slope_mb_h > MAX_SLOPE_MB_H:
        result.problems.append(f"memory grows by {result.slope_mb_h:.0f} MB an hour")
    return result


def _end(house: House, result: Soak) -> None:
    house.lab.ask("restore_all")
    house.lab.ask("wait_converged")

    def well() -> bool:
        return set(house.offices().values()) == {"connected"} and not house.incidents()

    try:
        wait_for(well, 240, "all is well at the end")
    except AssertionError as error:
        open_ = [(i["kind"], i["why"]) for i in house.incidents()]
        result.problems.append(f"{error}: {house.offices()} {open_}")
    time.sleep(3.0)
    result.notes = len(house.hook.notes)
    opened = {n.incident for n in house.hook.notes if n.reason in ("opened", "reopened")}
    resolved = {n.incident for n in house.hook.notes if n.reason == "resolved"}
    if missed := sorted(opened - resolved):
        result.problems.append(f"no all-clear for {missed}")
    result.problems += [f"in the log: {line}" for line in house.complaints()]
    result.problems += stuck(house)


def stuck(house: House) -> list[str]:
    """Every device is still probed and polled: nothing of the schedule hangs."""
    before = _ages(house)
    time.sleep(25.0)
    after = _ages(house)
    return [f"{d} is not {what} any more" for (d, what), n in after.items() if n <= before.get((d, what), 0)]


def _ages(house: House) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for measurement, what, column in (("probe", "probed", "answered"), ("device", "polled", "uptime_s")):
        count = f'SELECT count("{column}") AS n FROM "{measurement}" GROUP BY "device"'  # noqa: S608  # own names
        rows, tags = house.influx.query(count), house.influx.tags(count)
        for row, tag in zip(rows, tags, strict=True):
            found[(tag["device"], what)] = int(row["n"])
    return found


def rss_mb(house: House) -> float:
    assert house.process is not None
    status = Path(f"/proc/{house.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024.0


def slope_mb_h(samples: list[tuple[float, float]], for_s: float) -> float | None:
    """Least squares over what comes after warming up; None for a run too short to say."""
    kept = [(at_s, mb) for at_s, mb in samples if at_s > WARM_UP * for_s]
    if for_s < LEAST_SLOPE_S or len(kept) < 10:
        return None
    return statistics.linear_regression([a for a, _ in kept], [m for _, m in kept]).slope * 3600.0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inventory", type=Path, default=TWELVE)
    options = parser.parse_args()
    if lacking := wrap.missing():
        print(f"needs {', '.join(lacking)}")
        return 0
    with (
        tempfile.TemporaryDirectory(prefix="ronda-soak-") as name,
        LabProcess(options.inventory, Path(name) / "lab") as lab,
    ):
        house = House(lab, Path(name) / "house")
        try:
            house.start()
            wait_for(lambda: set(house.offices().values()) == {"connected"}, 60, "all is well at first")
            result = soak(house, options.minutes * 60.0, seed=options.seed)
        finally:
            house.stop()
    print(json.dumps(result.as_json(), indent=1))
    return 1 if result.problems else 0


if __name__ == "__main__":
    sys.exit(main())

"""From a cut fiber to a delivered message, on real software; and what it costs. Run it as root:

    .venv/bin/python benchmarks/endtoend/run.py            # everything, about 20 minutes
    .venv/bin/python benchmarks/endtoend/run.py --quick    # 12 offices with traps, two cuts

Ronda (echo every 5 s, polls every 60 s, all else its defaults) in the monitor namespace of a lab of 12 and of
60 offices; with and without traps. At 60 offices Debian's Prometheus, exporters and Alertmanager watch the
same lab in the same run.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.endtoend.house import House, Note, wait_for
from benchmarks.endtoend.peer import Peer
from benchmarks.endtoend.peer import missing as peer_missing
from lab.namespaces import generate, wrap
from lab.namespaces.client import LabProcess
from topology.inventory import load_inventory
from topology.model import DeviceId

LOST_S = 90.0
STEADY_S = 60.0


@dataclass(frozen=True, slots=True)
class Cut:
    """Seconds from the cut."""

    verdict_s: float
    message_s: float
    messages: int
    right: bool
    """The first message blames the link that was cut, and nothing else."""


@dataclass(frozen=True, slots=True)
class Cost:
    cpu_percent: float
    """Of one core."""
    rss_mb: float


@contextmanager
def watched(offices: int, traps: bool) -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="ronda-endtoend-") as name:
        directory = Path(name)
        inventory = directory / "inventory.yaml"
        inventory.write_text(generate.inventory(offices))
        arguments = [] if traps else ["--no-traps"]
        with LabProcess(inventory, directory / "lab", arguments=arguments) as lab:
            house = House(lab, directory / "house")
            try:
                house.start(traps=traps)
                well = lambda: set(house.offices().values()) == {"connected"}  # noqa: E731  # used once
                wait_for(well, 180, "every office is connected")
                time.sleep(STEADY_S / 2)  # first polls, learned profiles
                yield house
            finally:
                house.stop()


def branches(house: House) -> list[str]:
    """Links whose loss cuts exactly one office."""
    inventory = load_inventory(house.lab.inventory)
    count: dict[str, int] = {}
    for link in inventory.links.values():
        for end in link.ends:
            count[end.device] = count.get(end.device, 0) + 1
    return [link.id for link in inventory.links.values() if 1 in (count[e.device] for e in link.ends)]


def cuts(house: House, links: Sequence[str]) -> Iterator[Cut]:
    draw = random.Random(1)
    for link in links:
        time.sleep(draw.uniform(0.0, 10.0))  # at any moment between two probes
        seen = len(house.hook.notes)
        wall, at_s = time.time(), time.monotonic()
        house.lab.ask("cut", target=link)

        def told(seen: int = seen) -> list[Note]:
            return house.hook.notes[seen:]

        first = wait_for(lambda: told()[:1], LOST_S, f"a message about {link}")[0]
        created = datetime.fromisoformat(str(first.body["created_at"])).timestamp()
        time.sleep(8.0)
        yield Cut(
            verdict_s=created - wall,
            message_s=first.at_s - at_s,
            messages=len([n for n in told() if n.reason in ("opened", "reopened")]),
            right=first.components == {f"link:{link}"},
        )
        house.lab.ask("restore", target=link)
        wait_for(lambda: not house.incidents(), 120, f"{link} is resolved")


def ronda_process(house: House) -> int:
    assert house.process is not None
    return house.process.pid  # `exec` became ronda itself


def cost(pid: int, during_s: float) -> Cost:
    ticks = os.sysconf("SC_CLK_TCK")

    def used_s() -> float:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / ticks

    before, began = used_s(), time.monotonic()
    time.sleep(during_s)
    spent = (used_s() - before) / (time.monotonic() - began)
    status = Path(f"/proc/{pid}/status").read_text()
    rss_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return Cost(100.0 * spent, rss_kb / 1024.0)


def beside_the_peer(house: House, hub: str) -> list[str]:
    """One hub office loses its power, its branches go with it: who tells what, when, in how many messages."""
    peer = Peer(house.lab, house.inside, house.directory / "peer")
    lines = []
    try:
        peer.start()
        time.sleep(2 * STEADY_S / 3)
        peer_cost = cost_of_all([p.pid for p in peer.processes], STEADY_S / 2)
        seen, at_s = len(house.hook.notes), time.monotonic()
        house.lab.ask("power_off", target=hub)
        silent = set(house.lab.ask("status")["silent"])
        time.sleep(LOST_S)
        ours = [n for n in house.hook.notes[seen:] if n.reason in ("opened", "reopened", "updated")]
        first = next((n for n in ours if f"device:{hub}-r1" in n.components), None)
        inventory = load_inventory(house.lab.inventory)
        hosts = {str(inventory.devices[DeviceId(d)].address) for d in silent}
        lines.append(f"\n{hub} loses its power; {len(silent)} hosts silent because of it\n")
        lines.append(
            "| | messages | seconds to the first | to all silent hosts or offices | names the cause |"
        )
        lines.append("|---|---|---|---|---|")
        if first is not None:
            whole = next((n.at_s - at_s for n in ours if len(n.offices) >= len(silent)), None)
            shown = "-" if whole is None else f"{whole:.1f}"
            lines.append(f"| Ronda | {len(ours)} | {first.at_s - at_s:.1f} | {shown} | yes |")
        else:
            lines.append(f"| Ronda | {len(ours)} | none right | - | no |")
        for path, what in (("/one", "Alertmanager, one a host"), ("/together", "Alertmanager, grouped")):
            told = peer.told.since(at_s, path)
            covered: set[str] = set()
            whole = None
            for when, named in told:
                covered |= named
                if hosts <= covered and whole is None:
                    whole = when
            first_s = f"{told[0][0]:.1f}" if told else "none"
            shown = "-" if whole is None else f"{whole:.1f}"
            lines.append(f"| {what} | {len(told)} | {first_s} | {shown} | no |")
        lines.append(
            f"\nThe peer's four processes: {peer_cost.cpu_percent:.1f} % of a core, {peer_cost.rss_mb:.0f} MB"
        )
        house.lab.ask("power_on", target=hub)
    finally:
        peer.stop()
    return lines


def cost_of_all(pids: Sequence[int], during_s: float) -> Cost:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(pids)) as pool:
        found = list(pool.map(lambda pid: cost(pid, during_s), pids))
    return Cost(sum(c.cpu_percent for c in found), sum(c.rss_mb for c in found))


def machine() -> str:
    info = Path("/proc/cpuinfo").read_text()
    model = next((x.split(":")[1].strip() for x in info.splitlines() if x.startswith("model name")), "?")
    memory_kb = int(Path("/proc/meminfo").read_text().split()[1])
    return f"{os.cpu_count()} cores of {model}, {memory_kb / 2**20:.0f} GiB; load {os.getloadavg()[0]:.1f}"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--cuts", type=int, default=7)
    parser.add_argument("--offices", type=int, nargs="*", default=[12, 60])
    parser.add_argument("--only-traps", action="store_true", help="not the runs without traps")
    options = parser.parse_args()
    if lacking := wrap.missing():
        print(f"needs {', '.join(lacking)}")
        return 0
    print(f"Machine: {machine()}\n", flush=True)
    print(
        "| offices | traps | cuts | verdict median (worst) s | message median (worst) s | messages a cut ",
        end="",
    )
    print("| first blames the fiber | CPU % of a core | RSS MB | per 100 offices |")
    print("|---|---|---|---|---|---|---|---|---|---|", flush=True)
    after: list[str] = []
    for offices in [12] if options.quick else options.offices:
        for traps in [True] if options.quick or options.only_traps else [True, False]:
            with watched(offices, traps) as house:
                steady = cost(ronda_process(house), 10 if options.quick else STEADY_S)
                links = branches(house)[: 2 if options.quick else options.cuts]
                found = list(cuts(house, links))
                print(_row(offices, traps, found, steady), flush=True)
                if offices >= 60 and traps and not options.quick:
                    if lacking := peer_missing():
                        after.append(f"\nthe peer is not installed: {', '.join(lacking)}")
                    else:
                        after += beside_the_peer(house, "k05")
    print("\n".join(after))
    return 0


def _row(offices: int, traps: bool, found: Sequence[Cut], steady: Cost) -> str:
    def spread(values: list[float]) -> str:
        return f"{statistics.median(values):.1f} ({max(values):.1f})"

    per_100 = f"{steady.cpu_percent * 100 / offices:.1f} %, {steady.rss_mb:.0f} MB in all"
    cells = [
        str(offices),
        "yes" if traps else "no",
        str(len(found)),
        spread([c.verdict_s for c in found]),
        spread([c.message_s for c in found]),
        f"{statistics.mean(c.messages for c in found):.1f}",
        f"{sum(c.right for c in found)} of {len(found)}",
        f"{steady.cpu_percent:.1f}",
        f"{steady.rss_mb:.0f}",
        per_100,
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())

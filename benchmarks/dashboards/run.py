"""Every query of every dashboard on InfluxDB 1.6: python benchmarks/dashboards/run.py [--quick]

Data: 1,000 interfaces each minute, their 250 devices, 250 offices and 400 links each half minute. Roll-ups
are there for seven days of everything; raw values for seven days of what a panel of one thing looks at, and
for one day (--quick: two hours) of everything else. Each query is asked five times; the median counts. The
peer is what a panel would ask without ready aggregates: the same from raw values, over the time they cover.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import sys
import time
from collections.abc import Iterator

import httpx

from benchmarks.storage.server import influxd
from dashboards import influx
from dashboards.everything import DASHBOARDS

INTERFACES, DEVICES, OFFICES, LINKS = 1000, 250, 250, 400
DAYS = 7
LIMIT_MS = 300.0
CHOSEN = {
    "office": "office-7",
    "link": "link-7",
    "device": "router-7",
    "kecamatan": ".*",
    "provider": ".*",
    "resolution": "autogen",
}
PEERS = {
    "95th percentile of every link": (
        'SELECT percentile("load_ratio", 95) FROM "hourly"."link" WHERE $timeFilter GROUP BY "link"',
        'SELECT percentile("load_ratio", 95) FROM "link" WHERE $timeFilter GROUP BY "link"',
    ),
    "availability of every office": (
        'SELECT mean("reachable") FROM "hourly"."office" WHERE $timeFilter GROUP BY "office"',
        'SELECT mean("reachable") FROM "office" WHERE $timeFilter GROUP BY "office"',
    ),
    "offices by state": (
        'SELECT last("cut") FROM "network" WHERE $timeFilter GROUP BY time(1h)',
        'SELECT count("connectivity") FROM "office" WHERE $timeFilter AND "paths" = 2 GROUP BY time(1h)',
    ),
}


def series() -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """(measurement and tags, seconds between rows, templates of fields with one %g)."""
    for n in range(INTERFACES):
        tags = f"device=router-{n % DEVICES},if_name=ether{n // DEVICES},office=office-{n % OFFICES}"
        if n < LINKS:
            tags += f",link=link-{n},provider=p{n % 5}"
        yield f"interface,{tags}", 60, ("in_bps", "out_bps", "in_errors", "out_errors", "in_discards", "oper")
    for n in range(LINKS):
        tags = f"device=router-{n % DEVICES},if_name=ether{n // DEVICES},link=link-{n}"
        yield f"optics,{tags},office=office-{n % OFFICES}", 60, ("rx_dbm", "tx_dbm")
        tags = f"link=link-{n},medium=fiber,provider=p{n % 5}"
        yield f"link,{tags}", 30, ("condition", "load_bps", "load_ratio", "rx_dbm", "rx_margin_db")
    for n in range(OFFICES):
        tags = f"kecamatan=K{n % 10},kind=desa,office=office-{n},provider=p{n % 5}"
        fields = ("connectivity", "paths", "paths_designed", "reachable", "latitude_deg", "longitude_deg")
        yield f"office,{tags}", 30, fields
        yield f"application_office,application=e-budgeting,office=office-{n}", 30, ("reachable",)
    for n in range(DEVICES):
        at = f"device=router-{n},office=office-{n % OFFICES}"
        yield (
            f"device,{at}",
            60,
            ("uptime_s", "cpu_ratio", "memory_ratio", "temperature_c", "poll_s", "poll_errors"),
        )
        yield f"probe,{at}", 10, ("answered", "rtt_ms", "loss_ratio")
        yield f"sensor,{at},sensor=board,sensor_kind=temperature", 60, ("value", "ok")
    yield (
        "network",
        30,
        ("connected", "degraded", "cut", "unknown", "not_connected", "incidents", "devices_silent"),
    )
    for part in (
        "app_verdicts",
        "app_polls",
        "app_probes",
        "outbox_sent",
        "app_poll_errors",
        "metrics_points_stored",
    ):
        yield f"ronda,part={part}", 30, ("count",)
    for part in ("metrics_spool_backlog_bytes", "outbox_waiting"):
        yield f"ronda,part={part}", 30, ("value",)


INTEGERS = {
    "condition",
    "connectivity",
    "paths",
    "paths_designed",
    "reachable",
    "oper",
    "answered",
    "ok",
    "count",
}
INTEGERS |= {
    "connected",
    "degraded",
    "cut",
    "unknown",
    "not_connected",
    "incidents",
    "devices_silent",
    "poll_errors",
}
ROLLED = {"five_minutes": 300, "hourly": 3600}


def load(client: httpx.Client, url: str, raw_s: int, now_s: int) -> int:
    dice = random.Random(7)
    lines: list[str] = []
    wrote = 0
    values = [f"{dice.uniform(0.1, 0.9):.3f}" for _ in range(997)]

    def flush(policy: str) -> None:
        nonlocal lines, wrote
        if lines:
            answer = client.post(
                f"{url}/write",
                params={"db": "bench", "precision": "s", "rp": policy},
                content="\n".join(lines).encode(),
            )
            answer.raise_for_status()
            wrote += len(lines)
            lines = []

    for head, every_s, fields in series():
        for policy, step_s in {"autogen": every_s, **ROLLED}.items():
            whole = policy != "autogen" or head.startswith(("network", "ronda")) or re.search(r"-7\b", head)
            for at in range(now_s - (DAYS * 86_400 if whole else raw_s), now_s, step_s):
                told = []
                for name in fields:
                    value = "1i" if name in INTEGERS else values[(at + len(name)) % 997]
                    if policy == "autogen":
                        told.append(f"{name}={value}")
                    else:
                        value = "1" if name in INTEGERS else value
                        told += [f"{name}={value}", f"{name}_min={value}", f"{name}_max={value}"]
                lines.append(f"{head} {','.join(told)} {at}")
                if len(lines) >= 10_000:
                    flush(policy)
            flush(policy)
    return wrote


def filled(query: str, since: int, until: int) -> str:
    text = query.replace("$timeFilter", f"time >= {since}s AND time <= {until}s").replace("$__interval", "5m")
    for name, value in CHOSEN.items():
        text = text.replace(f"${{{name}:regex}}", value).replace(f"${{{name}}}", value)
    assert not re.search(r"\$\w|\$\{", text), text
    return text


def ask_ms(client: httpx.Client, url: str, query: str) -> float:
    took = []
    for _ in range(5):
        began = time.perf_counter()
        answer = client.post(
            f"{url}/query", params={"db": "bench", "epoch": "ms"}, data={"q": query}, timeout=300
        )
        took.append((time.perf_counter() - began) * 1000)
        result = answer.json()["results"][0]
        assert "error" not in result, (query, result)
    return statistics.median(took)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="two hours of raw values instead of a day")
    raw_s = 7200 if parser.parse_args().quick else 86_400
    with influxd() as url, httpx.Client(timeout=300) as client:
        if url is None:
            print("influxd is not installed (Debian: influxdb): nothing measured")
            return
        for statement in (
            "CREATE DATABASE bench",
            'CREATE RETENTION POLICY "five_minutes" ON "bench" DURATION 90d REPLICATION 1',
            'CREATE RETENTION POLICY "hourly" ON "bench" DURATION 730d REPLICATION 1',
        ):
            client.post(f"{url}/query", data={"q": statement}).raise_for_status()
        now_s = int(time.time())
        began = time.monotonic()
        rows = load(client, url, raw_s, now_s)
        print(f"{rows:,} rows in {time.monotonic() - began:.0f} s")
        slow = measure(client, url, now_s)
        print("\nready aggregate beside the same from raw values (median of 5):")
        for what, (ours, raw) in PEERS.items():
            mine = ask_ms(client, url, filled(ours, now_s - raw_s, now_s))
            theirs = ask_ms(client, url, filled(raw, now_s - raw_s, now_s))
            print(f"  {what:45} {mine:8.1f} ms {theirs:10.1f} ms   {theirs / mine:6.1f} times")
        sys.exit(1 if slow else 0)


def measure(client: httpx.Client, url: str, now_s: int) -> list[str]:
    found = []
    for dashboard in DASHBOARDS:
        for row in dashboard.rows:
            for panel in row.panels:
                for target in panel.targets:
                    if target["datasource"] == influx.SOURCE:
                        query = filled(target["query"], now_s - DAYS * 86_400, now_s)
                        found.append((ask_ms(client, url, query), f"{dashboard.title} / {panel.title}"))
    found.sort(reverse=True)
    slow = [f"{took:8.1f} ms  {what}" for took, what in found if took > LIMIT_MS]
    print(f"{len(found)} queries over {DAYS} days; the ten slowest (limit {LIMIT_MS:g} ms):")
    for took, what in found[:10]:
        print(f"  {took:8.1f} ms  {what}")
    print(f"median of all: {statistics.median(t for t, _ in found):.1f} ms; above the limit: {len(slow)}")
    return slow


if __name__ == "__main__":
    main()

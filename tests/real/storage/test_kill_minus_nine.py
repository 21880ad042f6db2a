"""Ronda killed with -9 at random moments while it writes: nothing acknowledged is lost, nothing is there
twice.

Four kills each here; RONDA_CHAOS_KILLS=50 for the long version (about three minutes).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from storage.metrics.embedded import EmbeddedStore
from storage.metrics.influx_admin import InfluxAdmin
from storage.metrics.store import Row, Series
from storage.records import Records
from storage.settings import InfluxSettings, Retention

pytestmark = pytest.mark.real
KILLS = int(os.environ.get("RONDA_CHAOS_KILLS", "4"))
KILL_ME = Path(__file__).with_name("kill_me.py")
BATCH = 20


class Victims:
    """One process after another; the numbers that each acknowledged before it was killed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.acknowledged: list[int] = []
        self.next = 0

    def live_and_die(self, *arguments: str) -> None:
        process = subprocess.Popen(
            [sys.executable, str(KILL_ME), *arguments, str(self.next)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first, "it did not even start"
        said = [int(first)]
        stdout = process.stdout
        reader = threading.Thread(
            target=lambda: said.extend(int(line) for line in stdout if line.endswith("\n"))
        )
        reader.start()
        time.sleep(self.random.uniform(0.0, 0.5))
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        reader.join(10)
        self.acknowledged += said
        self.next = max(said) + 100 * BATCH
        process.stdout.close()


def check_numbers(found: list[Series], acknowledged: list[int]) -> None:
    values = Counter(row.values["n"] for series in found for row in series.rows)
    assert max(values.values()) == 1, "a number is there twice"
    for first in acknowledged:
        for n in range(first, first + BATCH):
            assert n in values, f"{n} was acknowledged and is not there"
    for series in found:
        for row in series.rows:
            assert series.tags["series"] == f"s{row.values['n'] % 7}", "a row is in the wrong series"


async def test_the_embedded_store(tmp_path: Path) -> None:
    victims = Victims(1)
    for _ in range(KILLS):
        victims.live_and_die("embedded", str(tmp_path / "m.sqlite"))
    store = EmbeddedStore(tmp_path / "m.sqlite")
    await store.start()
    found = await store.range("numbers", ["n"], start_s=0, end_s=2**33)
    await store.stop()
    check_numbers(found, victims.acknowledged)
    print(f"{KILLS} kills, {len(victims.acknowledged) * BATCH} points acknowledged")


def test_influx_and_its_spool(own_influxd: Any, tmp_path: Path) -> None:
    """The server dies, hangs or lives while its writer is killed."""
    settings = InfluxSettings(url=own_influxd.url)
    admin = InfluxAdmin(settings, Retention())
    admin.open()
    admin.init()
    admin.close()
    victims = Victims(2)
    spool = str(tmp_path / "spool")
    for n in range(KILLS):
        trouble = ("none", "dead", "hangs", "dies meanwhile", "back meanwhile")[n % 5]
        if trouble == "dead":
            own_influxd.kill()
        elif trouble == "hangs":
            own_influxd.pause()
        timer = None
        if trouble in ("dies meanwhile", "back meanwhile"):
            if trouble == "back meanwhile":
                own_influxd.kill()
            act = own_influxd.kill if trouble == "dies meanwhile" else own_influxd.start
            timer = threading.Timer(0.6, act)
            timer.start()
        victims.live_and_die("influx", own_influxd.url, spool)
        if timer is not None:
            timer.join()
        if own_influxd.process is None:
            own_influxd.start()
        own_influxd.resume()
    subprocess.run([sys.executable, str(KILL_ME), "drain", own_influxd.url, spool], check=True, timeout=90)
    answer = own_influxd.query('SELECT n FROM numbers GROUP BY "series"', db="ronda")
    found = [Series(one["tags"], tuple(_row(v) for v in one["values"])) for one in answer]
    check_numbers(found, victims.acknowledged)
    print(f"{KILLS} kills, {len(victims.acknowledged) * BATCH} points acknowledged")


def _row(value: list[int]) -> Row:
    return Row(value[0], {"n": value[1]})


def test_the_records(tmp_path: Path) -> None:
    """Of each number the change, the incident and the message are there, or none of them."""
    url = f"sqlite:///{tmp_path / 'records.sqlite'}"
    victims = Victims(3)
    for _ in range(KILLS):
        victims.live_and_die("records", url)
    records = Records(url)
    records.start()
    changes = {int(r.change.subject.id[1:]) for r in records.changes(limit=10**6)}
    incidents = {int(i.id[1:]) for i in records.incidents(limit=10**6)}
    messages = {int(r.notification.dedup_key[1:]) for r in records.recent_notifications(limit=10**6)}
    records.stop()
    assert changes == incidents == messages
    assert set(victims.acknowledged) <= changes
    assert len(changes - set(victims.acknowledged)) <= KILLS, "at most the one that was under way"
    print(f"{KILLS} kills, {len(victims.acknowledged)} transactions acknowledged")

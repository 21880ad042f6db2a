"""Setting an InfluxDB up, and finding out what is wrong with it, in words. Blocking; for the command line.

1.x: a database with three retention policies (`autogen` for raw values, `five_minutes`, `hourly`). 2.x: three
buckets, `NAME`, `NAME/five_minutes` and `NAME/hourly`, which `/query` finds as database and policy without
further mapping. 3 Core: three databases of these names.
"""

from __future__ import annotations

from datetime import datetime

import urllib3
from influxdb_client.rest import ApiException

from storage.metrics.influx_query import identifier
from storage.metrics.influx_rollup import DEFAULT_POLICY
from storage.metrics.influx_wire import InfluxError, InfluxWire, Server, Trouble, answered
from storage.metrics.store import Resolution
from storage.settings import DAY_S, InfluxSettings, InfluxVersion, Retention

MAX_SKEW_S = 5.0


def explain(error: InfluxError, settings: InfluxSettings) -> str:
    """What happened, and what to do about it, for a person."""
    where = f"InfluxDB at {settings.url}"
    match error.trouble:
        case Trouble.REFUSED if error.status == 401:
            return (
                f"{where} refuses our credentials ({error.reason}): check the user and password, or the token"
            )
        case Trouble.REFUSED:
            return f"{where} gives us no right to that ({error.reason}): we need to read and to write it"
        case Trouble.MISSING:
            return f"{where} has no {settings.database!r} ({error.reason}): run `ronda storage init`"
        case _:
            return f"{where}: {error}"


class InfluxAdmin:
    """One command's connection. `open` first, `close` after."""

    def __init__(self, settings: InfluxSettings, retention: Retention) -> None:
        self._settings = settings
        self._retention = retention
        self._wire = InfluxWire(settings, timeout_s=settings.query_timeout_s)

    def open(self) -> None:
        self._wire.open()

    def close(self) -> None:
        self._wire.close()

    def init(self) -> list[str]:
        """Makes what is missing, sets the retention of what is there; what was done. Raises InfluxError.

        Running it again changes nothing.
        """
        server = self._wire.ping()
        match server.version:
            case InfluxVersion.V1:
                return self._init_1()
            case InfluxVersion.V3:
                return self._init_3()
            case _:
                try:
                    return self._init_2()
                except ApiException as error:
                    raise answered(error) from error
                except (urllib3.exceptions.HTTPError, OSError) as error:
                    raise InfluxError(Trouble.UNAVAILABLE, str(error)) from error

    def check(self, now: datetime) -> tuple[Server | None, list[str]]:
        """Who answers, and every problem found: credentials, rights, what is missing, the clock."""
        try:
            server = self._wire.ping()
        except InfluxError as error:
            return None, [explain(error, self._settings)]
        problems: list[str] = []
        if server.date is not None:
            skew_s = (server.date - now).total_seconds()
            if abs(skew_s) > MAX_SKEW_S:
                way = "ahead of" if skew_s > 0 else "behind"
                problems.append(f"its clock is {abs(skew_s):.0f} s {way} ours: set up NTP on both")
        for resolution in Resolution:
            # Zero lines: rights and names are checked, and nothing is stored.
            try:
                self._wire.write(b"\n", server.version, resolution)
                self._wire.query("SHOW MEASUREMENTS LIMIT 1", resolution)
            except InfluxError as error:
                if error.trouble is Trouble.POISON:  # "no lines": it got as far as parsing
                    continue
                words = explain(error, self._settings)
                if words not in problems:
                    problems.append(words)
        return server, problems

    def _kept(self) -> dict[Resolution, int]:
        kept = self._retention
        return {
            Resolution.RAW: kept.raw_s,
            Resolution.FIVE_MINUTES: kept.five_minutes_s,
            Resolution.HOURLY: kept.hourly_s,
        }

    def _init_1(self) -> list[str]:
        database = identifier(self._settings.database)
        done: list[str] = []
        known = _column(self._wire.query("SHOW DATABASES", None), "name")
        if self._settings.database not in known:
            self._wire.query(f"CREATE DATABASE {database}", None)
            done.append(f"database {self._settings.database} made")
        policies = _rows(self._wire.query(f"SHOW RETENTION POLICIES ON {database}", None))
        for resolution, kept_s in self._kept().items():
            policy = DEFAULT_POLICY if resolution is Resolution.RAW else resolution.value
            default = " DEFAULT" if resolution is Resolution.RAW else ""
            shard = {Resolution.RAW: "1d", Resolution.FIVE_MINUTES: "7d", Resolution.HOURLY: "28d"}[
                resolution
            ]
            settings = f"DURATION {kept_s}s REPLICATION 1 SHARD DURATION {shard}{default}"
            there = next((p for p in policies if p["name"] == policy), None)
            if there is None:
                self._wire.query(
                    f"CREATE RETENTION POLICY {identifier(policy)} ON {database} {settings}", None
                )
                done.append(f"retention policy {policy} made: {kept_s // DAY_S} days")
            elif _duration_s(str(there["duration"])) != kept_s:
                self._wire.query(
                    f"ALTER RETENTION POLICY {identifier(policy)} ON {database} {settings}", None
                )
                done.append(f"retention policy {policy} set to {kept_s // DAY_S} days")
        return done

    def _init_2(self) -> list[str]:
        buckets = self._wire.client.buckets_api()
        done: list[str] = []
        for resolution, kept_s in self._kept().items():
            name = self._wire.bucket(resolution)
            there = buckets.find_bucket_by_name(name)  # type: ignore[no-untyped-call]  # typed in part only
            rule = {"type": "expire", "everySeconds": kept_s}
            if there is None:
                buckets.create_bucket(bucket_name=name, org=self._settings.org, retention_rules=[rule])
                done.append(f"bucket {name} made: {kept_s // DAY_S} days")
            elif [r.every_seconds for r in there.retention_rules] != [kept_s]:
                there.retention_rules = [rule]
                buckets.update_bucket(bucket=there)
                done.append(f"bucket {name} set to {kept_s // DAY_S} days")
        return done

    def _init_3(self) -> list[str]:
        done: list[str] = []
        for resolution, kept_s in self._kept().items():
            name = self._wire.bucket(resolution)
            body = {"db": name, "retention_period": f"{kept_s // 3600}h"}
            try:
                self._wire.request("POST", "/api/v3/configure/database", [], body=body)
            except InfluxError as error:
                if error.status != 409:  # it is there already, and 3 Core can't change its retention
                    raise
            else:
                done.append(f"database {name} made: {kept_s // DAY_S} days")
        return done


def _rows(series: list[dict[str, object]]) -> list[dict[str, object]]:
    return [
        dict(zip(one["columns"], row, strict=True))  # type: ignore[call-overload]  # lists, as the API says
        for one in series
        for row in one.get("values", [])  # type: ignore[attr-defined]  # as above
    ]


def _column(series: list[dict[str, object]], name: str) -> list[object]:
    return [row[name] for row in _rows(series)]


def _duration_s(text: str) -> int:
    """Go's way of writing one, such as ``336h0m0s``; ``0s`` is for ever."""
    total, number = 0, ""
    for c in text:
        if c.isdigit():
            number += c
        else:
            total += int(number or 0) * {"h": 3600, "m": 60, "s": 1}.get(c, 0)
            number = ""
    return total

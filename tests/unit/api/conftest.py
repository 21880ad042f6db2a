"""A backend of real domain values: the shipped inventory, a verdict, an incident, and a log in memory."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
import uvicorn

from alerts.escalate import unacknowledged
from alerts.incident import IncidentBook, Step, UnknownIncidentError
from alerts.maintenance import Window, WindowId
from alerts.model import (
    AffectedOffice,
    Happened,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentStatus,
    Severity,
    TimelineEntry,
)
from api.app import create_app
from api.backend import MetricsUnavailableError, NotActiveError, ReadinessCheck, RecordsUnavailableError
from api.changes import ChangeFeed
from api.credentials import new_token
from api.findings import Compared
from api.past import Past
from api.routes import stream
from ronda.register import RecordsRegister
from storage.configs import ConfigChange
from storage.metrics.store import Aggregate, Series, Where
from storage.records import AuditEntry, Records, Session, Token, hash_of
from storage.records.configurations import BackupState
from storage.records.events import RecordedChange
from topology.findings import (
    Cause,
    Component,
    ComponentKind,
    Connectivity,
    DeviceCondition,
    LinkCondition,
    OfficeVerdict,
    StateChange,
    Verdict,
)
from topology.history import verdict_at
from topology.inventory import load_inventory
from topology.model import ConnectionStage, DeviceId, Inventory, LinkId, OfficeId

ROOT = Path(__file__).parents[3]
START = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
CUT_AT = START + timedelta(minutes=3)
EVIL = "<script>alert(1)</script>"
CABLE = Component(ComponentKind.LINK, "long-ikis-long-kali")


@dataclass
class HandClock:
    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return (self.at - START).total_seconds()


@dataclass
class MemoryAccess:
    """Tokens, sessions and audit log as the records keep them; `down` when these can't be reached."""

    known: list[Token] = field(default_factory=list)
    sessions: dict[str, Session] = field(default_factory=dict)
    log: list[AuditEntry] = field(default_factory=list)
    down: bool = False
    reads: int = 0

    def _reached(self) -> None:
        self.reads += 1
        if self.down:
            raise RecordsUnavailableError("down")

    async def tokens(self) -> Sequence[Token]:
        self._reached()
        return list(self.known)

    async def touch_tokens(self, used: Mapping[str, datetime]) -> None:
        self._reached()
        self.known = [replace(t, last_used_at=used.get(t.id, t.last_used_at)) for t in self.known]

    async def open_session(self, session: Session) -> None:
        self._reached()
        self.sessions[session.hash] = session

    async def session(self, hash_: str) -> Session | None:
        self._reached()
        return self.sessions.get(hash_)

    async def close_session(self, hash_: str) -> None:
        self._reached()
        self.sessions.pop(hash_, None)

    async def add_audit(self, entry: AuditEntry) -> None:
        self._reached()
        self.log.append(replace(entry, id=len(self.log) + 1))

    async def audit(self, **asked: Any) -> Sequence[AuditEntry]:
        self._reached()
        rows = [
            e
            for e in reversed(self.log)
            if (asked["before_id"] is None or e.id < asked["before_id"])
            and (asked["since"] is None or e.at >= asked["since"])
            and (asked["until"] is None or e.at < asked["until"])
            and (asked["who"] is None or e.who == asked["who"])
            and (asked["action"] is None or e.action == asked["action"])
        ]
        return rows[: asked["limit"]]

    def make(self, role: str, *, provider: str | None = None, label: str | None = None, **more: Any) -> str:
        """A token of this role; its secret."""
        secret = new_token()
        id_ = f"t-{len(self.known)}"
        self.known.append(Token(id_, hash_of(secret), label or role, role, provider, START, **more))
        return secret

    def revoke(self, secret: str, at: datetime) -> None:
        self.known = [replace(t, revoked_at=at) if t.hash == hash_of(secret) else t for t in self.known]


@dataclass
class MemoryFindings:
    """Discovery and kept configurations."""

    newest: Compared | None = None
    states: dict[DeviceId, BackupState] = field(default_factory=dict)
    kept: dict[DeviceId, list[tuple[ConfigChange, str]]] = field(default_factory=dict)
    """Newest first, with the text."""

    def compared(self) -> Compared | None:
        return self.newest

    def backup_states(self) -> Mapping[DeviceId, BackupState]:
        return self.states

    async def configurations(self) -> Mapping[DeviceId, ConfigChange]:
        return {device: rows[0][0] for device, rows in self.kept.items()}

    async def configuration(self, device: DeviceId, commit: str | None) -> str | None:
        rows = self.kept.get(device, [])
        return next((text for change, text in rows if commit in (None, change.commit)), None)

    async def configuration_changes(
        self, device: DeviceId, since: datetime | None, until: datetime | None, limit: int
    ) -> Sequence[ConfigChange]:
        rows = [change for change, _ in self.kept.get(device, [])]
        return [r for r in rows if (not since or r.at >= since) and (not until or r.at < until)][:limit]

    async def configuration_diff(self, device: DeviceId, old: str | None, new: str | None) -> str | None:
        return "--- a\n+++ b\n" if await self.configuration(device, new) is not None else None


@dataclass
class SampleBackend:
    """Long Kali's only cable is cut."""

    inventory: Inventory
    clock: HandClock = field(default_factory=HandClock)
    access: MemoryAccess = field(default_factory=MemoryAccess)
    findings: MemoryFindings = field(default_factory=MemoryFindings)
    feed: ChangeFeed = field(default_factory=lambda: ChangeFeed("run1"))
    newest: Verdict | None = None
    told: list[Incident] = field(default_factory=list)
    log: list[RecordedChange] = field(default_factory=list)
    checks: list[ReadinessCheck] = field(default_factory=lambda: [ReadinessCheck("records", True)])
    counters: dict[str, int | float] = field(default_factory=lambda: {"polls": 12, "waiting": 0.5})
    measured: dict[str, list[Series]] = field(default_factory=dict)
    asked: list[tuple[object, ...]] = field(default_factory=list)
    unmeasured: bool = False
    directory: Path | None = None
    """For the records, which are made when a report is first asked for."""

    @cached_property
    def records(self) -> Records:
        directory = self.directory or Path(tempfile.mkdtemp(prefix="ronda-test-"))
        records = Records(f"sqlite:///{directory / 'records.sqlite'}")
        records.start()
        records.append_changes([line.change for line in self.log])
        return records

    @property
    def register(self) -> RecordsRegister:
        self.records.save(self.told)
        return RecordsRegister(self.records, lambda: self.inventory, self.clock)

    def verdict(self) -> Verdict | None:
        return self.newest

    async def incidents(
        self,
        *,
        which: Literal["active", "all"],
        limit: int,
        after: IncidentId | None = None,
        since: datetime | None = None,
    ) -> Sequence[Incident]:
        rows = [i for i in self.told if which == "all" or i.active]
        rows = [i for i in rows if since is None or i.resolved_at is None or i.resolved_at >= since]
        rows.sort(key=lambda i: (i.began_at, i.id), reverse=True)
        if after is not None:
            ids = [i.id for i in rows]
            rows = rows[ids.index(after) + 1 :] if after in ids else []
        return rows[:limit]

    async def incident(self, id_: IncidentId) -> Incident | None:
        return next((i for i in self.told if i.id == id_), None)

    async def acknowledge(self, id_: IncidentId, who: str, note: str) -> Incident | None:
        return await self._work(id_, lambda book: book.acknowledge(id_, who, self.clock.now(), note))

    async def unacknowledge(self, id_: IncidentId, who: str, note: str) -> Incident | None:
        def given_back(book: IncidentBook) -> Step:
            before = next((i for i in book.active if i.id == id_), None)
            if before is None:
                raise UnknownIncidentError(id_)
            return Step(before, unacknowledged(before, self.clock.now(), note, who), ())

        return await self._work(id_, given_back)

    async def comment(self, id_: IncidentId, who: str, text: str) -> Incident | None:
        return await self._work(id_, lambda book: book.comment(id_, who, self.clock.now(), text))

    async def assign(self, id_: IncidentId, who: str, to: str | None) -> Incident | None:
        return await self._work(id_, lambda book: book.assign(id_, who, to, self.clock.now()))

    async def link_ticket(self, id_: IncidentId, who: str, ticket: str | None) -> Incident | None:
        return await self._work(id_, lambda book: book.link_ticket(id_, who, ticket, self.clock.now()))

    async def _work(self, id_: IncidentId, do: Callable[[IncidentBook], Step]) -> Incident | None:
        if await self.incident(id_) is None:
            return None
        book = IncidentBook(self.inventory.offices, incidents=[i for i in self.told if i.active])
        try:
            step = do(book)
        except UnknownIncidentError as error:
            raise NotActiveError(id_) from error
        self.told = [step.after if i.id == id_ else i for i in self.told]
        return step.after

    async def windows(self, since: datetime | None) -> Sequence[Window]:
        return self.records.maintenance_windows(since)

    async def plan(self, window: Window) -> bool:
        return self.records.save_window(window)

    async def cancel_window(self, id_: WindowId) -> Window | None:
        return self.records.cancel_window(id_, self.clock.now())

    async def events(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        subjects: Collection[Component] | None = None,
        limit: int = 200,
        after: int = 0,
    ) -> Sequence[RecordedChange]:
        rows = [
            e
            for e in self.log
            if e.id > after
            and (since is None or e.change.at >= since)
            and (until is None or e.change.at < until)
            and (subjects is None or e.change.subject in subjects)
        ]
        return rows[:limit]

    async def past(self, at: datetime) -> Past:
        log = [e.change for e in self.log]
        watched = any(c.at <= at for c in log)
        return Past(at, verdict_at(log, at) if watched else None)

    async def series(
        self,
        measurement: str,
        field: str,
        *,
        start_s: int,
        end_s: int,
        where: Where,
        every_s: int,
        aggregate: Aggregate,
    ) -> Sequence[Series]:
        if self.unmeasured:
            raise MetricsUnavailableError("the store is away")
        self.asked.append((measurement, field, start_s, end_s, dict(where), every_s, aggregate))
        return [s for s in self.measured.get(measurement, ()) if _fits(s.tags, where)]

    async def loads(self) -> Mapping[LinkId, float]:
        if self.unmeasured:
            raise MetricsUnavailableError("the store is away")
        return dict.fromkeys(self.inventory.links, 1000000.0)

    def safe_settings(self) -> Mapping[str, Any]:
        return {"api": {"port": 8064}, "verdict": {"settle_s": 5.0}}

    async def readiness(self) -> Sequence[ReadinessCheck]:
        seen = ReadinessCheck("verdict", self.newest is not None, "" if self.newest else "no verdict yet")
        return [seen, *self.checks]

    def self_counters(self) -> Mapping[str, int | float]:
        return self.counters

    # --- what happens in a test

    def judge(self, cut: Sequence[str] = (), *, blind: bool = False) -> Verdict:
        """The verdict in which these offices are cut by CABLE, as a judge would give it."""
        now = self.clock.now()
        offices = {}
        for id_, office in self.inventory.offices.items():
            state = Connectivity.CONNECTED
            if office.connection is not ConnectionStage.ACTIVE:
                state = Connectivity.NOT_CONNECTED
            elif id_ in cut:
                state = Connectivity.CUT
            paths = 1 if state is Connectivity.CONNECTED else 0
            causes = ("g1",) if id_ in cut else ()
            offices[id_] = OfficeVerdict(id_, state, CUT_AT if id_ in cut else START, paths, 1, causes)
        devices = {
            d.id: DeviceCondition.SHADOW
            if d.office in cut
            else DeviceCondition.UP
            if d.monitored
            else DeviceCondition.UNKNOWN
            for d in self.inventory.devices.values()
        }
        links = dict.fromkeys(self.inventory.links, LinkCondition.UP)
        causes: tuple[Cause, ...] = ()
        if cut:
            links[LinkId(CABLE.id)] = LinkCondition.DOWN
            lost = tuple(OfficeId(o) for o in cut)
            silent = (Component(ComponentKind.DEVICE, "long-kali-r1"),)
            causes = (Cause("g1", 1, (CABLE,), silent, 0.9, "its port is down", CUT_AT, cut=lost),)
        self.newest = Verdict(now, offices, devices, links, causes, blind)
        return self.newest

    def cut(self) -> Incident:
        """At CUT_AT the cable is cut and one incident is opened."""
        self.clock.at = CUT_AT
        before = self.newest
        self.judge(["camat-long-kali"])
        incident = Incident(
            IncidentId("R-261121-001"),
            IncidentKind.OUTAGE,
            IncidentStatus.OPEN,
            Severity.MAJOR,
            (CABLE,),
            (Component(ComponentKind.DEVICE, "long-kali-r1"),),
            0.9,
            "its port is down at long-ikis-d1",
            CUT_AT,
            opened_at=CUT_AT + timedelta(seconds=2),
            offices=(AffectedOffice(OfficeId("camat-long-kali"), Connectivity.CUT, CUT_AT),),
            timeline=(TimelineEntry(CUT_AT, Happened.OPENED, "its port is down"),),
        )
        change = StateChange(
            CUT_AT,
            Component(ComponentKind.OFFICE, "camat-long-kali"),
            None if before is None else "connected",
            "cut",
            "its only cable is cut",
        )
        self.told.append(incident)
        self.log.append(RecordedChange(len(self.log) + 1, change))
        self.feed.publish([change], [incident])
        return incident

    def restore(self) -> None:
        self.clock.at = CUT_AT + timedelta(minutes=10)
        self.judge()
        resolved = [
            replace(i, status=IncidentStatus.RESOLVED, resolved_at=self.clock.at) if i.active else i
            for i in self.told
        ]
        self.told = resolved
        self.feed.publish(incidents=resolved)


def _fits(tags: Mapping[str, str], where: Where) -> bool:
    return all(tags.get(tag) == ids or tags.get(tag) in ids for tag, ids in where.items())


@pytest.fixture
def backend(tmp_path: Path) -> SampleBackend:
    inventory = load_inventory(ROOT / "inventory.yaml")
    offices = dict(inventory.offices)
    name = OfficeId("pkm-kuaro")
    offices[name] = replace(offices[name], name=EVIL)
    devices = dict(inventory.devices)
    server = DeviceId("dkisp-server-1")
    devices[server] = replace(devices[server], name=f'"{EVIL}\\')
    return SampleBackend(replace(inventory, offices=offices, devices=devices), directory=tmp_path)


@pytest.fixture
async def client(backend: SampleBackend) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(backend))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8064") as http:
        yield http


async def serve(backend: Any) -> AsyncIterator[str]:
    config = uvicorn.Config(
        create_app(backend), port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn has no event to wait for
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    backend.feed.close()
    server.should_exit = True
    await task


@pytest.fixture
async def url(backend: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.1)
    async for served in serve(backend):
        yield served

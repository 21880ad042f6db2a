"""Offices that are still to be connected: how far they are, and how many are by now. Pure.

The inventory's `connection` says what is judged; the register says what coordinators report. A stage in the
register is newer than the inventory's, except that what the inventory calls active is active.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from reports.labels import KINDS, STAGES, WORDS
from reports.month import month_of
from reports.tables import Cell, Column, Table
from storage.records.events import RecordedChange
from storage.records.rollout import Progress
from topology.findings import Connectivity
from topology.model import ConnectionStage, Inventory, Language, Office, OfficeId, OfficeKind

ORDER = (
    ConnectionStage.PLANNED,
    ConnectionStage.SURVEYED,
    ConnectionStage.ORDERED,
    ConnectionStage.INSTALLING,
    ConnectionStage.ACTIVE,
)
MOST_MONTHS = 36


class BackwardError(ValueError):
    """A stage goes back, or stays, and nothing says why."""


@dataclass(frozen=True, slots=True)
class RolloutRow:
    office: str
    name: str
    kind: OfficeKind
    kecamatan: str | None
    provider: str | None
    phase: int | None
    connection: ConnectionStage
    """As the inventory has it: only active offices are judged."""
    stage: ConnectionStage
    """As last reported."""
    reported_active: bool
    """The coordinator says that it is active, the inventory does not yet."""
    target_date: date | None
    promised_date: date | None
    """The newest promise."""
    late: bool
    late_days: int | None
    """Days between the target date and the promise, or today when that is later."""
    last_progress_at: datetime | None
    last_note: str | None
    entries: int


def rollout_rows(
    inventory: Inventory, progress: Mapping[OfficeId, Sequence[Progress]], today: date
) -> list[RolloutRow]:
    """Every office, in the order of the inventory. `today`: the local date."""
    return [rollout_row(o, progress.get(o.id, ()), today) for o in inventory.offices.values()]


def rollout_row(office: Office, entries: Sequence[Progress], today: date) -> RolloutRow:
    """`entries` of this office, oldest first."""
    active = office.connection is ConnectionStage.ACTIVE
    stage = stage_of(office, entries)
    promised = next((e.promised_date for e in reversed(entries) if e.promised_date is not None), None)
    last = entries[-1] if entries else None
    days = None
    if not active and stage is not ConnectionStage.ACTIVE and office.target_date is not None:
        expected = max(today, promised) if promised is not None else today
        days = max(0, (expected - office.target_date).days) or None
    return RolloutRow(
        office=office.id,
        name=office.name,
        kind=office.kind,
        kecamatan=office.kecamatan,
        provider=office.provider,
        phase=office.phase,
        connection=office.connection,
        stage=stage,
        reported_active=stage is ConnectionStage.ACTIVE and not active,
        target_date=office.target_date,
        promised_date=promised,
        late=days is not None,
        late_days=days,
        last_progress_at=last.at if last else None,
        last_note=last.note if last else None,
        entries=len(entries),
    )


def stage_of(office: Office, entries: Sequence[Progress]) -> ConnectionStage:
    if office.connection is ConnectionStage.ACTIVE:
        return ConnectionStage.ACTIVE
    return next((e.stage for e in reversed(entries) if e.stage is not None), office.connection)


def check_step(before: ConnectionStage, after: ConnectionStage | None, note: str) -> None:
    """Forward needs no words; back does. Raises BackwardError."""
    if after is not None and ORDER.index(after) < ORDER.index(before) and not note.strip():
        raise BackwardError(f"the stage goes back from {before} to {after}: say why in the note")


# --- over time


@dataclass(frozen=True, slots=True)
class Share:
    connected: int
    total: int
    percent: float | None
    """To one place; None: there is no office."""


@dataclass(frozen=True, slots=True)
class GroupShare:
    group: str | None
    """The kecamatan, kind or provider; None: those without one."""
    now: Share
    months: tuple[Share | None, ...]
    """At the end of each month of `RolloutSummary.months`; None: the log says nothing of that time."""


@dataclass(frozen=True, slots=True)
class RolloutSummary:
    """How many offices are connected by the plan. An outage does not make one unconnected."""

    months: tuple[str, ...]
    """Oldest first; the running one is as of now."""
    all: GroupShare
    by_kecamatan: tuple[GroupShare, ...]
    by_kind: tuple[GroupShare, ...]
    by_provider: tuple[GroupShare, ...]


def rollout_summary(
    offices: Sequence[Office],
    joinings: Mapping[str, Sequence[RecordedChange]],
    zone: ZoneInfo,
    now: datetime,
    months: int = 12,
) -> RolloutSummary:
    """`joinings`: by office, the changes at which it became connected by the plan or ceased to be, by time,
    and the first one that the log has of it."""
    names = [month_of(now, zone)]
    while len(names) < min(months, MOST_MONTHS):
        names.append(names[-1].previous)
    names.reverse()
    moments = [min(m.span(zone).until, now) for m in names]
    began = min((lines[0].change.at for lines in joinings.values() if lines), default=None)
    states = [_joined_at(offices, joinings, at) if began and at >= began else None for at in moments]
    states[-1] = {o.id for o in offices if o.connection is ConnectionStage.ACTIVE}

    def group(name: str | None, members: Sequence[Office]) -> GroupShare:
        shares = tuple(None if joined is None else _share(members, joined) for joined in states)
        last = shares[-1]
        assert last is not None
        return GroupShare(name, last, shares)

    def by(key: Callable[[Office], str | None]) -> tuple[GroupShare, ...]:
        found: dict[str | None, list[Office]] = {}
        for office in offices:
            found.setdefault(key(office), []).append(office)
        return tuple(group(name, found[name]) for name in sorted(found, key=lambda n: (n is None, n or "")))

    return RolloutSummary(
        months=tuple(str(m) for m in names),
        all=group(None, offices),
        by_kecamatan=by(lambda o: o.kecamatan),
        by_kind=by(lambda o: o.kind.value),
        by_provider=by(lambda o: o.provider),
    )


def _joined_at(
    offices: Iterable[Office], joinings: Mapping[str, Sequence[RecordedChange]], at: datetime
) -> set[OfficeId]:
    found = set()
    for office in offices:
        said = [r.change.now for r in joinings.get(office.id, ()) if r.change.at <= at]
        if said and said[-1] != Connectivity.NOT_CONNECTED:
            found.add(office.id)
    return found


def _share(members: Sequence[Office], joined: set[OfficeId]) -> Share:
    connected = sum(o.id in joined for o in members)
    share = round(100 * connected / len(members), 1) if members else None
    return Share(connected, len(members), share)


# --- as tables


def rollout_table(rows: Iterable[RolloutRow], providers: Mapping[str, str], language: Language) -> Table:
    w = WORDS[language]
    columns = (
        Column(w["office_id"]),
        Column(w["office"]),
        Column(w["kind"]),
        Column(w["kecamatan"]),
        Column(w["provider"]),
        Column(w["phase"], Cell.COUNT),
        Column(w["stage"]),
        Column(w["target"], Cell.DAY),
        Column(w["promised"], Cell.DAY),
        Column(w["late"], Cell.TRUTH),
        Column(w["last_progress"], Cell.MOMENT),
        Column(w["note"]),
    )
    return Table(
        w["rollout"],
        columns,
        tuple(
            (
                r.office,
                r.name,
                KINDS[language][r.kind],
                r.kecamatan,
                providers.get(r.provider or "", r.provider),
                r.phase,
                STAGES[language][r.stage],
                r.target_date,
                r.promised_date,
                r.late,
                r.last_progress_at,
                r.last_note,
            )
            for r in rows
        ),
    )


def local_day(now: datetime, zone: ZoneInfo) -> date:
    return now.astimezone(zone).date()

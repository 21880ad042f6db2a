"""A small network under two providers, and a month told as events and incidents on simulated time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.maintenance import Window, WindowId
from alerts.model import (
    AffectedOffice,
    ConditionKind,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentStatus,
    Severity,
)
from reports.facts import AROUND, Facts
from reports.model import CircuitRow, OfficeRow, ProviderRow, SlaReport
from reports.month import parse_month, passed
from reports.sla import build_report
from reports.spans import Span
from storage.records.events import RecordedChange
from storage.records.outage_causes import CauseFound, CauseKind
from topology.findings import Component, ComponentKind, Connectivity, StateChange
from topology.history import MONITOR
from topology.inventory import read_inventory
from topology.model import Inventory, OfficeId

NETWORK = (Path(__file__).parent / "network.yaml").read_text()
MONTH_START = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
"""1 November 2026, 00:00 WITA."""
LATER = datetime(2027, 1, 5, tzinfo=UTC)
ICON_KUARO = Component(ComponentKind.LINK, "icon-kuaro")


@dataclass
class Story:
    """What happened; every office was connected and watched since long before."""

    inventory: Inventory
    log: list[RecordedChange] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    watched: list[Span] = field(default_factory=lambda: [Span(MONTH_START - timedelta(days=40), LATER)])
    windows: list[Window] = field(default_factory=list)
    words: dict[IncidentId, list[CauseFound]] = field(default_factory=dict)

    @staticmethod
    def link(id_: str) -> Component:
        return Component(ComponentKind.LINK, id_)

    @staticmethod
    def device(id_: str) -> Component:
        return Component(ComponentKind.DEVICE, id_)

    @staticmethod
    def day(number: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
        """Local time of November 2026."""
        local = datetime(2026, 11, 1, hour, minute, second, tzinfo=ZoneInfo("Asia/Makassar"))
        return (local + timedelta(days=number - 1)).astimezone(UTC)

    def __post_init__(self) -> None:
        for office in self.inventory.offices:
            self.office(office, "connected", MONTH_START - timedelta(days=30))

    def says(self, subject: Component, now: str, at: datetime) -> int:
        self.log.append(RecordedChange(len(self.log) + 1, StateChange(at, subject, None, now)))
        return self.log[-1].id

    def office(self, office: str, now: str, at: datetime) -> int:
        return self.says(Component(ComponentKind.OFFICE, office), now, at)

    def monitor(self, now: str, at: datetime) -> int:
        return self.says(MONITOR, now, at)

    def incident(
        self,
        id_: str,
        components: Sequence[Component],
        since: datetime,
        until: datetime | None,
        cut: Sequence[str] = (),
        degraded: Sequence[str] = (),
        **more: object,
    ) -> Incident:
        offices = [AffectedOffice(OfficeId(o), Connectivity.CUT, since, until) for o in cut]
        offices += [AffectedOffice(OfficeId(o), Connectivity.DEGRADED, since, until) for o in degraded]
        made = Incident(
            IncidentId(id_),
            IncidentKind.OUTAGE if cut else IncidentKind.REDUNDANCY,
            IncidentStatus.OPEN if until is None else IncidentStatus.RESOLVED,
            Severity.MAJOR,
            tuple(components),
            tuple(components),
            0.9,
            "its port is down",
            since,
            opened_at=since + timedelta(seconds=5),
            resolved_at=until,
            offices=tuple(offices),
        )
        made = replace(made, **more)  # type: ignore[arg-type]  # whatever a test says of it
        self.incidents.append(made)
        return made

    def cut(
        self, office: str, since: datetime, until: datetime, by: Component = ICON_KUARO, id_: str = ""
    ) -> Incident:
        """One office cut off by one cause, and back."""
        self.says(by, "silent" if by.kind is ComponentKind.DEVICE else "down", since)
        self.office(office, "cut", since)
        self.says(by, "up", until)
        self.office(office, "connected", until)
        name = id_ or f"R-{len(self.incidents) + 1:03d}"
        return self.incident(name, [by], since, until, cut=[office])

    def battery(self, ups: str, since: datetime, until: datetime | None) -> None:
        self.incident(
            f"B-{len(self.incidents)}",
            [self.device(ups)],
            since,
            until,
            kind=IncidentKind.CONDITION,
            condition=ConditionKind.ON_BATTERY,
        )

    def window(
        self, subject: Component, since: datetime, until: datetime, announced: datetime | None = None
    ) -> None:
        self.windows.append(
            Window(
                WindowId(f"M-{len(self.windows) + 1}"),
                "Ganti SFP",
                (subject,),
                since,
                until,
                None,
                "Rina",
                announced or since - timedelta(days=3),
            )
        )

    def found(self, incident: Incident, cause: CauseKind, evidence: str = "foto kWh", **more: object) -> None:
        told = self.words.setdefault(incident.id, [])
        at = incident.began_at + timedelta(days=1)
        word = CauseFound(len(told) + 1, incident.id, at, "Rina", cause, evidence)
        told.append(replace(word, **more))  # type: ignore[arg-type]  # whatever a test says of it

    def facts(self, month: str = "2026-11", now: datetime = LATER) -> Facts:
        period = passed(parse_month(month), ZoneInfo(self.inventory.network.timezone), now)
        by: dict[Component, list[RecordedChange]] = {}
        for line in sorted(self.log, key=lambda r: (r.change.at, r.id)):
            by.setdefault(line.change.subject, []).append(line)
        frame = Span(period.since - AROUND, min(period.until + AROUND, max(now, period.until)))
        return Facts(
            self.inventory, period, frame, by, self.incidents, self.watched, self.windows, self.words
        )

    def report(self, month: str = "2026-11", now: datetime = LATER) -> SlaReport:
        return build_report(self.facts(month, now), parse_month(month), now)

    def office_row(self, id_: str, **more: Any) -> OfficeRow:
        return next(o for o in self.report(**more).offices if o.office == id_)

    def provider_row(self, id_: str, **more: Any) -> ProviderRow:
        return next(p for p in self.report(**more).providers if p.provider == id_)

    def circuit_row(self, id_: str, **more: Any) -> CircuitRow:
        return next(c for p in self.report(**more).providers for c in p.circuits if c.link == id_)


@pytest.fixture
def story() -> Story:
    inventory, problems = read_inventory(NETWORK, "network.yaml")
    assert inventory is not None, problems
    return Story(inventory)

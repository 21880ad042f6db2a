"""A report as one caller may see it. A provider gets its own figures, its own offices, and of what others
caused no more than that it was not its doing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from api.scope import Scope
from api.visible import Visible
from reports.model import CauseRow, CircuitRow, EvidenceRow, OfficeRow, OutageRow, ProviderRow, SlaReport
from reports.rollout import RolloutRow
from storage.records.outage_causes import CauseFound
from storage.records.rollout import Progress
from topology.findings import Component
from topology.model import DeviceId, OfficeId, ProviderId


def report_for(report: SlaReport, visible: Visible) -> SlaReport:
    if visible.everything:
        return report
    return replace(
        report,
        offices=tuple(_office(o, visible) for o in report.offices if OfficeId(o.office) in visible.offices),
        providers=tuple(_provider(p, visible) for p in report.providers if _own(p.provider, visible)),
    )


def _own(provider: str | None, visible: Visible) -> bool:
    return provider is not None and ProviderId(provider) in visible.providers


def _office(row: OfficeRow, visible: Visible) -> OfficeRow:
    outages = tuple(_outage(o, visible) for o in row.outages)
    if _own(row.provider, visible):
        return replace(row, outages=outages)
    # Under another's contract, or nobody's: what was agreed there is not for this reader.
    return replace(row, outages=outages, provider=None, sla_percent=None, meets_sla=None)


def _provider(row: ProviderRow, visible: Visible) -> ProviderRow:
    return replace(row, circuits=tuple(_circuit(c, visible) for c in row.circuits))


def _circuit(row: CircuitRow, visible: Visible) -> CircuitRow:
    return replace(
        row,
        offices=tuple(o for o in row.offices if OfficeId(o) in visible.offices | visible.places),
        outages=tuple(_outage(o, visible) for o in row.outages),
    )


def _outage(row: OutageRow, visible: Visible) -> OutageRow:
    evidence = [e for e in row.evidence if visible.component(Component(e.subject.kind, e.subject.id))]
    hidden = {e.event for e in row.evidence} - {e.event for e in evidence}
    against = tuple(p for p in row.against if _own(p, visible))
    its_own = len(row.against) == 1 and against == row.against
    return replace(
        row,
        cause=None if row.cause is None else _cause(row.cause, visible),
        against=against,
        components=tuple(c for c in row.components if visible.component(Component(c.kind, c.id))),
        tickets=row.tickets if its_own else (),
        windows=tuple(replace(w, title="") for w in row.windows),
        evidence=tuple(_evidence(e, visible) for e in evidence),
        events=tuple(e for e in row.events if e not in hidden),
    )


def _cause(row: CauseRow, visible: Visible) -> CauseRow:
    return replace(row, why="", who=None, note=None, evidence=_words(row.evidence, visible))


def _evidence(row: EvidenceRow, visible: Visible) -> EvidenceRow:
    return replace(row, through=tuple(t for t in row.through if DeviceId(t.split(":")[1]) in visible.devices))


def _words(text: str | None, visible: Visible) -> str | None:
    """What people wrote, unless it speaks of somebody else."""
    return None if text is None or visible.mentions_others(text) else text


def causes_for(found: Sequence[CauseFound], scope: Scope, visible: Visible) -> list[CauseFound]:
    if scope.sees_comments:
        return list(found)
    return [
        replace(
            one,
            who="",
            note="",
            evidence=_words(one.evidence, visible) or "",
            offices=None if one.offices is None else tuple(o for o in one.offices if o in visible.offices),
            provider=one.provider if _own(one.provider, visible) else None,
        )
        for one in found
    ]


def progress_for(entries: Sequence[Progress], scope: Scope, visible: Visible) -> list[Progress]:
    if scope.sees_comments:
        return list(entries)
    return [
        replace(e, who="", note=_words(e.note, visible) or "", link=_words(e.link, visible)) for e in entries
    ]


def rollout_row_for(row: RolloutRow, visible: Visible) -> RolloutRow:
    return row if visible.everything else replace(row, last_note=_words(row.last_note, visible))

"""The `alerts:` section to the values that routing takes (`alerts.route.Routing`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from alerts.escalate import EscalationStep, Policy, Recipients
from alerts.model import ReceiverId
from alerts.office_hours import Calendar, Hours
from alerts.rota import Override, Rota
from alerts.route import Digest, QuietHours, Route, Routing
from ronda.alert_settings import AlertsSettings, RouteSettings
from ronda.duty_settings import WEEKDAYS, EscalationSettings, HoursSettings, RotaSettings
from topology.findings import ComponentKind
from topology.model import OfficeId, ProviderId

_PROVIDER = "provider:"


def build_routing(settings: AlertsSettings) -> Routing:
    """Settings that passed `cross_check_alerts`."""
    calendars = {
        c.id: Calendar(frozenset(c.dates), frozenset(map(_day, c.yearly))) for c in settings.calendars
    }
    escalations = {e.id: e for e in settings.escalation}
    return Routing(
        routes=tuple(_route(route, calendars) for route in settings.routes),
        rotas={rota.id: _rota(rota, calendars) for rota in settings.rota},
        policies={e.id: _policy(e, escalations) for e in settings.escalation},
        quiet=tuple(
            QuietHours(_hours(q, calendars), q.up_to, frozenset(_ids(q.receivers)))
            for q in settings.quiet_hours
        ),
        digest=Digest(settings.digest.at, _weekdays(settings.digest.weekdays)),
        audiences={
            ReceiverId(r.id): ProviderId(r.audience.removeprefix(_PROVIDER))
            for r in settings.receivers
            if r.audience is not None
        },
        board_url=settings.board_url,
    )


def _route(route: RouteSettings, calendars: Mapping[str, Calendar]) -> Route:
    return Route(
        receivers=_ids(route.receivers),
        rotas=tuple(route.rota),
        min_severity=route.min_severity,
        max_severity=route.max_severity,
        kinds=frozenset(route.kinds),
        conditions=frozenset(route.conditions),
        causes=frozenset(map(ComponentKind, route.causes)),
        kecamatan=frozenset(k.lower() for k in route.kecamatan),
        office_kinds=frozenset(route.office_kinds),
        offices=frozenset(map(OfficeId, route.offices)),
        providers=frozenset(map(ProviderId, route.providers)),
        when=tuple(_hours(h, calendars) for h in route.when),
        provider_contacts=route.provider_contacts,
        escalation=route.escalation,
        repeat=None if route.repeat_min is None else timedelta(minutes=route.repeat_min),
        digest=route.digest,
        goes_on=route.goes_on,
        name=route.name,
    )


def _rota(rota: RotaSettings, calendars: Mapping[str, Calendar]) -> Rota:
    return Rota(
        id=rota.id,
        turns=tuple(_ids(turn) for turn in rota.members),
        starting=rota.starting,
        handover=rota.handover,
        weeks=rota.weeks,
        overrides=tuple(Override(o.first, o.last, _ids(o.receivers)) for o in rota.overrides),
        holidays=tuple(calendars[c] for c in rota.holidays),
        on_holidays=_ids(rota.on_holidays),
    )


def _policy(escalation: EscalationSettings, known: Mapping[str, EscalationSettings]) -> Policy:
    """With the steps of those that follow it, each counted from the last step before."""
    steps: list[EscalationStep] = []
    offset = timedelta()
    part: EscalationSettings | None = escalation
    while part is not None:
        steps += [
            EscalationStep(
                offset + timedelta(minutes=step.after_min), Recipients(_ids(step.receivers), tuple(step.rota))
            )
            for step in part.steps
        ]
        offset = steps[-1].after if steps else offset
        part = None if part.then is None else known[part.then]
    unack = escalation.unack_after_min
    return Policy(escalation.id, tuple(steps), None if unack is None else timedelta(minutes=unack))


def _hours(hours: HoursSettings, calendars: Mapping[str, Calendar]) -> Hours:
    return Hours(
        weekdays=_weekdays(hours.weekdays),
        begins=hours.begins,
        ends=hours.ends,
        only_on=tuple(calendars[c] for c in hours.only_on),
        not_on=tuple(calendars[c] for c in hours.not_on),
        outside=hours.outside,
    )


def _weekdays(names: Iterable[str]) -> frozenset[int]:
    return frozenset(WEEKDAYS.index(n) for n in names)


def _ids(names: Iterable[str]) -> tuple[ReceiverId, ...]:
    return tuple(dict.fromkeys(map(ReceiverId, names)))


def _day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)

"""Who is told of what. Pure; `ronda.build_routing` makes these values of the settings' `alerts:` section."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo

from alerts.audience import Owners
from alerts.escalate import Policy, Recipients
from alerts.model import ConditionKind, Incident, IncidentKind, ReceiverId, Severity
from alerts.office_hours import Calendar, Hours, any_holds
from alerts.rota import Rota
from topology.findings import ComponentKind
from topology.model import (
    DeviceId,
    Inventory,
    LinkId,
    OfficeId,
    OfficeKind,
    ProviderId,
    RiskGroupId,
)

RANK = {Severity.CRITICAL: 3, Severity.MAJOR: 2, Severity.WARNING: 1, Severity.INFO: 0}


@dataclass(frozen=True, slots=True)
class Route:
    """Incidents that match all that is given go to its receivers. An empty set asks nothing."""

    receivers: tuple[ReceiverId, ...] = ()
    min_severity: Severity = Severity.INFO
    kinds: frozenset[IncidentKind] = field(default_factory=frozenset)
    rotas: tuple[str, ...] = ()
    max_severity: Severity = Severity.CRITICAL
    causes: frozenset[ComponentKind] = field(default_factory=frozenset)
    """Kinds of what is blamed."""
    conditions: frozenset[ConditionKind] = field(default_factory=frozenset)
    kecamatan: frozenset[str] = field(default_factory=frozenset)
    """In lower case."""
    office_kinds: frozenset[OfficeKind] = field(default_factory=frozenset)
    offices: frozenset[OfficeId] = field(default_factory=frozenset)
    providers: frozenset[ProviderId] = field(default_factory=frozenset)
    """Whose business it is (alerts.audience)."""
    when: tuple[Hours, ...] = ()
    """Any of these; none: always."""
    provider_contacts: bool = False
    """To the receivers of the providers whose business it is, too."""
    escalation: str | None = None
    repeat: timedelta | None = None
    """How often it is told again while nobody has taken it on."""
    digest: bool = False
    """Not at once, but in the next digest."""
    goes_on: bool = True
    """False: what matches here is not shown to the routes after this one."""
    name: str = ""

    def matches(self, incident: Incident, places: Places, now: datetime, zone: tzinfo) -> bool:
        rank = RANK[incident.severity]
        return (
            RANK[self.min_severity] <= rank <= RANK[self.max_severity]
            and (not self.kinds or incident.kind in self.kinds)
            and (not self.conditions or incident.condition in self.conditions)
            and (not self.causes or any(c.kind in self.causes for c in incident.components))
            and self._matches_place(incident, places)
            and (not self.providers or not self.providers.isdisjoint(places.owners.involved(incident)))
            and any_holds(self.when, now, zone)
        )

    def _matches_place(self, incident: Incident, places: Places) -> bool:
        """One office has to fit all that is asked of offices."""
        if not (self.kecamatan or self.office_kinds or self.offices):
            return True
        known = places.inventory.offices
        return any(
            (not self.offices or o in self.offices)
            and (not self.office_kinds or known[o].kind in self.office_kinds)
            and (not self.kecamatan or (known[o].kecamatan or "").lower() in self.kecamatan)
            for o in places.of(incident)
            if o in known
        )


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Times at which the lesser things wait until they are over."""

    hours: Hours
    up_to: Severity = Severity.WARNING
    """Severities above it are told at any time."""
    receivers: frozenset[ReceiverId] = field(default_factory=frozenset)
    """Empty: for everybody."""


@dataclass(frozen=True, slots=True)
class Digest:
    """When the small stuff is told."""

    at: time = time(7)
    weekdays: frozenset[int] = field(default_factory=frozenset)
    """Empty: every day."""


@dataclass(frozen=True, slots=True)
class Routing:
    """All that decides who is told, when."""

    routes: tuple[Route, ...] = ()
    rotas: Mapping[str, Rota] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    quiet: tuple[QuietHours, ...] = ()
    digest: Digest = field(default_factory=Digest)
    audiences: Mapping[ReceiverId, ProviderId] = field(default_factory=dict)
    """Receivers that are a provider's: they get what is its own and nothing else."""
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    board_url: str | None = None
    """Where people reach the board, for the link in messages."""

    def resolve(self, to: Recipients, now: datetime, zone: tzinfo) -> tuple[ReceiverId, ...]:
        """Each receiver once; a rota's are those on call now."""
        names = dict.fromkeys(to.receivers)
        for rota in to.rotas:
            if rota in self.rotas:
                names.update(dict.fromkeys(self.rotas[rota].on_call(now, zone)))
        return tuple(names)

    def quiet_now(self, severity: Severity, receiver: ReceiverId, now: datetime, zone: tzinfo) -> bool:
        return any(
            RANK[severity] <= RANK[q.up_to]
            and (not q.receivers or receiver in q.receivers)
            and q.hours.hold(now, zone)
            for q in self.quiet
        )

    def hours(self) -> Iterator[Hours]:
        """Everything whose change may change who is told."""
        for route in self.routes:
            yield from route.when
        for quiet in self.quiet:
            yield quiet.hours


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is to be told of one incident now."""

    direct: Mapping[ReceiverId, timedelta | None]
    """At once; with how often again."""
    digest: tuple[ReceiverId, ...]
    policies: Mapping[str, tuple[ReceiverId, ...]]
    """Escalation policies, with those whose silence starts their clock."""
    repeats: Mapping[str, timedelta | None]
    """How often those whom a policy reached are told again."""


class Places:
    """Where incidents are, and whose."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.owners = Owners(inventory)

    def of(self, incident: Incident) -> frozenset[OfficeId]:
        """The offices that it costs something; where it costs none, those of what is blamed."""
        affected = incident.offices_now if incident.active else incident.offices
        if affected:
            return frozenset(o.office for o in affected)
        found: set[OfficeId | None] = set()
        inventory = self.inventory
        for component in incident.components:
            match component.kind:
                case ComponentKind.OFFICE:
                    found.add(OfficeId(component.id))
                case ComponentKind.DEVICE if component.id in inventory.devices:
                    found.add(inventory.devices[DeviceId(component.id)].office)
                case ComponentKind.LINK if component.id in inventory.links:
                    ends = inventory.links[LinkId(component.id)].ends
                    found.update(inventory.devices[end.device].office for end in ends)
                case ComponentKind.RISK_GROUP:
                    group = RiskGroupId(component.id)
                    found.update(d.office for d in inventory.devices.values() if group in d.risk_groups)
                case _:
                    pass
        return frozenset(o for o in found if o is not None)


def plan_for(incident: Incident, routing: Routing, places: Places, now: datetime, zone: tzinfo) -> Plan:
    """Routes from top to bottom; all that match count, until one says that it is the last."""
    direct: dict[ReceiverId, timedelta | None] = {}
    digest: dict[ReceiverId, None] = {}
    policies: dict[str, tuple[ReceiverId, ...]] = {}
    repeats: dict[str, timedelta | None] = {}
    involved: frozenset[ProviderId] | None = None
    for route in routing.routes:
        if not route.matches(incident, places, now, zone):
            continue
        if routing.audiences and involved is None:
            involved = places.owners.involved(incident)
        names = list(routing.resolve(Recipients(route.receivers, route.rotas), now, zone))
        if route.provider_contacts:
            names += [r for r, p in routing.audiences.items() if p in (involved or ()) and r not in names]
        # Listed by name or not: a provider hears of what is its own only.
        names = [r for r in names if r not in routing.audiences or routing.audiences[r] in (involved or ())]
        if route.digest:
            digest.update(dict.fromkeys(names))
        else:
            for name in names:
                direct[name] = _sooner(direct.get(name), route.repeat)
        if route.escalation is not None:
            policies[route.escalation] = (*policies.get(route.escalation, ()), *names)
            repeats[route.escalation] = _sooner(repeats.get(route.escalation), route.repeat)
        if not route.goes_on:
            break
    return Plan(direct, tuple(r for r in digest if r not in direct), policies, repeats)


def _sooner(one: timedelta | None, other: timedelta | None) -> timedelta | None:
    given = [span for span in (one, other) if span is not None]
    return min(given, default=None)

"""The `alerts:` section against an inventory: names that are not there, routes that no office fits, and
outages that nobody would hear of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.model import AffectedOffice, Incident, IncidentId, IncidentKind, IncidentStatus, Severity
from alerts.office_hours import any_holds
from alerts.route import Places, Route, Routing
from ronda.alert_settings import AlertsSettings, RouteSettings
from ronda.build_routing import build_routing
from topology.findings import Component, ComponentKind, Connectivity
from topology.inventory_problems import did_you_mean
from topology.model import Inventory, Office

SHOWN = 5
_MONDAY = datetime(2024, 1, 1)  # noqa: DTZ001  # a wall-clock week; which one does not matter but for calendars


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """`path` is the setting's, as in `alerts.routes.2.kecamatan`."""

    path: str
    message: str
    error: bool = True

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def check_against(settings: AlertsSettings, inventory: Inventory) -> list[SettingProblem]:
    """All of them. Settings that passed `cross_check_alerts`."""
    problems = list(_unknown_names(settings, inventory))
    said = {problem.path for problem in problems}
    problems += [p for p in _never(settings, inventory) if p.path not in said]
    return problems or list(_unheard(build_routing(settings), inventory))


def _unknown_names(settings: AlertsSettings, inventory: Inventory) -> Iterator[SettingProblem]:
    kecamatan = sorted({o.kecamatan for o in inventory.offices.values() if o.kecamatan})
    providers = sorted(inventory.providers)
    offices = sorted(inventory.offices)
    for index, route in enumerate(settings.routes):
        where = f"alerts.routes.{index}"
        yield from _unknown(f"{where}.kecamatan", "kecamatan", route.kecamatan, kecamatan, folded=True)
        yield from _unknown(f"{where}.providers", "provider", route.providers, providers)
        yield from _unknown(f"{where}.offices", "office", route.offices, offices)
    for index, receiver in enumerate(settings.receivers):
        if receiver.audience is not None:
            provider = receiver.audience.removeprefix("provider:")
            yield from _unknown(f"alerts.receivers.{index}.audience", "provider", [provider], providers)


def _unknown(
    where: str, what: str, names: Iterable[str], known: Sequence[str], *, folded: bool = False
) -> Iterator[SettingProblem]:
    lower = {k.lower() for k in known}
    for name in names:
        if name not in known and not (folded and name.lower() in lower):
            hint = did_you_mean(name, known, otherwise=f"known: {', '.join(known[:12]) or 'none'}")
            yield SettingProblem(where, f"the inventory has no {what} {name!r} ({hint})")


def _never(settings: AlertsSettings, inventory: Inventory) -> Iterator[SettingProblem]:
    """Routes that can never match with this inventory."""
    audiences = {r.audience for r in settings.receivers if r.audience}
    for index, route in enumerate(settings.routes):
        where = f"alerts.routes.{index}"
        asks = [name for name in ("offices", "office_kinds", "kecamatan") if getattr(route, name)]
        if asks and not any(_fits(route, office) for office in inventory.offices.values()):
            yield SettingProblem(
                f"{where}.{asks[-1]}", f"no office fits {' and '.join(asks)}: it never matches"
            )
        for provider in route.providers:
            circuits = any(link.provider == provider for link in inventory.links.values())
            devices = any(d.provider == provider for d in inventory.devices.values())
            if provider in inventory.providers and not circuits and not devices:
                yield SettingProblem(
                    f"{where}.providers", f"provider {provider!r} has no circuit and no device here"
                )
        if route.provider_contacts and not audiences:
            yield SettingProblem(
                f"{where}.provider_contacts", "no receiver has an audience (`audience: provider:ID`)"
            )


def _fits(route: RouteSettings, office: Office) -> bool:
    names = {k.lower() for k in route.kecamatan}
    return (
        (not route.offices or office.id in route.offices)
        and (not route.office_kinds or office.kind in route.office_kinds)
        and (not names or (office.kecamatan or "").lower() in names)
    )


def _unheard(routing: Routing, inventory: Inventory) -> Iterator[SettingProblem]:
    """Critical outages that nobody would be told of, at all or at some times. Warnings."""
    places = Places(inventory)
    zone = ZoneInfo(inventory.network.timezone)
    never: list[str] = []
    sometimes: dict[tuple[Route, ...], list[str]] = {}
    for name, incident in _critical(inventory):
        catching = _catching(incident, routing, places)
        if not catching:
            never.append(name)
        elif all(route.when for route in catching):
            sometimes.setdefault(catching, []).append(name)
    if never:
        yield SettingProblem(
            "alerts.routes", f"nobody is told of a critical outage of {_some(never)}", error=False
        )
    for catching, names in sometimes.items():
        gap = _gap(catching, zone)
        if gap is not None:
            yield SettingProblem(
                "alerts.routes",
                f"at some times, as on {gap}, nobody is told of a critical outage of {_some(names)}",
                error=False,
            )


def _critical(inventory: Inventory) -> Iterator[tuple[str, Incident]]:
    for office in inventory.offices.values():
        devices = [d.id for d in inventory.devices.values() if d.office == office.id]
        blamed = Component(ComponentKind.DEVICE, devices[0]) if devices else None
        if blamed is not None:
            yield office.id, _incident(IncidentKind.OUTAGE, blamed, office)
    for vantage in inventory.vantages[:1]:
        yield (
            "the monitor itself",
            _incident(IncidentKind.BLIND, Component(ComponentKind.DEVICE, vantage), None),
        )


def _incident(kind: IncidentKind, blamed: Component, office: Office | None) -> Incident:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    affected = () if office is None else (AffectedOffice(office.id, Connectivity.CUT, at),)
    return Incident(
        IncidentId("check"),
        kind,
        IncidentStatus.OPEN,
        Severity.CRITICAL,
        (blamed,),
        (blamed,),
        1.0,
        "",
        at,
        opened_at=at,
        offices=affected,
    )


def _catching(incident: Incident, routing: Routing, places: Places) -> tuple[Route, ...]:
    """Routes that tell somebody of it at once, whatever the time is, whatever is blamed, whoever provides."""
    found: list[Route] = []
    for route in routing.routes:
        if route.causes or route.providers or not _matches(route, incident, places):
            continue
        told = [r for r in route.receivers if r not in routing.audiences]
        if (told or route.rotas or route.escalation) and not route.digest:
            found.append(route)
        if not route.goes_on and not route.when:
            break
    return tuple(found)


def _matches(route: Route, incident: Incident, places: Places) -> bool:
    return replace(route, when=()).matches(incident, places, incident.began_at, UTC)


def _gap(routes: Sequence[Route], zone: ZoneInfo) -> str | None:
    """The first quarter of an hour of a plain week at which none of them is on."""
    for quarter in range(7 * 96):
        wall = _MONDAY + timedelta(minutes=15 * quarter)
        now = wall.replace(tzinfo=zone)
        if not any(any_holds(route.when, now, zone) for route in routes):
            return f"{wall:%A at %H:%M}"
    return None


def _some(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")

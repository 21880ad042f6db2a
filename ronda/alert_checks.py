"""What is wrong with the `alerts:` section beyond single fields; every problem names the setting by its path.

This needs the settings only, and stops a start. `ronda.alert_reach` compares them with an inventory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from alerts.model import IncidentKind, Severity
from alerts.route import RANK
from ronda.alert_settings import AlertsSettings, QuietSettings, RouteSettings
from ronda.duty_settings import CalendarSettings, EscalationSettings, HoursSettings, RotaSettings
from ronda.receiver_settings import ReceiverSettings, receiver_problems
from ronda.section import Section
from topology.inventory_problems import did_you_mean

_NEVER_CRITICAL = frozenset({IncidentKind.REDUNDANCY, IncidentKind.MANAGEMENT, IncidentKind.FLAPPING})
_LISTS: Mapping[str, type[Section]] = {
    "receivers": ReceiverSettings,
    "routes": RouteSettings,
    "rota": RotaSettings,
    "escalation": EscalationSettings,
    "quiet_hours": QuietSettings,
    "calendars": CalendarSettings,
}


@dataclass
class Parts:
    """The lists of the section: (index, item) of those that can be read, and every id that is given."""

    items: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    ids: dict[str, list[str]] = field(default_factory=dict)


def cross_check_alerts(settings: AlertsSettings) -> list[str]:
    """Problems that no field can see by itself, one a line."""
    parts = Parts()
    for name in _LISTS:
        items = getattr(settings, name)
        parts.items[name] = list(enumerate(items))
        parts.ids[name] = [item.id for item in items if hasattr(item, "id")]
    return _check(parts)


def cross_check_what_can_be_read(section: Any) -> list[str]:
    """The same of a section of which some fields are wrong: all problems at once, not one after the other."""
    parts = Parts()
    given = section if isinstance(section, dict) else {}
    defaults = AlertsSettings()
    for name, model in _LISTS.items():
        raw = given.get(name)
        if not isinstance(raw, list):
            parts.items[name] = list(enumerate(getattr(defaults, name)))
            parts.ids[name] = [item.id for _, item in parts.items[name] if hasattr(item, "id")]
            continue
        parts.items[name], parts.ids[name] = [], []
        for index, item in enumerate(raw):
            if isinstance(item, dict) and isinstance(item.get("id"), str):
                parts.ids[name].append(item["id"])
            try:
                parts.items[name].append((index, model.model_validate(item)))
            except ValidationError:
                continue  # said already, by its fields
    return _check(parts)


def _check(parts: Parts) -> list[str]:
    problems = receiver_problems([receiver for _, receiver in parts.items["receivers"]])
    for name in ("rota", "escalation", "calendars"):
        ids = parts.ids[name]
        problems += [f"alerts.{name}: {i!r} stands there twice" for i in sorted(set(ids)) if ids.count(i) > 1]
    for index, route in parts.items["routes"]:
        problems += _route(f"alerts.routes.{index}", route, parts)
    problems += _unreached(parts.items["routes"])
    for index, rota in parts.items["rota"]:
        problems += _rota(f"alerts.rota.{index}", rota, parts)
    for index, escalation in parts.items["escalation"]:
        problems += _escalation(f"alerts.escalation.{index}", escalation, parts)
    for index, quiet in parts.items["quiet_hours"]:
        where = f"alerts.quiet_hours.{index}"
        problems += _hours(where, quiet, parts)
        problems += _known(f"{where}.receivers", quiet.receivers, "receiver", parts.ids["receivers"])
    for index, calendar in parts.items["calendars"]:
        if not calendar.dates and not calendar.yearly:
            problems.append(f"alerts.calendars.{index}: {calendar.id!r} has no day: give dates or yearly")
    return problems


def _known(where: str, names: Iterable[str], what: str, known: Sequence[str]) -> Iterator[str]:
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known, otherwise=f"known: {', '.join(known) or 'none'}")
            yield f"{where}: no {what} {name!r} ({hint})"


def _route(where: str, route: RouteSettings, parts: Parts) -> Iterator[str]:
    yield from _known(f"{where}.receivers", route.receivers, "receiver", parts.ids["receivers"])
    yield from _known(f"{where}.rota", route.rota, "rota", parts.ids["rota"])
    if route.escalation is not None:
        yield from _known(f"{where}.escalation", [route.escalation], "escalation", parts.ids["escalation"])
    for index, hours in enumerate(route.when):
        yield from _hours(f"{where}.when.{index}", hours, parts)
    if not (route.receivers or route.rota or route.provider_contacts or route.escalation) and route.goes_on:
        yield f"{where}: names nobody: give receivers, rota, escalation or provider_contacts"
    if route.digest and (route.escalation or route.repeat_min):
        yield f"{where}.digest: what waits for a digest is neither escalated nor repeated: make it two routes"
    yield from _contradictions(where, route)


def _contradictions(where: str, route: RouteSettings) -> Iterator[str]:
    """A route that can never match."""
    if RANK[route.min_severity] > RANK[route.max_severity]:
        yield (
            f"{where}.min_severity: {route.min_severity.value} is above max_severity "
            f"{route.max_severity.value}: it never matches"
        )
    if route.conditions and route.kinds and IncidentKind.CONDITION not in route.kinds:
        yield f"{where}.conditions: goes with kind condition, which kinds leaves out: it never matches"
    only_lesser = route.kinds and set(route.kinds) <= _NEVER_CRITICAL
    if only_lesser and RANK[route.min_severity] > RANK[Severity.WARNING]:
        names = ", ".join(k.value for k in route.kinds)
        yield f"{where}.min_severity: {names} is never worse than warning: it never matches"


def _unreached(routes: Sequence[tuple[int, RouteSettings]]) -> Iterator[str]:
    """Routes below one that matches everything and is the last."""
    for index, route in routes:
        asks = route.model_fields_set & set(RouteSettings.model_fields) - _ASK_NOTHING
        if not asks and not route.goes_on:
            for below, _ in routes:
                if below > index:
                    yield (
                        f"alerts.routes.{below}: can never match: alerts.routes.{index} matches everything "
                        "and has continue: false"
                    )
            return


_ASK_NOTHING = frozenset(
    {"receivers", "rota", "provider_contacts", "escalation", "repeat_min", "digest", "goes_on", "name"}
)


def _hours(where: str, hours: HoursSettings, parts: Parts) -> Iterator[str]:
    yield from _known(f"{where}.only_on", hours.only_on, "calendar", parts.ids["calendars"])
    yield from _known(f"{where}.except", hours.not_on, "calendar", parts.ids["calendars"])
    if hours.only_on and set(hours.only_on) <= set(hours.not_on):
        yield f"{where}.except: takes away every day of only_on"


def _rota(where: str, rota: RotaSettings, parts: Parts) -> Iterator[str]:
    known = parts.ids["receivers"]
    for index, turn in enumerate(rota.members):
        yield from _known(f"{where}.members.{index}", turn, "receiver", known)
        if not turn:
            yield f"{where}.members.{index}: nobody has this turn"
    for index, override in enumerate(rota.overrides):
        yield from _known(f"{where}.overrides.{index}.receivers", override.receivers, "receiver", known)
    yield from _known(f"{where}.holidays", rota.holidays, "calendar", parts.ids["calendars"])
    yield from _known(f"{where}.on_holidays", rota.on_holidays, "receiver", known)
    if rota.holidays and not rota.on_holidays:
        yield f"{where}.on_holidays: holidays are given, and nobody for them"
    if rota.on_holidays and not rota.holidays:
        yield f"{where}.holidays: on_holidays is given, and no calendar that says when"


def _escalation(where: str, escalation: EscalationSettings, parts: Parts) -> Iterator[str]:
    if not escalation.steps and escalation.unack_after_min is None and escalation.then is None:
        yield f"{where}.steps: no step: give at least one"
    before = -1.0
    for index, step in enumerate(escalation.steps):
        here = f"{where}.steps.{index}"
        yield from _known(f"{here}.receivers", step.receivers, "receiver", parts.ids["receivers"])
        yield from _known(f"{here}.rota", step.rota, "rota", parts.ids["rota"])
        if not step.receivers and not step.rota:
            yield f"{here}: names nobody: give receivers or rota"
        if step.after_min < before:
            yield f"{here}.after_min: {step.after_min:g} comes before the step above it ({before:g})"
        before = step.after_min
    if escalation.then is not None:
        yield from _known(f"{where}.then", [escalation.then], "escalation", parts.ids["escalation"])
        yield from _loop(where, escalation, parts)


def _loop(where: str, escalation: EscalationSettings, parts: Parts) -> Iterator[str]:
    after = {e.id: e.then for _, e in parts.items["escalation"]}
    way = [escalation.id]
    following = escalation.then
    while following is not None and following not in way:
        way.append(following)
        following = after.get(following)
    if following == escalation.id:
        yield f"{where}.then: goes round in a circle: {' → '.join([*way, following])}"

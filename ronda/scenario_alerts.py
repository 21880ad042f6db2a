"""What a scenario says of routing and maintenance. The form is in docs/scenarios.md."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Any

from pydantic import ValidationError

from alerts.maintenance import SUBJECT_KINDS, Window, WindowId
from alerts.recurrence import RecurrenceError, check_rule
from ronda.alert_checks import cross_check_alerts
from ronda.alert_reach import check_against
from ronda.alert_settings import AlertsSettings
from ronda.errors import BadInputError
from topology.findings import Component, ComponentKind
from topology.graph import NetworkGraph, UnknownComponentError
from topology.model import Inventory

_WINDOW_KEYS = {"id", "subjects", "from", "until", "for_s", "rrule", "title", "who", "note"}


def alerts_of(given: Any, inventory: Inventory) -> AlertsSettings:
    """The `alerts:` section of a scenario: as in the settings file, but receivers may be any ids. Raises
    BadInputError with every problem."""
    if not isinstance(given, dict):
        raise BadInputError("settings.alerts: expected a mapping, as in the settings file")
    section = dict(given)
    listed = section.get("receivers", [])
    receivers = [_receiver(r) for r in listed] if isinstance(listed, list) else listed
    known = {r.get("id") for r in receivers if isinstance(r, dict)}
    names = sorted({n for n in _names(section) if n not in known})
    section["receivers"] = [*receivers, *({"id": n, "kind": "console"} for n in names)]
    if not section["receivers"]:
        section["receivers"] = [{"id": "console", "kind": "console"}]
    try:
        settings = AlertsSettings.model_validate(section)
    except ValidationError as error:
        lines = [f"settings.alerts.{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise BadInputError("\n".join(lines)) from error
    problems = cross_check_alerts(settings)
    problems += [str(p) for p in check_against(settings, inventory) if p.error]
    if problems:
        raise BadInputError("\n".join(f"settings.{problem}" for problem in problems))
    return settings


def _receiver(given: Any) -> Any:
    """An id alone will do: nothing is sent."""
    if isinstance(given, str):
        return {"id": given, "kind": "console"}
    if isinstance(given, dict) and "kind" not in given and "channels" not in given:
        return {**given, "kind": "console"}
    return given


def _names(value: Any, key: str = "") -> Iterator[str]:
    """Every receiver that is named somewhere."""
    if isinstance(value, dict):
        for inner_key, inner in value.items():
            if not (key == "" and inner_key == "receivers"):
                yield from _names(inner, str(inner_key))
    elif isinstance(value, list):
        for item in value:
            yield from _names(item, key)
    elif isinstance(value, str) and key in ("receivers", "members", "on_holidays"):
        yield value


def window_of(
    given: Any, at: datetime, start: datetime, number: int, inventory: Inventory, zone: tzinfo
) -> Window:
    """An entry's `maintenance:`. Raises BadInputError."""
    if not isinstance(given, dict) or not given.get("subjects"):
        raise BadInputError(f"maintenance: expected subjects, from, until (or for_s), found {given}")
    if unknown := sorted(set(given) - _WINDOW_KEYS):
        keys = ", ".join(sorted(_WINDOW_KEYS))
        raise BadInputError(f"maintenance: unknown: {', '.join(unknown)} (known: {keys})")
    if ("until" in given) == ("for_s" in given):
        raise BadInputError("maintenance: give `until` or `for_s`, one of them")
    begins = _moment(given["from"], start, zone) if "from" in given else at
    if "for_s" in given:
        ends = begins + timedelta(seconds=_number(given["for_s"], "for_s"))
    else:
        ends = _moment(given["until"], start, zone)
    if ends <= begins:
        raise BadInputError(f"maintenance: it ends ({ends}) before it begins ({begins})")
    rule = given.get("rrule")
    if rule is not None:
        try:
            check_rule(str(rule), begins, ends - begins, zone)
        except RecurrenceError as error:
            raise BadInputError(f"maintenance: rrule: {error}") from error
    subjects = given["subjects"]
    return Window(
        id=WindowId(str(given.get("id", f"W-{number}"))),
        title=str(given.get("title", "pemeliharaan")),
        subjects=subjects_of(subjects if isinstance(subjects, list) else [subjects], inventory),
        starts_at=begins,
        ends_at=ends,
        rrule=None if rule is None else str(rule),
        created_by=str(given.get("who", "piket")),
        created_at=at,
        note=str(given.get("note", "")),
    )


def subjects_of(given: list[Any], inventory: Inventory) -> tuple[Component, ...]:
    """`KIND:ID` or {kind, id}. Raises BadInputError with every problem."""
    graph = NetworkGraph(inventory)
    found: list[Component] = []
    problems: list[str] = []
    for item in given:
        kind, id_ = (item.get("kind"), item.get("id")) if isinstance(item, dict) else _split(item)
        kind = {"risk": "risk_group"}.get(str(kind), str(kind))
        if kind not in {k.value for k in SUBJECT_KINDS}:
            kinds = ", ".join(k.value for k in SUBJECT_KINDS)
            problems.append(f"{item}: write KIND:ID, KIND being one of: {kinds}")
            continue
        component = Component(ComponentKind(kind), str(id_))
        try:
            graph.members(component)
        except UnknownComponentError as error:
            problems.append(str(error))
            continue
        found.append(component)
    if problems:
        raise BadInputError("\n".join(problems))
    return tuple(dict.fromkeys(found))


def _split(item: Any) -> tuple[str, str]:
    kind, _, id_ = str(item).partition(":")
    return kind, id_


def _moment(value: Any, start: datetime, zone: tzinfo) -> datetime:
    """Seconds from the start, or ISO 8601; without an offset in the network's zone."""
    if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise BadInputError(
                f"maintenance: {value!r} is no time: seconds, or like 2026-11-22T01:00"
            ) from error
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=zone)
    return start + timedelta(seconds=_number(value, "time"))


def _number(value: Any, what: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number <= 366 * 86400:
        raise BadInputError(f"maintenance: {what} {value!r}: expected seconds")
    return number

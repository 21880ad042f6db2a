"""Readings of one lane that a command printed in several tables, put together. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

from topology.observations import Light, OpticalLimits, OpticalReading

LIMITS = tuple(f.name for f in fields(OpticalLimits))


def merged(readings: Iterator[OpticalReading]) -> Iterator[OpticalReading]:
    """One reading a lane: some commands print each quantity in a table of its own."""
    known: dict[tuple[str, int | None], OpticalReading] = {}
    for seen in readings:
        key = (seen.name, seen.lane)
        before = known.get(key)
        known[key] = seen if before is None else _joined(before, seen)
    return iter(known.values())


def _joined(one: OpticalReading, other: OpticalReading) -> OpticalReading:
    plain = ("rx_dbm", "tx_dbm", "temperature_c", "bias_ma", "voltage_v")
    found = {n: getattr(other, n) for n in plain if getattr(one, n) is None}
    if one.light is not Light.UNSUPPORTED:
        found.pop("rx_dbm", None)
    limits = {n: getattr(other.limits, n) for n in LIMITS if getattr(one.limits, n) is None}
    light = other.light if one.light is Light.UNSUPPORTED else one.light
    return replace(one, **found, light=light, limits=replace(one.limits, **limits))

"""What goes over the wire about providers, applications and the design of the network."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from api.schemas import ComponentOut, ContactOut, Counts, Out
from topology.application_reach import Unusable


class ProviderOut(Out):
    id: str
    name: str
    sla_percent: float | None
    monthly_fee_idr: int | None = Field(description="Of one circuit; for staff and the provider itself.")
    contacts: list[ContactOut] = Field(description="For staff and the provider itself.")
    links: int = Field(description="Its circuits.")
    links_down: int
    offices: Counts = Field(description="The offices that name it as theirs.")


class UnusableOut(Out):
    office: str
    why: Unusable = Field(description="The nearest reason counts.")


class ApplicationOut(Out):
    id: str
    name: str
    url: str | None = Field(description="For staff.")
    hosted_at: str = Field(description="Device.", examples=["dkisp-server-1"])
    used_by: list[str] | None = Field(description="Offices; null: all.")
    up: bool | None = Field(description="As checked from here; null: nobody looked.")
    lost_by: list[str] = Field(description="Offices that use it and can't reach it.")
    unusable: list[UnusableOut] = Field(description="Offices that can't use it now, each with the reason.")


class WayOut(Out):
    devices: list[str]
    links: list[str]
    capacity_bps: int | None = Field(description="Of its narrowest link.")
    length_m: float | None


class PathsOut(Out):
    """An office's way to a hub, the best other one, and what they share."""

    office: str
    path: WayOut | None = Field(description="null: the drawing has none.")
    spare: WayOut | None
    shared: list[ComponentOut] = Field(description="With none, the spare is worth its name.")
    load_bps: float | None = Field(description="The day's busiest five minutes on the path.")
    spare_free_bps: float | None = Field(description="What the spare's tightest link has left.")
    fits: bool | None = Field(description="Whether the load would fit on the spare; null: not known.")
    loads_known: bool = Field(description="False: the measured values can't be read just now.")


class LossOut(Out):
    id: str
    lost_by: list[str]


class WhatIfOut(Out):
    """What would be lost with all of `down` down at once."""

    down: list[ComponentOut]
    cut: list[str] = Field(description="Offices.", examples=[["camat-long-kali"]])
    degraded: list[str]
    applications: list[LossOut]


class SpofOut(Out):
    component: ComponentOut
    offices: list[str] = Field(description="That its loss alone cuts off.")


class SpofsOut(Out):
    links: list[SpofOut]
    devices: list[SpofOut]
    risk_groups: list[SpofOut]


class SeriesOut(Out):
    tags: dict[str, str] = Field(examples=[{"office": "dkisp", "device": "dkisp-core-1", "if_name": "ge0"}])
    points: list[tuple[str, float]] = Field(
        description="Time and value, oldest first; a period without a value is left out.",
        examples=[[("2026-11-21T14:00:00+00:00", 12.5)]],
    )


class SeriesListOut(Out):
    measurement: str
    field: str
    unit: str
    what: str
    every_s: int = Field(description="Length of the periods that values were aggregated into.")
    aggregate: Literal["mean", "min", "max", "last"]
    series: list[SeriesOut]


class SettingsOut(Out):
    """Numbers, switches and choices: no text but addresses to listen on, so no secret and no hint at one."""

    version: str
    settings: dict[str, Any]

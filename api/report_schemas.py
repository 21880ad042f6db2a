"""What is sent to the register, and the roll-out rows that it gives. Reports are `reports.model` itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas import Out
from reports.rollout import RolloutRow, RolloutSummary
from storage.records.outage_causes import CauseFound, CauseKind
from storage.records.rollout import Progress
from topology.model import ConnectionStage, OfficeKind

Note = Annotated[str, Field(max_length=2000)]
Who = Annotated[
    str | None, Field(max_length=100, description="Who says so, where the token does not.", examples=["Rina"])
]


class CauseIn(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    cause: CauseKind = Field(examples=["listrik"])
    evidence: str = Field(
        min_length=1,
        max_length=2000,
        description="What proves it; the provider may read it.",
        examples=["Foto kWh meter padam, PLN 123: padam 08:10 sampai 10:40"],
    )
    note: Note = Field("", description="For colleagues only.")
    offices: list[str] | None = Field(
        None, min_length=1, max_length=1000, description="Those that it holds for; left out: all of them."
    )
    provider: str | None = Field(
        None, description="With `penyedia`: which one, when it is not the one that the evidence blames."
    )
    who: Who = None

    @model_validator(mode="after")
    def _provider_only_with_penyedia(self) -> CauseIn:
        if self.provider is not None and self.cause is not CauseKind.PENYEDIA:
            raise PydanticCustomError("cause", "a provider is named with cause penyedia only")
        return self


class CauseFoundOut(Out):
    id: int
    at: datetime
    who: str | None = Field(description="null: not for this reader.")
    cause: CauseKind
    evidence: str
    note: str | None
    offices: list[str] | None
    provider: str | None


def cause_out(found: CauseFound) -> CauseFoundOut:
    return CauseFoundOut(
        id=found.id,
        at=found.at,
        who=found.who or None,
        cause=found.cause,
        evidence=found.evidence,
        note=found.note or None,
        offices=None if found.offices is None else list(found.offices),
        provider=found.provider,
    )


class CausesOut(Out):
    incident: str
    items: list[CauseFoundOut] = Field(description="Oldest first; the newest counts.")


class RolloutOut(Out):
    office: str
    name: str
    kind: OfficeKind
    kecamatan: str | None
    provider: str | None
    phase: int | None
    connection: ConnectionStage = Field(description="As the inventory has it: only active ones are judged.")
    stage: ConnectionStage = Field(description="As last reported.")
    reported_active: bool = Field(description="The coordinator says active, the inventory not yet.")
    target_date: date | None
    promised_date: date | None = Field(description="The newest promise.")
    late: bool = Field(description="Not active, and today or the promise is past the target date.")
    late_days: int | None
    last_progress_at: datetime | None
    last_note: str | None
    entries: int


def rollout_out(row: RolloutRow) -> RolloutOut:
    return RolloutOut(**{name: getattr(row, name) for name in RolloutOut.model_fields})


class ProgressOut(Out):
    id: int
    at: datetime
    who: str | None = Field(description="null: not for this reader.")
    stage: ConnectionStage | None = Field(description="null: as it was.")
    note: str
    promised_date: date | None
    link: str | None


def progress_out(entry: Progress) -> ProgressOut:
    return ProgressOut(
        id=entry.id,
        at=entry.at,
        who=entry.who or None,
        stage=entry.stage,
        note=entry.note,
        promised_date=entry.promised_date,
        link=entry.link,
    )


class RolloutDetail(RolloutOut):
    progress: list[ProgressOut] = Field(description="Oldest first; nothing is ever taken out.")


class ProgressIn(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    stage: ConnectionStage | None = Field(None, description="Left out: as it was.", examples=["installing"])
    note: Note = Field(
        "", description="Needed when the stage goes back.", examples=["Tiang 14 sudah berdiri"]
    )
    promised_date: date | None = Field(None, examples=["2027-02-15"])
    link: str | None = Field(
        None,
        max_length=1000,
        pattern=r"^https?://[^\s/]+[^\s]*$",
        description="Where a document or picture lies.",
        examples=["https://arsip.example.id/ba-114.pdf"],
    )
    who: Who = None

    @model_validator(mode="after")
    def _says_something(self) -> ProgressIn:
        if self.stage is None and not self.note and self.promised_date is None and self.link is None:
            raise PydanticCustomError("progress", "give a stage, a note, a promised date or a link")
        return self


class ShareOut(Out):
    connected: int
    total: int
    percent: float | None


class GroupShareOut(Out):
    group: str | None
    now: ShareOut
    months: list[ShareOut | None] = Field(description="Beside `months` of the summary; null: not known.")


class RolloutSummaryOut(Out):
    """How many offices are connected by the plan; an outage does not make one unconnected."""

    months: list[str] = Field(examples=[["2026-10", "2026-11"]])
    all: GroupShareOut
    by_kecamatan: list[GroupShareOut]
    by_kind: list[GroupShareOut]
    by_provider: list[GroupShareOut]


def summary_out(summary: RolloutSummary) -> RolloutSummaryOut:
    return RolloutSummaryOut.model_validate(summary, from_attributes=True)

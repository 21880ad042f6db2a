"""Where `ronda maintenance` plans: with the running server, or in the records while none runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import quote
from zoneinfo import ZoneInfo

import httpx

from alerts.maintenance import Window, WindowId, occurrences
from alerts.planning import PlanError, WindowState, new_window_id, next_span, plan_window, state_of
from ronda.errors import BadInputError
from ronda.settings import Settings
from storage.records import Records, RecordsError
from topology.clock import Clock
from topology.graph import NetworkGraph
from topology.model import Inventory
from topology.whatif import what_if

Json = dict[str, Any]


class Desk(Protocol):
    """JSON as the API's (docs/api.md). Every method raises BadInputError."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def preview(self, wanted: Json) -> Json: ...

    def plan(self, wanted: Json) -> Json: ...

    def list(self, everything: bool) -> list[Json]: ...

    def cancel(self, id_: str) -> None: ...


class ServerDesk:
    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def preview(self, wanted: Json) -> Json:
        return self._ask("POST", "/api/v1/maintenance/preview", json=wanted)

    def plan(self, wanted: Json) -> Json:
        return self._ask("POST", "/api/v1/maintenance", json=wanted)

    def list(self, everything: bool) -> list[Json]:
        params = {"since": "2000-01-01T00:00:00Z"} if everything else {}
        items: list[Json] = self._ask("GET", "/api/v1/maintenance", params=params)["items"]
        return items

    def cancel(self, id_: str) -> None:
        self._ask("DELETE", f"/api/v1/maintenance/{quote(id_, safe='')}")

    def _ask(self, method: str, path: str, **more: Any) -> Json:
        try:
            response = self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            raise BadInputError(f"no answer from {self._http.base_url}: {error}") from error
        try:
            answer: Json = response.json()
        except ValueError:
            answer = {}
        if not response.is_success:
            raise BadInputError(_refusal(response, answer))
        return answer


def _refusal(response: httpx.Response, answer: Json) -> str:
    detail = str(answer.get("detail") or response.reason_phrase)
    for problem in answer.get("errors") or ():
        detail += f"\n{problem}"
    if response.status_code in (401, 403):
        detail += "; give an engineer's token: RONDA_TOKEN, or --token-file"
    return detail


class RecordsDesk:
    """No server runs here: straight into its records, which the next start reads."""

    def __init__(self, settings: Settings, inventory: Inventory, clock: Clock) -> None:
        self._inventory = inventory
        self._clock = clock
        self._zone = ZoneInfo(inventory.network.timezone)
        self._records = Records(settings.records_url or f"sqlite:///{settings.data_dir / 'records.sqlite'}")

    def __enter__(self) -> Self:
        try:
            self._records.start()
        except RecordsError as error:
            raise BadInputError(str(error)) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._records.stop()
        if isinstance(error, RecordsError):
            raise BadInputError(str(error)) from error

    def preview(self, wanted: Json) -> Json:
        window, now = self._window(wanted), self._clock.now()
        lost = what_if(NetworkGraph(self._inventory), window.subjects).as_json()
        far = now + timedelta(days=800)
        spans = list(islice(occurrences(window, now, far, self._zone), 5))
        meet = [
            w.id
            for w in self._records.maintenance_windows(now)
            if any(next(occurrences(w, a, b, self._zone), None) for a, b in spans)
        ]
        times = [{"starts_at": a.isoformat(), "ends_at": b.isoformat()} for a, b in spans]
        return {**lost, "times": times, "overlaps": meet}

    def plan(self, wanted: Json) -> Json:
        window = self._window(wanted)
        while not self._records.save_window(window):
            window = self._window(wanted)
        return self._json(window)

    def list(self, everything: bool) -> list[Json]:
        now = self._clock.now()
        rows = [self._json(w) for w in self._records.maintenance_windows(None if everything else now)]
        running = (WindowState.RUNNING.value, WindowState.PLANNED.value)
        return [row for row in rows if everything or row["state"] in running]

    def cancel(self, id_: str) -> None:
        if self._records.cancel_window(WindowId(id_), self._clock.now()) is None:
            raise BadInputError(f"no maintenance has the id {id_!r}")

    def _window(self, wanted: Json) -> Window:
        now = self._clock.now()
        known = self._records.maintenance_windows(now - timedelta(days=2))
        try:
            return plan_window(
                new_window_id(known, now, self._zone),
                wanted["title"],
                wanted["subjects"],
                datetime.fromisoformat(wanted["starts_at"]),
                datetime.fromisoformat(wanted["ends_at"]),
                wanted["rrule"],
                wanted["who"],
                wanted["note"],
                inventory=self._inventory,
                now=now,
                zone=self._zone,
            )
        except PlanError as error:
            raise BadInputError(str(error)) from error

    def _json(self, window: Window) -> Json:
        now = self._clock.now()
        coming = next_span(window, now, self._zone)
        return {
            "id": window.id,
            "title": window.title,
            "subjects": [{"kind": s.kind.value, "id": s.id} for s in window.subjects],
            "starts_at": window.starts_at.isoformat(),
            "ends_at": window.ends_at.isoformat(),
            "rrule": window.rrule,
            "state": state_of(window, now, self._zone).value,
            "next": coming and {"starts_at": coming[0].isoformat(), "ends_at": coming[1].isoformat()},
            "created_by": window.created_by,
            "note": window.note,
        }

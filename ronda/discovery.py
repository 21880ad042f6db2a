"""The job that compares what polls have seen of neighbours with the inventory, daily."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from alerts.conditions import Condition, discovery_mismatch
from alerts.model import ConditionKind
from storage.records import RecordsError
from storage.records.discovery import stand
from topology.discovery import compare
from topology.discovery_model import Comparison, Finding, FindingKind
from topology.discovery_seen import Sightings
from topology.findings import Component, ComponentKind
from topology.observations import PollResult

if TYPE_CHECKING:
    from ronda.app import App

log = structlog.get_logger(__name__)


class Discovery:
    """Fed with every poll; inert until `start`."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._settings = app.settings.discovery
        self._sightings = Sightings()
        self._task: asyncio.Task[None] | None = None
        self._put: dict[str, Condition] = {}
        self.counters: Counter[str] = Counter()
        self.comparison: Comparison | None = None
        """The newest; None before the first."""
        self.since: Mapping[str, datetime] = {}
        """By a finding's key."""

    def take(self, result: PollResult) -> None:
        self._sightings.take(result)

    async def start(self) -> None:
        for incident in self._app.patrol.book.active:  # told by an earlier process
            if incident.condition is ConditionKind.DISCOVERY_MISMATCH and incident.group is not None:
                known = discovery_mismatch(incident.components, True, incident.began_at, incident.why)
                self._put[incident.group] = known
        self._task = asyncio.create_task(self._run(), name="discovery")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        await asyncio.sleep(self._settings.first_after_s)
        while True:
            try:
                await self.look()
            except Exception as error:  # the next look may go well: counted and said
                self.counters["errors"] += 1
                if self.counters["errors"] in (1, 10, 100):
                    log.exception("neighbours could not be compared", error=str(error))
            await asyncio.sleep(self._settings.every_s)

    async def look(self) -> Comparison:
        """Compare now, with what polls have seen lately."""
        app, now = self._app, self._app.clock.now()
        inventory = app.inventory
        seen = self._sightings.fresh(now, inventory)
        found = await asyncio.to_thread(compare, inventory, seen, now)
        keys = {f.key for f in found.mismatches}
        try:
            self.since = await app.keeper.call(
                lambda: app.records.write(lambda connection: stand(connection, keys, now))
            )
        except (RecordsError, RuntimeError) as error:  # told without the right since
            self.counters["records_errors"] += 1
            log.warning("findings of discovery can't be recorded", error=str(error))
            self.since = {key: self.since.get(key, now) for key in keys}
        self.comparison = found
        self.counters["looks"] += 1
        if self._settings.notify:
            self._tell(found, now)
        return found

    def _tell(self, found: Comparison, now: datetime) -> None:
        standing = conditions_of(found, self.since)
        over = self._put.keys() - standing.keys()
        gone = [discovery_mismatch(self._put[k].components, False, now, "as declared again") for k in over]
        still = set()
        if over:
            # Over only when it is positively so: of whom was not asked this time nothing is known.
            for condition in gone:
                if all(_looked_at(c, found) for c in condition.components):
                    self._app.put([condition])
                else:
                    still.add(condition.key)
        self._app.put(standing.values())
        self._put = {**{k: self._put[k] for k in still}, **standing}


def conditions_of(found: Comparison, since: Mapping[str, datetime]) -> dict[str, Condition]:
    """One for each link or device that it is about; several findings about the same are one."""
    made: dict[str, Condition] = {}
    for finding in found.mismatches:
        components = components_of(finding)
        facts = [("declared", finding.declared or "-"), ("seen", finding.seen or "-")]
        began = since.get(finding.key, found.at)
        condition = discovery_mismatch(components, True, began, finding.why, *facts)
        made.setdefault(condition.key, condition)
    return made


def components_of(finding: Finding) -> tuple[Component, ...]:
    if finding.links:
        return tuple(Component(ComponentKind.LINK, i) for i in finding.links)
    devices = finding.devices
    if finding.kind is FindingKind.UNKNOWN_NEIGHBOUR:
        devices = devices[:1]
    return tuple(Component(ComponentKind.DEVICE, i) for i in devices)


def _looked_at(component: Component, found: Comparison) -> bool:
    if component.kind is ComponentKind.LINK:
        return component.id not in found.unproven
    return component.id in found.asked

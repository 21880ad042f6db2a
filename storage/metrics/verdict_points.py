"""A verdict as points: offices, applications, links, and the whole network ready counted. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from alerts.model import Incident
from storage.metrics import names
from storage.metrics.point import Point, point, tags_of
from topology.findings import Connectivity, DeviceCondition, LinkCondition, Verdict
from topology.model import Inventory, Link, LinkId, Office, OfficeId, PortRef
from topology.observations import Light, Observation, OpticalReading, PortRates

CONNECTIVITY_CODES: Mapping[Connectivity, int] = {
    Connectivity.CONNECTED: 0,
    Connectivity.DEGRADED: 1,
    Connectivity.CUT: 2,
    Connectivity.UNKNOWN: 3,
    Connectivity.NOT_CONNECTED: 4,
}
LINK_CODES: Mapping[LinkCondition, int] = {
    LinkCondition.UP: 0,
    LinkCondition.DOWN: 1,
    LinkCondition.DISABLED: 2,
    LinkCondition.UNKNOWN: 3,
}
REACHABLE: Mapping[Connectivity, int] = {
    Connectivity.CONNECTED: 1,
    Connectivity.DEGRADED: 1,
    Connectivity.CUT: 0,
}
KEPT = timedelta(minutes=15)
"""What an end measured longer ago says nothing of the link any more."""

_SILENT_ON_REACH = frozenset({Connectivity.UNKNOWN, Connectivity.NOT_CONNECTED})
"""Offices of which nothing is said, unless the verdict itself lists them: unknown is not down, and not up."""


def links_by_port(inventory: Inventory) -> dict[PortRef, Link]:
    """The declared link that ends at each port."""
    return {end.port: link for link in inventory.links.values() for end in link.ends if end.port is not None}


class VerdictPoints:
    """Holds the newest figures of each link's ends, to be told with its condition."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._links = links_by_port(inventory)
        self._load_bps: dict[LinkId, dict[PortRef, tuple[datetime, float]]] = {}
        self._rx_dbm: dict[LinkId, dict[tuple[PortRef, int | None], tuple[datetime, float | None]]] = {}

    def see(self, observations: Iterable[Observation]) -> None:
        for seen in observations:
            if isinstance(seen, PortRates):
                link = self._links.get(seen.port)
                both = [bps for bps in (seen.in_bps, seen.out_bps) if bps is not None]
                if link is not None and both:
                    self._load_bps.setdefault(link.id, {})[seen.port] = (seen.at, max(both))
            elif isinstance(seen, OpticalReading) and seen.port is not None:
                link = self._links.get(seen.port)
                if link is not None:
                    self._rx_dbm.setdefault(link.id, {})[seen.port, seen.lane] = (
                        seen.at,
                        None if seen.light is Light.DARK else seen.rx_dbm,
                    )

    def points(self, verdict: Verdict, incidents: int | None = None) -> list[Point]:
        made = (
            *self._of_offices(verdict),
            *self._of_applications(verdict),
            *self._of_links(verdict),
            self._of_network(verdict, incidents),
        )
        return [p for p in made if p is not None]

    def _of_offices(self, verdict: Verdict) -> Iterator[Point | None]:
        for id_, judged in verdict.offices.items():
            office = self._inventory.offices.get(id_)
            place = None if office is None else office.location
            yield point(
                names.OFFICE,
                tags_of({names.TAG_OFFICE: id_, **_of_office(office)}),
                verdict.at,
                {
                    names.CONNECTIVITY: CONNECTIVITY_CODES[judged.connectivity],
                    names.PATHS: judged.paths,
                    names.PATHS_DESIGNED: judged.paths_designed,
                    names.REACHABLE: REACHABLE.get(judged.connectivity),
                    names.LATITUDE_DEG: None if place is None else place.latitude_deg,
                    names.LONGITUDE_DEG: None if place is None else place.longitude_deg,
                },
            )

    def _of_applications(self, verdict: Verdict) -> Iterator[Point | None]:
        for application, reach in verdict.applications.items():
            declared = self._inventory.applications.get(application)
            lost = frozenset(reach.lost_by)
            for user in self._users(None if declared is None else declared.used_by):
                judged = verdict.offices.get(user)
                if user not in lost and (judged is None or judged.connectivity in _SILENT_ON_REACH):
                    continue
                tags = tags_of({names.TAG_APPLICATION: application, names.TAG_OFFICE: user})
                yield point(
                    names.APPLICATION_OFFICE, tags, verdict.at, {names.REACHABLE: int(user not in lost)}
                )

    def _users(self, used_by: tuple[OfficeId, ...] | None) -> Iterable[OfficeId]:
        return self._inventory.offices if used_by is None else used_by

    def _of_links(self, verdict: Verdict) -> Iterator[Point | None]:
        since = verdict.at - KEPT
        for id_, condition in verdict.links.items():
            link = self._inventory.links.get(id_)
            if link is None:
                continue
            loads = [bps for at, bps in self._load_bps.get(id_, {}).values() if at >= since]
            powers = [
                dbm for at, dbm in self._rx_dbm.get(id_, {}).values() if at >= since and dbm is not None
            ]
            load_bps, rx_dbm = max(loads, default=None), min(powers, default=None)
            yield point(
                names.LINK,
                tags_of(
                    {
                        names.TAG_LINK: id_,
                        names.TAG_PROVIDER: link.provider,
                        names.TAG_MEDIUM: link.medium.value,
                    }
                ),
                verdict.at,
                {
                    names.CONDITION: LINK_CODES[condition],
                    names.LOAD_BPS: load_bps,
                    names.LOAD_RATIO: load_bps / link.capacity_bps
                    if load_bps is not None and link.capacity_bps
                    else None,
                    names.RX_DBM: rx_dbm,
                    names.RX_MARGIN_DB: rx_dbm - link.rx_min_dbm
                    if rx_dbm is not None and link.rx_min_dbm is not None
                    else None,
                },
            )

    def _of_network(self, verdict: Verdict, incidents: int | None) -> Point | None:
        offices = Counter(judged.connectivity for judged in verdict.offices.values())
        silent = (DeviceCondition.SILENT, DeviceCondition.SHADOW)
        return point(
            names.NETWORK,
            (),
            verdict.at,
            {
                **{connectivity.value: offices[connectivity] for connectivity in Connectivity},
                names.LINKS_DOWN: sum(c is LinkCondition.DOWN for c in verdict.links.values()),
                names.DEVICES_SILENT: sum(c in silent for c in verdict.devices.values()),
                names.INCIDENTS: incidents,
            },
        )


def points_of_incidents(incidents: Iterable[Incident], at: datetime) -> list[Point]:
    """Each incident as it is after a change, for annotations."""
    made = (
        point(
            names.INCIDENT,
            tags_of(
                {
                    names.TAG_INCIDENT: incident.id,
                    names.TAG_KIND: incident.kind.value,
                    names.TAG_SEVERITY: incident.severity.value,
                    names.TAG_WHAT: ", ".join(map(str, incident.components[:3])),
                }
            ),
            at,
            {
                names.ACTIVE: int(incident.active),
                names.OFFICES_CUT: sum(o.connectivity is Connectivity.CUT for o in incident.offices_now),
                names.OFFICES_DEGRADED: sum(
                    o.connectivity is Connectivity.DEGRADED for o in incident.offices_now
                ),
            },
        )
        for incident in incidents
        if incident.told
    )
    return [p for p in made if p is not None]


def _of_office(office: Office | None) -> dict[str, str | None]:
    if office is None:
        return {}
    return {
        names.TAG_KIND: office.kind.value,
        names.TAG_KECAMATAN: office.kecamatan,
        names.TAG_PROVIDER: office.provider,
    }

"""Observations and verdicts to points."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.model import AffectedOffice, Incident, IncidentId, IncidentKind, IncidentStatus, Severity
from storage.metrics import names
from storage.metrics.point import Point, fit, holdable, tags_of
from storage.metrics.point_maker import (
    CONNECTIVITY_CODES,
    OPER_CODES,
    PointMaker,
    points_of_applications,
    points_of_poll,
    points_of_probes,
    points_of_self,
    points_of_verdict,
)
from storage.metrics.verdict_points import points_of_incidents
from topology.findings import (
    ApplicationVerdict,
    Component,
    ComponentKind,
    Connectivity,
    LinkCondition,
    OfficeVerdict,
    Verdict,
)
from topology.model import (
    Application,
    ApplicationId,
    Device,
    DeviceId,
    Inventory,
    Link,
    LinkEnd,
    LinkId,
    Network,
    Office,
    OfficeId,
    OfficeKind,
    PortRef,
    ProviderId,
)
from topology.observations import (
    AdminStatus,
    ApplicationCheck,
    Light,
    Means,
    OperStatus,
    OpticalReading,
    PollError,
    PollFault,
    PollResult,
    PortCounters,
    PortRates,
    PortStatus,
    Reachability,
    SensorReading,
    SystemInfo,
)

AT = datetime(2026, 11, 21, 8, 0, 0, 900_000, tzinfo=UTC)
AT_S = int(AT.timestamp())
R1, CORE = DeviceId("kuaro-r1"), DeviceId("dkisp-core")
SFP1 = PortRef(R1, "sfp1")


@pytest.fixture
def inventory() -> Inventory:
    offices = (
        Office(
            OfficeId("camat-kuaro"),
            "Kantor Camat Kuaro",
            OfficeKind.KECAMATAN,
            "Kuaro",
            provider=ProviderId("icon"),
        ),
        Office(OfficeId("dkisp"), "DKISP", OfficeKind.DINAS, "Tanah Grogot"),
    )
    devices = (Device(R1, OfficeId("camat-kuaro")), Device(CORE, OfficeId("dkisp")))
    link = Link(LinkId("grogot-kuaro"), LinkEnd(CORE), LinkEnd(R1, "sfp1"), provider=ProviderId("icon"))
    application = Application(ApplicationId("e-budgeting"), "e-Budgeting", CORE)
    return Inventory(
        network=Network("Paser"),
        vantages=(CORE,),
        hubs=(OfficeId("dkisp"),),
        offices={o.id: o for o in offices},
        devices={d.id: d for d in devices},
        links={link.id: link},
        applications={application.id: application},
    )


def poll(*observations: object, errors: tuple[PollError, ...] = ()) -> PollResult:
    return PollResult(R1, AT, 0.25, tuple(observations), errors)  # type: ignore[arg-type]  # observations, all of them


def by_measurement(points: list[Point]) -> dict[str, Point]:
    return {p.measurement: p for p in points}


def test_all_that_a_poll_says_of_a_port_is_one_point(inventory: Inventory) -> None:
    made = by_measurement(
        points_of_poll(
            poll(
                PortStatus(SFP1, AT, AdminStatus.UP, OperStatus.LOWER_LAYER_DOWN, speed_bps=10**9),
                PortCounters(SFP1, AT + timedelta(seconds=2), in_octets=7, out_octets=8),
                PortRates(
                    SFP1, AT + timedelta(seconds=1), 60.0, in_bps=9.0, in_errors_per_s=0
                ),  # an int that is a rate
            ),
            inventory,
        )
    )
    point = made["interface"]
    assert dict(point.tags) == {
        "device": "kuaro-r1",
        "if_name": "sfp1",
        "link": "grogot-kuaro",
        "office": "camat-kuaro",
        "provider": "icon",
    }
    assert point.at_s == AT_S + 2
    assert point.fields == {
        "oper": 7,
        "admin": 1,
        "speed_bps": 10**9,
        "in_octets": 7,
        "out_octets": 8,
        "in_bps": 9.0,
        "in_errors": 0.0,
    }
    assert type(point.fields["in_errors"]) is float


def test_a_poll_that_failed_still_says_so(inventory: Inventory) -> None:
    (point,) = points_of_poll(poll(errors=(PollError(PollFault.TIMEOUT, "no answer"),)), inventory)
    assert (point.measurement, point.fields) == ("device", {"poll_s": 0.25, "poll_errors": 1})


def test_a_port_without_a_link_and_an_unknown_device_have_fewer_tags(inventory: Inventory) -> None:
    ether = PortCounters(PortRef(R1, "ether1"), AT, in_octets=1)
    stranger = PortCounters(PortRef(DeviceId("new"), "e0"), AT, in_octets=1)
    made = [p for p in points_of_poll(poll(ether, stranger), inventory) if p.measurement == "interface"]
    assert [dict(p.tags) for p in made] == [
        {"device": "kuaro-r1", "if_name": "ether1", "office": "camat-kuaro"},
        {"device": "new", "if_name": "e0"},
    ]


def test_a_module_of_one_lane_is_one_series_however_the_agent_says_it(inventory: Inventory) -> None:
    whole = OpticalReading(R1, AT, "sfp1", "sfp1", light=Light.LIT, rx_dbm=-7.5)
    lane = OpticalReading(R1, AT, "sfp1", "sfp1", lane=1, light=Light.LIT, rx_dbm=-7.51)
    for readings in ([whole, lane], [whole], [lane]):
        (made,) = [p for p in points_of_poll(poll(*readings), inventory) if p.measurement == "optics"]
        assert "lane" not in dict(made.tags)


def test_what_an_agent_calls_its_power_in_the_dark_is_no_power(inventory: Inventory) -> None:
    dark = OpticalReading(R1, AT, "sfp1", "sfp1", light=Light.DARK, rx_dbm=-40.0, tx_dbm=1.0)
    (made,) = [p for p in points_of_poll(poll(dark), inventory) if p.measurement == "optics"]
    assert made.fields == {"light": 0, "tx_dbm": 1.0}


def test_light_is_a_state_and_no_light_has_no_power(inventory: Inventory) -> None:
    lit = OpticalReading(R1, AT, "sfp1", "sfp1", lane=2, light=Light.LIT, rx_dbm=-7.5)
    dark = OpticalReading(R1, AT, "sfp1", "sfp1", lane=3, light=Light.DARK)
    onu = OpticalReading(R1, AT, "onu-1/1/2", light=Light.UNSUPPORTED, rx_dbm=-21.0)
    made = [p for p in points_of_poll(poll(lit, dark, onu), inventory) if p.measurement == "optics"]
    assert [p.fields for p in made] == [{"rx_dbm": -7.5, "light": 1}, {"light": 0}, {"rx_dbm": -21.0}]
    assert [dict(p.tags).get("lane") for p in made] == ["2", "3", None]
    assert dict(made[2].tags)["module"] == "onu-1/1/2"
    assert "if_name" not in dict(made[2].tags)


def test_the_device_has_its_worst_sensors_and_every_sensor_its_own_point(inventory: Inventory) -> None:
    made = points_of_poll(
        poll(
            SensorReading(R1, AT, "cpu", "cpu0", 0.25, "ratio"),
            SensorReading(R1, AT, "cpu", "cpu1", 0.75, "ratio"),
            SensorReading(R1, AT, "temperature", "board", 51.0, "celsius"),
            SensorReading(R1, AT, "psu", "psu1", None, "state", "failed"),
            SensorReading(R1, AT, "psu", "psu2", None, "state", "absent"),
            SystemInfo(R1, AT, uptime_s=3600.0),
        ),
        inventory,
    )
    device = by_measurement(made)["device"].fields
    assert {k: device[k] for k in ("cpu_ratio", "temperature_c", "uptime_s")} == {
        "cpu_ratio": 0.75,
        "temperature_c": 51.0,
        "uptime_s": 3600.0,
    }
    sensors = {dict(p.tags)["sensor"]: p.fields for p in made if p.measurement == "sensor"}
    assert sensors == {
        "cpu0": {"value": 0.25},
        "cpu1": {"value": 0.75},
        "board": {"value": 51.0},
        "psu1": {"ok": 0},
    }


def test_only_icmp_is_a_probe(inventory: Inventory) -> None:
    answered = Reachability(R1, AT, True, Means.ICMP, rtt_s=0.0125, sent=3, received=2)
    silent = Reachability(R1, AT, False, Means.ICMP, sent=3, received=0)
    trap = Reachability(R1, AT, True, Means.TRAP)
    made = points_of_probes([answered, silent, trap], inventory)
    assert [p.fields for p in made] == [
        {"answered": 1, "rtt_ms": 12.5, "loss_ratio": pytest.approx(1 / 3)},
        {"answered": 0, "loss_ratio": 1.0},
    ]


def test_a_verdict_is_a_point_an_office_and_one_for_each_user_of_an_application(inventory: Inventory) -> None:
    camat, dkisp = OfficeId("camat-kuaro"), OfficeId("dkisp")
    verdict = Verdict(
        at=AT,
        offices={
            camat: OfficeVerdict(camat, Connectivity.CUT, AT, 0, 2),
            dkisp: OfficeVerdict(dkisp, Connectivity.CONNECTED, AT, 2, 2),
        },
        devices={},
        links={},
        applications={
            ApplicationId("e-budgeting"): ApplicationVerdict(ApplicationId("e-budgeting"), True, (camat,))
        },
    )
    made = points_of_verdict(verdict, inventory)
    assert [(p.measurement, p.fields) for p in made] == [
        ("office", {"connectivity": 2, "paths": 0, "paths_designed": 2, "reachable": 0}),
        ("office", {"connectivity": 0, "paths": 2, "paths_designed": 2, "reachable": 1}),
        ("application_office", {"reachable": 0}),
        ("application_office", {"reachable": 1}),
        (
            "network",
            {
                "connected": 1,
                "degraded": 0,
                "cut": 1,
                "unknown": 0,
                "not_connected": 0,
                "links_down": 0,
                "devices_silent": 0,
            },
        ),
    ]
    assert dict(made[0].tags) == {
        "office": "camat-kuaro",
        "kind": "kecamatan",
        "kecamatan": "Kuaro",
        "provider": "icon",
    }


@pytest.mark.parametrize("connectivity", [Connectivity.UNKNOWN, Connectivity.NOT_CONNECTED])
def test_of_an_office_that_is_unknown_nothing_is_said_about_applications(
    inventory: Inventory, connectivity: Connectivity
) -> None:
    camat = OfficeId("camat-kuaro")
    verdict = Verdict(
        at=AT,
        offices={camat: OfficeVerdict(camat, connectivity, None, 0, 1)},
        devices={},
        links={},
        applications={ApplicationId("e-budgeting"): ApplicationVerdict(ApplicationId("e-budgeting"), True)},
    )
    assert {p.measurement for p in points_of_verdict(verdict, inventory)} == {"office", "network"}
    assert "reachable" not in points_of_verdict(verdict, inventory)[0].fields


def test_applications_and_ronda_itself() -> None:
    check = ApplicationCheck(ApplicationId("e-surat"), AT, False, response_s=0.5, status_code=502)
    (point,) = points_of_applications([check])
    assert point.fields == {"up": 0, "response_ms": 500.0, "status_code": 502}
    made = points_of_self({"polls": 5, "queue": 2.0}, AT)
    assert [(dict(p.tags)["part"], p.fields) for p in made] == [
        ("polls", {"count": 5}),
        ("queue", {"value": 2.0}),
    ]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("in_octets", 2**63 - 1, 2**63 - 1),
        ("in_octets", 2**63, 0),
        ("in_octets", 2**64 - 1, 2**63 - 1),
        ("in_octets", -(2**63) - 1, None),
        ("in_bps", 5, 5.0),
        ("in_bps", math.nan, None),
        ("in_bps", -math.inf, None),
        ("in_bps", 10**400, None),
        ("oper", 2.0, 2),
        ("speed_bps", 2**63, None),
        ("unknown_field", 2**63, None),
        ("unknown_field", True, 1),
        ("in_bps", None, None),
    ],
)
def test_values_fit_or_are_left_out(name: str, value: float | None, expected: float | None) -> None:
    fitted = fit("interface", name, value)
    assert fitted == expected
    assert type(fitted) is type(expected)


def test_holdable_is_the_same_object_unless_something_has_to_go() -> None:
    good = {"a": 1, "b": 1e18, "c": -(2**63)}
    assert holdable(good) is good
    assert holdable({"a": 1e300}) == {"a": 1e300}
    assert holdable({"a": 2**64, "b": -(2**64), "c": 1}) == {"c": 1}, "what cancels out"
    assert holdable({"a": math.nan, "b": 2**63, "c": 10**400, "d": "x", "e": 1.5}) == {"e": 1.5}  # type: ignore[dict-item]  # on purpose


def test_tags_have_an_order_and_no_empty_value() -> None:
    assert tags_of({"b": "2", "a": "1", "c": "", "d": None}) == (("a", "1"), ("b", "2"))


def test_a_link_tells_its_condition_and_the_worst_of_its_ends(inventory: Inventory) -> None:
    far = PortRef(CORE, "sfp-sfpplus1")
    link = replace(
        next(iter(inventory.links.values())),
        a=LinkEnd(far.device, far.if_name),
        capacity_bps=1_000_000_000,
        rx_min_dbm=-23.0,
    )
    inventory = replace(inventory, links={link.id: link})
    maker = PointMaker(inventory)
    maker.of_poll(
        poll(
            PortRates(SFP1, AT, 60.0, in_bps=2e8, out_bps=1e8),
            PortRates(far, AT, 60.0, in_bps=1e8, out_bps=None),
            OpticalReading(R1, AT, "sfp1", "sfp1", light=Light.LIT, rx_dbm=-12.0),
            OpticalReading(far.device, AT, far.if_name, far.if_name, light=Light.LIT, rx_dbm=-20.0),
        )
    )

    def told(after_s: float) -> dict[str, int | float]:
        verdict = Verdict(AT + timedelta(seconds=after_s), {}, {}, {link.id: LinkCondition.DOWN})
        return maker.of_verdict(verdict, incidents=1)[0].fields

    assert told(60) == {
        "condition": 1,
        "load_bps": 2e8,
        "load_ratio": 0.2,
        "rx_dbm": -20.0,
        "rx_margin_db": 3.0,
    }
    assert told(3600) == {"condition": 1}, "what was measured an hour ago says nothing of now"


def test_an_incident_is_a_point_at_each_change() -> None:
    incident = Incident(
        IncidentId("R-261121-001"),
        IncidentKind.OUTAGE,
        IncidentStatus.OPEN,
        Severity.MAJOR,
        (Component(ComponentKind.LINK, "a-b"),),
        (),
        0.9,
        "why",
        AT,
        opened_at=AT,
        offices=(
            AffectedOffice(OfficeId("x"), Connectivity.CUT, AT),
            AffectedOffice(OfficeId("y"), Connectivity.DEGRADED, AT),
            AffectedOffice(OfficeId("z"), Connectivity.CUT, AT, until=AT),
        ),
    )
    (point,) = points_of_incidents([incident, replace(incident, opened_at=None)], AT)
    assert point.fields == {"active": 1, "offices_cut": 1, "offices_degraded": 1}
    assert dict(point.tags) == {
        "incident": "R-261121-001",
        "kind": "outage",
        "severity": "major",
        "what": "link:a-b",
    }


def test_every_field_and_tag_that_is_made_is_in_the_catalogue(inventory: Inventory) -> None:
    maker = PointMaker(inventory)
    made = maker.of_poll(
        poll(
            PortStatus(SFP1, AT, AdminStatus.UP, OperStatus.UP, speed_bps=1),
            PortCounters(SFP1, AT, 1, 1, 1, 1, 1, 1),
            PortRates(SFP1, AT, 60.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
            OpticalReading(R1, AT, "sfp1", "sfp1", 1, 0, Light.LIT, -1.0, -1.0, 1.0, 1.0, 1.0),
            OpticalReading(R1, AT, "onu"),
            SensorReading(R1, AT, "memory", "m", 0.5, "ratio", "ok"),
            SystemInfo(R1, AT, uptime_s=1.0),
            ApplicationCheck(ApplicationId("a"), AT, True, 1.0, 200),
        )
    )
    made += points_of_self({"a": 1, "b": 1.0}, AT) + maker.of_probes([Reachability(R1, AT, True, rtt_s=1.0)])
    for point in made:
        measurement = names.MEASUREMENTS[point.measurement]
        assert set(dict(point.tags)) <= set(measurement.tags)
        for name, value in point.fields.items():
            assert type(value) is (int if measurement.fields[name].integer else float), (
                point.measurement,
                name,
            )


def test_every_state_has_a_code() -> None:
    assert set(CONNECTIVITY_CODES) == set(Connectivity)
    assert set(OPER_CODES) == set(OperStatus)


def test_no_name_is_a_tag_and_a_field_of_one_measurement() -> None:
    """InfluxQL could not tell them apart; nor may a rolled-up name clash with another field."""
    for measurement in names.MEASUREMENTS.values():
        assert not set(measurement.tags) & set(measurement.fields)
        rolled = {n + s for n in measurement.fields for s in (names.MIN_SUFFIX, names.MAX_SUFFIX)}
        assert not rolled & set(measurement.fields)

"""Which limit counts, and what is no figure at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.condition_engine import ConditionEngine
from alerts.condition_optics import low_limit
from alerts.condition_settings import ConditionSettings
from alerts.model import ConditionKind, Severity
from topology.findings import DeviceCondition, Verdict
from topology.model import (
    Device,
    DeviceId,
    Inventory,
    Link,
    LinkEnd,
    LinkId,
    Medium,
    Network,
    Office,
    OfficeId,
    PortRef,
)
from topology.observations import (
    AdminStatus,
    Light,
    OperStatus,
    OpticalLimits,
    OpticalReading,
    PortRates,
    PortStatus,
    SensorReading,
)

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
SETTINGS = ConditionSettings()
SPAN = Link(LinkId("span"), LinkEnd(DeviceId("a"), "p1"), LinkEnd(DeviceId("b"), "p1"), rx_min_dbm=-24.0)
OFFICE = OfficeId("hub")
INVENTORY = Inventory(
    network=Network("Uji"),
    vantages=(DeviceId("a"),),
    hubs=(OFFICE,),
    offices={OFFICE: Office(OFFICE, "Hub")},
    devices={DeviceId(d): Device(DeviceId(d), OFFICE) for d in "ab"},
    links={SPAN.id: SPAN},
)
VERDICT = Verdict(START, {}, {DeviceId("a"): DeviceCondition.UP}, {})


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def optic(second: float, rx_dbm: float | None, port: str = "p1", **more: object) -> OpticalReading:
    return OpticalReading(
        DeviceId("a"),
        at(second),
        port,
        if_name=port,
        light=Light.LIT,
        rx_dbm=rx_dbm,
        **more,  # type: ignore[arg-type]  # as the test says
    )


@pytest.mark.parametrize(
    ("limits", "link", "expected"),
    [
        (OpticalLimits(rx_low_warning_dbm=-20, rx_low_alarm_dbm=-22), SPAN, (-20, "module")),
        (OpticalLimits(rx_low_alarm_dbm=-22), SPAN, (-22, "module")),
        (OpticalLimits(rx_low_warning_dbm=0.0, rx_low_alarm_dbm=0.0), SPAN, (-24, "link")),
        (OpticalLimits(rx_low_alarm_dbm=float("nan")), SPAN, (-24, "link")),
        (OpticalLimits(), None, (-27, "default")),
    ],
)
def test_the_module_then_the_link_then_the_default(
    limits: OpticalLimits, link: Link | None, expected: tuple[float, str]
) -> None:
    found = low_limit(optic(0, -10, limits=limits), link, SETTINGS)
    assert found is not None
    assert (found.dbm, found.source) == expected


def test_other_media_have_no_default_limit() -> None:
    radio = Link(LinkId("r"), SPAN.a, SPAN.b, medium=Medium.RADIO)
    assert low_limit(optic(0, -60), radio, SETTINGS) is None


def test_below_the_modules_alarm_it_is_major() -> None:
    engine = ConditionEngine(INVENTORY)
    limits = OpticalLimits(rx_low_warning_dbm=-20, rx_low_alarm_dbm=-22)
    for second in (0, 60, 120):
        engine.observe(optic(second, -21, limits=limits))
    (found,) = engine.conditions(VERDICT)
    assert (found.severity, dict(found.facts)["limit_dbm"]) == (Severity.WARNING, -20)
    engine.observe(optic(180, -23, limits=limits))
    (found,) = engine.conditions(VERDICT)
    assert found.severity is Severity.MAJOR


@pytest.mark.parametrize("value", [None, float("nan"), float("-inf")])
def test_no_figure_raises_nothing(value: float | None) -> None:
    engine = ConditionEngine(INVENTORY)
    for second in range(0, 600, 60):
        engine.observe(optic(second, value))
        engine.observe(SensorReading(DeviceId("a"), at(second), "temperature", "x", value, "celsius"))
        engine.observe(SensorReading(DeviceId("a"), at(second), "fan", "f", value, "state", "absent"))
    assert engine.conditions(VERDICT) == []


def test_many_ports_without_a_link_are_one_about_the_device() -> None:
    engine = ConditionEngine(INVENTORY)
    for second in (0, 60, 120):
        engine.observe(optic(second, -29, "p7"))
    (found,) = engine.conditions(VERDICT)
    assert [str(c) for c in found.components] == ["port:a:p7"]
    for second in (180, 240, 300):
        for port in range(7, 40):
            engine.observe(optic(second, -29, f"p{port}"))
    (found,) = engine.conditions(VERDICT)
    assert [str(c) for c in found.components] == ["device:a"]
    assert dict(found.facts)["places"] == 33


def test_a_port_known_by_its_description_is_its_links() -> None:
    engine = ConditionEngine(INVENTORY)
    engine.observe(
        PortStatus(PortRef(DeviceId("a"), "1/1/c2"), at(0), AdminStatus.UP, OperStatus.UP, if_descr="p1")
    )
    for second in (0, 60, 120):
        engine.observe(optic(second, -25, "1/1/c2"))
    (found,) = engine.conditions(VERDICT)
    assert [str(c) for c in found.components] == ["link:span"]


def test_a_module_that_was_taken_out_is_forgotten_when_others_are_told_of() -> None:
    engine = ConditionEngine(INVENTORY)
    for second in (0, 400):
        engine.observe(SensorReading(DeviceId("a"), at(second), "temperature", "card 1", 90.0, "celsius"))
        engine.observe(SensorReading(DeviceId("a"), at(second), "temperature", "card 2", 90.0, "celsius"))
    (found,) = engine.conditions(VERDICT)
    assert found.standing
    day = 86_400 + 1000
    for second in range(day, day + 1300, 300):
        engine.observe(SensorReading(DeviceId("a"), at(second), "temperature", "card 2", 40.0, "celsius"))
    (found,) = engine.conditions(VERDICT)
    assert found.standing is False


def test_a_speed_that_is_made_up_fills_no_link() -> None:
    engine = ConditionEngine(INVENTORY)
    port = PortRef(DeviceId("a"), "p1")
    engine.observe(PortStatus(port, at(0), AdminStatus.UP, OperStatus.UP, speed_bps=9_600))
    for second in range(0, 7200, 60):
        engine.observe(PortRates(port, at(second), 60, in_bps=1e6, out_bps=1e6))
    assert engine.conditions(VERDICT) == []


def test_switched_off_it_sees_nothing() -> None:
    engine = ConditionEngine(INVENTORY, ConditionSettings(enabled=False))
    for second in (0, 60, 120):
        engine.observe(optic(second, -40))
    assert engine.conditions(VERDICT) == []


def test_the_baseline_is_not_learnt_from_the_drop() -> None:
    engine = ConditionEngine(INVENTORY)
    usual = [(day, -15.0) for day in range(20)]
    engine.learn({"a:p1": usual}, at(0))
    for second in (0, 60, 120):
        engine.observe(optic(second, -17.5))
    (found,) = engine.conditions(VERDICT)
    assert (found.kind, dict(found.facts)["drop_db"]) == (ConditionKind.OPTICAL_DROP, 2.5)
    for day in range(20):  # by now the low level is half of the window
        usual.append((20 + day, -17.5))
        engine.learn({"a:p1": usual}, at(86_400 * (day + 1)))
        engine.observe(optic(86_400 * (day + 1), -17.5))
    (found,) = engine.conditions(VERDICT)
    assert found.standing

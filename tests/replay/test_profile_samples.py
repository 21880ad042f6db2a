"""Every profile has a sample, and what must come out of it does: a profile is not done without one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from replay_samples import Sample, load_samples

from collector.profile import load_profiles
from topology.observations import (
    Neighbor,
    OpticalReading,
    PollResult,
    PortCounters,
    PortStatus,
    SensorReading,
    SystemInfo,
)

SAMPLES = load_samples()

CLI_SAMPLES = Path(__file__).parent / "cli" / "samples"


def test_every_profile_has_a_sample() -> None:
    """Of an agent, or of a command line where that is all it knows."""
    by_cli = {path.name.split(".")[0] for path in CLI_SAMPLES.glob("*.txt")}
    by_snmp = {sample.profile for sample in SAMPLES}
    assert by_snmp | by_cli == set(load_profiles().names())
    assert by_cli - by_snmp == {"frr", "huawei-ont", "linux", "vyos"}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.path.stem)
async def test_what_must_come_out_does(
    sample: Sample, poll_mib: Callable[..., Awaitable[PollResult]]
) -> None:
    result = await poll_mib(sample.mib())

    assert result.errors == ()
    (info,) = (seen for seen in result.observations if isinstance(seen, SystemInfo))
    assert info.profile == sample.profile
    for wanted in sample.expect.get("ports", []):
        assert_among(wanted, ports_of(result))
    optics = [flat(seen) for seen in result.observations if isinstance(seen, OpticalReading)]
    for wanted in sample.expect.get("optics", []):
        assert_among(wanted, optics)
    if "optics_count" in sample.expect:
        assert len(optics) == sample.expect["optics_count"]
    sensors = [flat(seen) for seen in result.observations if isinstance(seen, SensorReading)]
    for wanted in sample.expect.get("sensors", []):
        assert_among(wanted, sensors)
    if "sensors_count" in sample.expect:
        assert len(sensors) == sample.expect["sensors_count"], "\n".join(map(str, sensors))
    neighbors = [flat(seen) for seen in result.observations if isinstance(seen, Neighbor)]
    for wanted in sample.expect.get("neighbors", []):
        assert_among(wanted, neighbors)


def flat(seen: Any) -> dict[str, Any]:
    values = asdict(seen)
    return {name: str(value) if name == "light" else value for name, value in values.items()}


def ports_of(result: PollResult) -> list[dict[str, Any]]:
    counters = {seen.port: seen for seen in result.observations if isinstance(seen, PortCounters)}
    rows = []
    for seen in result.observations:
        if isinstance(seen, PortStatus):
            row = {**asdict(counters[seen.port]), **asdict(seen), "if_name": seen.port.if_name}
            rows.append({**row, "admin": str(seen.admin), "oper": str(seen.oper)})
    return rows


def assert_among(wanted: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    assert any(agrees(wanted, row) for row in rows), f"{wanted} not among:\n" + "\n".join(map(str, rows))


def agrees(wanted: Any, got: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(got, dict) and all(agrees(value, got.get(key)) for key, value in wanted.items())
    if isinstance(wanted, float):
        return isinstance(got, int | float) and abs(got - wanted) < 1e-3
    return bool(wanted == got)

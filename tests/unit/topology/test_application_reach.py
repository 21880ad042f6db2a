"""Which office can't use which application, and why."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from topology.application_reach import Unusable, unusable
from topology.findings import ApplicationVerdict, Connectivity, DeviceCondition, OfficeVerdict, Verdict
from topology.inventory import read_inventory
from topology.model import ApplicationId, DeviceId, Inventory, OfficeId

AT = datetime(2026, 11, 21, tzinfo=UTC)
C, U = Connectivity, Unusable


@pytest.fixture(scope="module")
def network() -> Inventory:
    declared = {
        "version": 1,
        "network": {"name": "test"},
        "vantage": "h",
        "hubs": ["hub"],
        "offices": [{"id": o, "name": o, "connection": "active"} for o in ("hub", "host", "a", "b")],
        "devices": [
            {"id": "h", "office": "hub"},
            {"id": "s", "office": "host"},
            {"id": "ra", "office": "a"},
            {"id": "rb", "office": "b"},
        ],
        "links": [{"id": f"h-{d}", "a": {"device": "h"}, "b": {"device": d}} for d in ("s", "ra", "rb")],
        "applications": [{"id": "app", "name": "app", "hosted_at": "s"}],
    }
    inventory, problems = read_inventory(json.dumps(declared), "test")
    assert inventory is not None, [str(p) for p in problems]
    return inventory


def verdict(up: bool | None, lost: list[str], devices: dict[str, str], **offices: str) -> Verdict:
    named = {OfficeId(o): C(c) for o, c in ({"hub": "connected", "host": "connected"} | offices).items()}
    return Verdict(
        AT,
        {o: OfficeVerdict(o, c, AT, 1, 1) for o, c in named.items()},
        {DeviceId(d): DeviceCondition(c) for d, c in devices.items()},
        {},
        applications={
            ApplicationId("app"): ApplicationVerdict(ApplicationId("app"), up, tuple(map(OfficeId, lost)))
        },
    )


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        (verdict(True, [], {}, a="connected", b="degraded"), {}),
        (verdict(True, ["a"], {}, a="cut", b="connected"), {"a": U.OFFICE_CUT}),
        (
            verdict(False, [], {}, a="connected", b="degraded"),
            dict.fromkeys(("hub", "host", "a", "b"), U.APPLICATION_DOWN),
        ),
        (verdict(False, ["a"], {}, a="cut", b="unknown"), {
            "a": U.OFFICE_CUT, "hub": U.APPLICATION_DOWN, "host": U.APPLICATION_DOWN,
        }),
        (
            verdict(None, ["hub", "a"], {"s": "silent"}, a="connected", b="unknown", host="cut"),
            {"hub": U.HOST_CUT, "a": U.HOST_CUT},
        ),
        (verdict(None, [], {}, a="connected", b="not_connected"), {}),
    ],
    ids=["all well", "the office", "the application", "both, and one unknown", "the host", "nobody looked"],
)  # fmt: skip
def test_the_nearest_reason_counts(network: Inventory, judged: Verdict, expected: dict[str, Any]) -> None:
    (application,) = network.applications.values()
    assert unusable(application, judged, network) == expected

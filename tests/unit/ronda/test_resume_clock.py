"""A clock that was set back: what was seen "tomorrow" must not stand against what is seen today."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ronda.resume import telling
from topology.inventory import read_inventory
from topology.model import DeviceId
from topology.observations import Means, Reachability

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
INVENTORY = """\
version: 1
network: {name: Net}
vantage: core
hubs: [hub]
offices: [{id: hub, name: Hub, kind: dinas}]
devices: [{id: core, office: hub}]
links: []
"""


def seen(at: datetime) -> Reachability:
    return Reachability(DeviceId("core"), at, answered=False, means=Means.ICMP)


def test_evidence_from_the_future_is_left_out() -> None:
    inventory, _ = read_inventory(INVENTORY, "inventory.yaml")
    assert inventory is not None
    past, present, future = (seen(NOW + timedelta(days=d)) for d in (-1, 0, 2))
    assert list(telling([past, present, future], [], inventory, NOW)) == [past, present]
    assert list(telling([past, future], [], inventory)) == [past, future]

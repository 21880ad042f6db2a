"""A small network for the lab's tests, at a fixed time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab.network import Network
from topology.inventory import load_inventory
from topology.model import Inventory

MORNING = datetime(2026, 8, 3, 1, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def inventory() -> Inventory:
    return load_inventory(Path(__file__).with_name("small.yaml"))


@pytest.fixture
def network(inventory: Inventory) -> Network:
    """The lab's time starts at 1,000 s; devices boot in 3 s."""
    return Network(inventory, at_s=1_000.0, wall=MORNING, boot_s=3.0)

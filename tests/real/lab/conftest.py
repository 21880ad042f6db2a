"""A lab with real sockets, on the small network of the unit tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab.lab import Lab
from topology.inventory import load_inventory
from topology.model import Inventory

SMALL = Path(__file__).parents[2] / "unit" / "lab" / "small.yaml"


@pytest.fixture(scope="session")
def small_path() -> Path:
    return SMALL


@pytest.fixture(scope="session")
def inventory() -> Inventory:
    return load_inventory(SMALL)


@pytest.fixture
async def lab(inventory: Inventory) -> AsyncIterator[Lab]:
    async with Lab(inventory, addresses="ephemeral", environment={}, boot_s=0.2) as lab:
        yield lab

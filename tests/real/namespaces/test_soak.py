"""Random faults in a row: no leak, nothing stuck, no all-clear forgotten, no error in the log."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from benchmarks.endtoend.soak import soak

if TYPE_CHECKING:
    from conftest import Scene

FOR_S = 600.0 if os.environ.get("RONDA_LONG") else 60.0


@pytest.mark.timeout(FOR_S + 500)
def test_an_hour_of_faults_compressed(scene: Scene) -> None:
    result = soak(scene.house, FOR_S, seed=20261121)
    assert result.problems == [], result.as_json()
    assert result.faults > FOR_S / 10

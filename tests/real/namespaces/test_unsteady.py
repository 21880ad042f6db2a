"""A link that comes and goes, on real routers. The last of the folder: what flapped stays open a while."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Scene


@pytest.mark.timeout(240)
def test_a_flapping_link_is_told_a_few_times_and_not_ten(scene: Scene) -> None:
    scene.lab.ask("flap", link="belengkong-suliliran", times=10, every_s=6.0)
    time.sleep(60)
    told = list(scene.notes)
    assert len({n.incident for n in told}) == 1, scene.texts()
    assert 1 <= len(told) <= 5, scene.texts()
    assert {c for n in told for c in n.components} == {"link:belengkong-suliliran"}, scene.texts()
    incidents = scene.house.incidents()
    assert [i for i in incidents if i["kind"] == "flapping" or "flap" in i["why"]], incidents

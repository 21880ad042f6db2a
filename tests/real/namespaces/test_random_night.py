"""A night of random cuts and repairs, with the truth from the lab after each."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Scene

MOVES = 30 if os.environ.get("RONDA_LONG") else 10


@pytest.mark.timeout(120 + 40 * MOVES)
def test_random_cuts_and_repairs_in_a_row(scene: Scene) -> None:
    draw = random.Random(20261121)
    links = [link["id"] for link in scene.house.get("/api/v1/links", limit=100)["items"]]
    cut: list[str] = []
    for move in range(MOVES):
        if len(cut) >= 3 or (cut and draw.random() < 0.4):
            target = cut.pop(draw.randrange(len(cut)))
            scene.lab.ask("restore", target=target)
            done = f"{target} mended"
        else:
            target = draw.choice([link for link in links if link not in cut])
            cut.append(target)
            scene.lab.ask("cut", target=target)
            done = f"{target} cut"
        try:
            scene.agrees(40)
        except AssertionError as error:
            pytest.fail(f"move {move}, {done}, cut now {cut}: {error}\n" + "\n".join(scene.texts()))
    scene.board_agrees()
    scene.begin()
    opened = {n.incident for n in scene.house.hook.notes if n.reason in ("opened", "reopened")}
    resolved = {n.incident for n in scene.house.hook.notes if n.reason == "resolved"}
    assert opened == resolved, "every incident that was told has its all-clear"

"""One lab of real software and one Ronda in it, for all tests of this folder.

What happens is asked of the lab, what is expected stands in the tests, and what is true is the lab's own walk
and its own echo requests. Deadlines are generous: agents, OSPF and LLDP take seconds.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.endtoend.house import House, Note, wait_for
from lab.namespaces import wrap
from lab.namespaces.client import LabProcess

TWELVE = Path(__file__).parents[3] / "lab" / "namespaces" / "twelve.yaml"
SOON_S = 25.0
QUIET_S = 4.0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All in one process, one after the other: there is one lab."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("namespaces"))
            item.add_marker(pytest.mark.real)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def may_run() -> None:
    if lacking := wrap.missing():
        pytest.skip(f"a lab of namespaces needs {', '.join(lacking)}")


@pytest.fixture(scope="session")
def netlab(may_run: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabProcess]:
    with LabProcess(TWELVE, tmp_path_factory.mktemp("netlab")) as lab:
        yield lab


@pytest.fixture(scope="session")
def house(netlab: LabProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    if shutil.which("influxd") is None:
        pytest.skip("influxd is not installed (Debian: influxdb)")
    house = House(netlab, tmp_path_factory.mktemp("house"))
    try:
        house.start()
        wait_for(lambda: set(house.offices().values()) == {"connected"}, 60, "every office is connected")
        yield house
    finally:
        house.stop()


class Scene:
    """A healthy network at the start; what is told from then on."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.lab = house.lab
        self._from = 0

    def begin(self) -> None:
        self.lab.ask("restore_all")
        self.lab.ask("wait_converged")
        wait_for(self.is_well, 90, f"all is well again: {self.house.offices()} {self._open()}")
        self._from = len(self.house.hook.notes)

    def is_well(self) -> bool:
        return set(self.house.offices().values()) == {"connected"} and not self._open()

    def _open(self) -> list[str]:
        return [f"{i['kind']} {i['why']}" for i in self.house.incidents()]

    @property
    def notes(self) -> list[Note]:
        return self.house.hook.notes[self._from :]

    def reasons(self, incident: str) -> list[str]:
        return [n.reason for n in self.notes if n.incident == incident]

    def told(self, kind: str, within_s: float = SOON_S) -> Note:
        """The first message of this kind of incident."""
        return wait_for(
            lambda: next((n for n in self.notes if n.body["kind"] == kind), None),
            within_s,
            f"a message about {kind}; there are {self.texts()}",
        )

    def resolved(self, incident: str, within_s: float = 150.0) -> Note:
        """What had come back before has to be well for a minute first."""
        return wait_for(
            lambda: next((n for n in self.notes if (n.incident, n.reason) == (incident, "resolved")), None),
            within_s,
            f"the all-clear; there are {self.texts()}",
        )

    def texts(self) -> list[str]:
        return [f"{n.reason}: {n.body['subject']}" for n in self.notes]

    def opened(self) -> list[Note]:
        return [n for n in self.notes if n.reason in ("opened", "reopened")]

    def only(self, note: Note) -> None:
        """After a while, nothing was opened but this one."""
        time.sleep(QUIET_S)
        assert {n.incident for n in self.notes} == {note.incident}, self.texts()
        assert len(self.opened()) == 1, self.texts()

    def cut_offices(self) -> set[str]:
        return {o for o, how in self.house.offices().items() if how == "cut"}

    def agrees(self, within_s: float = SOON_S) -> set[str]:
        """Ronda's offices without a connection are the lab's, by its walk and by echo; the set of them."""

        def same() -> dict[str, Any] | None:
            truth: dict[str, Any] = self.lab.ask("truth")
            by_echo = set(truth["offices_cut_by_echo"])
            return truth if set(truth["offices_cut"]) == by_echo == self.cut_offices() else None

        truth = wait_for(
            same,
            within_s,
            f"Ronda {sorted(self.cut_offices())} as the lab {self.lab.ask('truth')}; told: {self.texts()}",
        )
        return set(truth["offices_cut"])

    def board_agrees(self) -> None:
        """Offices in the list, in the drawing, in the summary and in InfluxDB are the same."""
        offices = self.house.offices()
        drawing = self.house.get("/api/v1/topology")
        assert {o["id"]: o["connectivity"] for o in drawing["offices"]} == offices
        summary = self.house.get("/api/v1/summary")["offices"]
        for connectivity in ("connected", "degraded", "cut", "unknown"):
            assert summary[connectivity] == list(offices.values()).count(connectivity), summary
        codes = {"connected": 0, "degraded": 1, "cut": 2, "unknown": 3}
        wait_for(
            lambda: self._stored() == {office: codes[how] for office, how in offices.items()},
            15,
            f"InfluxDB says {self._stored()}, the API {offices}",
        )

    def _stored(self) -> dict[str, int]:
        rows = self.house.influx.query(
            'SELECT last("connectivity") AS code, "office" FROM "office" GROUP BY "office"'
        )
        return {row["office"]: int(row["code"]) for row in rows}


@pytest.fixture
def scene(house: House) -> Iterator[Scene]:
    scene = Scene(house)
    scene.begin()
    yield scene
    assert house.process is not None
    assert house.process.poll() is None, "ronda serve ended"
    complaints = house.complaints()
    house.heard = len(house.log_lines())
    assert not complaints, "\n".join(str(c.get("event", c)) for c in complaints[:60])

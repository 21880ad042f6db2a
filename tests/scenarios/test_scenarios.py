"""Plays every scenario of this folder and compares what would be sent with what it expects.

An `expect` entry may say: `between: [from, to]` with `reason`, `components`, `any_of` (one of these), `cut`
(offices that it tells of and that were cut), `offices` (exactly these), `receiver`, `text`, `no_text` (words
in its text): such a notification must be there. `none_between` (also with `receiver`). `told`: every
notification, in order, each `[second, reason, receiver]`, the second being exact or a `[from, to]`. Totals:
`notifications`, `incidents`, `at_most` (notifications), `ever_cut`, `ever_degraded`, `still_open`,
`alternatives`, `why` (words), `kind`, `conditions` (of all incidents), `severity`, `all_over`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ronda.scenario import read_scenario
from ronda.scenario_play import Played, play

HERE = Path(__file__).parent
SCENARIOS = sorted(HERE.glob("*.yaml"))


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda f: f.stem)
def test_scenario(file: Path) -> None:
    expected = yaml.safe_load(file.read_text(encoding="utf-8"))["expect"]
    played = play(read_scenario(file))
    for entry in expected:
        check(entry, played)


def check(entry: dict, played: Played) -> None:
    told = [(at, n.reason.value, [str(c) for c in n.components]) for at, n in played.notifications]
    if "between" in entry:
        assert [n for n in played.notifications if fits(entry, *n, played)], (entry, told)
    if "none_between" in entry:
        start, stop = entry["none_between"]
        wanted = [
            (at, n) for at, n in played.notifications if n.receiver == entry.get("receiver", n.receiver)
        ]
        assert not [n for at, n in wanted if start <= at < stop], (entry, told)
    if "told" in entry:
        heard = [[at, n.reason.value, n.receiver] for at, n in played.notifications]
        assert len(heard) == len(entry["told"]), heard
        for (at, *what), (when, *expected) in zip(heard, entry["told"], strict=True):
            start, stop = when if isinstance(when, list) else (when, when)
            assert start <= at <= stop, heard
            assert what == expected, heard
    incidents = list(played.incidents.values())
    if "notifications" in entry:
        assert len(told) == entry["notifications"], told
    if "at_most" in entry:
        assert len(told) <= entry["at_most"], told
    if "incidents" in entry:
        assert len(incidents) == entry["incidents"], [(i.id, i.components) for i in incidents]
    for key, state in (("ever_cut", "cut"), ("ever_degraded", "degraded")):
        if key in entry:
            found = {o.office for i in incidents for o in i.offices if o.connectivity == state}
            assert found == set(entry[key])
    if "still_open" in entry:
        assert [i for i in incidents if i.active and entry["still_open"] in map(str, i.components)]
    if "alternatives" in entry:
        listed = {str(c) for i in incidents for h in i.alternatives for c in h.components}
        listed |= {str(c) for i in incidents for c in i.components}
        assert set(entry["alternatives"]) <= listed
    if "why" in entry:
        told_why = [i.why for i in incidents] + [e.why for i in incidents for e in i.timeline]
        assert any(entry["why"] in why for why in told_why), told_why
    if "kind" in entry:
        assert {i.kind.value for i in incidents} == {entry["kind"]}
    if "conditions" in entry:
        assert {i.condition for i in incidents} == set(entry["conditions"])
    if "severity" in entry:
        assert {i.severity for i in incidents} == {entry["severity"]}
    if "all_over" in entry:
        assert not [i.id for i in incidents if i.active]


def fits(entry: dict, at: float, note, played: Played) -> bool:
    start, stop = entry["between"]
    components = [str(c) for c in note.components]
    if not start <= at <= stop or note.reason.value != entry.get("reason", note.reason.value):
        return False
    if "components" in entry and components != entry["components"]:
        return False
    if note.receiver != entry.get("receiver", note.receiver):
        return False
    if entry.get("text", "") not in note.text or ("no_text" in entry and entry["no_text"] in note.text):
        return False
    if "offices" in entry and set(note.offices) != set(entry["offices"]):
        return False
    if "any_of" in entry and not set(components) & set(entry["any_of"]):
        return False
    if "cut" in entry:
        incident = played.incidents[note.incident]
        cut = {o.office for o in incident.offices if o.connectivity == "cut"}
        return set(note.offices) >= set(entry["cut"]) and cut >= set(entry["cut"])
    return True

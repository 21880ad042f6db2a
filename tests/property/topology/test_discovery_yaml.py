"""What is added to an inventory changes none of its lines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topology.discovery_yaml import CannotWriteError, add_rows
from topology.inventory import read_inventory
from topology.model import DeviceId

ENDS = "a: {device: r1, port: e1}, b: {device: r2, port: e1}"
TAIL_FORMS = {
    "nothing yet": "links: []   # none yet\n",
    "flow rows": f"links:\n  - {{id: l, {ENDS}}}   # first\n\n# the end\n",
    "block rows": """\
links:
- id: l   # first
  a: {device: r1, port: e1}
  b:
    device: r2
    port: e1
# the end
""",
    "indented blocks": """\
links:
    - id: l
      a: {device: r1, port: e1}
      b: {device: r2, port: e1}
""",
    "no line end": f"links:\n  - {{id: l, {ENDS}}}",
    "many lines a row": f"links:\n  - {{id: l,\n     {ENDS}}}\n",
    "links first": "applications: []\n",
}
HEAD = """\
# my network
version: 1
network: {name: "N"}   # its name
vantage: r1
hubs: [o]
offices:
  - {id: o, name: 'Kantor'}   # ours
devices:
  # cores
  - {id: r1, office: o, address: "10.0.0.1:1161"}
  - {id: r2, office: o}   # second
"""
TEXTS = st.text(min_size=1, max_size=30).filter(lambda t: t.strip() == t and t.isprintable())


def text_of(form: str) -> str:
    if form == "links first":
        return HEAD.replace(
            "offices:", "links:\n  - {id: l, a: {device: r1, port: e1}, b: {device: r2, port: e1}}\noffices:"
        )
    return HEAD + TAIL_FORMS[form]


def rows(device: str = "r9", port: str = "e9") -> dict[str, Any]:
    return {
        "offices": [{"id": "belum", "name": "BELUM: # x", "connection": "planned"}],
        "devices": [{"id": device, "name": port, "office": "belum"}],
        "links": [
            {"id": "neu", "a": {"device": "r1", "port": port}, "b": {"device": device}, "capacity_bps": 10}
        ],
    }


@pytest.mark.parametrize("form", TAIL_FORMS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_line_stays_and_its_order(form: str, newline: str) -> None:
    before = text_of(form).replace("\n", newline)
    after = add_rows(before, rows(), comment="found", source="i.yaml")
    kept = iter(after.split(newline))
    gone = [line for line in before.rstrip().split(newline) if not any(line == other for other in kept)]
    assert [line for line in gone if line != "links: []   # none yet"] == [] or form == "nothing yet"
    assert after.count(newline) == after.count("\n")
    inventory, problems = read_inventory(after, "i.yaml")
    assert inventory is not None, problems
    assert {"r1", "r2", "r9"} == set(inventory.devices)
    assert "neu" in inventory.links


@given(TEXTS, TEXTS)
@settings(max_examples=80, deadline=None)
def test_whatever_a_device_calls_itself(device: str, port: str) -> None:
    after = add_rows(text_of("flow rows"), rows(f"x{device}", port), comment="found", source="i.yaml")
    inventory, _ = read_inventory(after, "i.yaml")
    assert inventory is not None
    assert inventory.devices[DeviceId(f"x{device}")].name == port
    assert after.startswith("# my network\n")


def test_json_is_added_to_as_well() -> None:
    before = (
        '{"version": 1, "network": {"name": "N"}, "vantage": "r1", "hubs": ["o"], "offices": [{"id": "o"}], '
        '"devices": [{"id": "r1", "office": "o"}], "links": []}'
    )
    inventory, _ = read_inventory(add_rows(before, rows(), comment="found", source="i.json"), "i.json")
    assert inventory is not None
    assert "r9" in inventory.devices


@pytest.mark.parametrize(
    "bad",
    [
        {"devices": [{"id": "r1", "office": "o"}]},
        {"devices": [{"id": "r9", "office": "nowhere"}]},
        {"links": [{"id": "x", "a": {"device": "r1", "port": "e1"}, "b": {"device": "r2", "port": "e7"}}]},
    ],
)
def test_what_would_break_the_file_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(CannotWriteError, match=r"i\.yaml"):
        add_rows(text_of("flow rows"), bad, comment="found", source="i.yaml")


def test_nothing_to_add_is_the_same_text() -> None:
    assert add_rows(HEAD, {}, comment="found", source="i.yaml") == HEAD

"""The file's form as others see it: JSON Schema, documentation, the command, and any text at all."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from ronda.commands.check import check
from topology import inventory_schema
from topology.inventory import Level, read_inventory
from topology.inventory_schema import json_schema, json_schema_text

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT.parent / "shared" / "inventory.example.yaml"
DOCUMENT = (ROOT / "docs" / "inventory.md").read_text("utf-8")


def test_the_committed_schema_is_the_generated_one() -> None:
    assert (ROOT / "docs" / "inventory.schema.json").read_text("utf-8") == json_schema_text()


def fits(value: Any, rule: dict[str, Any], root: dict[str, Any]) -> bool:
    """The part of JSON Schema 2020-12 that our schema uses; anything else in it fails loudly."""
    known = {"$ref", "$defs", "$schema", "title", "description", "default", "format", "type", "anyOf", "enum",
             "const", "properties", "required", "additionalProperties", "items", "minimum", "maximum",
             "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "pattern"}  # fmt: skip
    assert set(rule) <= known, set(rule) - known
    if "$ref" in rule and not fits(value, root["$defs"][rule["$ref"].rsplit("/", 1)[1]], root):
        return False
    if "anyOf" in rule and not any(fits(value, r, root) for r in rule["anyOf"]):
        return False
    types = rule.get("type", [])
    kinds = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "array": list,
        "object": dict,
        "null": type(None),
    }
    if types and not any(isinstance(value, kinds[t]) for t in ([types] if isinstance(types, str) else types)):
        return False
    if "enum" in rule and value not in rule["enum"]:
        return False
    if isinstance(value, int | float):
        low, high = rule.get("minimum", value), rule.get("maximum", value)
        if not low <= value <= high or value <= rule.get("exclusiveMinimum", value - 1):
            return False
    if isinstance(value, str) and "pattern" in rule and not re.search(rule["pattern"], value):
        return False
    if isinstance(value, list):
        return all(fits(v, rule["items"], root) for v in value) if "items" in rule else True
    if isinstance(value, dict):
        properties = rule.get("properties", {})
        if set(rule.get("required", ())) - set(value):
            return False
        if rule.get("additionalProperties") is False and set(value) - set(properties):
            return False
        return all(fits(v, properties[k], root) for k, v in value.items() if k in properties)
    return True


def as_an_editor_reads(path: Path) -> Any:
    data = yaml.safe_load(path.read_text("utf-8"))
    return json.loads(json.dumps(data, default=lambda d: d.isoformat() if isinstance(d, date) else str(d)))


def test_the_shipped_inventory_fits_the_schema() -> None:
    schema = json_schema()
    data = as_an_editor_reads(ROOT / "inventory.yaml")
    assert fits(data, schema, schema)
    data["offices"][0]["kind"] = "dina"
    assert not fits(data, schema, schema)
    data["offices"][0]["kind"] = "dinas"
    data["links"][0]["lenght_m"] = 3
    assert not fits(data, schema, schema)


def test_the_contract_example_fits_the_schema() -> None:
    if not EXAMPLE.exists():
        pytest.skip("the contract's example is not beside this tree")
    schema = json_schema()
    assert fits(as_an_editor_reads(EXAMPLE), schema, schema)


def test_the_shipped_inventory_names_its_schema() -> None:
    first = (ROOT / "inventory.yaml").read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=docs/inventory.schema.json"


SECTIONS = {
    "Top level": "InventoryFile",
    "network": "NetworkRow",
    "defaults": "DefaultsRow",
    "credentials": "CredentialRow",
    "providers": "ProviderRow",
    "contacts": "ContactRow",
    "risk_groups": "RiskGroupRow",
    "offices": "OfficeRow",
    "location": "LocationRow",
    "devices": "DeviceRow",
    "links": "LinkRow",
    "ends": "EndRow",
    "applications": "ApplicationRow",
}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_and_word_is_documented_in_its_section(section: str) -> None:
    parts = re.split(r"^## ", DOCUMENT, flags=re.MULTILINE)
    text = next(p for p in parts if p.startswith(section + "\n"))
    written = set(re.findall(r"`([^`]+)`", text))
    row = getattr(inventory_schema, SECTIONS[section])
    assert set(row.model_fields) <= written
    schema = json_schema()
    rule = schema if section == "Top level" else schema["$defs"][SECTIONS[section]]
    for key, property_rule in rule["properties"].items():
        for choice in property_rule.get("anyOf", [property_rule]):
            words = (
                schema["$defs"][choice["$ref"].rsplit("/", 1)[1]].get("enum", ()) if "$ref" in choice else ()
            )
            assert set(words) <= written, key


def test_every_code_is_documented_and_every_documented_code_exists() -> None:
    source = "".join(p.read_text("utf-8") for p in (ROOT / "topology").glob("inventory*.py"))
    named = set(
        re.findall(r'code="([a-z-]+)"|_wrong\(\s*"([a-z-]+)"|None, "([a-z-]+)"|hint, "([a-z-]+)"', source)
    )
    codes = {c for found in named for c in found if c} | {"syntax", "unreadable", "unknown-version"}
    table = DOCUMENT[DOCUMENT.index("## What the check says") :]
    documented = {
        c
        for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        for c in re.findall(r"`([a-z-]+)`", row)
    }
    assert documented == codes


@pytest.fixture
def run() -> Any:
    app = typer.Typer()
    app.command()(check)
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments])


def test_check_of_a_good_file(run: Any) -> None:
    result = run(ROOT / "inventory.yaml")
    assert result.exit_code == 0
    assert "34 offices" in result.stdout
    assert json.loads(run(ROOT / "inventory.yaml", "--json").stdout) == []


def test_check_says_everything_and_exits_1(run: Any, tmp_path: Path) -> None:
    text = (ROOT / "inventory.yaml").read_text("utf-8")
    file = tmp_path / "i.yaml"
    file.write_text(
        text.replace("vantage: dkisp-core-1", "vantage: dkisp-cor-1").replace("kind: rsud", "kind: rs"),
        "utf-8",
    )
    result = run(file)
    assert result.exit_code == 1
    assert (
        f"{file}:18:10: error: unknown device 'dkisp-cor-1' (did you mean 'dkisp-core-1'?)" in result.stdout
    )
    assert "2 errors, 0 warnings" in result.stdout
    rows = json.loads(run(file, "--json").stdout)
    assert (rows[0]["code"], rows[0]["line"]) == ("unknown-id", 18)
    assert set(rows[0]) == {"level", "source", "line", "column", "path", "code", "message", "suggestion"}


def test_warnings_count_only_when_strict(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "i.yaml"
    file.write_text(
        (ROOT / "inventory.yaml").read_text("utf-8").replace("connection: ordered, ", ""), "utf-8"
    )
    assert run(file).exit_code == 0
    assert "1 warning" in run(file).stdout
    assert run(file, "--strict").exit_code == 1


@pytest.mark.parametrize("content", [None, "a: b: c", "", "- x"])
def test_no_readable_inventory_exits_2(run: Any, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "i.yaml"
    if content is not None:
        file.write_text(content, "utf-8")
    result = run(file, "--json")
    assert result.exit_code == 2
    assert len(json.loads(result.stdout)) == 1


VALUES = st.recursive(
    st.none()
    | st.text(max_size=6)
    | st.sampled_from(["dkisp", "core", "1", "-1", "all", "cloud", "10.0.0.1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "office", "device", "port", "role", "a", "b", "snmp", "kind", "x", "address"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(data=st.dictionaries(st.sampled_from(list(inventory_schema.InventoryFile.model_fields)), VALUES))
def test_any_document_gives_problems_not_exceptions(data: dict[str, Any]) -> None:
    inventory, problems = read_inventory(json.dumps(data), "x")
    assert (inventory is None) == any(p.level is Level.ERROR for p in problems)
    assert len(set(problems)) == len(problems)


@settings(max_examples=150, deadline=None)
@given(text=st.text(alphabet="ab:-[]{}&*<\n \t'\"#|>?!%@,0\x00é", max_size=60))
def test_any_text_gives_problems_not_exceptions(text: str) -> None:
    inventory, problems = read_inventory(text, "x")
    assert inventory is None
    assert problems


@settings(max_examples=60, deadline=None)
@given(where=st.integers(0, 2**16), what=VALUES)
def test_any_value_put_anywhere_in_a_good_file_is_survived(where: int, what: Any) -> None:
    data = yaml.load((ROOT / "inventory.yaml").read_text("utf-8"), yaml.CBaseLoader)
    holders: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            holders.append((node, key))
            if isinstance(node[key], dict | list):
                walk(node[key])

    walk(data)
    holder, key = holders[where % len(holders)]
    holder[key] = what
    inventory, problems = read_inventory(json.dumps(data, indent=1), "x")
    assert (inventory is None) == any(p.level is Level.ERROR for p in problems)

"""The collector's documentation names every setting, option, counter and profile key that there is."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

from collector import profile_schema
from collector.profile import load_profiles
from collector.settings import PollSettings
from collector.traps import TrapSettings
from ronda.commands.poll import poll

ROOT = Path(__file__).parents[3]
COLLECTOR = (ROOT / "docs" / "collector.md").read_text(encoding="utf-8")
PROFILES = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("setting", [f.name for kind in (PollSettings, TrapSettings) for f in fields(kind)])
def test_settings(setting: str) -> None:
    assert f"`{setting}`" in COLLECTOR


@pytest.mark.parametrize("option", [name for name in inspect.signature(poll).parameters if name != "target"])
def test_options(option: str) -> None:
    spelt = "json" if option == "as_json" else option.replace("_", "-")
    assert f"`--{spelt}`" in COLLECTOR


def test_counters() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "collector").glob("*.py"))
    counted = set(re.findall(r"\.add\(\s*\"((?:snmp|trap|traps)_\w+)\"", source))
    assert len(counted) > 20
    assert {name for name in counted if f"`{name}`" not in COLLECTOR} == set()


@pytest.mark.parametrize(
    "model",
    [
        profile_schema.Profile,
        profile_schema.Optics,
        profile_schema.EntityOptics,
        profile_schema.Power,
        profile_schema.Number,
        profile_schema.Sensor,
        profile_schema.Match,
    ],
)
def test_profile_keys(model: type) -> None:
    plain = {"name", "title", "oid", "offset", "dbm_type"}
    for key in set(model.model_fields) - plain:  # type: ignore[attr-defined]  # pydantic models
        assert re.search(rf"\b{key}\b", PROFILES), key


def test_every_profile_is_listed() -> None:
    for name in load_profiles().names():
        assert f"| `{name}` |" in PROFILES

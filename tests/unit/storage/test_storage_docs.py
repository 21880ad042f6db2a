"""docs/metrics.md and docs/storage.md say what is there."""

from __future__ import annotations

import re
from pathlib import Path

from ronda.clock import SystemClock
from storage.metrics import names
from storage.metrics.embedded import EmbeddedStore
from storage.metrics.influx import InfluxStore
from storage.records import Records
from storage.records.tables import metadata
from storage.settings import InfluxSettings

DOCS = Path(__file__).parents[3] / "docs"


def test_every_measurement_tag_and_field_is_documented_as_it_is() -> None:
    text = (DOCS / "metrics.md").read_text()
    sections = {part.split("`", 2)[1]: part for part in text.split("\n## ") if part.startswith("`")}
    assert set(sections) == set(names.MEASUREMENTS)
    for name, measurement in names.MEASUREMENTS.items():
        section = sections[name]
        assert measurement.what in section
        assert "Tags: " + ", ".join(f"`{tag}`" for tag in measurement.tags) + "\n" in section
        rows = [line for line in section.splitlines() if line.startswith("| `")]
        assert rows == [
            f"| `{f.name}` | {f.kind.value} | {'integer' if f.integer else 'float'} | {f.unit} | {f.what} |"
            for f in measurement.fields.values()
        ]


def test_every_counter_and_table_is_documented(tmp_path: Path) -> None:
    text = (DOCS / "storage.md").read_text()
    counters = {
        **EmbeddedStore(tmp_path / "m").counters(),
        **InfluxStore(InfluxSettings(), tmp_path, SystemClock()).counters(),
        **Records("sqlite:///x").counters(),
    }
    missing = [name for name in (*counters, *metadata.tables) if f"`{name}`" not in text]
    assert missing == []


def test_no_counter_is_documented_that_is_not_there(tmp_path: Path) -> None:
    counters = {
        **EmbeddedStore(tmp_path / "m").counters(),
        **InfluxStore(InfluxSettings(), tmp_path, SystemClock()).counters(),
        **Records("sqlite:///x").counters(),
    }
    words = re.findall(r"`((?:metrics|spool|records)_[a-z_]+)`", (DOCS / "storage.md").read_text())
    assert sorted(set(words) - set(counters) - {"records_url"}) == []

"""Every setting of the verdict is documented."""

from dataclasses import fields
from pathlib import Path

from topology.settings import WEIGHTS, VerdictSettings

DOCS = (Path(__file__).parents[3] / "docs" / "verdict.md").read_text(encoding="utf-8")


def test_settings_and_weights_are_documented():
    names = [f.name for f in fields(VerdictSettings)] + list(WEIGHTS)
    assert [n for n in names if f"`{n}`" not in DOCS] == []


def test_defaults_are_as_documented():
    for kind, weight in WEIGHTS.items():
        assert f"| `{kind}` | {weight:.2f} |" in DOCS
    defaults = VerdictSettings()
    assert f"`silent_after_probes` ({defaults.silent_after_probes})" in DOCS
    assert f"`together_s` ({defaults.together_s:g} s)" in DOCS
    assert f"`blind_least` ({defaults.blind_least})" in DOCS

"""How evidence becomes a verdict: every number that a person may want to turn. Meaning: docs/verdict.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

WEIGHTS: Mapping[str, float] = {
    "link_seen_down": 1.0,
    "device": 1.02,
    "device_behind": 1.04,
    "link": 1.06,
    "unmonitored_device": 1.08,
    "risk_group": 1.1,
    "provider": 1.15,
    "unmonitored_but_powered": 2.13,
}


@dataclass(frozen=True, slots=True)
class VerdictSettings:
    """Defaults suit polls every 60 s and probes every 10 s."""

    stale_after_intervals: float = 2.5
    """Evidence counts for this many of its device's own probe or poll intervals."""
    silent_after_probes: int = 3
    """Probes in a row without an answer that make a device silent."""
    management_after_polls: int = 2
    """SNMP polls in a row without an answer, while the device answers otherwise: a fault of management."""
    settle_s: float = 5.0
    """How long a verdict waits for the ancestors and neighbours of a new symptom."""
    agent_cache_s: float = 3.0
    """Agents answer for their ports from a table that may be this old (net-snmp: 3 s): the "up" of a port,
    said so soon after its neighbour fell silent, may be from before."""
    together_s: float = 60.0
    """Symptoms that began further apart are not put down to one duct, feed or provider."""
    blind_share: float = 0.9
    """Share of the judged devices that must be silent before the monitor doubts itself."""
    blind_least: int = 4
    """... and how many, when the device it is plugged into still answers."""
    flap_high: float = 0.30
    """Weighted share of changes over the last 20 samples from which a component counts as flapping."""
    flap_low: float = 0.25
    """... and below which it no longer does."""
    flap_least: int = 4
    """Changes that there must be at all."""
    application_stale_s: float = 300.0
    """Age after which the check of an application says nothing any more."""
    hypotheses: int = 12
    """At most so many explanations of one group of symptoms are listed."""
    slack: float = 0.5
    """Explanations that weigh up to this much more than the best are listed beside it."""
    doubt: float = 4.6
    """One more failed component makes an explanation e**doubt (100) times less likely."""
    search: int = 4000
    """Steps of the exact search before it falls back to greedy set cover."""
    weights: Mapping[str, float] = field(default_factory=lambda: dict(WEIGHTS))
    """What blaming a kind of component costs; the cheapest explanation wins. Keys as in `WEIGHTS`."""

    def weight(self, kind: str) -> float:
        return self.weights.get(kind, WEIGHTS[kind])

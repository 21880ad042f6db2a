"""The `discovery:` section of the settings: neighbours against the inventory."""

from __future__ import annotations

from pydantic import Field

from ronda.section import Section


class DiscoverySection(Section):
    """What neighbours tell, compared with the inventory (docs/discovery.md)."""

    every_s: float = Field(
        86_400.0, ge=60, description="How often a running server compares; what polls have seen is enough."
    )
    first_after_s: float = Field(
        900.0,
        ge=1,
        description="The first time, so long after the start: neighbour tables must have been read.",
    )
    notify: bool = Field(True, description="Open an info condition for each mismatch.")
    scan_packets_per_s: float = Field(100.0, gt=0, le=10_000, description="Pace of `ronda discover --scan`.")
    scan_most: int = Field(4096, ge=1, description="Addresses that --scan asks without --force.")

"""What a comparison of declared and seen has before it, and what it has found so far. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from topology.discovery_cables import Heard, listen
from topology.discovery_model import Finding, FindingKind, SeenDevice, SeenEnd, SeenLink, Stranger
from topology.discovery_names import PortNames
from topology.model import DeviceId, Inventory, Link, LinkEnd, LinkId


class Case:
    """One comparison's own: its steps fill it in, in the order of `discovery.compare`."""

    def __init__(self, inventory: Inventory, seen: Mapping[DeviceId, SeenDevice], now: datetime) -> None:
        self.inventory = inventory
        self.seen = seen
        self.now = now
        self.names = {d: PortNames(s.ports, s.ports_whole) for d, s in seen.items()}
        self.heard: Heard = listen(inventory, seen, self.names)
        self.findings: list[Finding] = []
        self.confirmed: dict[LinkId, SeenLink | None] = {}
        """None: by a routing protocol, no cable is known."""
        self.unproven: dict[LinkId, str] = {}
        self.changed: list[tuple[Link, SeenLink]] = []
        """Links that are cabled at other ports."""
        self.explained: set[SeenEnd] = set()
        """Ports where a stranger is expected: the provider's box, or a device under another name."""

    def declared_port(self, end: LinkEnd) -> str | None:
        names = self.names.get(end.device)
        return end.if_name if names is None else names.canonical(end.if_name) or end.if_name

    def add(
        self,
        kind: FindingKind,
        key: str,
        links: tuple[LinkId, ...] = (),
        devices: tuple[DeviceId, ...] = (),
        declared: str | None = None,
        seen: str | None = None,
        why: str = "",
        *,
        found: SeenLink | None = None,
        stranger: Stranger | None = None,
        note: bool = False,
    ) -> None:
        at = max((self.seen[d].at for d in devices if d in self.seen), default=self.now)
        self.findings.append(
            Finding(
                kind,
                f"{kind.value}:{key}",
                links,
                devices,
                declared,
                seen,
                why,
                at,
                note,
                found,
                stranger,
            )
        )

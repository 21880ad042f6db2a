"""Inventories of any size for the lab: a ring of hubs, branches from it, every third one behind another.

The same number always gives the same network.
"""

from __future__ import annotations

from lab.sockets import LabError

_RING_SHARE = 5
"""One office in so many stands on the ring."""
LEAST = 4


def inventory(offices: int, *, poll_interval_s: int = 60, probe_interval_s: int = 5) -> str:
    """As YAML. The hub is `k01`; raises LabError for fewer offices than make a ring with a branch."""
    if not LEAST <= offices <= 4000:
        raise LabError(f"an inventory has {LEAST} to 4000 offices")
    ring = [_name(i) for i in range(1, max(3, offices // _RING_SHARE) + 1)]
    rest = [_name(i) for i in range(len(ring) + 1, offices + 1)]
    links = [(a, b) for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)]
    newest: dict[str, str] = {}
    for number, office in enumerate(rest):
        hub = ring[number % len(ring)]
        behind = newest.get(hub) if (number // len(ring)) % 3 == 1 else None
        links.append((behind or hub, office))
        newest[hub] = office
    out = [
        "version: 1",
        f"network: {{name: {offices} kantor, timezone: Asia/Makassar, language: id}}",
        "vantage: k01-r1",
        "hubs: [k01]",
        "defaults: {snmp: lab-v2c, "
        f"poll_interval_s: {poll_interval_s}, probe_interval_s: {probe_interval_s}}}",
        "credentials: [{id: lab-v2c, kind: snmp_v2c, community_env: RONDA_LAB_COMMUNITY}]",
        "offices:",
        *(f"  - {{id: {o}, name: Kantor {o}, kind: dinas, priority: 2}}" for o in (*ring, *rest)),
        "devices:",
    ]
    for number, office in enumerate((*ring, *rest), start=1):
        role = "core" if office == ring[0] else "distribution" if office in ring else "cpe"
        address = f"10.254.{number // 250}.{number % 250 + 1}"
        out.append(f"  - {{id: {office}-r1, office: {office}, address: {address}, role: {role}}}")
    out.append("links:")
    ports: dict[str, int] = {}
    for a, b in links:
        ends = []
        for office in (a, b):
            ports[office] = ports.get(office, 0) + 1
            ends.append(f"{{device: {office}-r1, port: sfp{ports[office]}}}")
        out.append(f"  - {{id: {a}-{b}, a: {ends[0]}, b: {ends[1]}, medium: fiber}}")
    return "\n".join(out) + "\n"


def _name(number: int) -> str:
    return f"k{number:02d}"

"""Small random networks to spend nights on: trees, rings and meshes, ducts and feeds, clouds."""

from __future__ import annotations

from hypothesis import strategies as st

from topology.model import (
    Address,
    Device,
    DeviceId,
    DeviceRole,
    Inventory,
    Link,
    LinkEnd,
    LinkId,
    Medium,
    Network,
    Office,
    OfficeId,
    RiskGroup,
    RiskGroupId,
    RiskGroupKind,
)


@st.composite
def networks(draw: st.DrawFn, *, most: int = 7) -> Inventory:
    """Device d0 is the hub and the vantage; every other device stands in an office of its own."""
    count = draw(st.integers(3, most))
    cloud = draw(st.integers(1, count - 2)) if count > 4 and draw(st.integers(0, 3)) == 0 else None
    pairs = [(draw(st.integers(max(0, d - 3), d - 1)), d) for d in range(1, count)]
    for _ in range(draw(st.integers(0, 2))):
        a = draw(st.integers(0, count - 2))
        b = draw(st.integers(a + 1, count - 1))
        if (a, b) not in pairs:
            pairs.append((a, b))
    probe_s, poll_s = draw(st.sampled_from([(5.0, 15.0), (10.0, 60.0)]))
    ducts: dict[int, list[RiskGroupId]] = {}
    groups: dict[RiskGroupId, RiskGroup] = {}
    for n in range(draw(st.integers(0, 2))):
        group = RiskGroupId(f"duct-{n}")
        groups[group] = RiskGroup(group, RiskGroupKind.DUCT, group)
        for link in draw(st.sets(st.integers(0, len(pairs) - 1), min_size=2, max_size=3)):
            ducts.setdefault(link, []).append(group)
    fed: set[int] = set()
    if count > 3 and draw(st.booleans()):
        groups[RiskGroupId("feed")] = RiskGroup(RiskGroupId("feed"), RiskGroupKind.POWER_FEED, "feed")
        fed = draw(st.sets(st.integers(1, count - 1), min_size=2, max_size=3)) - {cloud}
    devices = {}
    for d in range(count):
        device = DeviceId(f"d{d}")
        devices[device] = Device(
            device,
            None if d == cloud else OfficeId(f"o{d}"),
            None if d == cloud else Address(f"127.66.0.{d + 1}"),
            role=DeviceRole.CLOUD if d == cloud else DeviceRole.CPE,
            risk_groups=(RiskGroupId("feed"),) if d in fed else (),
            poll_interval_s=poll_s,
            probe_interval_s=probe_s,
        )
    links = {}
    for n, (a, b) in enumerate(pairs):
        link = LinkId(f"l{n}")
        medium = draw(st.sampled_from([Medium.FIBER, Medium.FIBER, Medium.COPPER, Medium.RADIO]))
        ends = [LinkEnd(DeviceId(f"d{d}"), None if d == cloud else f"p{n}") for d in (a, b)]
        links[link] = Link(link, *ends, medium=medium, length_m=500.0, risk_groups=tuple(ducts.get(n, ())))
    offices = {d.office: Office(d.office, str(d.office)) for d in devices.values() if d.office is not None}
    return Inventory(
        network=Network("nights"),
        vantages=(DeviceId("d0"),),
        hubs=(OfficeId("o0"),),
        offices=offices,
        devices=devices,
        links=links,
        risk_groups=groups,
    )

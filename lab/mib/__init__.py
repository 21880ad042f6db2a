"""What a simulated device's MIB holds, table by table."""

from __future__ import annotations

from collections.abc import Callable

from lab.mib import arista, cisco, health, huawei, interfaces, lldp, mikrotik, system, ups, zte
from lab.mib.subject import Subject
from lab.network import Network
from lab.view import Rows, View
from topology.model import DeviceId

Writer = Callable[[Subject, Rows], None]

_OPTICS: dict[str, Writer] = {
    "mikrotik": mikrotik.optics,
    "huawei": huawei.optics,
    "arista": arista.optics,
    "cisco": cisco.optics,
    "zte": zte.optics,
}
_HEALTH: dict[str, Writer] = {
    "host_resources": health.host_resources,
    "ucd": health.ucd,
    "mikrotik": mikrotik.health,
    "huawei": huawei.health,
    "arista": arista.health,
    "cisco": cisco.health,
    "ups": ups.write,
}


def build(network: Network, device: DeviceId) -> View:
    """The whole MIB of a device as the network is now; counters and readings are taken when asked for."""
    subject = Subject(network, network.hardware[device])
    rows = Rows()
    system.write(subject, rows)
    interfaces.write(subject, rows)
    lldp.write(subject, rows)
    writer = _OPTICS.get(subject.hardware.vendor.optics)
    if writer is not None:
        writer(subject, rows)
    for name in subject.hardware.vendor.health:
        _HEALTH[name](subject, rows)
    return rows.view()

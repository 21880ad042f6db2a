"""RouterOS: what it prints, made from the simulation's state of now."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lab.cli.vendors.facts import Text, clock, optical_ports
from lab.hardware import Hardware, PortUse
from lab.network import Network
from lab.readings import OpticalState


def _monitor(network: Network, hardware: Hardware, at_s: float) -> str:
    ports = [p for p in hardware.ports if p.name.startswith(("ether", "sfp", "qsfp", "combo"))]
    optics = {port.name: state for port, state in optical_ports(network, hardware, at_s)}
    rows: list[tuple[str, list[str]]] = [
        ("name", [p.name for p in ports]),
        ("status", ["link-ok" if network.oper_up(p) else "no-link" for p in ports]),
        ("auto-negotiation", ["done" for _ in ports]),
        ("sfp-module-present", ["yes" if p.name in optics else "" for p in ports]),
    ]

    def column(show: Callable[[OpticalState], str]) -> list[str]:
        return [show(optics[p.name]) if p.name in optics else "" for p in ports]

    rows += [
        ("sfp-rx-loss", column(lambda s: "yes" if s.rx_dbm is None else "no")),
        ("sfp-wavelength", column(lambda s: f"{s.budget.module.wavelength_nm}nm")),
        ("sfp-temperature", column(lambda s: f"{s.temperature_c:.0f}C")),
        ("sfp-supply-voltage", column(lambda s: f"{s.voltage_v:.3f}V")),
        ("sfp-tx-bias-current", column(lambda s: f"{s.bias_ma:.0f}mA")),
        ("sfp-tx-power", column(lambda s: f"{s.tx_dbm:.3f}dBm")),
        ("sfp-rx-power", column(lambda s: "" if s.rx_dbm is None else f"{s.rx_dbm:.3f}dBm")),
    ]
    widths = [max(len(cells[n]) for _, cells in rows) for n in range(len(ports))]
    return "\n".join(
        f"{key + ':':>28} " + " ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        for key, cells in rows
    )


def _interfaces(network: Network, hardware: Hardware, at_s: float) -> str:  # noqa: ARG001 - one form for all
    lines = ["Flags: D - dynamic; X - disabled, R - running; S - slave"]
    for n, port in enumerate(hardware.ports):
        flag = "X" if port.use is PortUse.OFF else "R" if network.oper_up(port) else " "
        mac = ":".join(f"{octet:02X}" for octet in port.mac)
        lines.append(
            f'{n:2}  {flag}  name="{port.name}" default-name="{port.name}" type="ether" mtu=1500 '
            f"actual-mtu=1500 mac-address={mac}"
        )
    return "\n".join(lines)


def _neighbors(network: Network, hardware: Hardware, at_s: float) -> str:  # noqa: ARG001 - one form for all
    lines = []
    for n, seen in enumerate(network.neighbors(hardware.device.id)):
        address = seen.remote.device.address
        lines.append(
            f" {n} interface={seen.port.name} address={address.host if address else ''} "
            f'identity="{seen.remote.sys_name}" platform="" version="" age=12s '
            f'interface-name="{seen.remote_port.name}" discovered-by=lldp'
        )
    return "\n".join(lines)


def _resource(network: Network, hardware: Hardware, at_s: float) -> str:
    days, hours, minutes, seconds = clock(network.uptime_s(hardware.device.id, at_s))
    return "\n".join(
        (
            f"                   uptime: {days // 7}w{days % 7}d{hours}h{minutes}m{seconds}s",
            "                  version: 7.15.3 (stable)",
            "              free-memory: 812.4MiB",
            "             total-memory: 1024.0MiB",
            "                 cpu-load: 4%",
            f"               board-name: {hardware.model}",
            "                 platform: MikroTik",
        )
    )


def _identity(network: Network, hardware: Hardware, at_s: float) -> str:  # noqa: ARG001 - one form for all
    return f"  name: {hardware.sys_name}"


def _export(network: Network, hardware: Hardware, at_s: float) -> str:  # noqa: ARG001 - one form for all
    lines = [
        f"# 2026-08-03 09:30:00 by RouterOS 7.15.3\n# model = {hardware.model}",
        "/interface ethernet",
        *(f"set [ find default-name={p.name} ] comment={p.link or p.use.value}" for p in hardware.ports),
        "/snmp",
        "set contact=noc enabled=yes",
        "/system identity",
        f"set name={hardware.sys_name}",
    ]
    return "\n".join(lines)


TEXTS: Mapping[str, Text] = {
    "/interface ethernet monitor [find] once": _monitor,
    "/interface print detail without-paging": _interfaces,
    "/ip neighbor print detail without-paging": _neighbors,
    "/routing ospf neighbor print without-paging": lambda *_: "",
    "/system identity print": _identity,
    "/system resource print": _resource,
    "/export": _export,
}

"""Cisco IOS: what it prints, made from the simulation's state of now."""

from __future__ import annotations

from collections.abc import Mapping

from lab.cli.vendors.facts import Text, clock, optical_ports
from lab.hardware import Hardware, PortUse
from lab.network import Network


def _optics(network: Network, hardware: Hardware, at_s: float) -> str:
    lines = [
        "                                 Optical   Optical",
        "           Temperature  Voltage  Tx Power  Rx Power",
        "Port       (Celsius)    (Volts)  (dBm)     (dBm)",
        "---------  -----------  -------  --------  --------",
    ]
    for port, state in optical_ports(network, hardware, at_s):
        rx = "-40.0 --" if state.rx_dbm is None else f"{state.rx_dbm:.1f}"
        lines.append(
            f"{_short(port.name):<9}  {state.temperature_c:<11.1f}  {state.voltage_v:<7.2f}  "
            f"{state.tx_dbm:<8.1f}  {rx}"
        )
    return "\n".join(lines)


def _short(name: str) -> str:
    return name.replace("TenGigabitEthernet", "Te").replace("GigabitEthernet", "Gi")


def _interfaces(network: Network, hardware: Hardware, at_s: float) -> str:
    blocks = []
    for port in hardware.ports:
        up = network.oper_up(port)
        state = "administratively down" if port.use is PortUse.OFF else "up" if up else "down"
        count = network.counters(port, at_s)
        blocks.append(
            f"{port.name} is {state}, line protocol is {'up (connected)' if up else 'down (notconnect)'}\n"
            f"  Description: {port.link or port.use.value}\n"
            f"  MTU 1500 bytes, BW {port.speed_bps // 1000} Kbit/sec, DLY 10 usec,\n"
            f"     {count.rx_frames} packets input, {int(count.rx.octets)} bytes, 0 no buffer\n"
            f"     {int(count.rx.errors)} input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored\n"
            f"     {count.tx_frames} packets output, {int(count.tx.octets)} bytes, 0 underruns\n"
            f"     {int(count.tx.errors)} output errors, 0 collisions, 1 interface resets"
        )
    return "\n".join(blocks)


def _lldp(network: Network, hardware: Hardware, at_s: float) -> str:  # noqa: ARG001 - one form for all
    line = "-" * 48
    blocks = [
        f"{line}\nLocal Intf: {_short(seen.port.name)}\nChassis id: {seen.remote.mac.hex()}\n"
        f"Port id: {seen.remote_port.name}\nSystem Name: {seen.remote.sys_name}\n"
        for seen in network.neighbors(hardware.device.id)
    ]
    return "\n".join(blocks)


def _version(network: Network, hardware: Hardware, at_s: float) -> str:
    days, hours, minutes, _ = clock(network.uptime_s(hardware.device.id, at_s))
    uptime = f"{days} days, {hours} hours, {minutes} minutes"
    return f"{hardware.sys_descr}\n\n{hardware.sys_name} uptime is {uptime}"


def _config(network: Network, hardware: Hardware, at_s: float) -> str:  # noqa: ARG001 - one form for all
    ports = "".join(f"interface {p.name}\n description {p.link or p.use.value}\n!\n" for p in hardware.ports)
    return f"Building configuration...\n!\nhostname {hardware.sys_name}\n!\n{ports}end"


TEXTS: Mapping[str, Text] = {
    "terminal width 511": lambda *_: "",
    "terminal length 0": lambda *_: "",
    "show interfaces transceiver detail": _optics,
    "show interfaces": _interfaces,
    "show lldp neighbors detail": _lldp,
    "show cdp neighbors detail": lambda *_: "",
    "show ip ospf neighbor": lambda *_: "",
    "show version": _version,
    "show running-config": _config,
}

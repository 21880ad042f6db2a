"""ZTE ZXR10: what it prints, made from the simulation's state of now."""

from __future__ import annotations

from collections.abc import Mapping

from lab.cli.vendors.facts import Text, clock, dbm, optical_ports
from lab.hardware import Hardware, PortUse
from lab.network import Network


def _optics(network: Network, hardware: Hardware, at_s: float) -> str:
    lines = [
        "Interface         Temperature(C)  Voltage(V)  Bias(mA)  TxPower(dBm)  RxPower(dBm)",
        "----------------  --------------  ----------  --------  ------------  ------------",
    ]
    for port, s in optical_ports(network, hardware, at_s):
        rx = dbm(s.rx_dbm, "no light")
        lines.append(
            f"{port.name:<16}  {s.temperature_c:<14.1f}  {s.voltage_v:<10.2f}  {s.bias_ma:<8.1f}  "
            f"{s.tx_dbm:<12.2f}  {rx}"
        )
    return "\n".join(lines)


def _interfaces(network: Network, hardware: Hardware, at_s: float) -> str:
    blocks = []
    for port in hardware.ports:
        up = network.oper_up(port)
        state = "administratively down" if port.use is PortUse.OFF else "up" if up else "down"
        count = network.counters(port, at_s)
        blocks.append(
            f"{port.name} is {state}, ifindex: {network.running[port.device].if_index[port.name]}\n"
            f"  Description: {port.link or port.use.value}\n"
            f"  Line protocol is {'up' if up else 'down'}, IPv4 protocol is {'up' if up else 'down'}\n"
            f"  BW {port.speed_bps // 1_000_000_000} Gbit/s\n"
            f"  In_Bytes          {int(count.rx.octets):<20} In_Packets         {count.rx_frames}\n"
            f"  E_Bytes           {int(count.tx.octets):<20} E_Packets          {count.tx_frames}"
        )
    return "\n".join(blocks)


def _version(network: Network, hardware: Hardware, at_s: float) -> str:
    days, hours, minutes, _ = clock(network.uptime_s(hardware.device.id, at_s))
    uptime = f"{days} day(s), {hours} hour(s), {minutes} minute(s)"
    return f"{hardware.sys_descr}\nSystem uptime is {uptime}"


def _config(network: Network, hardware: Hardware, at_s: float) -> str:  # noqa: ARG001 - one form for all
    ports = "".join(f"interface {p.name}\n description {p.link or p.use.value}\n!\n" for p in hardware.ports)
    return f"hostname {hardware.sys_name}\n!\n{ports}end"


TEXTS: Mapping[str, Text] = {
    "terminal length 0": lambda *_: "",
    "show opticalinfo brief": _optics,
    "show interface": _interfaces,
    "show lldp neighbor brief": lambda *_: "",
    "show version": _version,
    "show running-config": _config,
}

"""Huawei VRP: what it prints, made from the simulation's state of now."""

from __future__ import annotations

from collections.abc import Mapping

from lab.cli.vendors.facts import Text, clock, dbm, optical_ports
from lab.hardware import Hardware, PortUse
from lab.network import Network


def _optics(network: Network, hardware: Hardware, at_s: float) -> str:
    line = "-" * 61
    blocks = []
    for port, state in optical_ports(network, hardware, at_s):
        budget = state.budget
        blocks.append(
            f"{port.name} transceiver information:\n{line}\nCommon information:\n"
            f"  Transceiver Type               :{budget.module.name}\n"
            f"  Wavelength(nm)                 :{budget.module.wavelength_nm}\n{line}\n"
            "Diagnostic information:\n"
            f"  Temperature(Celsius)           :{state.temperature_c:.2f}\n"
            f"  Voltage(V)                     :{state.voltage_v:.2f}\n"
            f"  Bias Current(mA)               :{state.bias_ma:.2f}\n"
            f"  Current RX Power(dBM)          :{dbm(state.rx_dbm, '-40.00')}\n"
            f"  Default RX Power High Threshold(dBM) :{budget.high_alarm_dbm:.2f}\n"
            f"  Default RX Power Low  Threshold(dBM) :{budget.low_alarm_dbm:.2f}\n"
            f"  Current TX Power(dBM)          :{state.tx_dbm:.2f}\n{line}\n"
        )
    return "\n".join(blocks)


def _interfaces(network: Network, hardware: Hardware, at_s: float) -> str:
    blocks = []
    for port in hardware.ports:
        up = network.oper_up(port)
        state = "Administratively DOWN" if port.use is PortUse.OFF else "UP" if up else "DOWN"
        count = network.counters(port, at_s)
        blocks.append(
            f"{port.name} current state : {state}\nLine protocol current state : {'UP' if up else 'DOWN'}\n"
            f"Description:{port.link or port.use.value}\n"
            f"Speed : {port.speed_bps // 1_000_000},  Loopback: NONE\n"
            f"Input:  {count.rx_frames} packets, {int(count.rx.octets)} bytes\n"
            f"Output:  {count.tx_frames} packets, {int(count.tx.octets)} bytes\n"
        )
    return "\n".join(blocks)


def _lldp(network: Network, hardware: Hardware, at_s: float) -> str:  # noqa: ARG001 - one form for all
    blocks = []
    for seen in network.neighbors(hardware.device.id):
        mac = seen.remote.mac.hex()
        blocks.append(
            f"{seen.port.name} has 1 neighbors:\n\nNeighbor index : 1\nChassis type :macAddress\n"
            f"Chassis ID :{mac[:4]}-{mac[4:8]}-{mac[8:]}\nPort ID type :interfaceName\n"
            f"Port ID :{seen.remote_port.name}\nSystem name :{seen.remote.sys_name}\n"
        )
    return "\n".join(blocks)


def _version(network: Network, hardware: Hardware, at_s: float) -> str:
    days, hours, minutes, _ = clock(network.uptime_s(hardware.device.id, at_s))
    return (
        "Huawei Versatile Routing Platform Software\n"
        "VRP (R) software, Version 5.170 (S5720 V200R010C00SPC600)\n"
        f"HUAWEI {hardware.model} Routing Switch uptime is {days} days, {hours} hours, {minutes} minutes"
    )


def _config(network: Network, hardware: Hardware, at_s: float) -> str:  # noqa: ARG001 - one form for all
    ports = "".join(f"#\ninterface {p.name}\n description {p.link or p.use.value}\n" for p in hardware.ports)
    return f"#\nsysname {hardware.sys_name}\n{ports}#\nreturn"


TEXTS: Mapping[str, Text] = {
    "screen-length 0 temporary": lambda *_: "",
    "display transceiver verbose": _optics,
    "display interface": _interfaces,
    "display lldp neighbor": _lldp,
    "display version": _version,
    "display current-configuration": _config,
}

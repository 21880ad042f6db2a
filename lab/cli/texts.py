"""What the lab's devices print, made from the simulation's state of now, in the vendors' forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lab.hardware import Hardware, Port, PortUse
from lab.network import Network
from lab.readings import OpticalState

Text = Callable[[Network, Hardware, float], str]


def _optical_ports(network: Network, hardware: Hardware, at_s: float) -> list[tuple[Port, OpticalState]]:
    found = ((port, network.optical(port, at_s)) for port in hardware.ports)
    return [(port, state) for port, state in found if state is not None]


def _clock(seconds: float) -> tuple[int, int, int, int]:
    whole = int(seconds)
    return whole // 86_400, whole // 3_600 % 24, whole // 60 % 60, whole % 60


def _dbm(value: float | None, dark: str) -> str:
    return dark if value is None else f"{value:.2f}"


# -- RouterOS --


def ros_monitor(network: Network, hardware: Hardware, at_s: float) -> str:
    ports = [p for p in hardware.ports if p.name.startswith(("ether", "sfp", "qsfp", "combo"))]
    optics = {port.name: state for port, state in _optical_ports(network, hardware, at_s)}
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


def ros_interfaces(network: Network, hardware: Hardware, at_s: float) -> str:  # noqa: ARG001 - one form for all
    lines = ["Flags: D - dynamic; X - disabled, R - running; S - slave"]
    for n, port in enumerate(hardware.ports):
        flag = "X" if port.use is PortUse.OFF else "R" if network.oper_up(port) else " "
        mac = ":".join(f"{octet:02X}" for octet in port.mac)
        lines.append(
            f'{n:2}  {flag}  name="{port.name}" default-name="{port.name}" type="ether" mtu=1500 '
            f"actual-mtu=1500 mac-address={mac}"
        )
    return "\n".join(lines)


def ros_neighbors(network: Network, hardware: Hardware, at_s: float) -> str:  # noqa: ARG001 - one form for all
    lines = []
    for n, seen in enumerate(network.neighbors(hardware.device.id)):
        address = seen.remote.device.address
        lines.append(
            f" {n} interface={seen.port.name} address={address.host if address else ''} "
            f'identity="{seen.remote.sys_name}" platform="" version="" age=12s '
            f'interface-name="{seen.remote_port.name}" discovered-by=lldp'
        )
    return "\n".join(lines)


def ros_resource(network: Network, hardware: Hardware, at_s: float) -> str:
    days, hours, minutes, seconds = _clock(network.uptime_s(hardware.device.id, at_s))
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


def ros_identity(network: Network, hardware: Hardware, at_s: float) -> str:  # noqa: ARG001 - one form for all
    return f"  name: {hardware.sys_name}"


def ros_export(network: Network, hardware: Hardware, at_s: float) -> str:  # noqa: ARG001 - one form for all
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


# -- Huawei VRP ---------------------------------------------------------------------------------------------


def vrp_optics(network: Network, hardware: Hardware, at_s: float) -> str:
    line = "-" * 61
    blocks = []
    for port, state in _optical_ports(network, hardware, at_s):
        budget = state.budget
        blocks.append(
            f"{port.name} transceiver information:\n{line}\nCommon information:\n"
            f"  Transceiver Type               :{budget.module.name}\n"
            f"  Wavelength(nm)                 :{budget.module.wavelength_nm}\n{line}\n"
            "Diagnostic information:\n"
            f"  Temperature(Celsius)           :{state.temperature_c:.2f}\n"
            f"  Voltage(V)                     :{state.voltage_v:.2f}\n"
            f"  Bias Current(mA)               :{state.bias_ma:.2f}\n"
            f"  Current RX Power(dBM)          :{_dbm(state.rx_dbm, '-40.00')}\n"
            f"  Default RX Power High Threshold(dBM) :{budget.high_alarm_dbm:.2f}\n"
            f"  Default RX Power Low  Threshold(dBM) :{budget.low_alarm_dbm:.2f}\n"
            f"  Current TX Power(dBM)          :{state.tx_dbm:.2f}\n{line}\n"
        )
    return "\n".join(blocks)


def vrp_interfaces(network: Network, hardware: Hardware, at_s: float) -> str:
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


def vrp_lldp(network: Network, hardware: Hardware, at_s: float) -> str:  # noqa: ARG001 - one form for all
    blocks = []
    for seen in network.neighbors(hardware.device.id):
        mac = seen.remote.mac.hex()
        blocks.append(
            f"{seen.port.name} has 1 neighbors:\n\nNeighbor index : 1\nChassis type :macAddress\n"
            f"Chassis ID :{mac[:4]}-{mac[4:8]}-{mac[8:]}\nPort ID type :interfaceName\n"
            f"Port ID :{seen.remote_port.name}\nSystem name :{seen.remote.sys_name}\n"
        )
    return "\n".join(blocks)


def vrp_version(network: Network, hardware: Hardware, at_s: float) -> str:
    days, hours, minutes, _ = _clock(network.uptime_s(hardware.device.id, at_s))
    return (
        "Huawei Versatile Routing Platform Software\n"
        "VRP (R) software, Version 5.170 (S5720 V200R010C00SPC600)\n"
        f"HUAWEI {hardware.model} Routing Switch uptime is {days} days, {hours} hours, {minutes} minutes"
    )


def vrp_config(network: Network, hardware: Hardware, at_s: float) -> str:  # noqa: ARG001 - one form for all
    ports = "".join(f"#\ninterface {p.name}\n description {p.link or p.use.value}\n" for p in hardware.ports)
    return f"#\nsysname {hardware.sys_name}\n{ports}#\nreturn"


# -- Cisco IOS ----------------------------------------------------------------------------------------------


def ios_optics(network: Network, hardware: Hardware, at_s: float) -> str:
    lines = [
        "                                 Optical   Optical",
        "           Temperature  Voltage  Tx Power  Rx Power",
        "Port       (Celsius)    (Volts)  (dBm)     (dBm)",
        "---------  -----------  -------  --------  --------",
    ]
    for port, state in _optical_ports(network, hardware, at_s):
        rx = "-40.0 --" if state.rx_dbm is None else f"{state.rx_dbm:.1f}"
        lines.append(
            f"{_short(port.name):<9}  {state.temperature_c:<11.1f}  {state.voltage_v:<7.2f}  "
            f"{state.tx_dbm:<8.1f}  {rx}"
        )
    return "\n".join(lines)


def _short(name: str) -> str:
    return name.replace("TenGigabitEthernet", "Te").replace("GigabitEthernet", "Gi")


def ios_interfaces(network: Network, hardware: Hardware, at_s: float) -> str:
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


def ios_lldp(network: Network, hardware: Hardware, at_s: float) -> str:  # noqa: ARG001 - one form for all
    line = "-" * 48
    blocks = [
        f"{line}\nLocal Intf: {_short(seen.port.name)}\nChassis id: {seen.remote.mac.hex()}\n"
        f"Port id: {seen.remote_port.name}\nSystem Name: {seen.remote.sys_name}\n"
        for seen in network.neighbors(hardware.device.id)
    ]
    return "\n".join(blocks)


def ios_version(network: Network, hardware: Hardware, at_s: float) -> str:
    days, hours, minutes, _ = _clock(network.uptime_s(hardware.device.id, at_s))
    uptime = f"{days} days, {hours} hours, {minutes} minutes"
    return f"{hardware.sys_descr}\n\n{hardware.sys_name} uptime is {uptime}"


def ios_config(network: Network, hardware: Hardware, at_s: float) -> str:  # noqa: ARG001 - one form for all
    ports = "".join(f"interface {p.name}\n description {p.link or p.use.value}\n!\n" for p in hardware.ports)
    return f"Building configuration...\n!\nhostname {hardware.sys_name}\n!\n{ports}end"


# -- ZTE ZXR10 ----------------------------------------------------------------------------------------------


def zte_optics(network: Network, hardware: Hardware, at_s: float) -> str:
    lines = [
        "Interface         Temperature(C)  Voltage(V)  Bias(mA)  TxPower(dBm)  RxPower(dBm)",
        "----------------  --------------  ----------  --------  ------------  ------------",
    ]
    for port, s in _optical_ports(network, hardware, at_s):
        rx = _dbm(s.rx_dbm, "no light")
        lines.append(
            f"{port.name:<16}  {s.temperature_c:<14.1f}  {s.voltage_v:<10.2f}  {s.bias_ma:<8.1f}  "
            f"{s.tx_dbm:<12.2f}  {rx}"
        )
    return "\n".join(lines)


def zte_interfaces(network: Network, hardware: Hardware, at_s: float) -> str:
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


def zte_version(network: Network, hardware: Hardware, at_s: float) -> str:
    days, hours, minutes, _ = _clock(network.uptime_s(hardware.device.id, at_s))
    uptime = f"{days} day(s), {hours} hour(s), {minutes} minute(s)"
    return f"{hardware.sys_descr}\nSystem uptime is {uptime}"


def zte_config(network: Network, hardware: Hardware, at_s: float) -> str:  # noqa: ARG001 - one form for all
    ports = "".join(f"interface {p.name}\n description {p.link or p.use.value}\n!\n" for p in hardware.ports)
    return f"hostname {hardware.sys_name}\n!\n{ports}end"


TEXTS: Mapping[str, Mapping[str, Text]] = {
    "mikrotik": {
        "/interface ethernet monitor [find] once": ros_monitor,
        "/interface print detail without-paging": ros_interfaces,
        "/ip neighbor print detail without-paging": ros_neighbors,
        "/routing ospf neighbor print without-paging": lambda *_: "",
        "/system identity print": ros_identity,
        "/system resource print": ros_resource,
        "/export": ros_export,
    },
    "huawei": {
        "screen-length 0 temporary": lambda *_: "",
        "display transceiver verbose": vrp_optics,
        "display interface": vrp_interfaces,
        "display lldp neighbor": vrp_lldp,
        "display version": vrp_version,
        "display current-configuration": vrp_config,
    },
    "cisco": {
        "terminal width 511": lambda *_: "",
        "terminal length 0": lambda *_: "",
        "show interfaces transceiver detail": ios_optics,
        "show interfaces": ios_interfaces,
        "show lldp neighbors detail": ios_lldp,
        "show cdp neighbors detail": lambda *_: "",
        "show ip ospf neighbor": lambda *_: "",
        "show version": ios_version,
        "show running-config": ios_config,
    },
    "zte": {
        "terminal length 0": lambda *_: "",
        "show opticalinfo brief": zte_optics,
        "show interface": zte_interfaces,
        "show lldp neighbor brief": lambda *_: "",
        "show version": zte_version,
        "show running-config": zte_config,
    },
}
"""By the lab's vendor (lab/data/vendors.yaml), then by the line as typed."""

"""What each kind of device says about the same simulated truth, in its own MIB and units."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pyasn1.codec.ber import decoder
from pysnmp.proto import rfc1902

from lab import codec, commands
from lab.codec import Oid
from lab.hardware import Port
from lab.mib import build
from lab.network import Network
from lab.view import View
from topology.model import DeviceId

AT_S = 1_005.0
IF_ENTRY = codec.parse_oid("1.3.6.1.2.1.2.2.1")
IF_X_ENTRY = codec.parse_oid("1.3.6.1.2.1.31.1.1.1")
SENSOR = codec.parse_oid("1.3.6.1.2.1.99.1.1.1")
ENTITY = codec.parse_oid("1.3.6.1.2.1.47.1.1.1.1")
ALIAS = codec.parse_oid("1.3.6.1.2.1.47.1.3.2.1.2")
HUAWEI_OPTICAL = codec.parse_oid("1.3.6.1.4.1.2011.5.25.31.1.1.3.1")
MIKROTIK_OPTICAL = codec.parse_oid("1.3.6.1.4.1.14988.1.1.19.1.1")
ARISTA_LIMITS = codec.parse_oid("1.3.6.1.4.1.30065.3.12.1.1.1")
LLDP_LOCAL = codec.parse_oid("1.0.8802.1.1.2.1.3.7.1")
LLDP_REMOTE = codec.parse_oid("1.0.8802.1.1.2.1.4.1.1")
LLDP_ADDRESS = codec.parse_oid("1.0.8802.1.1.2.1.4.2.1")

_SYNTAX = {
    0x02: rfc1902.Integer32(),
    0x04: rfc1902.OctetString(),
    0x06: rfc1902.ObjectIdentifier(),
    0x41: rfc1902.Counter32(),
    0x42: rfc1902.Gauge32(),
    0x43: rfc1902.TimeTicks(),
    0x46: rfc1902.Counter64(),
}


class Mib:
    """A whole walk, decoded by pysnmp's types."""

    def __init__(self, view: View, at_s: float) -> None:
        self.rows: dict[Oid, Any] = {}
        name: Oid = (0,)
        while (row := view.after(name, at_s)) is not None:
            name, encoded = row
            value, rest = decoder.decode(encoded, asn1Spec=_SYNTAX[encoded[0]])
            assert rest == b""
            self.rows[name] = (
                tuple(value)
                if encoded[0] == 0x06
                else bytes(value).decode("latin-1")
                if encoded[0] == 0x04
                else int(value)
            )

    def column(self, base: Oid, column: int) -> dict[Oid, Any]:
        prefix = (*base, column)
        return {name[len(prefix) :]: v for name, v in self.rows.items() if name[: len(prefix)] == prefix}


def mib(network: Network, device: str, at_s: float = AT_S) -> Mib:
    return Mib(build(network, DeviceId(device)), at_s)


def port(network: Network, device: str, name: str) -> Port:
    return network.hardware[DeviceId(device)].port(name)


def light(network: Network, device: str, name: str, at_s: float = AT_S) -> float | None:
    state = network.optical(port(network, device, name), at_s)
    assert state is not None
    return state.rx_dbm


def test_system_and_interfaces(network: Network) -> None:
    found = mib(network, "kuaro-r1")
    system = found.column(codec.parse_oid("1.3.6.1.2.1"), 1)
    assert system[(5, 0)] == "kuaro-r1"
    assert system[(6, 0)] == "Kantor Camat Kuaro, Kuaro"
    assert system[(2, 0)] == codec.parse_oid("1.3.6.1.4.1.2011.2.23.291")
    names = found.column(IF_X_ENTRY, 1)
    assert found.rows[1, 3, 6, 1, 2, 1, 2, 1, 0] == len(names)
    by_name = {value: index for index, value in names.items()}
    oper, admin = found.column(IF_ENTRY, 8), found.column(IF_ENTRY, 7)
    assert oper[by_name["GigabitEthernet0/0/1"]] == 1
    assert (admin[by_name["GigabitEthernet0/0/47"]], oper[by_name["GigabitEthernet0/0/47"]]) == (1, 2)
    assert (admin[by_name["GigabitEthernet0/0/48"]], oper[by_name["GigabitEthernet0/0/48"]]) == (2, 2)
    assert found.column(IF_X_ENTRY, 18)[by_name["GigabitEthernet0/0/1"]] == "ring-west"


def test_a_ten_gigabit_port_is_told_by_if_high_speed(network: Network) -> None:
    found = mib(network, "ikis-r1")
    index = next(i for i, name in found.column(IF_X_ENTRY, 1).items() if name == "Ethernet1")
    assert found.column(IF_ENTRY, 5)[index] == 2**32 - 1
    assert found.column(IF_X_ENTRY, 15)[index] == 10_000


def test_32_bit_counters_are_the_64_bit_ones_wrapped(network: Network) -> None:
    found = mib(network, "core")
    for narrow, wide in ((10, 6), (16, 10)):
        high = found.column(IF_X_ENTRY, wide)
        assert max(high.values()) > 2**32
        assert found.column(IF_ENTRY, narrow) == {index: value % 2**32 for index, value in high.items()}


def test_last_change_is_the_uptime_at_the_change(network: Network) -> None:
    commands.cut(network, 1_010.0, "ring-west")
    found = mib(network, "core", 1_020.0)
    index = next(i for i, name in found.column(IF_X_ENTRY, 1).items() if name == "sfp-sfpplus1")
    uptime_cs = int(network.uptime_s(DeviceId("core"), 1_010.0) * 100) % 2**32
    assert found.column(IF_ENTRY, 9)[index] == pytest.approx(uptime_cs, abs=1)
    assert found.rows[1, 3, 6, 1, 2, 1, 31, 1, 5, 0] == pytest.approx(uptime_cs, abs=1)
    others = {i: v for i, v in found.column(IF_ENTRY, 9).items() if i != index}
    assert set(others.values()) == {0}


def test_mikrotik_says_thousandths_of_a_dbm_and_minus_40_when_dark(network: Network) -> None:
    found = mib(network, "core")
    index = next(i for i, name in found.column(MIKROTIK_OPTICAL, 2).items() if name == "sfp-sfpplus1")
    assert found.column(IF_X_ENTRY, 1)[index] == "sfp-sfpplus1", "the row is the ifIndex"
    expected_dbm = light(network, "core", "sfp-sfpplus1")
    assert expected_dbm is not None
    assert found.column(MIKROTIK_OPTICAL, 10)[index] == round(expected_dbm * 1_000)
    assert found.column(MIKROTIK_OPTICAL, 3)[index] == 0
    commands.cut(network, 1_010.0, "ring-west")
    dark = mib(network, "core", 1_020.0)
    assert dark.column(MIKROTIK_OPTICAL, 10)[index] == -40_000
    assert dark.column(MIKROTIK_OPTICAL, 3)[index] == 1
    assert dark.column(MIKROTIK_OPTICAL, 9)[index] > -10_000, "its own laser still sends"


def test_huawei_says_microwatts_and_limits_in_hundredths_of_a_dbm(network: Network) -> None:
    found = mib(network, "kuaro-r1")
    entity = next(i for i, name in found.column(ENTITY, 7).items() if name == "GigabitEthernet0/0/2")
    (if_index,) = (pointer[-1] for (i, _), pointer in alias_rows(found) if i == entity[0])
    assert found.column(IF_X_ENTRY, 1)[if_index,] == "GigabitEthernet0/0/2"
    expected_dbm = light(network, "kuaro-r1", "GigabitEthernet0/0/2")
    assert expected_dbm is not None
    microwatts = found.column(HUAWEI_OPTICAL, 8)[entity]
    assert 10 * math.log10(microwatts / 1_000) == pytest.approx(expected_dbm, abs=0.05)
    assert found.column(HUAWEI_OPTICAL, 13)[entity] == round(
        network.budgets["ring-north"].low_alarm_dbm * 100  # type: ignore[index]  # a LinkId in the file
    )
    assert float(found.column(HUAWEI_OPTICAL, 32)[entity]) == pytest.approx(expected_dbm * 100, abs=0.01)
    empty = next(i for i, name in found.column(ENTITY, 7).items() if name == "GigabitEthernet0/0/47")
    assert found.column(HUAWEI_OPTICAL, 8)[empty] == -1
    assert found.column(HUAWEI_OPTICAL, 5)[empty] == -255
    commands.cut(network, 1_010.0, "ring-north")
    assert mib(network, "kuaro-r1", 1_020.0).column(HUAWEI_OPTICAL, 8)[entity] == 0


def alias_rows(found: Mib) -> list[tuple[Oid, Oid]]:
    return [(name[len(ALIAS) :], v) for name, v in found.rows.items() if name[: len(ALIAS)] == ALIAS]


def test_arista_says_milliwatts_with_four_decimals_in_a_lane_of_the_module(network: Network) -> None:
    found = mib(network, "ikis-r1")
    words = found.column(ENTITY, 2)
    sensor = next(i for i, text in words.items() if text == "DOM RX Power Sensor for Ethernet1")
    assert [found.column(SENSOR, c)[sensor] for c in (1, 2, 3)] == [6, 8, 4]
    expected_dbm = light(network, "ikis-r1", "Ethernet1")
    assert expected_dbm is not None
    value = found.column(SENSOR, 4)[sensor]
    assert 10 * math.log10(value / 10_000) == pytest.approx(expected_dbm, abs=0.01)
    low = found.column(ARISTA_LIMITS, 2)[sensor]
    assert 10 * math.log10(low / 10_000) == pytest.approx(
        network.budgets["ring-east"].low_alarm_dbm,  # type: ignore[index]  # a LinkId in the file
        abs=0.1,
    )
    # It sits in a lane of the module of the slot of the chassis.
    inside, chain = found.column(ENTITY, 4), [sensor[0]]
    while inside[chain[-1],]:
        chain.append(inside[chain[-1],])
    assert [words[index,] for index in chain[1:]] == [
        "Lane 0 for Xcvr for Ethernet1",
        "Xcvr for Ethernet1",
        "Xcvr Slot 1",
        "DCS-7050SX3-48YC12",
    ]
    commands.cut(network, 1_010.0, "ring-east")
    assert mib(network, "ikis-r1", 1_020.0).column(SENSOR, 4)[sensor] == 1


def test_lldp_rows_of_two_neighbours_point_at_each_other(network: Network) -> None:
    def rows(device: str) -> set[tuple[str, str, str]]:
        found = mib(network, device)
        local = found.column(LLDP_LOCAL, 3)
        systems, ports = found.column(LLDP_REMOTE, 9), found.column(LLDP_REMOTE, 7)
        return {(local[number,], systems[at], ports[at]) for at in systems for _, number, _ in [at]}

    assert ("GigabitEthernet0/0/1", "core", "sfp-sfpplus1") in rows("kuaro-r1")
    assert ("sfp-sfpplus1", "kuaro-r1", "GigabitEthernet0/0/1") in rows("core")
    addresses = {(at[1], at[-4:]) for at in mib(network, "core").column(LLDP_ADDRESS, 3)}
    assert {address for _, address in addresses} == {(127, 64, 250, 2), (127, 64, 250, 3)}


def test_a_radio_keeps_lldp_and_a_satellite_does_not(network: Network) -> None:
    assert mib(network, "desa-r1").column(LLDP_REMOTE, 9)
    assert not mib(network, "samu-r1").column(LLDP_REMOTE, 9)
    assert mib(network, "samu-r1").column(LLDP_LOCAL, 3)


def test_every_table_moves_with_the_new_numbers(network: Network) -> None:
    before = mib(network, "core").column(MIKROTIK_OPTICAL, 2)
    commands.renumber(network, 1_010.0, "core")
    network.advance(1_020.0)
    found = mib(network, "core", 1_021.0)
    after = found.column(MIKROTIK_OPTICAL, 2)
    assert set(after.values()) == set(before.values())
    assert after != before
    names = found.column(IF_X_ENTRY, 1)
    assert all(names[index] == name for index, name in after.items())


def test_health_of_each_kind(network: Network) -> None:
    processor = codec.parse_oid("1.3.6.1.2.1.25.3.3.1")
    assert set(mib(network, "core").column(processor, 2)) == {(1,), (2,)}
    huawei = mib(network, "kuaro-r1").column(codec.parse_oid("1.3.6.1.4.1.2011.5.25.31.1.1.1.1"), 5)
    assert all(1 <= value <= 99 for value in huawei.values())
    assert huawei
    linux = mib(network, "samu-r1").rows
    used = 1_048_576 - linux[codec.parse_oid("1.3.6.1.4.1.2021.4.6.0")]
    assert used == linux[codec.parse_oid("1.3.6.1.2.1.25.2.3.1.6.65536")]

"""Physical truth in, behaviour out: told as timelines of simulated seconds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab import commands
from lab.answers import BadArgumentError, UnknownIdError
from lab.network import Network
from lab.readings import Change
from topology.model import Inventory

EVERYONE = {"core", "kuaro-r1", "ikis-r1", "pkm-r1", "desa-r1", "samu-r1"}


def silent(network: Network) -> set[str]:
    return EVERYONE - set(network.state.reachable)


def oper(network: Network, device: str, port: str) -> bool:
    return network.oper_up(network.hardware[device].port(port))


def test_a_healthy_network_answers_and_its_link_ports_are_up(network: Network) -> None:
    assert silent(network) == set()
    links = [p for h in network.hardware.values() for p in h.ports if p.link]
    assert len(links) == 2 * len(network.inventory.links)
    assert all(network.oper_up(port) for port in links)


def test_a_cut_in_the_ring_takes_both_ends_down_and_silences_nobody(network: Network) -> None:
    answer = commands.cut(network, 1_010.0, "ring-west")
    assert silent(network) == set()
    assert not oper(network, "core", "sfp-sfpplus1")
    assert not oper(network, "kuaro-r1", "GigabitEthernet0/0/1")
    assert oper(network, "core", "sfp-sfpplus2")
    assert "every device still answers" in answer.message


def test_cutting_the_ring_twice_silences_what_lies_behind(network: Network) -> None:
    commands.cut(network, 1_010.0, "ring-west")
    answer = commands.cut(network, 1_020.0, "ring-east")
    assert silent(network) == {"kuaro-r1", "ikis-r1", "pkm-r1", "desa-r1"}
    assert answer.data["silent"] == ["desa-r1", "ikis-r1", "kuaro-r1", "pkm-r1"]
    answer = commands.restore(network, 1_030.0, "ring-east")
    assert silent(network) == set()
    assert answer.data["back"] == ["desa-r1", "ikis-r1", "kuaro-r1", "pkm-r1"]
    assert "ring-west" in network.truth.cut


def test_a_duct_takes_all_its_links(network: Network) -> None:
    commands.cut_duct(network, 1_010.0, "duct-west")
    assert network.truth.cut == {"ring-west", "pkm-fiber"}
    assert silent(network) == {"pkm-r1"}
    commands.restore(network, 1_020.0, "duct-west")
    assert network.truth.cut == set()


def test_lost_power_silences_the_device_and_drops_its_neighbours_ports(network: Network) -> None:
    commands.power_off(network, 1_010.0, "pkm-r1")
    assert silent(network) == {"pkm-r1"}
    assert not oper(network, "kuaro-r1", "GigabitEthernet0/0/3")
    assert oper(network, "kuaro-r1", "GigabitEthernet0/0/1")
    boots = network.running["pkm-r1"].boots
    commands.power_on(network, 1_020.0, "pkm-r1")
    network.advance(1_022.9)
    assert silent(network) == {"pkm-r1"}, "it boots for three seconds"
    network.advance(1_023.0)
    assert silent(network) == set()
    assert network.running["pkm-r1"].boots == boots + 1
    assert network.uptime_s("pkm-r1", 1_025.0) == pytest.approx(2.0)


def test_a_power_feed_takes_its_devices_and_gives_them_back(network: Network) -> None:
    commands.power_off(network, 1_010.0, "feed-east")
    assert silent(network) == {"ikis-r1", "desa-r1"}
    commands.power_off(network, 1_011.0, "desa-r1")
    commands.power_on(network, 1_020.0, "feed-east")
    network.advance(1_030.0)
    assert silent(network) == {"desa-r1"}, "its own switch is still off"
    answer = commands.power_on(network, 1_040.0, "desa-r1")
    assert answer.data["booting"] == ["desa-r1"]
    network.advance(1_050.0)
    assert silent(network) == set()


def test_switching_on_behind_a_dark_feed_says_so(network: Network) -> None:
    commands.power_off(network, 1_010.0, "feed-east")
    answer = commands.power_on(network, 1_020.0, "desa-r1")
    assert "feed-east" in answer.message
    assert "desa-r1" in silent(network)


def test_the_vantage_without_power_reaches_nobody(network: Network) -> None:
    commands.power_off(network, 1_010.0, "core")
    assert silent(network) == EVERYONE


def test_a_stopped_daemon_is_silent_on_snmp_only(network: Network) -> None:
    commands.stop_snmp(network, 1_010.0, "kuaro-r1")
    assert network.reachable("kuaro-r1")
    assert not network.answers_snmp("kuaro-r1")
    commands.start_snmp(network, 1_020.0, "kuaro-r1")
    assert network.answers_snmp("kuaro-r1")


def test_dimming_lowers_the_light_at_both_ends_until_the_link_goes(network: Network) -> None:
    ends = [
        network.hardware["core"].port("sfp-sfpplus1"),
        network.hardware["kuaro-r1"].port("GigabitEthernet0/0/1"),
    ]
    before = [network.optical(port, 1_005.0) for port in ends]
    commands.dim(network, 1_010.0, "ring-west", 3.0)
    for port, was in zip(ends, before, strict=True):
        now = network.optical(port, 1_005.0)
        assert now is not None
        assert was is not None
        assert now.rx_dbm == pytest.approx((was.rx_dbm or 0.0) - 3.0)
        assert network.oper_up(port)
    commands.dim(network, 1_020.0, "ring-west", 18.0)
    faint = network.optical(ends[0], 1_025.0)
    assert faint is not None
    assert faint.rx_dbm is not None, "too faint for the receiver, still measurable"
    assert not network.oper_up(ends[0])
    commands.dim(network, 1_030.0, "ring-west", 40.0)
    dark = network.optical(ends[0], 1_035.0)
    assert dark is not None
    assert dark.rx_dbm is None
    commands.restore(network, 1_040.0, "ring-west")
    assert network.oper_up(ends[0])


def test_a_cut_fiber_is_dark_at_both_ends_but_the_lasers_still_send(network: Network) -> None:
    commands.cut(network, 1_010.0, "ring-west")
    for device, name in (("core", "sfp-sfpplus1"), ("kuaro-r1", "GigabitEthernet0/0/1")):
        state = network.optical(network.hardware[device].port(name), 1_011.0)
        assert state is not None
        assert state.rx_dbm is None
        assert state.tx_dbm > -10.0


def test_radio_copper_and_satellite_ports_have_no_optics(network: Network) -> None:
    assert network.optical(network.hardware["desa-r1"].port("ether1"), 1_000.0) is None
    assert network.optical(network.hardware["core"].port("ether3"), 1_000.0) is None


def test_loss_multiplies_along_the_way_and_back(network: Network) -> None:
    commands.loss(network, 1_010.0, "ring-west", 10.0)
    answer = commands.loss(network, 1_011.0, "pkm-fiber", 20.0)
    assert answer.data["behind"] == ["pkm-r1"]
    assert network.round_trip_loss("core") == 0.0
    assert network.round_trip_loss("kuaro-r1") == pytest.approx(1.0 - 0.9**2)
    assert network.round_trip_loss("pkm-r1") == pytest.approx(1.0 - (0.9 * 0.8) ** 2)
    commands.cut(network, 1_020.0, "ring-west")
    assert network.round_trip_loss("kuaro-r1") == 0.0, "the other way round loses nothing"
    commands.restore(network, 1_030.0, "pkm-fiber")
    commands.restore(network, 1_031.0, "ring-west")
    assert network.round_trip_loss("pkm-r1") == 0.0


def test_flapping_is_a_timeline(network: Network) -> None:
    commands.flap(network, 1_010.0, "pkm-fiber", times=2, every_s=10.0)
    up_at = {}
    for at_s in (1_010.0, 1_014.9, 1_015.0, 1_019.9, 1_020.0, 1_025.0, 1_040.0):
        network.advance(at_s)
        up_at[at_s] = network.reachable("pkm-r1")
    assert up_at == {
        1_010.0: False,
        1_014.9: False,
        1_015.0: True,
        1_019.9: True,
        1_020.0: False,
        1_025.0: True,
        1_040.0: True,
    }


def test_a_cut_ends_the_flapping(network: Network) -> None:
    commands.flap(network, 1_010.0, "pkm-fiber", times=5, every_s=10.0)
    commands.cut(network, 1_011.0, "pkm-fiber")
    network.advance(1_200.0)
    assert not network.reachable("pkm-r1")
    assert network.next_due_s is None


def test_renumbering_moves_every_index_and_reboots(network: Network) -> None:
    before = dict(network.running["kuaro-r1"].if_index)
    commands.renumber(network, 1_010.0, "kuaro-r1")
    assert not network.reachable("kuaro-r1")
    network.advance(1_013.0)
    after = network.running["kuaro-r1"].if_index
    assert set(after.values()) == set(before.values())
    assert all(after[name] != before[name] for name in before)


def test_a_reboot_starts_the_counters_again(network: Network) -> None:
    port = network.hardware["kuaro-r1"].port("GigabitEthernet0/0/1")
    assert network.counters(port, 1_005.0).rx.octets > 1e9, "a device that has been up for days"
    commands.reboot(network, 1_010.0, "kuaro-r1")
    network.advance(1_013.0)
    assert network.counters(port, 1_013.0).rx.octets == pytest.approx(0.0)
    assert network.counters(port, 1_023.0).rx.octets > 0.0


def test_lldp_rows_follow_the_links(network: Network) -> None:
    def seen(device: str) -> set[tuple[str, str, str]]:
        return {(n.port.name, n.remote.sys_name, n.remote_port.name) for n in network.neighbors(device)}

    assert seen("ikis-r1") == {
        ("Ethernet1", "core", "sfp-sfpplus2"),
        ("Ethernet2", "kuaro-r1", "GigabitEthernet0/0/2"),
        ("Ethernet3", "desa-r1", "ether1"),
    }
    assert seen("samu-r1") == set(), "no LLDP over a satellite"
    commands.cut(network, 1_010.0, "ring-north")
    assert {port for port, _, _ in seen("ikis-r1")} == {"Ethernet1", "Ethernet3"}


def test_a_change_tells_ports_and_boots(network: Network) -> None:
    changes: list[Change] = []
    network.listeners.append(changes.append)
    commands.cut(network, 1_010.0, "pkm-fiber")
    assert {(p.device, p.name) for p in changes[-1].down} == {
        ("kuaro-r1", "GigabitEthernet0/0/3"),
        ("pkm-r1", "sfp1"),
    }
    commands.restore(network, 1_020.0, "pkm-fiber")
    assert len(changes[-1].up) == 2
    commands.reboot(network, 1_030.0, "pkm-r1")
    network.advance(1_040.0)
    assert changes[-1].booted == ("pkm-r1",)


@pytest.mark.parametrize(
    ("command", "wanted", "nearest"),
    [
        (commands.cut, "ring-wst", "ring-west"),
        (commands.cut_duct, "duct-wst", "duct-west"),
        (commands.power_off, "pkm-r2", "pkm-r1"),
        (commands.stop_snmp, "kuaro", "kuaro-r1"),
        (commands.stop_application, "e-srat", "e-surat"),
    ],
)
def test_an_unknown_id_names_the_nearest(
    network: Network, command: Callable[[Network, float, str], object], wanted: str, nearest: str
) -> None:
    with pytest.raises(UnknownIdError, match=f"the nearest is {nearest}$"):
        command(network, 1_010.0, wanted)


def test_what_makes_no_sense_is_refused(network: Network) -> None:
    with pytest.raises(BadArgumentError, match="not fiber"):
        commands.dim(network, 1_010.0, "desa-radio", 3.0)
    with pytest.raises(BadArgumentError, match="between 0 and 60"):
        commands.dim(network, 1_010.0, "ring-west", -1.0)
    with pytest.raises(BadArgumentError, match="power-off"):
        commands.cut_duct(network, 1_010.0, "feed-east")
    with pytest.raises(BadArgumentError, match="cut-duct"):
        commands.power_off(network, 1_010.0, "duct-west")
    commands.power_off(network, 1_010.0, "pkm-r1")
    with pytest.raises(BadArgumentError, match="no power"):
        commands.reboot(network, 1_011.0, "pkm-r1")


def test_restore_all_undoes_everything(network: Network) -> None:
    commands.cut_duct(network, 1_010.0, "duct-west")
    commands.power_off(network, 1_011.0, "feed-east")
    commands.dim(network, 1_012.0, "ring-north", 9.0)
    commands.stop_snmp(network, 1_013.0, "core")
    commands.stop_application(network, 1_014.0, "e-surat")
    commands.flap(network, 1_015.0, "samu-sat")
    commands.restore_all(network, 1_020.0)
    network.advance(1_100.0)
    data = commands.status(network, 1_100.0).data
    assert data.pop("devices") == 6
    assert not any(data.values())


def test_round_trips_are_those_of_the_media(network: Network) -> None:
    rtt_s = network.state.rtt_s
    assert rtt_s["core"] == 0.0
    assert rtt_s["kuaro-r1"] == pytest.approx(2 * 31_000 / 2.0e8, abs=0.001)
    assert rtt_s["samu-r1"] == pytest.approx(0.040, abs=0.002)
    commands.cut(network, 1_010.0, "ring-west")
    assert network.state.rtt_s["kuaro-r1"] > rtt_s["kuaro-r1"], "the long way round"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_reachability_is_a_path_of_running_devices_over_whole_links(
    inventory: Inventory, data: st.DataObject
) -> None:
    """Against plain flooding from the vantage."""
    network = Network(inventory, at_s=0.0, wall=datetime(2026, 1, 1, tzinfo=UTC), boot_s=0.0)
    cut = data.draw(st.sets(st.sampled_from(sorted(inventory.links))))
    off = data.draw(st.sets(st.sampled_from(sorted(inventory.devices))))
    for link in cut:
        commands.cut(network, 1.0, link)
    for device in off:
        commands.power_off(network, 2.0, device)
    reached = {"core"} - off
    for _ in inventory.devices:
        for link in inventory.links.values():
            ends = {link.a.device, link.b.device}
            if link.id not in cut and ends & reached:
                reached |= ends - off
    assert set(network.state.reachable) == reached

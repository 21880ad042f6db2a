"""Nasty configurations, made up: in each, every secret has the word S3cr in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.config_masks import COMMON, MASKED, masked
from collector.config_text import Fit, make_fit, summary, why_not_whole
from collector.profile import load_profiles
from collector.profile_ssh import SshConfig
from collector.ssh import is_complete

SAMPLES = Path(__file__).parent / "configs"
PROFILES = load_profiles()
VENDORS = sorted(p.stem for p in SAMPLES.glob("*.txt"))
KEPT = {
    "arista-eos": [
        "hostname dkisp-leaf-1",
        "description ke dkisp-core-1",
        "username admin",
        "neighbor 10.1.1.1",
    ],
    "cisco-ios": [
        *(
            "hostname kuaro-d1",
            "key chain OSPF",
            " key 1\n",
            "description ke kuaro-d2",
            "radius-server host 10.1.1.3",
        ),
        *("service password-encryption", "ntp server 10.1.1.1", "snmp-server enable traps config", "RO 10"),
        *(
            "address 10.9.9.9",
            "username admin privilege 15",
            "transport input ssh",
            "version 2c",
            "10.1.1.7 vrf",
        ),
    ],
    "cisco-nxos": [
        "hostname dkisp-core-9",
        "description ke",
        "username admin",
        "group network-operator",
        "key chain OSPF",
    ],
    "frr": ["hostname kuaro-d1", "description ke", "key chain K", "neighbor 10.1.1.1"],
    "hp-procurve": ["hostname", "DEFAULT_VLAN", "radius-server host 10.1.1.3", "unrestricted"],
    "huawei-smartax": ["sysname olt-grogot", "ont add 0 1", "ont-lineprofile-id 10"],
    "huawei-vrp": [
        "sysname belengkong-d1",
        "description ke kuaro-d1",
        "service-type ssh",
        "authentication-mode aaa",
    ],
    "juniper-junos": [
        "host-name dkisp-edge-1",
        'description "ke dkisp-core-1"',
        "authorization read-only",
        "server 10.1.1.1",
    ],
    "linux": ["iface eth0 inet static", "address 10.64.1.2/30", "wpa-ssid Kantor"],
    "mikrotik-routeros": [
        *("set name=kuaro-r1", 'comment="ke kuaro-d1"', "listen-port=13231", "name=user1", "profile=default"),
        *("user=noc", "from=noc@example.id", "addresses=10.1.1.0/24", "remote.address=10.1.1.1"),
    ],
    "vyos": ["host-name 'vyos-edge'", "ke dkisp-core-1", "Asia/Makassar", "authorization 'ro'"],
    "zte-zxr10": [
        "hostname muara-komam-r1",
        "description ke",
        "neighbor 10.1.1.1",
        "area 0 authentication message-digest",
    ],
}


def config_of(vendor: str) -> SshConfig:
    ssh = PROFILES[vendor].ssh
    assert ssh is not None
    assert ssh.config is not None
    return ssh.config


def read(vendor: str) -> str:
    return (SAMPLES / f"{vendor}.txt").read_text(encoding="utf-8")


def fit(vendor: str, text: str | None = None) -> Fit:
    return make_fit(config_of(vendor), read(vendor) if text is None else text)


def test_every_platform_that_is_backed_up_has_a_nasty_sample() -> None:
    backed_up = {
        n for n in PROFILES.names() if (ssh := PROFILES[n].ssh) is not None and ssh.config is not None
    }
    assert backed_up - {"cisco-iosxr"} == set(VENDORS) == set(KEPT)


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_secret_is_kept(vendor: str) -> None:
    kept = fit(vendor).text
    assert [line for line in kept.split("\n") if "S3cr" in line] == []
    assert kept.count(MASKED) >= 2


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_secret_is_kept_of_a_text_with_other_line_ends_or_margins(vendor: str) -> None:
    text = read(vendor)
    for changed in (text.replace("\n", "\r\n"), text.replace("\n", "   \n")):
        assert "S3cr" not in fit(vendor, changed).text


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_no_secret_is_kept(vendor: str) -> None:
    kept = fit(vendor).text
    assert [words for words in KEPT[vendor] if words not in kept] == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_masking_again_changes_nothing(vendor: str) -> None:
    once = fit(vendor).text
    assert fit(vendor, once).text == once


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_sample_is_told_to_be_whole(vendor: str) -> None:
    assert is_complete(PROFILES[vendor], read(vendor))


@pytest.mark.parametrize(
    "vendor", ["arista-eos", "cisco-ios", "frr", "huawei-smartax", "huawei-vrp", "juniper-junos"]
)
def test_one_that_was_cut_off_anywhere_is_not(vendor: str) -> None:
    lines = read(vendor).rstrip("\n").split("\n")
    for n in range(len(lines) - 1):
        cut = "\n".join(lines[:n])
        if vendor == "juniper-junos" and cut.endswith("\n}"):
            continue  # between two sections nothing tells; how much is gone does
        assert not is_complete(PROFILES[vendor], cut), cut[-60:]


def test_a_private_key_is_no_configuration() -> None:
    key = "crypto\n-----BEGIN RSA PRIVATE KEY-----\nS3cr1\nS3cr2\n-----END RSA PRIVATE KEY-----\nend\n"
    assert (
        masked(key, COMMON)
        == f"crypto\n-----BEGIN RSA PRIVATE KEY-----{MASKED}-----END RSA PRIVATE KEY-----\nend\n"
    )
    assert "S3cr" not in masked(key.partition("S3cr2")[0] + "S3cr", COMMON)


def test_who_changed_it_is_in_the_devices_words() -> None:
    assert [fit(v).who for v in ("cisco-ios", "huawei-vrp", "juniper-junos", "frr")] == [
        "budi",
        "siti",
        "agus",
        None,
    ]


def test_what_changes_by_itself_is_no_change() -> None:
    text = read("cisco-ios")
    later = (
        text.replace("10:11:12", "23:59:59")
        .replace("36029056", "36029999")
        .replace("4321 bytes", "4322 bytes")
    )
    assert later != text
    assert fit("cisco-ios", later).text == fit("cisco-ios").text
    nxos = read("cisco-nxos")
    assert fit("cisco-nxos", nxos.replace("10:05:00", "11:05:00")).text == fit("cisco-nxos").text
    ros = read("mikrotik-routeros")
    assert (
        fit("mikrotik-routeros", ros.replace("2026-11-21", "2026-11-22")).text
        == fit("mikrotik-routeros").text
    )
    junos = read("juniper-junos")
    assert fit("juniper-junos", junos.replace("10:00:00", "12:00:00")).text == fit("juniper-junos").text


def test_what_must_not_take_the_place_of_a_good_one() -> None:
    good = "".join(f"interface {n}\n" for n in range(40))
    assert why_not_whole(good, None, complete=True) is None
    assert why_not_whole(good, good, complete=True) is None
    assert "empty" in str(why_not_whole(" \n", good, complete=True))
    assert "cut off" in str(why_not_whole(good, good, complete=False))
    assert "19 lines instead of 40" in str(
        why_not_whole(good[: good.index("interface 19")], good, complete=True)
    )
    assert why_not_whole(good[: good.index("interface 20")], good, complete=True) is None
    assert why_not_whole("hostname a\n", "hostname a\nvlan 1\nvlan 2\n", complete=True) is None


def test_a_change_is_told_by_the_part_it_is_in() -> None:
    before = "hostname r1\ninterface Gi0/1\n description a\n ip address 1\n!\nntp server 10.1.1.1\n"
    after = before.replace("description a", "description b").replace("10.1.1.1", "10.1.1.2")
    assert summary(before, after) == "interface Gi0/1; ntp server 10.1.1.1; ntp server 10.1.1.2"
    assert summary(None, after) == "first copy"
    ros = "/ip address\nadd address=10.0.0.1/24\n/system identity\nset name=r1\n"
    assert summary(ros, ros.replace("10.0.0.1", "10.0.0.2")) == "/ip address"
    junos = "system {\n    services {\n        ssh;\n    }\n}\n"
    assert summary(junos, junos.replace("ssh;", "ssh;\n        telnet;")) == "system"

"""Secrets by reference: environment, files, and values made up for a demo."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lab.secrets import Keyring, demo_environment
from topology.model import CredentialId, Device, DeviceId, Inventory

NAMES = {"LAB_TEST_AUTH", "LAB_TEST_COMMUNITY", "LAB_TEST_PRIV", "LAB_TEST_V1"}


def core(inventory: Inventory) -> Device:
    return inventory.devices[DeviceId("core")]


def test_the_demo_environment_has_every_name_and_new_values_each_time(inventory: Inventory) -> None:
    first, second = demo_environment(inventory), demo_environment(inventory)
    assert set(first) == NAMES
    assert all(value.startswith("demo-") and len(value) >= 12 for value in first.values())
    assert not set(first.values()) & set(second.values())


def test_devices_take_what_the_environment_says(inventory: Inventory) -> None:
    environment = demo_environment(inventory)
    keyring = Keyring(environment)
    access = keyring.access(inventory, core(inventory))
    assert access.communities_v1 == (environment["LAB_TEST_V1"].encode(),)
    assert access.communities_v2c == (environment["LAB_TEST_COMMUNITY"].encode(),)
    noc, reader, guest = access.users
    assert (noc.auth, noc.priv, noc.auth_key, noc.priv_key) == (
        "SHA256",
        "AES128",
        environment["LAB_TEST_AUTH"],
        environment["LAB_TEST_PRIV"],
    )
    assert (reader.auth, reader.priv) == ("SHA1", None)
    assert (guest.auth, guest.priv) == (None, None)
    assert keyring.made_up == {}


def test_what_is_missing_is_made_up_once_for_all_devices(inventory: Inventory) -> None:
    keyring = Keyring({})
    first = keyring.access(inventory, core(inventory))
    second = keyring.access(inventory, inventory.devices[DeviceId("kuaro-r1")])
    assert set(keyring.made_up) == NAMES
    assert first.communities_v2c == second.communities_v2c


def test_files_are_read_and_missing_ones_named(inventory: Inventory, tmp_path: Path) -> None:
    here, gone = tmp_path / "community", tmp_path / "gone"
    here.write_text("from-file\n", encoding="utf-8")
    v2 = CredentialId("v2")
    device = replace(core(inventory), snmp=(v2,))
    for path, expected in ((here, [b"from-file"]), (gone, None)):
        credential = replace(inventory.credentials[v2], community_env=None, community_file=str(path))
        changed = replace(inventory, credentials={**inventory.credentials, v2: credential})
        keyring = Keyring({})
        found = list(keyring.access(changed, device).communities_v2c)
        if expected is None:
            assert keyring.missing_files == [str(gone)]
        else:
            assert found == expected

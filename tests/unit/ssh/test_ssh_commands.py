"""`ronda ssh ...` and `ronda poll --ssh` as people and scripts use them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from ronda.cli import app

if TYPE_CHECKING:
    from conftest import Place, Serve

from lab.cli.host import Shell

INVENTORY = """
version: 1
network: {name: Uji}
vantage: r1
hubs: [kantor]
credentials:
  - {id: noc-ssh, kind: ssh, user: noc, password_env: UJI_SSH, port: PORT}
offices:
  - {id: kantor, name: Kantor}
devices:
  - {id: r1, office: kantor, address: 127.0.0.1, profile: cisco-ios, snmp: [], ssh: noc-ssh}
links: []
"""
IOS = Shell("sw1#", lambda line: "Cisco IOS Software, X" if line == "show version" else "")
PASSWORD = "rahasia-uji"


async def ronda(*arguments: str) -> Result:
    """In a thread: the device it talks to lives on this loop."""
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))


@pytest.fixture
async def place(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("UJI_SSH", PASSWORD)
    monkeypatch.chdir(tmp_path)
    found = await serve(IOS, trust=False)
    text = INVENTORY.replace("PORT", str(found.port))
    (tmp_path / "inventory.yaml").write_text(text)  # a test's own file
    return found


async def trust(place: Place, *more: str) -> Result:
    return await ronda("ssh", "trust", "r1", "--known-hosts", str(place.known.path), *more)


async def test_a_key_is_shown_and_only_the_named_one_is_trusted(place: Place) -> None:
    shown = await trust(place)
    assert shown.exit_code == 1
    fingerprint = next(word for word in shown.output.split() if word.startswith("SHA256:"))
    assert not place.known.path.exists()
    wrong = await trust(place, "--fingerprint", "SHA256:" + 43 * "A")
    assert wrong.exit_code == 1
    assert not place.known.path.exists()
    right = await trust(place, "--fingerprint", fingerprint)
    assert right.exit_code == 0, right.output
    assert (await trust(place)).exit_code == 0, "known already"
    polled = await ronda("ssh", "ask", "r1", "--known-hosts", str(place.known.path), "--json")
    assert polled.exit_code == 0, polled.output
    device = json.loads(polled.stdout)["device"]
    assert (device["answered"], device["profile"]) == (True, "cisco-ios")


async def test_a_changed_key_needs_replace(place: Place) -> None:
    import asyncssh

    from collector.known_hosts import HostKey

    other = asyncssh.generate_private_key("ssh-ed25519")
    place.known.trust("127.0.0.1", place.port, HostKey(other.get_algorithm(), other.public_data))
    fingerprint = HostKey(place.key.get_algorithm(), place.key.public_data).fingerprint
    refused = await trust(place, "--fingerprint", fingerprint)
    assert refused.exit_code == 1
    assert "ANOTHER KEY" in refused.output
    replaced = await trust(place, "--fingerprint", fingerprint, "--replace")
    assert replaced.exit_code == 0, replaced.output
    assert [k.fingerprint for k in place.known.keys_of("127.0.0.1", place.port)] == [fingerprint]


async def test_poll_over_ssh_without_an_inventory(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ["--ssh-user", "noc", "--ssh-password-env", "UJI_SSH", "--ssh-port", str(place.port)]
    options += ["--known-hosts", str(place.known.path), "--profile", "cisco-ios", "--json"]
    refused = await ronda("poll", "127.0.0.1", "--ssh", *options)
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["errors"][0]["fault"] == "host_key_unknown"
    monkeypatch.delenv("UJI_SSH")
    assert (await ronda("poll", "127.0.0.1", "--ssh", *options)).exit_code == 2


async def test_a_command_that_no_profile_has_is_bad_input(place: Place) -> None:
    asked = await ronda("ssh", "ask", "r1", "reload")
    assert asked.exit_code == 2
    assert place.host.lines == 0


async def test_an_output_is_read_without_a_device(tmp_path: Path) -> None:
    file = tmp_path / "out.txt"
    text = "\tReceiver signal average optical power     : 0.4562 mW / -3.41 dBm\n"
    file.write_text(text)  # a test's own file
    found = await ronda("ssh", "parse", str(file), "-p", "linux", "-c", "ethtool -m eth0", "--json")
    assert found.exit_code == 0, found.output
    (optic,) = json.loads(found.stdout)["optics"]
    assert (optic["rx_dbm"], optic["light"]) == (-3.41, "lit")
    unknown = await ronda("ssh", "parse", str(file), "-p", "linux", "-c", "show tech")
    assert unknown.exit_code == 2
    assert (await ronda("ssh", "parse", str(file), "-p", "none", "-c", "x")).exit_code == 2

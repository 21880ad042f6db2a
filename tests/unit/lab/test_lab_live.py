"""The lab on sockets of this machine: the echo wire, health pages, traps, addresses, its own clock."""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pyasn1.codec.ber import decoder
from pysnmp.proto import api

from collector.secrets import SshSecret, resolve
from collector.traps import TrapEvent, TrapListener, TrapSettings
from lab import sockets
from lab.lab import Lab
from lab.secrets import demo_environment
from lab.sockets import PROBE_PORT_OFFSET, LabError
from ronda.clock import SystemClock
from topology.model import Address, CredentialKind, DeviceId, Inventory

COLD_START, LINK_DOWN, LINK_UP = "1.3.6.1.6.3.1.1.5.1", "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.4"


@pytest.fixture
async def lab(inventory: Inventory) -> AsyncIterator[Lab]:
    async with Lab(inventory, addresses="ephemeral", environment={}, boot_s=0.2) as lab:
        yield lab


async def until(done: Callable[[], bool], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not done():  # noqa: ASYNC110  # what is waited for sets no event
            await asyncio.sleep(0.02)


def echo_request(sequence: int) -> bytes:
    blank = struct.pack("!BBHHH", 8, 0, 0, 77, sequence)
    total = sum(struct.unpack("!4H", blank))
    return blank[:2] + struct.pack("!H", ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF) + blank[4:]


async def ping(lab: Lab, device: str, within_s: float = 5.0) -> float | None:
    """Round trip in seconds, None for silence. Who expects silence waits less for it."""
    address = lab.inventory.devices[DeviceId(device)].address
    assert address is not None
    assert address.port is not None
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect((address.host, address.port + PROBE_PORT_OFFSET))
        started_s = loop.time()
        await loop.sock_sendall(sock, echo_request(5))
        try:
            reply = await asyncio.wait_for(loop.sock_recv(sock, 2_000), within_s)
        except TimeoutError:
            return None
        assert struct.unpack("!BB", reply[:2]) == (0, 0)
        assert reply[4:] == echo_request(5)[4:]
        return loop.time() - started_s


async def test_who_is_reachable_answers_echo_after_its_round_trip(lab: Lab) -> None:
    near_s, far_s = await ping(lab, "kuaro-r1"), await ping(lab, "samu-r1")
    assert near_s is not None
    assert far_s is not None
    assert far_s >= 0.040


async def test_a_lossy_link_loses_about_its_share(lab: Lab) -> None:
    lab.loss("samu-sat", 30.0)
    host, request = lab.hosts[DeviceId("samu-r1")], echo_request(1)
    answered = sum(host.echo(request) is not None for _ in range(1_000))
    assert answered == pytest.approx(490, abs=70), "0.7 there times 0.7 back"
    assert host.lost == 1_000 - answered
    lab.loss("samu-sat", 0.0)
    assert all(host.echo(request) for _ in range(100))


async def test_who_is_cut_off_is_silent_until_restored(lab: Lab) -> None:
    lab.cut("pkm-fiber")
    assert await ping(lab, "pkm-r1", 0.3) is None
    assert lab.hosts[DeviceId("pkm-r1")].dropped == 1
    lab.restore("pkm-fiber")
    assert await ping(lab, "pkm-r1") is not None


async def test_echo_answers_while_the_snmp_daemon_is_stopped(lab: Lab) -> None:
    lab.stop_snmp("kuaro-r1")
    assert await ping(lab, "kuaro-r1") is not None


async def test_a_reboot_ends_by_itself(lab: Lab) -> None:
    lab.reboot("kuaro-r1")
    assert await ping(lab, "kuaro-r1", 0.1) is None
    await until(lambda: lab.network.reachable(DeviceId("kuaro-r1")))
    assert await ping(lab, "kuaro-r1") is not None


async def test_flapping_happens_by_itself(lab: Lab) -> None:
    seen = []
    lab.network.listeners.append(lambda change: seen.append("down" if change.down else "up"))
    lab.flap("pkm-fiber", times=2, every_s=0.2)
    await until(lambda: len(seen) >= 4)
    assert seen == ["down", "up", "down", "up"]


async def test_applications_answer_while_their_host_is_reachable(lab: Lab) -> None:
    urls = {app.id: str(app.url) for app in lab.inventory.applications.values()}
    async with httpx.AsyncClient(timeout=5.0) as client:
        for url in urls.values():
            response = await client.get(url)
            assert (response.status_code, response.json()["status"]) == (200, "ok")
        lab.stop_app("e-surat")
        assert (await client.get(urls["e-surat"])).status_code == 503  # type: ignore[index]  # an id in the file
        lab.cut("pkm-fiber")
        with pytest.raises(httpx.TimeoutException):
            await client.get(urls["e-pkm"], timeout=0.4)  # type: ignore[index]  # an id in the file
        lab.restore("pkm-fiber")
        lab.start_app("e-surat")
        for url in urls.values():
            assert (await client.get(url)).status_code == 200


class TrapReceiver(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: list[tuple[tuple[str, int], dict[str, str]]] = []

    def datagram_received(self, data: bytes, addr: Any) -> None:
        module = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]
        message, rest = decoder.decode(data, asn1Spec=module.Message())
        assert rest == b""
        pdu = module.apiMessage.get_pdu(message)
        binds = {str(name): value.prettyPrint() for name, value in module.apiPDU.get_varbinds(pdu)}
        self.heard.append((addr, binds))


async def test_traps_come_from_who_still_reaches_the_vantage(inventory: Inventory) -> None:
    loop = asyncio.get_running_loop()
    transport, receiver = await loop.create_datagram_endpoint(TrapReceiver, local_addr=("127.0.0.1", 0))
    target = transport.get_extra_info("sockname")
    v2c = next(c.id for c in inventory.credentials.values() if c.kind is CredentialKind.SNMP_V2C)
    devices = {i: replace(d, snmp=(v2c,)) for i, d in inventory.devices.items()}
    inventory = replace(inventory, devices=devices)
    async with Lab(inventory, addresses="ephemeral", environment={}, trap_to=target, boot_s=0.0) as lab:
        lab.cut("pkm-fiber")
        lab.restore("pkm-fiber")
        lab.reboot("samu-r1")
        await until(lambda: COLD_START in {binds["1.3.6.1.6.3.1.1.4.1.0"] for _, binds in receiver.heard})
        address_of = {str(d.address): d.id for d in lab.inventory.devices.values()}
        kinds = [
            (address_of[f"{host}:{port}"], binds["1.3.6.1.6.3.1.1.4.1.0"])
            for (host, port), binds in receiver.heard
        ]
        down = [device for device, kind in kinds if kind == LINK_DOWN]
        assert down.count("kuaro-r1") == 1
        assert "pkm-r1" not in down, "it is cut off: its trap has no way"
        assert ("kuaro-r1", LINK_UP) in kinds
        assert ("pkm-r1", LINK_UP) in kinds
        assert ("samu-r1", COLD_START) in kinds
        port_index = lab.network.running[DeviceId("kuaro-r1")].if_index["GigabitEthernet0/0/3"]
        binds = next(b for _, b in receiver.heard if b["1.3.6.1.6.3.1.1.4.1.0"] == LINK_DOWN)
        assert binds[f"1.3.6.1.2.1.2.2.1.1.{port_index}"] == str(port_index)
        assert binds[f"1.3.6.1.2.1.2.2.1.8.{port_index}"] == "2"
    transport.close()


async def test_a_v3_device_sends_v3_traps_that_the_monitor_believes(inventory: Inventory) -> None:
    device = next(
        d
        for d in inventory.devices.values()
        if d.snmp and inventory.credentials[d.snmp[0]].kind is CredentialKind.SNMP_V3
    )
    environment = demo_environment(inventory)
    events: list[TrapEvent] = []
    listener = TrapListener(
        {"127.0.0.1": device.id},
        [
            secret
            for credential in inventory.credentials.values()
            if not isinstance(secret := resolve(credential, environment), SshSecret)
        ],
        events.append,
        SystemClock(),
        TrapSettings(host="127.0.0.1", port=0),
    )
    await listener.start()
    try:
        where = ("127.0.0.1", listener.port)
        async with Lab(inventory, addresses="ephemeral", environment=environment, trap_to=where) as lab:
            lab.reboot(device.id)
            await until(lambda: any("cold_start" in event.kinds for event in events), 8.0)
    finally:
        await listener.stop()
    assert listener.counters["traps_understood"] >= 1


async def test_status_counts_what_came_in(lab: Lab) -> None:
    await ping(lab, "kuaro-r1")
    lab.cut("pkm-fiber")
    await ping(lab, "pkm-r1", 0.05)
    datagrams = lab.status().data["datagrams"]
    assert (datagrams["echoes"], datagrams["unreachable"]) == (1, 1)


async def test_where_only_127_0_0_1_exists_every_device_gets_a_port(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS: the kernel refuses every other loopback address."""
    really_bind = sockets._bound

    def bind(host: str, port: int) -> socket.socket:
        if host != "127.0.0.1":
            raise OSError(errno.EADDRNOTAVAIL, "Can't assign requested address")
        return really_bind(host, port)

    monkeypatch.setattr(sockets, "_bound", bind)
    async with Lab(inventory, addresses="inventory", environment={}) as lab:
        assert lab.addresses == "ephemeral"
        assert {str(d.address).split(":")[0] for d in lab.inventory.devices.values()} == {"127.0.0.1"}
        assert await ping(lab, "kuaro-r1") is not None


async def test_two_ephemeral_labs_live_side_by_side(inventory: Inventory, lab: Lab) -> None:
    async with Lab(inventory, addresses="ephemeral", environment={}) as other:
        ours = {str(d.address) for d in lab.inventory.devices.values()}
        theirs = {str(d.address) for d in other.inventory.devices.values()}
        assert not ours & theirs
        other.cut("pkm-fiber")
        assert await ping(lab, "pkm-r1") is not None
        assert await ping(other, "pkm-r1", 0.3) is None


async def test_the_same_inventory_gives_the_same_devices(inventory: Inventory) -> None:
    async with Lab(inventory, addresses="ephemeral", environment={}) as one:
        first = one.network.hardware, {d: r.boots for d, r in one.network.running.items()}
    async with Lab(inventory, addresses="ephemeral", environment={}) as two:
        second = two.network.hardware, {d: r.boots for d, r in two.network.running.items()}
    assert {d: (h.mac, h.engine_id, h.model) for d, h in first[0].items()} == {
        d: (h.mac, h.engine_id, h.model) for d, h in second[0].items()
    }
    assert first[1] == second[1]


async def test_an_address_that_is_not_loopback_is_refused(
    inventory: Inventory,
) -> None:
    core = inventory.devices[DeviceId("core")]
    moved = replace(core, address=Address("192.0.2.1", 1161))
    changed = replace(inventory, devices={**inventory.devices, DeviceId("core"): moved})
    with pytest.raises(LabError, match="only plays loopback addresses"):
        await Lab(changed, environment={}).start()


async def test_a_taken_address_is_said_so(inventory: Inventory) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        last = inventory.devices[DeviceId("samu-r1")]
        moved = replace(last, address=Address("127.0.0.1", port))
        free = {
            d.id: replace(d, address=None) if d.id != "samu-r1" else moved for d in inventory.devices.values()
        }
        with pytest.raises(LabError, match="is taken"):
            await Lab(replace(inventory, devices=free, applications={}), environment={}).start()

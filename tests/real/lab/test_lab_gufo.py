"""The monitor's own SNMP engine, gufo-snmp, against the lab: versions, a reboot under its feet, silence."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from gufo.snmp import (
    Aes128Key,
    Aes256Key,
    DesKey,
    Md5Key,
    Sha1Key,
    Sha256Key,
    Sha512Key,
    SnmpError,
    SnmpVersion,
    User,
)
from gufo.snmp.aio import SnmpSession

from lab.agent import Agent
from lab.lab import Lab
from lab.usm import User as LabUser
from lab.usm import Usm, registry
from topology.model import DeviceId

pytestmark = pytest.mark.real

SYS_NAME, SYS_UP_TIME = "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.3.0"


def session(lab: Lab, device: str, timeout_s: float = 5.0, **credentials: Any) -> SnmpSession:
    address = lab.inventory.devices[DeviceId(device)].address
    assert address is not None
    assert address.port is not None
    if not credentials:
        secret = {name: value.encode() for name, value in lab.environment.items()}
        user = User(
            "noc", auth_key=Sha256Key(secret["LAB_TEST_AUTH"]), priv_key=Aes128Key(secret["LAB_TEST_PRIV"])
        )
        credentials = {"version": SnmpVersion.v3, "user": user}
    return SnmpSession(addr=address.host, port=address.port, timeout=timeout_s, **credentials)


async def test_v2c_get_and_bulk(lab: Lab) -> None:
    community = lab.environment["LAB_TEST_COMMUNITY"]
    async with session(lab, "kuaro-r1", version=SnmpVersion.v2c, community=community) as snmp:
        assert await snmp.get(SYS_NAME) == b"kuaro-r1"
        names = [value async for _, value in snmp.getbulk("1.3.6.1.2.1.31.1.1.1.1")]
        assert b"GigabitEthernet0/0/1" in names
        assert len(names) == len(lab.network.hardware[DeviceId("kuaro-r1")].ports)
        high = [value async for _, value in snmp.getbulk("1.3.6.1.2.1.31.1.1.1.6")]
        assert max(high) > 2**32


async def test_v3_discovers_the_engine_and_walks(lab: Lab) -> None:
    async with session(lab, "core") as snmp:
        assert snmp.get_engine_id() == lab.network.hardware[DeviceId("core")].engine_id
        rows = [row async for row in snmp.getbulk("1.3.6.1.4.1.14988.1.1.19.1.1.10")]
        assert len(rows) == 2
        assert all(-40_000 < value < 0 for _, value in rows)


async def test_after_a_reboot_the_old_session_recovers(lab: Lab) -> None:
    """Boots and time are new: gufo's first request fails, and after refresh() all is well."""
    async with session(lab, "kuaro-r1", 1.0) as snmp:
        before = await snmp.get(SYS_UP_TIME)
        boots = lab.network.running[DeviceId("kuaro-r1")].boots
        lab.reboot("kuaro-r1")
        async with asyncio.timeout(15.0):
            while True:
                try:
                    after = await snmp.get(SYS_UP_TIME)
                    break
                except TimeoutError:
                    continue
                except SnmpError:  # the report that boots and time are others now
                    await snmp.refresh()
        assert after < 1_000 < before
        assert lab.network.running[DeviceId("kuaro-r1")].boots == boots + 1


async def test_an_unreachable_device_times_out_and_comes_back(lab: Lab) -> None:
    async with session(lab, "pkm-r1", 1.0) as snmp:
        assert await snmp.get(SYS_NAME) == b"pkm-r1"
        lab.cut("pkm-fiber")
        with pytest.raises(TimeoutError):
            await snmp.get(SYS_NAME)
        lab.restore("pkm-fiber")
        assert await snmp.get(SYS_NAME) == b"pkm-r1"


async def test_a_stopped_daemon_times_out(lab: Lab) -> None:
    lab.stop_snmp("core")
    community = lab.environment["LAB_TEST_COMMUNITY"]
    async with session(lab, "core", 0.5, version=SnmpVersion.v2c, community=community) as snmp:
        with pytest.raises(TimeoutError):
            await snmp.get(SYS_NAME)


@pytest.mark.parametrize(
    ("auth", "auth_key", "priv", "priv_key"),
    [
        ("MD5", Md5Key, "DES", DesKey),
        ("SHA1", Sha1Key, "AES128", Aes128Key),
        ("SHA512", Sha512Key, "AES256", Aes256Key),
    ],
)
async def test_other_protocols(lab: Lab, auth: str, auth_key: Any, priv: str, priv_key: Any) -> None:
    host = lab.hosts[DeviceId("core")]
    user = LabUser("other", auth, "auth-secret-1", priv, "priv-secret-1")
    engine_id = lab.network.hardware[DeviceId("core")].engine_id
    usm = Usm(engine_id, registry([user]))
    running = lab.network.running[DeviceId("core")]
    usm.booted(running.boots, running.booted_at_s)
    host.agent = Agent(communities_v1=(), communities_v2c=(), usm=usm)
    asked = User("other", auth_key=auth_key(b"auth-secret-1"), priv_key=priv_key(b"priv-secret-1"))
    async with session(lab, "core", version=SnmpVersion.v3, user=asked) as snmp:
        assert await snmp.get(SYS_NAME) == b"core"

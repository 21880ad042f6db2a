"""Against net-snmp's snmpd: every version and protocol, and an agent that reboots."""

from __future__ import annotations

from typing import Any

import pytest

from collector.poll import Poller, PollSettings
from collector.profile import load_profiles
from collector.secrets import CommunitySecret, SnmpSecret, UsmSecret
from ronda.clock import SystemClock
from topology.model import Address, CredentialId, Device, DeviceId
from topology.observations import PollFault, PollResult, PortStatus, Reachability, SystemInfo

pytestmark = pytest.mark.real

ID = CredentialId("c")
AUTH_KEY, PRIV_KEY = "authpass123", "privpass123"
USM = [
    UsmSecret(ID, "md5des", "MD5", AUTH_KEY, "DES", PRIV_KEY),
    UsmSecret(ID, "shaaes", "SHA1", AUTH_KEY, "AES128", PRIV_KEY),
    UsmSecret(ID, "sha224", "SHA224", AUTH_KEY),
    UsmSecret(ID, "sha256aes", "SHA256", AUTH_KEY, "AES128", PRIV_KEY),
    UsmSecret(ID, "sha384", "SHA384", AUTH_KEY),
    UsmSecret(ID, "sha512aes256", "SHA512", AUTH_KEY, "AES256", PRIV_KEY),
    UsmSecret(ID, "shaaes192", "SHA1", AUTH_KEY, "AES192", PRIV_KEY),
    UsmSecret(ID, "open"),
]
SECRETS: list[SnmpSecret] = [CommunitySecret(ID, "1", "public"), CommunitySecret(ID, "2c", "public"), *USM]


def name_of(secret: SnmpSecret) -> str:
    return secret.version if isinstance(secret, CommunitySecret) else secret.user


def poller_with(*secrets: SnmpSecret) -> Poller:
    named = {CredentialId(f"c{n}"): secret for n, secret in enumerate(secrets)}
    return Poller({}, load_profiles(), SystemClock(), {}, settings=PollSettings(timeout_s=0.5), secrets=named)


def device(port: int, credentials: int = 1) -> Device:
    names = tuple(CredentialId(f"c{n}") for n in range(credentials))
    return Device(DeviceId("d"), None, Address("127.0.0.1", port), snmp=names)


def answered(result: PollResult) -> bool:
    return any(isinstance(seen, Reachability) and seen.answered for seen in result.observations)


async def test_every_version_and_protocol(snmpd: Any) -> None:
    for secret in SECRETS:
        poller = poller_with(secret)
        for _ in range(2):
            result = await poller.poll(device(snmpd.port), deadline_s=20)
            assert result.errors == (), name_of(secret)
            (info,) = (seen for seen in result.observations if isinstance(seen, SystemInfo))
            assert info.sys_name == "real"
            assert info.profile == "net-snmp"
            assert any(isinstance(s, PortStatus) and s.port.if_name == "lo" for s in result.observations)
        await poller.stop()


async def test_a_wrong_key_is_said_to_be_one(snmpd: Any) -> None:
    wrong = UsmSecret(ID, "sha256aes", "SHA256", "something else", "AES128", PRIV_KEY)
    poller = poller_with(wrong)
    result = await poller.poll(device(snmpd.port), deadline_s=20)
    assert [error.fault for error in result.errors] == [PollFault.AUTHENTICATION]
    assert "something else" not in str(result)
    await poller.stop()


async def test_credentials_are_tried_in_order_and_the_one_that_works_is_kept(snmpd: Any) -> None:
    wrong = CommunitySecret(ID, "2c", "wrong")
    poller = poller_with(wrong, USM[3])
    first = await poller.poll(device(snmpd.port, 2), deadline_s=20)
    assert first.errors == ()
    tried = dict(poller.counters)
    second = await poller.poll(device(snmpd.port, 2), deadline_s=20)
    assert second.errors == ()
    assert poller.counters["snmp_retries"] == tried["snmp_retries"], "nothing was tried anew"
    await poller.stop()


async def test_a_reboot_of_the_agent_costs_no_poll(snmpd: Any) -> None:
    poller = poller_with(USM[3])
    assert (await poller.poll(device(snmpd.port), deadline_s=20)).errors == ()
    snmpd.reboot()
    result = await poller.poll(device(snmpd.port), deadline_s=20)
    assert answered(result)
    assert result.errors == ()
    assert poller.counters["snmp_v3_resyncs"] >= 1
    await poller.stop()

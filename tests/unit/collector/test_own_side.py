"""A fault on the monitor's own side says nothing of the device: unknown is not down."""

from __future__ import annotations

from collector.poll import Poller
from collector.profile import load_profiles
from ronda.clock import SystemClock
from topology.model import Address, Credential, CredentialId, CredentialKind, Device, DeviceId, OfficeId
from topology.observations import PollFault, Reachability

SECRET = CredentialId("paser")
CREDENTIALS = {SECRET: Credential(SECRET, CredentialKind.SNMP_V2C, community_env="RONDA_SNMP_COMMUNITY")}


def device(*, snmp: tuple[CredentialId, ...]) -> Device:
    return Device(DeviceId("r1"), OfficeId("o"), Address("127.0.0.1", 9), snmp=snmp)


async def test_a_missing_secret_is_no_silence() -> None:
    poller = Poller(CREDENTIALS, load_profiles(), SystemClock(), environ={})
    await poller.start()
    result = await poller.poll(device(snmp=(SECRET,)), deadline_s=2)
    await poller.stop()
    assert [e.fault for e in result.errors] == [PollFault.CONFIGURATION]
    assert "RONDA_SNMP_COMMUNITY" in result.errors[0].message
    assert [o for o in result.observations if isinstance(o, Reachability)] == []


async def test_a_device_that_nobody_asks_over_snmp_is_not_silent() -> None:
    poller = Poller(CREDENTIALS, load_profiles(), SystemClock(), environ={})
    await poller.start()
    result = await poller.poll(device(snmp=()), deadline_s=2)
    await poller.stop()
    assert result.observations == ()

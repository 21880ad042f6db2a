"""One way to poll the fleet, alone in its process so that its CPU and memory are its own. Prints JSON.

`python -m benchmarks.snmp.contender ronda --devices 100 --rounds 10 --port 16161`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import time
from typing import Any

from benchmarks.snmp.fleet import ALIVE, DEAD

COLUMNS = [
    *(f"1.3.6.1.2.1.2.2.1.{n}" for n in (7, 8, 9, 13, 14, 19, 20)),
    *(f"1.3.6.1.2.1.31.1.1.1.{n}" for n in (1, 6, 10, 15, 18)),
    "1.3.6.1.2.1.99.1.1.1.4",
    "1.3.6.1.2.1.99.1.1.1.5",
]
"""12 interface columns and the sensors' values and states, for contenders that walk."""


def address_of(n: int, dead: int) -> str:
    base = DEAD if n < dead else ALIVE
    return f"{base}.{n // 250}.{n % 250 + 1}"


async def ronda(given: argparse.Namespace) -> dict[str, Any]:
    """The product's own poller: learned rows, packed GETs, everything decoded into observations."""
    from collector.poll import Poller
    from collector.profile import load_profiles
    from collector.secrets import CommunitySecret, SnmpSecret, UsmSecret
    from ronda.clock import SystemClock
    from topology.model import Address, CredentialId, Device, DeviceId
    from topology.observations import PortCounters

    name = CredentialId("c")
    secret: SnmpSecret = CommunitySecret(name, "2c", "public")
    if given.v3:
        secret = UsmSecret(name, "bench", "SHA256", "authpass123", "AES128", "privpass123")
    poller = Poller({}, load_profiles(), SystemClock(), {}, secrets={name: secret})
    await poller.start()
    devices = [
        Device(
            DeviceId(f"d{n}"),
            None,
            Address("127.0.0.1" if given.v3 else address_of(n, given.dead), given.port),
            snmp=(name,),
        )
        for n in range(given.devices)
    ]
    places = asyncio.Semaphore(given.in_flight)
    took_s: list[float] = []
    good = 0

    async def one(device: Device) -> None:
        nonlocal good
        async with places:
            result = await poller.poll(device, deadline_s=48)
        took_s.append(result.duration_s)
        good += sum(isinstance(seen, PortCounters) for seen in result.observations) == given.ports

    began_cpu_s = time.process_time()
    await asyncio.gather(*(one(device) for device in devices))
    learning_cpu_s = time.process_time() - began_cpu_s
    requests = poller.counters["snmp_requests"]
    rates: list[float] = []
    round_s: list[float] = []
    cpu_s: list[float] = []
    for _ in range(given.rounds):
        took_s.clear()
        good = 0
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        await asyncio.gather(*(one(device) for device in devices))
        cpu_s.append(time.process_time() - began_cpu_s)
        round_s.append(time.perf_counter() - began_s)
        rates.append((given.devices - given.dead) / cpu_s[-1])
        assert good == given.devices - given.dead, f"{good} of {given.devices} devices polled whole"
    took_s.sort()
    await poller.stop()
    return {
        "polls_per_cpu_s": statistics.median(rates),
        "best_polls_per_cpu_s": max(rates),
        "round_s": statistics.median(round_s),
        "round_cpu_s": statistics.median(cpu_s),
        "p99_ms": 1000 * took_s[int(0.99 * (len(took_s) - 1))],
        "requests_per_poll": (poller.counters["snmp_requests"] - requests) / given.rounds / given.devices,
        "learning_cpu_ms_per_device": 1000 * learning_cpu_s / given.devices,
    }


async def pysnmp(given: argparse.Namespace) -> dict[str, Any]:
    """pysnmp at its best: one engine, no MIB lookups, a GETBULK walk a column."""
    from pysnmp.hlapi.v3arch import asyncio as hlapi

    engine = hlapi.SnmpEngine()
    auth: Any = hlapi.CommunityData("public", mpModel=1)  # noqa: S508 - what is measured
    if given.v3:
        auth = hlapi.UsmUserData(
            "bench",
            "authpass123",
            "privpass123",
            authProtocol=hlapi.USM_AUTH_HMAC192_SHA256,
            privProtocol=hlapi.USM_PRIV_CFB128_AES,
        )
    places = asyncio.Semaphore(given.in_flight)

    async def one(n: int) -> None:
        host = "127.0.0.1" if given.v3 else address_of(n, 0)
        async with places:
            target = await hlapi.UdpTransportTarget.create((host, given.port), timeout=5, retries=1)
            for column in COLUMNS:
                cursor, going = column, True
                while going:
                    error, _, _, bindings = await hlapi.bulk_cmd(
                        engine,
                        auth,
                        target,
                        hlapi.ContextData(),
                        0,
                        30,
                        hlapi.ObjectType(hlapi.ObjectIdentity(cursor)),
                        lookupMib=False,
                    )
                    assert not error, error
                    for binding in bindings:
                        cursor = str(binding[0])
                        past = type(binding[1]).__name__ == "EndOfMibView"
                        if past or not cursor.startswith(column + "."):
                            going = False
                            break

    began_cpu_s = time.process_time()
    for _ in range(given.rounds):
        await asyncio.gather(*(one(n) for n in range(given.devices)))
    spent_s = time.process_time() - began_cpu_s
    return {"polls_per_cpu_s": given.devices * given.rounds / spent_s}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=["ronda", "pysnmp"])
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--dead", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--in-flight", type=int, default=10)
    parser.add_argument("--ports", type=int, default=28)
    parser.add_argument("--port", type=int, default=16161)
    parser.add_argument("--v3", action="store_true")
    given = parser.parse_args()
    if given.way == "ronda":
        import uvloop

        found = uvloop.run(ronda(given))
    else:
        found = asyncio.run(pysnmp(given))
    found["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found))


if __name__ == "__main__":
    main()

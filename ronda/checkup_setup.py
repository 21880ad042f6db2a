"""What was set up: inventory, secrets, receivers, the running server. Nothing is changed, nothing is sent."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from alerts.channels.memory import ShortMemory
from collector.secrets import SecretError, resolve
from ronda.build_channels import Parts, build_channels
from ronda.checkup import Finding, bad, good, note
from ronda.clock import SystemClock
from ronda.receiver_settings import ReceiverSettings
from ronda.section import SettingsError
from ronda.settings import Settings
from topology.inventory import Level, read_inventory_file
from topology.model import Inventory

REACH_S = 4.0
_URLS = ("url", "api_url")


def inventory(path: Path) -> tuple[Inventory | None, Finding]:
    found, problems = read_inventory_file(path)
    errors = [p for p in problems if p.level is Level.ERROR]
    if found is None or errors:
        first = str(errors[0]) if errors else f"{path} can't be read"
        return found, bad("inventory", first, f"ronda check {path}")
    words = f"{path}: {len(found.offices)} offices, {len(found.devices)} devices, {len(found.links)} links"
    if problems:
        return found, note("inventory", f"{words}; {len(problems)} warnings", f"ronda check {path}")
    return found, good("inventory", words)


def secrets(known: Inventory, environ: Mapping[str, str]) -> list[Finding]:
    """Is every secret that a device needs where the inventory says."""
    used = {c for d in known.devices.values() for c in (*d.snmp, *([d.ssh] if d.ssh else []))}
    found = []
    for id_ in sorted(used):
        try:
            resolve(known.credentials[id_], environ)
        except SecretError as error:
            words = str(error).removeprefix(f"credential {id_}: ")
            found.append(bad(f"credential {id_}", words, "set the variable, or put the file in place"))
        else:
            found.append(good(f"credential {id_}", "is there"))
    return found


def receivers(settings: Settings, environ: Mapping[str, str]) -> list[Finding]:
    """Can each channel be built (its secrets are there)."""
    found = []
    for receiver in settings.alerts.receivers:
        part = f"receiver {receiver.id}"
        alone = settings.alerts.model_copy(update={"receivers": [receiver]})
        try:
            build_channels(alone, environ, Parts(SystemClock(), ShortMemory()))
        except SettingsError as error:
            found.append(bad(part, str(error), "docs/channels.md says what each channel needs"))
        else:
            kinds = ", ".join(c.kind for c in receiver.channels)
            found.append(good(part, f"{kinds}: set up; `ronda alerts test {receiver.id}` sends a message"))
    if settings.alerts.receivers and not settings.alerts.routes:
        found.append(bad("routes", "no route leads to any receiver", "add alerts.routes (docs/routing.md)"))
    return found


def hosts_of(receiver: ReceiverSettings) -> Iterable[tuple[str, int]]:
    """(host, port) of each channel that talks to one named in the settings."""
    for channel in receiver.channels:
        told: dict[str, Any] = channel.model_dump()
        if "host" in told:
            default = {"tls": 465, "none": 25}.get(str(told.get("security")), 587)
            yield str(told["host"]), int(told.get("port") or default)
            continue
        url = next((told[name] for name in _URLS if told.get(name)), None)
        if url is None:
            continue
        parts = urlsplit(str(url))
        if parts.hostname:
            yield parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


async def reachable(settings: Settings) -> list[Finding]:
    """Does each receiver's host take a connection."""
    wanted = [(r.id, host, port) for r in settings.alerts.receivers for host, port in hosts_of(r)]
    return list(await asyncio.gather(*(_connect(*one) for one in wanted)))


async def _connect(receiver: str, host: str, port: int) -> Finding:
    part = f"receiver {receiver}"
    try:
        async with asyncio.timeout(REACH_S):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        cure = "is a firewall in between? does the proxy allow it?"
        return bad(part, f"{host} port {port} does not answer within {REACH_S:g} s", cure)
    except socket.gaierror:
        return bad(part, f"the name {host} is not known to DNS", "check the name, and /etc/resolv.conf")
    except OSError as error:
        return bad(part, f"{host} port {port}: {error.strerror or error}", "is it running there?")
    writer.close()
    return good(part, f"{host} port {port} takes connections")


async def server(url: str) -> tuple[bool, Finding]:
    """Whether a Ronda answers at `url`, and how it is."""
    try:
        async with httpx.AsyncClient(timeout=REACH_S, trust_env=False) as client:
            answer = await client.get(f"{url}/readyz")
            checks = answer.json()["checks"]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return False, note("server", f"no Ronda answers at {url}", "start it: ronda serve")
    wrong = [f"{c['name']}: {c['why'] or 'not ready'}" for c in checks if not c["ok"]]
    if wrong:
        return True, bad("server", "; ".join(wrong), "its log says more (journalctl -u ronda)")
    return True, good("server", f"runs at {url}, and all its checks pass")

"""Loopback sockets for the devices: at the inventory's own addresses, or a port pair each on 127.0.0.1."""

from __future__ import annotations

import errno
import ipaddress
import socket
from dataclasses import dataclass, replace
from urllib.parse import urlsplit, urlunsplit

from topology.model import Address, Application, ApplicationId, Device, DeviceId, Inventory

PROBE_PORT_OFFSET = 1_000
"""The echo wire of a device is at its SNMP port plus this."""
SNMP_PORT = 161
LOOPBACK = "127.0.0.1"
_TRIES = 200


class LabError(Exception):
    """The lab can't be set up; the text says what to do."""


@dataclass(frozen=True, slots=True)
class DeviceSockets:
    address: Address
    snmp: socket.socket
    probe: socket.socket

    def close(self) -> None:
        self.snmp.close()
        self.probe.close()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        opened.setblocking(False)
        opened.bind((host, port))
    except BaseException:
        opened.close()
        raise
    return opened


def free_pair() -> DeviceSockets:
    """Two sockets on 127.0.0.1, the second a thousand ports above the first, both still free."""
    for _ in range(_TRIES):
        snmp = _bound(LOOPBACK, 0)
        port = snmp.getsockname()[1]
        if port + PROBE_PORT_OFFSET <= 65_535:
            try:
                return DeviceSockets(
                    Address(LOOPBACK, port), snmp, _bound(LOOPBACK, port + PROBE_PORT_OFFSET)
                )
            except OSError:
                pass  # the upper port is taken: try another pair
        snmp.close()
    raise LabError("no two free UDP ports a thousand apart on 127.0.0.1")


def own_address(device: Device) -> DeviceSockets:
    """At the inventory's address. LabError, or OSError EADDRNOTAVAIL where the machine hasn't got it."""
    address = device.address
    assert address is not None
    try:
        loopback = ipaddress.ip_address(address.host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise LabError(
            f"{device.id} is at {address.host}: the lab only plays loopback addresses (127.x.y.z);"
            " with `--addresses ephemeral` it gives every device a port of its own instead"
        )
    port = address.port or SNMP_PORT
    try:
        snmp = _bound(address.host, port)
        try:
            return DeviceSockets(address, snmp, _bound(address.host, port + PROBE_PORT_OFFSET))
        except BaseException:
            snmp.close()
            raise
    except OSError as err:
        if err.errno == errno.EADDRINUSE:
            raise LabError(f"{address.host} port {port} is taken: is another lab running?") from err
        if err.errno == errno.EACCES:
            raise LabError(f"port {port} needs root: give {device.id} a port above 1023, like 1161") from err
        raise


def open_devices(inventory: Inventory, *, ephemeral: bool) -> dict[DeviceId, DeviceSockets]:
    """Sockets of every monitored device; all of them, or none and an error."""
    opened: dict[DeviceId, DeviceSockets] = {}
    try:
        for device in inventory.devices.values():
            if device.monitored:
                opened[device.id] = free_pair() if ephemeral else own_address(device)
    except OSError as err:
        _close(opened)
        if ephemeral or err.errno != errno.EADDRNOTAVAIL:
            raise LabError(f"can't open the devices' sockets: {err}") from err
        # macOS has 127.0.0.1 only: a port for each device instead.
        return open_devices(inventory, ephemeral=True)
    except LabError:
        _close(opened)
        raise
    return opened


def _close(opened: dict[DeviceId, DeviceSockets]) -> None:
    for pair in opened.values():
        pair.close()


def open_applications(inventory: Inventory, *, ephemeral: bool) -> dict[ApplicationId, socket.socket]:
    """A listening socket for each application that has a plain HTTP URL on a loopback address."""
    opened: dict[ApplicationId, socket.socket] = {}
    for application in inventory.applications.values():
        target = loopback_target(application)
        if target is None:
            continue
        host, port = target
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((LOOPBACK, 0) if ephemeral else (host, port))
        except OSError as err:
            listener.close()
            for other in opened.values():
                other.close()
            raise LabError(f"can't listen for {application.id} at {host} port {port}: {err}") from err
        listener.setblocking(False)
        opened[application.id] = listener
    return opened


def loopback_target(application: Application) -> tuple[str, int] | None:
    """Host and port the lab can serve for this application, if its URL is one of ours."""
    if application.url is None:
        return None
    url = urlsplit(application.url)
    if url.scheme != "http" or url.hostname is None:
        return None
    host = LOOPBACK if url.hostname == "localhost" else url.hostname
    try:
        return (host, url.port or 80) if ipaddress.ip_address(host).is_loopback else None
    except ValueError:
        return None


def derived(
    inventory: Inventory,
    devices: dict[DeviceId, DeviceSockets],
    applications: dict[ApplicationId, socket.socket],
) -> Inventory:
    """The inventory with the addresses and URLs that are really served: what the monitor has to read."""
    return replace(
        inventory,
        devices={
            device.id: replace(device, address=devices[device.id].address) if device.id in devices else device
            for device in inventory.devices.values()
        },
        applications={
            app.id: replace(app, url=_served_url(app, applications[app.id]))
            if app.id in applications
            else app
            for app in inventory.applications.values()
        },
    )


def _served_url(application: Application, listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    netloc = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return urlunsplit(urlsplit(application.url or "")._replace(netloc=netloc))

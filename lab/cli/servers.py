"""An SSH server for each of the lab's devices that the inventory gives an SSH credential."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lab.cli.texts import TEXTS
from topology.model import Credential, CredentialId, CredentialKind, Device, DeviceId, Inventory

if TYPE_CHECKING:
    from lab.cli.host import CliHost, Shell
    from lab.network import Network

SSH_PORT = 22
_HELLO = {"mikrotik": "ROSSSH", "cisco": "Cisco-1.25", "huawei": "HUAWEI-1.5", "zte": "ZTE_SSH_1.0"}
_UNKNOWN = {
    "mikrotik": "bad command name (line 1 column 1)",
    "huawei": "Error: Unrecognized command found at '^' position.",
    "cisco": "% Invalid input detected at '^' marker.",
    "zte": "%Error 20201: Unknown command",
}


class CliServers:
    """Constructed inert. `open` binds (so that the inventory can be told where), `start` serves."""

    def __init__(self, password: Callable[[Credential], str]) -> None:
        """`password` gives what the devices take for a credential."""
        self._password = password
        self._sockets: dict[DeviceId, socket.socket] = {}
        self.hosts: dict[DeviceId, CliHost] = {}
        self.known_hosts: list[str] = []
        """A line a device, for whoever is to trust them."""

    def open(self, inventory: Inventory, *, ephemeral: bool) -> Inventory:
        """Binds. Returns the inventory as served: where ports had to be free ones, with a credential for each
        such device. Raises OSError."""
        devices, credentials = dict(inventory.devices), dict(inventory.credentials)
        for device in inventory.devices.values():
            credential = _credential(inventory, device)
            if credential is None or device.address is None:
                continue
            port = 0 if ephemeral else credential.port or SSH_PORT
            listener = socket.socket(socket.AF_INET6 if ":" in device.address.host else socket.AF_INET)
            self._sockets[device.id] = listener
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((device.address.host, port))
            if ephemeral:
                own = CredentialId(f"{credential.id}-{device.id}")
                credentials[own] = replace(credential, id=own, port=listener.getsockname()[1])
                devices[device.id] = replace(device, ssh=own)
        return replace(inventory, devices=devices, credentials=credentials)

    async def start(self, network: Network, inventory: Inventory, now: Callable[[], float]) -> None:
        if not self._sockets:
            return
        import asyncssh

        from lab.cli.host import CliHost, Login

        for device_id, listener in self._sockets.items():
            device = inventory.devices[device_id]
            credential = _credential(inventory, device)
            assert credential is not None
            key = asyncssh.generate_private_key("ssh-ed25519")
            login = Login(credential.user or "noc", self._password(credential))
            reachable = partial(network.reachable, device_id)
            host = CliHost(_shell(network, device_id, now), login, key, reachable)
            address, port = listener.getsockname()[:2]
            public = key.export_public_key("openssh").decode().split()
            name = address if port == SSH_PORT else f"[{address}]:{port}"
            self.known_hosts.append(f"{name} {public[0]} {public[1]}")
            await host.start(listener)
            self.hosts[device_id] = host

    async def stop(self) -> None:
        for host in self.hosts.values():
            await host.stop()
        for listener in self._sockets.values():
            listener.close()
        self._sockets.clear()

    def drop_unreachable(self) -> None:
        """After a change: sessions to devices that can't be reached any more end."""
        for host in self.hosts.values():
            if not host.reachable:
                host.drop()

    def write_known_hosts(self, path: Path) -> None:
        path.write_text("".join(f"{line}\n" for line in self.known_hosts), encoding="utf-8")

    @property
    def counters(self) -> Mapping[str, int]:
        hosts = self.hosts.values()
        return {"ssh_logins": sum(h.logins for h in hosts), "ssh_lines": sum(h.lines for h in hosts)}


def _credential(inventory: Inventory, device: Device) -> Credential | None:
    found = None if device.ssh is None else inventory.credentials.get(device.ssh)
    return found if found is not None and found.kind is CredentialKind.SSH else None


def _shell(network: Network, device: DeviceId, now: Callable[[], float]) -> Shell:
    from lab.cli.host import Shell as Shown

    hardware = network.hardware[device]
    vendor = hardware.vendor.id
    texts = TEXTS.get(vendor, {})
    name = hardware.sys_name
    prompt = {"mikrotik": f"[noc@{name}] > ", "huawei": f"<{name}>"}.get(vendor, f"{name}#")

    def answer(line: str) -> str:
        known = texts.get(line)
        if known is None:
            return _UNKNOWN.get(vendor, "unknown command")
        network.advance(now())
        return known(network, hardware, now())

    hello = _HELLO.get(vendor, "OpenSSH_9.2")
    return Shown(prompt, answer, banner="Hanya untuk petugas.\n", hello=hello)

"""The devices on their sockets: datagrams answered after the simulated round trip, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from lab import echo
from lab.agent import Agent
from lab.mib import build
from lab.network import Network
from lab.seeds import rng
from lab.usm import User
from lab.view import View
from topology.model import DeviceId

_JITTER = 0.15
"""Largest share by which a round trip is longer than its path's own."""


class Host:
    """One device as the wire sees it: its agent, its MIB as of now, its round trip."""

    def __init__(self, network: Network, device: DeviceId, agent: Agent, now: Callable[[], float]) -> None:
        self.device = device
        self.agent = agent
        self.echoes = 0
        self.dropped = 0
        """Datagrams that a device out of reach never saw."""
        self.lost = 0
        """Datagrams, or their answers, that a lossy link on the way lost."""
        self._network = network
        self._now = now
        self._view: View | None = None
        self._view_of = (-1, -1)
        self._dice = rng("jitter", device)
        self._boots = 0

    def snmp(self, datagram: bytes) -> bytes | None:
        at_s = self._now()
        if not self._network.answers_snmp(self.device):
            self.dropped += 1
            return None
        if self._is_lost():
            return None
        self._keep_engine_time()
        return self.agent.answer(datagram, self.view, at_s)

    def notification_by(self, user: User, pdu: Any, message_id: int) -> bytes:
        """A v3 trap, sealed with the engine's time of now."""
        self._keep_engine_time()
        return self.agent.usm.notification(user, pdu, message_id, self._now())

    def _keep_engine_time(self) -> None:
        running = self._network.running[self.device]
        if running.boots != self._boots:
            self.agent.usm.booted(running.boots, running.booted_at_s)
            self._boots = running.boots

    def echo(self, datagram: bytes) -> bytes | None:
        if not self._network.reachable(self.device):
            self.dropped += 1
            return None
        if self._is_lost():
            return None
        reply = echo.answer(datagram)
        self.echoes += reply is not None
        return reply

    def view(self) -> View:
        """Built again only after a change that a table could show."""
        if self._view is None or self._view_of != (self._network.version, self._boots):
            self._view = build(self._network, self.device)
            self._view_of = (self._network.version, self._boots)
        return self._view

    def _is_lost(self) -> bool:
        lost = self._dice.random() < self._network.round_trip_loss(self.device)
        self.lost += lost
        return lost

    def delay_s(self) -> float:
        return self._network.state.rtt_s.get(self.device, 0.0) * (1.0 + _JITTER * self._dice.random())


class Responder(asyncio.DatagramProtocol):
    """Answers each datagram with `answer`, late by the device's round trip."""

    def __init__(self, host: Host, answer: Callable[[bytes], bytes | None]) -> None:
        self._host = host
        self._answer = answer
        self._transport: asyncio.DatagramTransport | None = None
        self.send_errors = 0

    def connection_made(
        self,
        transport: asyncio.DatagramTransport,  # type: ignore[override]  # what asyncio hands to this kind
    ) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        reply = self._answer(data)
        if reply is not None:
            asyncio.get_running_loop().call_later(self._host.delay_s(), self.send, reply, addr)

    def send(self, data: bytes, addr: Any) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, addr)

    def error_received(self, exc: Exception) -> None:  # noqa: ARG002  # the interface of asyncio
        # The asker has gone away: nothing to do about it, but count it.
        self.send_errors += 1

"""Reachability by ICMP echo, thousands of targets at a time, from one socket a family.

What is asked comes from RFC 792 and RFC 4443; which wire carries it is chosen at start (docs/probing.md).
A reply in time is an answer; everything else (silence, an ICMP error, a send error) is none, and the
counters say which. Nothing that the network or the kernel does raises out of `probe`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from collector.echo import Echo, EchoCounters, ProbeTarget
from collector.echo_exchange import EchoExchange
from collector.fping import Fping
from collector.icmp_sockets import Wire
from collector.icmp_wire import IpVersion
from collector.resolve import Resolved, Resolver
from topology.clock import Clock
from topology.observations import Means, Reachability

__all__ = ["ProbeTarget", "Prober", "ProberSettings", "Wire", "WireNotAllowedError"]

_WIRES = ("auto", *(wire for wire in Wire if wire is not Wire.NONE))
_NEEDS = {
    Wire.RAW: "raw ICMP needs CAP_NET_RAW: AmbientCapabilities=CAP_NET_RAW in the systemd unit, "
    "or cap_add: [NET_RAW] in a container",
    Wire.DATAGRAM: "datagram ICMP needs this process's group in sysctl net.ipv4.ping_group_range "
    '(e.g. "0 2147483647")',
    Wire.LAB: "the lab's UDP can't be used",
}


@dataclass(frozen=True, slots=True)
class ProberSettings:
    wire: str = "auto"
    """auto (raw, else datagram, else fping), or one of raw, datagram, fping, lab."""
    packets_per_s: float = 5000.0
    """Over all probes together."""
    burst: int = 32
    """Packets sent back to back before the loop may read answers."""
    source_v4: str | None = None
    source_v6: str | None = None
    name_ttl_s: float = 300.0
    name_retry_s: float = 30.0
    fping: str = "fping"


class WireNotAllowedError(Exception):
    """The wire that the settings demand can't be opened; the text says how to allow it."""


class Prober:
    """Inert until `start`. `wire` and `why` say what is used, and how to allow a better one."""

    def __init__(self, settings: ProberSettings, clock: Clock) -> None:
        if settings.wire not in _WIRES:
            raise ValueError(f"wire is one of {', '.join(_WIRES)}, not {settings.wire!r}")
        self._settings = settings
        self.counters = EchoCounters()
        self.wire = Wire.NONE
        self.why = "not started"
        self._exchange = EchoExchange(
            clock, self.counters, packets_per_s=settings.packets_per_s, burst=settings.burst
        )
        self._fping = Fping(settings.fping, settings.packets_per_s, clock, self.counters)
        self._resolver = Resolver(clock, settings.name_ttl_s, settings.name_retry_s)

    @property
    def in_flight(self) -> int:
        """Requests that are waited for now."""
        return self._exchange.in_flight

    async def start(self) -> None:
        """Opens the sockets. Raises WireNotAllowedError when the settings demand a wire that isn't to be
        had; with "auto" and none to be had, `wire` is "none" and a probe gives no observation at all."""
        if self.wire is not Wire.NONE:
            return
        demanded = self._settings.wire
        candidates = [Wire.RAW, Wire.DATAGRAM, Wire.FPING] if demanded == "auto" else [Wire(demanded)]
        refusals: list[str] = []
        for wire in candidates:
            refusal = await self._try(wire)
            if refusal is None:
                self.wire = wire
                self.why = "; ".join([f"{wire} is used", *refusals])
                return
            refusals.append(refusal)
        self.why = "; ".join(["no wire can be used", *refusals])
        if demanded != "auto":
            raise WireNotAllowedError(self.why)

    async def stop(self) -> None:
        self.wire = Wire.NONE
        self.why = "stopped"
        self._exchange.close()
        await self._resolver.stop()

    async def probe(
        self,
        targets: Sequence[ProbeTarget],
        count: int = 1,
        timeout_s: float = 1.0,
        interval_s: float = 1.0,
    ) -> list[Reachability]:
        """One observation a target and round, round by round, in the order of `targets`.

        Rounds start `interval_s` apart and do not wait for each other. An observation's `at` is when the
        answer arrived, or when the unanswered request was sent. `sent` is 0 where nothing could leave this
        machine (`counters.send_errors`, `counters.unresolved`).
        """
        if not targets:
            return []
        if count == 1:
            return await self._round(targets, timeout_s, 0.0)
        async with asyncio.TaskGroup() as group:
            rounds = [
                group.create_task(self._round(targets, timeout_s, n * interval_s)) for n in range(count)
            ]
        return [observation for round_ in rounds for observation in round_.result()]

    async def _try(self, wire: Wire) -> str | None:
        """``None`` when the wire is there; else what it needs."""
        if wire is Wire.FPING:
            refusal = await self._fping.refusal()
            return refusal and f"fping does not work ({refusal})"
        sources = {IpVersion.V4: self._settings.source_v4, IpVersion.V6: self._settings.source_v6}
        error = self._exchange.open(wire, sources)
        return None if error is None else f"{_NEEDS[wire]} ({error.strerror})"

    async def _round(
        self, targets: Sequence[ProbeTarget], timeout_s: float, delay_s: float
    ) -> list[Reachability]:
        if delay_s:
            await asyncio.sleep(delay_s)
        addresses = await self._resolve(targets, timeout_s)
        if self.wire is Wire.NONE:
            self.counters.unsent += len(targets)
            return []
        way = self._fping if self.wire is Wire.FPING else self._exchange
        patience_s = max(timeout_s if t.patience_s is None else t.patience_s for t in targets)
        echoes = await way.round(targets, addresses, min(timeout_s, patience_s))
        return [self._observation(echo) for echo in echoes]

    async def _resolve(self, targets: Sequence[ProbeTarget], timeout_s: float) -> list[Resolved | None]:
        known = self._resolver.known
        addresses = [known(target.address.host) for target in targets]
        if None in addresses:
            missing = [t.address.host for t, a in zip(targets, addresses, strict=True) if a is None]
            await self._resolver.wait(missing, timeout_s)
            addresses = [known(target.address.host) for target in targets]
        return addresses

    def _observation(self, echo: Echo) -> Reachability:
        device = echo.target.device
        if not echo.sent:
            self.counters.unsent += 1
            return Reachability(device, echo.sent_at, False, Means.ICMP, None, sent=0, received=0)
        if echo.rtt_s is None:
            self.counters.unanswered += 1
            return Reachability(device, echo.sent_at, False, Means.ICMP, None, sent=1, received=0)
        self.counters.answered += 1
        arrived_at = echo.sent_at + timedelta(seconds=echo.rtt_s)
        return Reachability(device, arrived_at, True, Means.ICMP, echo.rtt_s, sent=1, received=1)

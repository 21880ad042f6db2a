"""One device to one PollResult. Sessions, learned rows and what worked are kept from poll to poll.

A poll never raises for what the network or an agent does: that is data in `PollResult.errors`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TextIO

from collector import system
from collector.collect import Collection, Run
from collector.contact import Contact, allow_many_sockets
from collector.counters import Counters
from collector.faults import SnmpFault
from collector.memory import Memory
from collector.observe import observe
from collector.profile import Profiles
from collector.reader import Reader
from collector.record import record, subtrees_of
from collector.secrets import SecretError, SnmpSecret, SshSecret, resolve
from collector.settings import PollSettings
from collector.transport import Limits
from topology.clock import Clock
from topology.model import Credential, CredentialId, Device, DeviceId
from topology.observations import (
    Means,
    Observation,
    PollError,
    PollFault,
    PollResult,
    Reachability,
)

__all__ = ["PollSettings", "Poller"]

_ODD = "answers come from another address than was asked; polled by the slower engine from now on"
_SILENT_POLLS_BEFORE_ANEW = 3
_OWN_SIDE = frozenset({PollFault.CONFIGURATION, PollFault.UNREACHABLE})
"""Nothing was asked of the device: a secret is missing here, or this machine has no way to it."""


class Poller:
    """`await start()`, then `await poll(device, deadline_s=48)` as often as wanted, `await stop()`."""

    def __init__(
        self,
        credentials: Mapping[CredentialId, Credential],
        profiles: Profiles,
        clock: Clock,
        environ: Mapping[str, str] | None = None,
        *,
        settings: PollSettings | None = None,
        secrets: Mapping[CredentialId, SnmpSecret] | None = None,
    ) -> None:
        """`secrets` are ready ones that need no looking up (a community from the command line)."""
        self._credentials = dict(credentials)
        self._profiles = profiles
        self._clock = clock
        self._settings = settings or PollSettings()
        self._environ = os.environ if environ is None else environ
        self._secrets: dict[CredentialId, SnmpSecret] = dict(secrets or {})
        self._memories: dict[DeviceId, Memory] = {}
        self._totals = Counters()
        self._contact = Contact(self._settings.tuning(), self._totals, self._settings.port)

    # -- life -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Opens nothing yet: a device's socket opens with its first poll, and stays."""
        allow_many_sockets()

    async def stop(self) -> None:
        for memory in self._memories.values():
            memory.drop_transport()
        self._memories.clear()
        self._contact.close()

    def replace_credentials(self, credentials: Mapping[CredentialId, Credential]) -> None:
        """A new inventory: secrets are read again, sessions begin anew."""
        self._credentials = dict(credentials)
        self._secrets.clear()
        for memory in self._memories.values():
            memory.drop_transport()
            memory.secret = None

    def forget(self, device: DeviceId) -> None:
        """A device that left the inventory, or whose address changed."""
        memory = self._memories.pop(device, None)
        if memory is not None:
            memory.drop_transport()

    @property
    def counters(self) -> Mapping[str, int | float]:
        """For the application's own metrics: totals since the start, and as a float the devices known now."""
        return {**self._totals.snapshot(), "snmp_devices": float(len(self._memories))}

    # -- one poll --------------------------------------------------------------------------------

    async def poll(self, device: Device, *, deadline_s: float) -> PollResult:
        """What the device says now. Gives what it has after `deadline_s`, and says what is missing."""
        clock = self._clock
        started_at, began_s = clock.now(), clock.monotonic_s()
        memory = self._memory(device)
        run = Run()
        self._totals.add("snmp_polls")
        try:
            async with asyncio.timeout(deadline_s), memory.lock:
                run.began_at, began_s = clock.now(), clock.monotonic_s()
                for session in (memory.transport, *memory.lanes):
                    if session is not None:
                        session.first_asked_s = None
                await self._collect(memory, run)
        except TimeoutError:
            message = f"stopped after {deadline_s:g} s"
            run.errors.append(PollError(PollFault.DEADLINE, message, what=run.doing))
        except SnmpFault as fault:
            run.errors.append(fault.error(run.doing))
        except SecretError as error:
            run.errors.append(error.error)
        if run.errors:
            self._totals.add("snmp_polls_with_errors")
        self._note_silence(memory, run)
        started_at = run.began_at or started_at
        return PollResult(
            device=device.id,
            started_at=started_at,
            duration_s=clock.monotonic_s() - began_s,
            observations=tuple(self._observations(memory, run, started_at)),
            errors=tuple(run.errors),
        )

    def _memory(self, device: Device) -> Memory:
        memory = self._memories.get(device.id)
        if memory is not None and memory.device is not device:
            old = memory.device
            if (old.address, old.snmp, old.profile) != (device.address, device.snmp, device.profile):
                self.forget(device.id)
                memory = None
            else:
                memory.device = device
        if memory is None:
            limits = Limits(self._settings.max_repetitions, self._settings.payload_bytes)
            memory = self._memories[device.id] = Memory(device, limits)
        return memory

    async def _collect(self, memory: Memory, run: Run) -> None:
        run.doing = "first contact"
        transport = memory.transport
        if transport is None:
            was_odd = memory.odd
            transport = await self._contact.reach(memory, self._secrets_of(memory.device))
            run.answered = True
            if memory.odd and not was_odd:
                run.errors.append(PollError(PollFault.AGENT, _ODD, what="first contact"))
        answers = transport.answers
        reader = Reader(
            transport,
            memory.columns,
            self._totals,
            max_rows=self._settings.max_rows,
            speaks_v1=memory.speaks_v1,
        )
        try:
            await Collection(
                memory,
                reader,
                run,
                self._profiles,
                self._settings,
                self._clock,
                self._totals,
                lambda: self._contact.another(memory),
            ).collect()
        finally:
            run.answered = run.answered or transport.answers > answers
            run.errors.extend(reader.errors)

    def _secrets_of(self, device: Device) -> list[SnmpSecret]:
        """Raises SecretError only when none of the device's credentials can be used."""
        found: list[SnmpSecret] = []
        problem: SecretError | None = None
        for name in device.snmp:
            if name not in self._secrets:
                credential = self._credentials.get(name)
                if credential is None:
                    problem = SecretError(f"credential {name} is not in the inventory")
                    continue
                try:
                    secret = resolve(credential, self._environ)
                except SecretError as error:
                    problem = error
                    continue
                if isinstance(secret, SshSecret):
                    problem = SecretError(f"credential {name} is for SSH, not for SNMP")
                    continue
                self._secrets[name] = secret
            found.append(self._secrets[name])
        if not found and problem is not None:
            raise problem
        return found

    def _note_silence(self, memory: Memory, run: Run) -> None:
        """After some silent polls a session begins anew: another address behind the name, a new engine."""
        if run.answered:
            memory.silent_polls = 0
            return
        memory.silent_polls += 1
        self._totals.add("snmp_polls_silent")
        if memory.silent_polls % _SILENT_POLLS_BEFORE_ANEW == 0:
            memory.drop_transport()

    async def record(
        self,
        device: Device,
        out: TextIO,
        sys_object_id: str | None,
        *,
        avoid: Iterable[str] = (),
        keep_serials: bool = False,
    ) -> int:
        """Walks the device with the credential that worked and writes a scrubbed .snmprec; rows written.

        Raises SnmpFault when the device falls silent, or was never polled.
        """
        memory = self._memory(device)
        if memory.secret is None:
            raise SnmpFault(PollFault.CONFIGURATION, "poll the device first")
        session = await self._contact.recorder(memory)
        return await record(
            session,
            out,
            subtrees_of(sys_object_id),
            avoid=avoid,
            secret=memory.secret,
            keep_serials=keep_serials,
        )

    # -- what it came to -----------------------------------------------------------------------------

    def _loop_time(self, moment_s: float | None, not_before: datetime) -> datetime:
        """The date of a moment of the event loop's clock."""
        if moment_s is None:
            return not_before
        ago = timedelta(seconds=asyncio.get_running_loop().time() - moment_s)
        return max(not_before, self._clock.now() - ago)

    def _observations(self, memory: Memory, run: Run, began_at: datetime) -> Iterator[Observation]:
        """What was read carries the time of the first question that was answered: it is at least as new. With
        the time of the end, a port's "up" that was read before a cut would speak against the cut; with that
        of the beginning, a device that came back while it was asked would have been well too early."""
        device = memory.device.id
        transport = memory.transport
        rtt_s = transport.rtt_s if transport is not None and run.answered else None
        if run.answered or not any(error.fault in _OWN_SIDE for error in run.errors):
            sessions = [t for t in (transport, *memory.lanes) if t is not None]
            heard_s = max((t.heard_s for t in sessions if t.heard_s is not None), default=None)
            heard_at = self._loop_time(heard_s, began_at) if run.answered else began_at
            yield Reachability(
                device, heard_at, run.answered, Means.SNMP, rtt_s, sent=1, received=1 if run.answered else 0
            )
        profile = memory.profile
        if not run.answered or transport is None or profile is None:
            return
        at = self._loop_time(transport.first_asked_s, began_at)
        yield system.system_info(device, memory.columns, at, profile.name)
        ports = memory.ports
        if ports is not None:
            yield from ports.statuses(memory.columns, at)
            counters = list(ports.counters(memory.columns, at))
            yield from counters
            yield from memory.rates.update(
                counters,
                at_s=self._clock.monotonic_s(),
                uptime_s=memory.uptime_s,
                speeds=ports.speeds,
            )
        yield from observe(
            device, profile, memory.columns, ports, memory.entities, run.read, at, memory.learned
        )

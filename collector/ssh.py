"""SSH polls: connect, ask what the profile lists, close.

A poll never raises for what the network or a device does: that is data in `PollResult.errors`.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from collector.cli_parse import parse
from collector.cli_text import clean
from collector.counters import Counters
from collector.known_hosts import HostKey, KnownHosts
from collector.profile import AUTO, Profiles
from collector.profile_schema import Profile
from collector.profile_ssh import Ssh
from collector.secrets import SecretError, SshSecret
from collector.ssh_faults import SendRefusedError, SshFault
from collector.ssh_threads import SessionThreads
from collector.ssh_ways import Ways
from topology.clock import Clock
from topology.model import Credential, CredentialId, Device, DeviceId
from topology.observations import (
    Means,
    Observation,
    PollError,
    PollFault,
    PollResult,
    Reachability,
    SystemInfo,
)

if TYPE_CHECKING:
    from collector.ssh_session import Session

_OWN_SIDE = frozenset({PollFault.CONFIGURATION, PollFault.UNREACHABLE})
_Work = Callable[["Session", Profile], None]
"""What is asked of a device, in the thread of its session, which is logged in."""


@dataclass(frozen=True, slots=True)
class SshSettings:
    places: int = 8
    """Sessions at the same time: each is a thread."""
    deadline_s: float = 60.0
    """For one device, from the connection to the last answer."""
    known_hosts: Path = Path("known_hosts")
    """Trusted host keys, where a credential names no file of its own."""


@dataclass(frozen=True, slots=True)
class CliText:
    """What a command printed, as it came; `complete` when nothing was cut off."""

    command: str
    text: str
    at: datetime
    """When it was asked."""
    complete: bool = True


class SshPoller:
    """`await start()`, `await poll(device)` as often as wanted, `await stop()`. Inert before."""

    def __init__(
        self,
        credentials: Mapping[CredentialId, Credential],
        profiles: Profiles,
        clock: Clock,
        environ: Mapping[str, str] | None = None,
        *,
        settings: SshSettings | None = None,
        secrets: Mapping[CredentialId, SshSecret] | None = None,
    ) -> None:
        """`secrets` are ready ones that need no looking up (a password of the command line)."""
        self._settings = settings or SshSettings()
        self._profiles = profiles
        self._clock = clock
        self._counters = Counters()
        self._ways = Ways(
            credentials,
            os.environ if environ is None else environ,
            self._settings.known_hosts,
            secrets=secrets or {},
        )
        self._threads = SessionThreads(self._settings.places, clock, self._counters)
        self._learned: dict[DeviceId, str] = {}
        """Profiles that devices turned out to have."""

    # -- life ----------------------------------------------------------------------------------------

    async def start(self) -> None:
        self._threads.start()

    async def stop(self) -> None:
        """Ends every session now."""
        self._threads.stop()

    def replace_credentials(self, credentials: Mapping[CredentialId, Credential]) -> None:
        """A new inventory: secrets are read again."""
        self._ways.replace_credentials(credentials)

    def learn(self, device: DeviceId, profile: str) -> None:
        """What another means found the device to be (SNMP's sysObjectID)."""
        if profile in self._profiles and self._profiles[profile].ssh is not None:
            self._learned[device] = profile

    def forget(self, device: DeviceId) -> None:
        self._learned.pop(device, None)

    @property
    def counters(self) -> Mapping[str, int | float]:
        """Totals since the start; as a float the sessions open now."""
        return {**self._counters.snapshot(), "ssh_sessions": float(self._threads.open)}

    # -- what is asked ---------------------------------------------------------------------------------

    async def poll(self, device: Device, *, deadline_s: float | None = None) -> PollResult:
        """What the device's command line says now: ports, optics, neighbours, system."""
        started_at, began_s = self._clock.now(), self._clock.monotonic_s()
        texts: list[CliText] = []
        found: list[Profile] = []
        self._counters.add("ssh_polls")

        def ask(session: Session, profile: Profile) -> None:
            found.append(profile)
            assert profile.ssh is not None
            for command in profile.ssh.asked:
                asked_at = self._clock.now()
                texts.append(CliText(command, session.ask(command), asked_at))

        fault: SshFault | None = None
        try:
            await self._within(device, ask, deadline_s or self._settings.deadline_s)
        except SendRefusedError as error:
            fault = SshFault(PollFault.PROMPT, str(error), answered=True)
        except SshFault as error:
            fault = error
        # One time for all: with that of its end, an "up" read before a cut would speak against the cut.
        at = texts[0].at if texts else started_at
        answered = bool(texts) or fault is None or fault.answered
        observations: list[Observation] = []
        errors: list[PollError] = []
        if answered or fault is None or fault.fault not in _OWN_SIDE:
            observations.append(
                Reachability(device.id, at, answered, Means.SSH, sent=1, received=1 if answered else 0)
            )
        if found:
            for text in texts:
                parsed = parse(found[0], text.command, text.text, device=device.id, at=at)
                observations += parsed.observations
                errors += parsed.errors
        if fault is not None:
            self._counters.add(f"ssh_fault_{fault.fault}")
            errors.append(fault.error(f"ssh {fault.doing}"))
        if errors:
            self._counters.add("ssh_polls_with_errors")
        name = found[0].name if found else None
        return PollResult(
            device.id,
            started_at,
            self._clock.monotonic_s() - began_s,
            tuple(_one_system(observations, device.id, at, name if answered else None)),
            tuple(errors),
            Means.SSH,
        )

    async def ask(
        self, device: Device, commands: Sequence[str], *, deadline_s: float | None = None
    ) -> list[CliText]:
        """The outputs of these commands, which must be in the device's profile. Raises SshFault,
        SendRefusedError for any other command."""
        texts: list[CliText] = []

        def run(session: Session, profile: Profile) -> None:  # noqa: ARG001 - its form
            for command in commands:
                asked_at = self._clock.now()
                texts.append(CliText(command, session.ask(command), asked_at))

        await self._within(device, run, deadline_s or self._settings.deadline_s)
        return texts

    async def read_config(
        self, device: Device, *, deadline_s: float | None = None
    ) -> tuple[CliText, Profile]:
        """The running configuration as the profile's `ssh.config` reads it, and that profile; `complete` says
        whether `complete_when` was found. Raises SshFault."""
        texts: list[tuple[CliText, Profile]] = []

        def run(session: Session, profile: Profile) -> None:
            assert profile.ssh is not None
            if profile.ssh.config is None:
                raise SshFault(
                    PollFault.CONFIGURATION,
                    f"profile {profile.name} does not say how its configuration is read",
                )
            command = profile.ssh.config.command
            texts.append((CliText(command, session.ask(command), self._clock.now()), profile))

        await self._within(device, run, deadline_s or 2 * self._settings.deadline_s)
        read, profile = texts[0]
        text = "\n".join(clean(read.text, read.command)) + "\n"
        return replace(read, text=text, complete=is_complete(profile, text)), profile

    async def host_keys(
        self, device: Device, timeout_s: float
    ) -> list[tuple[tuple[str, int], KnownHosts, HostKey]]:
        """The keys that the device and the hosts before it show now, trusted or not, with the file that each
        belongs to. Of what stands behind a jump host only once that one is trusted. Raises SshFault,
        SecretError."""
        from collector.ssh_session import offered_key

        hops = self._ways.to(device)
        found = []
        for n, hop in enumerate(hops):
            key = await asyncio.to_thread(offered_key, hops[: n + 1], self._clock, timeout_s)
            found.append(((hop.host, hop.port), hop.known_hosts, key))
            if all(key.blob != known.blob for known in hop.known_hosts.keys_of(hop.host, hop.port)):
                break
        return found

    # -- how it is asked ---------------------------------------------------------------------------------

    async def _within(self, device: Device, work: _Work, deadline_s: float) -> None:
        """One session; over at the deadline. Raises SshFault, SendRefusedError."""

        def run(session: Session) -> None:
            profile = self._profile_of(device, session.hello)
            assert profile.ssh is not None
            self._counters.add("ssh_logins")
            session.open(profile.ssh)
            work(session, profile)

        try:
            hops = self._ways.to(device)
        except SecretError as error:
            raise SshFault(PollFault.CONFIGURATION, error.error.message) from error
        await self._threads.run(hops, run, deadline_s)

    def _profile_of(self, device: Device, hello: str | None) -> Profile:
        """Declared, else learned, else by the server's hello. Raises SshFault."""
        name = device.profile if device.profile != AUTO else self._learned.get(device.id)
        if name is not None:
            if name not in self._profiles:
                raise SshFault(PollFault.CONFIGURATION, f"unknown profile {name!r}")
            profile = self._profiles[name]
            if profile.ssh is None:
                raise SshFault(PollFault.CONFIGURATION, f"profile {name} has no ssh part")
            return profile
        known = profile_of_hello(self._profiles, hello)
        if known is None:
            raise SshFault(
                PollFault.CONFIGURATION,
                f"its hello ({hello or 'none'}) does not tell what it is: say so with `profile:`, one of "
                f"{', '.join(n for n in self._profiles.names() if self._profiles[n].ssh is not None)}",
            )
        return known


def profile_of_hello(profiles: Profiles, hello: str | None) -> Profile | None:
    """The profile whose `hello` fits what the server says of itself, e.g. SSH-2.0-ROSSSH."""
    if hello is None:
        return None
    for name in profiles.names():
        ssh: Ssh | None = profiles[name].ssh
        if ssh is not None and any(re.search(pattern, hello) for pattern in ssh.hello):
            return profiles[name]
    return None


def is_complete(profile: Profile, text: str) -> bool:
    """Whether a configuration came as a whole."""
    config = None if profile.ssh is None else profile.ssh.config
    return config is not None and re.search(config.complete_when, text) is not None


def _one_system(
    observations: Sequence[Observation], device: DeviceId, at: datetime, profile: str | None
) -> list[Observation]:
    """What several commands say of the system as one observation, behind the reachability."""
    systems = [seen for seen in observations if isinstance(seen, SystemInfo)]
    rest: list[Observation] = [seen for seen in observations if not isinstance(seen, SystemInfo)]
    if profile is None:
        return rest

    def first(name: str) -> object:
        return next((v for s in systems if (v := getattr(s, name)) is not None), None)

    names = ("sys_name", "sys_descr", "uptime_s", "location")
    whole = SystemInfo(device, at, profile=profile, **{n: first(n) for n in names})  # type: ignore[arg-type]  # by name
    head = [seen for seen in rest if isinstance(seen, Reachability)]
    return [*head, whole, *(seen for seen in rest if not isinstance(seen, Reachability))]

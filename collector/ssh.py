"""SSH polls: connect, ask what the profile lists, close. Beside the event loop, a few at a time.

A poll never raises for what the network or a device does: that is data in `PollResult.errors`. Sessions
block, so each runs in a thread of a bounded pool; at its deadline its socket is closed under it.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from collector.cli_parse import parse
from collector.cli_text import clean
from collector.counters import Counters
from collector.known_hosts import HostKey, KnownHosts
from collector.profile import AUTO, Profiles
from collector.profile_schema import Profile
from collector.profile_ssh import Ssh
from collector.secrets import SecretError, SshSecret, resolve
from collector.ssh_faults import SendRefusedError, SshFault
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
    from collector.ssh_session import Hop, Session

T = TypeVar("T")
_GRACE_S = 3.0
"""So long after its deadline a session may take to notice that its socket is gone."""
_OWN_SIDE = frozenset({PollFault.CONFIGURATION, PollFault.UNREACHABLE})
_MOST_JUMPS = 4


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


class _Asked(Protocol):
    def __call__(self, session: Session, profile: Profile) -> None: ...


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
        self._credentials = dict(credentials)
        self._profiles = profiles
        self._clock = clock
        self._environ = os.environ if environ is None else environ
        self._settings = settings or SshSettings()
        self._secrets: dict[CredentialId, SshSecret] = dict(secrets or {})
        self._counters = Counters()
        self._places = asyncio.Semaphore(self._settings.places)
        self._pool: ThreadPoolExecutor | None = None
        self._sessions: set[Session] = set()
        self._learned: dict[DeviceId, str] = {}
        """Profiles that devices turned out to have."""

    # -- life ----------------------------------------------------------------------------------------

    async def start(self) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._settings.places, thread_name_prefix="ssh")

    async def stop(self) -> None:
        """Ends every session now."""
        for session in list(self._sessions):
            session.kill()
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def replace_credentials(self, credentials: Mapping[CredentialId, Credential]) -> None:
        """A new inventory: secrets are read again."""
        self._credentials = dict(credentials)
        self._secrets.clear()

    def learn(self, device: DeviceId, profile: str) -> None:
        """What another means found the device to be (SNMP's sysObjectID)."""
        if profile in self._profiles and self._profiles[profile].ssh is not None:
            self._learned[device] = profile

    def forget(self, device: DeviceId) -> None:
        self._learned.pop(device, None)

    @property
    def counters(self) -> Mapping[str, int | float]:
        """Totals since the start; as a float the sessions open now."""
        return {**self._counters.snapshot(), "ssh_sessions": float(len(self._sessions))}

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
        doing = "connect"
        try:
            await self._within(device, ask, deadline_s or self._settings.deadline_s)
        except SendRefusedError as error:
            fault = SshFault(PollFault.PROMPT, str(error), answered=True)
        except SshFault as error:
            fault = error
            doing = getattr(error, "doing", "connect")
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
            errors.append(fault.error(f"ssh {doing}"))
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

        hops = await self._hops(device)
        found = []
        for n, hop in enumerate(hops):
            key = await asyncio.to_thread(offered_key, hops[: n + 1], self._clock, timeout_s)
            found.append(((hop.host, hop.port), hop.known_hosts, key))
            if all(key.blob != known.blob for known in hop.known_hosts.keys_of(hop.host, hop.port)):
                break
        return found

    # -- how it is asked ---------------------------------------------------------------------------------

    async def _within(self, device: Device, run: _Asked, deadline_s: float) -> None:
        """One session in a thread; over at the deadline. Raises SshFault."""
        if self._pool is None:
            raise SshFault(PollFault.CONFIGURATION, "the SSH poller is not running")
        ends_s = self._clock.monotonic_s() + deadline_s
        try:
            async with asyncio.timeout(deadline_s):
                await self._places.acquire()
        except TimeoutError as error:
            self._counters.add("ssh_waited_in_vain")
            raise SshFault(
                PollFault.DEADLINE, f"no place among {self._settings.places} sessions within {deadline_s:g} s"
            ) from error
        session: Session | None = None
        work: Future[None] | None = None
        try:
            hops = await self._hops(device)
            from collector.ssh_session import Session as Opened

            session = Opened(hops, self._clock, ends_s)
            self._sessions.add(session)
            work = self._pool.submit(self._thread, session, device, run)
            work.add_done_callback(self._freed(session, asyncio.get_running_loop()))
            await _ended(work, max(0.0, ends_s - self._clock.monotonic_s()), session.kill)
        except SecretError as error:
            raise SshFault(PollFault.CONFIGURATION, error.error.message) from error
        except SshFault as error:
            if session is not None:
                error.doing = session.doing  # type: ignore[attr-defined]  # for the poll's own report
            raise
        finally:
            if work is None:
                self._places.release()
                if session is not None:
                    self._sessions.discard(session)
            elif session is not None:
                session.kill()  # a poll that was cancelled, too

    def _freed(self, session: Session, loop: asyncio.AbstractEventLoop) -> Callable[[Future[None]], None]:
        """The place is free when the thread has ended, not before: threads can't pile up."""

        def free() -> None:
            self._sessions.discard(session)
            self._places.release()

        def done(_: Future[None]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(free)

        return done

    def _thread(self, session: Session, device: Device, run: _Asked) -> None:
        try:
            session.connect()
            profile = self._profile_of(device, session.hello)
            assert profile.ssh is not None
            self._counters.add("ssh_logins")
            session.open(profile.ssh)
            run(session, profile)
        except SendRefusedError:
            self._counters.add("ssh_sends_refused")
            raise
        except SshFault as error:
            if session.expired and error.fault in (PollFault.REFUSED, PollFault.TIMEOUT):
                message = f"out of time while doing: {session.doing}"  # its socket was closed under it
                raise SshFault(PollFault.DEADLINE, message, answered=error.answered) from error
            raise
        finally:
            session.close()

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

    async def _hops(self, device: Device) -> list[Hop]:
        """Jump hosts first. Raises SecretError, SshFault."""
        from collector.ssh_session import Hop as Way

        if device.address is None:
            raise SshFault(PollFault.CONFIGURATION, "the device has no address")
        if device.ssh is None:
            raise SshFault(PollFault.CONFIGURATION, "the device has no ssh credential")
        secret = self._secret(device.ssh)
        hops = [Way(device.address.host, secret.port, secret, self._known_hosts(secret))]
        jump = self._jump_of(device.ssh)
        while jump is not None:
            name, _, where = jump.partition("/")
            host, port = split_host(where)
            if len(hops) > _MOST_JUMPS:
                raise SshFault(PollFault.CONFIGURATION, f"more than {_MOST_JUMPS} jump hosts")
            credential = CredentialId(name)
            secret = self._secret(credential)
            hops.insert(0, Way(host, port or secret.port, secret, self._known_hosts(secret)))
            jump = self._jump_of(credential)
        return hops

    def _jump_of(self, name: CredentialId) -> str | None:
        credential = self._credentials.get(name)
        return None if credential is None else credential.jump

    def _known_hosts(self, secret: SshSecret) -> KnownHosts:
        own = secret.known_hosts
        return KnownHosts(self._settings.known_hosts if own is None else Path(own).expanduser())

    def _secret(self, name: CredentialId) -> SshSecret:
        known = self._secrets.get(name)
        if known is not None:
            return known
        credential = self._credentials.get(name)
        if credential is None:
            raise SecretError(f"credential {name} is not in the inventory")
        secret = resolve(credential, self._environ)
        if not isinstance(secret, SshSecret):
            raise SecretError(f"credential {name} is for SNMP, not for SSH")
        self._secrets[name] = secret
        return secret


async def _ended(work: Future[None], limit_s: float, kill: Callable[[], None]) -> None:
    """Waits for the thread; ends it at the limit. Raises what it raised."""
    waiting = asyncio.ensure_future(asyncio.wrap_future(work))
    try:
        done, _ = await asyncio.wait({waiting}, timeout=limit_s)
        if not done:
            kill()
            done, _ = await asyncio.wait({waiting}, timeout=_GRACE_S)
        if not done:
            raise SshFault(
                PollFault.DEADLINE, f"stopped after {limit_s:.1f} s; the session is still being ended"
            )
        waiting.result()
    finally:
        if not waiting.done():
            kill()
            waiting.cancel()


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


def split_host(text: str) -> tuple[str, int | None]:
    """host, host:port, [v6]:port or a bare IPv6 address."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, int(rest[1:]) if rest.startswith(":") and rest[1:].isdigit() else None
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and ":" not in host:
        return host, int(port)
    return text, None


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

"""Checks of applications over HTTP, from where the monitor stands: what a user's browser would meet.

A check asks the application's URL once and follows redirects. It is up when the status and the body are as
expected, in time, over a connection whose certificate a browser would accept. A check that failed is made a
second time before it counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from math import ceil

import httpx

from collector.certificate import expires_at, shown_by
from collector.http_faults import Failure, HttpFault, failure_of
from topology.clock import Clock
from topology.model import Application, ApplicationId
from topology.observations import ApplicationCheck

_MAX_BODY_BYTES = 1 << 20
_MAX_REDIRECTS = 5
_WINDOW = 120
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class ApplicationRule:
    """What is expected of one application."""

    interval_s: float = 30.0
    timeout_s: float = 10.0
    """For the whole check: name, connection, TLS, redirects, body."""
    expect_status: tuple[int, ...] | None = None
    """``None``: 200 to 299, after redirects."""
    expect_body: str | None = None
    """Text that has to occur in the first MiB of the body."""
    verify_tls: bool = True
    ca_file: str | None = None
    """PEM of an authority to trust besides the system's."""


@dataclass(frozen=True, slots=True)
class HttpSettings:
    rule: ApplicationRule = field(default_factory=ApplicationRule)
    """For applications without a rule of their own."""
    rules: Mapping[ApplicationId, ApplicationRule] = field(default_factory=dict)
    confirm_after_s: float = 2.0
    """A failed check is repeated after this long; the second one counts."""
    at_once: int = 16


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """Over the last 120 checks that brought an answer; seconds."""

    count: int
    p50_s: float
    p95_s: float


@dataclass(slots=True)
class HttpCounters:
    checks: int = 0
    up: int = 0
    retried: int = 0
    """Checks made a second time because the first failed."""
    recovered: int = 0
    """Of these, those that were fine the second time."""
    not_judged: int = 0
    """Checks that failed on this machine's own side and observe nothing."""
    faults: Counter[str] = field(default_factory=Counter)
    """Failures of single attempts, by `collector.http_faults.HttpFault`."""

    def samples(self) -> Iterator[tuple[str, dict[str, str], int]]:
        """(name, labels, value) for whoever exposes metrics."""
        for name in ("checks", "up", "retried", "recovered", "not_judged"):
            yield name, {}, getattr(self, name)
        for fault, n in sorted(self.faults.items()):
            yield "faults", {"fault": fault}, n


@dataclass(frozen=True, slots=True)
class _Attempt:
    response_s: float | None = None
    status_code: int | None = None
    certificate_expires_at: datetime | None = None
    failure: Failure | None = None


class ApplicationChecker:
    """Inert until `start`. Knows the applications that have a URL."""

    def __init__(
        self, applications: Iterable[Application], clock: Clock, settings: HttpSettings | None = None
    ) -> None:
        self._settings = settings or HttpSettings()
        self._clock = clock
        self._urls = {a.id: a.url for a in applications if a.url is not None}
        self._times: dict[ApplicationId, deque[float]] = {}
        self._clients: dict[tuple[bool, str | None], httpx.AsyncClient] = {}
        self._places = asyncio.Semaphore(self._settings.at_once)
        self.counters = HttpCounters()

    async def start(self) -> None:
        """Raises OSError or ssl.SSLError when a rule's `ca_file` can't be read."""
        for application in self._urls:
            rule = self.rule(application)
            key = (rule.verify_tls, rule.ca_file)
            if key not in self._clients:
                self._clients[key] = _client(*key)

    async def stop(self) -> None:
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    def rule(self, application: ApplicationId) -> ApplicationRule:
        return self._settings.rules.get(application, self._settings.rule)

    def turns(
        self, deliver: Callable[[ApplicationCheck], None]
    ) -> Iterator[tuple[str, float, Callable[[], Awaitable[None]]]]:
        """(key, interval_s, run) of each application, as `collector.schedule.Schedule.every` takes them."""
        for application in self._urls:
            run = partial(self._check_and_deliver, application, deliver)
            yield f"application:{application}", self.rule(application).interval_s, run

    async def check(self, application: ApplicationId) -> ApplicationCheck | None:
        """``None`` when nothing can be said: it failed on this machine's own side.

        Raises KeyError for an application without a URL.
        """
        url, rule = self._urls[application], self.rule(application)
        self.counters.checks += 1
        async with self._places:
            attempt = await self._attempt(url, rule)
        if attempt.failure is not None:
            # Waiting holds no place: hanging applications would hold up the living ones.
            self.counters.retried += 1
            await asyncio.sleep(self._settings.confirm_after_s)
            async with self._places:
                attempt = await self._attempt(url, rule)
            self.counters.recovered += attempt.failure is None
        if attempt.failure is not None and attempt.failure.fault is HttpFault.OWN_SIDE:
            self.counters.not_judged += 1
            return None
        if attempt.response_s is not None:
            self._times.setdefault(application, deque(maxlen=_WINDOW)).append(attempt.response_s)
        up = attempt.failure is None
        self.counters.up += up
        return ApplicationCheck(
            application,
            self._clock.now(),
            up,
            attempt.response_s,
            attempt.status_code,
            None if attempt.failure is None else str(attempt.failure),
            attempt.certificate_expires_at,
        )

    def response_times(self, application: ApplicationId) -> ResponseTimes | None:
        """``None`` before the first answer."""
        times = sorted(self._times.get(application, ()))
        if not times:
            return None
        return ResponseTimes(len(times), _quantile(times, 0.5), _quantile(times, 0.95))

    async def _check_and_deliver(
        self, application: ApplicationId, deliver: Callable[[ApplicationCheck], None]
    ) -> None:
        check = await self.check(application)
        if check is not None:
            deliver(check)

    async def _attempt(self, url: str, rule: ApplicationRule) -> _Attempt:
        client = self._clients[rule.verify_tls, rule.ca_file]
        try:
            async with asyncio.timeout(rule.timeout_s):
                attempt = await self._ask(client, url, rule)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:  # TimeoutError is an OSError
            failure = failure_of(error, rule.timeout_s)
            attempt = _Attempt(failure=failure)
            if failure.fault is HttpFault.CERTIFICATE:
                attempt = await self._refused_certificate(error, url, failure, rule.timeout_s)
        if attempt.failure is not None:
            self.counters.faults[attempt.failure.fault] += 1
        return attempt

    async def _ask(self, client: httpx.AsyncClient, url: str, rule: ApplicationRule) -> _Attempt:
        start_s = self._clock.monotonic_s()
        async with client.stream("GET", url) as response:
            expires = _certificate_of(response)
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) >= _MAX_BODY_BYTES:
                    break
        response_s = self._clock.monotonic_s() - start_s
        return _Attempt(response_s, response.status_code, expires, _judge(response, bytes(body), rule))

    async def _refused_certificate(
        self, error: Exception, url: str, failure: Failure, timeout_s: float
    ) -> _Attempt:
        asked = httpx.URL(url)
        with contextlib.suppress(RuntimeError):  # what httpx raises where an error has no request
            if isinstance(error, httpx.RequestError):
                asked = error.request.url  # after redirects
        expires = await shown_by(asked.host, asked.port or 443, timeout_s)
        return _Attempt(certificate_expires_at=expires, failure=failure)


def days_left(check: ApplicationCheck) -> float | None:
    """Until the certificate ends, from when it was seen; negative when it has ended."""
    if check.certificate_expires_at is None:
        return None
    return (check.certificate_expires_at - check.at).total_seconds() / _SECONDS_A_DAY


def _client(verify_tls: bool, ca_file: str | None) -> httpx.AsyncClient:
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    if not verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return httpx.AsyncClient(
        verify=context,
        follow_redirects=True,
        max_redirects=_MAX_REDIRECTS,
        timeout=None,  # noqa: S113 - each check has one deadline for all of it, in `_attempt`
        # A connection of its own for each check, as a user who comes has: so TLS is checked each time.
        limits=httpx.Limits(max_keepalive_connections=0),
        trust_env=False,
        # Not compressed: a small answer can't unfold into a big one here.
        headers={"user-agent": "Ronda application check", "accept-encoding": "identity"},
    )


def _certificate_of(response: httpx.Response) -> datetime | None:
    stream = response.extensions.get("network_stream")
    tls = None if stream is None else stream.get_extra_info("ssl_object")
    der = None if tls is None else tls.getpeercert(binary_form=True)
    return None if der is None else expires_at(der)


def _judge(response: httpx.Response, body: bytes, rule: ApplicationRule) -> Failure | None:
    status = response.status_code
    fine = response.is_success if rule.expect_status is None else status in rule.expect_status
    if not fine:
        return Failure(HttpFault.STATUS, f"{status} {response.reason_phrase}".rstrip())
    if rule.expect_body is not None and rule.expect_body.encode() not in body:
        text = body.decode(response.encoding or "utf-8", "replace")
        if rule.expect_body not in text:
            return Failure(HttpFault.BODY, f"{rule.expect_body!r} is not in the page")
    return None


def _quantile(ordered: list[float], q: float) -> float:
    """Nearest rank."""
    return ordered[max(0, ceil(q * len(ordered)) - 1)]

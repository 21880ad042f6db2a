"""What exceptions of the HTTP client mean, in words; and what is this machine's own fault."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl

import httpx
import pytest

from collector.http import ApplicationChecker, HttpSettings, _quantile
from collector.http_faults import HttpFault, failure_of
from ronda.clock import SystemClock
from topology.model import Application, ApplicationId, DeviceId


def caused_by(cause: BaseException) -> httpx.ConnectError:
    """As httpx raises it: our error says little, its causes say what happened."""
    error = httpx.ConnectError("All connection attempts failed")
    middle = OSError("All connection attempts failed")
    middle.__cause__ = cause
    error.__cause__ = middle
    return error


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (caused_by(ConnectionRefusedError(errno.ECONNREFUSED, "x")), HttpFault.REFUSED),
        (caused_by(OSError(errno.ENETUNREACH, "x")), HttpFault.OWN_SIDE),
        (caused_by(OSError(errno.EHOSTUNREACH, "x")), HttpFault.UNREACHABLE),
        (caused_by(socket.gaierror(socket.EAI_AGAIN, "x")), HttpFault.OWN_SIDE),
        (caused_by(socket.gaierror(socket.EAI_NONAME, "x")), HttpFault.NAME),
        (caused_by(ssl.SSLError(1, "x")), HttpFault.TLS),
        (
            caused_by(ExceptionGroup("both families", [OSError(errno.ECONNREFUSED, "x"), OSError("y")])),
            HttpFault.REFUSED,
        ),
        (TimeoutError(), HttpFault.TIMEOUT),
        (httpx.ReadTimeout("x"), HttpFault.TIMEOUT),
        (httpx.TooManyRedirects("x"), HttpFault.REDIRECT),
        (httpx.RemoteProtocolError("x"), HttpFault.PROTOCOL),
        (httpx.ReadError(""), HttpFault.PROTOCOL),
    ],
)
def test_faults(error: Exception, fault: HttpFault) -> None:
    failure = failure_of(error, timeout_s=10.0)
    assert failure.fault is fault
    assert str(failure).startswith(f"{fault}: ")
    assert failure.words


def test_a_circle_of_causes_ends() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert failure_of(one, 1.0).fault is HttpFault.PROTOCOL


@pytest.mark.parametrize(
    ("times", "p50", "p95"), [([1.0], 1.0, 1.0), ([1.0, 2.0], 1.0, 2.0), ([*range(1, 101)], 50, 95)]
)
def test_quantiles_by_nearest_rank(times: list[float], p50: float, p95: float) -> None:
    assert (_quantile(times, 0.5), _quantile(times, 0.95)) == (p50, p95)


async def test_own_side_observes_nothing() -> None:
    """A name server that can't be asked says nothing about the application. The name is resolved by the
    event loop's own resolver, which is made to fail as it does without network."""
    application = Application(ApplicationId("a"), "a", DeviceId("s"), "http://name.invalid/")
    checker = ApplicationChecker([application], SystemClock(), HttpSettings(confirm_after_s=0.01))
    await checker.start()

    async def no_dns(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    loop = asyncio.get_running_loop()
    real, loop.getaddrinfo = loop.getaddrinfo, no_dns  # type: ignore[method-assign,assignment]  # as above
    try:
        assert await checker.check(ApplicationId("a")) is None
    finally:
        loop.getaddrinfo = real  # type: ignore[method-assign]  # put back
        await checker.stop()
    assert checker.counters.not_judged == 1
    assert checker.counters.faults == {"own_side": 2}


def test_what_has_no_url_has_no_turn() -> None:
    application = Application(ApplicationId("a"), "a", DeviceId("s"))
    assert list(ApplicationChecker([application], SystemClock()).turns(lambda _c: None)) == []

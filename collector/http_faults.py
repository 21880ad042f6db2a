"""Why a check of an application failed, from what the HTTP client raised, in words a person understands."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import httpx


class HttpFault(StrEnum):
    TIMEOUT = "timeout"
    REFUSED = "refused"
    RESET = "reset"
    UNREACHABLE = "unreachable"
    NAME = "name"
    CERTIFICATE = "certificate"
    TLS = "tls"
    REDIRECT = "redirect"
    PROTOCOL = "protocol"
    STATUS = "status"
    BODY = "body"
    OWN_SIDE = "own_side"
    """This machine has no route or no name server: it says nothing about the application."""


@dataclass(frozen=True, slots=True)
class Failure:
    fault: HttpFault
    words: str

    def __str__(self) -> str:
        return f"{self.fault}: {self.words}"


_ERRNOS = {
    errno.ECONNREFUSED: (HttpFault.REFUSED, "connection refused: nothing listens there"),
    errno.ECONNRESET: (HttpFault.RESET, "the connection was reset"),
    errno.EPIPE: (HttpFault.RESET, "the connection was reset"),
    errno.EHOSTUNREACH: (HttpFault.UNREACHABLE, "no route to the host"),
    errno.ETIMEDOUT: (HttpFault.TIMEOUT, "the connection timed out"),
    errno.ENETUNREACH: (HttpFault.OWN_SIDE, "this machine has no route there"),
    errno.ENETDOWN: (HttpFault.OWN_SIDE, "this machine's network is down"),
    errno.EMFILE: (HttpFault.OWN_SIDE, "this process has too many open files"),
}


def failure_of(error: Exception, timeout_s: float) -> Failure:
    """What an exception of the client means. The most telling of the chain of its causes decides."""
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        # First: what was under way when time ran out is among the causes (ssl.SSLWantReadError).
        return Failure(HttpFault.TIMEOUT, f"no complete answer within {timeout_s:g} s")
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Failure(HttpFault.CERTIFICATE, cause.verify_message or str(cause))
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            if cause.errno == socket.EAI_AGAIN:
                return Failure(HttpFault.OWN_SIDE, "no name server answers this machine")
            return Failure(HttpFault.NAME, "the name has no address")
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return Failure(HttpFault.TLS, getattr(cause, "reason", None) or str(cause))
    for cause in causes:
        if isinstance(cause, OSError) and cause.errno in _ERRNOS:
            return Failure(*_ERRNOS[cause.errno])
    if isinstance(error, httpx.TooManyRedirects):
        return Failure(HttpFault.REDIRECT, "it redirects round and round")
    if isinstance(error, httpx.RemoteProtocolError):
        return Failure(HttpFault.PROTOCOL, f"not an HTTP answer: {error}")
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return Failure(HttpFault.REDIRECT, f"an address that can't be asked: {error}")
    return Failure(HttpFault.PROTOCOL, str(error) or type(error).__name__)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what led to it, groups opened."""
    seen: set[int] = set()
    open_ = [error]
    while open_:
        cause = open_.pop(0)
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            open_.extend(cause.exceptions)
        open_.extend((cause.__cause__, cause.__context__))

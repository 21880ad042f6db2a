"""One HTTP peer of a channel: what it answers as a `Delivery`, and no secret in what is said about it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, urlsplit

import httpx

from alerts.delivery import Delivery
from alerts.model import Outcome

RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504})
LONGEST_WAIT_S = 3600.0
SAID = 210
LOOKED_AT = 4000
"""Characters of an answer."""
KEY_LENGTH = 16
"""A piece of a URL's path that is this long may be a key."""
_LOGIN = re.compile(r"(?i)\b(basic|bearer)\s+[\w.~+/=-]+")
_PERHAPS_DONE = frozenset({502, 504})
"""A proxy lost sight of what it had passed on."""


class HttpPeer:
    def __init__(self, timeout_s: float, secrets: Collection[str] = ()) -> None:
        self._timeout_s = timeout_s
        # Longest first: a secret that holds another one must not leave a rest behind.
        parts = {part for s in secrets if s for part in (s, *_of_url(s))}
        self._secrets = sorted(parts, key=len, reverse=True)
        self._client: httpx.AsyncClient | None = None

    async def start(self) -> None:
        self._client = httpx.AsyncClient(timeout=self._timeout_s, follow_redirects=False)

    async def stop(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def send(
        self,
        method: str,
        url: str,
        *,
        content: bytes,
        headers: Mapping[str, str],
        auth: tuple[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> httpx.Response | Delivery:
        """The answer, whatever its status; a `Delivery` when there is none."""
        if self._client is None:
            return Delivery(Outcome.RETRY, "the channel is not started")
        try:
            return await self._client.request(
                method,
                url,
                content=content,
                headers=dict(headers),
                auth=auth or httpx.USE_CLIENT_DEFAULT,
                timeout=timeout_s or self._timeout_s,
            )
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            return Delivery(Outcome.FAILED, self.safe(f"bad URL: {error}"))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Delivery(Outcome.RETRY, self.safe(_named(error)))
        except httpx.HTTPError as error:
            return Delivery(Outcome.RETRY, self.safe(_named(error)), maybe_arrived=True)
        except ValueError as error:  # a header that can't be sent
            return Delivery(Outcome.FAILED, self.safe(f"bad request: {error}"))

    def judge(self, response: httpx.Response, also_retry: Collection[int] = ()) -> Delivery:
        """2xx is sent; overload and trouble on their side may pass; anything else won't."""
        # Cut after the secrets are out: half of one is no longer known for what it is.
        said = self.safe(f"HTTP {response.status_code} {response.text[:LOOKED_AT]}")[:SAID].strip()
        if response.is_success:
            return Delivery(Outcome.SENT, answer=said)
        if response.status_code in RETRYABLE or response.status_code in also_retry:
            return Delivery(
                Outcome.RETRY,
                said,
                retry_after_s(response.headers),
                maybe_arrived=response.status_code in _PERHAPS_DONE,
            )
        return Delivery(Outcome.FAILED, said)

    def safe(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return _LOGIN.sub(r"\1 ***", text)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """RFC 9110 10.2.3: seconds, or a date (taken against the answer's own Date). At most an hour."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_WAIT_S)
    try:
        wait_s = (
            parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
        ).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(wait_s, 0.0), LONGEST_WAIT_S)


def _of_url(secret: str) -> Iterator[str]:
    """Of a URL that is a secret: what of it a peer may say again."""
    if "://" not in secret:
        return
    try:
        parts = urlsplit(secret)
    except ValueError:
        return
    yield from (value for _, value in parse_qsl(parts.query))
    yield from (piece for piece in parts.path.split("/") if len(piece) >= KEY_LENGTH)
    if parts.password:
        yield parts.password


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")

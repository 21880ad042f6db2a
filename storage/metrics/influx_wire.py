"""Requests to one InfluxDB through influxdb-client, and what its answers mean. Blocking: called in threads.

influxdb-client writes to `/api/v2/write` only, which 1.x before 1.8 doesn't have; `LineWriteService` is the
small subclass that posts to `/write` there. It takes the place of a private attribute, hence the pinned
version. Queries are InfluxQL on `/query`, which every version answers.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService

from storage.metrics.store import Resolution
from storage.settings import InfluxSettings, InfluxVersion


class Trouble(StrEnum):
    """What an unsuccessful answer means for the lines that were sent."""

    POISON = "poison"
    """Some of the lines will never be taken."""
    TOO_LARGE = "too_large"
    EXPIRED = "expired"
    """Some of the lines are older than what the server keeps; the others are stored."""
    REFUSED = "refused"
    """Wrong or missing credentials, or no right to write."""
    MISSING = "missing"
    """No such database, bucket or retention policy."""
    UNAVAILABLE = "unavailable"
    """Not now: down, overloaded, disk full, too slow."""


class InfluxError(Exception):
    """An answer that was no success, or none at all."""

    def __init__(self, trouble: Trouble, reason: str, status: int | None = None) -> None:
        super().__init__(reason if status is None else f"{reason} (HTTP {status})")
        self.trouble = trouble
        self.reason = reason
        self.status = status


def classify(status: int, reason: str) -> Trouble:
    """By status and, where versions differ, by the server's words."""
    words = reason.lower()
    if status in (400, 422):
        # 1.x says so per batch, 2.x with 422; the lines that were young enough are stored.
        beyond = "beyond retention policy" in words or "outside retention policy" in words
        return Trouble.EXPIRED if beyond else Trouble.POISON
    if status == 413:
        return Trouble.TOO_LARGE
    if status in (401, 403):
        return Trouble.REFUSED
    if status == 404 or "retention policy not found" in words:  # 1.x answers the latter with 500
        return Trouble.MISSING
    return Trouble.UNAVAILABLE


def answered(error: ApiException) -> InfluxError:
    """What the library's exception says."""
    reason = _reason(error.body or error.reason)
    return InfluxError(classify(error.status or 0, reason), reason, error.status)


@dataclass(frozen=True, slots=True)
class Server:
    version: InfluxVersion
    """Its family: 1, 2 or 3."""
    release: str
    """As it says itself, such as ``1.6.7`` or ``v2.7.11``."""
    date: datetime | None
    """Its clock, to the second."""


class LineWriteService(WriteService):
    """Posts lines to where the server's version takes them. `bucket` is ``db/rp`` on 1.x.

    Gzipped at the lowest level (the library's own gzip uses the highest, at four times the time), and not at
    all to a server on this machine.
    """

    def __init__(self, api_client: Any, version: InfluxVersion, *, compress: bool) -> None:
        super().__init__(api_client)  # type: ignore[no-untyped-call]  # the library types a part of itself
        self._version = version
        self._compress = compress

    def post_write(self, org: str, bucket: str, body: bytes, **kwargs: Any) -> None:
        query = [("precision", kwargs["precision"])]
        if self._version is InfluxVersion.V1:
            path = "/write"
            database, _, policy = bucket.partition("/")
            query.append(("db", database))
            if policy:
                query.append(("rp", policy))
        else:
            path = "/api/v2/write"
            query += [("bucket", bucket), ("org", org)]
        self.api_client.call_api(
            path,
            "POST",
            query_params=query,
            header_params={
                "Content-Type": "text/plain; charset=utf-8",
                "Content-Encoding": "gzip" if self._compress else "identity",
                "Accept": "application/json",
            },
            body=gzip.compress(body, compresslevel=1) if self._compress else body,
            response_type=None,
            auth_settings=[],
            async_req=False,
            _return_http_data_only=True,
        )


class InfluxWire:
    """One connection pool with one timeout. `version` has to be known before the first `write`."""

    def __init__(self, settings: InfluxSettings, *, timeout_s: float) -> None:
        self._settings = settings
        self._timeout_s = timeout_s
        self._client: InfluxDBClient | None = None
        self._write_api: Any = None
        self._written_as: InfluxVersion | None = None

    def open(self) -> None:
        own = self._settings
        basic = own.token is None and own.user is not None
        self._client = InfluxDBClient(
            url=own.url,
            token=f"{own.user}:{own.password or ''}" if basic else own.token or "",
            auth_basic=basic,
            org=own.org,
            timeout=int(self._timeout_s * 1000),
            verify_ssl=own.verify_tls,
            ssl_ca_cert=None if own.ca_file is None else str(own.ca_file),
        )

    def close(self) -> None:
        if self._client is not None:
            self._client.close()  # type: ignore[no-untyped-call]  # as above
            self._client = self._write_api = None

    @property
    def client(self) -> InfluxDBClient:
        assert self._client is not None, "open() comes first"
        return self._client

    def bucket(self, resolution: Resolution) -> str:
        """The bucket of 2.x, the database of 3, or ``db/rp`` of 1.x."""
        name = self._settings.database
        return name if resolution is Resolution.RAW else f"{name}/{resolution.value}"

    def write(self, body: bytes, version: InfluxVersion, resolution: Resolution = Resolution.RAW) -> None:
        """Sends line protocol with precision seconds. Raises InfluxError."""
        if self._write_api is None or self._written_as is not version:
            self._write_api = self.client.write_api(write_options=SYNCHRONOUS)
            self._write_api._write_service = LineWriteService(
                self.client.api_client, version, compress=not is_local(self._settings.url)
            )
            self._written_as = version
        try:
            self._write_api.write(
                bucket=self.bucket(resolution), org=self._settings.org, record=body, write_precision="s"
            )
        except ApiException as error:
            raise answered(error) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise InfluxError(Trouble.UNAVAILABLE, _network_words(error)) from error

    def query(self, influxql: str, resolution: Resolution | None = Resolution.RAW) -> list[dict[str, Any]]:
        """The `series` of the one statement's result, times in seconds. Raises InfluxError.

        `resolution` None: a statement that belongs to no database.
        """
        parameters = [("epoch", "s")]
        if resolution is not None:
            parameters.append(("db", self._settings.database))
            if resolution is not Resolution.RAW:
                parameters.append(("rp", resolution.value))
        answer = self.request("POST", "/query", parameters, form=[("q", influxql)])
        try:
            result = json.loads(answer)["results"][0]
        except (ValueError, KeyError, IndexError) as error:
            raise InfluxError(Trouble.UNAVAILABLE, f"not an answer to a query: {answer[:200]!r}") from error
        if "error" in result:
            words = str(result["error"])
            missing = "not found" in words
            raise InfluxError(Trouble.MISSING if missing else Trouble.UNAVAILABLE, words)
        series: list[dict[str, Any]] = result.get("series", [])
        return series

    def ping(self) -> Server:
        """Who answers. Raises InfluxError when nobody does, or when it isn't an InfluxDB."""
        response = self._response("GET", "/ping", [])
        headers = response.headers
        release = headers.get("X-Influxdb-Version") or _version_in(response.data)
        version = self._settings.version
        if release is None and version is not InfluxVersion.AUTO:
            release = (
                "unknown"  # a proxy, or a server that only speaks the protocol: the settings say what it is
            )
        if release is None:
            raise InfluxError(Trouble.UNAVAILABLE, f"what answers at {self._settings.url} is not an InfluxDB")
        date = headers.get("Date")
        if version is InfluxVersion.AUTO:
            version = _family(release)
        return Server(version, release, None if date is None else parsedate_to_datetime(date))

    def request(
        self,
        method: str,
        path: str,
        parameters: list[tuple[str, str]],
        *,
        form: list[tuple[str, str]] | None = None,
        body: dict[str, Any] | None = None,
    ) -> bytes:
        """Any request with the client's credentials; its answer's bytes. Raises InfluxError."""
        data: bytes = self._response(method, path, parameters, form=form, body=body).data
        return data

    def _response(
        self,
        method: str,
        path: str,
        parameters: list[tuple[str, str]],
        *,
        form: list[tuple[str, str]] | None = None,
        body: dict[str, Any] | None = None,
    ) -> Any:
        api = self.client.api_client
        kind = "application/json" if form is None else "application/x-www-form-urlencoded"
        own = {"Authorization": f"Bearer {self._settings.token}"} if path.startswith("/api/v3/") else {}
        try:
            return api.rest_client.request(  # type: ignore[no-untyped-call]  # as above
                method,
                api.configuration.host + path,
                query_params=parameters,
                headers={**api.default_headers, "Content-Type": kind, "Accept": "application/json", **own},
                post_params=form,
                body=body,
                _preload_content=False,
            )
        except ApiException as error:
            raise answered(error) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise InfluxError(Trouble.UNAVAILABLE, _network_words(error)) from error


def is_local(url: str) -> bool:
    """Whether the server is on this machine, as far as its name tells."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host == "::1" or host.startswith("127.")


def _family(release: str) -> InfluxVersion:
    major = release.lstrip("v").split(".", 1)[0]
    return {"1": InfluxVersion.V1, "2": InfluxVersion.V2, "3": InfluxVersion.V3}.get(major, InfluxVersion.V2)


def _version_in(body: bytes) -> str | None:
    try:
        version = json.loads(body)["version"]
    except (ValueError, KeyError, TypeError):
        return None
    return str(version)


def _reason(body: bytes | str | None) -> str:
    """The server's own words: 1.x and 3 say `error`, 2.x says `message`."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else (body or "")
    try:
        answer = json.loads(text)
    except ValueError:
        return text.strip()[:500] or "no reason given"
    if isinstance(answer, dict):
        for key in ("message", "error"):
            if answer.get(key):
                return str(answer[key])[:2000]
    return text.strip()[:500]


def _network_words(error: Exception) -> str:
    inner = getattr(error, "reason", None) or error
    return f"{type(inner).__name__}: {inner}"[:300]

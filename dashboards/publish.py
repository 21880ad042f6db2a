"""Puts folder, data sources, dashboards and the home page into a running Grafana. Again: nothing changes.

Needs the extra `grafana` (grafana-client, the maintained successor of grafana-api).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from dashboards import infinity
from dashboards.builder import FOLDER, FOLDER_UID
from dashboards.everything import DASHBOARDS, HOME

INFLUX_UID, API_UID = "ronda-influx", "ronda-api"


class PublishError(Exception):
    """Grafana refused, or can't be reached; the text says which part and why."""


@dataclass(frozen=True, slots=True)
class Influx:
    """Where Grafana (not this machine) reaches InfluxDB."""

    url: str
    database: str = "ronda"
    user: str | None = None
    password: str | None = None
    token: str | None = None
    """2.x and 3."""


@dataclass(frozen=True, slots=True)
class Api:
    """Where Grafana reaches Ronda."""

    url: str
    token: str | None = None


def influx_source(influx: Influx) -> dict[str, Any]:
    source: dict[str, Any] = {
        "uid": INFLUX_UID,
        "name": "Ronda InfluxDB",
        "type": "influxdb",
        "access": "proxy",
        "url": influx.url,
        "jsonData": {"dbName": influx.database, "httpMode": "POST"},
        "secureJsonData": {},
    }
    if influx.user:
        source["user"] = influx.user
    if influx.password:
        source["secureJsonData"]["password"] = influx.password
    if influx.token:
        source["jsonData"]["httpHeaderName1"] = "Authorization"
        source["secureJsonData"]["httpHeaderValue1"] = f"Token {influx.token}"
    return source


def api_source(api: Api) -> dict[str, Any]:
    source: dict[str, Any] = {
        "uid": API_UID,
        "name": "API Ronda",
        "type": infinity.PLUGIN,
        "access": "proxy",
        "url": api.url,
        "jsonData": {"allowedHosts": [api.url]},
        "secureJsonData": {},
    }
    if api.token:
        source["jsonData"]["auth_method"] = "bearerToken"
        source["secureJsonData"]["bearerToken"] = api.token
    return source


def publish(url: str, token: str, influx: Influx | None, api: Api | None) -> Iterator[str]:
    """Does it, a line of what was done at a time. `None`: that data source is left as it is.

    Raises PublishError.
    """
    try:
        from grafana_client import GrafanaApi
        from grafana_client.client import GrafanaException, TokenAuth
        from requests import RequestException
    except ImportError as error:
        raise PublishError(
            "publishing needs grafana-client: .venv/bin/pip install -c constraints.txt -e '.[grafana]'"
        ) from error
    if urlsplit(url).scheme not in ("http", "https"):
        raise PublishError(f"{url!r} is not Grafana's address: expected http://HOST:3000 or https://HOST")
    grafana = GrafanaApi.from_url(url, credential=TokenAuth(token), timeout=15)
    step = "folder"
    try:
        yield _folder(grafana)
        for source in [influx_source(influx)] if influx else []:
            step = f"data source {source['name']}"
            yield _data_source(grafana, source)
        for source in [api_source(api)] if api else []:
            step = f"data source {source['name']}"
            yield _data_source(grafana, source)
        for dashboard in DASHBOARDS:
            step = f"dashboard {dashboard.title}"
            content = {k: v for k, v in dashboard.as_json().items() if k != "version"}
            body = {"dashboard": content, "folderUid": FOLDER_UID, "overwrite": True}
            grafana.dashboard.update_dashboard(dashboard=body)
            yield f"dashboard {dashboard.title}"
        step = "home"
        grafana.client.PATCH("/org/preferences", json={"homeDashboardUID": HOME.uid})
        yield f"home: {HOME.title}"
    except GrafanaException as error:
        raise PublishError(f"{step}: Grafana at {url} says {error.status_code}: {error.message}") from error
    except RequestException as error:
        raise PublishError(f"{step}: Grafana at {url} can't be reached: {error}") from error


def _folder(grafana: Any) -> str:
    known = {folder["uid"] for folder in grafana.folder.get_all_folders()}
    if FOLDER_UID in known:
        return f"folder {FOLDER}: there already"
    grafana.folder.create_folder(FOLDER, uid=FOLDER_UID)
    return f"folder {FOLDER}: made"


def _data_source(grafana: Any, source: Mapping[str, Any]) -> str:
    known = {one["uid"] for one in grafana.datasource.list_datasources()}
    if source["uid"] in known:
        grafana.datasource.update_datasource_by_uid(source["uid"], dict(source))
        return f"data source {source['name']}: brought up to date"
    grafana.datasource.create_datasource(dict(source))
    return f"data source {source['name']}: made"

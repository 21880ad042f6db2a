"""Publishing speaks Grafana's HTTP API: a server of that shape has everything once, however often it runs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.everything import DASHBOARDS
from dashboards.publish import Api, Influx, PublishError, api_source, influx_source, publish

pytest.importorskip("grafana_client", reason="grafana-client is not installed (the extra `grafana`)")
PROVISIONING = Path(__file__).parents[3] / "dashboards" / "provisioning"


class Grafana(ThreadingHTTPServer):
    """Remembers what it is given, as Grafana's API documentation says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folders: dict[str, dict[str, Any]] = {}
        self.sources: dict[str, dict[str, Any]] = {}
        self.dashboards: dict[str, dict[str, Any]] = {}
        self.home: str | None = None
        self.token = "glsa_right"
        self.writes: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Grafana

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: Any) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def allowed(self) -> bool:
        if self.headers.get("Authorization") == f"Bearer {self.server.token}":
            return True
        self.answer(401, {"message": "Invalid API key"})
        return False

    def do_GET(self) -> None:
        if not self.allowed():
            return
        path = self.path.split("?")[0]
        if path == "/api/health":
            self.answer(200, {"version": "11.0.0"})
        elif path == "/api/folders":
            self.answer(200, list(self.server.folders.values()))
        elif path == "/api/datasources":
            self.answer(200, [{"uid": uid, **source} for uid, source in self.server.sources.items()])
        else:
            self.answer(404, {"message": "not found"})

    def take(self) -> None:
        if not self.allowed():
            return
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.writes.append(f"{self.command} {self.path}")
        if self.path == "/api/folders":
            if body["uid"] in self.server.folders:
                self.answer(412, {"message": "exists"})
                return
            self.server.folders[body["uid"]] = body
        elif self.path.startswith("/api/datasources"):
            if self.command == "POST" and body["uid"] in self.server.sources:
                self.answer(409, {"message": "data source with the same name already exists"})
                return
            self.server.sources[body["uid"]] = body
        elif self.path == "/api/dashboards/db":
            assert body["folderUid"] in self.server.folders
            self.server.dashboards[body["dashboard"]["uid"]] = body["dashboard"]
        elif self.path == "/api/org/preferences":
            self.server.home = body["homeDashboardUID"]
        self.answer(200, {"message": "ok"})

    def do_POST(self) -> None:
        self.take()

    def do_PUT(self) -> None:
        self.take()

    def do_PATCH(self) -> None:
        self.take()


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    server = Grafana()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_everything_is_there_once_however_often_it_runs(grafana: Grafana) -> None:
    for _ in range(2):
        said = list(
            publish(grafana.url, "glsa_right", Influx("http://influx:8086"), Api("http://ronda:8064"))
        )
    assert set(grafana.dashboards) == {d.uid for d in DASHBOARDS}
    assert list(grafana.folders) == ["ronda"]
    assert set(grafana.sources) == {"ronda-influx", "ronda-api"}
    assert grafana.home == "ronda-overview"
    assert "folder Ronda: there already" in said
    assert grafana.writes.count("POST /api/folders") == 1
    assert grafana.writes.count("POST /api/datasources") == 2


def test_a_refusal_says_at_which_step_and_why(grafana: Grafana) -> None:
    with pytest.raises(PublishError, match=r"folder: .*401.*Unauthorized"):
        list(publish(grafana.url, "glsa_wrong", None, None))


def test_a_grafana_that_is_not_there_is_said() -> None:
    with pytest.raises(PublishError, match="can't be reached"):
        list(publish("http://127.0.0.1:9", "x", None, None))
    with pytest.raises(PublishError, match="expected http"):
        list(publish("grafana.example", "x", None, None))


@pytest.mark.parametrize("family", ["influxdb-1", "influxdb-2-or-3"])
def test_provisioning_makes_the_sources_that_publishing_makes(family: str) -> None:
    given = yaml.safe_load((PROVISIONING / family / "datasources" / "ronda.yaml").read_text())
    sources = {source["uid"]: source for source in given["datasources"]}
    token = "t" if family != "influxdb-1" else None
    login = {} if token else {"user": "u", "password": "p"}
    for made in (influx_source(Influx("u", token=token, **login)), api_source(Api("u", "t"))):
        file = sources[made["uid"]]
        assert {file["name"], file["type"]} == {made["name"], made["type"]}
        assert set(file["jsonData"]) == set(made["jsonData"])
        assert set(file["secureJsonData"]) == set(made["secureJsonData"])
        assert all(str(v).split()[-1].startswith("$") for v in file["secureJsonData"].values()), (
            "no secret in it"
        )


def test_the_folder_is_the_same_by_both_ways() -> None:
    (provider,) = yaml.safe_load((PROVISIONING / "dashboards" / "ronda.yaml").read_text())["providers"]
    assert (provider["folder"], provider["folderUid"]) == ("Ronda", "ronda")

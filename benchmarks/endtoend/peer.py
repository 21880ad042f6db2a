"""The peer: Debian's Prometheus, blackbox and SNMP exporters and Alertmanager, set up to do the same job.

The same intervals as Ronda in the run: echo every 5 s, SNMP every 60 s; silent after three missing samples,
so that one lost echo pages nobody. Alertmanager tells two receivers: one message a host, and one message for
all hosts that are down together (`group_by: [alertname]`, `group_wait` as long as Ronda's settling).
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import yaml

from benchmarks.endtoend.house import Inside, wait_for
from lab.namespaces.client import LabProcess
from topology.inventory import load_inventory

PROGRAMS = (
    "prometheus",
    "prometheus-alertmanager",
    "prometheus-blackbox-exporter",
    "prometheus-snmp-exporter",
)
PROBE_S, POLL_S = 5, 60
SILENT_FOR_S = 10
"""With samples every 5 s: the third missing one in a row."""
TOGETHER_S = 5

_SNMP = {
    "if_mib": {
        "walk": ["1.3.6.1.2.1.2.2.1.8", "1.3.6.1.2.1.31.1.1.1.1", "1.3.6.1.2.1.31.1.1.1.6"],
        "metrics": [
            {
                "name": "ifOperStatus",
                "oid": "1.3.6.1.2.1.2.2.1.8",
                "type": "gauge",
                "help": "1 up, 2 down",
                "indexes": [{"labelname": "ifIndex", "type": "gauge"}],
                "lookups": [
                    {
                        "labels": ["ifIndex"],
                        "labelname": "ifName",
                        "oid": "1.3.6.1.2.1.31.1.1.1.1",
                        "type": "DisplayString",
                    }
                ],
            },
            {
                "name": "ifHCInOctets",
                "oid": "1.3.6.1.2.1.31.1.1.1.6",
                "type": "counter",
                "help": "octets",
                "indexes": [{"labelname": "ifIndex", "type": "gauge"}],
            },
        ],
        "version": 2,
        "auth": {"community": ""},
    }
}


def missing() -> list[str]:
    return [program for program in PROGRAMS if shutil.which(program) is None]


@dataclass
class Told:
    """What Alertmanager posted: (when, path, alerts)."""

    posts: list[tuple[float, str, list[dict[str, Any]]]] = field(default_factory=list)

    def start(self, inside: Inside) -> str:
        told = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                told.posts.append((time.monotonic(), self.path, body["alerts"]))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = inside(lambda: ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def since(self, at_s: float, path: str) -> list[tuple[float, set[str]]]:
        """Messages that told of something down: when (seconds after `at_s`), and which hosts."""
        found = []
        for posted_s, where, alerts in self.posts:
            hosts = {a["labels"]["instance"] for a in alerts if a["status"] == "firing"}
            if where == path and posted_s >= at_s and hosts:
                found.append((posted_s - at_s, hosts))
        return found

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Peer:
    def __init__(self, lab: LabProcess, inside: Inside, directory: Path) -> None:
        self._lab = lab
        self._inside = inside
        self._directory = directory
        self.told = Told()
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        directory = self._directory
        directory.mkdir(parents=True)
        ports = {name: self._inside(_free_port) for name in PROGRAMS}
        hook = self.told.start(self._inside)
        for name, content in self._files(ports, hook).items():
            (directory / name).write_text(yaml.safe_dump(content))
        listen = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
        arguments = {
            "prometheus-blackbox-exporter": ["--config.file", f"{directory}/blackbox.yml"],
            "prometheus-snmp-exporter": ["--config.file", f"{directory}/snmp.yml"],
            "prometheus-alertmanager": [
                *("--config.file", f"{directory}/alertmanager.yml"),
                *("--storage.path", f"{directory}/alertmanager", "--cluster.listen-address="),
            ],
            "prometheus": [
                *("--config.file", f"{directory}/prometheus.yml"),
                *("--storage.tsdb.path", f"{directory}/tsdb"),
            ],
        }
        for program, argv in arguments.items():
            with (directory / f"{program}.log").open("wb") as log:
                command = [program, *argv, "--web.listen-address", listen[program]]
                self.processes.append(self._lab.popen(command, stdout=log, stderr=log))
        url = f"http://{listen['prometheus']}/api/v1/query?query=sum(probe_success)"
        hosts = len(self._hosts())
        wait_for(lambda: self._up(url) == hosts, 90, f"Prometheus sees {hosts} hosts up")

    def _up(self, url: str) -> int:
        try:
            rows = self._inside(lambda: httpx.get(url, timeout=5)).json()["data"]["result"]
        except (httpx.HTTPError, KeyError, json.JSONDecodeError):
            return -1
        return int(rows[0]["value"][1]) if rows else -1

    def _hosts(self) -> list[str]:
        devices = load_inventory(self._lab.inventory).devices.values()
        return [d.address.host for d in devices if d.address is not None]

    def _files(self, ports: Mapping[str, int], hook: str) -> dict[str, Any]:
        hosts = self._hosts()
        snmp = json.loads(json.dumps(_SNMP))
        snmp["if_mib"]["auth"]["community"] = next(iter(self._lab.secrets.values()))
        one, all_ = {"receiver": "one-a-host"}, {"receiver": "together"}
        one |= {"group_by": ["..."], "group_wait": "0s", "continue": True}  # type: ignore[dict-item]
        all_ |= {"group_by": ["alertname"], "group_wait": f"{TOGETHER_S}s"}  # type: ignore[dict-item]
        return {
            "blackbox.yml": {
                "modules": {
                    "icmp": {"prober": "icmp", "timeout": "2s", "icmp": {"preferred_ip_protocol": "ip4"}}
                }
            },
            "snmp.yml": snmp,
            "alertmanager.yml": {
                "route": {"receiver": "together", "group_interval": "30s", "routes": [one, all_]},
                "receivers": [
                    {"name": "one-a-host", "webhook_configs": [{"url": f"{hook}/one"}]},
                    {"name": "together", "webhook_configs": [{"url": f"{hook}/together"}]},
                ],
            },
            "rules.yml": {
                "groups": [
                    {
                        "name": "hosts",
                        "rules": [
                            {
                                "alert": "HostDown",
                                "expr": 'probe_success{job="echo"} == 0',
                                "for": f"{SILENT_FOR_S}s",
                            }
                        ],
                    }
                ]
            },
            "prometheus.yml": {
                "global": {"evaluation_interval": "5s"},
                "rule_files": ["rules.yml"],
                "alerting": {
                    "alertmanagers": [
                        {"static_configs": [{"targets": [f"127.0.0.1:{ports['prometheus-alertmanager']}"]}]}
                    ]
                },
                "scrape_configs": [
                    _job("echo", PROBE_S, "/probe", "icmp", hosts, ports["prometheus-blackbox-exporter"]),
                    _job("snmp", POLL_S, "/snmp", "if_mib", hosts, ports["prometheus-snmp-exporter"]),
                ],
            },
        }

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        self.told.stop()


def _job(name: str, every_s: int, path: str, module: str, hosts: list[str], port: int) -> dict[str, Any]:
    return {
        "job_name": name,
        "scrape_interval": f"{every_s}s",
        "scrape_timeout": f"{min(every_s, 10)}s",
        "metrics_path": path,
        "params": {"module": [module]},
        "static_configs": [{"targets": hosts}],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": f"127.0.0.1:{port}"},
        ],
    }


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])

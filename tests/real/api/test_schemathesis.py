"""The running server against its own OpenAPI document, as every role: no server error, no answer that the
document does not describe.

`RONDA_LONG=1` asks ten times as often.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
from hypothesis import HealthCheck, Phase, settings  # noqa: E402  # comes with schemathesis
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi.checks import (  # noqa: E402
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app  # noqa: E402
from topology.inventory import load_inventory  # noqa: E402

ROOT = Path(__file__).parents[3]
EXAMPLES = 60 if os.environ.get("RONDA_LONG") else 6
ROLES = ["viewer", "oncall", "engineer", "admin", "wall", "provider", None]
CHECKS = (
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
ENDLESS = "/api/v1/stream"


def _samples() -> Any:
    file = ROOT / "tests" / "unit" / "api" / "conftest.py"
    spec = importlib.util.spec_from_file_location("api_samples_real", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["api_samples_real"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str | None, str]]]:
    """Its address, and a token a role."""
    samples = _samples()
    backend = samples.SampleBackend(
        load_inventory(ROOT / "inventory.yaml"), directory=tmp_path_factory.mktemp("records")
    )
    backend.cut()
    tokens = {
        role: backend.access.make(role, provider="telkom" if role == "provider" else None)
        for role in ROLES
        if role is not None
    }
    config = uvicorn.Config(create_app(backend), port=0, log_config=None, lifespan="off")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(running.serve()), daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive(), "the server ended at once"
    port = running.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", tokens
    running.should_exit = True
    thread.join(10)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role or "nobody")
def test_the_server_keeps_to_its_document(
    server: tuple[str, dict[str | None, str]], role: str | None
) -> None:
    url, tokens = server
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json").exclude(path=ENDLESS)
    headers = {"Authorization": f"Bearer {tokens[role]}"} if role is not None else {}
    asked = 0
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @schema_given(operation)
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            response = case.call(headers=headers)
            case.validate_response(response, checks=CHECKS)

        ask()
    assert asked > 50


def schema_given(operation: Any) -> Any:
    from hypothesis import given

    return given(case=operation.as_strategy())

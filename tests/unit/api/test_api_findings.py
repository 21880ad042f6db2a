"""Discovery and configurations over the API: to whom what is shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.findings import Compared
from storage.configs import ConfigChange
from storage.records.configurations import BackupState
from topology.discovery_model import Comparison, Finding, FindingKind, SeenEnd, Stranger
from topology.model import DeviceId, LinkId

R1 = DeviceId("long-kali-r1")
ADDRESS = "10.99.1.7"


def change(backend: Any, commit: str, hours: int) -> ConfigChange:
    at = backend.clock.at + timedelta(hours=hours)
    return ConfigChange(R1, commit * 40, at, 3, 1, "interface sfp1", "budi", False, False)


def finding(kind: FindingKind, link: str | None, at: Any, **more: Any) -> Finding:
    links = () if link is None else (LinkId(link),)
    return Finding(kind, f"{kind}:{link}", links, (R1,), "a", "b", f"why {ADDRESS}", at, **more)


@pytest.fixture
def compared(backend: Any) -> Compared:
    at = backend.clock.at
    stranger = Stranger("gelap", ADDRESS, ((SeenEnd(R1, "sfp9"), "e1"),), ("lldp",))
    telkom = finding(FindingKind.NOT_SEEN, "long-ikis-long-kali", at)
    own = finding(FindingKind.SPEED_DIFFERS, "core-1-setda", at)
    unknown = finding(FindingKind.UNKNOWN_NEIGHBOUR, None, at, stranger=stranger)
    found = Comparison(
        at, (R1,), (telkom, own, unknown), (LinkId("core-1-dinkes"),), {LinkId("core-2-icon"): "cloud"}
    )
    backend.findings.newest = Compared(found, {telkom.key: at - timedelta(days=2)})
    return backend.findings.newest


async def test_before_the_first_comparison_nothing_is_claimed(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/api/v1/discovery")).json()
    assert (answer["at"], answer["items"], answer["mismatches"]) == (None, [], 0)


@pytest.mark.usefixtures("compared")
async def test_an_engineer_sees_everything(client: httpx.AsyncClient, backend: Any) -> None:
    token = backend.access.make("engineer")
    answer = (await client.get("/api/v1/discovery", headers={"Authorization": f"Bearer {token}"})).json()
    assert [i["kind"] for i in answer["items"]] == ["not_seen", "speed_differs", "unknown_neighbour"]
    assert answer["items"][2]["neighbour"] == {
        "system": "gelap", "address": ADDRESS, "heard_at": [{"device": R1, "port": "sfp9"}],
    }  # fmt: skip
    assert answer["mismatches"] == 3
    assert answer["items"][0]["since"] is not None


@pytest.mark.usefixtures("compared")
async def test_a_viewer_sees_no_address(client: httpx.AsyncClient, backend: Any) -> None:
    token = backend.access.make("viewer")
    answer = await client.get("/api/v1/discovery", headers={"Authorization": f"Bearer {token}"})
    (unknown,) = [i for i in answer.json()["items"] if i["kind"] == "unknown_neighbour"]
    assert unknown["neighbour"]["address"] is None
    assert unknown["seen"] == "gelap"


@pytest.mark.usefixtures("compared")
async def test_a_provider_sees_his_links_and_no_words(client: httpx.AsyncClient, backend: Any) -> None:
    token = backend.access.make("provider", provider="telkom")
    answer = await client.get("/api/v1/discovery", headers={"Authorization": f"Bearer {token}"})
    assert [i["links"] for i in answer.json()["items"]] == [["long-ikis-long-kali"]]
    assert ADDRESS not in answer.text
    assert answer.json()["items"][0]["why"] is None
    assert answer.json()["unproven"] == []
    assert answer.json()["confirmed"] == 0


async def test_changes_and_differences(client: httpx.AsyncClient, backend: Any) -> None:
    newest, older = change(backend, "a", -1), change(backend, "b", -5)
    backend.findings.kept[R1] = [(newest, "hostname b\n"), (older, "hostname a\n")]
    backend.findings.states[R1] = BackupState(R1, newest.at, newest.at, older.at, 2, "it is empty")
    (row,) = (await client.get("/api/v1/configurations")).json()["items"]
    assert (row["id"], row["failures"], row["reason"]) == (R1, 2, "it is empty")
    assert row["changed"]["commit"] == newest.commit
    asked = f"/api/v1/configurations/{R1}"
    items = (await client.get(f"{asked}/changes")).json()["items"]
    assert [i["commit"] for i in items] == [newest.commit, older.commit]
    assert {"at", "lines_added", "lines_removed", "summary", "who"} <= items[0].keys()
    since = (newest.at - timedelta(hours=1)).isoformat()
    items = (await client.get(f"{asked}/changes", params={"since": since})).json()["items"]
    assert [i["commit"] for i in items] == [newest.commit]
    assert (await client.get(f"{asked}/text")).text == "hostname b\n"
    assert (await client.get(f"{asked}/text", params={"commit": older.commit})).text == "hostname a\n"
    shown = await client.get(f"{asked}/diff", params={"from": older.commit, "to": newest.commit})
    assert shown.text.startswith("--- ")
    assert shown.headers["cache-control"] == "no-store"
    assert (await client.get(f"{asked}/text", params={"commit": "c" * 40})).status_code == 404
    for bad in ("HEAD", "--all", "a" * 39, "$(id)"):
        assert (await client.get(f"{asked}/diff", params={"to": bad})).status_code == 422
    assert (await client.get("/api/v1/configurations/nobody/changes")).status_code == 404


@pytest.mark.parametrize("role", ["viewer", "oncall", "wall", "provider"])
@pytest.mark.parametrize("what", ["", f"/{R1}/changes", f"/{R1}/diff", f"/{R1}/text"])
async def test_configurations_are_for_engineers(
    client: httpx.AsyncClient, backend: Any, role: str, what: str
) -> None:
    backend.findings.kept[R1] = [(change(backend, "a", -1), "hostname b\n")]
    token = backend.access.make(role, provider="telkom" if role == "provider" else None)
    answer = await client.get(f"/api/v1/configurations{what}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403
    assert "hostname" not in answer.text

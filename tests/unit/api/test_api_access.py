"""Who is let in, by what, and until when; and what is noted of what he did."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.attempts import FAILURES, Attempts
from api.auth import AuthPolicy, Loopback, ProxyTrust
from api.credentials import looks_like_a_token, new_token
from api.routes.stream import _Listener
from api.scope import Role, Scope, Via
from api.visible import Visible
from storage.records import hash_of
from topology.model import ProviderId

PROXY = ProxyTrust(
    "X-User",
    "X-Groups",
    {"noc": (Role.ENGINEER, None), "telkom-pic": (Role.PROVIDER, ProviderId("telkom"))},
    (ipaddress.ip_network("10.9.0.0/24"),),
)


@asynccontextmanager
async def at(
    backend: Any, *, peer: str = "127.0.0.1", auth: AuthPolicy | None = None, url: str = "http://localhost"
) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(backend, auth=auth, hosts={"localhost", "127.0.0.1", "ronda.example"})
    transport = httpx.ASGITransport(app, client=(peer, 5000))
    async with httpx.AsyncClient(transport=transport, base_url=url) as client:
        client.app = app  # type: ignore[attr-defined]  # for tests that look behind it
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def status(client: httpx.AsyncClient, path: str = "/api/v1/offices", **headers: str) -> int:
    return (await client.get(path, headers=headers)).status_code


# --- this machine


async def test_without_a_token_this_machine_may_everything_and_others_nothing(backend: Any) -> None:
    async with at(backend) as here, at(backend, peer="10.1.1.1") as there:
        assert (await here.get("/api/v1/session")).json()["role"] == "admin"
        assert await status(there) == 401
        assert await status(there, "/healthz") == 200


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Whatever", "Forwarded", "Via", "X-Real-IP"],
)
async def test_who_comes_through_a_proxy_on_this_machine_is_not_local(backend: Any, header: str) -> None:
    async with at(backend) as here:
        assert await status(here, **{header: "203.0.113.9"}) == 401


async def test_who_asks_for_the_public_name_is_not_local(backend: Any) -> None:
    async with at(backend, url="http://ronda.example") as here:
        assert await status(here) == 401


async def test_the_first_token_ends_that_and_its_end_does_not_bring_it_back(backend: Any) -> None:
    async with at(backend) as here:
        assert await status(here) == 200
        token = backend.access.make("viewer")
        backend.clock.at += timedelta(seconds=1)
        assert await status(here) == 401
        assert await status(here, **bearer(token)) == 200
        backend.access.revoke(token, backend.clock.at)
        backend.clock.at += timedelta(seconds=1)
        assert await status(here, **bearer(token)) == 401
        assert await status(here) == 401


@pytest.mark.parametrize(
    ("loopback", "role"), [(Loopback.OPEN, "admin"), (Loopback.WALL, "wall"), (Loopback.GUARDED, None)]
)
async def test_what_this_machine_may_can_be_said(backend: Any, loopback: Loopback, role: str | None) -> None:
    backend.access.make("admin")
    async with at(backend, auth=AuthPolicy(loopback)) as here:
        answer = await here.get("/api/v1/session")
        assert answer.json().get("role") == role
        assert answer.status_code == (401 if role is None else 200)


async def test_unguarded_ends_with_the_first_token(backend: Any) -> None:
    async with at(backend, peer="10.1.1.1", auth=AuthPolicy(unguarded=True)) as there:
        assert await status(there) == 200
        backend.access.make("viewer")
        backend.clock.at += timedelta(seconds=1)
        assert await status(there) == 401


# --- tokens


def test_a_token_is_told_apart_from_other_text() -> None:
    token = new_token()
    assert token.startswith("rnd_")
    assert looks_like_a_token(token)
    assert len({new_token() for _ in range(100)}) == 100
    for other in (token[:-1], token + "0", token.replace("rnd_", "ghp_"), token[:10] + "é" + token[11:], ""):
        assert not looks_like_a_token(other)
    wrong = "b" if token[20] != "b" else "c"
    assert not looks_like_a_token(token[:20] + wrong + token[21:])


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.PROVIDER])
async def test_roles(backend: Any, role: Role) -> None:
    incident = backend.cut()
    async with at(backend, peer="10.1.1.1") as client:
        client.headers.update(bearer(backend.access.make(role.value, label="piket")))
        who = (await client.get("/api/v1/session")).json()
        assert (who["role"], who["who"], who["via"]) == (role.value, "piket", "token")
        staff = role in (Role.ONCALL, Role.ENGINEER, Role.ADMIN)
        answer = await client.post(f"/api/v1/incidents/{incident.id}/acknowledge", json={})
        assert answer.status_code == (200 if staff else 403)
        assert await status(client, "/api/v1/audit") == (200 if role is Role.ADMIN else 403)
        assert await status(client, "/api/v1/devices") == (403 if role is Role.WALL else 200)
        assert await status(client, "/metrics") == (403 if role is Role.WALL else 200)
        office = (await client.get("/api/v1/offices/dkisp")).json()
        assert bool(office["contacts"]) is staff
        assert any(d["address"] for d in office["devices"]) is staff


@pytest.mark.parametrize(
    "given", ["Basic cm9uZGE6cm9uZGE=", "Bearer", "Bearer ", "Bearer rnd_x", "Bearer {}", "rnd_x"]
)
async def test_what_is_given_and_wrong_is_refused_even_here(backend: Any, given: str) -> None:
    given = given.format(new_token())
    async with at(backend) as here:
        answer = await here.get("/api/v1/offices", headers={"Authorization": given})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "rnd_x" not in answer.text


async def test_a_token_ends_when_it_says_so_and_its_last_use_is_noted(backend: Any) -> None:
    token = backend.access.make("viewer", expires_at=backend.clock.at + timedelta(hours=1))
    async with at(backend, peer="10.1.1.1") as client:
        assert await status(client, **bearer(token)) == 200
        used_at = backend.clock.at
        backend.clock.at += timedelta(seconds=30)
        assert await status(client, **bearer(token)) == 200
        assert backend.access.known[0].last_used_at == used_at
        backend.clock.at += timedelta(hours=1)
        assert await status(client, **bearer(token)) == 401


async def test_a_role_of_another_version_is_none(backend: Any) -> None:
    token = backend.access.make("emperor")
    async with at(backend) as client:
        assert await status(client, **bearer(token)) == 401


async def test_records_out_of_reach_keep_what_was_read_for_a_while(backend: Any) -> None:
    token = backend.access.make("viewer")
    async with at(backend, peer="10.1.1.1") as client:
        assert await status(client, **bearer(token)) == 200
        backend.access.down = True
        backend.clock.at += timedelta(minutes=14)
        assert await status(client, **bearer(token)) == 200
        backend.clock.at += timedelta(minutes=2)
        assert await status(client, **bearer(token)) == 503
    async with at(backend) as fresh:
        assert await status(fresh) == 503


# --- failures


async def test_who_fails_too_often_waits_but_nobody_else_does(backend: Any) -> None:
    good = backend.access.make("viewer")
    async with at(backend, peer="10.1.1.1") as client, at(backend, peer="10.1.1.2") as other:
        for _ in range(FAILURES):
            assert await status(client, **bearer(new_token())) == 401
        refused = await client.get("/api/v1/offices", headers=bearer(new_token()))
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        assert await status(client, **bearer(good)) == 200
        assert await status(other, **bearer(new_token())) == 401
        backend.clock.at += timedelta(seconds=int(refused.headers["retry-after"]))
        assert await status(client, **bearer(new_token())) == 401


def test_failures_of_an_ipv6_network_count_together_and_memory_is_bounded() -> None:
    attempts = Attempts()
    for n in range(FAILURES):
        attempts.failed(f"2001:db8::{n:x}", 0.0)
    assert attempts.wait_s("2001:db8::ffff", 0.0) is not None
    assert attempts.wait_s("2001:db8:0:1::1", 0.0) is None
    for n in range(10_000):
        attempts.failed(f"10.{n // 65536}.{n // 256 % 256}.{n % 256}", 1.0)
    assert len(attempts._buckets) <= 4096


# --- sessions


async def log_in(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/api/v1/session", json={"token": token})


async def test_a_browser_s_session_from_login_to_logout(backend: Any) -> None:
    token = backend.access.make("oncall", label="piket")
    async with at(backend, peer="10.1.1.1") as client:
        answer = await log_in(client, token)
        cookie = answer.headers["set-cookie"]
        assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/"))
        assert "Secure" not in cookie
        assert token not in answer.text + cookie
        assert (await client.get("/api/v1/session")).json()["via"] == "session"
        stolen = dict(client.cookies)
        assert list(backend.access.sessions) == [hash_of(stolen["ronda_session"])]
        assert (await client.delete("/api/v1/session")).status_code == 204
        client.cookies.update(stolen)
        assert await status(client) == 401
        assert (await client.delete("/api/v1/session")).status_code == 204


async def test_over_https_the_cookie_is_for_https_only(backend: Any) -> None:
    token = backend.access.make("viewer")
    async with at(backend, url="https://ronda.example") as client:
        cookie = (await log_in(client, token)).headers["set-cookie"]
        assert cookie.startswith("__Host-ronda_session=")
        assert "Secure" in cookie
        assert await status(client) == 200


async def test_a_session_ends_by_itself_and_with_its_token(backend: Any) -> None:
    short, wall = backend.access.make("viewer"), backend.access.make("wall")
    async with at(backend, peer="10.1.1.1") as client, at(backend, peer="10.1.1.2") as screen:
        await log_in(client, short)
        await log_in(screen, wall)
        backend.clock.at += timedelta(hours=11)
        assert (await status(client), await status(screen)) == (200, 200)
        backend.clock.at += timedelta(hours=2)
        assert (await status(client), await status(screen)) == (401, 200)
        backend.access.revoke(wall, backend.clock.at)
        backend.clock.at += timedelta(seconds=1)
        assert await status(screen) == 401


async def test_a_session_never_outlives_its_token(backend: Any) -> None:
    ends = backend.clock.at + timedelta(hours=1)
    async with at(backend, peer="10.1.1.1") as client:
        answer = await log_in(client, backend.access.make("viewer", expires_at=ends))
        assert "Max-Age=3600" in answer.headers["set-cookie"]


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_no_foreign_page_logs_anybody_in_or_out(backend: Any, headers: dict[str, str]) -> None:
    token = backend.access.make("viewer")
    async with at(backend) as client:
        answer = await client.post("/api/v1/session", json={"token": token}, headers=headers)
        assert answer.status_code == 403
        assert (await client.delete("/api/v1/session", headers=headers)).status_code == 403


async def test_an_open_stream_ends_with_its_token(backend: Any) -> None:
    token = backend.access.make("viewer")
    app = create_app(backend)
    authenticator = app.state.authenticator
    await authenticator.keyring.refresh()
    (known,) = backend.access.known
    scope = Scope(Role.VIEWER, None, "x", Via.TOKEN, known.id)
    listener = _Listener(backend, authenticator, scope, Visible(backend.inventory, scope), None)
    told = []
    async for text in listener.events(None):
        told.append(text.split("\n")[1])
        backend.feed.publish([], [backend.cut()])
        if len(told) == 2:
            backend.access.revoke(token, backend.clock.at)
            backend.clock.at += timedelta(seconds=2)
    assert told == ["event: hello", "event: change"]


# --- reverse proxies


def proxied() -> AuthPolicy:
    return AuthPolicy(proxies=PROXY.networks, proxy=PROXY)


async def test_the_proxy_says_who_it_is_and_what_he_may(backend: Any) -> None:
    async with at(backend, peer="10.9.0.1", url="http://ronda.example", auth=proxied()) as client:
        said = (await client.get("/api/v1/session", headers={"X-User": "rina", "X-Groups": "a, noc"})).json()
        assert (said["role"], said["who"], said["via"]) == ("engineer", "rina", "proxy")
        said = (
            await client.get("/api/v1/session", headers={"X-User": "tono", "X-Groups": "telkom-pic"})
        ).json()
        assert (said["role"], said["provider"]) == ("provider", "telkom")
        assert await status(client, **{"X-User": "eve", "X-Groups": "sales"}) == 403
        assert await status(client) == 401


@pytest.mark.parametrize("header", ["X-User", "X-Groups"])
async def test_nobody_else_says_who_he_is(backend: Any, header: str) -> None:
    token = backend.access.make("viewer")
    for peer in ("127.0.0.1", "10.8.0.1"):
        async with at(backend, peer=peer, auth=proxied()) as client:
            assert await status(client, **{header: "noc"}) == 401
            assert await status(client, **{header: "noc"}, **bearer(token)) == 401


async def test_a_proxy_that_names_nobody_is_nobody_even_on_this_machine(backend: Any) -> None:
    here = (ipaddress.ip_network("127.0.0.0/8"),)
    for policy in (AuthPolicy(proxies=here), AuthPolicy(Loopback.WALL, proxies=here)):
        async with at(backend, auth=policy) as client:
            assert await status(client) == 401


async def test_failures_behind_a_trusted_proxy_count_for_whom_it_names(backend: Any) -> None:
    backend.access.make("viewer")
    async with at(backend, peer="10.9.0.1", auth=AuthPolicy(proxies=PROXY.networks)) as client:
        for _ in range(FAILURES):
            await status(client, **{"X-Forwarded-For": "198.51.100.7"}, **bearer(new_token()))
        forged = {"X-Forwarded-For": "203.0.113.5, 198.51.100.7"}
        assert await status(client, **forged, **bearer(new_token())) == 429
        assert await status(client, **{"X-Forwarded-For": "198.51.100.8"}, **bearer(new_token())) == 401


# --- the audit log


async def test_every_change_is_noted_before_its_answer(backend: Any) -> None:
    incident = backend.cut()
    token = backend.access.make("oncall", label="piket")
    path = f"/api/v1/incidents/{incident.id}"
    async with at(backend, peer="10.1.1.1") as client:
        client.headers.update(bearer(token))
        await client.post(f"{path}/acknowledge", json={"who": "Rina", "note": "jalan"})
        await client.post(f"{path}/comment", json={"text": "tiba"})
        await client.post(f"{path}/assign", json={"to": "Budi"})
        await client.post(f"{path}/ticket", json={"ticket": "IN-42"})
        await client.post(f"{path}/unacknowledge", json={})
        await client.post(f"{path}/comment", json={"text": ""})  # refused: no change, no entry
        await client.get(path)
        shown = (await client.get(path)).json()
        assert (shown["assigned_to"], shown["ticket"]) == ("Budi", "IN-42")
        assert shown["timeline"][1]["who"] == "Rina (piket)"
    noted = backend.access.log
    assert [e.action for e in noted] == ["acknowledge", "comment", "assign", "ticket", "unacknowledge"]
    assert {(e.who, e.role, e.via, e.peer, e.token) for e in noted} == {
        ("piket", "oncall", "token", "10.1.1.1", "t-0")
    }
    assert noted[0].detail == {"who": "Rina (piket)", "note": "jalan"}
    assert noted[0].subject == f"{path}/acknowledge"


async def test_administrators_read_it_page_by_page(backend: Any) -> None:
    incident = backend.cut()
    async with at(backend) as here:
        for n in range(5):
            await here.post(
                f"/api/v1/incidents/{incident.id}/comment", json={"who": f"Ani {n}", "text": f"{n}"}
            )
        first = (await here.get("/api/v1/audit", params={"limit": 3})).json()
        second = (await here.get("/api/v1/audit", params={"limit": 3, "cursor": first["next_cursor"]})).json()
        assert [e["detail"]["text"] for e in first["items"] + second["items"]] == ["4", "3", "2", "1", "0"]
        assert second["next_cursor"] is None
        assert len((await here.get("/api/v1/audit", params={"who": "Ani 3"})).json()["items"]) == 1


async def test_a_login_is_noted_without_its_secret(backend: Any) -> None:
    token = backend.access.make("viewer", label="meja 3")
    async with at(backend, peer="10.1.1.1") as client:
        await log_in(client, token)
        await log_in(client, new_token())
    (entry,) = backend.access.log
    assert (entry.who, entry.action) == ("meja 3", "log_in")
    assert token not in str(entry)


async def test_a_change_whose_entry_can_not_be_saved_is_still_told_as_made(
    backend: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    incident = backend.cut()
    async with at(backend) as here:
        await here.get("/api/v1/offices")
        backend.access.down = True
        answer = await here.post(f"/api/v1/incidents/{incident.id}/comment", json={"who": "Ani", "text": "x"})
        assert answer.status_code == 200

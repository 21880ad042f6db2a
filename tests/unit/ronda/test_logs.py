"""A log line tells no secret, forges no other line, and comes seldom."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ronda import log
from ronda.log_safety import AT_MOST, EVERY_S, KINDS, MASK, Limiter, Masker, cleaned


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level
    log.hide([])


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_line_an_event_with_time_level_and_values() -> None:
    stream = io.StringIO()
    log.configure("json", "info", stream)
    structlog.get_logger().info("started", url="http://127.0.0.1:8064", devices=33, traps=None)
    structlog.get_logger().debug("not asked for")
    (line,) = lines(stream)
    assert (line["event"], line["level"], line["devices"], line["traps"]) == ("started", "info", 33, None)
    assert str(line["timestamp"]).endswith("Z")


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_device_can_not_forge_a_line(form: str) -> None:
    stream = io.StringIO()
    log.configure(form, "info", stream)
    evil = 'r1\n{"event": "all is well"}\r\x1b[2J\x9b31m\u2028x\x85\u202ey\x00'
    structlog.get_logger().warning("neighbour not declared", name=evil, names=[evil], deep={"a": evil})
    logging.getLogger("paramiko").warning("banner: %s", evil)
    text = stream.getvalue()
    assert len(text.splitlines()) == 2  # splits at every kind of line end
    values = text.replace("\x1b[", "") if form == "console" else text  # colours are the renderer's
    assert not [c for c in values if not c.isprintable() and c not in "\n"]
    assert r"\x1b[2J" in text or r"\\x1b[2J" in text


def test_the_lines_of_a_traceback_can_not_be_taken_for_lines_of_the_log() -> None:
    stream = io.StringIO()
    log.configure("console", "info", stream)
    try:
        raise ValueError("first\n2026-11-22T00:00:00Z [info] all is well\x1b[2J")
    except ValueError:
        structlog.get_logger().exception("a round failed")
    first, *rest = stream.getvalue().splitlines()
    assert "a round failed" in first
    assert [line for line in rest if line.startswith("2026")] == []
    assert "\x1b[2J" not in "".join(rest)


def test_values_that_are_secret_are_masked_in_every_form() -> None:
    stream = io.StringIO()
    log.configure("json", "info", stream)
    log.hide(["kunci rahasia/2026", "publik", "p4ss'word\"x", ""])
    structlog.get_logger().error(
        "failed publik",
        error="no: kunci rahasia/2026, publik. publikasi stays",
        url="https://h/?q=kunci%20rahasia%2F2026&r=kunci+rahasia%2F2026",
        header="a3VuY2kgcmFoYXNpYS8yMDI2",
        values={"x": ["kunci rahasia/2026"], "community": "anything", "token_env": "INFLUX_TOKEN"},
        quoted=repr("p4ss'word\"x"),
        password="never known before",
    )
    text = stream.getvalue()
    for never in ("rahasia", "cmFoYXNpYS", "ss'word", "ss\\'word", "anything", "never known", '"publik"'):
        assert never not in text
    (line,) = lines(stream)
    assert line["event"] == f"failed {MASK}"
    assert "publikasi stays" in str(line["error"])
    assert "INFLUX_TOKEN" in text, "a name is no secret"


@pytest.mark.parametrize(
    "text",
    [
        "token rnd_SECRETpart_xyz-1 was refused",
        "POST https://api.telegram.org/bot8123456789:SECRETabcdefghijklmnopqrstuvwxyz0123/sendMessage",
        "redis://user:SECRET@host/1",
        "GET /hook?api_key=SECRET&x=1",
        "Authorization: Bearer SECRETxxxxxxxxxxxx",
        "Token SECRETxxxxxxxxxxxxxxx==",
    ],
)
def test_what_looks_like_a_secret_is_masked_though_nobody_told(text: str) -> None:
    assert "SECRET" not in Masker().masked(text)


@given(st.text())
def test_cleaned_is_one_printable_line(text: str) -> None:
    assert cleaned(text).isprintable()
    assert not text.isprintable() or cleaned(text) == text


@given(st.text(min_size=1, max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_no_learnt_secret_survives_where_it_stands_alone(secret: str, before: str, after: str) -> None:
    masker = Masker()
    masker.learn([secret])
    masked = masker.masked(f"{before} {secret} {after}")
    if secret not in before + after and secret not in MASK and secret.strip() == secret:
        assert secret not in masked.replace(before, "", 1).replace(after, "", 1) or secret in f"{MASK} "


def test_a_storm_is_told_a_few_times_and_then_counted() -> None:
    now = [0.0]
    limiter = Limiter(lambda: now[0])
    said = [limiter.admit("silent", "a") for _ in range(1000)]
    assert said == [0] * AT_MOST + [None] * (1000 - AT_MOST)
    assert limiter.admit("silent", "b") == 0, "another device's lines are not its"
    now[0] = EVERY_S
    assert limiter.admit("silent", "a") == 1000 - AT_MOST
    assert limiter.admit("silent", "a") == 0
    assert limiter.left_out == 1000 - AT_MOST


def test_the_limiter_is_bounded() -> None:
    limiter = Limiter(lambda: 0.0)
    for n in range(5 * KINDS):
        limiter.admit("from", n)
    assert len(limiter._kinds) == KINDS


def test_storms_of_ours_and_of_libraries_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    stream = io.StringIO()
    log.configure("json", "info", stream)
    for n in range(200):
        structlog.get_logger().warning("message not delivered", receiver="piket", error=f"try {n}")
        logging.getLogger("uvicorn").error("odd request %s", n)
    assert len(lines(stream)) == 2 * AT_MOST
    now[0] += EVERY_S
    structlog.get_logger().warning("message not delivered", receiver="piket", error="again")
    logging.getLogger("uvicorn").error("odd request %s", 200)
    ours, theirs = lines(stream)[-2:]
    assert ours["left_out"] == 200 - AT_MOST
    assert theirs["event"] == f"odd request 200 ({200 - AT_MOST} like it left out)"

"""Telegram's channel against a server with the Bot API's shapes, that also misbehaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from alerts.channels.memory import ShortMemory
from alerts.channels.telegram import TelegramChannel, TelegramSettings
from alerts.channels.telegram_bot import WORDS, Chat, TelegramBot
from alerts.model import Notification, Outcome, Reason, Severity
from topology.model import Language

pytestmark = pytest.mark.real
TOKEN = "123456:AAsecretsecret"
CHAT = -100200


def ok(result: Any) -> Any:
    return 200, {}, json.dumps({"ok": True, "result": result}).encode()


def no(code: int, description: str, **parameters: Any) -> Any:
    body = {"ok": False, "error_code": code, "description": description, "parameters": parameters}
    return code, {}, json.dumps(body).encode()


class Acks:
    def __init__(self) -> None:
        self.got: list[tuple[str, str, str]] = []

    async def __call__(self, incident_id: str, who: str, via: str) -> str:
        self.got.append((incident_id, who, via))
        return f"Tercatat: {who}"


class House:
    """A channel with its bot, on a peer; `updates` are what getUpdates gives, by number."""

    def __init__(self, peer: Any, *, allowed: frozenset[int] = frozenset(), polls: bool = False) -> None:
        self.peer = peer
        self.memory = ShortMemory()
        self.acks = Acks()
        self.allowed = allowed
        self.polls = polls
        self.updates: list[dict[str, Any]] = []
        self.numbers = iter(range(100, 1000))
        self.wrong: dict[str, Any] = {}
        peer.answer = self.answer
        self.make()

    def make(self) -> None:
        """A process begins: the memory is what is left of the one before."""
        self.bot = TelegramBot(TOKEN, self.peer.url, 0.5, self.memory, self.acks, WORDS[Language.ID])
        chat = Chat("telegram:piket/telegram", CHAT, self.allowed, self.polls)
        self.bot.add(chat)
        self.channel = TelegramChannel(TelegramSettings(CHAT), self.bot, chat, self.memory)

    def answer(self, request: Any) -> Any:
        method = request.path.rpartition("/")[2]
        if method in self.wrong:
            return self.wrong[method]
        if method == "getUpdates":
            offset = request.json.get("offset", 0)
            waiting = [u for u in self.updates if u["update_id"] >= offset]
            return ok(waiting)
        return ok({"message_id": next(self.numbers)} if method == "sendMessage" else True)

    def calls(self, method: str) -> list[Any]:
        return [r.json for r in self.peer.requests if r.path == f"/bot{TOKEN}/{method}"]


@pytest.fixture
async def house(peer: Any) -> AsyncIterator[House]:
    house = House(peer)
    await house.channel.start()
    yield house
    await house.channel.stop()


def press(number: int, user: int = 7, chat: int = CHAT, data: str = "ack:R-261121-001") -> dict[str, Any]:
    return {
        "update_id": number,
        "callback_query": {
            "id": f"q{number}",
            "from": {"id": user, "first_name": "Budi", "username": "budi"},
            "message": {"message_id": 100, "chat": {"id": chat}},
            "data": data,
        },
    }


async def test_the_first_message_has_a_button_and_later_ones_answer_it_and_edit_it(
    house: House, note: Callable[..., Notification]
) -> None:
    assert (await house.channel.deliver(note())).outcome is Outcome.SENT
    (first,) = house.calls("sendMessage")
    assert first["chat_id"] == CHAT
    assert first["text"].startswith("<b>PUTUS serat optik Grogot - Kuaro: 2 SKPD putus</b>\n")
    assert first["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "ack:R-261121-001"
    assert first["disable_notification"] is False

    taken = note(Reason.ACKNOWLEDGED, 2, payload={"acknowledged_by": "Budi"})
    assert (await house.channel.deliver(taken)).outcome is Outcome.SENT
    assert (await house.channel.deliver(note(Reason.RESOLVED, 3, subject="PULIH"))).outcome is Outcome.SENT
    second, third = house.calls("sendMessage")[1:]
    assert second["reply_parameters"]["message_id"] == third["reply_parameters"]["message_id"] == 100
    assert second["disable_notification"] is True
    assert third["disable_notification"] is False
    assert "reply_markup" not in third
    edits = house.calls("editMessageText")
    assert [e["message_id"] for e in edits] == [100, 100]
    assert edits[-1]["text"].startswith("<b>PULIH</b>")
    assert edits[-1]["reply_markup"] == {"inline_keyboard": []}


async def test_a_warning_makes_no_sound(house: House, note: Callable[..., Notification]) -> None:
    await house.channel.deliver(note(severity=Severity.WARNING))
    assert house.calls("sendMessage")[0]["disable_notification"] is True


@pytest.mark.parametrize(
    ("answer", "outcome", "wait_s", "maybe"),
    [
        (no(429, "Too Many Requests: retry after 7", retry_after=7), Outcome.RETRY, 7.0, False),
        (no(401, "Unauthorized"), Outcome.FAILED, None, False),
        (no(403, "Forbidden: bot was kicked from the group chat"), Outcome.FAILED, None, False),
        (no(400, "Bad Request: chat not found"), Outcome.FAILED, None, False),
        (no(500, "Internal Server Error"), Outcome.RETRY, None, False),
        ((502, {}, b"<html>Bad Gateway"), Outcome.RETRY, None, True),
        ((200, {}, b"surprise"), Outcome.RETRY, None, False),
        ("hang", Outcome.RETRY, None, True),
        ("reset", Outcome.RETRY, None, True),
        ("garbage", Outcome.RETRY, None, True),
    ],
)
async def test_what_goes_wrong_says_whether_time_may_cure_it_and_never_the_token(
    house: House, note: Callable[..., Notification], answer: Any, outcome: Outcome, wait_s: float, maybe: bool
) -> None:
    house.wrong["sendMessage"] = answer
    delivery = await house.channel.deliver(note())
    assert (delivery.outcome, delivery.retry_after_s, delivery.maybe_arrived) == (outcome, wait_s, maybe)
    assert delivery.error
    assert TOKEN not in delivery.error


async def test_html_that_telegram_refuses_is_sent_plain(
    house: House, note: Callable[..., Notification]
) -> None:
    said = no(400, "Bad Request: can't parse entities: unsupported start tag")
    house.peer.answer = lambda r: said if b"parse_mode" in r.body else house.answer(r)
    assert (await house.channel.deliver(note(html="<nope>"))).outcome is Outcome.SENT
    assert "Puskesmas Kuaro" in house.calls("sendMessage")[-1]["text"]


async def test_a_group_that_became_a_supergroup_is_followed(
    house: House, note: Callable[..., Notification]
) -> None:
    moved = no(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-100999)
    house.peer.answer = lambda r: moved if r.json.get("chat_id") == CHAT else house.answer(r)
    assert (await house.channel.deliver(note())).outcome is Outcome.SENT
    assert (await house.channel.deliver(note(Reason.RESOLVED, 2))).outcome is Outcome.SENT
    assert [c["chat_id"] for c in house.calls("sendMessage")] == [CHAT, -100999, -100999]


async def test_an_edit_that_fails_costs_nothing(house: House, note: Callable[..., Notification]) -> None:
    house.wrong["editMessageText"] = no(400, "Bad Request: message to edit not found")
    await house.channel.deliver(note())
    assert (await house.channel.deliver(note(Reason.RESOLVED, 2))).outcome is Outcome.SENT
    assert house.channel.counters["edit_errors"] == 1


async def eventually(check: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not check():  # noqa: ASYNC110  # what is waited for happens in a server without events
            await asyncio.sleep(0.01)


async def test_a_press_is_taken_once_also_by_the_next_process(
    peer: Any, note: Callable[..., Notification]
) -> None:
    house = House(peer, polls=True)
    await house.channel.start()
    await house.channel.deliver(note())
    house.updates = [press(41)]
    await eventually(lambda: house.calls("getUpdates")[-1].get("offset") == 42)
    await house.channel.stop()
    house.make()
    await house.channel.start()
    house.updates.append(press(42))
    await eventually(lambda: len(house.calls("answerCallbackQuery")) == 2)
    await eventually(lambda: house.calls("getUpdates")[-1].get("offset") == 43)
    await house.channel.stop()
    assert house.acks.got == [("R-261121-001", "Budi (@budi)", "telegram")] * 2
    assert house.calls("answerCallbackQuery")[0] == {
        "callback_query_id": "q41",
        "text": "Tercatat: Budi (@budi)",
    }


@pytest.mark.parametrize(
    "update",
    [
        press(1, chat=-5),
        press(1, user=8),
        press(1, data="ack:R-261121-999"),
        press(1, data="drop tables"),
        {"update_id": 1, "callback_query": {"id": "q", "from": None, "data": None}},
        {"update_id": 1, "message": {"text": "halo"}},
    ],
    ids=["another chat", "another person", "never told here", "not ours", "broken", "no press"],
)
async def test_who_may_not_acknowledge_does_not(
    peer: Any, note: Callable[..., Notification], update: dict[str, Any]
) -> None:
    house = House(peer, allowed=frozenset({7}))
    await house.channel.start()
    await house.channel.deliver(note())
    await house.channel.take(update)
    await house.channel.stop()
    assert house.acks.got == []


async def test_updates_that_fail_are_asked_for_again(peer: Any) -> None:
    house = House(peer, polls=True)
    house.wrong["getUpdates"] = no(409, "Conflict: terminated by other getUpdates request")
    await house.channel.start()
    await eventually(lambda: house.calls("getUpdates"))
    await house.channel.stop()
    assert house.bot.counters["update_errors"] >= 1

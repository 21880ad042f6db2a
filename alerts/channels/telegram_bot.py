"""One Telegram bot: its calls, and the presses of its buttons, by long polling or by Telegram's webhook.

Several receivers may share a bot, but only one of them may ask for its updates: so the bot is one object and
its chats register with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from alerts.channels.memory import Memory, OnAck
from alerts.channels.peer import LONGEST_WAIT_S, HttpPeer
from alerts.delivery import Delivery
from alerts.model import Outcome
from topology.model import Language

log = structlog.get_logger(__name__)

POLL_S = 25.0
PREFIX = "ack:"


@dataclass(frozen=True, slots=True)
class Chat:
    """Where presses are taken from, and whose."""

    owner: str
    """Under which its messages are remembered."""
    chat_id: int | str
    allowed_users: frozenset[int]
    polls: bool


@dataclass(frozen=True, slots=True)
class Words:
    button: str
    not_allowed: str
    unknown: str


WORDS = {
    Language.ID: Words("Tangani", "Anda tidak berhak di sini.", "Insiden ini tidak dikenal di sini."),
    Language.EN: Words("Take it on", "You may not do that here.", "This incident is not known here."),
}


class TelegramBot:
    def __init__(
        self, token: str, api_url: str, timeout_s: float, memory: Memory, on_ack: OnAck | None, words: Words
    ) -> None:
        self._base = f"{api_url.rstrip('/')}/bot{token}"
        self._owner = f"telegram-bot:{token.partition(':')[0]}"
        self._peer = HttpPeer(timeout_s, [token])
        self._timeout_s = timeout_s
        self._memory = memory
        self._on_ack = on_ack
        self.words = words
        self._chats: list[Chat] = []
        self._users = 0
        self._task: asyncio.Task[None] | None = None
        self.counters: Counter[str] = Counter()

    def add(self, chat: Chat) -> None:
        self._chats.append(chat)

    async def start(self) -> None:
        """Once for each chat; the first one starts it."""
        self._users += 1
        if self._users > 1:
            return
        await self._peer.start()
        if self._on_ack is not None and any(chat.polls for chat in self._chats):
            self._task = asyncio.create_task(self._poll(), name="telegram updates")

    async def stop(self) -> None:
        self._users -= 1
        if self._users > 0:
            return
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self._peer.stop()

    async def call(
        self, method: str, params: Mapping[str, Any], timeout_s: float | None = None
    ) -> Any | Delivery:
        """The `result` of a method of the Bot API; a `Delivery` when it failed."""
        answer = await self._peer.send(
            "POST",
            f"{self._base}/{method}",
            content=json.dumps(params, ensure_ascii=False).encode("utf-8", "replace"),
            headers={"content-type": "application/json"},
            timeout_s=timeout_s,
        )
        if isinstance(answer, Delivery):
            return answer
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            judged = self._peer.judge(answer)
            return (
                judged if judged.outcome is not Outcome.SENT else Delivery(Outcome.RETRY, "no JSON came back")
            )
        if body.get("ok") is True:
            return body.get("result")
        return self._failure(answer.status_code, body)

    def _failure(self, status: int, body: Mapping[str, Any]) -> Delivery:
        """https://core.telegram.org/bots/api#making-requests: error_code, description, parameters."""
        code = body.get("error_code", status)
        said = self._peer.safe(f"Telegram {code}: {str(body.get('description', ''))[:200]}")
        parameters = body.get("parameters")
        parameters = parameters if isinstance(parameters, dict) else {}
        moved = parameters.get("migrate_to_chat_id")
        if isinstance(moved, int):
            return Delivery(Outcome.FAILED, said, answer=str(moved))
        wait_s = parameters.get("retry_after")
        if code == 429 or (isinstance(code, int) and code >= 500):
            wait = min(float(wait_s), LONGEST_WAIT_S) if isinstance(wait_s, (int, float)) else None
            return Delivery(Outcome.RETRY, said, wait)
        return Delivery(Outcome.FAILED, said)

    # --- presses ---

    async def _poll(self) -> None:
        pause_s = 1.0
        while True:
            try:
                pause_s = 1.0 if await self._ask_once() else min(pause_s * 2, 60.0)
            except Exception as error:  # noqa: BLE001  # the records may be locked: asked again, counted
                self.counters["update_errors"] += 1
                log.warning("telegram updates can't be taken", error=type(error).__name__)
                pause_s = min(pause_s * 2, 60.0)
            # Telegram itself holds a question for POLL_S; a server that doesn't is not asked in a circle.
            await asyncio.sleep(pause_s if pause_s > 1.0 else 0.2)

    async def _ask_once(self) -> bool:
        """False: it failed, wait a little."""
        kept = await self._memory.get(self._owner, "offset")
        offset = kept.get("next") if kept else None
        found = await self.call(
            "getUpdates",
            {
                "timeout": int(POLL_S),
                "allowed_updates": ["callback_query"],
                **({"offset": offset} if isinstance(offset, int) else {}),
            },
            timeout_s=POLL_S + self._timeout_s,
        )
        if isinstance(found, Delivery):
            self.counters["update_errors"] += 1
            if self.counters["update_errors"] in (1, 10, 100) or not self.counters["update_errors"] % 1000:
                log.warning("telegram gives no updates", error=found.error)
            return False
        for update in found if isinstance(found, list) else []:
            if isinstance(update, dict) and isinstance(number := update.get("update_id"), int):
                await self.take(update)
                # After it was acted on: a crash before this asks once more, and hears "already".
                await self._memory.put(self._owner, "offset", {"next": number + 1})
        return True

    async def take(self, update: Mapping[str, Any]) -> None:
        """One update, whoever brought it. Never raises for what stands in it."""
        query = update.get("callback_query")
        if not isinstance(query, dict) or self._on_ack is None:
            return
        self.counters["presses"] += 1
        data, user = str(query.get("data", "")), query.get("from")
        user = user if isinstance(user, dict) else {}
        chat = self._chat_of(query)
        incident = data.removeprefix(PREFIX)
        if chat is None or (chat.allowed_users and user.get("id") not in chat.allowed_users):
            self.counters["presses_refused"] += 1
            said = self.words.not_allowed
        elif not data.startswith(PREFIX) or await self._memory.get(chat.owner, incident) is None:
            self.counters["presses_refused"] += 1
            said = self.words.unknown  # a client of somebody's own can send anything: only what was told here
        else:
            said = await self._on_ack(incident, _name(user), "telegram")
        await self.call(
            "answerCallbackQuery", {"callback_query_id": str(query.get("id")), "text": said[:200]}
        )

    def _chat_of(self, query: Mapping[str, Any]) -> Chat | None:
        message = query.get("message")
        where = message.get("chat") if isinstance(message, dict) else None
        if not isinstance(where, dict):
            return None
        names = {str(where.get("id")), f"@{where.get('username')}".lower()}
        return next((c for c in self._chats if str(c.chat_id).lower() in names), None)


def _name(user: Mapping[str, Any]) -> str:
    name = " ".join(str(user[k]) for k in ("first_name", "last_name") if user.get(k))
    if user.get("username"):
        name = f"{name} (@{user['username']})".strip()
    name = "".join(c for c in name if c.isprintable())
    return name[:80] or f"telegram {user.get('id')}"

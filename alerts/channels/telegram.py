"""Telegram: a message of HTML with a button; what changes is edited in the first message, too.

What wakes people is a new message (opened, over, escalated, ...), as a reply to the first one; an update or
an acknowledgement is a silent reply. https://core.telegram.org/bots/api
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from html import escape
from typing import Any

from alerts.channels.cut import fit_html, fit_text
from alerts.channels.memory import Memory
from alerts.channels.telegram_bot import PREFIX, Chat, TelegramBot
from alerts.delivery import Delivery
from alerts.model import Notification, Outcome, Reason, Severity

LIMIT = 4096
_SILENT = frozenset({Reason.UPDATED, Reason.ACKNOWLEDGED, Reason.DIGEST})
_NO_BUTTON = frozenset({Reason.RESOLVED, Reason.ACKNOWLEDGED, Reason.CONNECTED, Reason.TEST})


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    chat_id: int | str
    thread_id: int | None = None
    button: bool = True
    quiet_warnings: bool = True


class TelegramChannel:
    def __init__(self, settings: TelegramSettings, bot: TelegramBot, chat: Chat, memory: Memory) -> None:
        self._settings = settings
        self._bot = bot
        self._owner = chat.owner
        self._memory = memory
        self.counters: Counter[str] = Counter()

    async def start(self) -> None:
        await self._bot.start()

    async def stop(self) -> None:
        await self._bot.stop()

    async def take(self, update: dict[str, Any]) -> None:
        """An update that Telegram's webhook brought."""
        await self._bot.take(update)

    async def deliver(self, notification: Notification) -> Delivery:
        first = None
        if notification.incident is not None:
            first = await self._memory.get(self._owner, notification.incident)
        message = self._message(notification)
        if first is not None:
            message["reply_parameters"] = {
                "message_id": first.get("message_id"),
                "allow_sending_without_reply": True,
            }
        sent = await self._send(message, notification)
        if isinstance(sent, Delivery):
            return sent
        number = sent.get("message_id") if isinstance(sent, dict) else None
        if notification.incident is not None and isinstance(number, int):
            if first is None:
                await self._memory.put(self._owner, notification.incident, {"message_id": number})
            else:
                await self._edit(first, notification)
        return Delivery(Outcome.SENT, answer=f"message {number} in chat {await self._chat_id()}")

    async def _send(self, message: dict[str, Any], notification: Notification) -> Any | Delivery:
        sent = await self._bot.call("sendMessage", {"chat_id": await self._chat_id(), **message})
        if not isinstance(sent, Delivery) or sent.outcome is not Outcome.FAILED:
            return sent
        if sent.answer is not None:  # the group became a supergroup and has another number
            await self._memory.put(self._owner, "chat", {"id": int(sent.answer)})
            return await self._bot.call("sendMessage", {"chat_id": int(sent.answer), **message})
        if "can't parse entities" in (sent.error or ""):  # better plain than not at all
            self.counters["sent_plain"] += 1
            plain = {k: v for k, v in message.items() if k != "parse_mode"}
            plain["text"] = fit_text(f"{notification.subject}\n{notification.text}", LIMIT // 2)
            return await self._bot.call("sendMessage", {"chat_id": await self._chat_id(), **plain})
        return sent

    async def _edit(self, first: dict[str, Any], notification: Notification) -> None:
        """Only a convenience: the news itself has been sent."""
        message = self._message(notification)
        wanted = {k: message[k] for k in ("text", "parse_mode", "link_preview_options")}
        wanted["reply_markup"] = message.get("reply_markup", {"inline_keyboard": []})
        edited = await self._bot.call(
            "editMessageText",
            {"chat_id": await self._chat_id(), "message_id": first.get("message_id"), **wanted},
        )
        self.counters["edit_errors" if isinstance(edited, Delivery) else "edited"] += 1

    async def _chat_id(self) -> int | str:
        moved = await self._memory.get(self._owner, "chat")
        return self._settings.chat_id if moved is None else int(moved["id"])

    def _message(self, notification: Notification) -> dict[str, Any]:
        """Without its chat. The form is pinned by golden files."""
        body = notification.html or escape(notification.text, quote=False)
        html = f"<b>{escape(notification.subject, quote=False)}</b>\n{body}"
        silent = notification.reason in _SILENT or (
            self._settings.quiet_warnings and notification.severity in (Severity.WARNING, Severity.INFO)
        )
        message: dict[str, Any] = {
            "text": fit_html(html, LIMIT),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
            "disable_notification": silent,
        }
        if self._settings.thread_id is not None:
            message["message_thread_id"] = self._settings.thread_id
        data = f"{PREFIX}{notification.incident}"
        taken = notification.payload.get("acknowledged_by") is not None
        wanted = notification.incident is not None and notification.reason not in _NO_BUTTON
        if self._settings.button and wanted and not taken and len(data.encode()) <= 64:
            button = {"text": self._bot.words.button, "callback_data": data}
            message["reply_markup"] = {"inline_keyboard": [[button]]}
        return message

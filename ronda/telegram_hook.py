"""Where Telegram calls when a button is pressed (`acknowledge: webhook`): /hooks/telegram/RECEIVER.

No token of ours is asked for: Telegram proves itself by the secret that `setWebhook` gave it, in the header
X-Telegram-Bot-Api-Secret-Token. https://core.telegram.org/bots/api#setwebhook
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from alerts.channels.telegram import TelegramChannel

LARGEST_BYTES = 64 * 1024
Hooks = Mapping[str, tuple[TelegramChannel, str]]
"""By receiver: its channel, and the secret that Telegram sends along."""


def hook_router(hooks: Hooks) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.post("/hooks/telegram/{receiver}")
    async def pressed(receiver: str, request: Request) -> Response:
        """Anything but a good call is 404: nobody learns which receivers there are."""
        known = hooks.get(receiver)
        given = request.headers.get("x-telegram-bot-api-secret-token", "")
        if known is None or not hmac.compare_digest(given.encode(), known[1].encode()):
            return Response(status_code=404)
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BYTES:
                return Response(status_code=413)
        try:
            update = json.loads(body)
        except ValueError:
            return Response(status_code=400)
        if isinstance(update, dict):
            await known[0].take(update)
        return Response(status_code=204)

    return router

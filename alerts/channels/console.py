"""Prints messages: for the demo, for a first day, and for a log that somebody tails."""

from __future__ import annotations

import sys
from typing import TextIO

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from alerts.delivery import Delivery
from alerts.model import Notification, Outcome, Reason, Severity

_STYLES = {
    Severity.CRITICAL: "red",
    Severity.MAJOR: "red",
    Severity.WARNING: "yellow",
    Severity.INFO: "cyan",
}


class ConsoleChannel:
    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._console: Console | None = None

    async def start(self) -> None:
        self._console = Console(file=self._stream or sys.stdout, highlight=False)

    async def stop(self) -> None:
        self._console = None

    async def deliver(self, notification: Notification) -> Delivery:
        if self._console is None:
            return Delivery(Outcome.RETRY, "the console is not started")
        good = notification.reason in (Reason.RESOLVED, Reason.CONNECTED)
        style = "green" if good else _STYLES[notification.severity]
        # The subject inside, where it wraps: a panel's title would be cut off.
        body = Text.assemble((notification.subject, f"bold {style}"), "\n", notification.text)
        try:
            self._console.print(Panel(body, border_style=style))
        except (OSError, ValueError) as error:  # the pipe is gone, or the stream was closed
            return Delivery(Outcome.FAILED, f"console: {error}")
        return Delivery(Outcome.SENT)

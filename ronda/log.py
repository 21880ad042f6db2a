"""Logging: structlog, one line an event, on stderr. Stdout belongs to answers.

No line tells a secret, no device's text makes a line of its own, and none comes a thousand times
(`ronda.log_safety`).
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable
from typing import TextIO

import structlog

from ronda.log_safety import Limiter, Masker

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_masker = Masker()


def configure(log_format: str = "auto", level: str = "info", stream: TextIO | None = None) -> None:
    as_json = log_format == "json" or (log_format == "auto" and not (stream or sys.stderr).isatty())
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(pad_event_to=30, exception_formatter=structlog.dev.plain_traceback)
    )
    # A session that we close at its deadline is an error to paramiko's own thread; ours say what it means.
    logging.getLogger("paramiko.transport").setLevel(logging.CRITICAL)
    limiter = Limiter(time.monotonic)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _masker,
    ]
    structlog.configure(
        processors=[limiter, *shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(file=stream or sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries that use the standard logger: only what is wrong, in the same form.
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(_Seldom(limiter))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared[:-1],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _masker, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def hide(secrets: Iterable[str]) -> None:
    """These values are masked in every line from now on."""
    _masker.learn(secrets)


class _Seldom(logging.Filter):
    """The limiter for lines of the standard logger: of one kind when they are made by the same words."""

    def __init__(self, limiter: Limiter) -> None:
        super().__init__()
        self._limiter = limiter

    def filter(self, record: logging.LogRecord) -> bool:
        unsaid = self._limiter.admit(record.name, record.levelno, record.msg)
        if unsaid:
            record.msg, record.args = f"{record.getMessage()} ({unsaid} like it left out)", ()
        return unsaid is not None

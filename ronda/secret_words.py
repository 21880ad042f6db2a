"""The secrets that a set-up uses, as values: what must never stand in a log line or an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ronda.settings import Settings
from topology.model import Inventory


def secret_words(settings: Settings, inventory: Inventory, environ: Mapping[str, str]) -> set[str]:
    """Of every `..._env` and `..._file` that settings and inventory name, as far as they are there."""
    named = [settings.model_dump(mode="json")]
    named += [{f.name: getattr(c, f.name) for f in fields(c)} for c in inventory.credentials.values()]
    found = set(_walk(named, environ))
    if settings.records_url is not None:
        found.add(urlsplit(settings.records_url).password or "")
    return {word for word in found if word}


def _walk(value: Any, environ: Mapping[str, str]) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _walk(one, environ)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key.endswith("_env"):
                yield from (word for name in _names(one) for word in _parts(environ.get(name, "")))
            elif key.endswith("_file") and key not in _NO_SECRETS:
                yield from (word for name in _names(one) for word in _parts(_text(name)))
            elif key == "url" and isinstance(one, str):
                yield from _parts_of_url(one)
            else:
                yield from _walk(one, environ)


_NO_SECRETS = frozenset({"ca_file"})


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, str | Path):
        yield str(value)
    elif isinstance(value, dict):
        yield from map(str, value.values())


def _text(path: str) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return Path(path).read_text(encoding="utf-8").strip()
    return ""


def _parts(secret: str) -> Iterator[str]:
    """The whole, and of a URL what is secret about it."""
    yield secret.strip()
    if "://" in secret:
        yield from _parts_of_url(secret.strip())


def _parts_of_url(url: str) -> Iterator[str]:
    """Password, values of the query, and pieces of the path that are long enough to be keys."""
    with suppress(ValueError):
        parts = urlsplit(url)
        yield parts.password or ""
        yield from (v for _, v in parse_qsl(parts.query))
        yield from (piece for piece in parts.path.split("/") if len(piece) >= 16)

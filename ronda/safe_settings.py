"""What may be shown of the settings: numbers, switches and choices. Text may hold an address, a name or the
place of a secret, so none is shown but what is named here."""

from __future__ import annotations

import typing
from typing import Any

from pydantic import BaseModel

from ronda.settings import Settings

SHOWN_TEXT = frozenset({("api", "host"), ("api", "hosts"), ("traps", "host")})


def safe_settings(settings: Settings) -> dict[str, Any]:
    """Sections as they nest; of lists of sections (receivers, say) only `id` and `kind`."""
    return _section(settings, ())


def _section(section: BaseModel, path: tuple[str, ...]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            shown[name] = _section(value, (*path, name))
        elif isinstance(value, (list, tuple)) and value and all(isinstance(v, BaseModel) for v in value):
            shown[name] = [{k: getattr(v, k) for k in ("id", "kind") if hasattr(v, k)} for v in value]
        elif (
            value is None
            or isinstance(value, (bool, int, float))
            or typing.get_origin(field.annotation) is typing.Literal
            or (*path, name) in SHOWN_TEXT
        ):
            shown[name] = value
    return shown

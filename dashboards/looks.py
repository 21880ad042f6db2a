"""Colours, value names, thresholds and units: the same everywhere, so that one learns them once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

GREEN, YELLOW, ORANGE, RED, BLUE, GREY, PURPLE = (
    "green",
    "yellow",
    "orange",
    "red",
    "blue",
    "text",
    "purple",
)


def value_map(names: Mapping[int, tuple[str, str]]) -> list[dict[str, Any]]:
    """Codes to (word, colour)."""
    options = {
        str(code): {"text": word, "color": colour, "index": index}
        for index, (code, (word, colour)) in enumerate(names.items())
    }
    return [{"type": "value", "options": options}]


CONNECTIVITY = value_map(
    {
        0: ("terhubung", GREEN),
        1: ("terdegradasi", YELLOW),
        2: ("putus", RED),
        3: ("tidak diketahui", PURPLE),
        4: ("belum terkoneksi", GREY),
    }
)
LINK_CONDITION = value_map(
    {
        0: ("hidup", GREEN),
        1: ("putus", RED),
        2: ("dimatikan", GREY),
        3: ("tidak diketahui", PURPLE),
    }
)
OPER_STATUS = value_map(
    {
        1: ("up", GREEN),
        2: ("down", RED),
        3: ("testing", ORANGE),
        4: ("unknown", PURPLE),
        5: ("dormant", BLUE),
        6: ("notPresent", GREY),
        7: ("lowerLayerDown", RED),
    }
)
ADMIN_STATUS = value_map({1: ("up", GREEN), 2: ("down", GREY), 3: ("testing", ORANGE)})
LIGHT = value_map({0: ("gelap", RED), 1: ("ada cahaya", GREEN)})
ANSWERED = value_map({0: ("diam", RED), 1: ("menjawab", GREEN)})
REACHABLE = value_map({0: ("tidak", RED), 1: ("ya", GREEN)})
HOUR = value_map({0: ("putus", RED), 1: ("terhubung", GREEN)})


def steps(*pairs: tuple[float | None, str]) -> dict[str, Any]:
    """Thresholds: (from this value on, colour); the first has None."""
    return {"mode": "absolute", "steps": [{"value": value, "color": colour} for value, colour in pairs]}


PLAIN = steps((None, GREEN))
BAD_ABOVE_ZERO = steps((None, GREEN), (1, RED))
WARN_ABOVE_ZERO = steps((None, GREEN), (1, YELLOW))
AVAILABILITY = steps((None, RED), (0.99, ORANGE), (0.995, YELLOW), (0.999, GREEN))
LOAD = steps((None, GREEN), (0.7, YELLOW), (0.9, RED))
LOSS = steps((None, GREEN), (0.01, YELLOW), (0.05, RED))
RX_MARGIN = steps((None, RED), (0, ORANGE), (2, YELLOW), (3, GREEN))
RX_POWER = steps((None, RED), (-27, ORANGE), (-24, GREEN), (-3, ORANGE))
TEMPERATURE = steps((None, GREEN), (60, YELLOW), (75, RED))
RATIO = steps((None, GREEN), (0.75, YELLOW), (0.9, RED))
CERTIFICATE_DAYS = steps((None, RED), (7, ORANGE), (21, GREEN))


def override(matcher: str, by: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Settings for some fields only. `by`: byName, byRegexp."""
    return {
        "matcher": {"id": by, "options": matcher},
        "properties": [{"id": key, "value": value} for key, value in properties.items()],
    }


def column(name: str, **properties: Any) -> dict[str, Any]:
    """An override for one column of a table."""
    return override(name, "byName", properties)


def painted(name: str, mappings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A column whose cell is coloured by its state."""
    cell = {"type": "color-background", "mode": "basic"}
    return override(name, "byName", {"mappings": list(mappings), "custom.cellOptions": cell})

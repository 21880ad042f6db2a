"""ENTITY-MIB (RFC 6933) rows: what is built into what, and which interface a port entity is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from lab import codec
from lab.view import Rows

_PHYSICAL_ENTRY = (1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1)
_ALIAS_MAPPING_ENTRY = (1, 3, 6, 1, 2, 1, 47, 1, 3, 2, 1)
_IF_INDEX = (1, 3, 6, 1, 2, 1, 2, 2, 1, 1)


class PhysicalClass(IntEnum):
    """IANAPhysicalClass."""

    CHASSIS = 3
    CONTAINER = 5
    SENSOR = 8
    MODULE = 9
    PORT = 10


@dataclass(frozen=True, slots=True)
class Entity:
    index: int
    physical_class: PhysicalClass
    name: str
    descr: str
    contained_in: int = 0
    position: int = -1
    if_index: int | None = None
    model: str = ""


def write(entities: list[Entity], rows: Rows) -> None:
    for entity in entities:
        at = (entity.index,)
        rows.cell((*_PHYSICAL_ENTRY, 2), at, codec.octets(entity.descr))
        rows.cell((*_PHYSICAL_ENTRY, 3), at, codec.oid((0, 0)))
        rows.cell((*_PHYSICAL_ENTRY, 4), at, codec.integer(entity.contained_in))
        rows.cell((*_PHYSICAL_ENTRY, 5), at, codec.integer(entity.physical_class))
        rows.cell((*_PHYSICAL_ENTRY, 6), at, codec.integer(entity.position))
        rows.cell((*_PHYSICAL_ENTRY, 7), at, codec.octets(entity.name))
        rows.cell((*_PHYSICAL_ENTRY, 13), at, codec.octets(entity.model))
        if entity.if_index is not None:
            pointer = codec.oid((*_IF_INDEX, entity.if_index))
            rows.cell((*_ALIAS_MAPPING_ENTRY, 2), (entity.index, 0), pointer)

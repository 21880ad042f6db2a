"""What is wrong with a setting, in words a person can act on; pydantic's own where they are good enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from topology.inventory_problems import nearest

Where = tuple[str | int, ...]


def problems_of(
    error: ValidationError, model: type[BaseModel], source: str, variables: Mapping[Where, str]
) -> list[str]:
    """A line each: `SOURCE: SETTING: what is wrong`. `variables`: what the environment set, and by which."""
    return [
        f"{_source(at['loc'], source, variables)}: {'.'.join(map(str, at['loc']))}: {_words(at, model)}"
        for at in error.errors(include_url=False, include_input=False)
    ]


def _source(at: Where, source: str, variables: Mapping[Where, str]) -> str:
    found = next((name for keys, name in variables.items() if at[: len(keys)] == keys), None)
    return source if found is None else f"environment {found}"


def _words(at: Any, model: type[BaseModel]) -> str:
    where: Where = at["loc"]
    if at["type"] == "extra_forbidden":
        near = nearest(str(where[-1]), _keys(model, where[:-1]))
        meant = f"did you mean {near!r}?" if near is not None else "docs/settings.md has them all"
        return f"there is no such setting ({meant})"
    if at["type"] == "missing":
        return "is missing"
    return str(at["msg"])


def _keys(model: type[BaseModel], where: Sequence[str | int]) -> set[str]:
    """What may stand there. A list's numbers and a union's tags lead no deeper."""
    models = {model}
    for step in where:
        deeper = {
            inner
            for m in models
            if (named := m.model_fields.get(str(step))) is not None
            for inner in _models(named.annotation)
        }
        tagged = {m for m in models if str(step) in _tags(m)}
        models = deeper or tagged or models
    return {name for m in models for name in m.model_fields}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _tags(model: type[BaseModel]) -> Iterator[str]:
    kind = model.model_fields.get("kind")
    yield from map(str, get_args(kind.annotation) if kind is not None else ())

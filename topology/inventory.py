"""`inventory.yaml` to `Inventory`: every mistake at once, each with its place and a way out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from topology.inventory_build import build
from topology.inventory_checks import Checker
from topology.inventory_credentials import SECRET_KEYS, check_credentials
from topology.inventory_problems import (
    SYNTAX,
    UNREADABLE,
    InventoryError,
    Level,
    Problem,
    did_you_mean,
    one_of,
)
from topology.inventory_reach import check_reach
from topology.inventory_schema import InventoryFile, allowed_keys
from topology.model import Inventory
from topology.yaml_positions import Document, DocumentError, Path, Plain, read_document

__all__ = ["InventoryError", "Level", "Problem", "load_inventory", "read_inventory", "read_inventory_file"]


def load_inventory(path: FilePath | str) -> Inventory:
    """The inventory in the file at `path`. Raises InventoryError (see its `problems`) when it has errors."""
    inventory, problems = read_inventory_file(path)
    if inventory is None:
        raise InventoryError(problems)
    return inventory


def read_inventory_file(path: FilePath | str) -> tuple[Inventory | None, tuple[Problem, ...]]:
    """Like `read_inventory`; a file that can't be read is a problem too, with the code ``unreadable``."""
    source = str(path)
    try:
        text = FilePath(path).read_bytes().decode("utf-8")
    except OSError as error:
        return None, (_whole_file(source, f"can't be read: {error.strerror or error}"),)
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        message = f"not UTF-8 text: byte 0x{error.object[error.start]:02x}"
        return None, (Problem(Level.ERROR, source, line, column, "", message, code=UNREADABLE),)
    return read_inventory(text, source)


def read_inventory(text: str, source: str) -> tuple[Inventory | None, tuple[Problem, ...]]:
    """The inventory, and everything wrong or doubtful about it in the order of its lines.

    `text` is YAML or JSON; `source` is the name put before each problem. The inventory is None exactly
    when one of the problems is an error.
    """
    try:
        document = read_document(text)
    except DocumentError as error:
        at = error.position
        problem = Problem(
            Level.ERROR, source, at.line, at.column, "", error.message, error.suggestion, code=SYNTAX
        )
        return None, (problem,)
    if document.root is None or document.data is None:
        return None, (_whole_file(source, "the inventory is empty", "see docs/inventory.md", code=SYNTAX),)
    if not isinstance(document.data, dict):
        what = "a list" if isinstance(document.data, list) else "a single text"
        message = f"an inventory is a mapping (version: 1, network: ...), not {what}"
        return None, (Problem(Level.ERROR, source, 1, 1, "", message, "see docs/inventory.md", code=SYNTAX),)
    return _Reading(document, source).read()


class _Reading:
    """One pass over one document, collecting problems."""

    def __init__(self, document: Document, source: str) -> None:
        self.document = document
        self.source = source
        self.problems: list[Problem] = []
        self.renamed: dict[Path, str] = {}
        """Paths with a mistyped key put right, so that what is under it is checked too."""
        self.invalid: set[Path] = set()

    def read(self) -> tuple[Inventory | None, tuple[Problem, ...]]:
        data = self.document.data
        assert isinstance(data, dict)
        for duplicate in self.document.duplicate_keys:
            message = (
                f"the key {duplicate.key!r} is written twice; the first is in line {duplicate.first.line}"
            )
            self._add(
                Level.ERROR,
                (*duplicate.path, duplicate.key),
                message,
                "keep one of them",
                code="duplicate-key",
                at=(duplicate.position.line, duplicate.position.column),
            )
        data = _without_empty(data)
        file = self._validate(data)
        checker = Checker(data, self._say, self._line, frozenset(self.invalid))
        checker.run()
        check_reach(checker)
        check_credentials(checker)
        problems = tuple(sorted(self.problems, key=lambda p: (p.line, p.column, p.level, p.message)))
        if file is None or any(p.level is Level.ERROR for p in problems):
            return None, problems
        return build(file), problems

    def _validate(self, data: dict[str, Plain]) -> InventoryFile | None:
        try:
            return InventoryFile.model_validate(data)
        except ValidationError as error:
            first = error.errors(include_url=False)
        unknown = [e for e in first if e["type"] == "extra_forbidden"]
        for e in unknown:
            self._unknown_key(data, e["loc"])
        if unknown:
            try:
                InventoryFile.model_validate(data)
            except ValidationError as error:
                self._explain(error.errors(include_url=False), data)
        else:
            self._explain(first, data)
        return None

    def _unknown_key(self, data: dict[str, Plain], loc: Path) -> None:
        """Reports the key; puts it right in `data` when it is clear what was meant, else takes it out."""
        *above, key = loc
        assert isinstance(key, str)
        holder = _at(data, above)
        assert isinstance(holder, dict)
        allowed = allowed_keys(tuple(above))
        value = holder.pop(key)
        if key.lower() in SECRET_KEYS:
            reference = SECRET_KEYS[key.lower()]
            where = "the path of a file" if reference == "key_file" else "the name of an environment variable"
            instead = f"take it out and write {where} instead, {reference}: ..., in a credential"
            self._say(
                loc, f"{key}: a secret does not belong in this file", instead, code="secret", of_key=True
            )
            self.invalid.add((*above, reference))
            return
        free = [a for a in allowed if a not in holder]
        near = did_you_mean(key, free)
        hint = near or did_you_mean(key, allowed, otherwise=one_of(allowed, at_most=30))
        self._say(loc, f"unknown key {key!r}", hint, code="unknown-key", of_key=True)
        meant = next((a for a in free if near == f"did you mean {a!r}?"), None)
        if meant is not None:
            holder[meant] = value
            self.renamed[(*above, meant)] = key

    def _explain(self, errors: Sequence[Any], data: dict[str, Plain]) -> None:
        for e in errors:
            loc: Path = tuple(e["loc"])
            value = _at(data, loc)
            self.invalid.add(loc)
            if any(loc[:n] in self.invalid for n in range(1, len(loc))):
                continue
            message, hint, code = _words(e, loc, value)
            self._say(loc, message, hint, code=code)

    def _line(self, path: Path) -> int:
        return self.document.position(self._as_written(path)).line

    def _as_written(self, path: Path) -> Path:
        return tuple(self.renamed.get(path[: n + 1], step) for n, step in enumerate(path))

    def _say(
        self,
        path: Path,
        message: str,
        suggestion: str | None = None,
        *,
        code: str,
        level: Level = Level.ERROR,
        of_key: bool = False,
    ) -> None:
        at = self.document.position(self._as_written(path), of_key=of_key)
        self._add(level, path, message, suggestion, code=code, at=(at.line, at.column))

    def _add(
        self,
        level: Level,
        path: Path,
        message: str,
        suggestion: str | None,
        *,
        code: str,
        at: tuple[int, int],
    ) -> None:
        text = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in path).removeprefix(".")
        self.problems.append(Problem(level, self.source, *at, text, message, suggestion, code))


def _whole_file(source: str, message: str, hint: str | None = None, *, code: str = UNREADABLE) -> Problem:
    return Problem(Level.ERROR, source, 0, 0, "", message, hint, code=code)


def _without_empty(value: Plain) -> Any:
    """A copy without keys that have no value: `ssh: null` is `ssh` left out."""
    if isinstance(value, dict):
        return {k: _without_empty(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_empty(v) for v in value]
    return value


def _at(data: Plain, path: Iterable[str | int]) -> Plain:
    for step in path:
        if isinstance(data, dict) and isinstance(step, str):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def _words(error: Any, loc: Path, value: Plain) -> tuple[str, str | None, str]:
    """Pydantic's error in the words of this file: message, suggestion, code."""
    kind, context = str(error["type"]), error.get("ctx") or {}
    name = next((s for s in reversed(loc) if isinstance(s, str)), "value")
    if "message" in context:
        subject = "" if name in str(context["message"]) else f"{name}: "
        return f"{subject}{context['message']}", context.get("suggestion"), kind
    if kind == "missing":
        hint = "write {device: ID, port: IFNAME}" if loc[-1:] in {("a",), ("b",)} and len(loc) > 2 else None
        return f"{loc[-1]} is missing", hint, "missing"
    if loc == ("version",):
        return f"version {value!r} is not known to this Ronda", "write version: 1", "unknown-version"
    if kind in {"enum", "literal_error"} and isinstance(value, str):
        words = [w.strip(" '") for w in str(context["expected"]).replace(" or ", ",").split(",")]
        hint = did_you_mean(value, words, otherwise=one_of(words))
        return f"unknown {name} {value[:60]!r}", hint, "unknown-value"
    bounds = {
        "greater_than": "more than {gt}",
        "greater_than_equal": "at least {ge}",
        "less_than": "less than {lt}",
        "less_than_equal": "at most {le}",
    }
    if kind in bounds:
        hint = "latitude and longitude swapped?" if name == "latitude_deg" else None
        limits = {k: f"{v:g}" for k, v in context.items() if isinstance(v, int | float)}
        return f"{name} has to be {bounds[kind].format(**limits)}, not {value}", hint, "out-of-range"
    shapes = {"string_type": "text", "list_type": "a list", "enum": "one word", "literal_error": "one word"}
    wanted = shapes.get(kind, "a mapping" if kind.startswith(("model", "dict")) else None)
    if kind == "string_too_short":
        return f"{name} is empty", None, "missing"
    if wanted is None:
        return f"{name}: {error['msg']}", None, "invalid"
    given = {dict: "a mapping", list: "a list", type(None): "nothing"}.get(type(value), "text")
    hint = "write each as - {id: ..., ...}" if kind == "list_type" and given == "a mapping" else None
    return f"{name} has to be {wanted}, not {given}", hint, "wrong-shape"

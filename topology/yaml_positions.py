"""YAML (or JSON) text to plain values that still know where they stood.

Every plain scalar stays the text that was written: whether `0012`, `no` or `2027-03-31` is a number,
a word or a date is for the schema to say, not for YAML 1.1's guesses. Only null becomes ``None``.
Positions are found by walking PyYAML's nodes again, so a file without mistakes pays nothing for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

Plain = str | None | list["Plain"] | dict[str, "Plain"]
Path = tuple[str | int, ...]

MAX_CHARS = 32 * 1024 * 1024
MAX_VALUES = 2_000_000
"""After aliases are expanded: a "billion laughs" file stops here."""
MAX_DEPTH = 50

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_CORE_TAGS = frozenset(
    f"tag:yaml.org,2002:{t}" for t in ("str", "int", "float", "bool", "null", "map", "seq", "timestamp")
)
_UNPRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""YAML 1.2, 5.1: everything but `c-printable`."""
_SURROGATES = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_BaseLoader: type[yaml.BaseLoader] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True, slots=True)
class Position:
    line: int
    column: int


class DocumentError(Exception):
    """The text is no YAML document that can be read. One message, one place."""

    def __init__(self, message: str, position: Position, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class DuplicateKey:
    path: Path
    key: str
    position: Position
    first: Position


@dataclass(slots=True)
class Document:
    """`data` is made of dict, list, str and None. `root` is None for an empty text."""

    data: Plain
    root: yaml.Node | None
    duplicate_keys: list[DuplicateKey] = field(default_factory=list)

    def position(self, path: Path, *, of_key: bool = False) -> Position:
        """Where the value (or its key) at `path` starts; of its nearest parent when it isn't there."""
        node = self.root
        found = Position(1, 1) if node is None else _position(node)
        for depth, step in enumerate(path):
            if isinstance(node, yaml.MappingNode):
                pair = next(((k, v) for k, v in _pairs(node) if k.value == step), None)
                if pair is None:
                    break
                node = pair[1]
                last_key = of_key and depth == len(path) - 1
                found = _position(pair[0] if last_key or _is_empty(node) else node)
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                found = _position(node)
            else:
                break
        return found


class _Loader(_BaseLoader):  # type: ignore[valid-type, misc]  # libyaml's where it is built in
    """Refuses deep nesting while composing: libyaml's composer recurses in C, where depth ends in a crash."""

    depth = 0

    def descend_resolver(self, parent: yaml.Node | None, _index: object) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            at = Position(1, 1) if parent is None else _position(parent)
            raise DocumentError(f"nested more than {MAX_DEPTH} deep", at)

    def ascend_resolver(self) -> None:
        self.depth -= 1


def read_document(text: str) -> Document:
    """Raises DocumentError when the text isn't one YAML document, or is too big to be an inventory."""
    if len(text) > MAX_CHARS:
        raise DocumentError(f"the file is larger than {MAX_CHARS // 2**20} MiB", Position(1, 1))
    text = _SURROGATES.sub(_join_surrogates, text.removeprefix("\ufeff"))
    bad = _UNPRINTABLE.search(text)
    if bad is not None:
        line = text.count("\n", 0, bad.start()) + 1
        column = bad.start() - (text.rfind("\n", 0, bad.start()) + 1) + 1
        message = f"a control character (U+{ord(bad[0]):04X}) can't be part of YAML"
        raise DocumentError(message, Position(line, column))
    try:
        root = yaml.compose(text, _Loader)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text) from None
    if root is None:
        return Document(None, None)
    document = Document(None, root)
    document.data = _Builder(document.duplicate_keys).build(root, (), 0)
    return document


class _Builder:
    """Nodes to plain values, with an eye on what aliases can do."""

    def __init__(self, duplicates: list[DuplicateKey]) -> None:
        self.duplicates = duplicates
        self.values = 0
        self.inside: set[int] = set()
        self.seen: set[int] = set()
        """Mappings already looked at for duplicate keys: an aliased one is reported once."""

    def build(self, node: yaml.Node, path: Path, depth: int) -> Plain:
        self.values += 1
        if self.values > MAX_VALUES:
            raise DocumentError(f"more than {MAX_VALUES} values once aliases are expanded", _position(node))
        if node.tag not in _CORE_TAGS:
            raise DocumentError(f"the tag {node.tag} is not used in an inventory", _position(node))
        if isinstance(node, yaml.ScalarNode):
            return None if _is_null(node) else str(node.value)
        if depth >= MAX_DEPTH:
            raise DocumentError(f"nested more than {MAX_DEPTH} deep", _position(node))
        if id(node) in self.inside:
            raise DocumentError("an alias contains itself", _position(node))
        self.inside.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.build(item, (*path, i), depth + 1) for i, item in enumerate(node.value)]
            assert isinstance(node, yaml.MappingNode)
            return self._mapping(node, path, depth)
        finally:
            self.inside.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, path: Path, depth: int) -> Plain:
        keys: dict[str, yaml.Node] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise DocumentError("a key has to be a plain word", _position(key))
            if key.value in keys and not _is_merge(key) and id(node) not in self.seen:
                first = _position(keys[key.value])
                self.duplicates.append(DuplicateKey(path, key.value, _position(key), first))
            keys.setdefault(key.value, key)
        self.seen.add(id(node))
        result: dict[str, Plain] = {}
        for key, value in _pairs(node):
            if key.value not in result:
                result[key.value] = self.build(value, (*path, key.value), depth + 1)
        return result


def _pairs(node: yaml.MappingNode) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    """The mapping's own pairs, then those that `<<` merges in: the first of a name is the one that counts."""
    waiting = [node]
    seen = {id(node)}
    while waiting:
        for key, value in waiting.pop(0).value:
            if not _is_merge(key):
                yield key, value
                continue
            for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if not isinstance(source, yaml.MappingNode):
                    raise DocumentError("<< merges mappings only", _position(key))
                if id(source) not in seen:
                    seen.add(id(source))
                    waiting.append(source)


def _is_merge(key: yaml.Node) -> bool:
    return isinstance(key, yaml.ScalarNode) and key.value == "<<" and not key.style


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value in _NULLS


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value == ""


def _position(node: yaml.Node) -> Position:
    return Position(node.start_mark.line + 1, node.start_mark.column + 1)


def _join_surrogates(match: re.Match[str]) -> str:
    """JSON writes characters beyond U+FFFF as two escapes, which YAML has no notion of."""
    high, low = int(match[1], 16), int(match[2], 16)
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def _syntax_error(error: yaml.MarkedYAMLError, text: str) -> DocumentError:
    mark = error.problem_mark or error.context_mark
    if error.problem == "found unexpected end of stream" and error.context_mark is not None:
        mark = error.context_mark  # where the quote was opened says more than where the file ends
    position = Position(1, 1) if mark is None else Position(mark.line + 1, mark.column + 1)
    problem = error.problem or "not YAML"
    lines = text.splitlines()
    line = lines[position.line - 1] if position.line <= len(lines) else ""
    suggestion = None
    if "\t" in line[: len(line) - len(line.lstrip())]:
        suggestion = "indent with spaces: YAML allows no tabs there"
    elif "mapping values are not allowed" in problem:
        suggestion = "put a text that contains ': ' in quotes, and check the indentation"
    elif "cannot start any token" in problem:
        suggestion = "put a text that starts with one of @ ` % in quotes"
    elif "another document" in problem:
        suggestion = "an inventory is one document: remove the line ---"
    elif "unexpected end of stream" in problem:
        suggestion = "the quote opened here is never closed"
    elif error.context_mark is not None and error.context_mark.line + 1 != position.line:
        suggestion = f"{error.context} that starts in line {error.context_mark.line + 1}"
    return DocumentError(f"not valid YAML: {problem}", position, suggestion)

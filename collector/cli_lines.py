"""Records made of lines: a heading opens one, expressions fill it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from collector.profile_ssh import Lines

Row = dict[str, str]
MOST_ROWS = 20_000


@dataclass(slots=True)
class _Record:
    parent: _Record | None
    level: int
    values: Row
    children: list[_Record] = field(default_factory=list)
    by_lane: dict[str, _Record] = field(default_factory=dict)
    repeated: list[_Record] = field(default_factory=list)

    def child(self, level: int, values: Row) -> _Record:
        made = _Record(self, level, values)
        self.children.append(made)
        return made

    def rows(self, above: Mapping[str, str]) -> Iterator[Row]:
        mine = {**above, **self.values}
        if not self.children:
            yield mine
        for child in self.children:
            yield from child.rows(mine)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def rows_of_lines(spec: Lines, lines: Sequence[str]) -> list[Row]:
    """A rule with the group `description` has its line for itself: what people write there is no reading."""
    begins = [_compiled(p) for p in spec.begin]
    free = [rule for p in spec.rules if "description" in (rule := _compiled(p)).groupindex]
    rules = [rule for p in spec.rules if "description" not in (rule := _compiled(p)).groupindex]
    ends = [_compiled(p) for p in spec.end]
    repeats = None if spec.repeats is None else _compiled(spec.repeats)
    root = _Record(None, -1, {})
    current: _Record | None = root.child(0, {}) if spec.implicit else None
    first = current
    made = 0
    for line in lines if spec.continues is None else _joined(_compiled(spec.continues), lines):
        if current is not None and any(_fill(current, rule, line) for rule in free):
            continue
        opened = _opened(begins, line)
        if opened is not None:
            level, values = opened
            above = current
            while above is not None and above.level >= level:
                above = above.parent
            if level > 0 and above is None:
                above = root
            made += 1
            if made > MOST_ROWS:
                break
            current = (above or root).child(level, values)
            for rule in rules:  # a heading may say more than its name
                _fill(current, rule, line)
            _repeat(current, repeats, line)
            continue
        if current is None:
            continue
        if any(end.search(line) for end in ends):
            current = None if current.level <= 0 else current.parent
            if current is not None and current.level <= 0:
                current = None
            continue
        for rule in rules:
            _fill(current, rule, line)
        _repeat(current, repeats, line)
    if first is not None and not first.values and not first.children:
        root.children.remove(first)
    return [row for record in root.children for row in record.rows({})]


def _opened(begins: Sequence[re.Pattern[str]], line: str) -> tuple[int, Row] | None:
    for level, begin in enumerate(begins):
        found = begin.search(line)
        if found is not None:
            return level, {k: v.strip() for k, v in found.groupdict().items() if v is not None}
    return None


def _joined(continues: re.Pattern[str], lines: Sequence[str]) -> Iterator[str]:
    whole: str | None = None
    for line in lines:
        if whole is not None and continues.search(line):
            whole = f"{whole} {line.strip()}"
            continue
        if whole is not None:
            yield whole
        whole = line
    if whole is not None:
        yield whole


def _repeat(record: _Record, repeats: re.Pattern[str] | None, line: str) -> None:
    found = None if repeats is None else repeats.search(line)
    if found is None:
        return
    values = {k: v.strip() for k, v in found.groupdict().items() if v is not None}
    record.repeated.append(record.child(99, values))
    if len(record.repeated) > 1:
        for number, lane in enumerate(record.repeated, start=1):
            lane.values["lane"] = str(number)


def _fill(record: _Record, rule: re.Pattern[str], line: str) -> bool:
    found = rule.search(line)
    if found is None:
        return False
    values = {k: v.strip() for k, v in found.groupdict().items() if v is not None}
    lane = values.pop("lane", None)
    target = record
    if lane is not None:
        known = record.by_lane.get(lane)
        if known is None:
            known = record.by_lane[lane] = record.child(99, {"lane": lane})
        target = known
    for key, value in values.items():
        target.values.setdefault(key, value)
    return True

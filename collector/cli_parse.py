"""A command's output to observations: `parse(profile, command, text)`. Pure: it needs no device.

It never raises for what a text holds. What can't be read is in `errors`, with the device's words; all else
that the output says is still given, of an output that was cut off whatever is complete.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from collector.cli_json import NoJsonError, rows_of_json
from collector.cli_lines import Row, rows_of_lines
from collector.cli_observe import Reader
from collector.cli_pairs import rows_of_columns, rows_of_pairs
from collector.cli_tables import rows_of_table
from collector.cli_text import clean
from collector.profile_schema import Profile
from collector.profile_ssh import Parser, Ssh, SshCommand
from collector.textfsm_rows import TemplateError, rows_of_ntc, rows_of_textfsm
from topology.model import DeviceId
from topology.observations import Observation, PollError, PollFault

NOBODY = DeviceId("-")
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_TOLD = 5
_REFUSAL_LINES = 12

_PRIVILEGE = re.compile(
    r"authori[sz]ation (?:failed|denied)|not authori[sz]ed|permission denied|operation not permitted"
    r"|not enough permission|no permission|insufficient priv|access denied|you do(?: not|n't) have"
    r"|must be root|requires? root",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"^\s*(?:%+ ?|error: ?)?(?:invalid (?:input|command)|unknown command|unrecognized command"
    r"|incomplete command|wrong parameter|too many parameters|ambiguous (?:command|input)|syntax error"
    r"|bad command name|expected (?:end of command|command name)|no such (?:item|command)"
    r"|command not found|parameter error)"
    r"|: (?:command )?not found$|^\s*% ?(?:Invalid|Unknown|Incomplete|Ambiguous|Unrecognized)",
    re.IGNORECASE | re.MULTILINE,
)


_HEADING_LINES = 10
_HEADING = re.compile(
    r"neighbou?rs?\b|lldp|\bcdp\b|mndp|ospf|local (?:port|intf?|interface)|localport|chassis|capabilit|^codes"
    r"|^flags|\btotal\b|entries|interface|device.?id|sysname|router id|process id|\(\w\) \w"
    r"|^[\s\-=+|{}\[\]]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Parsed:
    observations: tuple[Observation, ...]
    errors: tuple[PollError, ...]
    rows: int
    """Rows that the parser found, whatever became of them."""


class UnknownCommandError(KeyError):
    """The profile has no such command; the message lists those that it has."""


def commands_for(ssh: Ssh, command: str) -> list[SshCommand]:
    """By name, or as typed. Raises UnknownCommandError."""
    typed = _plain(command)
    found = [c for c in ssh.commands if command == c.name or typed == _plain(c.command) or _like(c, command)]
    if not found:
        raise UnknownCommandError(
            f"no command {command!r}; there are: {', '.join(f'{c.name} ({c.command})' for c in ssh.commands)}"
        )
    return found


def parse(
    profile: Profile,
    command: str,
    text: str,
    *,
    device: DeviceId = NOBODY,
    at: datetime = _NEVER,
    cut: bool = False,
) -> Parsed:
    """What `text`, printed by `command` (its name, or as typed), says.

    With `cut` the last line is known to be a piece, and is left out. Raises UnknownCommandError.
    """
    if profile.ssh is None:
        raise UnknownCommandError(f"profile {profile.name} has no ssh part")
    observations: list[Observation] = []
    errors: list[PollError] = []
    rows = 0
    for known in commands_for(profile.ssh, command):
        found = _parse_one(profile.ssh, known, text, device, at, cut, _typed(known, command))
        observations += found.observations
        errors += [e for e in found.errors if e not in errors]
        rows += found.rows
    return Parsed(tuple(observations), tuple(errors), rows)


def _parse_one(
    ssh: Ssh, known: SshCommand, text: str, device: DeviceId, at: datetime, cut: bool, typed: Row
) -> Parsed:
    lines = clean(text.rpartition("\n")[0] if cut else text, known.command)
    what = f"ssh {known.name}"
    refusal = refused(lines)
    if refusal is not None:
        return Parsed((), (PollError(refusal[0], refusal[1], what=what),), 0)
    try:
        found, form = _rows_in_any_form(known, lines)
    except (NoJsonError, TemplateError) as error:
        fault = PollFault.DECODE if isinstance(error, NoJsonError) else PollFault.CONFIGURATION
        if isinstance(error, NoJsonError) and _says_nothing(known, lines):
            return Parsed((), (), 0)
        return Parsed((), (PollError(fault, f"{known.command}: {error}{_first(lines)}", what=what),), 0)
    rows = [{**typed, **row} for row in found]
    torn = rows[-1] if cut and rows and _may_be_torn(form) else None
    if torn is not None and (known.gives == "neighbors" or form.pairs is not None):
        # Half of one may say another name than the whole.
        rows, torn = rows[:-1], None
    reader = Reader(device, at, ssh, known, torn=torn)
    observations = reader.observations(rows)
    problems = list(reader.problems[:_MOST_TOLD])
    if len(reader.problems) > _MOST_TOLD:
        problems.append(f"... and {len(reader.problems) - _MOST_TOLD} values more")
    if reader.dropped:
        problems.append(f"{reader.dropped} rows do not say what they are about")
    if not rows and not _says_nothing(known, lines) and not _only_headings(known, lines):
        problems.append(f"nothing in it is known{_first(lines)}")
    errors = tuple(PollError(PollFault.DECODE, f"{known.command}: {p}", what=what) for p in problems)
    return Parsed(tuple(observations), errors, len(rows))


def _rows_in_any_form(known: SshCommand, lines: Sequence[str]) -> tuple[list[Row], Parser]:
    """Of the first form that gives any row with something in it that the profile asks for."""
    keys = {*known.only}
    for cell in known.fields.values():
        keys.update(cell.sources, re.findall(r"\{([^{}]+)\}", f"{cell.text or ''}{cell.sensor or ''}"))
    for parser in (known.parser, *known.dialects):
        rows = [row for row in rows_of(parser, lines) if not keys.isdisjoint(row)]
        if rows:
            return rows, parser
    return [], known.parser


def rows_of(parser: Parser, lines: Sequence[str]) -> list[Row]:
    """Raises NoJsonError, TemplateError."""
    if parser.lines is not None:
        return rows_of_lines(parser.lines, lines)
    if parser.table is not None:
        return rows_of_table(parser.table, lines)
    if parser.pairs is not None:
        return rows_of_pairs(parser.pairs, lines)
    if parser.columns is not None:
        return rows_of_columns(parser.columns, lines)
    text = "\n".join(lines) + "\n"
    if parser.json_map is not None:
        return rows_of_json(parser.json_map, text)
    if parser.ntc is not None:
        return rows_of_ntc(parser.ntc, text)
    return rows_of_textfsm(parser.textfsm or "", text)


def refused(lines: Sequence[str]) -> tuple[PollFault, str] | None:
    """Why the device did not do the command, in its own words; None when it did."""
    spoken = [line for line in lines if line.strip()]
    if not spoken or len(spoken) > _REFUSAL_LINES:
        return None
    text = "\n".join(spoken)
    words = " / ".join(" ".join(line.split()) for line in spoken)[:200]
    if _PRIVILEGE.search(text):
        return PollFault.PRIVILEGE, f"the user may not ask that: {words}"
    if _UNKNOWN.search(text):
        return PollFault.AGENT, f"the device does not know the command: {words}"
    return None


def _says_nothing(known: SshCommand, lines: Sequence[str]) -> bool:
    text = "\n".join(lines)
    return not text.strip() or any(re.search(p, text, re.IGNORECASE) for p in known.empty)


def _only_headings(known: SshCommand, lines: Sequence[str]) -> bool:
    """Having no neighbour is usual: then there are headings, if anything."""
    if known.gives != "neighbors" or known.parser.json_map is not None:
        return known.gives == "neighbors"
    spoken = [line for line in lines if line.strip()]
    return len(spoken) <= _HEADING_LINES and all(_HEADING.search(line) for line in spoken)


def _may_be_torn(form: Parser) -> bool:
    """A record of several lines may be cut off between them; a line of a table is whole."""
    return form.table is None and form.json_map is None


def _like(known: SshCommand, command: str) -> re.Match[str] | None:
    typed = " ".join(command.split())
    return None if known.like is None else re.fullmatch(known.like, typed, re.IGNORECASE)


def _typed(known: SshCommand, command: str) -> Row:
    """What the command names that was typed: a port, often."""
    found = _like(known, command)
    return {} if found is None else {k: v for k, v in found.groupdict().items() if v}


def _first(lines: Sequence[str]) -> str:
    line = next((" ".join(line.split()) for line in lines if line.strip()), "")
    return f"; it begins {line[:80]!r}" if line else ""


def _plain(command: str) -> str:
    plain = " ".join(command.lower().split()).lstrip("/")
    return plain.removesuffix(" | no-more").removesuffix(" without-paging")

"""Configurations in a git repository of their own: every change is a commit, readable with git's own tools.

The repository is bare and written by git's plumbing: objects first, then the branch is moved on in one step
(compare-and-swap). A `kill -9` at any moment leaves the last whole commit; no work tree, no index, no hook
and no setting of a user takes part.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote

from topology.model import DeviceId

BRANCH = "refs/heads/main"
_COMMIT = re.compile(r"[0-9a-f]{40,64}\Z")
_NO_COMMIT = "0" * 40
_TIMEOUT_S = 60.0
_LONGEST_NAME = 120
_CONFIG = (
    "core.hooksPath=/dev/null",
    "core.fsync=committed",
    "core.autocrlf=false",
    "gc.auto=0",
    "commit.gpgSign=false",
    "log.showSignature=false",
    "safe.directory=*",
    "maintenance.auto=false",
)


class ConfigStoreError(Exception):
    """The repository can't be read or written; the message says why."""


@dataclass(frozen=True, slots=True)
class ConfigChange:
    device: DeviceId
    commit: str
    at: datetime
    lines_added: int
    lines_removed: int
    summary: str
    who: str | None
    """In the device's words; None: it does not say."""
    planned: bool
    """Within a maintenance window."""
    first: bool
    """The first copy of this device."""


class ConfigStore:
    """One directory. Inert until `start`; safe for several processes at once. Blocks: call it in a thread."""

    def __init__(self, directory: Path, git: str = "git") -> None:
        self.directory = directory.absolute()
        self._git_name = git
        self._git: str | None = None

    def start(self) -> None:
        """Makes the repository where there is none. Raises ConfigStoreError."""
        self._git = shutil.which(self._git_name)
        if self._git is None:
            raise ConfigStoreError(f"{self._git_name} is not installed: Debian has it in the package git")
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._alone():
                if not (self.directory / "HEAD").exists():
                    self._run(["init", "-q", "--bare", f"--initial-branch={BRANCH.rpartition('/')[2]}", "."])
        except OSError as error:
            raise ConfigStoreError(f"{self.directory}: {error.strerror or error}") from error

    # --- write

    def save(
        self,
        device: DeviceId,
        text: str,
        at: datetime,
        *,
        summary: str = "",
        who: str | None = None,
        planned: bool = False,
    ) -> ConfigChange | None:
        """Keep it; None when it is what is kept already. Raises ConfigStoreError."""
        with self._alone():
            head = self._head()
            before = None if head is None else self._blob(head, device)
            blob = self._run(["hash-object", "-w", "--stdin"], text.encode("utf-8")).strip()
            if blob == before:
                return None
            added, removed = self._counted(before, blob)
            change = ConfigChange(device, "", at, added, removed, summary, who, planned, before is None)
            tree = self._tree_with(head, _file_of(device), blob)
            commit = self._committed(tree, head, change)
            self._run(["update-ref", BRANCH, commit, head or _NO_COMMIT])
            return ConfigChange(device, commit, at, added, removed, summary, who, planned, before is None)

    def tidy(self) -> None:
        """Packs what many commits left. Raises ConfigStoreError."""
        with self._alone():
            self._run(["-c", "gc.auto=2000", "gc", "--auto", "--quiet"])

    # --- read

    def devices(self) -> dict[DeviceId, ConfigChange]:
        """Every device of which there is a configuration, with its newest change."""
        if self._head() is None:
            return {}
        newest: dict[DeviceId, ConfigChange] = {}
        for change in self._log([]):
            newest.setdefault(change.device, change)
        return newest

    def text(self, device: DeviceId, commit: str | None = None) -> str | None:
        """As it was then (None: now); None when there is none. Raises ConfigStoreError."""
        head = self._head() if commit is None else self._known(commit)
        blob = None if head is None else self._blob(head, device)
        return None if blob is None else self._run(["cat-file", "blob", blob])

    def changes(
        self,
        device: DeviceId,
        *,
        limit: int = 100,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[ConfigChange]:
        """Newest first; since <= at < until."""
        if self._head() is None:
            return []
        found = []
        for change in self._log(["--", f":(literal){_file_of(device)}"]):
            if (since is None or change.at >= since) and (until is None or change.at < until):
                found.append(change)
            if len(found) >= limit:
                break
        return found

    def diff(self, device: DeviceId, old: str | None = None, new: str | None = None) -> str | None:
        """As `diff -u` prints it, between two commits; `new` None: as it is now, `old` None: as it was before
        the change of `new`. None: there is no such configuration. Raises ConfigStoreError."""
        end = self._head() if new is None else self._known(new)
        if end is None or (after := self._blob(end, device)) is None:
            return None
        if old is None:
            last = self._run(["rev-list", "-1", end, "--", f":(literal){_file_of(device)}"]).strip()
            parents = self._run(["rev-list", "--parents", "-1", last]).split()[1:]
            before = self._blob(parents[0], device) if parents else None
        else:
            start = self._known(old)
            before = None if start is None else self._blob(start, device)
            if start is None:
                return None
        if before == after:
            return ""
        shown = self._run(
            ["diff", "--no-color", "--no-ext-diff", "--no-textconv", "-U3", before or self._empty(), after]
        )
        body = shown.partition("\n@@")[2]
        return f"--- {device}\n+++ {device}\n@@{body}" if body else ""

    # --- git

    def _head(self) -> str | None:
        found = self._run(["rev-parse", "--verify", "--quiet", BRANCH], fine=(0, 1)).strip()
        return found or None

    def _known(self, commit: str) -> str | None:
        """Only a whole id of a commit of ours: what callers give is never an option or an expression."""
        if not _COMMIT.match(commit):
            return None
        kind = self._run(["cat-file", "-t", commit], fine=(0, 128)).strip()
        return commit if kind == "commit" else None

    def _blob(self, commit: str, device: DeviceId) -> str | None:
        row = self._run(["ls-tree", "-z", commit, "--", f":(literal){_file_of(device)}"])
        return row.split("\t", 1)[0].split(" ")[2] if row else None

    def _empty(self) -> str:
        return self._run(["hash-object", "-w", "--stdin"], b"").strip()

    def _counted(self, before: str | None, after: str) -> tuple[int, int]:
        shown = self._run(["diff", "--numstat", "--no-ext-diff", "--text", before or self._empty(), after])
        added, removed, *_ = shown.split("\t") if shown else ("0", "0")
        return int(added), int(removed)

    def _tree_with(self, head: str | None, name: str, blob: str) -> str:
        rows = [] if head is None else self._run(["ls-tree", "-z", head]).split("\0")
        kept = [row for row in rows if row and row.split("\t", 1)[1] != name]
        rows = [*kept, f"100644 blob {blob}\t{name}"]
        return self._run(["mktree", "-z"], "".join(f"{row}\0" for row in rows).encode("utf-8")).strip()

    def _committed(self, tree: str, head: str | None, change: ConfigChange) -> str:
        lines = [
            f"{change.device}: +{change.lines_added} -{change.lines_removed}",
            "",
            _one_line(change.summary),
            "",
            f"Device: {quote(change.device, safe='')}",
            f"Lines: {change.lines_added} {change.lines_removed}",
        ]
        lines += [f"Who: {_one_line(change.who)}"] if change.who else []
        lines += ["Planned: yes"] if change.planned else []
        lines += ["First: yes"] if change.first else []
        seconds = f"{int(change.at.timestamp())} +0000"
        parents = [] if head is None else ["-p", head]
        return self._run(
            ["commit-tree", tree, *parents],
            "\n".join(lines).encode("utf-8", "replace"),
            env={"GIT_AUTHOR_DATE": seconds, "GIT_COMMITTER_DATE": seconds},
        ).strip()

    def _log(self, paths: Sequence[str]) -> Iterator[ConfigChange]:
        shown = self._run(["log", "-z", "--format=%H%n%at%n%B", BRANCH, *paths])
        for entry in shown.split("\0"):
            commit, _, rest = entry.strip("\n").partition("\n")
            seconds, _, message = rest.partition("\n")
            if (change := _change_of(commit, seconds, message)) is not None:
                yield change

    def _run(
        self,
        arguments: Sequence[str],
        stdin: bytes = b"",
        *,
        env: dict[str, str] | None = None,
        fine: tuple[int, ...] = (0,),
    ) -> str:
        if self._git is None:
            raise ConfigStoreError("the store of configurations is not started")
        settings = [word for setting in _CONFIG for word in ("-c", setting)]
        try:
            done = subprocess.run(  # our own words, no shell; ids are checked before
                [self._git, f"--git-dir={self.directory}", *settings, *arguments],
                input=stdin,
                capture_output=True,
                cwd=self.directory,
                env=_environment(self.directory) | (env or {}),
                timeout=_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ConfigStoreError(f"git {arguments[0]}: {error}") from error
        if done.returncode not in fine:
            words = done.stderr.decode("utf-8", "replace").strip()
            raise ConfigStoreError(f"git {arguments[0]} in {self.directory}: {words or done.returncode}")
        return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer at a time; while we hold this, a lock of git's own is one that a killed process left."""
        try:
            handle = os.open(self.directory / "ronda.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigStoreError(f"{self.directory}: {error.strerror}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            for left in (*self.directory.glob("*.lock"), *self.directory.glob("refs/heads/*.lock")):
                if left.name != "ronda.lock":
                    left.unlink(missing_ok=True)
            yield
        finally:
            os.close(handle)


def _environment(directory: Path) -> dict[str, str]:
    """Nothing of the user's: no settings, no hooks, no pager, no editor, no questions."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(directory),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ronda",
        "GIT_AUTHOR_EMAIL": "ronda@localhost",
        "GIT_COMMITTER_NAME": "Ronda",
        "GIT_COMMITTER_EMAIL": "ronda@localhost",
    }


def _file_of(device: DeviceId) -> str:
    """A name that every file system takes, different for every device."""
    name = quote(device, safe="")
    if name.startswith("."):
        name = "%2E" + name[1:]
    if len(name) > _LONGEST_NAME:
        name = f"{name[:_LONGEST_NAME]}~{hashlib.sha256(device.encode()).hexdigest()[:16]}"
    return f"{name}.cfg"


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]


def _change_of(commit: str, seconds: str, message: str) -> ConfigChange | None:
    lines = message.rstrip("\n").split("\n")
    told = dict(line.split(": ", 1) for line in lines[4:] if ": " in line)
    if "Device" not in told or not seconds.isdigit():
        return None  # somebody else's commit
    added, _, removed = told.get("Lines", "0 0").partition(" ")
    return ConfigChange(
        DeviceId(unquote(told["Device"])),
        commit,
        datetime.fromtimestamp(int(seconds), UTC),
        int(added),
        int(removed),
        lines[2],
        told.get("Who"),
        "Planned" in told,
        "First" in told,
    )

"""Configuration copies: is git there, can they be kept, do they go on. Nothing is changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from ronda.backup_settings import BackupSection, directory_of
from ronda.checkup import Finding, bad, good, note
from ronda.config_backup import backed_up
from topology.model import Device

PART = "configuration copies"


def configurations(settings: BackupSection, data_dir: Path, devices: Iterable[Device]) -> Iterator[Finding]:
    """Nothing where no device's configuration is to be read."""
    count = sum(map(backed_up, devices))
    if not count:
        return
    if not settings.enabled:
        yield note(
            PART, f"switched off, though {count} devices have an SSH credential", "backup.enabled: true"
        )
        return
    if shutil.which("git") is None:
        yield bad(PART, "git is not installed, so no configuration is kept", "apt-get install git")
        return
    directory = directory_of(settings, data_dir)
    try:
        yield _store(directory, count)
    except OSError as error:
        yield bad(PART, f"{directory}: {error.strerror}", f"chown -R $(id -un) {directory.parent}")


def _store(directory: Path, devices: int) -> Finding:
    """Raises OSError."""
    if not directory.exists():
        return good(PART, f"{directory} will be made at the first start, for {devices} devices")
    if not (directory / "HEAD").exists():
        if any(directory.iterdir()):
            cure = f"set backup.directory to an empty one, or move away what lies in {directory}"
            return bad(PART, f"{directory} is no git repository, and not empty", cure)
        return good(PART, f"{directory} is empty, for {devices} devices")
    if not os.access(directory, os.W_OK | os.X_OK) or not os.access(directory / "objects", os.W_OK | os.X_OK):
        return bad(PART, f"{directory} can't be written", f"chown -R $(id -un) {directory}")
    return good(PART, f"{directory}, for {devices} devices; `ronda backup --list` says how old each is")

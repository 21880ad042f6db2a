"""One process a directory. The kernel drops the lock with the process, however it ends (flock(2))."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import TextIO


class DirectoryError(Exception):
    """It can't be had: another process has it, or nothing can be written there; the text says which."""


class DirectoryLock:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file: TextIO | None = None

    def take(self) -> None:
        """Make the directory where it is missing, and hold it. Raises DirectoryError."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = (self._directory / "lock").open("a+")
        except OSError as error:
            raise DirectoryError(
                f"can't write in {self._directory}: {error.strerror}. Make it writable, or choose another."
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise DirectoryError(
                f"another Ronda is running in {self._directory}: stop it, or choose another directory."
            ) from error
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

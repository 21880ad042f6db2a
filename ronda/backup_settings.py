"""The `backup:` section of the settings: configurations of devices."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from ronda.section import Section


class BackupSection(Section):
    """Running configurations, read over SSH and kept in git (docs/config-backup.md)."""

    enabled: bool = Field(True, description="Read configurations of devices that have an SSH credential.")
    directory: Path | None = Field(
        None, description="The git repository; unset: `configurations` in the data directory."
    )
    every_s: float = Field(86_400.0, ge=60, description="How often each device is read.")
    retry_s: float = Field(3_600.0, ge=30, description="... and after a failure.")
    first_after_s: float = Field(60.0, ge=0, description="The first ones, so long after the start.")
    after_trap_s: float = Field(
        60.0,
        ge=0,
        description="Pause between a device's notice of a change and the reading: people go on typing.",
    )
    places: int = Field(2, ge=1, le=16, description="Devices read at the same time.")
    stale_days: float = Field(
        3.0,
        gt=0,
        description="A device without a whole copy for so long is told of, all such in one incident.",
    )


def directory_of(settings: BackupSection, data_dir: Path) -> Path:
    return settings.directory or data_dir / "configurations"

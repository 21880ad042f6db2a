"""The `ssh:` section of the settings: devices asked over SSH."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from collector.ssh import SshSettings
from ronda.section import Section


class SshTuning(Section):
    """What SNMP does not give, or where SNMP is off, is asked over SSH (docs/ssh.md)."""

    every_s: float = Field(
        900.0, ge=30, description="A device with an SSH credential is asked this often, besides SNMP."
    )
    alone_every_s: float = Field(
        60.0,
        ge=10,
        description="A device without SNMP is asked at its polls, but no oftener than this.",
    )
    rescue_gap_s: float = Field(
        120.0,
        ge=10,
        description="When SNMP falls silent while echo answers, SSH is asked at once; again after this.",
    )
    places: int = Field(8, ge=1, le=64, description="SSH sessions at the same time.")
    deadline_s: float = Field(60.0, ge=5, le=600, description="Longest that asking one device may take.")
    known_hosts: Path | None = Field(
        None, description="File of trusted host keys; unset: `known_hosts` in the data directory."
    )


def ssh_settings(tuning: SshTuning, data_dir: Path) -> SshSettings:
    return SshSettings(
        places=tuning.places,
        deadline_s=tuning.deadline_s,
        known_hosts=tuning.known_hosts or data_dir / "known_hosts",
    )

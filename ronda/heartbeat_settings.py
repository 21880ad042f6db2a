"""The `alerts.heartbeat:` section of the settings."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from ronda.section import Section


class HeartbeatSettings(Section):
    """A ping to a URL while Ronda watches, for a service that alarms when it stays away."""

    url: str | None = Field(
        None, description="Where to ping (GET); unset, with `url_env` and `url_file`: none."
    )
    url_env: str | None = Field(None, description="Variable with the URL: it is the secret of such services.")
    url_file: Path | None = Field(None, description="File with the URL.")
    every_s: float = Field(60.0, ge=1, le=3600, description="How often.")
    fail: bool = Field(
        False, description="Also ping URL/fail at once when verdicts stop, instead of silence alone."
    )

"""Certificates that run out, and applications that don't answer though their network does. Pure."""

from __future__ import annotations

from alerts.condition_ledger import Cause, Ledger, Reading, facts_of
from alerts.condition_settings import ConditionSettings
from alerts.damping import Patience, Side, side_of
from alerts.model import ConditionKind, Severity
from topology.observations import ApplicationCheck

_DAY_S = 86_400.0


class ServiceWatch:
    def __init__(self, ledger: Ledger, settings: ConditionSettings) -> None:
        self._ledger = ledger
        self._settings = s = settings
        self._at_once = Patience(0.0, 0.0)
        self._checks = s.patience(s.application_raise_for_s, s.application_clear_for_s)

    def certificate(self, seen: ApplicationCheck, cause: Cause) -> None:
        if seen.certificate_expires_at is None:
            return
        s = self._settings
        left = (seen.certificate_expires_at - seen.at).total_seconds() / _DAY_S
        urgent = left <= s.certificate_urgent_days
        on = f"{seen.certificate_expires_at:%Y-%m-%d}"
        reading = Reading(
            seen.at,
            side_of(left, s.certificate_days, s.certificate_days + 0.01),
            Severity.MAJOR if urgent else Severity.WARNING,
            -left,
            f"the certificate runs out on {on}" if left > 0 else f"the certificate ran out on {on}",
            facts_of(
                ("days_left", float(int(left)) if left > 0 else None),
                ("expires_at", seen.certificate_expires_at.isoformat()),
            ),
        )
        own = Cause(f"certificate:{cause.key}", cause.components, cause.offices)
        self._ledger.note(own, ConditionKind.CERTIFICATE, "", reading, self._at_once)

    def answered(self, seen: ApplicationCheck, cause: Cause, *, host_reached: bool) -> None:
        """While the host can't be reached a failed check says nothing of the application."""
        if not seen.up and not host_reached:
            return
        reason = None if seen.up else seen.reason or "no answer"
        reading = Reading(
            seen.at,
            Side.GOOD if seen.up else Side.BAD,
            Severity.MAJOR,
            1.0,
            "works again" if seen.up else f"doesn't work though its host answers: {reason}",
            facts_of(
                ("reason", reason), ("status_code", seen.status_code), ("offices", len(cause.offices) or None)
            ),
        )
        own = Cause(f"application:{cause.key}", cause.components, cause.offices)
        self._ledger.note(own, ConditionKind.APPLICATION_DOWN, "", reading, self._checks)

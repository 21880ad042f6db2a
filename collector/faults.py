"""The one exception that transports raise: typed, so that a poll can turn it into data."""

from __future__ import annotations

from topology.observations import PollError, PollFault


class SnmpFault(Exception):  # noqa: N818 - a fault is the domain's word (PollFault)
    """A request that brought nothing, and why. `oid` where one object is to blame."""

    def __init__(self, fault: PollFault, message: str, oid: str | None = None) -> None:
        super().__init__(message)
        self.fault = fault
        self.message = message
        self.oid = oid

    def error(self, what: str | None = None) -> PollError:
        return PollError(fault=self.fault, message=self.message, oid=self.oid, what=what)

"""Who is asking, and what of the network is his to see. The one place that decides it.

Routes never read the inventory or a verdict by themselves: they are handed a `View`, which has been cut to
the scope of the caller. Today every caller counts as local (the server binds to loopback unless told
otherwise) and sees everything; tokens with smaller scopes come in `caller_scope` and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fastapi import Request

from topology.model import ProviderId


class Role(StrEnum):
    VIEWER = "viewer"
    ENGINEER = "engineer"


@dataclass(frozen=True, slots=True)
class Scope:
    role: Role
    provider: ProviderId | None = None
    """Only what is this provider's; None: everything."""
    who: str | None = None
    """The caller's name where it is known."""

    @property
    def sees_addresses(self) -> bool:
        return self.role is Role.ENGINEER

    @property
    def may_acknowledge(self) -> bool:
        return self.role is Role.ENGINEER


LOCAL = Scope(Role.ENGINEER)


def caller_scope(_request: Request) -> Scope:
    """The scope of whoever sent the request."""
    return LOCAL

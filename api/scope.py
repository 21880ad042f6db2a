"""Who is asking, and what he may do. `api.visible` says which parts of the network are his to see.

Routes never read the inventory or a verdict by themselves: they are handed a `View`, which has been cut to
the scope of the caller, and they ask the scope before they change anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from topology.model import ProviderId


class Role(StrEnum):
    VIEWER = "viewer"
    """Reads everything but addresses and contacts."""
    ONCALL = "oncall"
    """Takes incidents on."""
    ENGINEER = "engineer"
    """Plans maintenance and keeps the roll-out register, too."""
    PROVIDER = "provider"
    """One provider's coordinator: its own circuits, the offices they serve, nothing else."""
    ADMIN = "admin"
    """Reads the audit log, too."""
    WALL = "wall"
    """A screen on a wall: how many offices are connected, what is broken, who is on it. No equipment."""


class Via(StrEnum):
    """How the caller proved who he is."""

    LOCAL = "local"
    """From this machine, without a token."""
    TOKEN = "token"  # noqa: S105  # a word, not a secret
    SESSION = "session"
    PROXY = "proxy"
    """A reverse proxy vouches for him."""


_STAFF = frozenset({Role.ONCALL, Role.ENGINEER, Role.ADMIN})
_ENGINEERS = frozenset({Role.ENGINEER, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Scope:
    role: Role
    provider: ProviderId | None = None
    """Only what is this provider's; None: everything. Exactly those of role `provider` have one."""
    who: str | None = None
    """The caller's name where it is known: the token's label, or the user that the proxy names."""
    via: Via = Via.LOCAL
    token: str | None = None
    """Id of the token behind a token or a session."""
    session: str | None = None
    """Hash of the session's cookie."""

    def __post_init__(self) -> None:
        if (self.role is Role.PROVIDER) != (self.provider is not None):
            raise ValueError("the role provider needs a provider, and no other role has one")

    @property
    def sight(self) -> tuple[Role, ProviderId | None]:
        """Callers of one sight are shown the same."""
        return self.role, self.provider

    # --- what he sees

    @property
    def sees_all(self) -> bool:
        """Every office; not only those of a provider."""
        return self.provider is None

    @property
    def sees_addresses(self) -> bool:
        """Addresses of devices."""
        return self.role in _STAFF

    @property
    def sees_contacts(self) -> bool:
        """Names and telephone numbers of people at offices and providers."""
        return self.role in _STAFF

    @property
    def sees_comments(self) -> bool:
        """What staff write to each other, and who of them did what."""
        return self.role not in {Role.PROVIDER, Role.WALL}

    @property
    def sees_devices(self) -> bool:
        """Equipment, ports, measured values and the log of changes."""
        return self.role is not Role.WALL

    @property
    def sees_design(self) -> bool:
        """The whole drawing: what-if, single points of failure, applications, settings."""
        return self.role in _STAFF or self.role is Role.VIEWER

    # --- what he may do

    @property
    def may_acknowledge(self) -> bool:
        """Take an incident on, or give it to somebody."""
        return self.role in _STAFF

    @property
    def may_comment(self) -> bool:
        return self.role in _STAFF

    @property
    def may_link_ticket(self) -> bool:
        """Note the provider's ticket with an incident; a provider with its own incidents."""
        return self.role in _STAFF or self.role is Role.PROVIDER

    @property
    def may_plan(self) -> bool:
        """Maintenance windows."""
        return self.role in _ENGINEERS

    @property
    def may_report_progress(self) -> bool:
        """Roll-out of an office that he may see; a provider of its own."""
        return self.role in _ENGINEERS or self.role is Role.PROVIDER

    @property
    def may_administer(self) -> bool:
        """The audit log."""
        return self.role is Role.ADMIN

    def signs_as(self, given: str | None) -> str | None:
        """The name that stands beside what he did: what he calls himself never hides whose token it was."""
        given = (given or "").strip()
        if self.who is None:
            return given or None
        if self.via is Via.PROXY or not given or given == self.who:
            return self.who
        return f"{given} ({self.who})"


LOCAL = Scope(Role.ADMIN)
"""Somebody on this machine while there are no tokens."""

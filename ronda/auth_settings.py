"""Settings of who is let in: sessions, reverse proxies, and this machine itself (docs/security.md)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from api.scope import Role
from ronda.section import Section
from topology.model import Inventory, ProviderId

if TYPE_CHECKING:
    from ronda.settings import ApiSettings

_HEADER = r"^[A-Za-z0-9-]{1,60}$"


def role_of(text: str) -> tuple[Role, ProviderId | None]:
    """`engineer`, or `provider:ID`. Raises ValueError."""
    name, colon, provider = text.partition(":")
    roles = [r.value for r in Role]
    if name not in roles:
        raise ValueError(f"{name!r} is no role: one of {', '.join(roles)}")
    if (Role(name) is Role.PROVIDER) != bool(provider) or (colon and not provider):
        raise ValueError(f"{text!r}: the role provider is written provider:ID, every other one without an id")
    return Role(name), ProviderId(provider) if provider else None


def networks_of(texts: list[str]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Addresses and networks in CIDR. Raises ValueError."""
    return tuple(ipaddress.ip_network(text) for text in texts)


class ProxyAuthSettings(Section):
    """Login left to a reverse proxy (OIDC, LDAP): it says in headers who asks. Off while `user_header` is
    unset; taken from `api.trusted_proxies` only, refused from others."""

    user_header: str | None = Field(
        None,
        pattern=_HEADER,
        description="Header with the user's name, e.g. `X-Auth-Request-User`. Unset: off.",
    )
    role_header: str = Field(
        "X-Auth-Request-Groups", pattern=_HEADER, description="Header with roles or groups, comma separated."
    )
    roles: dict[str, str] = Field(
        default_factory=dict,
        description="What may stand there, to the role it means: `{noc: engineer, telkom-pic: "
        '"provider:telkom"}`; the first that fits counts. Whoever has none is refused.',
    )

    @field_validator("roles")
    @classmethod
    def _are_roles(cls, roles: dict[str, str]) -> dict[str, str]:
        for name, meant in roles.items():
            try:
                role_of(meant)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
        return roles


def cross_check_auth(api: ApiSettings) -> list[str]:
    problems = []
    proxies = api.trusted_proxies
    if api.proxy_auth.user_header is not None and not proxies:
        problems.append("api.proxy_auth: name the proxy's address in api.trusted_proxies")
    if api.proxy_auth.user_header is not None and not api.proxy_auth.roles:
        problems.append("api.proxy_auth.roles: nobody has a role, so nobody would be let in")
    if api.loopback == "open" and any(n.network_address.is_loopback for n in networks_of(proxies)):
        problems.append(
            "api.loopback: open lets everybody in who comes through the proxy on this machine that "
            "api.trusted_proxies names; choose auto, wall or guarded"
        )
    return problems


def unknown_providers(api: ApiSettings, inventory: Inventory) -> list[str]:
    """Providers that settings name and the inventory does not have: such a login would see nothing."""
    named = {provider for _, provider in map(role_of, api.proxy_auth.roles.values()) if provider is not None}
    return sorted(named - inventory.providers.keys())

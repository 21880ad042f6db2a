"""From where a request comes, and whether that is this machine itself."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from fastapi import Request

from api.guard import LOOPBACK_NAMES, host_name

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
FORWARDING = ("forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip")
"""Headers by which a proxy gives itself away, besides every `X-Forwarded-...`."""


def _address(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address((text or "").strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def connected(request: Request) -> str | None:
    """The address at the other end of the connection; nobody can forge it."""
    return request.client.host if request.client is not None else None


def is_among(peer: str | None, networks: Sequence[IpNetwork]) -> bool:
    address = _address(peer)
    return address is not None and any(address in network for network in networks)


def peer_of(request: Request, proxies: Sequence[IpNetwork]) -> str | None:
    """Who asks: behind trusted proxies, the last address that none of them has."""
    here = connected(request)
    if not is_among(here, proxies):
        return here
    for part in reversed(",".join(request.headers.getlist("x-forwarded-for")).split(",")):
        if _address(part) is None:
            break
        here = str(_address(part))
        if not is_among(here, proxies):
            break
    return here


def is_local(request: Request) -> bool:
    """A program or a browser on this machine, and no proxy on it that speaks for somebody else."""
    address = _address(connected(request))
    if address is None or not address.is_loopback:
        return False
    if host_name(request.headers.get("host", "")) not in LOOPBACK_NAMES:
        return False
    return not any(name in FORWARDING or name.startswith("x-forwarded") for name in request.headers)


def is_https(request: Request, proxies: Sequence[IpNetwork]) -> bool:
    if is_among(connected(request), proxies):
        said = request.headers.get("x-forwarded-proto")
        if said is not None:
            return said.split(",")[-1].strip().lower() == "https"
    return request.url.scheme == "https"

"""Failed logins per peer: who fails too often is told to wait, and costs nothing meanwhile.

Only failures wait. A right token is let in whatever its neighbours behind one address do: nobody can lock the
staff out, and 256 random bits are not guessed at any rate.
"""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict

FAILURES = 10
WINDOW_S = 60.0
PEERS = 4096
"""Most that are remembered; the one that failed longest ago is forgotten first."""


class Attempts:
    """A bucket a peer, that fills with failures and empties in WINDOW_S. IPv6 counts by /64."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Peer to level and the moment when it was so high."""
        self.failures = 0
        self.refused = 0

    def wait_s(self, peer: str | None, now_s: float) -> int | None:
        """How long until the next attempt is looked at; None: now."""
        level = self._level(_group(peer), now_s)
        if level <= FAILURES - 1:
            return None
        self.refused += 1
        return max(1, math.ceil((level - (FAILURES - 1)) * WINDOW_S / FAILURES))

    def failed(self, peer: str | None, now_s: float) -> None:
        group = _group(peer)
        level = self._level(group, now_s) + 1
        self._buckets[group] = (level, now_s)
        self._buckets.move_to_end(group)
        self.failures += 1
        while len(self._buckets) > PEERS:
            self._buckets.popitem(last=False)

    def _level(self, group: str, now_s: float) -> float:
        level, at_s = self._buckets.get(group, (0.0, now_s))
        return max(0.0, level - (now_s - at_s) * FAILURES / WINDOW_S)


def _group(peer: str | None) -> str:
    try:
        address = ipaddress.ip_address((peer or "").partition("%")[0])
    except ValueError:
        return peer or "?"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)

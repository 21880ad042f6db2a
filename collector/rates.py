"""Rates from raw counters: never a spike, never a negative. Pure; time is handed in.

A difference counts when nothing says that the counter began anew: not sysUpTime (reboot), not
ifCounterDiscontinuityTime, not a change of width. A counter that went down has wrapped only when the
distance is one that the port could have carried; else it was reset, and this interval has no rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from topology.model import PortRef
from topology.observations import PortCounters, PortRates

_ETHERNET = 6
_TRUSTED_SPEED_BPS = 100_000_000
"""ifSpeed below this is often a made-up default (10 Mbit/s on tunnels); it limits nothing then."""
_FASTEST_BPS = 1.6e12
_SPEED_MARGIN = 2.0
_EVENT_CEILING_PER_S = 2.0e9
"""Errors or discards a second: more than the smallest frames at 1 Tbit/s."""
_MIN_INTERVAL_S = 0.5
_MAX_INTERVAL_S = 3600.0
"""Beyond this the mean would say nothing about any moment."""
_UPTIME_SLACK_S, _UPTIME_DRIFT = 2.0, 0.05
"""How much less than ours an agent's clock may advance before it is called a reboot."""
_UPTIME_PERIOD_S = (1 << 32) / 100.0


_Seen = tuple[PortCounters, float]
"""The counters, and when they were read (monotonic)."""


class RateKeeper:
    """The last counters of every port of one device."""

    def __init__(self) -> None:
        self._seen: dict[PortRef, _Seen] = {}
        self._uptime_s: float | None = None
        self._at_s: float | None = None

    def update(
        self,
        counters: Iterable[PortCounters],
        *,
        at_s: float,
        uptime_s: float | None,
        speeds: dict[PortRef, tuple[int | None, int | None]],
    ) -> Iterator[PortRates]:
        """Rates since the last call. `at_s` is monotonic; `speeds` are (speed_bps, ifType) by port."""
        rebooted = self._rebooted(at_s, uptime_s)
        fresh: dict[PortRef, _Seen] = {}
        for now in counters:
            before = self._seen.get(now.port)
            fresh[now.port] = (now, at_s)
            if before is None or rebooted:
                continue
            over_s = at_s - before[1]
            if not _MIN_INTERVAL_S <= over_s <= _MAX_INTERVAL_S:
                if over_s < _MIN_INTERVAL_S:
                    fresh[now.port] = before  # two polls on each other's heels: measure from the first
                continue
            yield _rates(before[0], now, over_s, *speeds.get(now.port, (None, None)))
        self._seen.update(fresh)
        if len(self._seen) > 2 * len(fresh) + 64:
            self._seen = {port: seen for port, seen in self._seen.items() if at_s - seen[1] < _MAX_INTERVAL_S}

    def _rebooted(self, at_s: float, uptime_s: float | None) -> bool:
        """sysUpTime is less than it should be by now, and not because its 497 days were over."""
        before_s, before_at_s = self._uptime_s, self._at_s
        self._uptime_s, self._at_s = uptime_s, at_s
        if before_s is None or uptime_s is None or before_at_s is None:
            return False
        elapsed_s = at_s - before_at_s
        slack_s = _UPTIME_SLACK_S + _UPTIME_DRIFT * elapsed_s
        missing_s = before_s + elapsed_s - uptime_s
        return missing_s > slack_s and abs(missing_s - _UPTIME_PERIOD_S) > slack_s


def _rates(
    before: PortCounters, now: PortCounters, over_s: float, speed_bps: int | None, if_type: int | None
) -> PortRates:
    if before.discontinuity_s != now.discontinuity_s:
        return PortRates(now.port, now.at, over_s)
    in_bps = out_bps = None
    bits = now.octets_bits
    if before.octets_bits == bits and not (bits == 32 and _wraps_unseen(speed_bps, over_s)):
        ceiling_bps = _FASTEST_BPS
        if speed_bps is not None and speed_bps >= _TRUSTED_SPEED_BPS and if_type in (None, _ETHERNET):
            ceiling_bps = _SPEED_MARGIN * speed_bps
        in_bps = _difference(before.in_octets, now.in_octets, bits, over_s, ceiling_bps, 8.0)
        out_bps = _difference(before.out_octets, now.out_octets, bits, over_s, ceiling_bps, 8.0)
    ceiling = _EVENT_CEILING_PER_S
    return PortRates(
        now.port,
        now.at,
        over_s,
        in_bps,
        out_bps,
        _difference(before.in_errors, now.in_errors, 32, over_s, ceiling),
        _difference(before.out_errors, now.out_errors, 32, over_s, ceiling),
        _difference(before.in_discards, now.in_discards, 32, over_s, ceiling),
        _difference(before.out_discards, now.out_discards, 32, over_s, ceiling),
    )


def _wraps_unseen(speed_bps: int | None, over_s: float) -> bool:
    """At this speed a 32-bit octet counter may have gone round more than once."""
    return speed_bps is not None and speed_bps / 8.0 * over_s >= (1 << 32)


def _difference(
    old: int | None, new: int | None, bits: int, over_s: float, ceiling_per_s: float, factor: float = 1.0
) -> float | None:
    """What came, a second, times `factor`; None when it can't be known or can't be true."""
    if old is None or new is None:
        return None
    delta = new - old
    if delta < 0:
        delta += 1 << bits
        if delta > 1 << bits - 1:
            return None  # a wrap over half of the range is a reset in disguise
    rate = delta * factor / over_s
    return rate if rate <= ceiling_per_s else None

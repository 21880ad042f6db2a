"""What a provider owes back for a month (restitusi), by the formula of its contract. Pure.

`proportional` (the default): the fee of the circuit, times the counted seconds of its outages over those
of the month. `steps`: a share of the month's fee that rises as the availability falls. Whole rupiah, half up.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from reports.availability import Part, Times
from topology.model import Restitution, RestitutionKind

_MICROSECOND = timedelta(microseconds=1)


def fee_idr(monthly_idr: int, times: Times, month: timedelta) -> int:
    """The fee pro rata: for the part of the month (which may still run) that it is in service."""
    late = times[Part.BEFORE_CONNECTED]
    return _rupiah(Decimal(monthly_idr) * ((month - late) // _MICROSECOND) / (month // _MICROSECOND))


def restitution_idr(
    terms: Restitution, monthly_idr: int, times: Times, month: timedelta, sla_percent: float | None
) -> int:
    """0 when nothing is owed. Never more than the fee of the part of the month that it is in service."""
    fee = fee_idr(monthly_idr, times, month)
    if terms.only_below_sla and times.meets(sla_percent) is not False:
        return 0
    if terms.kind is RestitutionKind.PROPORTIONAL:
        counted = times[Part.DOWN_COUNTED]
        owed = Decimal(monthly_idr) * (counted // _MICROSECOND) / (month // _MICROSECOND)
    else:
        owed = Decimal(fee) * _share(terms, times) / 100
    return min(_rupiah(owed), fee)


def _share(terms: Restitution, times: Times) -> Decimal:
    """In percent: of all steps that the availability has fallen below, the highest."""
    fallen = [s.fee_percent for s in terms.steps if times.meets(s.below_percent) is False]
    return Decimal(str(max(fallen, default=0)))


def _rupiah(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))

"""Money is `Decimal`, and it is rounded here and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

__all__ = ["money", "split_money"]

_CENT = Decimal("0.01")


def money(amount: float | int | str | Decimal) -> Decimal:
    """`amount` rounded half-even to hundredths of the scenario's currency.

    Floats pass through `repr`, so that 0.1 means 0.1. Raises `ValueError` for NaN and infinities.
    """
    value = (
        amount if isinstance(amount, Decimal) else Decimal(repr(float(amount)) if isinstance(amount, float) else amount)
    )
    if not value.is_finite():
        raise ValueError(f"not an amount of money: {amount!r}")
    return value.quantize(_CENT, rounding=ROUND_HALF_EVEN)


def split_money(total: Decimal, weights: Sequence[float]) -> list[Decimal]:
    """`total` in parts proportional to non-negative `weights`, whose sum is exactly `total`.

    Largest-remainder rule; ties go to the earlier part. Raises `ValueError` if the weights have no positive sum.
    """
    weight_sum = sum(weights)
    if weight_sum <= 0 or min(weights) < 0:
        raise ValueError("weights must be non-negative with a positive sum")
    cents = int(money(total) / _CENT)
    sign = -1 if cents < 0 else 1
    exact = [abs(cents) * weight / weight_sum for weight in weights]
    floors = [int(share) for share in exact]
    order = sorted(range(len(exact)), key=lambda i: (floors[i] - exact[i], i))
    for i in order[: abs(cents) - sum(floors)]:
        floors[i] += 1
    return [sign * part * _CENT for part in floors]

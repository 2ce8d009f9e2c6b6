from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suandian.quantity.money import money, split_money


@pytest.mark.parametrize(
    ("amount", "expected"), [(0.1, "0.10"), (2.675, "2.68"), (0.125, "0.12"), (-0.135, "-0.14"), (3, "3.00")]
)
def test_rounding_is_half_even_on_what_is_written(amount: float, expected: str) -> None:
    assert money(amount) == Decimal(expected)


@pytest.mark.parametrize("amount", [float("nan"), float("inf")])
def test_no_money_without_a_number(amount: float) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        money(amount)


@given(
    st.decimals("-1e7", "1e7", places=2),
    st.lists(st.floats(0, 1e3), min_size=1, max_size=9).filter(lambda w: sum(w) > 1e-6),
)
def test_parts_sum_exactly_to_the_total(total: Decimal, weights: list[float]) -> None:
    parts = split_money(total, weights)
    assert sum(parts) == total
    exact = [float(total) * w / sum(weights) for w in weights]
    assert all(abs(float(p) - e) <= 0.0101 for p, e in zip(parts, exact, strict=True))

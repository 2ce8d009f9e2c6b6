import pytest
from hypothesis import given
from hypothesis import strategies as st

from suandian.physics.serving import ServingModel

MODEL = ServingModel()


def test_latency_and_batch_by_hand() -> None:
    assert MODEL.token_latency_ms(32) == 28.0
    assert MODEL.batch_count(45.0) == 100.0
    # 28 ms at 32 → 45 ms at 100: (45/100)/(28/32) of the GPU time, at (100/32)^0.115 of the power.
    assert MODEL.power_ratio(28.0, 45.0) == pytest.approx((45 / 100) / (28 / 32) * (100 / 32) ** 0.11548, abs=1e-4)
    # Doubling from 64 to 128 raises the power of a GPU from 480 to 520 W.
    assert 2**MODEL.power_exponent_ratio == pytest.approx(520 / 480)


@given(st.floats(21, 60), st.floats(21, 60))
def test_slower_answers_never_take_more_power(usual: float, most: float) -> None:
    ratio = MODEL.power_ratio(usual, most)
    assert 0 < ratio <= 1.0
    if most <= usual:
        assert ratio == 1.0


def test_a_latency_that_no_batch_reaches_is_refused() -> None:
    with pytest.raises(ValueError, match="not reached"):
        MODEL.power_ratio(20.1, 45.0)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suandian.model.workload import FULL_PACE
from suandian.physics.itload import GPU_IDLE_W
from suandian.physics.pace import (
    capped_dynamic_ratio,
    capped_throughput_ratio,
    elastic_throughput_ratio,
    pace_of,
)

caps = st.floats(0.6, 1.0)


def test_the_curve_goes_through_its_source() -> None:
    # 13.7 % less energy in 6.8 % more time: power 0.863 / 1.068, throughput 1 / 1.068.
    assert capped_throughput_ratio(0.863 / 1.068) == pytest.approx(1 / 1.068)
    assert capped_throughput_ratio(1.0) == 1.0
    # A quarter less power costs less than a tenth of throughput.
    assert 0.90 < capped_throughput_ratio(0.75) < 0.92


@given(caps, caps)
def test_it_is_concave_and_rises(one: float, other: float) -> None:
    middle = capped_throughput_ratio((one + other) / 2)
    assert middle >= (capped_throughput_ratio(one) + capped_throughput_ratio(other)) / 2 - 1e-12
    assert (one < other) <= (capped_throughput_ratio(one) <= capped_throughput_ratio(other))


def test_outside_the_curve_nothing_is_claimed() -> None:
    with pytest.raises(ValueError, match=r"outside 0\.6…1"):
        capped_throughput_ratio(0.5)
    with pytest.raises(ValueError, match="idle power"):
        capped_dynamic_ratio(0.6, 90.0)


def test_power_above_idle_falls_by_more_than_power() -> None:
    # 371.7 W held at 75 %: 278.8 W; above idle (58.2 W) 220.6 of 313.5 W.
    assert capped_dynamic_ratio(0.75, 371.7) == pytest.approx((0.75 * 371.7 - GPU_IDLE_W) / (371.7 - GPU_IDLE_W))
    assert capped_dynamic_ratio(0.75, 371.7) == pytest.approx(0.7036, abs=1e-4)


@given(caps, st.floats(0.1, 1.0))
def test_no_gear_is_above_the_curve_and_shrinking_saves_no_energy(cap: float, gpus: float) -> None:
    pace = pace_of("p", power_cap_ratio=cap, gpus_ratio=gpus, gpu_power_w=370.0)
    for gpu_ratio, power, speed in zip(pace.gpu_ratio, pace.power_ratio, pace.speed_ratio, strict=True):
        of_scaling = elastic_throughput_ratio(gpu_ratio)
        capped = power * gpu_ratio / of_scaling
        drawn = (capped * (370.0 - GPU_IDLE_W) + GPU_IDLE_W) / 370.0
        assert speed <= capped_throughput_ratio(min(drawn, 1.0)) * of_scaling + 1e-9
        if cap == 1.0:
            assert gpu_ratio * power >= speed
    assert pace.gears <= 4


def test_levers_that_are_off_leave_full_speed() -> None:
    assert pace_of("p", power_cap_ratio=1.0, gpus_ratio=1.0, gpu_power_w=300.0) is FULL_PACE
    assert pace_of("p", power_cap_ratio=1.0, gpus_ratio=0.5, gpu_power_w=300.0).gpu_ratio == (1.0, 0.75, 0.5)
    assert pace_of("p", power_cap_ratio=0.8, gpus_ratio=1.0, gpu_power_w=300.0).gpu_ratio == (1.0, 1.0, 1.0)

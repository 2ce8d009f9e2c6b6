from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.model.site import Battery, Site
from suandian.physics.balance import StepInputs, StepResult
from suandian.physics.kernel import run_kernel
from suandian.physics.light import run_light

power = st.one_of(st.just(0.0), st.floats(0.01, 30.0), st.sampled_from([1.0, 2.0, 5.0]))
limit = st.one_of(st.just(np.inf), st.just(0.0), st.floats(0.5, 30.0))
batteries = st.one_of(
    st.none(),
    st.builds(
        Battery,
        energy_mwh=st.floats(2.0, 20.0),
        charge_max_mw=power,
        discharge_max_mw=power,
        charge_efficiency_ratio=st.floats(0.5, 1.0),
        discharge_efficiency_ratio=st.floats(0.5, 1.0),
        energy_min_mwh=st.floats(0.0, 1.5),
    ),
)


@st.composite
def cases(draw):
    battery = draw(batteries)
    site = Site(
        "a", "o", "shandong", 36.0, 117.0, 1, 0.0, 99.0,
        import_max_mw=draw(limit), export_max_mw=draw(limit), battery=battery,
    )  # fmt: skip
    periods = draw(st.integers(1, 6))

    def row(values=power):
        return np.array([draw(st.lists(values, min_size=periods, max_size=periods))])

    planned = draw(st.booleans())
    level = draw(st.sampled_from([0.0, 0.4, 0.999, 1.0]))
    lowest, highest = (battery.energy_min_mwh, battery.energy_mwh) if battery else (0.0, 0.0)
    inputs = StepInputs(
        step_h=draw(st.sampled_from([1 / 60, 1 / 12, 0.25, 1.0])),
        facility_mw=row(),
        site_pv_mw=row(),
        curtail_mw=row() * draw(st.sampled_from([0.0, 0.2])),
        charge_mw=row() if planned else None,
        discharge_mw=row() if planned else None,
        import_guard_mw=np.array([draw(limit)]),
        feeder_pv_mw=np.zeros((0, periods)),
        feeder_load_mw=np.zeros((0, periods)),
        energy_mwh=np.array([lowest + level * (highest - lowest)]),
    )
    return site, inputs


@settings(max_examples=400, deadline=None)
@given(cases())
def test_plain_python_and_the_kernel_agree_bit_for_bit(case):
    site, inputs = case
    compiled = StepResult.of_cubes(*run_kernel([site], [], inputs))
    plain = StepResult.of_cubes(*run_light([site], inputs))
    for name in StepResult.__dataclass_fields__:
        assert getattr(plain, name).tobytes() == getattr(compiled, name).tobytes(), name


def test_a_site_behind_a_feeder_is_refused():
    site = Site("a", "o", "shandong", 36.0, 117.0, 1, 0.0, 9.0, import_max_mw=9.0, feeder="f")
    zero = np.zeros((1, 1))
    inputs = StepInputs(1.0, zero, zero, zero, None, None, zero[0], zero[:0], zero[:0], zero[0])
    with pytest.raises(ValueError, match="not given: a"):
        run_light([site], inputs)


def test_the_door_does_not_load_numba():
    code = "import sys, suandian.physics.facility; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.model.site import Cooling
from suandian.physics.cooling import chiller_cop_ratio, chiller_share_ratio, facility_coefficients, pue_ratio

DEFAULT = Cooling()
OUTDOOR_C = np.linspace(-30.0, 45.0, 751)


def climate_c(mean_c: float, season_c: float, day_c: float) -> np.ndarray:
    """A year of hourly temperature: yearly and daily cosine around the mean, warmest in late July at 15 h."""
    hour = np.arange(8760)
    return (
        mean_c
        + season_c * np.cos(2 * np.pi * (hour / 24 - 205) / 365)
        + day_c * np.cos(2 * np.pi * (hour % 24 - 15) / 24)
    )


#: Eastern Gansu: mean of January about −4 °C, of July about 22 °C.
GANSU_C = climate_c(9.5, 13.3, 5.0)
#: Guangzhou 2009: January 12.4 °C, August 29.9 °C, year 23.0 °C (China Statistical Yearbook 2010, table 12-13);
#: northern Guangdong is about a degree and a half cooler.
GUANGDONG_C = climate_c(21.5, 8.5, 4.0)


def test_constant_model_is_its_pue():
    fixed_mw, per_it_ratio = facility_coefficients(Cooling(model="constant", pue_ratio=1.4), 20.0, OUTDOOR_C)
    assert (fixed_mw == 0.0).all()
    assert (per_it_ratio == 1.4).all()
    assert fixed_mw.shape == per_it_ratio.shape == OUTDOOR_C.shape


def test_unknown_model_is_refused():
    with pytest.raises(ValueError, match="geothermal"):
        facility_coefficients(Cooling(model="geothermal"), 1.0, OUTDOOR_C)


def test_free_cooling_by_hand():
    # 0 °C: no chiller. per IT = 1.08 · 1.035; fixed = 0.03 · 10 MW · 1.035
    fixed_mw, per_it_ratio = facility_coefficients(DEFAULT, 10.0, np.array([0.0]))
    assert per_it_ratio[0] == pytest.approx(1.08 * 1.035)
    assert fixed_mw[0] == pytest.approx(0.3 * 1.035)


def test_chiller_by_hand():
    # 30 °C: chiller alone. T_cold = 24 − 6 = 18 °C = 291.15 K, condensing 42 °C, lift 24 K: COP = 0.4 · 291.15/24
    cop = 0.4 * 291.15 / 24.0
    assert chiller_cop_ratio(DEFAULT, np.array([30.0]))[0] == pytest.approx(cop)
    assert chiller_share_ratio(DEFAULT, np.array([30.0]))[0] == 1.0
    fixed_mw, per_it_ratio = facility_coefficients(DEFAULT, 10.0, np.array([30.0]))
    assert per_it_ratio[0] == pytest.approx(1.08 * (1.035 + 1 / cop))
    assert fixed_mw[0] == pytest.approx(0.3 * (1.035 + 1 / cop))


def test_half_of_the_blend_by_hand():
    # free cooling ends at 24 − 6 = 18 °C, the blend is 8 K wide: at 22 °C the chiller lifts half of the heat
    assert chiller_share_ratio(DEFAULT, np.array([18.0, 22.0, 26.0])) == pytest.approx([0.0, 0.5, 1.0])


def test_cap_on_the_chiller():
    assert chiller_cop_ratio(DEFAULT, np.array([-20.0, 5.0]))[0] == DEFAULT.cop_max_ratio


def test_no_blend_switches_at_once():
    sharp = replace(DEFAULT, blend_k=0.0)
    assert chiller_share_ratio(sharp, np.array([18.0, 18.1])).tolist() == [0.0, 1.0]


def test_annual_pue_of_two_climates():
    gansu = pue_ratio(DEFAULT, 1.0, np.full(8760, 0.63), GANSU_C).mean()
    guangdong = pue_ratio(DEFAULT, 1.0, np.full(8760, 0.63), GUANGDONG_C).mean()
    assert 1.15 <= gansu <= 1.20
    assert 1.25 <= guangdong <= 1.30


coolings = st.builds(
    Cooling,
    loss_fixed_ratio=st.floats(0.0, 0.1),
    loss_ratio=st.floats(0.0, 0.2),
    moving_ratio=st.floats(0.0, 0.1),
    supply_c=st.floats(16.0, 32.0),
    approach_k=st.floats(0.0, 15.0),
    blend_k=st.floats(0.0, 15.0),
    carnot_ratio=st.floats(0.2, 0.7),
    coil_approach_k=st.floats(0.0, 10.0),
    condenser_approach_k=st.floats(5.0, 20.0),
    cop_max_ratio=st.floats(3.0, 20.0),
)


@settings(max_examples=60, deadline=None)
@given(coolings, st.floats(0.05, 1.0), st.floats(0.1, 200.0))
def test_pue_rises_with_temperature_falls_with_load_and_is_at_least_one(cooling, load_ratio, it_max_mw):
    it_mw = np.full_like(OUTDOOR_C, load_ratio * it_max_mw)
    pue = pue_ratio(cooling, it_max_mw, it_mw, OUTDOOR_C)
    assert (pue >= 1.0).all()
    assert (np.diff(pue) >= -1e-12).all()
    assert (pue_ratio(cooling, it_max_mw, 0.9 * it_mw, OUTDOOR_C) >= pue - 1e-12).all()


@settings(max_examples=30, deadline=None)
@given(coolings, st.floats(0.0, 50.0), st.floats(0.0, 50.0))
def test_facility_power_is_affine_in_it_power(cooling, low_mw, high_mw):
    fixed_mw, per_it_ratio = facility_coefficients(cooling, 50.0, OUTDOOR_C)
    middle = fixed_mw + per_it_ratio * (low_mw + high_mw) / 2
    ends = (fixed_mw + per_it_ratio * low_mw + fixed_mw + per_it_ratio * high_mw) / 2
    assert middle == pytest.approx(ends)

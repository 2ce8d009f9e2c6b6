from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from suandian.model.grid import Feeder
from suandian.model.site import Battery, Site
from suandian.physics.balance import StepInputs, check_balance
from suandian.physics.facility import advance
from suandian.quantity.errors import InvariantBroken

SITES = (
    Site(
        "dc", "o", "shandong", 36.0, 117.0, 1, 0.0, 10.0, import_max_mw=6.0, export_max_mw=2.0,
        battery=Battery(10.0, 4.0, 4.0, energy_min_mwh=1.0), feeder="f",
    ),
)  # fmt: skip
FEEDERS = (Feeder("f", "o", "shandong", 36.0, 117.0, 12.0, 1.0, 0.5, 8.0),)
INPUTS = StepInputs(
    step_h=0.5,
    facility_mw=np.array([[5.0, 7.0, 3.0]]),
    site_pv_mw=np.array([[0.0, 0.0, 9.0]]),
    curtail_mw=np.zeros((1, 3)),
    charge_mw=None,
    discharge_mw=None,
    import_guard_mw=np.array([np.inf]),
    feeder_pv_mw=np.array([[2.0, 0.0, 8.0]]),
    feeder_load_mw=np.array([[3.0, 9.0, 1.0]]),
    energy_mwh=np.array([2.0]),
)


def test_what_the_kernel_returns_balances():
    check_balance(SITES, FEEDERS, INPUTS, advance(SITES, FEEDERS, INPUTS))


@pytest.mark.parametrize(
    ("column", "by", "what"),
    [
        ("import_mw", 1e-6, "site dc: energy balance"),
        ("discharge_mw", 1e-6, "site dc: energy balance"),
        ("pv_used_mw", np.nan, "site dc: energy balance"),
        ("energy_mwh", 1e-6, "site dc: store balance"),
        ("feeder_import_mw", 1e-6, "feeder f: energy balance"),
        ("feeder_pv_used_mw", 1e-6, "feeder f: energy balance"),
        ("site_violation_mw", -1.0, "site dc: import above its limit was not counted"),
        ("feeder_violation_mw", -10.0, "feeder f: import above its limit was not counted"),
    ],
)
def test_a_changed_figure_is_noticed_with_its_place_and_interval(column, by, what):
    result = advance(SITES, FEEDERS, INPUTS)
    values = getattr(result, column).copy()
    values[0, 1] += by
    with pytest.raises(InvariantBroken, match=f"{what}.*interval 1"):
        check_balance(SITES, FEEDERS, INPUTS, replace(result, **{column: values}))


def test_consistent_results_beyond_a_bound_are_noticed():
    result = advance(SITES, FEEDERS, INPUTS)
    small = (replace(SITES[0], battery=replace(SITES[0].battery, energy_mwh=float(result.energy_mwh.max()) - 0.1)),)
    with pytest.raises(InvariantBroken, match="above its capacity"):
        check_balance(small, FEEDERS, INPUTS, result)
    high = (replace(SITES[0], battery=replace(SITES[0].battery, energy_min_mwh=float(result.energy_mwh.min()) + 0.1)),)
    with pytest.raises(InvariantBroken, match="below its minimum"):
        check_balance(high, FEEDERS, INPUTS, result)
    shut = (replace(SITES[0], export_max_mw=0.0),)
    with pytest.raises(InvariantBroken, match="export exceeds its limit"):
        check_balance(shut, FEEDERS, INPUTS, result)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"step_h": 0.0}, "step_h"),
        ({"facility_mw": np.array([[1.0, -1.0, 1.0]])}, "facility_mw has a negative"),
        ({"site_pv_mw": np.array([[1.0, np.nan, 1.0]])}, "site_pv_mw has a negative value or one that is not a number"),
        ({"feeder_load_mw": np.zeros((2, 3))}, r"feeder_load_mw has shape \(2, 3\)"),
        ({"import_guard_mw": np.zeros(3)}, "import_guard_mw has shape"),
        ({"charge_mw": np.zeros((1, 3))}, "go together"),
    ],
)
def test_wrong_inputs_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        advance(SITES, FEEDERS, replace(INPUTS, **change))

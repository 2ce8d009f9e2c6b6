from __future__ import annotations

import numpy as np
import pytest

from suandian.model.grid import Feeder
from suandian.model.site import Battery, Site
from suandian.physics.balance import StepInputs
from suandian.physics.kernel import run_kernel

PERIODS = 200


def make_site(name: str, feeder: str, *, power_mw: float, export_max_mw: float) -> Site:
    return Site(
        name, "o", "shandong", 36.0, 117.0, 1, 0.0, 99.0, import_max_mw=12.0, export_max_mw=export_max_mw,
        battery=Battery(8.0, power_mw, power_mw, 0.9, 0.9), feeder=feeder,
    )  # fmt: skip


def make_inputs(sites: int, feeders: int) -> StepInputs:
    rng = np.random.default_rng(5)
    return StepInputs(
        step_h=0.25,
        facility_mw=rng.uniform(2.0, 10.0, (sites, PERIODS)),
        site_pv_mw=np.maximum(0.0, rng.uniform(-10.0, 20.0, (sites, PERIODS))),
        curtail_mw=np.zeros((sites, PERIODS)),
        charge_mw=None,
        discharge_mw=None,
        import_guard_mw=np.full(sites, 9.0),
        feeder_pv_mw=np.maximum(0.0, rng.uniform(-10.0, 30.0, (feeders, PERIODS))),
        feeder_load_mw=rng.uniform(0.0, 12.0, (feeders, PERIODS)),
        energy_mwh=np.full(sites, 4.0),
    )


def test_the_order_of_sites_does_not_matter():
    sites = [
        make_site("a", "f", power_mw=2.0, export_max_mw=3.0),
        make_site("b", "", power_mw=4.0, export_max_mw=0.0),
        make_site("c", "f", power_mw=5.0, export_max_mw=9.0),
    ]
    feeder = Feeder("f", "o", "shandong", 36.0, 117.0, 15.0, 1.0, 0.5, 30.0)
    inputs = make_inputs(3, 1)
    straight, above = run_kernel(sites, [feeder], inputs)
    order = [2, 0, 1]
    turned_inputs = StepInputs(
        inputs.step_h,
        inputs.facility_mw[order],
        inputs.site_pv_mw[order],
        inputs.curtail_mw[order],
        None,
        None,
        inputs.import_guard_mw[order],
        inputs.feeder_pv_mw,
        inputs.feeder_load_mw,
        inputs.energy_mwh[order],
    )
    turned, turned_above = run_kernel([sites[s] for s in order], [feeder], turned_inputs)
    assert turned == pytest.approx(straight[:, order], abs=1e-9)
    assert turned_above == pytest.approx(above, abs=1e-9)


def test_a_feeder_with_nothing_on_it_is_no_feeder():
    inputs = make_inputs(1, 1)
    empty = StepInputs(
        inputs.step_h,
        inputs.facility_mw,
        inputs.site_pv_mw,
        inputs.curtail_mw,
        None,
        None,
        inputs.import_guard_mw,
        np.zeros((1, PERIODS)),
        np.zeros((1, PERIODS)),
        inputs.energy_mwh,
    )
    wide = Feeder("f", "o", "shandong", 36.0, 117.0, 1e3, 1.0, 1.0, 0.0)
    behind, above = run_kernel([make_site("a", "f", power_mw=3.0, export_max_mw=5.0)], [wide], empty)
    alone_inputs = StepInputs(
        inputs.step_h,
        inputs.facility_mw,
        inputs.site_pv_mw,
        inputs.curtail_mw,
        None,
        None,
        inputs.import_guard_mw,
        np.zeros((0, PERIODS)),
        np.zeros((0, PERIODS)),
        inputs.energy_mwh,
    )
    alone, _ = run_kernel([make_site("a", "", power_mw=3.0, export_max_mw=5.0)], [], alone_inputs)
    assert np.array_equal(behind, alone)
    assert np.array_equal(above[0], behind[0])
    assert np.array_equal(above[1], behind[1])


def test_a_site_behind_an_unknown_feeder_is_refused():
    with pytest.raises(ValueError, match="not given: a"):
        run_kernel([make_site("a", "f", power_mw=1.0, export_max_mw=0.0)], [], make_inputs(1, 0))

from __future__ import annotations

import numpy as np
import pytest

from suandian.model.grid import Feeder
from suandian.model.site import Battery, Site
from suandian.physics.facility import StepInputs, advance


def make_site(name: str = "a", *, battery: Battery | None = None, feeder: str = "", **limits: float) -> Site:
    return Site(
        id=name,
        operator="o",
        region="shandong",
        latitude_deg=36.0,
        longitude_deg=117.0,
        gpus=1,
        idle_it_mw=0.0,
        it_max_mw=100.0,
        import_max_mw=limits.get("import_max_mw", np.inf),
        export_max_mw=limits.get("export_max_mw", np.inf),
        battery=battery,
        feeder=feeder,
    )


def make_feeder(import_max_mw: float, reverse_ratio: float) -> Feeder:
    return Feeder("f", "o", "shandong", 36.0, 117.0, import_max_mw, 1.0, reverse_ratio, 0.0)


def make_inputs(facility_mw, **given_) -> StepInputs:
    facility_mw = np.atleast_2d(np.asarray(facility_mw, dtype=float))
    shape = facility_mw.shape
    sites, periods = shape
    feeder_pv_mw = np.atleast_2d(given_["feeder_pv_mw"]) if "feeder_pv_mw" in given_ else np.zeros((0, periods))
    return StepInputs(
        step_h=given_.get("step_h", 1.0),
        facility_mw=facility_mw,
        site_pv_mw=np.broadcast_to(given_.get("site_pv_mw", 0.0), shape),
        curtail_mw=np.broadcast_to(given_.get("curtail_mw", 0.0), shape),
        charge_mw=None if given_.get("charge_mw") is None else np.broadcast_to(given_["charge_mw"], shape),
        discharge_mw=None if given_.get("charge_mw") is None else np.broadcast_to(given_["discharge_mw"], shape),
        import_guard_mw=np.broadcast_to(given_.get("import_guard_mw", np.inf), (sites,)),
        feeder_pv_mw=feeder_pv_mw,
        feeder_load_mw=np.broadcast_to(given_.get("feeder_load_mw", 0.0), feeder_pv_mw.shape),
        energy_mwh=np.broadcast_to(given_.get("energy_mwh", 0.0), (sites,)),
    )


def test_without_battery_import_is_load_less_pv():
    result = advance([make_site()], [], make_inputs([8.0, 3.0], site_pv_mw=[[2.0, 5.0]]))
    assert result.import_mw.tolist() == [[6.0, 0.0]]
    assert result.export_mw.tolist() == [[0.0, 2.0]]


def test_surplus_charges_until_full_and_the_rest_is_exported():
    # 4 MW surplus, 0.9 into the store: 3.6 MWh an hour; room 1.8 MWh is full after half an hour
    battery = Battery(2.0, 10.0, 10.0, charge_efficiency_ratio=0.9)
    result = advance([make_site(battery=battery)], [], make_inputs([6.0], site_pv_mw=10.0, energy_mwh=0.2))
    assert result.charge_mw[0, 0] == pytest.approx(2.0)
    assert result.export_mw[0, 0] == pytest.approx(2.0)
    assert result.energy_mwh[0, 0] == 2.0


def test_deficit_discharges_until_empty():
    # 0.8 MWh above the minimum give 0.4 MWh at the terminals: 4 MW for a tenth of an hour
    battery = Battery(2.0, 10.0, 10.0, discharge_efficiency_ratio=0.5, energy_min_mwh=0.2)
    result = advance([make_site(battery=battery)], [], make_inputs([4.0], energy_mwh=1.0))
    assert result.discharge_mw[0, 0] == pytest.approx(0.4)
    assert result.import_mw[0, 0] == pytest.approx(3.6)
    assert result.energy_mwh[0, 0] == 0.2


def test_export_limit_curtails_own_pv():
    result = advance([make_site(export_max_mw=1.0)], [], make_inputs([2.0], site_pv_mw=5.0))
    assert result.pv_used_mw[0, 0] == pytest.approx(3.0)
    assert result.export_mw[0, 0] == pytest.approx(1.0)


def test_setpoint_discharge_never_exceeds_the_export_limit():
    battery = Battery(50.0, 10.0, 10.0)
    site = make_site(battery=battery, export_max_mw=1.0)
    inputs = make_inputs([2.0], site_pv_mw=1.5, charge_mw=0.0, discharge_mw=9.0, energy_mwh=50.0)
    result = advance([site], [], inputs)
    assert result.discharge_mw[0, 0] == pytest.approx(1.5)
    assert result.pv_used_mw[0, 0] == pytest.approx(1.5)


def test_setpoints_for_both_directions_count_as_their_difference():
    inputs = make_inputs([5.0], charge_mw=3.0, discharge_mw=1.0)
    result = advance([make_site(battery=Battery(50.0, 10.0, 10.0))], [], inputs)
    assert (result.charge_mw[0, 0], result.discharge_mw[0, 0]) == (2.0, 0.0)


def test_guard_stops_charging_first_then_discharges():
    battery = Battery(50.0, 10.0, 10.0)
    common = {"charge_mw": 3.0, "discharge_mw": 0.0, "energy_mwh": 20.0}
    less = advance([make_site(battery=battery)], [], make_inputs([5.0], import_guard_mw=6.0, **common))
    assert (less.charge_mw[0, 0], less.discharge_mw[0, 0], less.import_mw[0, 0]) == (1.0, 0.0, 6.0)
    more = advance([make_site(battery=battery)], [], make_inputs([5.0], import_guard_mw=4.0, **common))
    assert (more.charge_mw[0, 0], more.discharge_mw[0, 0], more.import_mw[0, 0]) == (0.0, 1.0, 4.0)


def test_import_above_the_limit_is_kept_and_counted():
    result = advance([make_site(import_max_mw=4.0)], [], make_inputs([5.0]))
    assert result.import_mw[0, 0] == 5.0
    assert result.site_violation_mw[0, 0] == 1.0


def test_neighbours_pv_is_curtailed_before_the_sites():
    sites = [make_site(feeder="f")]
    feeder = make_feeder(10.0, 0.5)  # at most 5 MW upwards
    inputs = make_inputs([1.0], site_pv_mw=4.0, feeder_pv_mw=[[6.0]], feeder_load_mw=1.0)
    result = advance(sites, [feeder], inputs)  # 3 + 6 − 1 = 8 MW would flow up
    assert result.feeder_export_mw[0, 0] == pytest.approx(5.0)
    assert result.feeder_pv_used_mw[0, 0] == pytest.approx(3.0)
    assert result.pv_used_mw[0, 0] == 4.0
    deep = make_inputs([1.0], site_pv_mw=9.0, feeder_pv_mw=[[1.0]], feeder_load_mw=1.0)
    result = advance(sites, [feeder], deep)  # 8 + 1 − 1: 1 MW of the neighbours', then 2 MW of the site's
    assert result.feeder_pv_used_mw[0, 0] == 0.0
    assert result.pv_used_mw[0, 0] == pytest.approx(7.0)


def test_self_consumption_behind_a_feeder_takes_the_neighbours_surplus():
    site = make_site(feeder="f", battery=Battery(50.0, 10.0, 10.0))
    inputs = make_inputs([2.0], feeder_pv_mw=[[9.0]], feeder_load_mw=3.0)
    result = advance([site], [make_feeder(20.0, 0.8)], inputs)
    assert result.charge_mw[0, 0] == pytest.approx(4.0)
    assert result.import_mw[0, 0] == pytest.approx(6.0)
    assert result.feeder_import_mw[0, 0] == result.feeder_export_mw[0, 0] == 0.0


def test_self_consumption_covers_at_most_the_sites_own_import():
    site = make_site(feeder="f", battery=Battery(50.0, 10.0, 10.0))
    inputs = make_inputs([2.0], feeder_pv_mw=[[1.0]], feeder_load_mw=6.0, energy_mwh=40.0)
    result = advance([site], [make_feeder(20.0, 0.8)], inputs)  # the connection lacks 7 MW
    assert result.discharge_mw[0, 0] == pytest.approx(2.0)
    assert result.feeder_import_mw[0, 0] == pytest.approx(5.0)


def test_feeder_import_limit_is_defended_by_all_batteries_in_proportion():
    sites = [
        make_site(name, feeder="f", battery=Battery(50.0, 10.0, power)) for name, power in (("a", 2.0), ("b", 6.0))
    ]
    inputs = make_inputs(
        [[5.0], [5.0]], charge_mw=0.0, discharge_mw=0.0, feeder_pv_mw=[[0.0]], feeder_load_mw=4.0, energy_mwh=40.0
    )
    result = advance(sites, [make_feeder(10.0, 0.8)], inputs)
    assert result.discharge_mw[:, 0] == pytest.approx([1.0, 3.0])
    assert result.feeder_import_mw[0, 0] == pytest.approx(10.0)
    assert result.feeder_violation_mw[0, 0] == 0.0


def test_a_site_behind_an_unknown_feeder_is_refused():
    with pytest.raises(ValueError, match="not given: a"):
        advance([make_site(feeder="nowhere")], [], make_inputs([1.0]))

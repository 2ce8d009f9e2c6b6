import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suandian.quantity.errors import DataError
from suandian.verification.event import Direction, Event
from suandian.verification.reduction import cumulative_mwh, deliver, effective_duration_h, reduction_mw

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "vectors"
needs_vectors = pytest.mark.skipif(not VECTORS.is_dir(), reason="../shared/reference/vectors is absent")


def event(direction=Direction.SHED, committed=10.0, curve=(), hours=2):
    return Event("e", 0, 3600, 3600 * (1 + hours), direction, committed, curve)


@needs_vectors
def test_the_published_difference_and_energy() -> None:
    vector = json.loads((VECTORS / "v3_lbnl.json").read_text())["diff"]
    # Stamped at interval ends in the source: the first stamp is where the first interval begins.
    load, base = (np.array([kw for _, kw in vector[name]])[1:] for name in ("load", "base"))
    stamps = [s for s, _ in vector["load"]]
    step_h = (stamps[1] - stamps[0]) / 3600.0
    assert (load - base).tolist() == vector["kw_diff"]
    assert cumulative_mwh(load - base, step_h).tolist() == vector["cum_kwh_diff"]
    assert cumulative_mwh(base, step_h).tolist() == vector["cum_kwh_base"]


@needs_vectors
def test_the_published_cost_follows_from_our_energies() -> None:
    vector = json.loads((VECTORS / "v3_lbnl.json").read_text())
    item = json.loads((VECTORS / "v3_test_tariff.json").read_text())["items"][0]
    # 2013-09-18 00:00 to 01:00 Pacific time is a Wednesday: September is row 9 of 12, hour 0, of the weekday table.
    period = item["energyweekdayschedule"][8 * 24]
    price = item[f"energyratestructure/period{period}/tier1rate"]
    load = np.array([kw for _, kw in vector["diff"]["load"]])[1:]
    # 5 kW · 0.25 h = 1.25 kWh; 1.25 · 0.13768 = 0.1721
    cost = cumulative_mwh(load, 0.25) * price
    assert price == 0.13768
    assert [round(v, 2) for v in cost] == vector["cost"]["cum"]
    assert [0, *(round(v, 2) for v in np.diff(cost))] == vector["cost"]["cost"]


@needs_vectors
def test_the_jiangsu_reduction() -> None:
    case = json.loads((VECTORS / "v6_settlement.json").read_text())["jiangsu_reduction"]["case"]
    baseline = np.full(2, case["base_kwh"] / case["h"])
    metered = np.full(2, case["act_kwh"] / case["h"])
    assert deliver(baseline, metered, event(hours=case["h"]), 1.0).mean_mw == case["kw"]


def test_shed_by_hand() -> None:
    # B 100 100 100 100, A 95 90 91 99, half-hours: q 5 10 9 1; Σ = 25 MW · 0.5 h = 12.5 MWh; mean 25/4 = 6.25 MW.
    # Promised 10 MW for 2 h = 20 MWh: 62.5 %. At or above 0.8 · 10 = 8 MW: intervals 2 and 3, so 1 h.
    result = deliver(np.full(4, 100.0), np.array([95.0, 90.0, 91.0, 99.0]), event(), 0.5)
    assert (result.energy_mwh, result.mean_mw, result.least_mw) == (12.5, 6.25, 1.0)
    assert (result.committed_mwh, result.delivered_ratio, result.effective_duration_h) == (20.0, 0.625, 1.0)


def test_fill_and_modulate_by_hand() -> None:
    base, metered = np.full(2, 10.0), np.array([13.0, 9.0])
    assert reduction_mw(base, metered, event(Direction.FILL)).tolist() == [3.0, -1.0]
    # The curve asks for +2 (reduce), then −2 (raise): the load rose by 3 and fell by 1, both the wrong way.
    assert reduction_mw(base, metered, event(Direction.MODULATE, curve=(2.0, -2.0))).tolist() == [-3.0, -1.0]
    # Where the curve asks for nothing, leaving the baseline counts against.
    assert reduction_mw(base, metered, event(Direction.MODULATE, curve=(0.0, 2.0))).tolist() == [-3.0, 1.0]


def test_the_first_point_counts_for_the_duration() -> None:
    # 3 points from the first on, then a break: 3 · 0.25 h.
    assert effective_duration_h(np.array([8.0, 8.0, 9.0, 7.0, 8.0]), 8.0, 0.25) == 0.75
    assert effective_duration_h(np.array([1.0]), 8.0, 0.25) == 0.0


@given(q=st.lists(st.integers(-3, 3), min_size=1, max_size=20), target=st.integers(-1, 2))
def test_the_duration_is_the_longest_run(q, target) -> None:
    runs = "".join("x" if v >= target else " " for v in q).split()
    assert effective_duration_h(np.array(q, float), float(target), 1.0) == max(map(len, runs), default=0)


def test_a_missing_reading_leaves_no_figure() -> None:
    result = deliver(np.full(2, 10.0), np.array([8.0, np.nan]), event(), 1.0)
    assert np.isnan(result.energy_mwh)


def test_a_curve_of_another_length_is_refused() -> None:
    with pytest.raises(DataError, match="3 values for 2 intervals"):
        reduction_mw(np.zeros(2), np.zeros(2), event(Direction.MODULATE, curve=(1.0, 1.0, 1.0)))

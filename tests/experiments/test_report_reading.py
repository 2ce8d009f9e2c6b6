"""What the figures draw is what the meters read: balances, the shown week, bands, labels that stay in range."""

from datetime import UTC, datetime

import numpy as np
import pytest
from finding_factory import Options, make_finding
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.experiments.report.canvas import Pool, spread
from suandian.experiments.report.captions import surplus_mask
from suandian.experiments.report.reading import by_hour_of_day, flows, low_hours, main_place, runs, week, wide_mean


@pytest.mark.parametrize(
    "options", [Options(), Options(feeders=0), Options(feeders=2), Options(battery=False), Options(pv=False)]
)
def test_energy_in_is_energy_out_at_every_interval(options: Options) -> None:
    finding = make_finding(options)
    for arm in finding.arms:
        flow = flows(finding, arm, main_place(finding, "en"))
        into = flow.pv_mw + flow.discharge_mw + flow.import_mw
        out = flow.load_mw + flow.base_mw + flow.computing_mw + flow.charge_mw + flow.export_mw
        np.testing.assert_allclose(into, out, atol=1e-9)


def test_place_is_the_feeder_or_else_the_largest_site() -> None:
    assert main_place(make_finding(Options()), "en").meter == "feeder/feeder0"
    alone = main_place(make_finding(Options(feeders=0)), "zh")
    assert (alone.meter, alone.shared, alone.sites, alone.name) == ("site/county", False, (0,), "山东县域")


def test_missing_meters_count_as_zero() -> None:
    finding = make_finding(Options(battery=False, pv=False))
    flow = flows(finding, "rolling", main_place(finding, "en"))
    assert flow.charge_mw.max() == flow.pv_available_mw.max() == 0.0


def test_the_week_begins_on_a_monday_and_holds_its_cloudiest_day() -> None:
    finding = make_finding(Options(days=21))
    flow = flows(finding, "run_now", main_place(finding, "en"))
    window = week(finding, flow.pv_available_mw)
    assert len(window.days) == 7
    assert datetime.fromisoformat(str(window.days[0])).replace(tzinfo=UTC).weekday() == 0
    energy = [flow.pv_available_mw[a:b].sum() for a, b in zip(window.edges, window.edges[1:], strict=False)]
    assert window.cloudiest == int(np.argmin(energy))
    assert window.last - window.first == 7 * 96


@pytest.mark.parametrize(("days", "shown"), [(2, 2), (5, 5), (8, 7)])
def test_short_studies_show_the_days_they_have(days: int, shown: int) -> None:
    finding = make_finding(Options(days=days, arms=("run_now",)))
    flow = flows(finding, "run_now", main_place(finding, "en"))
    assert len(week(finding, flow.pv_available_mw).days) == shown


def test_broken_days_at_the_ends_are_not_shown() -> None:
    finding = make_finding(Options(days=4, arms=("run_now",), zone="Europe/Berlin"))
    local = finding.truth.axis.local_starts("Europe/Berlin")
    assert str(local[0])[11:16] != "00:00"
    window = week(finding, flows(finding, "run_now", main_place(finding, "en")).pv_available_mw)
    assert str(local[window.first])[11:16] == "00:00"


def test_pale_bands_are_where_solar_exceeds_what_cannot_wait() -> None:
    finding = make_finding(Options())
    flow = flows(finding, "run_now", main_place(finding, "en"))
    mask = surplus_mask(flow)
    urgent = flow.load_mw + flow.base_mw + flow.it_mw[:2].sum(axis=0)
    assert mask.any()
    assert (flow.pv_available_mw[mask] > urgent[mask]).all()
    assert (flow.pv_available_mw[~mask] <= urgent[~mask]).all()


def test_runs() -> None:
    mask = np.array([1, 1, 0, 1, 0, 0, 0, 1], dtype=bool)
    assert runs(mask) == [(0, 2), (3, 4), (7, 8)]
    assert runs(mask, bridge=1, least=2) == [(0, 4)]
    assert runs(np.zeros(3, dtype=bool)) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_runs_cover_the_mask_exactly(mask: list[bool]) -> None:
    again = np.zeros(len(mask), dtype=bool)
    for first, last in runs(np.array(mask)):
        again[first:last] = True
    assert again.tolist() == mask


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.lists(st.floats(-50, 50), min_size=9, max_size=45))
def test_thinning_keeps_the_range_and_whole_blocks_keep_the_mean(factor: int, numbers: list[float]) -> None:
    values = np.array(numbers)
    thin = wide_mean(values, factor)
    assert len(thin) == -(-len(values) // factor)
    assert thin.min() >= values.min() - 1e-9
    assert thin.max() <= values.max() + 1e-9
    np.testing.assert_allclose(thin[0], values[:factor].mean(), atol=1e-9)


def test_the_mean_day_has_the_mean_of_the_study() -> None:
    finding = make_finding(Options())
    flow = flows(finding, "rolling", main_place(finding, "en"))
    np.testing.assert_allclose(by_hour_of_day(finding, flow.it_mw).mean(axis=1), flow.it_mw.mean(axis=1))
    coarse = by_hour_of_day(finding, flow.it_mw, 24)
    np.testing.assert_allclose(coarse.mean(axis=1), flow.it_mw.mean(axis=1))


def test_low_tariff_band() -> None:
    price = np.full(24, 600.0)
    price[10:15] = 230.0
    assert low_hours(price) == [(10, 15)]
    assert low_hours(np.full(24, 600.0)) == []


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(-500, 1500), min_size=1, max_size=12))
def test_labels_keep_their_distance_and_never_leave_the_row(wanted: list[float]) -> None:
    placed = spread(wanted, 17.0, 100.0, 330.0)
    assert min(placed) >= 100.0
    assert max(placed) <= 330.0
    gaps = np.diff(np.sort(placed))
    assert (gaps >= 17.0 - 1e-9).all()
    order = np.argsort(wanted, kind="stable")
    assert (np.diff(np.array(placed)[order]) >= 0).all()


def test_equal_columns_are_kept_once() -> None:
    pool = Pool()
    assert pool.put([1.0, 2.0]) == pool.put(np.array([1.001, 2.0])) == {"$": 0}
    assert pool.put([1.0, 2.5]) == {"$": 1}
    assert pool.columns == [[1, 2], [1, 2.5]]

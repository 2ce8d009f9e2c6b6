"""Routing of interactive demand: nothing is lost, nothing goes where it may not, no site is overfilled."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from suandian.model.plan import Fleet
from suandian.model.site import Site
from suandian.model.workload import ClassTable
from suandian.simulation.routing import gpus_of, planned_shares, spill

PERIODS = 3


def fleet(allowed: np.ndarray, home: np.ndarray, power_kw: np.ndarray) -> Fleet:
    streams, sites = allowed.shape
    return Fleet(
        sites=tuple(Site(f"s{s}", "owner", "shandong", 36.0, 116.0, 100, 0.1, 1.0, 2.0) for s in range(sites)),
        feeders=(),
        classes=ClassTable((), np.zeros(0), np.zeros(0, np.uint64), np.zeros(0)),
        stream_ids=tuple(f"city{row}" for row in range(streams)),
        stream_label=("F1",) * streams,
        stream_allowed=allowed,
        stream_home=home,
        stream_power_per_gpu_kw=power_kw,
        demand_cny_per_mw_month=np.zeros(sites),
        carbon_official_kg_per_mwh=np.zeros(sites),
        zone="Asia/Shanghai",
    )


@dataclass(frozen=True)
class Case:
    fleet: Fleet
    plan_mw: np.ndarray
    demand_mw: np.ndarray
    room_gpus: np.ndarray


@st.composite
def cases(draw: st.DrawFn) -> Case:
    streams, sites = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    home = draw(arrays(np.int64, streams, elements=st.integers(0, sites - 1)))
    allowed = draw(arrays(np.bool_, (streams, sites)))
    allowed[np.arange(streams), home] = True
    tenths = st.integers(0, 50).map(lambda number: number / 10)
    return Case(
        fleet(allowed, home, draw(arrays(np.float64, streams, elements=st.sampled_from([0.1, 0.2, 0.35])))),
        draw(arrays(np.float64, (streams, sites, PERIODS), elements=tenths)),
        draw(arrays(np.float64, (streams, PERIODS), elements=tenths)),
        draw(arrays(np.float64, (sites, PERIODS), elements=st.integers(0, 30_000).map(float))),
    )


@settings(max_examples=60, deadline=None)
@given(cases())
def test_the_plans_shares_carry_the_whole_demand_inside_the_latency(case: Case) -> None:
    served_mw = planned_shares(case.fleet, case.plan_mw, case.demand_mw)
    assert served_mw.sum(axis=1) == pytest.approx(case.demand_mw)
    assert (served_mw >= 0).all()
    assert (served_mw[~case.fleet.stream_allowed] == 0).all()
    usable_mw = case.plan_mw * case.fleet.stream_allowed[:, :, None]
    total_mw = usable_mw.sum(axis=1, keepdims=True)
    share = served_mw * total_mw - usable_mw * case.demand_mw[:, None, :]
    assert np.abs(np.where(total_mw > 0, share, 0.0)).max() < 1e-9


def test_a_plan_that_says_nothing_leaves_a_stream_at_home() -> None:
    two = fleet(np.array([[True, True]]), np.array([1]), np.array([0.2]))
    served_mw = planned_shares(two, np.zeros((1, 2, 2)), np.array([[3.0, 4.0]]))
    assert served_mw.tolist() == [[[0.0, 0.0], [3.0, 4.0]]]


@settings(max_examples=60, deadline=None)
@given(cases())
def test_what_is_spilled_is_served_elsewhere_or_counted(case: Case) -> None:
    wish_mw = planned_shares(case.fleet, case.plan_mw, case.demand_mw)
    before = wish_mw.copy()
    served_mw, lacking_mw = spill(case.fleet, wish_mw, case.room_gpus)
    assert (wish_mw == before).all()
    assert served_mw.sum(axis=1) + lacking_mw == pytest.approx(case.demand_mw, abs=1e-8)
    assert (served_mw >= -1e-12).all()
    assert (lacking_mw >= 0).all()
    assert (served_mw[~case.fleet.stream_allowed] == 0).all()
    per_mw = 1000.0 / case.fleet.stream_power_per_gpu_kw[:, None, None]
    room_left = case.room_gpus - (served_mw * per_mw).sum(axis=0)
    assert (room_left >= -1e-6).all()
    for row, t in np.argwhere(lacking_mw > 0):
        assert (room_left[case.fleet.stream_allowed[row], t] < 1e-6).all(), "demand was given up beside free GPUs"


@settings(max_examples=40, deadline=None)
@given(cases())
def test_with_room_everywhere_the_wish_is_served_as_it_is(case: Case) -> None:
    wish_mw = planned_shares(case.fleet, case.plan_mw, case.demand_mw)
    served_mw, lacking_mw = spill(case.fleet, wish_mw, np.full(case.room_gpus.shape, 1e9))
    assert (served_mw == wish_mw).all()
    assert not lacking_mw.any()


def test_a_full_home_sends_the_rest_to_the_neighbour() -> None:
    two = fleet(np.array([[True, True]]), np.array([0]), np.array([0.5]))
    wish_mw = np.array([[[3.0], [0.0]]])
    served_mw, lacking_mw = spill(two, wish_mw, np.array([[4000.0], [1000.0]]))
    assert served_mw[0, :, 0] == pytest.approx([2.0, 0.5])
    assert lacking_mw == pytest.approx(np.array([[0.5]]))


def test_gpus_are_counted_up_over_all_streams_of_a_site() -> None:
    two = fleet(np.ones((2, 1), bool), np.array([0, 0]), np.array([0.5, 0.25]))
    assert gpus_of(two, np.array([[[1.0, 0.0003]], [[1.0, 0.0003]]])).tolist() == [[6000, 2]]
    assert gpus_of(two, np.array([[[1.0]], [[0.0]]])).tolist() == [[2000]]


def test_a_world_without_streams_needs_nothing() -> None:
    none = fleet(np.zeros((0, 2), bool), np.zeros(0, np.int64), np.zeros(0))
    assert gpus_of(none, np.zeros((0, 2, 4))).tolist() == [[0] * 4] * 2
    served_mw, lacking_mw = spill(none, np.zeros((0, 2, 4)), np.zeros((2, 4)))
    assert served_mw.shape == (0, 2, 4)
    assert lacking_mw.shape == (0, 4)

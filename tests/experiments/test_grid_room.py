"""Room beside what an arm does, against AC power flow of every interval."""

from dataclasses import replace
from math import isnan

import numpy as np
import pytest
from finding_factory import Options, make_finding
from small_grid import small_feeder, small_journal, small_truth

from suandian.experiments.finding import Finding
from suandian.experiments.grid.room import (
    CURTAILED_RATIOS,
    PV_CURTAILED_RATIO,
    hosting_compute_mw,
    hosting_curve,
    hosting_pv_mw,
)
from suandian.experiments.grid.state import grid_of, grid_state
from suandian.model.grid import Feeder
from suandian.physics.feeder_grid import GridStep, grid_limits
from suandian.physics.hosting import Pattern
from suandian.physics.hosting import room_mw as rooms_of
from suandian.physics.limits import violations
from suandian.physics.powerflow import power_flow
from suandian.simulation.truth import Truth


@pytest.fixture(scope="module")
def county() -> tuple[Finding, Feeder, GridStep]:
    finding = make_finding(Options(days=4, step_minutes=60, grid=True, arms=("run_now",)))
    feeder = finding.truth.fleet.feeders[0]
    return finding, feeder, grid_state(finding.arms["run_now"].journal, finding.truth, feeder)


def broken(feeder: Feeder, p_mw: np.ndarray, q_mvar: np.ndarray, *, feeds: bool) -> np.ndarray:
    """Intervals in which load (or generation) breaks a limit, with the definitions written once more."""
    network = grid_of(feeder).network
    flow = power_flow(network, p_mw, q_mvar, allow_divergence=True)
    found = violations(network, flow, grid_limits(feeder))
    if not feeds:
        return found["loading"].any(axis=1) | found["voltage_low"].any(axis=1)
    up = flow.branch_mw < 0.0
    return found["reverse"].any(axis=1) | found["voltage_high"].any(axis=1) | (found["loading"] & up).any(axis=1)


def test_new_computing_fits_in_every_interval_and_no_more(county: tuple[Finding, Feeder, GridStep]) -> None:
    finding, feeder, step = county
    room_mw = hosting_compute_mw(feeder, step, finding.truth)
    assert room_mw > 1.0
    centre = grid_of(feeder).site_ratio["county"]

    def any_broken(new_mw: float) -> bool:
        rows = step.flow.slack_mw > 0.0
        p_mw, q_mvar = step.p_mw[rows] + new_mw * centre, step.q_mvar[rows] + 0.33 * new_mw * centre
        return bool(broken(feeder, p_mw, q_mvar, feeds=False).any())

    assert not any_broken(room_mw)
    assert any_broken(1.01 * room_mw + 0.02)


def test_new_pv_is_held_back_in_one_percent_of_the_intervals(county: tuple[Finding, Feeder, GridStep]) -> None:
    finding, feeder, step = county
    assert -feeder.pv_mw < hosting_pv_mw(feeder, step) < 0.0  # 150 MW behind 80 MVA are too much already
    small = replace(feeder, pv_mw=20.0)
    less = replace(
        step,
        p_mw=step.p_mw + step.pv_used_mw - step.pv_available_mw * (20.0 / feeder.pv_mw),
        pv_used_mw=step.pv_available_mw * (20.0 / feeder.pv_mw),
        pv_available_mw=step.pv_available_mw * (20.0 / feeder.pv_mw),
    )
    less = replace(less, flow=power_flow(grid_of(feeder).network, less.p_mw, less.q_mvar))
    more_mw = hosting_pv_mw(small, less)
    assert more_mw > 1.0
    allowed = int(PV_CURTAILED_RATIO * finding.truth.axis.periods)

    def hours(nameplate_mw: float) -> int:
        output = less.pv_available_mw * (nameplate_mw / 20.0)
        return int(broken(small, less.p_mw + less.pv_used_mw - output, less.q_mvar, feeds=True).sum())

    assert hours(20.0 + more_mw - 0.05) <= allowed
    assert hours(1.02 * (20.0 + more_mw)) > allowed


def test_a_few_tight_intervals_give_the_answer_of_all(
    county: tuple[Finding, Feeder, GridStep], monkeypatch: pytest.MonkeyPatch
) -> None:
    finding, feeder, step = county
    few = {}
    for count in (8, 10_000):
        monkeypatch.setattr("suandian.experiments.grid.room._CANDIDATES", count)
        few[count] = (hosting_compute_mw(feeder, step, finding.truth), hosting_pv_mw(replace(feeder, pv_mw=30.0), step))
    assert few[8] == pytest.approx(few[10_000])


def test_the_key_figures_are_points_of_the_curves(county: tuple[Finding, Feeder, GridStep]) -> None:
    finding, feeder, step = county
    curve = hosting_curve(feeder, step, finding.truth)
    assert curve.curtailed_ratio.tolist() == [0.0, 0.0025, 0.005, 0.01, 0.05]
    assert curve.compute_mw[0] == pytest.approx(hosting_compute_mw(feeder, step, finding.truth), abs=1e-6)
    at = CURTAILED_RATIOS.index(PV_CURTAILED_RATIO)
    assert curve.pv_mw[at] - feeder.pv_mw == pytest.approx(hosting_pv_mw(feeder, step), abs=1e-6)
    for fits_mw in (curve.compute_mw, curve.pv_mw):
        assert (np.diff(fits_mw) >= 0.0).all()  # who tolerates more gets no less
    assert curve.compute_mw[-1] > curve.compute_mw[0] + 0.5


def test_computing_that_may_be_curtailed_takes_the_next_tightest_hour(county: tuple[Finding, Feeder, GridStep]) -> None:
    finding, feeder, step = county
    grid = grid_of(feeder)
    centre = grid.site_ratio["county"]
    every_mw = np.sort(
        rooms_of(
            grid.network, grid_limits(feeder), step.p_mw, step.q_mvar,
            Pattern(centre, grid.site_mvar_per_mw * centre, feeds=False), most_mw=320.0,
        )
    )  # fmt: skip
    # 96 hours: 0.25 % and 0.5 % are no whole hour, nor is 1 %; 5 % are four hours, and the fifth tightest decides
    found_mw = hosting_curve(feeder, step, finding.truth).compute_mw
    assert found_mw == pytest.approx(every_mw[[0, 0, 0, 0, 4]], abs=1e-6)


def test_curves_of_a_long_study_look_at_enough_intervals(
    county: tuple[Finding, Feeder, GridStep], monkeypatch: pytest.MonkeyPatch
) -> None:
    finding, feeder, step = county
    found = {}
    for count in (1, 10_000):  # with 1 only twice what is tolerated is calculated
        monkeypatch.setattr("suandian.experiments.grid.room._CANDIDATES", count)
        found[count] = hosting_curve(feeder, step, finding.truth, (0.05, 0.2))
    assert found[1].compute_mw == pytest.approx(found[10_000].compute_mw, rel=1e-3)
    assert found[1].pv_mw == pytest.approx(found[10_000].pv_mw, rel=1e-3)


def test_of_four_hours_some_may_be_given_up() -> None:
    truth, feeder, step = small()
    curve = hosting_curve(feeder, step, truth, (0.0, 0.25, 0.5))
    # The overloaded hour leaves nothing; then the trunk, 0.2 kA at 10 kV, which carries 1.8 and 1.3 MW already.
    trunk_mw = np.sqrt(3.0) * 10.0 * 0.2
    assert curve.compute_mw == pytest.approx([0.0, trunk_mw - 1.8, trunk_mw - 1.3], rel=0.05)
    # 0.72 of 0.4 MVA back up, beside a load of 0.1 MW at full output and of 0.3 MW at 0.4 of it; else it is dark.
    assert curve.pv_mw == pytest.approx([0.288 + 0.1, (0.288 + 0.3) / 0.4, 40.0], rel=0.01)


def small() -> tuple[Truth, Feeder, GridStep]:
    feeder = small_feeder()
    truth = small_truth(feeder)
    return truth, feeder, grid_state(small_journal(truth), truth, feeder)


def test_an_exceeded_limit_leaves_no_room_for_load() -> None:
    truth, feeder, step = small()
    assert hosting_compute_mw(feeder, step, truth) == 0.0  # the village transformer is overloaded in one hour


def test_without_site_or_pv_there_is_nothing_to_tell() -> None:
    truth, feeder, step = small()
    nowhere = replace(truth, fleet=replace(truth.fleet, sites=()))
    assert isnan(hosting_compute_mw(feeder, step, nowhere))
    assert isnan(hosting_pv_mw(replace(feeder, pv_mw=0.0), step))
    assert np.isnan(hosting_curve(feeder, step, nowhere).compute_mw).all()
    assert np.isnan(hosting_curve(replace(feeder, pv_mw=0.0), step, truth).pv_mw).all()
    assert isnan(hosting_pv_mw(feeder, replace(step, pv_available_mw=0.0 * step.pv_available_mw)))

"""The AC state of a network, recomputed from meters."""

from dataclasses import replace

import numpy as np
import pytest
from finding_factory import Options, make_finding
from grid_factory import grid_reads
from small_grid import AVAILABLE, USED, net_loads, small_feeder, small_journal, small_reads, small_truth

from suandian.experiments.grid.state import (
    TOLERANCE_RATIO,
    exceeded,
    grid_of,
    grid_state,
    grid_states,
    used_ratios,
)
from suandian.model.grid import CurtailmentRule, Feeder, ReactiveMode
from suandian.physics.feeder_grid import GridStep, grid_limits, operate
from suandian.physics.powerflow import power_flow
from suandian.quantity.errors import DataError, InvariantBroken
from suandian.record.events import Meter, MeterBlock
from suandian.record.journal import Journal


@pytest.fixture
def feeder() -> Feeder:
    return small_feeder()


@pytest.fixture
def step(feeder: Feeder) -> GridStep:
    truth = small_truth(feeder)
    return grid_state(small_journal(truth), truth, feeder)


def test_the_state_is_the_power_flow_of_what_meters_read(feeder: Feeder, step: GridStep) -> None:
    p_mw, q_mvar = net_loads()
    np.testing.assert_allclose(step.p_mw, p_mw, atol=1e-12)
    flow = power_flow(grid_of(feeder).network, p_mw, q_mvar)
    np.testing.assert_allclose(step.flow.voltage_pu, flow.voltage_pu)
    np.testing.assert_allclose(step.flow.slack_mw, p_mw.sum(axis=1) + step.flow.losses_mw, atol=1e-6)
    np.testing.assert_allclose(step.pv_used_mw[:, 3], USED)
    np.testing.assert_allclose(step.pv_available_mw[:, 3], AVAILABLE)
    assert step.pv_used_mw[:, :3].sum() == 0.0


def test_only_feeders_with_a_network_have_a_state(feeder: Feeder) -> None:
    truth = small_truth(feeder)
    assert list(grid_states(small_journal(truth), truth)) == ["c"]
    lumped = small_truth(Feeder("c", "grid", "shandong", 36.0, 117.0, 10.0, 0.9, 0.8, 0.5))
    assert grid_states(small_journal(lumped), lumped) == {}
    with pytest.raises(InvariantBroken, match="no network"):
        grid_of(lumped.fleet.feeders[0])


def test_a_missing_meter_and_an_interval_without_a_solution_raise(feeder: Feeder) -> None:
    truth = small_truth(feeder)
    reads = small_reads()
    for fault, message in (("feeder/c/pv/homes", "no meter"), ("", "no solution")):
        kept = {meter: pair for meter, pair in reads.items() if meter != fault}
        journal = Journal(truth.axis, tuple(Meter(meter) for meter in kept), ("hall",))
        imported, exported = (np.array([pair[side] for pair in kept.values()]) for side in (0, 1))
        if not fault:
            imported[list(kept).index("site/hall/grid"), 1] = 500.0
        journal.append(MeterBlock(0, imported, exported, np.zeros(imported.shape, np.int8)))
        with pytest.raises(DataError, match=message):
            grid_state(journal, truth, feeder)


def test_a_meter_that_contradicts_the_state_raises(feeder: Feeder) -> None:
    truth, reads = small_truth(feeder), small_reads()
    journal = Journal(truth.axis, tuple(Meter(meter) for meter in reads), ("hall",))
    imported, exported = (np.array([pair[side] for pair in reads.values()]) for side in (0, 1))
    imported[list(reads).index("feeder/c/grid"), 2] += 0.02
    journal.append(MeterBlock(0, imported, exported, np.zeros(imported.shape, np.int8)))
    with pytest.raises(InvariantBroken, match=r"differ by 0\.02 MW in interval 2"):
        grid_state(journal, truth, feeder)


@pytest.mark.parametrize("reactive", ["fixed", "volt_var"])
@pytest.mark.parametrize("rule", ["proportional", "volt_watt", "last_connected"])
def test_the_state_is_the_operators_own(reactive: ReactiveMode, rule: CurtailmentRule) -> None:
    """Also where reactive power follows voltage and taps could rest elsewhere."""
    finding = make_finding(Options(days=2, step_minutes=60, grid=True, arms=("run_now",)))
    truth, journal = finding.truth, finding.arms["run_now"].journal
    feeder = truth.fleet.feeders[0]
    feeder = replace(feeder, grid=replace(grid_of(feeder), reactive=reactive, curtailment=rule))
    imported, exported = journal.metered("site/county/grid")
    load, available = journal.metered("feeder/feeder0/load")[0], journal.metered("feeder/feeder0/pv_available")[1]
    kept = operate(feeder, load, available, {"county": imported - exported})
    reads = {"feeder/feeder0/load": (load, 0.0 * load), "feeder/feeder0/pv_available": (0.0 * load, available),
             "site/county/grid": (imported, exported), **grid_reads(feeder, kept)}  # fmt: skip
    made = Journal(truth.axis, tuple(Meter(meter) for meter in reads), journal.sites)
    columns = [np.array([pair[side] for pair in reads.values()]) for side in (0, 1)]
    made.append(MeterBlock(0, *columns, np.zeros(columns[0].shape, np.int8)))
    fleet = replace(truth.fleet, feeders=(feeder,))
    found = grid_state(made, replace(truth, fleet=fleet), feeder)
    np.testing.assert_allclose(found.flow.voltage_pu, kept.flow.voltage_pu, atol=1e-6)
    np.testing.assert_allclose(found.pv_used_mw, kept.pv_used_mw, atol=1e-9)


def test_ratings_are_apparent_power_at_nominal_voltage(feeder: Feeder) -> None:
    # √3 · 10 kV · 0.2 kA, then the nameplates
    np.testing.assert_allclose(grid_of(feeder).network.branch_rated_mva, [np.sqrt(3.0) * 2.0, 10.0, 0.4])


def test_the_village_transformer_is_above_its_rating_in_the_second_hour_only(feeder: Feeder, step: GridStep) -> None:
    found = exceeded(feeder, step)
    assert found.loading[:, 2].tolist() == [False, True, False, False]  # 0.45 MW through 0.4 MVA
    assert not found.loading[:, :2].any()
    assert not found.reverse.any()
    assert found.branch(1).tolist() == found.loading.tolist()
    assert found.voltage.shape == (4, 4)


def test_what_stands_at_a_limit_does_not_exceed_it(feeder: Feeder, step: GridStep) -> None:
    limits = grid_limits(feeder)
    for excess, over in ((0.5 * TOLERANCE_RATIO, False), (2.0 * TOLERANCE_RATIO, True)):
        step.flow.loading_ratio[0, 2] = limits.loading_max_ratio[2] * (1.0 + excess)
        step.flow.branch_mw[0, 1] = -limits.reverse_max_mw[0] * (1.0 + excess)
        half_pu = (limits.voltage_high_pu[3] - limits.voltage_low_pu[3]) / 2.0
        step.flow.voltage_pu[0, 3] = limits.voltage_high_pu[3] + excess * half_pu
        found = exceeded(feeder, step)
        assert (found.loading[0, 2], found.reverse[0, 0], found.voltage_high[0, 3]) == (over, over, over)
        assert found.branch(1)[0, 1] == over


def test_used_share_is_of_the_limit_that_applies(feeder: Feeder, step: GridStep) -> None:
    used = used_ratios(feeder, step)
    np.testing.assert_allclose(used[:2], step.flow.loading_ratio[:2])
    # Third hour: 0.2 MW from the homes up through 0.4 MVA, whose reverse limit is 0.8 · 0.9 · 0.4 MW.
    assert step.flow.reverse_mw(grid_of(feeder).network)[2, 1] > 0.19
    assert used[2, 2] == pytest.approx(step.flow.reverse_mw(grid_of(feeder).network)[2, 1] / 0.288)
    assert used[2, 2] > step.flow.loading_ratio[2, 2]

"""Costs of moves, and jobs that are decided alone as they are decided together."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

import suandian as sd

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_costs_of_moves_are_not_negative():
    with pytest.raises(sd.ScenarioError) as told:
        sd.MoveCost(energy_kwh=-1.0, amount=float("nan"))
    assert len(told.value.faults) == 2
    assert sd.MoveCost().free


@pytest.mark.parametrize("rule", ["lowest_window", "lowest_slots", "run_now"])
def test_dearer_moves_are_fewer_and_save_less(rule):
    rng = np.random.default_rng(2)
    axis = sd.TimeAxis(START, timedelta(hours=1), 120)
    signals = {name: sd.Series(axis, rng.random(120).round(3) * 500, "kg/MWh", "test") for name in "abc"}
    jobs = sd.ShiftJobs.build(
        start=axis.start_s + 3600 * rng.integers(0, 90, 40), duration_h=rng.integers(1, 7, 40), power_kw=10.0,
        regions="abc", home="a",
    ).with_slack(12.0)  # fmt: skip
    frames = [
        sd.shift(signals, jobs, rule=rule, regions="every_interval", move=sd.MoveCost(energy_kwh=kwh)).frame
        for kwh in (0.0, 1.0, 5.0, 1e9)
    ]
    savings = [frame["saving_kg"].to_numpy() for frame in frames]
    moves = [frame["moves_count"].sum() for frame in frames]
    assert all((a >= b - 1e-9).all() for a, b in pairwise(savings))
    assert moves[0] > moves[1] > moves[2] > moves[3] == 0
    stay = sd.shift(signals, jobs, rule=rule).frame
    assert frames[3]["impact_kg"].to_list() == pytest.approx(stay["impact_kg"].to_list())
    once = sd.shift(signals, jobs, rule=rule, regions="once", move=sd.MoveCost(energy_kwh=1.0)).frame
    assert (once["saving_kg"] <= frames[1]["saving_kg"] + 1e-9).all()
    assert (once["saving_kg"] >= stay["saving_kg"] - 1e-9).all()


def test_the_first_move_is_priced_when_the_job_is_decided_upon():
    """Into b at hour 0 (9 g/kWh), to run there at hour 2 (0 g/kWh): 1 kWh moved is 9 g, not 0; a costs 20 g."""
    axis = sd.TimeAxis(START, timedelta(hours=1), 3)
    signals = {
        "a": sd.Series(axis, [20.0] * 3, "g/kWh", "test"),
        "b": sd.Series(axis, [9.0, 9.0, 0.0], "g/kWh", "test"),
    }
    jobs = sd.ShiftJobs.build(start=[START], duration_h=1.0, regions="ab", home="a").with_slack(2.0)
    for where in ("once", "every_interval"):
        for rule in ("lowest_window", "lowest_slots"):
            frame = sd.shift(signals, jobs, rule=rule, regions=where, move=sd.MoveCost(energy_kwh=1.0)).frame
            assert (frame["wait_h"][0], frame["moves_count"][0]) == (2.0, 1)
            assert frame["impact_g"][0] == pytest.approx(9.0)


def test_each_job_is_decided_as_if_alone():
    """A large value far ahead changes the digits that a forecast is compared in, whoever else is decided upon."""
    rng = np.random.default_rng(9)
    axis = sd.TimeAxis(START, timedelta(hours=1), 300)
    values = 300.0 + rng.normal(0, 1e-6, 300)
    values[299] = 9e5
    signal = sd.Series(axis, values, "kg/MWh", "test")
    jobs = sd.ShiftJobs.build(start=axis.start_s + 3600 * np.arange(0, 270, 9), duration_h=3.5).with_slack(20.0)
    together = sd.shift(signal, jobs, issue_every_h=6.0)
    for row in (0, 13, 29):
        alone = sd.shift(signal, jobs.take(np.array([row])), issue_every_h=6.0)
        assert alone.frame.drop("id").rows() == together.frame.drop("id").rows()[row : row + 1]


def test_energy_of_moves_that_cannot_be_weighed_is_refused():
    """At a negative signal a move that takes energy earns; sums of very many of them would leave the integers."""
    axis = sd.TimeAxis(START, timedelta(hours=1), 6)
    signals = {name: sd.Series(axis, [-1.0, 2.0] * 3, "kg/MWh", "test") for name in "ab"}
    jobs = sd.ShiftJobs.build(start=[START], duration_h=4.0, regions="ab", home="a")
    few = sd.shift(signals, jobs, rule="run_now", regions="every_interval", move=sd.MoveCost(energy_kwh=10.0)).frame
    # Hours 0 and 2: into b at −1 and stay, or into b, a, b … only moves at −1 earn: at hour 0 to b, at hour 2 to a.
    assert few["impact_kg"][0] == pytest.approx((-1 + 2 - 1 + 2 - 10 - 10) / 1000)
    with pytest.raises(sd.DataError, match="negative signal"):
        sd.shift(signals, jobs, rule="run_now", regions="every_interval", move=sd.MoveCost(energy_kwh=1e9))

"""Perfect knowledge is a bound as a fluid plan: below every arm with real jobs placed, foresight itself included."""

import pytest

from suandian.experiments.run import run
from suandian.experiments.scenario import load


@pytest.mark.slow
def test_no_arm_of_two_days_in_the_county_beats_the_bound() -> None:
    made = run(load("county-noon", set={"time.end": "2026-04-03", "jobs.occupancy": "30 %"}))
    objective_cny = {name: arm.kpis["objective_cny"] for name, arm in made.arms.items()}
    assert len(objective_cny) == 7
    assert made.bound_cny < min(objective_cny.values())
    # Its plan has no margin, so placing it forces jobs beyond it: only rolling, which has one, comes as near or nearer
    # (measured: 0.2 % below it, without late jobs).
    others = [value for name, value in objective_cny.items() if name not in ("foresight", "rolling")]
    assert objective_cny["foresight"] < min(others)
    assert objective_cny["foresight"] < 1.005 * objective_cny["rolling"]
    gap_ratio = objective_cny["foresight"] / made.bound_cny - 1
    # Measured 8 %: what real gangs, checkpoints and interval boundaries cost against work that flows like water.
    assert 0 < gap_ratio < 0.12
    # Measured: one job in some 1,400 is late by placement at the end of the study, none with running at once.
    late, jobs = (made.arms["rolling"].kpis[name] for name in ("deadline_misses", "jobs_completed"))
    assert late <= 0.002 * jobs
    assert all(arm.kpis["energy_balance_error_mwh"] < 1e-6 for arm in made.arms.values())
    assert all(arm.journal.chain_holds() for arm in made.arms.values())

"""Shifting of jobs in time and between regions under no limit, as published studies of carbon-aware computing do it.

    import suandian as sd

    jobs = sd.ShiftJobs.build(start=starts, duration_h=4.0, power_kw=0.3).with_slack(24.0)
    sd.shift(signal, jobs, rule="lowest_slots").summary

One job does not know of another: no capacity, no facility overhead, no queue. `coordination.heuristic` has the same
rules under capacity.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import numpy as np

from suandian.coordination.shift_choice import RULES, Rule
from suandian.coordination.shift_forecast import Belief, WhiteNoise, given
from suandian.coordination.shift_grid import Align, Beyond, Lengths, on_axis
from suandian.coordination.shift_jobs import ShiftJobs
from suandian.coordination.shift_result import Shifted, impact_unit
from suandian.coordination.shift_study import MoveCost, Regions, Study
from suandian.coordination.shift_values import FINE_DIGITS
from suandian.coordination.windows import in_steps
from suandian.quantity.errors import DataError, Fault, ScenarioError
from suandian.quantity.series import Series
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.forecast import ErrorModel

__all__ = ["MoveCost", "ShiftJobs", "Shifted", "WhiteNoise", "shift"]


def shift(
    signal: Series | Mapping[str, Series],
    jobs: ShiftJobs,
    *,
    rule: Rule = "lowest_slots",
    regions: Regions = "home",
    move: MoveCost | None = None,
    forecast: Belief = None,
    seed: int | None = None,
    issue_every_h: float | None = None,
    lengths: Lengths = "exact",
    align: Align = "refuse",
    beyond: Beyond = "refuse",
) -> Shifted:
    """When and where each job runs, and what that saves against running at once at home.

    signal         one series, or one for each region of the jobs, all on one axis; unit per energy (kg/MWh, CNY/kWh)
    rule           `run_now` nominal start
                   `lowest_window` the uninterrupted run with the lowest mean ("Let's Wait Awhile"; GAIA Lowest-Window)
                   `lowest_slots` the lowest intervals, in pieces (interruptible; GAIA Wait-Awhile); jobs that are not
                   interruptible take `lowest_window`
                   `lowest_start` start in the lowest interval, run time unknown (GAIA Lowest-Slot)
                   `carbon_time` the start that saves most per time until completion (GAIA Carbon-Time)
    regions        `home`; `once`: the best region for the whole run (with `run_now`: at the nominal start);
                   `every_interval`: the best region in every interval
    move           cost of each move, that from home to another region at the start included
    forecast       what is believed: the truth (None), `WhiteNoise`, an `ErrorModel`, or series like `signal`.
                   Decisions are made on it, values are those of `signal`
    seed           of the noise; required with it
    issue_every_h  None: one forecast, issued at the signal's start. Else a new one is issued at this step, and each job
                   is decided upon once, at its earliest start, by the latest one
    lengths, align, beyond   see `shift_grid`: run times that are no whole number of intervals, starts inside an
                   interval, windows that leave the signal
    Ties go to the earliest. Energy is power × run time, the same for every rule. Sources: Wiesner et al., Middleware
    2021; Hanafy et al., ASPLOS 2024 (GAIA); Sukprasert et al., EuroSys 2024 (one and unlimited migration).

    Raises `DataError` for data, `ScenarioError` for options that cannot be used, with what to do.
    """
    names = _regions_of(signal, jobs)
    _check_options(rule, regions, lengths, align, beyond, forecast, seed)
    first = signal if isinstance(signal, Series) else next(iter(signal.values()))
    series = given(signal, names, first.axis)
    units = {one.unit for one in series}
    if len(units) > 1:
        raise DataError(f"signals are in {', '.join(sorted(units))}; give all in one unit")
    unit, per_mwh_ratio = impact_unit(first.unit)
    axis, truth = first.axis, np.stack([one.values for one in series])
    grid = on_axis(jobs, axis, align=align, lengths=lengths, beyond=beyond)
    study = Study(
        axis=axis,
        names=names,
        truth=truth,
        fine=in_steps(truth, FINE_DIGITS),
        unit=unit,
        per_mwh_ratio=per_mwh_ratio,
        jobs=jobs,
        grid=grid,
        rule=rule,
        regions=regions,
        move=move or MoveCost(),
        forecast=forecast,
        seed=0 if seed is None else int(seed),
        every=_intervals(issue_every_h, axis),
    )
    return Shifted.of(study)


def _regions_of(signal: Series | Mapping[str, Series], jobs: ShiftJobs) -> tuple[str, ...]:
    if jobs.regions:
        return jobs.regions
    if isinstance(signal, Series):
        return ("home",)
    if len(signal) != 1:
        raise DataError(f"{len(signal)} signals for jobs without regions; build the jobs with regions=(…) and home=…")
    return tuple(signal)


def _check_options(
    rule: str, regions: str, lengths: str, align: str, beyond: str, forecast: Belief, seed: int | None
) -> None:
    known = {
        "rule": (rule, RULES),
        "regions": (regions, get_args(Regions)),
        "lengths": (lengths, get_args(Lengths)),
        "align": (align, get_args(Align)),
        "beyond": (beyond, get_args(Beyond)),
    }
    faults = [
        Fault(name, f"{value!r} is unknown; write one of {', '.join(values)}")
        for name, (value, values) in known.items()
        if value not in values
    ]
    if isinstance(forecast, WhiteNoise | ErrorModel) and seed is None:
        faults.append(Fault("seed", "a random forecast needs one; write a whole number of 0 or more"))
    if seed is not None and seed < 0:
        faults.append(Fault("seed", f"{seed} is negative; write a whole number of 0 or more"))
    if faults:
        raise ScenarioError(faults, source="shift")


def _intervals(every_h: float | None, axis: TimeAxis) -> int:
    """Intervals between forecasts; 0: one forecast for all."""
    if every_h is None:
        return 0
    every = every_h / axis.step_h
    if not every >= 1.0 or every % 1.0 > 1e-9:
        fault = Fault("issue_every_h", f"{every_h} h is no whole number of intervals of {axis.step_h:g} h")
        raise ScenarioError([fault], source="shift")
    return round(every)

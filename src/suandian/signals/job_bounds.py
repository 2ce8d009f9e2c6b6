"""What happens to jobs at the ends of a study, and the arrival profile learnt from a period before it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suandian.model.workload import ClassTable, JobTable
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["BoundaryCounts", "arrival_profile", "boundary_counts", "fit_to_axis"]

#: Slack that a job cut at the end keeps at most. D (engineering default).
CUT_SLACK_MAX_H = 1.0
_HOUR_S = 3600
_HOURS_OF_WEEK = 168


@dataclass(frozen=True, slots=True)
class BoundaryCounts:
    """Jobs touched by `fit_to_axis`: over before the start, released after the end, carried in, cut at the end."""

    ended_before: int
    released_after: int
    carried_in: int
    cut_at_end: int


def boundary_counts(jobs: JobTable, axis: TimeAxis) -> BoundaryCounts:
    """How many of `jobs` (before `fit_to_axis`) fall under each of its rules."""
    ends_s = jobs.released_s + jobs.duration_s
    before = ends_s <= axis.start_s
    after = jobs.released_s >= axis.end_s
    inside = ~before & ~after
    return BoundaryCounts(
        int(before.sum()),
        int(after.sum()),
        int((inside & (jobs.released_s < axis.start_s)).sum()),
        int((inside & (ends_s > axis.end_s)).sum()),
    )


def fit_to_axis(jobs: JobTable, axis: TimeAxis) -> JobTable:
    """The rules of the scenario door, so that every coordinator has the same work to do.

    1. A job released before the start is taken to have run from its release: if it is over, it is left out; else it
       enters at the start with its remaining work and its due time.
    2. A job that would run past the end even if started at release is cut: with L from release to the end, it keeps
       of its own slack what L allows (at most L/4 and `CUT_SLACK_MAX_H`), and its work is what fits before that. It
       is due at the end.
    3. A job that could finish in time but is due after the end is due half-way between its earliest finish and the
       end: were they all due at the end, they would meet there as no jobs ever do.
    Jobs released after the end are left out. Rows keep their order and ids; `boundary_counts` tells how many were
    touched.
    """
    kept = jobs.take((jobs.released_s + jobs.duration_s > axis.start_s) & (jobs.released_s < axis.end_s))
    released_s = np.maximum(kept.released_s, axis.start_s)
    remaining_s = kept.released_s + kept.duration_s - released_s
    left_s = axis.end_s - released_s
    own_slack_s = np.maximum(kept.due_s - released_s - remaining_s, 0)
    cut = remaining_s > left_s
    cut_slack_s = np.minimum(np.minimum(own_slack_s, left_s // 4), round(CUT_SLACK_MAX_H * _HOUR_S))
    length_s = np.where(cut, left_s - cut_slack_s, remaining_s)
    earliest_s = released_s + length_s
    late = ~cut & (kept.due_s > axis.end_s)
    due_s = np.where(late, earliest_s + (axis.end_s - earliest_s + 1) // 2, np.maximum(kept.due_s, released_s))
    return replace(
        kept,
        released_s=released_s,
        work_gpu_h=np.where(length_s == kept.duration_s, kept.work_gpu_h, length_s / _HOUR_S * kept.gpus_max),
        due_s=np.where(cut, axis.end_s, due_s),
    )


def arrival_profile(
    jobs: JobTable, class_index: NDArray[np.int64], classes: ClassTable, axis_of_history: TimeAxis, zone: str
) -> NDArray[np.float64]:
    """New dynamic IT work by hour of the local week, MW, shape `(classes, 168)`; hour 0 is Monday 00–01.

    `jobs` are those of a period before the study, uncut; `class_index` (shape `(jobs,)`) their rows in the study's
    `classes`, −1 where none fits. Only releases inside `axis_of_history` count. Level and shape are separated,
    because a month holds each hour of the week four times and a few wide jobs would be learnt as a pattern: level =
    energy of the class / hours; shape = jobs of all classes released in that hour of the week, relative to the mean.
    """
    inside = (jobs.released_s >= axis_of_history.start_s) & (jobs.released_s < axis_of_history.end_s)
    known = inside & (class_index >= 0)
    energy_mwh = np.bincount(class_index[known], weights=jobs.energy_mwh[known], minlength=len(classes))
    hours = _hour_of_week(axis_of_history, zone)
    row = (jobs.released_s[inside] - axis_of_history.start_s) // axis_of_history.step_s
    counts = np.bincount(hours[row], minlength=_HOURS_OF_WEEK)
    exposure_h = np.bincount(hours, minlength=_HOURS_OF_WEEK) * axis_of_history.step_h
    rate = np.divide(counts, exposure_h, out=np.zeros(_HOURS_OF_WEEK), where=exposure_h > 0)
    mean_rate = inside.sum() / axis_of_history.duration_h
    # An hour of the week that a short history never saw is taken as average.
    shape = np.where(exposure_h > 0, rate / mean_rate, 1.0) if mean_rate > 0 else np.ones(_HOURS_OF_WEEK)
    profile_mw: NDArray[np.float64] = energy_mwh[:, None] / axis_of_history.duration_h * shape[None, :]
    return profile_mw


def _hour_of_week(axis: TimeAxis, zone: str) -> NDArray[np.int64]:
    local_s = axis.local_starts(zone).astype(np.int64)
    hour: NDArray[np.int64] = (local_s // _HOUR_S + 3 * 24) % _HOURS_OF_WEEK  # 1970-01-01 was a Thursday
    return hour

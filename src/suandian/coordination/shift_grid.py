"""Jobs on the intervals of a signal: windows, lengths, and what to do where they do not fit.

Three policies, each with its count: starts inside an interval, lengths that are no whole number of intervals, windows
that leave the signal.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.shift_jobs import ShiftJobs
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["Align", "Beyond", "Grid", "Lengths", "on_axis"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
#: `refuse` a nominal start inside an interval, or move it `up` to the next interval.
Align = Literal["refuse", "up"]
#: `exact`: the last interval is used in part. `up`: run times are rounded up to whole intervals, energy included.
Lengths = Literal["exact", "up"]
#: Windows that leave the signal: `refuse`, `cut` them at its ends, or `leave_out` the job.
Beyond = Literal["refuse", "cut", "leave_out"]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Windows in intervals of the axis, columns `(jobs,)`.

    nominal      interval of the nominal start
    first        first interval in which the job may run
    latest       last interval in which an uninterrupted run may start
    last, tail_s whole intervals end before `last`; of interval `last` itself the job may use `tail_s` seconds
    run_s, expected_s   run time, and the one that starts are chosen with
    late         the run does not fit into its window: it keeps its nominal start and window
    cut          the window was cut at the signal's end
    outside      cannot be valued (or is left out): the job takes no part
    """

    nominal: Ints
    first: Ints
    latest: Ints
    last: Ints
    tail_s: Ints
    run_s: Ints
    expected_s: Ints
    late: Bools
    cut: Bools
    outside: Bools

    def take(self, rows: Ints | slice) -> Grid:
        """The jobs at `rows`."""
        return Grid(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def since(self, origin: int) -> Grid:
        """The same windows with intervals counted from `origin`."""
        moved = {name: getattr(self, name) - origin for name in ("nominal", "first", "latest", "last")}
        return replace(self, **moved)

    def whole(self, step_s: int) -> Ints:
        """Intervals that an uninterrupted run touches."""
        return -(-self.run_s // step_s)


def on_axis(jobs: ShiftJobs, axis: TimeAxis, *, align: Align, lengths: Lengths, beyond: Beyond) -> Grid:
    """The windows of `jobs` on `axis` under the stated policies. Raises `DataError` with the row for what is refused.

    `earliest_s` inside an interval means the next one; `due_s` inside an interval leaves its first part usable (with
    `lengths="up"`: as many whole intervals of slack as the exact run would have). A job that cannot meet its due time
    runs at its nominal start.
    """
    step_s = axis.step_s
    nominal, inside_s = np.divmod(jobs.start_s - axis.start_s, step_s)
    if align == "refuse" and inside_s.any():
        row = int(np.flatnonzero(inside_s)[0])
        raise DataError(
            f"jobs.start_s: row {row} (id {jobs.id[row]}) starts {int(inside_s[row])} s inside an interval of {step_s} "
            f"s; {int((inside_s != 0).sum())} rows in all; round the starts, or give align='up' for the next interval"
        )
    nominal = nominal + (inside_s > 0)
    first = np.minimum(-((axis.start_s - jobs.earliest_s) // step_s), nominal)
    due_s = jobs.due_s - axis.start_s
    latest = (due_s - jobs.duration_s) // step_s
    if lengths == "up":
        run_s, expected_s = (-(-column // step_s) * step_s for column in (jobs.duration_s, jobs.expected_s))
        last, tail_s = latest + run_s // step_s, np.zeros_like(latest)
    else:
        run_s, expected_s = jobs.duration_s, jobs.expected_s
        last, tail_s = np.divmod(due_s, step_s)
    late = latest < first
    grid = Grid(nominal, first, latest, last, tail_s, run_s, expected_s, late, np.zeros_like(late), np.zeros_like(late))
    return _within(_keep_nominal(grid, late, step_s), jobs, axis, beyond)


def _keep_nominal(grid: Grid, rows: Bools, step_s: int) -> Grid:
    end = grid.nominal + grid.whole(step_s)
    return replace(
        grid,
        first=np.where(rows, grid.nominal, grid.first),
        latest=np.where(rows, grid.nominal, grid.latest),
        last=np.where(rows, end, grid.last),
        tail_s=np.where(rows, 0, grid.tail_s),
    )


def _within(grid: Grid, jobs: ShiftJobs, axis: TimeAxis, beyond: Beyond) -> Grid:
    periods, needed = axis.periods, grid.whole(axis.step_s)
    leaves = (grid.first < 0) | (grid.last + (grid.tail_s > 0) > periods)
    unvalued = (grid.nominal < 0) | (grid.nominal + needed > periods)
    if beyond == "refuse" and (leaves | unvalued).any():
        row = int(np.flatnonzero(leaves | unvalued)[0])
        raise DataError(
            f"jobs: the window of row {row} (id {jobs.id[row]}) leaves the signal, {axis.start.isoformat()} to "
            f"{axis.end.isoformat()}; {int((leaves | unvalued).sum())} rows in all; give a longer signal, beyond='cut' "
            "or beyond='leave_out'"
        )
    ends_after = grid.last >= periods
    cut = replace(
        grid,
        first=np.maximum(grid.first, 0),
        latest=np.minimum(grid.latest, periods - needed),
        last=np.minimum(grid.last, periods),
        tail_s=np.where(ends_after, 0, grid.tail_s),
        outside=unvalued | leaves if beyond == "leave_out" else unvalued,
    )
    empty = (cut.latest < cut.first) & ~cut.outside
    kept = _keep_nominal(cut, empty, axis.step_s)
    return replace(kept, late=cut.late | empty, cut=leaves & ~cut.outside)

"""Re-solving on a uniform horizon that moves: a ring of steps in which only the seam changes.

Step t of the study lives in slot t mod P of one programme that HiGHS keeps. When time moves on by one step, the slot of
the step that has passed is given to the step that enters; all other columns and rows stay where they are, and so
does the basis, which is never read or written. Two things make that possible: work is counted from the first call
(absolute), so that bounds of steps in between do not move, and the balance rows that link a step to the one before
are opened at the seam, where what has been done and stored so far becomes the right-hand side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.layout import Layout
from suandian.coordination.program import Program
from suandian.coordination.solvers import Solution, new_highs, pass_program, run_highs

if TYPE_CHECKING:
    from highspy._core import _Highs

__all__ = ["Ring"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Ring:
    """HiGHS with a ring of steps. It changes how fast an optimum is found, never its value.

    Programmes have to come from `assemble` on horizons of equal steps that each begin `shift` steps after the last.
    A programme of another layout (fewer steps near the end, a new month) starts a new ring.
    """

    def __init__(self) -> None:
        self._highs: _Highs | None = None
        self._layout: Layout | None = None
        self._turn = 0
        self._base_mwh: Floats = np.zeros(0)
        self._cost: Floats = np.zeros(0)
        self._lower, self._upper = self._cost, self._cost
        self._row_lower, self._row_upper = self._cost, self._cost
        self._column_of_entry: Ints = np.zeros(0, dtype=np.int64)
        self._entries: tuple[Ints, Floats] = (self._column_of_entry, self._cost)

    def solve(self, program: Program, *, shift: int, done_mwh: Floats) -> Solution:
        """The optimum of `program`, whose horizon begins `shift` steps after that of the call before.

        `done_mwh (K,)` is the work done between the two calls: programmes count work from their own start.
        Raises `Infeasible` like `solve_simplex`.
        """
        if self._highs is None or program.layout != self._layout:
            self._begin(program)
        else:
            self._turn = (self._turn + shift) % program.layout.periods
            self._base_mwh = self._base_mwh + done_mwh
            self._update(program)
        highs = self._highs
        assert highs is not None
        return run_highs(
            highs, program, self._columns_of(program.layout), self._rows_of(program.layout), self._offset()
        )

    def _begin(self, program: Program) -> None:
        self._layout, self._turn = program.layout, 0
        self._base_mwh = np.zeros(len(program.layout.group_of_class))
        self._highs = new_highs()
        pass_program(self._highs, program)
        self._cost = program.cost + program.nudge
        self._lower, self._upper = program.lower.copy(), program.upper.copy()
        self._row_lower, self._row_upper = program.row_lower.copy(), program.row_upper.copy()
        self._column_of_entry = np.repeat(np.arange(len(program.cost)), np.diff(program.column_start)).astype(np.int64)
        self._entries = _keyed(program.row_index.astype(np.int64), self._column_of_entry, program.value, program)

    def _slots(self, layout: Layout) -> Ints:
        """Slot of each step, `(P,)`."""
        return (np.arange(layout.periods) + self._turn) % layout.periods

    def _columns_of(self, layout: Layout) -> Ints:
        """Where each column of a programme lies in the ring."""
        steps = self._slots(layout)[:, None] * layout.columns + np.arange(layout.columns)
        width = layout.periods * layout.columns
        return np.concatenate([steps.ravel(), np.arange(width, width + layout.sites * layout.months)])

    def _rows_of(self, layout: Layout) -> Ints:
        rows: Ints = (self._slots(layout)[:, None] * layout.rows + np.arange(layout.rows)).ravel()
        return rows

    def _offset(self) -> Floats:
        """By how much each column of the ring is larger than in the programme: work done before it began."""
        layout = self._layout
        assert layout is not None
        offset = np.zeros((layout.periods, layout.columns))
        first, count = layout.column["work"]
        offset[:, first : first + count] = self._base_mwh
        return np.concatenate([offset.ravel(), np.zeros(layout.sites * layout.months)])

    def _update(self, program: Program) -> None:
        """Tell HiGHS what differs between what it holds and `program`."""
        highs, layout = self._highs, program.layout
        assert highs is not None
        columns, rows = self._columns_of(layout), self._rows_of(layout)
        offset = self._offset()
        cost, lower, upper = (np.empty(len(columns)) for _ in range(3))
        cost[columns], lower[columns], upper[columns] = (
            program.cost + program.nudge,
            program.lower + offset,
            program.upper + offset,
        )
        row_lower, row_upper = np.empty(len(rows)), np.empty(len(rows))
        row_lower[rows], row_upper[rows] = program.row_lower, program.row_upper
        first, count = layout.row["work"]
        seam = self._turn * layout.rows + first + np.arange(count)
        row_lower[seam] += self._base_mwh
        row_upper[seam] += self._base_mwh
        entries = _keyed(rows[program.row_index], columns[self._column_of_entry], program.value, program)
        self._change_entries(highs, entries, len(cost))
        changed = np.flatnonzero(cost != self._cost)
        if changed.size:
            highs.changeColsCost(len(changed), changed.astype(np.int32), cost[changed])
        changed = np.flatnonzero(_differ(lower, self._lower) | _differ(upper, self._upper))
        if changed.size:
            highs.changeColsBounds(len(changed), changed.astype(np.int32), lower[changed], upper[changed])
            self._lower[changed], self._upper[changed] = lower[changed], upper[changed]
        changed = np.flatnonzero(_differ(row_lower, self._row_lower) | _differ(row_upper, self._row_upper))
        if changed.size:
            for row, low, high in zip(
                changed.tolist(), row_lower[changed].tolist(), row_upper[changed].tolist(), strict=True
            ):
                highs.changeRowBounds(row, low, high)
            self._row_lower[changed], self._row_upper[changed] = row_lower[changed], row_upper[changed]
        self._cost = cost

    def _change_entries(self, highs: _Highs, entries: tuple[Ints, Floats], width: int) -> None:
        """Set the coefficients that differ; those that are gone (the new seam) become zero."""
        old_key, old_value = self._entries
        key, value = entries
        place = np.minimum(np.searchsorted(old_key, key), len(old_key) - 1)
        same = (old_key[place] == key) & (old_value[place] == value)
        gone = ~np.isin(old_key, key, assume_unique=True)
        for entry in old_key[gone].tolist():
            highs.changeCoeff(entry // width, entry % width, 0.0)
        for entry, number in zip(key[~same].tolist(), value[~same].tolist(), strict=True):
            highs.changeCoeff(entry // width, entry % width, number)
        self._entries = entries


def _differ(new: Floats, old: Floats) -> NDArray[np.bool_]:
    """Where a bound moved by more than rounding (adding and taking off the base leaves 1e-13)."""
    moved: NDArray[np.bool_] = ~np.isclose(new, old, rtol=0.0, atol=1e-11)
    return moved


def _keyed(rows: Ints, columns: Ints, value: Floats, program: Program) -> tuple[Ints, Floats]:
    """Entries as sorted keys row·width + column, and their values."""
    key = rows * len(program.cost) + columns
    order = np.argsort(key)
    return key[order], value[order]

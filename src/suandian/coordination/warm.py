"""Re-solving on a horizon that moves: the last basis, shifted in time, is where the dual simplex starts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.horizon import Horizon
from suandian.coordination.layout import Layout
from suandian.coordination.program import Program
from suandian.coordination.solvers import Solution, new_highs, pass_program, run_highs
from suandian.quantity.errors import Infeasible

if TYPE_CHECKING:
    from highspy._core import _Highs

__all__ = ["WarmSimplex"]

Ints = NDArray[np.int64]

#: HiGHS' names of the weights. Steepest-edge weights are computed anew at each warm start: half of the time where the
#: basis is nearly right, well spent where hours have passed and a thousand iterations are due (measured: a quarter
#: fewer iterations and less time at six hours, more time at one).
_DEVEX, _STEEPEST_EDGE = 1, 2
_FAR_S = 2 * 3600


class WarmSimplex:
    """HiGHS with the basis of the last programme. It changes how fast an optimum is found, never its value.

    A step of the new horizon takes over the statuses of the old step in which it begins; steps may be uneven.
    """

    def __init__(self) -> None:
        self._highs: _Highs | None = None
        self._layout: Layout | None = None
        self._starts_s: Ints = np.empty(0, dtype=np.int64)
        self._columns: Ints = np.empty(0, dtype=np.int64)
        self._rows: Ints = np.empty(0, dtype=np.int64)

    def solve(self, program: Program, horizon: Horizon) -> Solution:
        """The optimum of `program`, which is laid out on `horizon`. Raises `Infeasible` like `solve_simplex`."""
        if self._highs is None:
            self._highs = new_highs()
        highs = self._highs
        pass_program(highs, program)
        layout = program.layout
        if self._layout is not None and replace(self._layout, month=()) == replace(layout, month=()):
            far = int(horizon.starts_s[0] - self._starts_s[0]) >= _FAR_S
            highs.setOptionValue("simplex_dual_edge_weight_strategy", _STEEPEST_EDGE if far else _DEVEX)
            self._start_from_last(highs, layout, horizon)
        try:
            solution = run_highs(highs, program)
        except Infeasible:
            # A basis may lead the simplex astray; only a failure from nothing counts.
            highs.setBasis()
            solution = run_highs(highs, program)
        basis = highs.getBasis()
        self._columns = np.array([int(status) for status in basis.col_status], dtype=np.int64)
        self._rows = np.array([int(status) for status in basis.row_status], dtype=np.int64)
        self._layout, self._starts_s = layout, horizon.starts_s
        return solution

    def _start_from_last(self, highs: _Highs, layout: Layout, horizon: Horizon) -> None:
        import highspy

        last = self._layout
        assert last is not None
        old = np.clip(
            np.searchsorted(self._starts_s, horizon.starts_s[:-1], side="right") - 1, 0, len(self._starts_s) - 2
        )
        steps = self._columns[: last.periods * last.columns].reshape(last.periods, -1)[old]
        month = np.minimum(np.arange(layout.months), last.months - 1)
        peaks = self._columns[last.periods * last.columns :].reshape(last.sites, -1)[:, month]
        rows = self._rows.reshape(last.periods, -1)[old]
        kinds = [highspy.HighsBasisStatus(number) for number in range(5)]
        basis = highspy.HighsBasis()
        basis.col_status = [kinds[status] for status in np.concatenate([steps.ravel(), peaks.ravel()]).tolist()]
        basis.row_status = [kinds[status] for status in rows.ravel().tolist()]
        basis.valid = True
        basis.alien = True  # steps that split or merge may leave a wrong number of basic columns
        highs.setBasis(basis)

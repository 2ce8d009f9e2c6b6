"""Clarabel (interior point) and HiGHS (dual simplex) behind one door. Both are imported where they run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.merge import PAIRS_MANY
from suandian.coordination.program import Program
from suandian.quantity.errors import Infeasible

if TYPE_CHECKING:
    from highspy._core import _Highs

__all__ = ["Solution", "dual_bound_cny", "new_highs", "pass_program", "run_highs", "solve_interior", "solve_simplex"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Columns whose bounds lie closer than this are constants (an interior point needs room between bounds).
_FIXED_BELOW = 1e-7
#: Largest error that a solution may have, MW or MWh, and CNY per unit relative to the largest cost.
_RESIDUAL_MAX = 1e-4
#: Gap at which a rough solution stops, relative and in the scaled programme; D (engineering default).
_ROUGH_GAP = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """`x` over all columns and `row_price` = change of the optimum per unit of a row's right-hand side.

    objective_cny      money at `x`, without the holding reward
    breach_mw          largest breach of a row or bound, in MW or MWh
    """

    x: Floats
    row_price: Floats
    objective_cny: float
    breach_mw: float
    iterations: int


def solve_interior(program: Program, *, rough: bool = False) -> Solution:
    """Solve by an interior point without crossover (Clarabel; HiGHS' where groups are many): steady prices.

    `rough` leaves out the refinement of every linear solve and stops at a gap of 1e-6: enough for a plan that only
    guides others, in half the time. Where that fails, it is solved with care.

    Raises `Infeasible` where the solver finds no solution or one whose residuals are too large to be used.
    """
    if len(program.layout.pairs) > PAIRS_MANY:
        with suppress(Infeasible):
            return _highs_interior(program, rough=rough)
    if rough:
        with suppress(Infeasible):
            return _clarabel(program, program.upper, rough=True)
    return _clarabel(program, program.upper, rough=False)


def _highs_interior(program: Program, *, rough: bool) -> Solution:
    """HiGHS' interior point, without crossover."""
    highs = new_highs()
    highs.setOptionValue("solver", "ipm")
    highs.setOptionValue("run_crossover", "off")
    highs.setOptionValue("presolve", "on")
    if rough:
        highs.setOptionValue("ipm_optimality_tolerance", _ROUGH_GAP)
    pass_program(highs, program)
    return run_highs(highs, program)


def _clarabel(program: Program, upper: Floats, *, rough: bool) -> Solution:
    """One run: constants are taken out, powers of classes become slacks of their work rows, bounds become rows."""
    import clarabel
    from scipy import sparse

    height, width = len(program.row_upper), len(program.cost)
    lower, right = program.lower, np.where(np.isfinite(program.row_upper), program.row_upper, 0.0)
    matrix = sparse.csc_matrix((program.value, program.row_index, program.column_start), shape=(height, width))
    work_rows, power_columns = _powers(program)
    hours = -np.asarray(matrix[work_rows, power_columns]).ravel()
    # Rows that hold a class's power take off its work row, scaled: power then stays, alone, in the work rows.
    held = matrix[:, power_columns].tocoo()
    other = held.row != work_rows[held.col]
    entries = (held.data[other] / hours[held.col[other]], (held.row[other], work_rows[held.col[other]]))
    mixer = sparse.eye(height, format="csr") + sparse.csr_matrix(entries, (height, height))
    sign = np.ones(height)
    sign[work_rows] = -1.0
    turned = (sparse.diags(sign) @ mixer @ matrix).tocsc()
    fixed = upper - lower < _FIXED_BELOW
    fixed[power_columns] = False
    constant = np.zeros(width)
    constant[fixed] = 0.5 * (lower[fixed] + upper[fixed])
    kept = ~fixed
    kept[power_columns] = False
    free = np.flatnonzero(kept)
    limit = sign * (mixer @ right) - turned @ constant
    rows = turned[:, free].tocsr()
    equality = program.row_lower == program.row_upper
    equality[work_rows] = False
    used = np.isfinite(program.row_upper) & (np.diff(rows.indptr) > 0)
    equal, less = np.flatnonzero(used & equality), np.flatnonzero(used & ~equality)
    low, high = np.flatnonzero(np.isfinite(lower[free])), np.flatnonzero(np.isfinite(upper[free]))
    unit = sparse.eye(len(free), format="csr")
    constraints = sparse.vstack([rows[equal], rows[less], -unit[low], unit[high]]).tocsc()
    limits = np.concatenate([limit[equal], limit[less], -lower[free][low], upper[free][high]])
    cones = [clarabel.ZeroConeT(len(equal)), clarabel.NonnegativeConeT(len(limits) - len(equal))]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    if rough:
        settings.iterative_refinement_enable = False
        settings.tol_gap_rel = settings.tol_gap_abs = _ROUGH_GAP
    quadratic = sparse.csc_matrix((len(free), len(free)))
    cost = (program.cost + program.nudge)[free]
    answer = clarabel.DefaultSolver(quadratic, cost, constraints, limits, cones, settings).solve()
    x = constant
    x[free] = np.asarray(answer.x)
    x[power_columns] = (matrix[work_rows] @ x) / hours
    multiplier = np.zeros(height)
    multiplier[equal] = np.asarray(answer.z)[: len(equal)]
    multiplier[less] = np.asarray(answer.z)[len(equal) : len(equal) + len(less)]
    price = -(mixer.T @ (sign * multiplier))
    return _checked(program, x, price, int(answer.iterations), str(answer.status), "Clarabel")


def _powers(program: Program) -> tuple[Ints, Ints]:
    """For every step and class: its work row and its power column."""
    layout = program.layout
    steps = np.arange(layout.periods)[:, None]
    offset, count = layout.row["work"]
    work_rows = (steps * layout.rows + offset + np.arange(count)).ravel()
    power_columns = (steps * layout.columns + layout.column["power"][0] + np.arange(count)).ravel()
    return work_rows, power_columns


def _reduced_cost(program: Program, price: Floats) -> Floats:
    column = np.repeat(np.arange(len(program.cost)), np.diff(program.column_start))
    pull = np.bincount(column, weights=program.value * price[program.row_index], minlength=len(program.cost))
    reduced: Floats = program.cost - pull
    return reduced


def solve_simplex(program: Program) -> Solution:
    """Solve by HiGHS' dual simplex from nothing. Raises `Infeasible` like `solve_interior`."""
    highs = new_highs()
    pass_program(highs, program)
    return run_highs(highs, program)


def new_highs() -> _Highs:
    """A silent HiGHS on one thread that uses its dual simplex."""
    # The plain core object: the public class starts callbacks, prints a banner and runs in a thread of its own.
    from highspy._core import _Highs

    make: Callable[[], _Highs] = _Highs
    highs = make()
    options: dict[str, bool | int | str] = {
        "output_flag": False,
        "threads": 1,
        "solver": "simplex",
        "simplex_strategy": 1,
        # Devex: steepest-edge weights would be computed anew at each warm start, half of its time.
        "simplex_dual_edge_weight_strategy": 1,
        "presolve": "off",
    }
    for name, value in options.items():
        highs.setOptionValue(name, value)
    return highs


def pass_program(highs: _Highs, program: Program) -> None:
    """Hand over the programme as arrays, replacing what HiGHS held."""
    height, width = len(program.row_upper), len(program.cost)
    highs.passModel(
        width,
        height,
        len(program.value),
        1,  # compressed columns
        1,  # minimise
        0.0,
        program.cost + program.nudge,
        program.lower,
        program.upper,
        program.row_lower,
        program.row_upper,
        program.column_start,
        program.row_index,
        program.value,
        np.zeros(width, dtype=np.int32),
    )


def run_highs(
    highs: _Highs,
    program: Program,
    columns: Ints | None = None,
    rows: Ints | None = None,
    offset: Floats | None = None,
) -> Solution:
    """Run HiGHS on what it holds: `program`, if told with its columns and rows elsewhere and columns offset."""
    highs.run()
    found = highs.getSolution()
    x, price = np.array(found.col_value), np.array(found.row_dual)
    if columns is not None and rows is not None and offset is not None:
        x, price = x[columns] - offset, price[rows]
    info = highs.getInfo()
    status = highs.modelStatusToString(highs.getModelStatus())
    return _checked(program, x, price, int(info.simplex_iteration_count), status, "HiGHS")


def _checked(program: Program, x: Floats, price: Floats, iterations: int, status: str, solver: str) -> Solution:
    """Refuse what is not solved: status, rows, bounds and reduced costs are looked at, not trusted."""
    if status not in ("Solved", "Optimal", "AlmostSolved") or not np.isfinite(x).all():
        raise Infeasible(f"{solver} found no plan (status {status})", constraints=("linear programme",))
    activity = np.zeros(len(program.row_upper))
    column = np.repeat(np.arange(len(x)), np.diff(program.column_start))
    np.add.at(activity, program.row_index, program.value * x[column])
    breach = max(
        float(np.maximum(activity - program.row_upper, program.row_lower - activity).max(initial=0.0)),
        float(np.maximum(x - program.upper, program.lower - x).max(initial=0.0)),
    )
    if breach > _RESIDUAL_MAX * max(1.0, float(np.abs(x).max())):
        raise Infeasible(
            f"{solver} stopped at a plan that breaks its own limits (status {status})",
            constraints=("linear programme",),
            shortfall=f"{breach:.3g} MW or MWh",
        )
    return Solution(
        np.clip(x, program.lower, program.upper), price, program.objective_cny(x), max(breach, 0.0), iterations
    )


def dual_bound_cny(program: Program, solution: Solution) -> float:
    """A lower bound on the money of *any* plan, from weak duality; the holding reward takes no part in it.

    For any row prices π (of the right sign), min cost·x ≥ π·rhs + Σ_j min over [lower, upper] of (cost − Aᵀπ)_j·x_j.
    Columns without an upper bound are taken to stay below ten times the largest value in the solution.
    """
    inequality = program.row_lower != program.row_upper
    price = np.where(inequality, np.minimum(solution.row_price, 0.0), solution.row_price)
    reduced = _reduced_cost(program, price)
    reach = 10.0 * (1.0 + float(np.abs(solution.x).max()))
    upper = np.where(np.isfinite(program.upper), program.upper, reach)
    least = np.minimum(reduced * program.lower, reduced * upper)
    right = np.where(np.isfinite(program.row_upper), program.row_upper, 0.0)
    return float(price @ right + least.sum()) + program.offset_cny

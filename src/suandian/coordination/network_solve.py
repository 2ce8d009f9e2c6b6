"""A programme on its network: solved around a guess, checked by AC flow, set up anew where that breaks a limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.network import checked, guessed, has_network, planned, site_price_cny_per_mwh, with_network
from suandian.coordination.network_slopes import FeederState
from suandian.coordination.problem import Problem
from suandian.coordination.program import Program, assemble
from suandian.coordination.solvers import Solution
from suandian.model.plan import View

__all__ = ["Solved", "solved"]

#: A limit that is broken by less in the AC flow needs no new programme, nor, where the optimum is asked for, one that
#: leaves less of a binding limit unused; MW of its row, D.
_BREACH_MAX_MW, _UNUSED_MAX_MW = 0.1, 0.02
#: Programmes after the first at most, D: each is about a tenth as far off as the one before.
_ROUNDS_MAX = 2


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A solution with the problem it belongs to.

    states                 AC states around which its rows were set up
    published_cny_per_mwh  (S, P) a price of congestion that somebody else found, None for the solution's own
    """

    problem: Problem
    program: Program
    solution: Solution
    states: Sequence[FeederState] = ()
    diagnostics: Mapping[str, float] = field(default_factory=dict)
    published_cny_per_mwh: NDArray[np.float64] | None = None

    @property
    def site_price_cny_per_mwh(self) -> NDArray[np.float64] | None:
        """What a MWh more at each site costs the shared connections, `(S, P)`; None where nothing is shared."""
        if self.published_cny_per_mwh is not None:
            return self.published_cny_per_mwh
        if not len(self.problem.feeder_import_max_mw):
            return None
        return site_price_cny_per_mwh(self.problem, self.program, self.solution.row_price)


def solved(view: View, problem: Problem, solve: Callable[[Program], Solution], *, exact: bool = False) -> Solved:
    """`problem` with the rows of its networks, solved; `exact`: rows are also set up anew where they bind too early.

    Diagnostics where there is a network: `linearisation_error_max_pu`, `network_breach_mw` (what the last AC check
    found beyond its limits), `network_unused_mw` (what it found left of limits that bind) and `network_rounds`. Raises
    what `solve` raises, and `DataError` where a network has no AC solution.
    """
    if not has_network(view.fleet):
        program = assemble(problem)
        return Solved(problem, program, solve(program))
    states = guessed(view, problem)
    for number in range(_ROUNDS_MAX + 1):
        problem = with_network(problem, view, states)
        program = assemble(problem)
        solution = solve(program)
        told = checked(view, problem, program, solution.x, states)
        good = told["network_breach_mw"] <= _BREACH_MAX_MW
        if number == _ROUNDS_MAX or (good and not (exact and told["network_unused_mw"] > _UNUSED_MAX_MW)):
            break
        states = planned(view, problem, program, solution.x, states)
    return Solved(problem, program, solution, states, {**told, "network_rounds": float(number + 1)})

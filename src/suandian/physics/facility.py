"""The site step: meters, own PV, batteries and shared connections advanced over many intervals at once.

Inside an interval all inputs are constant. A battery that fills or empties ends a *phase*; the limits are applied
anew to the rest of the interval. What is returned are interval means, so the same day gives the same energies at 1, 5,
15 and 60 minutes wherever its inputs are the same (power in MW, energy in MWh, S sites, B feeders, n intervals).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from suandian.model.grid import Feeder, Tie
from suandian.model.site import Site
from suandian.physics.balance import BALANCE_RATIO, StepInputs, StepResult, check_balance
from suandian.physics.light import run_light
from suandian.physics.ties import exchange

__all__ = ["StepInputs", "StepResult", "advance", "check_balance"]

#: Up to this many site intervals plain Python is faster than loading numba.
LIGHT_MAX = 250_000


def advance(
    sites: Sequence[Site], feeders: Sequence[Feeder], inputs: StepInputs, ties: Sequence[Tie] = ()
) -> StepResult:
    """Advance all `sites` and `feeders` over the n intervals of `inputs`.

    Rules, in this order, in every phase. 1 The battery's wish: the plan's setpoint, or the stated rule
    self-consumption (`suandian.physics.feeder.self_consume`). 2 A site above its guard or import limit charges less,
    then discharges. 3 A feeder above its import limit: likewise, shared in proportion. 4 Own PV is used up to load,
    charging and the site's export limit; above the feeder's export limit the neighbours' PV and wind are curtailed
    first, both by the same share, then PV exported by sites, and batteries discharge less last. Import that no battery
    can avoid is kept and counted as a violation. Last, over the whole interval: what a feeder curtails of the
    neighbours' flows over `ties` to feeders that import (`suandian.physics.ties`). Raises `ValueError` for wrong
    shapes and `InvariantBroken` if a balance or bound does not hold.

    Sites without a feeder are advanced in plain Python where numba is not loaded yet and the task is small; the results
    are the same, bit for bit (tests/physics/test_light.py).
    """
    inputs.check(len(sites), len(feeders))
    light = not feeders and "numba" not in sys.modules and inputs.facility_mw.size <= LIGHT_MAX
    if light:
        result = StepResult.of_cubes(*run_light(sites, inputs), inputs)
    else:
        # Imported here because numba takes half a second to load.
        from suandian.physics.kernel import run_kernel

        result = StepResult.of_cubes(*run_kernel(sites, feeders, inputs), inputs)
    if ties:
        result = _tied(feeders, inputs, result, ties)
    check_balance(sites, feeders, inputs, result, ties)
    return result


def _tied(feeders: Sequence[Feeder], inputs: StepInputs, result: StepResult, ties: Sequence[Tie]) -> StepResult:
    ids = [feeder.id for feeder in feeders]
    ends = np.array([(ids.index(tie.source), ids.index(tie.target)) for tie in ties], dtype=np.int64)
    curtailed_mw = inputs.feeder_pv_mw - result.feeder_pv_used_mw + inputs.feeder_wind_mw - result.feeder_wind_used_mw
    # A remainder of rounding is no surplus.
    curtailed_mw[curtailed_mw <= BALANCE_RATIO * np.maximum(inputs.feeder_pv_mw + inputs.feeder_wind_mw, 1.0)] = 0.0
    forward_mw, back_mw = exchange(ties, ends, curtailed_mw, result.feeder_import_mw)
    return result.with_ties(feeders, inputs, ties, forward_mw, back_mw)

"""The site step: meters, own PV, batteries and shared connections advanced over many intervals at once.

Inside an interval all inputs are constant. A battery that fills or empties ends a *phase*; the limits are applied
anew to the rest of the interval. What is returned are interval means, so the same day gives the same energies at 1, 5,
15 and 60 minutes wherever its inputs are the same (power in MW, energy in MWh, S sites, B feeders, n intervals).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from suandian.model.grid import Feeder
from suandian.model.site import Site
from suandian.physics.balance import StepInputs, StepResult, check_balance
from suandian.physics.light import run_light

__all__ = ["StepInputs", "StepResult", "advance", "check_balance"]

#: Up to this many site intervals plain Python is faster than loading numba.
LIGHT_MAX = 250_000


def advance(sites: Sequence[Site], feeders: Sequence[Feeder], inputs: StepInputs) -> StepResult:
    """Advance all `sites` and `feeders` over the n intervals of `inputs`.

    Rules, in this order, in every phase. 1 The battery's wish: the plan's setpoint, or the stated rule
    self-consumption (`suandian.physics.feeder.self_consume`). 2 A site above its guard or import limit charges less,
    then discharges. 3 A feeder above its import limit: likewise, shared in proportion. 4 Own PV is used up to load,
    charging and the site's export limit; above the feeder's export limit the neighbours' PV is curtailed first, then
    PV exported by sites, and batteries discharge less last. Import that no battery can avoid is kept and counted as a
    violation. Raises `ValueError` for wrong shapes and `InvariantBroken` if a balance or bound does not hold.

    Sites without a feeder are advanced in plain Python where numba is not loaded yet and the task is small; the results
    are the same, bit for bit (tests/physics/test_light.py).
    """
    inputs.check(len(sites), len(feeders))
    light = not feeders and "numba" not in sys.modules and inputs.facility_mw.size <= LIGHT_MAX
    if light:
        result = StepResult.of_cubes(*run_light(sites, inputs))
    else:
        # Imported here because numba takes half a second to load.
        from suandian.physics.kernel import run_kernel

        result = StepResult.of_cubes(*run_kernel(sites, feeders, inputs))
    check_balance(sites, feeders, inputs, result)
    return result

"""What ties between feeders may carry in a plan: their limits, cut to what either side could give and take."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.horizon import Horizon
from suandian.model.plan import Fleet, View

__all__ = ["tie_ends", "tie_limits_mw"]

Floats = NDArray[np.float64]


def tie_ends(fleet: Fleet) -> NDArray[np.int64]:
    """`(L, 2)` indices of the feeders at which each tie begins and ends."""
    ids = [feeder.id for feeder in fleet.feeders]
    return np.array([(ids.index(tie.source), ids.index(tie.target)) for tie in fleet.ties], dtype=np.int64).reshape(
        -1, 2
    )


def tie_limits_mw(view: View, horizon: Horizon) -> Floats:
    """Upper bounds of the flow over each tie, `(2L, P)` MW at the sending end: first to the target, then back.

    The least of the tie's limit, the PV and wind forecast at the giver, and what the taker could import with every
    site behind it at its import limit. The world's rule (`suandian.physics.ties`) stays within these bounds; that the
    taker's import depends on what its sites do is left to it, so that a plan sees somewhat more room than there is.
    """
    fleet, outlook = view.fleet, view.outlook
    if not fleet.ties:
        return np.zeros((0, horizon.periods))
    last = int(horizon.first[-1])
    made_mw = outlook.feeder_pv_mw[:, :last] + outlook.feeder_wind_mw[:, :last]
    site_mw = np.zeros(len(fleet.feeders))
    behind = fleet.feeder_of_site
    np.add.at(site_mw, behind[behind >= 0], [site.import_max_mw for site in fleet.sites if site.feeder])
    room_mw = np.maximum(outlook.feeder_load_mw[:, :last] + site_mw[:, None] - made_mw, 0.0)
    ways = np.concatenate([tie_ends(fleet), tie_ends(fleet)[:, ::-1]])
    kept_ratio = np.array([1.0 - tie.loss_ratio for tie in fleet.ties] * 2)[:, None]
    limit_mw = np.array([t.forward_max_mw for t in fleet.ties] + [t.back_max_mw for t in fleet.ties])[:, None]
    taken_mw = room_mw[ways[:, 1]] / np.maximum(kept_ratio, 1e-9)
    return horizon.mean(np.minimum(np.minimum(limit_mw, made_mw[ways[:, 0]]), taken_mw))

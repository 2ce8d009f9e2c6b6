"""Views of one data centre behind a small network, for the tests of network rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from tests.coordination import small_views as views
from tests.physics.pv_feeder import feeder_of, stiff

from suandian.coordination.horizon import Horizon
from suandian.coordination.merge import Merge
from suandian.coordination.problem import Problem, queue_work
from suandian.model.grid import Feeder
from suandian.model.plan import Objective, View

HOURS = 24
CURTAILMENT_CNY_PER_MWH = 200.0


def grid_view(
    *,
    feeder: Feeder | None = None,
    load_mw: Any = 1.0,
    pv_mw: Any = 0.0,
    work_mwh: float = 12.0,
    price: Any = 300.0,
    import_max_mw: float = 6.0,
    hours: int = HOURS,
) -> View:
    """Work that may run at any time of the day and must be done at its end; a flat price if nothing else is told."""
    feeder = feeder or feeder_of(stiff(), [0.0, 0.0, 14.0, 0.0], load_bus=2)
    site = views.site("dc", 20_000, import_max_mw=import_max_mw, it_max_mw=import_max_mw, feeder="f")
    whole = np.ones((1, hours))
    due = np.zeros((1, hours))
    due[0, -1] = work_mwh
    view = views.view(
        [site], [], price * whole, feeders=[feeder], feeder_load_mw=load_mw * whole, feeder_pv_mw=pv_mw * whole,
        released_mwh=np.full((1, hours), work_mwh), due_mwh=due, carbon=0.0 * whole,
    )  # fmt: skip
    return replace(view, objective=Objective(curtailment_cny_per_mwh=CURTAILMENT_CNY_PER_MWH))


def noon_mw(most_mw: float, first: int = 10, last: int = 14) -> np.ndarray:
    """PV that shines from `first` to `last` o'clock of the axis."""
    return np.where((np.arange(HOURS) >= first) & (np.arange(HOURS) < last), most_mw, 0.0)


def problem_of(view: View) -> Problem:
    horizon = Horizon.uniform(view.outlook.axis, view.fleet.zone)
    merge = Merge.of(view.fleet)
    return Problem.of(view, horizon, merge, queue_work(view, horizon, merge))

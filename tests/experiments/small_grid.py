"""A study of four hours on the small network: one site at the village, meters written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import numpy as np
from finding_factory import Options, make_finding
from grid_factory import grid_of, small_network
from numpy.typing import NDArray

from suandian.model.grid import Feeder
from suandian.model.plan import Objective
from suandian.physics.powerflow import power_flow
from suandian.quantity.timeaxis import TimeAxis
from suandian.record.events import Meter, MeterBlock, PlanEnacted
from suandian.record.journal import Journal
from suandian.simulation.truth import Truth

#: MW, and MWh in an hour
LOAD = [0.30, 0.45, 0.10, 0.30]
AVAILABLE = [0.0, 0.0, 0.50, 0.20]
USED = [0.0, 0.0, 0.30, 0.20]
IMPORT = [1.0, 1.0, 2.0, 0.0]
EXPORT = [0.0, 0.0, 0.0, 0.5]


def small_feeder(site: str = "hall") -> Feeder:
    """10 MVA, 0.5 MW of PV at the homes, a site at the village's bus, all at unity power factor."""
    at_village = np.array([0.0, 0.0, 1.0, 0.0])
    grid = replace(
        grid_of(small_network(), site),
        site_ratio={site: at_village}, load_mvar_per_mw=np.zeros(4), site_mvar_per_mw=0.0,
    )  # fmt: skip
    return Feeder("c", "grid", "shandong", 36.0, 117.0, 10.0, 0.9, 0.8, 0.5, grid=grid)


def small_truth(feeder: Feeder | None = None, **objective: float) -> Truth:
    """The truth of the four hours; only what the network needs is right in it."""
    truth = make_finding(Options(days=1, step_minutes=60, sites=1, battery=False, arms=("run_now",))).truth
    axis = TimeAxis(truth.axis.start, timedelta(hours=1), 4)
    site = replace(truth.fleet.sites[0], id="hall", feeder="c", import_max_mw=3.0)
    fleet = replace(truth.fleet, sites=(site,), feeders=(feeder or small_feeder(),))
    return replace(truth, axis=axis, fleet=fleet, objective=Objective(**objective))


def small_reads() -> dict[str, tuple[list[float], list[float]]]:
    """Meters (import, export), MWh per hour; the one at the connection reads what the power flow says."""
    none = [0.0] * 4
    flow_mw = power_flow(small_network(), *net_loads()).slack_mw
    return {
        "feeder/c/grid": (np.maximum(flow_mw, 0.0).tolist(), np.maximum(-flow_mw, 0.0).tolist()),
        "site/hall/grid": (IMPORT, EXPORT),
        "feeder/c/load": (LOAD, none),
        "feeder/c/pv": (none, USED),
        "feeder/c/pv_available": (none, AVAILABLE),
        "feeder/c/pv/homes": (none, USED),
    }


def small_journal(truth: Truth, told: Mapping[str, float] | None = None) -> Journal:
    """The journal of these meters, and a plan that told `told`."""
    reads = small_reads()
    made = Journal(truth.axis, tuple(Meter(meter) for meter in reads), ("hall",))
    if told:
        made.append(PlanEnacted(0, 4, "by_hand", np.zeros((1, 4)), truth.axis.start_s, dict(told)))
    imported, exported = (np.array([pair[side] for pair in reads.values()]) for side in (0, 1))
    made.append(MeterBlock(0, imported, exported, np.zeros(imported.shape, np.int8)))
    return made


def net_loads() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same hours written down once more: net load of grid, busbar, village and homes."""
    p_mw = np.zeros((4, 4))
    p_mw[:, 2] = np.array(IMPORT) - np.array(EXPORT)
    p_mw[:, 3] = np.array(LOAD) - np.array(USED)
    return p_mw, np.zeros((4, 4))

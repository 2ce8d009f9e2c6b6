"""The network behind a feeder, read back from the journal: its AC state, frames of buses and branches, KPIs."""

from suandian.experiments.grid.frames import branches_frame, buses_frame
from suandian.experiments.grid.kpis import GRID_KPI_NAMES, grid_record, held_back_mwh, overload_apart_mwh
from suandian.experiments.grid.state import Exceeded, exceeded, grid_state, grid_states

__all__ = [
    "GRID_KPI_NAMES",
    "Exceeded",
    "branches_frame",
    "buses_frame",
    "exceeded",
    "grid_record",
    "grid_state",
    "grid_states",
    "held_back_mwh",
    "overload_apart_mwh",
]

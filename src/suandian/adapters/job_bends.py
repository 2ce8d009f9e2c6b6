"""What a table says of slowing its jobs (fewest GPUs, deepest cap) as gears that jobs share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suandian.model.workload import FULL_PACE, Pace
from suandian.physics.itload import GPU_IDLE_W, SERVER_PER_GPU_RATIO
from suandian.physics.pace import CAP_LEAST_RATIO, pace_of

__all__ = ["paces_of"]

#: Caps and shares of GPUs are taken in these steps, towards full speed: jobs with nearly the same levers share gears,
#: so that a plan has few classes. D (engineering default).
_CAP_STEP_RATIO = 0.05
_GPUS_STEP_RATIO = 0.25


def paces_of(
    gpus_min: NDArray[np.int64],
    gpus: NDArray[np.int64],
    power_cap_ratio: NDArray[np.float64],
    power_per_gpu_kw: NDArray[np.float64],
) -> tuple[NDArray[np.int64], tuple[Pace, ...]]:
    """The pace of each job `(jobs,)` and the paces, of which the first is full speed.

    No job is given a gear beyond what the table allows. The power of a busy GPU, which a cap is a share of, is the mean
    of the jobs that share it. Raises `ValueError` for a cap below the curve of `physics.pace` or below idle power.
    """
    low = (power_cap_ratio < CAP_LEAST_RATIO - 1e-9) | (power_cap_ratio > 1.0)
    if low.any():
        row = int(np.flatnonzero(low)[0])
        raise ValueError(f"row {row + 1}: a cap of {power_cap_ratio[row]:g} lies outside {CAP_LEAST_RATIO:g}…1")
    cap = np.ceil(power_cap_ratio / _CAP_STEP_RATIO - 1e-9).astype(np.int64)
    share = np.ceil(gpus_min / gpus / _GPUS_STEP_RATIO - 1e-9).astype(np.int64)
    levers, row_of = np.unique(np.stack([cap, share], axis=1), axis=0, return_inverse=True)
    row_of = row_of.ravel()
    paces, number = [FULL_PACE], np.zeros(len(levers), dtype=np.int64)
    for row, (caps, shares) in enumerate(levers.tolist()):
        cap_ratio, gpus_ratio = min(caps * _CAP_STEP_RATIO, 1.0), min(shares * _GPUS_STEP_RATIO, 1.0)
        power_w = float(power_per_gpu_kw[row_of == row].mean()) * 1000.0 / SERVER_PER_GPU_RATIO + GPU_IDLE_W
        name = f"cap {100 * cap_ratio:g} %, GPUs {100 * gpus_ratio:g} %"
        pace = pace_of(name, power_cap_ratio=cap_ratio, gpus_ratio=gpus_ratio, gpu_power_w=power_w)
        if pace != FULL_PACE:
            number[row] = len(paces)
            paces.append(pace)
    return number[row_of], tuple(paces)

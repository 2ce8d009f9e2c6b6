"""Reading the queue out of the placement's state: a walk over the list of the living."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from suandian.coordination.placement_state import (
    BY_SUBMISSION,
    FINISH,
    LIVE,
    LIVE_HEAD,
    LIVE_NEXT,
    PAUSED,
    REMAIN,
    ROW,
    RUNNING,
    SITE,
    STATUS,
    SUBMITTED,
    SUBMITTED_S,
    State,
)

__all__ = ["living"]

Ints = NDArray[np.int64]


@njit(cache=True)
def living(st: State, now_s: int) -> tuple[Ints, NDArray[np.int8], Ints, Ints]:
    """Row, state (0 waiting, 1 running, 2 paused), site and remaining seconds of all jobs submitted and unfinished."""
    entering = 0
    at = st.clock[SUBMITTED]
    while at + entering < len(st.jobs) and st.orders[SUBMITTED_S, at + entering] <= now_s:
        entering += 1
    count = st.clock[LIVE] + entering
    row, site, remaining_s = np.empty(count, np.int64), np.full(count, -1), np.empty(count, np.int64)
    status = np.zeros(count, np.int8)
    rank = st.clock[LIVE_HEAD]
    for index in range(count):
        if index >= st.clock[LIVE]:
            rank = st.orders[BY_SUBMISSION, at + index - st.clock[LIVE]]
        row[index] = st.jobs[rank, ROW]
        remaining_s[index] = st.jobs[rank, REMAIN]
        if st.jobs[rank, STATUS] == RUNNING:
            status[index], site[index] = 1, st.jobs[rank, SITE]
            remaining_s[index] = st.jobs[rank, FINISH] - now_s
        elif st.jobs[rank, STATUS] == PAUSED:
            status[index], site[index] = 2, st.jobs[rank, SITE]
        rank = st.jobs[rank, LIVE_NEXT]
    return row, status, site, remaining_s

"""Reading the queue out of the placement's state."""

# Compiled with: state moves a2340a47a185754e

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from suandian.coordination.placement_moves import units_left
from suandian.coordination.placement_state import (
    ALIVE,
    BY_SUBMISSION,
    FINISH,
    FINISHED,
    LIST,
    LISTED,
    MOVING,
    PAUSED,
    REMAIN,
    ROW,
    RUNNING,
    SITE,
    STATUS,
    SUBMITTED,
    SUBMITTED_S,
    UNITS_PER_S,
    State,
)

__all__ = ["living"]

Ints = NDArray[np.int64]


@njit(cache=True)
def living(st: State, now_s: int) -> tuple[Ints, NDArray[np.int8], Ints, Ints, Ints]:
    """Row, state (0 waiting, 1 running, 2 paused), site, remaining seconds at full speed of all jobs submitted and
    unfinished, and the instant from which those whose data are on their way may run (0 for the others).

    In order of submission. Jobs found finished are struck off the list, so a call costs what happened since the last.
    A job whose data are on their way is told as paused where they go.
    """
    kept = 0
    for index in range(st.clock[LISTED]):
        rank = st.orders[LIST, index]
        if st.jobs[rank, STATUS] != FINISHED:
            st.orders[LIST, kept] = rank
            kept += 1
    st.clock[LISTED] = kept
    # Submitted at this very instant: seen, though the event is told in the interval that begins now.
    count, at = st.clock[ALIVE], st.clock[SUBMITTED]
    while at + count - kept < len(st.jobs) and st.orders[SUBMITTED_S, at + count - kept] <= now_s:
        count += 1
    row, site, remaining_s = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.int64)
    status, ready_s = np.zeros(count, np.int8), np.zeros(count, np.int64)
    for index in range(count):
        rank = st.orders[LIST, index] if index < kept else st.orders[BY_SUBMISSION, at + index - kept]
        row[index] = st.jobs[rank, ROW]
        remaining_s[index] = st.jobs[rank, REMAIN]
        site[index] = st.jobs[rank, SITE]
        if st.jobs[rank, STATUS] == RUNNING:
            status[index] = 1
            remaining_s[index] = -(-units_left(st, rank, now_s) // UNITS_PER_S)
        elif st.jobs[rank, STATUS] == PAUSED:
            status[index] = 2
        elif st.jobs[rank, STATUS] == MOVING:
            status[index], ready_s[index] = 2, st.jobs[rank, FINISH]
    return row, status, site, remaining_s, ready_s

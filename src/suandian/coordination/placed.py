"""What placement leaves behind, and what it is told beside the plan. Loads nothing that has to be compiled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.model.plan import Queue
from suandian.record.events import JobBlock

__all__ = ["PAUSE_WORTH_H", "NoWork", "Placed", "worth_holding_mw"]

#: A dip of the plan shorter than this is not worth pausing for. D (engineering default): training loses 5–30 minutes
#: to a checkpoint, so that a pause of two hours costs 4–25 % of what it moves.
PAUSE_WORTH_H = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """What was placed in n intervals.

    label_mw    (6, S, n) mean dynamic IT power by flexibility label F0…F5 and site
    gpus_used   (S, n) mean GPUs in use
    events      job events in the order in which they were decided, interval by interval
    overrides   OVERRODE events among them
    """

    label_mw: NDArray[np.float64]
    gpus_used: NDArray[np.float64]
    events: JobBlock
    overrides: int


class NoWork:
    """The placement of a study without deferrable jobs: nothing to place, nothing to compile."""

    def __init__(self, sites: int) -> None:
        self._sites = sites

    def advance(self, first: int, last: int, *_: object, **__: object) -> Placed:
        n = last - first
        none = np.zeros(0, dtype=np.int64)
        events = JobBlock(none, none.astype(np.int8), none, none.astype(np.int16))
        return Placed(np.zeros((6, self._sites, n)), np.zeros((self._sites, n)), events, 0)

    def queue(self) -> Queue:
        none = np.zeros(0, dtype=np.int64)
        flags = np.zeros(0, dtype=np.bool_)
        masks = np.zeros(0, dtype=np.uint64)
        return Queue(
            none, none, none.astype(np.int8), none, none, np.zeros(0), flags, none, masks, none, none, none, none
        )


def worth_holding_mw(it_mw: NDArray[np.float64], step_h: float, periods: int) -> NDArray[np.float64]:
    """What running jobs may keep although the plan dips, `(S, periods)` MW, from a plan `(classes, S, H)`.

    A pause costs a checkpoint, and to resume costs waiting for room: a dip shorter than `PAUSE_WORTH_H` is not
    followed. So the power held is the highest that the plan offers the site until then.
    """
    offered_mw = it_mw.sum(axis=0)
    ahead = max(1, round(PAUSE_WORTH_H / step_h))
    padded = np.concatenate([offered_mw, np.zeros((len(offered_mw), ahead))], axis=1)[:, : periods + ahead - 1]
    held_mw: NDArray[np.float64] = np.lib.stride_tricks.sliding_window_view(padded, ahead, axis=1).max(axis=2)
    return held_mw[:, :periods]

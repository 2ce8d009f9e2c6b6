"""Ties between feeders: what one connection would curtail goes to another that imports, after the sites have decided.

Energy that the export limit lets pass is used in its own province; sending it further would only lose some of it. So
a tie carries nothing but surplus that would be thrown away otherwise, and delivers nothing but what the other side
would have drawn from above. K ties, B feeders, n intervals; powers in MW, interval means.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from suandian.model.grid import Tie

__all__ = ["exchange"]

_Array = NDArray[np.float64]


def exchange(
    ties: Sequence[Tie], ends: NDArray[np.int64], curtailed_mw: _Array, imported_mw: _Array
) -> tuple[_Array, _Array]:
    """What leaves each tie's source for its target, and the other way, `(K, n)` each, at the sending end.

    ends                        (K, 2) indices of the feeders at which each tie begins and ends
    curtailed_mw, imported_mw   (B, n) what each connection throws away, and draws from above, without ties
    Rule, in every interval by itself: each direction asks for its limit; a connection that is asked for more than it
    throws away answers all in the same proportion, and so does one that is offered more than it imports. What
    rounding of shares leaves is given out in the order of the ties. Then no tie with room is left between surplus and
    import. A connection that throws energy away receives none. `1 − loss` of what leaves arrives.
    """
    way = np.concatenate([ends, ends[:, ::-1]]).reshape(-1, 2)
    kept_ratio = np.array([1.0 - tie.loss_ratio for tie in ties] * 2)[:, None]
    limits = [tie.forward_max_mw for tie in ties] + [tie.back_max_mw for tie in ties]
    left_mw = np.repeat(np.array(limits, dtype=np.float64)[:, None], curtailed_mw.shape[1], axis=1)
    given_mw = curtailed_mw.copy()
    taken_mw = np.where(curtailed_mw > 0.0, 0.0, imported_mw)
    wish_mw = np.where((given_mw[way[:, 0]] > 0.0) & (taken_mw[way[:, 1]] > 0.0), left_mw, 0.0)
    wish_mw *= _share_ratio(given_mw, wish_mw, way[:, 0])
    wish_mw *= _share_ratio(taken_mw, wish_mw * kept_ratio, way[:, 1])
    sent_mw = np.zeros_like(left_mw)
    for row, (giver, taker) in enumerate(way.tolist()):
        _send(row, giver, taker, wish_mw[row], kept_ratio[row, 0], sent_mw, left_mw, given_mw, taken_mw)
    for row, (giver, taker) in enumerate(way.tolist()):
        _send(row, giver, taker, left_mw[row], kept_ratio[row, 0], sent_mw, left_mw, given_mw, taken_mw)
    return sent_mw[: len(ties)], sent_mw[len(ties) :]


def _share_ratio(there_mw: _Array, asked_mw: _Array, feeder: NDArray[np.int64]) -> _Array:
    """By how much each of `asked_mw (2K, n)` is lowered so that their sum at a feeder stays within `there_mw`."""
    total_mw = np.zeros_like(there_mw)
    np.add.at(total_mw, feeder, asked_mw)
    ratio = np.ones_like(total_mw)
    np.divide(there_mw, total_mw, out=ratio, where=total_mw > there_mw)
    share_ratio: _Array = ratio[feeder]
    return share_ratio


def _send(
    row: int,
    giver: int,
    taker: int,
    wish_mw: _Array,
    kept_ratio: float,
    sent_mw: _Array,
    left_mw: _Array,
    given_mw: _Array,
    taken_mw: _Array,
) -> None:
    """Move up to `wish_mw (n,)` over one direction and note what is left of limit, surplus and import."""
    flow_mw = np.minimum(np.minimum(wish_mw, left_mw[row]), given_mw[giver])
    flow_mw = np.minimum(flow_mw, taken_mw[taker] / kept_ratio) if kept_ratio > 0.0 else np.zeros_like(flow_mw)
    sent_mw[row] += flow_mw
    left_mw[row] -= flow_mw
    given_mw[giver] -= flow_mw
    taken_mw[taker] = np.maximum(taken_mw[taker] - kept_ratio * flow_mw, 0.0)

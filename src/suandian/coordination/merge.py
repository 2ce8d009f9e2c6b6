"""Which classes the linear programme tells apart, and the groups that may share sites, gears and the way of data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.model.plan import Fleet
from suandian.model.workload import ClassTable, Pace

__all__ = ["PAIRS_MANY", "POWER_LEAST_KW", "Merge"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Number of a gear, work per energy and power of a GPU in it, relative to full speed.
Gear = tuple[int, float, float]

#: Classes that are many (where groups and sites are entangled, and where not), and the edges by which they become
#: fewer. D (engineering defaults).
_CLASSES_MANY, _CLASSES_MANY_PLAIN = 24, 36
#: With more pairs of group and site than this, groups are entangled, and HiGHS' interior point is the faster one:
#: Clarabel's factors fill in (four days of quarter hours, 48 pairs: 4.5 against 30 s; a week, 6 pairs: 1.5 s).
PAIRS_MANY = 24
_COARSER_EDGES_H: tuple[tuple[float, ...], ...] = ((24.0,), ())
#: Moving that costs more per MWh of work is not planned: above any price of energy with its demand charge, D.
_MOVE_MOST_CNY_PER_MWH = 2_000.0
#: A gear that does less than this much work per energy, relative to full speed, saves nothing worth planning.
_SAVING_LEAST_RATIO = 1.005
#: Groups whose GPUs differ by less than this in power are taken as alike, drawing the larger: a relaxation by as much.
_ALIKE_RATIO = 1.02
#: A GPU that draws less is taken to draw this, so that GPUs per MW stay finite.
POWER_LEAST_KW = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Merge:
    """Which classes the linear programme tells apart (C classes of the fleet → K), and the groups that may share sites.

    A *group* holds the classes and streams that may use the same sites in the same gears; M of them. Classes whose data
    cost something to move are only together with those of their home and their slack.

    class_to, group_of_class, slack_h    (C,) → K; (K,) → M; (K,) least slack of the merged classes
    stream_to                            (streams,) → M
    allowed                              (M, S)
    varied                               (M,) do the GPUs of a group draw unlike power? Power and GPUs are then followed
                                         apart; a group of one merged class is taken to draw `most_kw`
    least_kw, most_kw                    (M,) smallest and largest mean power of a busy GPU among classes and streams
    gears                                (M,) number of the gear that saves energy, work done per energy and power of a
                                         GPU in it, relative to full speed; () where no gear saves any
    moved_gb_per_mwh                     (M, S) data to be moved with a MWh of work done there
    located                              (C, S) the class of a job of each class whose data lie at each site
    """

    class_to: Ints
    group_of_class: Ints
    slack_h: Floats
    stream_to: Ints
    allowed: NDArray[np.bool_]
    varied: NDArray[np.bool_]
    least_kw: Floats
    most_kw: Floats
    gears: tuple[Gear | tuple[()], ...]
    moved_gb_per_mwh: Floats
    located: Ints

    @classmethod
    def few(cls, fleet: Fleet, *edges_h: tuple[float, ...] | None) -> Merge:
        """Merge by the first of `edges_h` that leaves few classes; if none does, by still coarser ones.

        Summed envelopes of merged classes are a relaxation, so a bound stays a bound; the time that a programme takes
        grows faster than the number of its classes.
        """
        for edges in (*edges_h, *_COARSER_EDGES_H):
            merge = cls.of(fleet, edges)
            # Without edges every slack is a class: county-noon's month then took over two minutes instead of 12 s.
            if len(merge.slack_h) <= (_CLASSES_MANY if edges is None or merge.is_entangled else _CLASSES_MANY_PLAIN):
                break
        return merge

    @property
    def is_entangled(self) -> bool:
        """Do many groups share the sites? Then every class costs more time, and another solver is the faster one."""
        return int(self.allowed.sum()) > PAIRS_MANY

    @classmethod
    def of(cls, fleet: Fleet, slack_edges_h: tuple[float, ...] | None = None) -> Merge:
        """Merge classes of one group whose slack falls between the same edges (without edges: of equal slack).

        Adding the envelopes of merged classes relaxes the problem: a bound stays a bound.
        """
        sites, table = len(fleet.sites), fleet.classes
        classes = len(table)
        weights = 1 << np.arange(sites, dtype=np.int64)
        allowed, home = _worth_moving(table, sites, fleet.transfer.price_cny_per_gb)
        reach = np.concatenate([allowed, fleet.stream_allowed.reshape(-1, sites)])
        slack_h = table.slack_h
        bucket = slack_h if slack_edges_h is None else np.searchsorted(np.array(slack_edges_h), slack_h, side="right")
        streams = np.zeros(len(fleet.stream_ids), dtype=np.int64)
        gears = tuple(dict.fromkeys([(), *(_saving_gear(pace) for pace in table.paces)]))
        saving = np.array([gears.index(_saving_gear(pace)) for pace in table.paces], dtype=np.int64)[table.pace]
        rank = np.unique(bucket, return_inverse=True)[1].ravel()
        tied = np.where(home >= 0, rank, -1)
        # Whole numbers: the mask of more than 53 sites would not survive as a float.
        keys = np.stack(
            [
                reach @ weights,
                np.concatenate([home, streams - 1]),
                np.concatenate([saving, streams]),
                np.concatenate([tied, streams - 1]),
            ],
            axis=1,
        )
        unique, group = np.unique(keys, axis=0, return_inverse=True)
        group = group.ravel()
        power_kw = np.maximum(np.concatenate([table.power_per_gpu_kw, fleet.stream_power_per_gpu_kw]), POWER_LEAST_KW)
        least_kw, most_kw = np.full(len(unique), np.inf), np.zeros(len(unique))
        np.minimum.at(least_kw, group, power_kw)
        np.maximum.at(most_kw, group, power_kw)
        merged, class_to = np.unique(
            np.stack([group[:classes].astype(float), bucket.astype(float)], axis=1), axis=0, return_inverse=True
        )
        least_h = np.full(len(merged), np.inf)
        np.minimum.at(least_h, class_to.ravel(), slack_h)
        gravity = np.full(len(unique), np.inf)
        np.minimum.at(gravity, group[:classes], table.data_gb_per_mwh)
        parts = np.bincount(merged[:, 0].astype(np.int64), minlength=len(unique))
        parts += np.bincount(group[classes:], minlength=len(unique))
        of_group = unique[:, 1]
        away = (of_group[:, None] >= 0) & (of_group[:, None] != np.arange(sites))
        return cls(
            class_to.ravel().astype(np.int64),
            merged[:, 0].astype(np.int64),
            least_h,
            group[classes:],
            (unique[:, 0][:, None] & weights[None, :]) != 0,
            (most_kw > _ALIKE_RATIO * least_kw) & (parts > 1),
            least_kw,
            most_kw,
            tuple(gears[int(number)] for number in unique[:, 2]),
            np.where(away, np.where(np.isfinite(gravity), gravity, 0.0)[:, None], 0.0),
            _located(table, sites),
        )


def _worth_moving(table: ClassTable, sites: int, price_cny_per_gb: float) -> tuple[NDArray[np.bool_], Ints]:
    """Sites `(C, S)` where a class is planned, and its home (−1: free to move, or not at all) `(C,)`.

    Where a MWh of work has so much data that moving it costs more than energy ever does, it stays at home.
    """
    allowed = table.allowed(sites)
    dear = (table.home >= 0) & (table.data_gb_per_mwh * price_cny_per_gb > _MOVE_MOST_CNY_PER_MWH)
    at_home = table.home[:, None] == np.arange(sites)
    return np.where(dear[:, None], at_home & allowed, allowed), np.where(dear, -1, table.home)


def _saving_gear(pace: Pace) -> Gear | tuple[()]:
    """The gear that does the most work per energy. Those between it and full speed lie within half a per cent of the
    line between the two, and those that save nothing (fewer GPUs) change nothing for divisible work."""
    rows = list(zip(pace.gpu_ratio, pace.power_ratio, pace.speed_ratio, strict=True))
    work = [speed / (gpus * power) for gpus, power, speed in rows]
    best = max(range(pace.gears), key=lambda number: (round(work[number], 3), -number))
    return (best, work[best], rows[best][1]) if work[best] > _SAVING_LEAST_RATIO else ()


def _located(table: ClassTable, sites: int) -> Ints:
    """`(C, S)`: the class with the same slack, sites and pace whose home is the site, else the class itself."""
    same = (
        (table.slack_h[:, None] == table.slack_h)
        & (table.sites_allowed[:, None] == table.sites_allowed)
        & (table.pace[:, None] == table.pace)
        & (table.home[:, None] >= 0)
    )
    located = np.repeat(np.arange(len(table), dtype=np.int64)[:, None], sites, axis=1)
    for site in range(sites):
        found = same & (table.home[None, :] == site)
        located[:, site] = np.where(found.any(axis=1), found.argmax(axis=1), located[:, site])
    return located

"""What the placement kernel remembers between calls: one row of integers per job, bitmaps, calendars, ledgers.

Jobs are renumbered by (class, site mask, ⌊log2 gang⌋, deadline): the number is called *rank*. Jobs of one (class,
mask, gang) form a *bucket*, a contiguous range of ranks in deadline order. All times are Unix seconds, all powers whole
microwatts, so that running sums never drift.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from suandian.coordination.placement_bits import empty_sets
from suandian.model.workload import FLEXIBILITY_LABELS, ClassTable, JobTable
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["State", "build_state", "class_order"]

Ints = NDArray[np.int64]

#: Columns of `State.jobs`.
ROW, GPUS, POWER, DUE, REMAIN, CHECKPOINT, HOME, MASK, CLASS, PREEMPTIBLE = range(10)
EDF, BUCKET, URGENT_BUCKET, URGENT_RANK, VICTIM_RANK = range(10, 15)
STATUS, SITE, FINISH, NEXT, PREVIOUS, SLOT, MARK, PAUSED_AT = range(15, 23)
JOB_COLUMNS = 23

#: Values of STATUS.
FUTURE, WAITING, PAUSED, RUNNING, FINISHED = range(5)
#: Bits of MARK: urgent; may be paused (runs with slack); pinned (would be paused, but has no slack); counted override.
URGENT, PAUSABLE, PINNED, OVERRODE = 1, 2, 4, 8

LABELS = len(FLEXIBILITY_LABELS)
#: Columns of `State.site`; from LABEL_POWER on µW running by label, from LABEL_SHORT on the µW·s by which the current
#: interval falls short of a full one.
USED, TOTAL, PAUSABLE_GPUS, OVERRIDDEN, CAP, PLANNED, SHORT_GPU_S, INSTALLED, ORDER, KEPT, HELD = range(11)
LABEL_POWER = 11
LABEL_SHORT = LABEL_POWER + LABELS
SITE_COLUMNS = LABEL_SHORT + LABELS

#: Columns of `State.group`, one row per class (and one more to end the last class); from CLASS_POWER on µW running by
#: site, from CLASS_POWER + S on µW planned by site.
LABEL, FIRST_BUCKET, READY, CLASS_POWER = range(4)

#: Rows of `State.orders`: by rank of victims, by urgent rank, by release (and when), by submission (and when), and the
#: jobs submitted, without those that had finished when the queue was last read.
BY_VICTIM, BY_URGENT, BY_RELEASE, RELEASE_S, BY_SUBMISSION, SUBMITTED_S, LIST = range(7)

#: First index of `State.tables`.
READY_TABLE, URGENT_TABLE = 0, 1
#: Columns of the bucket tables.
FIRST, END, GPUS_LEAST, POWER_LEAST, ALLOWED = range(5)

#: Entries of `State.clock`.
START, STEP, PERIODS, INDEX, RELEASED, SUBMITTED, ALIVE, LISTED = range(8)
AT_ONCE, MAY_PAUSE, RANKED, EVENTS, OVERRIDES = range(8, 13)
CLOCK_ENTRIES = 13

#: Calendars: `State.heads[LATEST]` lists waiting jobs by latest start, `State.heads[FINISHES]` running ones by end.
#: Constants that are passed to compiled functions are NumPy integers: for a Python one each value is compiled anew.
LATEST, FINISHES = np.int64(0), np.int64(1)

MICROWATTS_PER_MW = 1_000_000_000_000
#: Powers of two that a gang may reach.
OCTAVES = 32


class State(NamedTuple):
    """Arrays of the kernel (n jobs, S sites, C classes in order of urgency, K buckets at most, T periods).

    Few arrays of many columns: every array more costs the compiler a second.

    jobs       (n, JOB_COLUMNS), row = rank
    sets       bitmaps: 0 waiting, 1…S paused at a site, S+1 urgent, then S of pausable, then S of pinned jobs
    members    (2 + S, K) jobs by bucket in the waiting, the paused and the urgent sets
    heads      (2, T) first job of each calendar slot
    site       (S, SITE_COLUMNS) ledger of each site
    group      (C + 1, CLASS_POWER + 2 S) table and ledger of each class
    tables     (2, K, 5) ready buckets and urgent buckets
    orders     (7, n)
    clock      (CLOCK_ENTRIES,)
    """

    jobs: Ints
    sets: NDArray[np.uint64]
    members: Ints
    heads: Ints
    site: Ints
    group: Ints
    tables: Ints
    orders: Ints
    clock: Ints


def class_order(classes: ClassTable) -> Ints:
    """Rows of the class table from most to least urgent: by label, then by slack, then as listed."""
    return np.lexsort((np.arange(len(classes)), classes.slack_h, classes.label_index)).astype(np.int64)


def build_state(jobs: JobTable, class_index: Ints, classes: ClassTable, site_gpus: Ints, axis: TimeAxis) -> State:
    """The state before the first interval. Raises `DataError` for a job that fits on none of its sites."""
    sites, count = len(site_gpus), len(jobs)
    order = class_order(classes)
    position = np.empty(len(classes), dtype=np.int64)
    position[order] = np.arange(len(classes))
    _refuse_impossible(jobs, site_gpus)
    masks = np.unique(jobs.sites_allowed)
    octave = np.frexp(np.arange(int(jobs.gpus_max.max(initial=1)) + 1))[1].astype(np.int64)
    place = np.searchsorted(masks, jobs.sites_allowed) * OCTAVES + octave[jobs.gpus_max]
    class_of = position[class_index]
    urgent_bucket, urgent_keys = _dense(place, len(masks) * OCTAVES)
    bucket, bucket_keys = _dense(class_of * (len(masks) * OCTAVES) + place, len(classes) * len(masks) * OCTAVES)
    by_due = np.argsort(jobs.due_s, kind="stable")
    rank_to_row, buckets = _sort_by(by_due, bucket, len(bucket_keys))
    row_to_rank = _inverse(rank_to_row)
    columns = _job_columns(jobs, rank_to_row, axis)
    columns[:, CLASS] = class_of[rank_to_row]
    columns[:, BUCKET] = bucket[rank_to_row]
    columns[:, URGENT_BUCKET] = urgent_bucket[rank_to_row]
    by_due_rank = row_to_rank[by_due]
    columns[:, EDF] = _inverse(by_due_rank)
    by_victim, _ = _sort_by(by_due_rank, columns[:, CLASS], len(classes))
    by_urgent, urgent_buckets = _sort_by(by_due_rank, columns[:, URGENT_BUCKET], len(urgent_keys))
    columns[:, VICTIM_RANK] = _inverse(by_victim)
    columns[:, URGENT_RANK] = _inverse(by_urgent)
    _complete(buckets, columns, BUCKET)
    _complete(urgent_buckets, columns, URGENT_BUCKET)
    by_submission = np.argsort(jobs.submitted_s, kind="stable")
    most = max(len(buckets), len(urgent_buckets), 1)
    tables = np.zeros((2, most, 5), dtype=np.int64)
    tables[READY_TABLE, : len(buckets)] = buckets
    tables[URGENT_TABLE, : len(urgent_buckets)] = urgent_buckets
    group = np.zeros((len(classes) + 1, CLASS_POWER + 2 * sites), dtype=np.int64)
    group[:-1, LABEL] = classes.label_index[order]
    group[:, FIRST_BUCKET] = np.searchsorted(bucket_keys, np.arange(len(classes) + 1) * (len(masks) * OCTAVES))
    site = np.zeros((sites, SITE_COLUMNS), dtype=np.int64)
    site[:, INSTALLED] = site_gpus
    clock = np.zeros(CLOCK_ENTRIES, dtype=np.int64)
    clock[[START, STEP, PERIODS]] = axis.start_s, axis.step_s, axis.periods
    orders = np.empty((7, count), dtype=np.int64)
    orders[BY_VICTIM], orders[BY_URGENT] = by_victim, by_urgent
    orders[BY_RELEASE], orders[RELEASE_S] = row_to_rank, jobs.released_s  # rows are ordered by release
    orders[BY_SUBMISSION], orders[SUBMITTED_S] = row_to_rank[by_submission], jobs.submitted_s[by_submission]
    return State(
        jobs=columns,
        sets=empty_sets(2 + 3 * sites, count),
        members=np.zeros((2 + sites, most), dtype=np.int64),
        heads=np.full((2, axis.periods), -1, dtype=np.int64),
        site=site,
        group=group,
        tables=tables,
        orders=orders,
        clock=clock,
    )


def _refuse_impossible(jobs: JobTable, site_gpus: Ints) -> None:
    bits = np.uint64(1) << np.arange(len(site_gpus), dtype=np.uint64)
    largest = np.zeros(len(jobs), dtype=np.int64)
    for bit, gpus in zip(bits, site_gpus, strict=True):
        np.maximum(largest, np.where(jobs.sites_allowed & bit, gpus, 0), out=largest)
    bad = np.flatnonzero(jobs.gpus_max > largest)
    if len(bad):
        row = int(bad[0])
        raise DataError(
            f"jobs.gpus_max: row {row} (id {int(jobs.id[row])}) needs {int(jobs.gpus_max[row])} GPUs at once, its "
            f"sites have at most {int(largest[row])}; {len(bad)} such jobs: allow a larger site or a smaller gang"
        )


def _job_columns(jobs: JobTable, rows: Ints, axis: TimeAxis) -> Ints:
    """The columns that come straight from the job table, in the order of `rows`."""
    columns = np.zeros((len(jobs), JOB_COLUMNS), dtype=np.int64)
    gpus = jobs.gpus_max[rows]
    columns[:, ROW] = rows
    columns[:, GPUS] = gpus
    columns[:, POWER] = np.rint(gpus * jobs.power_per_gpu_kw[rows] * (MICROWATTS_PER_MW // 1000))
    columns[:, DUE] = jobs.due_s[rows]
    columns[:, REMAIN] = np.maximum(jobs.duration_s, 1)[rows]
    columns[:, CHECKPOINT] = np.ceil(jobs.checkpoint_h * 3600.0 - 1e-6)[rows]
    columns[:, HOME] = jobs.home[rows]
    columns[:, MASK] = jobs.sites_allowed.view(np.int64)[rows]
    columns[:, PREEMPTIBLE] = jobs.preemptible[rows]
    columns[:, SITE] = columns[:, SLOT] = -1
    columns[:, PAUSED_AT] = axis.start_s - 1
    return columns


def _dense(key: Ints, keys: int) -> tuple[Ints, Ints]:
    """Keys below `keys` renumbered without holes, and the keys that occur, ascending."""
    present = np.flatnonzero(np.bincount(key, minlength=keys))
    number = np.zeros(keys, dtype=np.int64)
    number[present] = np.arange(len(present))
    return number[key], present


def _inverse(order: Ints) -> Ints:
    """Where each of `0 … n−1` stands in `order`."""
    inverse = np.empty_like(order)
    inverse[order] = np.arange(len(order))
    return inverse


def _sort_by(order: Ints, key: Ints, keys: int) -> tuple[Ints, Ints]:
    """`order` sorted stably by key (counting sort), and the table of the keys' ranges with columns FIRST and END."""
    ends = np.cumsum(np.bincount(key, minlength=keys)).astype(np.int64)
    table = np.zeros((keys, 5), dtype=np.int64)
    table[1:, FIRST] = ends[:-1]
    table[:, END] = ends
    return _scatter(order, key, table[:, FIRST].copy()), table


@njit(cache=True)
def _scatter(order: Ints, key: Ints, free: Ints) -> Ints:
    out = np.empty_like(order)
    for index in order:
        out[free[key[index]]] = index
        free[key[index]] += 1
    return out


def _complete(table: Ints, columns: Ints, column: int) -> None:
    """Fill the least gang, the least power and the site mask of every bucket."""
    if not len(columns):
        return
    _fill_least(table, columns, column)


@njit(cache=True)
def _fill_least(table: Ints, columns: Ints, column: int) -> None:
    table[:, GPUS_LEAST] = np.iinfo(np.int64).max
    table[:, POWER_LEAST] = np.iinfo(np.int64).max
    for rank in range(len(columns)):
        row = table[columns[rank, column]]
        row[GPUS_LEAST] = min(row[GPUS_LEAST], columns[rank, GPUS])
        row[POWER_LEAST] = min(row[POWER_LEAST], columns[rank, POWER])
        row[ALLOWED] = columns[rank, MASK]

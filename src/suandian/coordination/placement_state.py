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
from suandian.model.workload import FLEXIBILITY_LABELS, GEARS_MAX, ClassTable, JobTable
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["State", "build_state", "class_order", "gear_gpus", "gear_power"]

Ints = NDArray[np.int64]

#: Columns of `State.jobs`. GPUS and POWER are those of the current gear; REMAIN is seconds at full speed that remained
#: when the job last started, or remain if it does not run. Of jobs with gears, UNITS (thousandths of such a second)
#: remained at the instant SINCE. WORST is the most that a pause may cost, PAUSES_LEFT 0 where none is allowed.
#: FINISH is the end of a run, or when the data of a moving job arrive.
#: The first sixteen columns, two cache lines, are all that is read of a job that is looked at and refused.
EDF, STATUS, SITE, HOME, MASK, CLASS, FULL_GPUS, FULL_POWER = range(8)
REMAIN, DUE, TRANSFER, PAUSED_AT, GEAR, BUCKET, GPUS, POWER = range(8, 16)
ROW, WORST, PAUSES_LEFT, MARK, FINISH, NEXT, PREVIOUS, SLOT = range(16, 24)
URGENT_BUCKET, URGENT_RANK, VICTIM_RANK, UNITS, SINCE, EVERY, CHECKPOINT = range(24, 31)
JOB_COLUMNS = 32  # the last is empty: four whole cache lines a job

#: Values of STATUS. A job whose data arrived elsewhere before it ever ran is PAUSED there.
FUTURE, WAITING, PAUSED, RUNNING, FINISHED, MOVING = range(6)
#: Bits of MARK: urgent; may be paused (runs with slack); pinned (would be paused, but has no slack); counted override;
#: has run before.
URGENT, PAUSABLE, PINNED, OVERRODE, HAS_RUN = 1, 2, 4, 8, 16

LABELS = len(FLEXIBILITY_LABELS)
#: Columns of `State.site`; from LABEL_POWER on µW running by label, from LABEL_SHORT on the µW·s by which the current
#: interval falls short of a full one.
#: COMING_GPUS and COMING_POWER are kept for jobs whose data are on their way.
USED, TOTAL, PAUSABLE_GPUS, OVERRIDDEN, CAP, PLANNED, SHORT_GPU_S, INSTALLED, ORDER, KEPT, HELD = range(11)
COMING_GPUS, COMING_POWER, SLOWED = range(11, 14)
LABEL_POWER = 14
LABEL_SHORT = LABEL_POWER + LABELS
SITE_COLUMNS = LABEL_SHORT + LABELS

#: Columns of `State.group`, one row per class (and one more to end the last class): thousandths of full GPUs, power and
#: speed by gear; from CLASS_POWER on µW running by site, from CLASS_POWER + S on µW planned by site, from
#: CLASS_POWER + 2 S on the gear that the plan wants at each site.
LABEL, FIRST_BUCKET, READY, GEARS = range(4)
GEAR_GPUS, GEAR_POWER, GEAR_SPEED = 4, 4 + GEARS_MAX, 4 + 2 * GEARS_MAX
CLASS_POWER = 4 + 3 * GEARS_MAX

#: Rows of `State.orders`: by rank of victims, by urgent rank, by release (and when), by submission (and when), and the
#: jobs submitted, without those that had finished when the queue was last read.
BY_VICTIM, BY_URGENT, BY_RELEASE, RELEASE_S, BY_SUBMISSION, SUBMITTED_S, LIST = range(7)

#: First index of `State.tables`.
READY_TABLE, URGENT_TABLE = np.int64(0), np.int64(1)
#: Columns of the bucket tables.
FIRST, END, GPUS_LEAST, POWER_LEAST, ALLOWED = range(5)

#: Entries of `State.clock`.
START, STEP, PERIODS, INDEX, RELEASED, SUBMITTED, ALIVE, LISTED = range(8)
AT_ONCE, MAY_PAUSE, RANKED, EVENTS, OVERRIDES = range(8, 13)
CLOCK_ENTRIES = 13

#: Calendars: `State.heads[LATEST]` lists waiting jobs by latest start, `State.heads[FINISHES]` running ones by end,
#: `State.heads[ARRIVES]` moving ones by the interval from which they may run where their data are.
#: Constants that are passed to compiled functions are NumPy integers: for a Python one each value is compiled anew.
LATEST, FINISHES, ARRIVES = np.int64(0), np.int64(1), np.int64(2)

MICROWATTS_PER_MW = 1_000_000_000_000
#: Work is kept in thousandths of a second at full speed while a job runs.
UNITS_PER_S = 1000
#: Powers of two that a gang may reach.
OCTAVES = 32


class State(NamedTuple):
    """Arrays of the kernel (n jobs, S sites, C classes in order of urgency, K buckets at most, T periods).

    Few arrays of many columns: every array more costs the compiler a second.

    jobs       (n, JOB_COLUMNS), row = rank
    sets       bitmaps: 0 waiting, 1…S paused at a site, S+1 urgent, then S each of pausable, pinned, slowable jobs
    members    (3 + S, K) jobs by bucket in the waiting, the paused and the urgent sets, and in all but the urgent
    heads      (3, T) first job of each calendar slot
    site       (S, SITE_COLUMNS) ledger of each site
    group      (C + 1, CLASS_POWER + 3 S) table and ledger of each class
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


def build_state(
    jobs: JobTable,
    class_index: Ints,
    classes: ClassTable,
    site_gpus: Ints,
    axis: TimeAxis,
    transfer_s: Ints | None = None,
) -> State:
    """The state before the first interval. Raises `DataError` for a job that fits on none of its sites.

    `transfer_s (jobs,)` is how long the data of each job take to another site; without it, moving takes no time.
    """
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
    columns[:, TRANSFER] = 0 if transfer_s is None else transfer_s[rank_to_row]
    columns[:, BUCKET] = bucket[rank_to_row]
    columns[:, URGENT_BUCKET] = urgent_bucket[rank_to_row]
    by_due_rank = row_to_rank[by_due]
    columns[:, EDF] = _inverse(by_due_rank)
    by_victim, _ = _sort_by(by_due_rank, columns[:, CLASS], len(classes))
    by_urgent, urgent_buckets = _sort_by(by_due_rank, columns[:, URGENT_BUCKET], len(urgent_keys))
    columns[:, VICTIM_RANK] = _inverse(by_victim)
    columns[:, URGENT_RANK] = _inverse(by_urgent)
    group = _groups(classes, order, sites)
    _complete(buckets, columns, BUCKET, group)
    _complete(urgent_buckets, columns, URGENT_BUCKET, group)
    by_submission = np.argsort(jobs.submitted_s, kind="stable")
    most = max(len(buckets), len(urgent_buckets), 1)
    tables = np.zeros((2, most, 5), dtype=np.int64)
    tables[READY_TABLE, : len(buckets)] = buckets
    tables[URGENT_TABLE, : len(urgent_buckets)] = urgent_buckets
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
        sets=empty_sets(2 + 4 * sites, count),
        members=np.zeros((3 + sites, most), dtype=np.int64),
        heads=np.full((3, axis.periods), -1, dtype=np.int64),
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
    columns[:, GPUS] = columns[:, FULL_GPUS] = gpus
    columns[:, FULL_POWER] = np.rint(gpus * jobs.power_per_gpu_kw[rows] * (MICROWATTS_PER_MW // 1000))
    columns[:, POWER] = columns[:, FULL_POWER]
    columns[:, DUE] = jobs.due_s[rows]
    columns[:, REMAIN] = np.maximum(jobs.duration_s, 1)[rows]
    columns[:, CHECKPOINT] = np.ceil(jobs.checkpoint_h * 3600.0 - 1e-6)[rows]
    columns[:, HOME] = jobs.home[rows]
    columns[:, MASK] = jobs.sites_allowed.view(np.int64)[rows]
    columns[:, EVERY] = np.rint(jobs.checkpoint_every_h * 3600.0)[rows]
    columns[:, WORST] = columns[:, CHECKPOINT] + columns[:, EVERY]
    columns[:, PAUSES_LEFT] = np.where(jobs.preemptible, jobs.interruptions_max, 0)[rows]
    columns[:, SITE] = columns[:, SLOT] = -1
    columns[:, PAUSED_AT] = axis.start_s - 1
    return columns


def _groups(classes: ClassTable, order: Ints, sites: int) -> Ints:
    """The table of the classes, most urgent first, without their buckets."""
    group = np.zeros((len(classes) + 1, CLASS_POWER + 3 * sites), dtype=np.int64)
    group[:-1, LABEL] = classes.label_index[order]
    for row, number in enumerate(classes.pace[order]):
        pace = classes.paces[int(number)]
        group[row, GEARS] = pace.gears
        shares = ((GEAR_GPUS, pace.gpu_ratio), (GEAR_POWER, pace.power_ratio), (GEAR_SPEED, pace.speed_ratio))
        for first, ratio in shares:
            group[row, first : first + pace.gears] = np.rint(np.array(ratio) * 1000)
    return group


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


def _complete(table: Ints, columns: Ints, column: int, group: Ints) -> None:
    """Fill the least gang, the least power and the site mask of every bucket."""
    if not len(columns):
        return
    _fill_least(table, columns, column, group)


# Rows are named by number and not handed over as views: a view costs more than all that is done with it.
@njit(cache=True)
def gear_gpus(jobs: Ints, group: Ints, rank: int | np.int64, gear: int | np.int64) -> int:
    """GPUs that a job holds in a gear of its class: the share of `gpus_max`, rounded up."""
    if gear == 0:
        return int(jobs[rank, FULL_GPUS])
    return int(-(-jobs[rank, FULL_GPUS] * group[jobs[rank, CLASS], GEAR_GPUS + gear] // 1000))


@njit(cache=True)
def gear_power(jobs: Ints, group: Ints, rank: int | np.int64, gear: int | np.int64) -> int:
    """µW above idle that a job draws in a gear of its class: shares of GPUs and power, whole GPUs or not."""
    if gear == 0:
        return int(jobs[rank, FULL_POWER])
    # Divided in between: both shares in thousandths at once would leave 64 bits.
    shared = jobs[rank, FULL_POWER] * group[jobs[rank, CLASS], GEAR_GPUS + gear] // 1000
    return int(shared * group[jobs[rank, CLASS], GEAR_POWER + gear] // 1000)


@njit(cache=True)
def _fill_least(table: Ints, columns: Ints, column: int, group: Ints) -> None:
    table[:, GPUS_LEAST] = np.iinfo(np.int64).max
    table[:, POWER_LEAST] = np.iinfo(np.int64).max
    for rank in range(len(columns)):
        row = columns[rank, column]
        deepest = group[columns[rank, CLASS], GEARS] - 1
        table[row, GPUS_LEAST] = min(table[row, GPUS_LEAST], gear_gpus(columns, group, rank, deepest))
        table[row, POWER_LEAST] = min(table[row, POWER_LEAST], gear_power(columns, group, rank, deepest))
        table[row, ALLOWED] = columns[rank, MASK]

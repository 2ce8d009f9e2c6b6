"""Jobs into classes: one flexibility label, one range of slack, one set of permitted sites each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suandian.model.workload import ClassTable, JobTable

__all__ = ["LABEL_RULES", "LABEL_RULES_VERSION", "SLACK_EDGES_H", "assign", "classify", "label_of_slack"]

#: Lower edges of the slack buckets; slack is rounded down to them, so a class never promises more than its jobs have.
SLACK_EDGES_H: tuple[float, ...] = (0, 1, 4, 8, 16, 24, 48, 96, 168)

#: Version → (slack from which the label holds, label). D: proposal of the project after the usual literature types
#: (short deferrable, long interruptible, …). F0 and F1 are interactive streams, never jobs.
LABEL_RULES: dict[str, tuple[tuple[float, str], ...]] = {
    "2026-11": ((0.0, "F2"), (1.0, "F3"), (24.0, "F4"), (96.0, "F5")),
}
LABEL_RULES_VERSION = "2026-11"


def label_of_slack(slack_h: float, version: str = LABEL_RULES_VERSION) -> str:
    """The flexibility label of a job that may be put off by `slack_h` hours."""
    label = LABEL_RULES[version][0][1]
    for least_h, name in LABEL_RULES[version]:
        if slack_h >= least_h:
            label = name
    return label


def classify(jobs: JobTable, *, tied: bool = False) -> tuple[ClassTable, NDArray[np.int64]]:
    """The non-empty classes of `jobs` and the row of each job in them, shape `(jobs,)`.

    Classes are ordered by slack bucket, then by site mask, pace and home. `slack_h` is the lower edge of the bucket;
    `power_per_gpu_kw` is weighted by work. The bucket edges contain the label thresholds, so a bucket has one label.
    With `tied`, moving costs something: jobs that may move are kept apart by home, and `data_gb_per_mwh` is told.
    """
    home = np.where(tied & _movable(jobs), jobs.home.astype(np.int64), -1)
    keys = np.stack([_bucket(jobs), jobs.sites_allowed.view(np.int64), jobs.pace.astype(np.int64), home], axis=1)
    unique, class_index = _numbered(keys)
    count = len(unique)
    work_gpu_h = np.bincount(class_index, weights=jobs.work_gpu_h, minlength=count)
    energy_mwh = np.bincount(class_index, weights=jobs.energy_mwh, minlength=count)
    data_gb = np.bincount(class_index, weights=jobs.data_gb, minlength=count)
    slack_h = np.array(SLACK_EDGES_H, dtype=np.float64)[unique[:, 0]]
    table = ClassTable(
        label=tuple(label_of_slack(float(slack)) for slack in slack_h),
        slack_h=slack_h,
        sites_allowed=unique[:, 1].astype(np.uint64),
        power_per_gpu_kw=energy_mwh / work_gpu_h * 1000.0,
        home=unique[:, 3],
        data_gb_per_mwh=np.where(unique[:, 3] >= 0, data_gb / np.maximum(energy_mwh, 1e-12), 0.0),
        pace=unique[:, 2],
        paces=jobs.paces,
    )
    return table, class_index


def _movable(jobs: JobTable) -> NDArray[np.bool_]:
    """Is more than one site allowed?"""
    movable: NDArray[np.bool_] = (jobs.sites_allowed & (jobs.sites_allowed - np.uint64(1))) != 0
    return movable


def _numbered(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows that occur in `keys (jobs, k)`, ascending, and the number of each job's row among them."""
    number = np.zeros(len(keys), dtype=np.int64)
    # Column by column through small codes: sorting a million rows of four columns takes seconds.
    for column in keys.T:
        values, code = np.unique(column, return_inverse=True)
        number = number * max(len(values), 1) + code
    _, first, class_index = np.unique(number, return_index=True, return_inverse=True)
    return keys[first], class_index.ravel().astype(np.int64)


def assign(jobs: JobTable, classes: ClassTable) -> NDArray[np.int64]:
    """Rows of `jobs` (of another period, say) in existing `classes`, shape `(jobs,)`.

    A job goes to the class with its site mask, home and pace and the largest slack that it still has; if none is so
    impatient, to the least patient one of them. A pace that no class has counts as full speed (paces are compared by
    id); −1 if no class has the mask.
    """
    tied = bool((classes.home >= 0).any())
    home = np.where(tied & _movable(jobs), jobs.home.astype(np.int64), -1)
    of_id = {pace.id: number for number, pace in enumerate(classes.paces)}
    pace = np.array([of_id.get(entry.id, 0) for entry in jobs.paces], dtype=np.int64)[jobs.pace]
    result = np.full(len(jobs), -1, dtype=np.int64)
    slack_h = jobs.slack_h
    for mask in np.unique(classes.sites_allowed):
        of_mask = classes.sites_allowed == mask
        kin = np.unique(np.stack([classes.home, classes.pace], axis=1)[of_mask], axis=0)
        here = jobs.sites_allowed == mask
        for at, slowed in kin[np.argsort(kin[:, 1] == 0, kind="stable")[::-1]]:
            # Full speed first, for all; the other paces then take their own away.
            rows = np.flatnonzero(here & (home == at) & ((pace == slowed) | (slowed == 0)))
            candidates = np.flatnonzero(of_mask & (classes.home == at) & (classes.pace == slowed))
            candidates = candidates[np.argsort(classes.slack_h[candidates], kind="stable")]
            place = np.searchsorted(classes.slack_h[candidates], slack_h[rows], side="right") - 1
            result[rows] = candidates[np.maximum(place, 0)]
    return result


def _bucket(jobs: JobTable) -> NDArray[np.int64]:
    slack_s = np.maximum(jobs.due_s - jobs.released_s - jobs.duration_s, 0)
    edges_s = np.array(SLACK_EDGES_H, dtype=np.float64) * 3600.0
    bucket: NDArray[np.int64] = np.searchsorted(edges_s, slack_s, side="right") - 1
    return bucket

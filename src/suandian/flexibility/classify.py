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


def classify(jobs: JobTable) -> tuple[ClassTable, NDArray[np.int64]]:
    """The non-empty classes of `jobs` and the row of each job in them, shape `(jobs,)`.

    Classes are ordered by slack bucket, then by site mask. `slack_h` is the lower edge of the bucket;
    `power_per_gpu_kw` is weighted by work. The bucket edges contain the label thresholds, so a bucket has one label.
    """
    masks, mask_row = np.unique(jobs.sites_allowed, return_inverse=True)
    key = _bucket(jobs) * len(masks) + mask_row
    used = np.flatnonzero(np.bincount(key, minlength=len(SLACK_EDGES_H) * len(masks)))
    row_of_key = np.full(len(SLACK_EDGES_H) * len(masks), -1, dtype=np.int64)
    row_of_key[used] = np.arange(len(used))
    class_index = row_of_key[key]
    work_gpu_h = np.bincount(class_index, weights=jobs.work_gpu_h, minlength=len(used))
    energy_mwh = np.bincount(class_index, weights=jobs.energy_mwh, minlength=len(used))
    slack_h = np.array(SLACK_EDGES_H, dtype=np.float64)[used // max(len(masks), 1)]
    table = ClassTable(
        label=tuple(label_of_slack(float(slack)) for slack in slack_h),
        slack_h=slack_h,
        sites_allowed=masks[used % max(len(masks), 1)] if len(masks) else masks,
        power_per_gpu_kw=energy_mwh / work_gpu_h * 1000.0,
    )
    return table, class_index


def assign(jobs: JobTable, classes: ClassTable) -> NDArray[np.int64]:
    """Rows of `jobs` (of another period, say) in existing `classes`, shape `(jobs,)`.

    A job goes to the class with its site mask and the largest slack that it still has; if none is so impatient, to
    the least patient one of that mask; −1 if no class has its mask.
    """
    result = np.full(len(jobs), -1, dtype=np.int64)
    slack_h = jobs.slack_h
    for mask in np.unique(classes.sites_allowed):
        rows = np.flatnonzero(jobs.sites_allowed == mask)
        candidates = np.flatnonzero(classes.sites_allowed == mask)
        candidates = candidates[np.argsort(classes.slack_h[candidates], kind="stable")]
        place = np.searchsorted(classes.slack_h[candidates], slack_h[rows], side="right") - 1
        result[rows] = candidates[np.maximum(place, 0)]
    return result


def _bucket(jobs: JobTable) -> NDArray[np.int64]:
    slack_s = np.maximum(jobs.due_s - jobs.released_s - jobs.duration_s, 0)
    edges_s = np.array(SLACK_EDGES_H, dtype=np.float64) * 3600.0
    bucket: NDArray[np.int64] = np.searchsorted(edges_s, slack_s, side="right") - 1
    return bucket

"""Listings of Kubernetes: `kubectl get jobs,pods -A -o json`, and Kueue's `kubectl get workloads -A -o json`.

One record for each Job, for each Workload whose Job is not listed beside it, and for each Pod that belongs to no listed
Job or Workload. Times are UTC (RFC 3339).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from suandian.adapters.traces.cells import UNKNOWN
from suandian.adapters.traces.entries import Gathered, as_dict, as_list, entries
from suandian.adapters.traces.formats import Format, Head
from suandian.adapters.traces.kubequantity import pod_request
from suandian.adapters.traces.power import PowerModel, power_model
from suandian.adapters.traces.sieve import Origin, settle
from suandian.adapters.traces.text import Truncated
from suandian.model.records import JobRecords, Remark

__all__ = ["FORMAT", "read"]

_QUEUE = "kueue.x-k8s.io/queue-name"
_KINDS = ("Job", "Workload", "Pod")
_PHASES: Mapping[str, str] = {
    "Succeeded": "completed",
    "Failed": "failed",
    "Running": "running",
    "Pending": "pending",
}


def read(path: str | Path, *, power: str | PowerModel = "a100", truncated: Truncated = "refuse") -> JobRecords:
    """Jobs, Kueue Workloads and Pods of a listing; `kind` is the queue, else the priority class; `user` the namespace.

    A Job is as wide as the pods that run at once (`parallelism`, at most `completions`), a Workload as its pod sets.
    Raises `DataError` for a file that is no such listing.
    """
    file = Path(path)
    gathered = _Listing()
    with entries(file, "items", truncated=truncated) as found:
        for number, entry in found:
            gathered.add(number, as_dict(entry))
        remarks = tuple(found.remarks)
    rows, dropped = gathered.rows()
    origin = Origin(
        "kubernetes", f"{file.name}: listing of Kubernetes objects", "times in UTC (RFC 3339)", absolute=True
    )
    return settle([rows], origin, power_model(power), repaired=remarks, dropped=dropped)


class _Listing:
    """Entries of all kinds, and who owns whom."""

    def __init__(self) -> None:
        self._rows = Gathered()
        self._uid: list[str] = []
        self._kind: list[str] = []
        self._owners: list[list[str]] = []
        self._name: list[str] = []

    def add(self, number: int, item: Mapping[str, Any]) -> None:
        """One object; those of other kinds are kept in the count and told later."""
        meta = as_dict(item.get("metadata"))
        kind = str(item.get("kind") or "")
        name = f"{meta.get('namespace') or 'default'}/{meta.get('name') or ''}"
        self._uid.append(str(meta.get("uid") or ""))
        self._kind.append(kind)
        self._name.append(name)
        self._owners.append([str(as_dict(owner).get("uid") or "") for owner in as_list(meta.get("ownerReferences"))])
        reader = {"Job": _job, "Workload": _workload, "Pod": _pod}.get(kind)
        values = reader(item) if reader is not None else {}
        faults = [values.pop("bad", ""), *_bad_times(values)]
        told = next((fault for fault in faults if fault), "")
        labels = as_dict(meta.get("labels"))
        queue = labels.get(_QUEUE) or as_dict(meta.get("annotations")).get(_QUEUE)
        values["kind"] = values.get("kind") or queue or None
        self._rows.add(
            number,
            **values,
            id=name if meta.get("name") else None,
            user=meta.get("namespace") or None,
            fault=f"a value cannot be read\x1f{told}" if told else None,
        )

    def rows(self) -> tuple[pl.LazyFrame, list[Remark]]:
        """One row per piece of work, and what is only another view of it."""
        listed = {kind: {uid for uid, of in zip(self._uid, self._kind, strict=True) if of == kind} for kind in _KINDS}
        work = listed["Job"] | listed["Workload"]
        seen = {
            "of another kind than Job, Workload or Pod": [kind not in _KINDS for kind in self._kind],
            "workload of a Job that is listed too": self._owned("Workload", listed["Job"]),
            "pod of a Job or Workload that is listed too": self._owned("Pod", work),
        }
        frame = self._rows.frame().collect()
        left_out = [False] * len(self._kind)
        dropped = []
        for reason, mask in seen.items():
            count = sum(mask)
            left_out = [out or hit for out, hit in zip(left_out, mask, strict=True)]
            if count:
                first = mask.index(True)
                dropped.append(Remark(reason, count, int(frame["line"][first]), self._name[first]))
        return frame.filter(~pl.Series(left_out, dtype=pl.Boolean)).lazy(), dropped

    def _owned(self, kind: str, owners: set[str]) -> list[bool]:
        found = zip(self._kind, self._owners, strict=True)
        return [of == kind and any(owner and owner in owners for owner in by) for of, by in found]


def _job(item: Mapping[str, Any]) -> dict[str, Any]:
    spec, status = as_dict(item.get("spec")), as_dict(item.get("status"))
    gpus, cpus, bad = pod_request(as_dict(as_dict(spec.get("template")).get("spec")))
    pods = _count(spec.get("parallelism"), 1)
    if spec.get("completions") is not None:
        pods = min(pods, _count(spec.get("completions"), 1))
    ends = _conditions(status)
    failed, done = ends.get("Failed"), ends.get("Complete")
    start = status.get("startTime")
    if failed is not None:
        reason = str(failed.get("reason") or "")
        state = "timeout" if reason == "DeadlineExceeded" else "failed"
    elif done is not None or status.get("completionTime"):
        state = "completed"
    else:
        state = "running" if start and not spec.get("suspend") else "pending"
    finished = failed or done or {}
    return {
        "state": state,
        "submitted_s": _created(item),
        "started_s": start,
        "ended_s": status.get("completionTime") or finished.get("lastTransitionTime"),
        "gpus": gpus * pods,
        "cpus": cpus * pods,
        "bad": bad,
        "kind": None,
    }


def _workload(item: Mapping[str, Any]) -> dict[str, Any]:
    spec, status = as_dict(item.get("spec")), as_dict(item.get("status"))
    gpus = cpus = 0.0
    bad = ""
    for pod_set in as_list(spec.get("podSets")):
        template = as_dict(as_dict(as_dict(pod_set).get("template")).get("spec"))
        pod_gpus, pod_cpus, wrong = pod_request(template)
        count = _count(as_dict(pod_set).get("count"), 1)
        gpus, cpus, bad = gpus + pod_gpus * count, cpus + pod_cpus * count, bad or wrong
    met = _conditions(status)
    started = met.get("Admitted") or met.get("QuotaReserved") or {}
    finished, evicted = met.get("Finished"), met.get("Evicted")
    if finished is not None:
        state = "failed" if "fail" in str(finished.get("reason") or "").lower() else "completed"
    elif evicted is not None:
        state = "preempted"
    else:
        state = "running" if started else "pending"
    end = finished or evicted or {}
    return {
        "state": state,
        "submitted_s": _created(item),
        "started_s": started.get("lastTransitionTime"),
        "ended_s": end.get("lastTransitionTime"),
        "gpus": gpus,
        "cpus": cpus,
        "bad": bad,
        "kind": spec.get("queueName") or spec.get("priorityClassName"),
    }


def _pod(item: Mapping[str, Any]) -> dict[str, Any]:
    spec, status = as_dict(item.get("spec")), as_dict(item.get("status"))
    gpus, cpus, bad = pod_request(spec)
    phase = str(status.get("phase") or "")
    ends = [
        as_dict(as_dict(as_dict(one).get("state")).get("terminated")).get("finishedAt")
        for one in as_list(status.get("containerStatuses"))
    ]
    known = [str(end) for end in ends if end]
    over = phase in ("Succeeded", "Failed")
    return {
        "state": _PHASES.get(phase, UNKNOWN),
        "state_said": None if phase in _PHASES else phase,
        "submitted_s": _created(item),
        "started_s": status.get("startTime"),
        "ended_s": max(known) if known and over else None,
        "gpus": gpus,
        "cpus": cpus,
        "bad": bad,
        "kind": spec.get("priorityClassName"),
    }


def _created(item: Mapping[str, Any]) -> object:
    return as_dict(item.get("metadata")).get("creationTimestamp")


def _conditions(status: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Conditions that hold (`status: "True"`) by type."""
    listed = [as_dict(one) for one in as_list(status.get("conditions"))]
    return {str(one.get("type")): one for one in listed if str(one.get("status")) == "True"}


def _count(value: object, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default


def _bad_times(values: dict[str, Any]) -> list[str]:
    """Times in `values` become seconds; those that cannot be read are returned."""
    bad = []
    for name in ("submitted_s", "started_s", "ended_s"):
        text = values.get(name)
        values[name] = None
        if not text:
            continue
        try:
            moment = datetime.fromisoformat(str(text))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            bad.append(str(text))
        else:
            values[name] = moment.timestamp()
    return bad


def _recognises(head: Head) -> bool:
    return head.is_json and '"apiVersion"' in head.text and '"metadata"' in head.text and '"items"' in head.text


FORMAT = Format(
    "kubernetes",
    "listings of Kubernetes Jobs and Pods and of Kueue Workloads",
    read,
    _recognises,
    "absolute",
    "one's own cluster: `kubectl get jobs,pods -A -o json`, `kubectl get workloads.kueue.x-k8s.io -A -o json`",
)

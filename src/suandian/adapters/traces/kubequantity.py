"""What Kubernetes objects ask for: quantities (`500m`, `64Gi`), requests of a pod, accelerators by resource name.

Sources: Kubernetes reference, "Quantity", "Resource management for pods and containers" (without a request the limit
counts) and "Effective Pod requests and limits".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from suandian.adapters.traces.entries import as_dict, as_list

__all__ = ["pod_request", "quantity"]

_QUANTITY = re.compile(r"^([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$")
_SUFFIXES: Mapping[str, float] = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
    "Pi": 2.0**50,
    "Ei": 2.0**60,
}
#: Whole accelerators: `nvidia.com/gpu`, `amd.com/gpu`, `aliyun.com/gpu`, `huawei.com/Ascend910`, `cambricon.com/mlu…`.
_ACCELERATOR = re.compile(r"^[\w.-]+/(?:gpu|dcu|npu|mlu\w*|Ascend\w*)$")
#: A slice of an NVIDIA GPU: `nvidia.com/mig-3g.20gb` is three of its seven compute slices (MIG user guide).
_SLICE = re.compile(r"^nvidia\.com/mig-(\d)g\.\w+$")
_SLICES_PER_GPU = 7.0


def quantity(value: object) -> float | None:
    """The number that a quantity stands for; None for what is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    found = _QUANTITY.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    number, exponent, suffix = found.groups()
    return float(number + (exponent or "")) * _SUFFIXES[suffix or ""]


def pod_request(spec: Mapping[str, Any]) -> tuple[float, float, str]:
    """GPUs and CPUs that a pod of this `spec` asks for, and the first quantity that cannot be read (or empty).

    The rule of kubernetes.io, "Effective Pod requests and limits": for each resource the larger of all containers with
    all sidecars (init containers that restart always), and of every other init container with the sidecars listed
    before it, which run beside it.
    """
    main, side, start = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]
    bad = ""
    for container in as_list(spec.get("containers")):
        *asked, wrong = _container(as_dict(container))
        main = [a + b for a, b in zip(main, asked, strict=True)]
        bad = bad or wrong
    for container in as_list(spec.get("initContainers")):
        *asked, wrong = _container(as_dict(container))
        beside = [a + b for a, b in zip(side, asked, strict=True)]
        if as_dict(container).get("restartPolicy") == "Always":
            side = beside
        else:
            start = [max(a, b) for a, b in zip(start, beside, strict=True)]
        bad = bad or wrong
    gpus, cpus = (max(m + s, first) for m, s, first in zip(main, side, start, strict=True))
    return gpus, cpus, bad


def _container(container: Mapping[str, Any]) -> tuple[float, float, str]:
    resources = as_dict(container.get("resources"))
    asked = {**as_dict(resources.get("limits")), **as_dict(resources.get("requests"))}
    gpus = cpus = 0.0
    bad = ""
    for name, value in asked.items():
        sliced = _SLICE.match(name)
        if name != "cpu" and sliced is None and not _ACCELERATOR.match(name):
            continue
        figure = quantity(value)
        if figure is None:
            bad = bad or f"{name}: {value}"
        elif name == "cpu":
            cpus += figure
        else:
            gpus += figure * (int(sliced[1]) / _SLICES_PER_GPU if sliced else 1.0)
    return gpus, cpus, bad

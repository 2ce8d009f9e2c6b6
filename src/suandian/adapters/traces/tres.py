"""Slurm's lists of resources: `billing=8,cpu=128,gres/gpu=8,gres/gpu:a100=8,mem=1T,node=1` and `gpu:a100:4`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from suandian.adapters.traces.entries import as_dict, number_of

__all__ = ["cpus_of", "gpus_of", "tres_counts"]


def cpus_of(tres: pl.Expr) -> pl.Expr:
    """`cpu=` of a TRES text; null where it says none."""
    return tres.str.extract(r"(?:^|,)cpu=(\d+)", 1).cast(pl.Float64, strict=False)


def gpus_of(tres: pl.Expr) -> pl.Expr:
    """`gres/gpu=` of a TRES text, else the sum of its types (`gres/gpu:a100=`, or `gpu:a100:4` of AllocGRES)."""
    total = tres.str.extract(r"(?:^|,)gres/gpu=(\d+)", 1).cast(pl.Float64, strict=False)
    typed = tres.str.extract_all(r"(?:^|,)gres/gpu:[^=,]+=\d+")
    plain = tres.str.extract_all(r"(?:^|,)(?:gres:)?gpu(?::[^:,=()]+)?:\d+")
    return pl.coalesce(total, _sum(typed, r"=(\d+)$"), _sum(plain, r":(\d+)$"))


def _sum(parts: pl.Expr, pattern: str) -> pl.Expr:
    figures = parts.list.eval(pl.element().str.extract(pattern, 1).cast(pl.Float64, strict=False)).list.sum()
    return pl.when(parts.list.len() > 0).then(figures)


def tres_counts(listed: Sequence[Any]) -> tuple[float | None, float | None]:
    """GPUs and CPUs of a TRES list of `sacct --json` (`type`, `name`, `count`); None where it says none."""
    found: dict[str, float] = {}
    for entry in listed:
        item: Mapping[str, Any] = as_dict(entry)
        count = number_of(item.get("count"))
        if count is None:
            continue
        kind, name = str(item.get("type") or ""), str(item.get("name") or "")
        if kind == "cpu":
            found["cpu"] = count
        elif kind == "gres" and name == "gpu":
            found["total"] = count
        elif kind == "gres" and re.match(r"gpu:", name):
            found["typed"] = found.get("typed", 0.0) + count
    return found.get("total", found.get("typed")), found.get("cpu")

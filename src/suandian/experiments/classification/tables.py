"""The frames of a classification: one row per job, and the sums that are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.experiments.classification.columns import WorkColumns
from suandian.experiments.classification.queue import DefaultRuns, SiteQueue
from suandian.experiments.classification.setting import Setting
from suandian.flexibility.dimensions import (
    Surroundings,
    carbon_numbers,
    grid_numbers,
    location_numbers,
    urgency_numbers,
)
from suandian.flexibility.rules import RuleTable
from suandian.flexibility.runs import profile_mw
from suandian.model.workload import FLEXIBILITY_LABELS
from suandian.quantity.timeaxis import instants

__all__ = [
    "DIMENSIONS",
    "LEVELS",
    "class_table",
    "dimension_table",
    "job_table",
    "location_table",
    "profile_table",
    "rule_table",
    "sensitivity_row",
    "shiftable_slack_h",
]

DIMENSIONS: tuple[str, ...] = ("urgency", "location", "carbon", "grid")
LEVELS: tuple[str, ...] = ("low", "medium", "high")


def job_table(work: WorkColumns, default: DefaultRuns, around: Surroundings, table: RuleTable) -> pl.DataFrame:
    """Numbers of the four dimensions, class and rule of every job."""
    start_s, end_s = default.start_s, default.end_s
    run_h, energy_mwh = work.run_h, work.energy_mwh
    rule = table.decide(_judged(work, work.slack_h))
    with np.errstate(divide="ignore", invalid="ignore"):
        per_unit_kw = np.where(work.unit_count > 0, work.power_mw * 1000.0 / work.unit_count, np.nan)
    numbers = (
        urgency_numbers(work.slack_h, run_h, table)
        | location_numbers(
            around, start_s, end_s, energy_mwh=energy_mwh, data_gb=work.data_gb, latency_max_ms=work.latency_max_ms,
            may_move=work.may_move, rules=table,
        )
        | carbon_numbers(around, start_s, end_s, power_per_unit_kw=per_unit_kw, rules=table)
        | grid_numbers(around, start_s, end_s, power_mw=np.where(default.fits, work.power_mw, 0.0), rules=table)
    )  # fmt: skip
    return pl.DataFrame(
        {
            "id": work.id,
            "kind": work.kind,
            "group": work.group,
            "label": np.array([entry.label for entry in table.rules])[rule],
            "rule": np.array([entry.id for entry in table.rules])[rule],
            "submitted": instants(work.released_s),
            "default_start": instants(start_s),
            "run_h": run_h,
            "units": work.unit_count,
            "power_mw": work.power_mw,
            "energy_mwh": energy_mwh,
            "work_unit_h": work.work_unit_h,
            "slack_h": work.slack_h,
            "slack_source": work.slack_source,
            "delay_rule": np.array([*(row.id for row in table.delays), ""])[work.delay_row],
            "preemptible": work.preemptible,
            "preemptible_stated": work.preemptible_stated,
            "latency_max_ms": work.latency_max_ms,
            "data_gb": work.data_gb,
            "fits_site": default.fits,
            **numbers,
        },
        nan_to_null=True,
    )


def _judged(work: WorkColumns, slack_h: NDArray[np.float64]) -> Mapping[str, NDArray[Any]]:
    return {
        "latency_max_ms": work.latency_max_ms,
        "slack_h": slack_h,
        "run_h": work.run_h,
        "group": work.group,
        "preemptible": work.preemptible,
    }


def shiftable_slack_h(work: WorkColumns, slack_h: NDArray[np.float64], table: RuleTable) -> NDArray[np.float64]:
    """Slack that the envelope may use, `(jobs,)`: none for F0 and F1, whatever their deadline says."""
    fixed = np.array([entry.label in ("F0", "F1") for entry in table.rules])[table.decide(_judged(work, slack_h))]
    return np.where(fixed, 0.0, slack_h)


def class_table(jobs: pl.DataFrame, streams: pl.DataFrame) -> pl.DataFrame:
    """Every class in its order, with energy first: sums, shares, mean slack, peaks and carbon per unit-hour.

    Carbon is weighted by unit-hours, slack by energy. Streams count in energy and GPU-hours, not as jobs.
    """
    sums = ("energy_mwh", "work_unit_h", "site_peak_mw", "grid_peak_mw")
    weighed = ("carbon_average_kg_per_unit_h", "carbon_marginal_kg_per_unit_h", "carbon_official_kg_per_unit_h")
    shares = ("tight_share_ratio", "surplus_share_ratio")
    both = pl.concat(
        [
            jobs.select("label", *sums, *weighed, *shares, slack_h="slack_h", count=pl.lit(1)),
            streams.select("label", *sums, *weighed, *shares, slack_h=pl.lit(0.0), count=pl.lit(0)),
        ]
    )
    grouped = both.group_by("label").agg(
        pl.col("count").sum().cast(pl.Int64),
        *(pl.col(name).sum() for name in sums),
        *(_mean(name, "work_unit_h") for name in weighed),
        *(_mean(name, "energy_mwh") for name in (*shares, "slack_h")),
    )
    frame = pl.DataFrame({"label": list(FLEXIBILITY_LABELS)}).join(grouped, on="label", how="left")
    frame = frame.with_columns(pl.col("count").fill_null(0), *(pl.col(name).fill_null(0.0) for name in sums))
    frame = frame.with_columns(
        _share("energy_mwh").alias("energy_share_ratio"),
        _share("work_unit_h").alias("work_share_ratio"),
        _share("count").alias("count_share_ratio"),
    )
    first = [
        "label",
        "energy_mwh",
        "energy_share_ratio",
        "work_unit_h",
        "work_share_ratio",
        "count",
        "count_share_ratio",
    ]
    return frame.select(*first, pl.exclude(first))


def _mean(name: str, weight: str) -> pl.Expr:
    used = pl.col(name).is_not_null() & pl.col(name).is_not_nan()
    total = pl.col(weight).filter(used).sum()
    return pl.when(total > 0).then((pl.col(name) * pl.col(weight)).filter(used).sum() / total).alias(name)


def _share(name: str) -> pl.Expr:
    total = pl.col(name).sum()
    return pl.when(total > 0).then(pl.col(name) / total).otherwise(0.0)


def rule_table(jobs: pl.DataFrame, streams: pl.DataFrame, table: RuleTable) -> pl.DataFrame:
    """Which rule decided how much, in the order in which rules are tried."""
    both = pl.concat(
        [
            jobs.select("rule", "label", "energy_mwh", count=pl.lit(1)),
            streams.select("rule", "label", "energy_mwh", count=pl.lit(0)),
        ]
    )
    order = ["stated_by_study", *(rule.id for rule in table.rules)]
    return (
        both.group_by("rule", "label")
        .agg(pl.col("energy_mwh").sum(), pl.col("count").sum().cast(pl.Int64))
        .with_columns(_share("energy_mwh").alias("energy_share_ratio"), _share("count").alias("count_share_ratio"))
        .sort(
            pl.col("rule").replace_strict({name: at for at, name in enumerate(order)}, return_dtype=pl.Int64), "label"
        )
    )


def dimension_table(jobs: pl.DataFrame, streams: pl.DataFrame) -> pl.DataFrame:
    """Share of energy at each level of each dimension; all twelve rows are there."""
    rows = []
    for dimension in DIMENSIONS:
        name = f"{dimension}_level"
        both = pl.concat([frame.select(pl.col(name).cast(pl.Int64), "energy_mwh") for frame in (jobs, streams)])
        sums = dict(both.group_by(name).agg(pl.col("energy_mwh").sum()).iter_rows())
        total = sum(sums.values())
        rows += [(dimension, level, sums.get(at, 0.0), sums.get(at, 0.0) / total) for at, level in enumerate(LEVELS)]
    return pl.DataFrame(rows, schema=["dimension", "level", "energy_mwh", "energy_share_ratio"], orient="row")


def location_table(jobs: pl.DataFrame, streams: pl.DataFrame) -> pl.DataFrame:
    """What binds work to its place, by share of energy, largest first.

    gravity_gb_per_mwh, break_even_gb_per_mwh and break_even_gb (for a whole job) are medians over the jobs, weighted by
    energy; null for streams and where no data volume is recorded.
    """
    columns = [pl.col("location_reason"), pl.col("location_level").cast(pl.Int64), pl.col("energy_mwh")]
    figures = ["gravity_gb_per_mwh", "break_even_gb_per_mwh", "break_even_gb"]
    known = [pl.col(name) for name in figures]
    nothing = [pl.lit(None, dtype=pl.Float64).alias(name) for name in figures]
    both = pl.concat([jobs.select(*columns, *known), streams.select(*columns, *nothing)])
    return (
        both.group_by("location_reason", "location_level")
        .agg(pl.col("energy_mwh").sum(), *(_weighted_median(name) for name in figures))
        .with_columns(_share("energy_mwh").alias("energy_share_ratio"))
        .sort(["energy_mwh", "location_reason"], descending=[True, False])
    )


def _weighted_median(name: str) -> pl.Expr:
    """Smallest value up to which half of the energy lies."""
    ordered, weight = pl.col(name).sort(), pl.col("energy_mwh").sort_by(name).cum_sum()
    return ordered.filter(weight >= pl.col("energy_mwh").sum() / 2).first().alias(name)


def sensitivity_row(
    work: WorkColumns, slack_h: NDArray[np.float64], table: RuleTable, streams: pl.DataFrame, factor_ratio: float
) -> dict[str, float]:
    """Shares of energy by class if assumed slack were `factor_ratio` times as long."""
    rule = table.decide(_judged(work, slack_h))
    label = np.array([entry.label for entry in table.rules])[rule]
    energy = {name: float(work.energy_mwh[label == name].sum()) for name in FLEXIBILITY_LABELS}
    for name, energy_mwh in streams.select("label", "energy_mwh").iter_rows():
        energy[name] += energy_mwh
    total = sum(energy.values())
    return {"factor_ratio": factor_ratio} | {f"{name}_share_ratio": energy[name] / total for name in energy}


def profile_table(jobs: pl.DataFrame, setting: Setting, queue: SiteQueue) -> pl.DataFrame:
    """The default load by class on the mean local day, MW of IT above idle: hour, periods, one column per class.

    periods is the number of the axis's intervals, from the first to the last with load, that an hour of day stands for;
    where it is 0 there is no work at that hour.
    """
    axis = setting.axis
    local = axis.local_starts(setting.zone)
    hour = (local - local.astype("datetime64[D]").astype("datetime64[s]")).astype(np.int64) // 3600
    on = np.flatnonzero(queue.queue.default_mw > 0)
    used = slice(int(on[0]), int(on[-1]) + 1) if len(on) else slice(0, axis.periods)
    periods = np.bincount(hour[used], minlength=24)
    fitting = jobs.filter("fits_site")
    label = fitting["label"].to_numpy()
    start_s = fitting["default_start"].dt.epoch("s").to_numpy()
    end_s = start_s + np.rint(fitting["run_h"].to_numpy() * 3600.0).astype(np.int64)
    power_mw = fitting["power_mw"].to_numpy()
    columns: dict[str, NDArray[Any]] = {"hour": np.arange(24), "periods": periods}
    for name in FLEXIBILITY_LABELS:
        rows = label == name
        load = profile_mw(axis, start_s[rows], end_s[rows], power_mw[rows])
        columns[f"{name}_mw"] = np.bincount(hour[used], weights=load[used], minlength=24) / np.maximum(periods, 1)
    return pl.DataFrame(columns)

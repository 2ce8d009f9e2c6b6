"""The power model of a replay: what a plant can fit on its own meters and job log, and nothing that it cannot know.

IT power of a site = idle + streams + Σ over kinds of (kW per GPU of the kind) × (GPUs of the kind running). The kW by
kind are fitted on metered IT power. The load behind the meter is affine in IT power, and both coefficients are lines
with knots in the outdoor temperature; they are fitted on the meters too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from suandian.model.workload import JobTable
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.record.events import JobBlock, JobEventKind

__all__ = ["Fit", "PowerModel", "fit_power", "gpus_by_kind"]

_STOPS = (JobEventKind.PAUSED, JobEventKind.FINISHED)
_STARTS = (JobEventKind.STARTED, JobEventKind.RESUMED)
#: Where the line of the hall may bend with the weather: free cooling ends, chillers begin (D).
_KNOTS_C = (0.0, 4.0, 8.0, 12.0, 16.0, 20.0, 24.0, 28.0, 32.0)
_TERMS = 2 * (2 + len(_KNOTS_C))


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """One fit, valid for intervals `[first, last)`.

    kind_kw `(kinds,)` per GPU above idle; idle_mw `(sites,)`; hall_ratio `(sites, terms)`:
    load = (1, T, (T − knot)⁺ …) × (1, IT) · hall_ratio, whose coefficients are in MW, MW/K, 1 and 1/K.
    """

    first: int
    last: int
    kind_kw: NDArray[np.float64]
    idle_mw: NDArray[np.float64]
    hall_ratio: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PowerModel:
    """Fits in the order of time, each on the meters before it; before the first there is no model."""

    fits: tuple[Fit, ...]
    train_days: int
    refit_days: int
    by_job: bool = False

    @property
    def name(self) -> str:
        jobs = "power of each job as its telemetry holds it" if self.by_job else "kW per GPU by kind of job"
        return f"{jobs}, fitted every {self.refit_days} days on {self.train_days} days; hall line on all days before"

    def dynamic_mw(self, gpus: NDArray[np.float64], streams_mw: NDArray[np.float64]) -> NDArray[np.float64]:
        """IT power above idle, `(sites, periods)` MW, from GPUs `(sites, kinds, periods)` and streams
        `(sites, periods)`; NaN before the first fit."""
        dynamic_mw = np.full(streams_mw.shape, np.nan)
        for fit in self.fits:
            span = slice(fit.first, fit.last)
            jobs_mw = np.einsum("skp,k->sp", gpus[:, :, span], fit.kind_kw) / 1000.0
            dynamic_mw[:, span] = streams_mw[:, span] + jobs_mw
        return dynamic_mw

    def load_mw(self, dynamic_mw: NDArray[np.float64], outdoor_c: NDArray[np.float64]) -> NDArray[np.float64]:
        """Load behind the meter from IT power above idle, all `(sites, periods)`; NaN before the first fit."""
        load_mw = np.full(dynamic_mw.shape, np.nan)
        for fit in self.fits:
            span = slice(fit.first, fit.last)
            for row, it_mw in enumerate(dynamic_mw[:, span] + fit.idle_mw[:, None]):
                load_mw[row, span] = _terms(it_mw, outdoor_c[row, span]) @ fit.hall_ratio[row]
        return load_mw


def gpus_by_kind(events: JobBlock, jobs: JobTable, axis: TimeAxis, sites: int) -> NDArray[np.float64]:
    """Mean GPUs in use, in GPUs at full power, `(sites, kinds, periods)`, from the events of a job log.

    A slower gear counts its share of GPUs × power. Time is taken by the second.
    """
    kinds = len(jobs.kind_names)
    change = np.zeros((sites * kinds, axis.periods + 1))
    weight = _gear_weights(jobs)
    order = np.lexsort((np.arange(len(events.job)), events.at_s))
    running: dict[int, tuple[int, int, float]] = {}
    rows: list[int] = []
    spans: list[tuple[int, int]] = []
    sizes: list[float] = []

    def close(job: int, at_s: int) -> None:
        place, since_s, size = running.pop(job)
        rows.append(place)
        spans.append((since_s, at_s))
        sizes.append(size)

    for job, kind, at_s, site in zip(
        events.job[order].tolist(), events.kind[order].tolist(), events.at_s[order].tolist(),
        events.site[order].tolist(), strict=True,
    ):  # fmt: skip
        if kind in _STOPS and job in running:
            close(job, at_s)
        elif kind in _STARTS and job not in running:
            running[job] = (site * kinds + int(jobs.kind[job]), at_s, float(jobs.gpus_max[job]) * weight[job, 0])
        elif kind >= JobEventKind.GEAR_0 and job in running:
            place = running[job][0]
            close(job, at_s)
            running[job] = (place, at_s, float(jobs.gpus_max[job]) * weight[job, kind - JobEventKind.GEAR_0])
    end_s = axis.start_s + axis.periods * axis.step_s
    for job in list(running):
        close(job, end_s)
    _spread(
        change, np.array(rows, dtype=np.int64), np.array(spans, dtype=np.int64).reshape(-1, 2), np.array(sizes), axis
    )
    return np.cumsum(change[:, :-1], axis=1).reshape(sites, kinds, axis.periods)


def fit_power(
    gpus: NDArray[np.float64],
    streams_mw: NDArray[np.float64],
    it_mw: NDArray[np.float64],
    load_mw: NDArray[np.float64],
    outdoor_c: NDArray[np.float64],
    step_h: float,
    *,
    jobs_mw: NDArray[np.float64] | None = None,
    train_days: int = 56,
    refit_days: int = 7,
    first_days: int = 14,
) -> PowerModel:
    """Fit on meters and job log: gpus `(sites, kinds, n)`, the others `(sites, n)`.

    `jobs_mw` `(sites, n)` is the power of all jobs where the plant meters every single one: then only idle power and
    the hall are fitted. Powers rest on up to `train_days` days before the intervals that they serve, so that they may
    drift; the hall rests on all days before, so that it has seen the summer. The first fit serves from day
    `first_days` on. Raises `DataError` where the period is too short for one.
    """
    count = it_mw.shape[1]
    every, train, begin = (round(days * 24 / step_h) for days in (refit_days, train_days, first_days))
    if count <= begin:
        raise DataError(f"the power model is fitted on {first_days} days of meters; measure more days than that")
    fits: list[Fit] = []
    triangles: list[NDArray[np.float64]] = [np.zeros((0, _TERMS + 1)) for _ in it_mw]
    for first in range(begin, count, every):
        span = slice(max(first - train, 0), first)
        if jobs_mw is None:
            kind_kw, idle_mw = _fit_it(gpus[:, :, span], (it_mw - streams_mw)[:, span])
        else:
            kind_kw, idle_mw = np.zeros(gpus.shape[1]), (it_mw - streams_mw - jobs_mw)[:, span].mean(axis=1)
        seen = slice(fits[-1].first if fits else 0, first)
        for row in range(len(it_mw)):
            terms = _terms(it_mw[row, seen], outdoor_c[row, seen])
            rows = np.column_stack([terms, load_mw[row, seen]])
            # The triangle holds all rows so far: a year of meters costs no more than a week.
            triangles[row] = np.asarray(np.linalg.qr(np.concatenate([triangles[row], rows]), mode="r"))
        hall = np.array([np.linalg.lstsq(r[:, :-1], r[:, -1], rcond=1e-10)[0] for r in triangles])
        fits.append(Fit(first, min(first + every, count), kind_kw, idle_mw, hall))
    return PowerModel(tuple(fits), train_days, refit_days, by_job=jobs_mw is not None)


def _fit_it(
    gpus: NDArray[np.float64], dynamic_mw: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """kW by kind `(kinds,)` and idle MW `(sites,)`, none below zero, by least squares over all sites at once."""
    sites, kinds, count = gpus.shape
    columns = np.zeros((sites * count, kinds + sites))
    for row in range(sites):
        part = slice(row * count, (row + 1) * count)
        columns[part, :kinds] = gpus[row].T
        columns[part, kinds + row] = 1.0
    scale = np.maximum(columns.max(axis=0), 1e-12)
    columns /= scale
    # Normal equations: thousands of readings, a dozen unknowns.
    factor = np.linalg.cholesky(columns.T @ columns + 1e-9 * np.eye(kinds + sites))
    found, _ = nnls(factor.T, np.linalg.solve(factor, columns.T @ dynamic_mw.ravel()))
    found = found / scale
    return found[:kinds] * 1000.0, found[kinds:]


def _terms(it_mw: NDArray[np.float64], outdoor_c: NDArray[np.float64]) -> NDArray[np.float64]:
    hinges = np.maximum(outdoor_c[:, None] - np.array(_KNOTS_C)[None, :], 0.0)
    weather = np.column_stack([np.ones_like(it_mw), outdoor_c, hinges])
    return np.concatenate([weather, weather * it_mw[:, None]], axis=1)


def _gear_weights(jobs: JobTable) -> NDArray[np.float64]:
    """GPUs × power of each gear as a share of full speed, `(jobs, gears)`."""
    gears = max(pace.gears for pace in jobs.paces)
    by_pace = np.ones((len(jobs.paces), gears))
    for row, pace in enumerate(jobs.paces):
        by_pace[row, : pace.gears] = np.array(pace.gpu_ratio) * np.array(pace.power_ratio)
    return by_pace[jobs.pace]


def _spread(
    change_count: NDArray[np.float64],
    rows: NDArray[np.int64],
    spans_s: NDArray[np.int64],
    size_count: NDArray[np.float64],
    axis: TimeAxis,
) -> None:
    """Add runs of `size_count` over `spans_s` to the changes from interval to interval, partial intervals by share."""
    at = np.clip((spans_s - axis.start_s) / axis.step_s, 0.0, float(axis.periods))
    for side, sign in ((0, 1.0), (1, -1.0)):
        whole = np.minimum(np.floor(at[:, side]).astype(np.int64), axis.periods)
        part = at[:, side] - whole
        # A run that begins within an interval fills 1 − part of it, and all of the next ones.
        np.add.at(change_count, (rows, whole), sign * size_count * (1.0 - part))
        np.add.at(change_count, (rows, np.minimum(whole + 1, axis.periods)), sign * size_count * part)

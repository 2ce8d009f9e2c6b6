"""The forecast desk of a simulated world: issues on a schedule, so that no View holds what nobody could know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from suandian.flexibility.envelope import cumulative_work_mwh
from suandian.model.plan import Outlook
from suandian.signals.forecast import ErrorModel, issue
from suandian.simulation.truth import Truth

__all__ = ["QUANTITIES", "Desk", "ForecastSchedule"]

#: Field of the Outlook → key of the error model that its forecasts obey.
QUANTITIES: Mapping[str, str] = {
    "price_cny_per_mwh": "price",
    "export_price_cny_per_mwh": "price",
    "carbon_average_kg_per_mwh": "carbon_average",
    "carbon_marginal_kg_per_mwh": "carbon",
    "outdoor_c": "outdoor",
    "site_pv_mw": "pv",
    "feeder_pv_mw": "pv",
    "feeder_load_mw": "load",
    "stream_mw": "stream",
}
PERFECT = ErrorModel(kind="perfect")


@dataclass(frozen=True, slots=True)
class ForecastSchedule:
    """When forecasts are issued and how wrong they are: `models` has one error model per quantity."""

    issue_every_h: float
    models: Mapping[str, ErrorModel]
    seed: int

    @classmethod
    def perfect(cls) -> ForecastSchedule:
        """Everything is known from the start, arrivals included: the bound, not a claim."""
        keys = {*QUANTITIES.values(), "arrivals"}
        return cls(issue_every_h=np.inf, models=dict.fromkeys(keys, PERFECT), seed=0)


@dataclass(eq=False)
class Desk:
    """Issues forecasts of a Truth and hands out the newest ones."""

    truth: Truth
    schedule: ForecastSchedule
    _issued_index: int = field(default=-1, init=False)
    _issued: dict[str, NDArray[np.float64]] = field(default_factory=dict, init=False)
    _arrivals: _Arrivals = field(init=False)

    def __post_init__(self) -> None:
        self._arrivals = _Arrivals.of(self.truth)

    def outlook(self, now: int) -> Outlook:
        """The newest forecasts issued at or before interval `now`, cut to begin at `now`."""
        axis = self.truth.axis
        origin = self._origin(now)
        if origin != self._issued_index:
            self._issued = {name: self._issue(name, origin) for name in QUANTITIES}
            self._issued_index = origin
        cut = now - origin
        released_mwh, due_mwh = self._expected_arrivals(now)
        issued_at: dict[str, datetime] = dict.fromkeys([*QUANTITIES, "released_mwh", "due_mwh"], axis.at(origin))
        return Outlook(
            axis=axis.part(now, axis.periods),
            released_mwh=released_mwh,
            due_mwh=due_mwh,
            issued_at=issued_at,
            **{name: values[:, cut:] for name, values in self._issued.items()},
        )

    @property
    def issued_s(self) -> int:
        """Unix seconds at which the forecasts in force were issued."""
        return int(self.truth.axis.start_s + max(self._issued_index, 0) * self.truth.axis.step_s)

    def _origin(self, now: int) -> int:
        if not np.isfinite(self.schedule.issue_every_h):
            return 0
        every = max(1, round(self.schedule.issue_every_h / self.truth.axis.step_h))
        return now // every * every

    def _issue(self, name: str, origin: int) -> NDArray[np.float64]:
        model = self.schedule.models.get(QUANTITIES[name], PERFECT)
        rows = self._rows(name)
        uppers = {"site_pv_mw": self.truth.site_pv_upper_mw, "feeder_pv_mw": self.truth.feeder_pv_upper_mw}.get(name)
        issued = np.empty((len(rows), self.truth.axis.periods - origin))
        for row, values in enumerate(rows):
            upper = None if uppers is None else uppers[row]
            # At the very start nothing has been metered yet but the reading of the instant itself.
            history = values[:1] if origin == 0 else None
            issued[row] = issue(
                model,
                values,
                origin,
                self.truth.axis,
                seed=self.schedule.seed,
                name=f"{name}/{row}",
                upper=upper,
                history=history,
            )
        issued.setflags(write=False)
        return issued

    def _rows(self, name: str) -> NDArray[np.float64]:
        if name == "stream_mw":
            demand = [stream.demand_mw for stream in self.truth.streams]
            return np.array(demand).reshape(len(demand), self.truth.axis.periods)
        rows: NDArray[np.float64] = getattr(self.truth, name)
        return rows

    def _expected_arrivals(self, now: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if self.schedule.models.get("arrivals", PERFECT).kind == "perfect":
            return self._true_arrivals(now)
        return self._arrivals.after(now)

    def _true_arrivals(self, now: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        axis = self.truth.axis.part(now, self.truth.axis.periods)
        unseen = self.truth.jobs.submitted_s > axis.start_s
        jobs = self.truth.jobs.take(unseen)
        return cumulative_work_mwh(
            axis,
            self.truth.class_index[unseen],
            len(self.truth.fleet.classes),
            jobs.released_s,
            jobs.due_s - jobs.duration_s,
            jobs.duration_s,
            jobs.gpus_max * jobs.power_per_gpu_kw / 1000.0,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Arrivals:
    """Expected arrivals from an hour-of-week profile, in closed form for any `now`.

    Work arriving at rate r(t) and spread over a run of `run` intervals has, for what arrives after `now`,
    A(t) = (1/run)·∫_{max(now, t−run)}^{t} [R(u) − R(now)] du with R = ∫ r; D(t) = A(t − slack). Whatever arrives has
    to be done by the end of the study, so over the last run D climbs to A at least in proportion.
    """

    arrived_mwh: NDArray[np.float64]  # R at interval boundaries, (classes, T + 1)
    spread_mwh: NDArray[np.float64]  # (1/run)·∫R at interval boundaries, (classes, T + 1)
    run: NDArray[np.int64]
    slack: NDArray[np.int64]

    @classmethod
    def of(cls, truth: Truth) -> _Arrivals:
        axis = truth.axis
        local = axis.local_starts(truth.fleet.zone).astype("datetime64[h]").astype(np.int64)
        hour_of_week = (local + 72) % 168  # 1970-01-01 was a Thursday; hour 0 is Monday 00:00
        per_interval_mwh = truth.arrivals_mw[:, hour_of_week] * axis.step_h
        arrived = np.concatenate([np.zeros((len(per_interval_mwh), 1)), np.cumsum(per_interval_mwh, axis=1)], axis=1)
        middle = 0.5 * (arrived[:, 1:] + arrived[:, :-1])
        run = np.maximum(np.rint(truth.arrival_run_h / axis.step_h).astype(np.int64), 1)
        integral = np.concatenate([np.zeros((len(middle), 1)), np.cumsum(middle, axis=1)], axis=1)
        slack = np.floor(truth.fleet.classes.slack_h / axis.step_h).astype(np.int64)
        return cls(arrived, integral / run[:, None], run, slack)

    def after(self, now: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        periods = self.arrived_mwh.shape[1] - 1
        ends = np.arange(now + 1, periods + 1)
        lower = np.maximum(ends[None, :] - self.run[:, None], now)
        rows = np.arange(len(self.run))[:, None]
        spread = self.spread_mwh[:, ends] - self.spread_mwh[rows, lower]
        released = spread - self.arrived_mwh[:, [now]] * ((ends[None, :] - lower) / self.run[:, None])
        released = np.maximum(released, 0.0)
        source = np.arange(periods - now)[None, :] - self.slack[:, None]
        due = np.where(source >= 0, released[rows, np.maximum(source, 0)], 0.0)
        run = np.minimum(self.run[:, None], periods - now)
        closing = released[:, -1:] * np.clip(1.0 - (periods - ends[None, :]) / run, 0.0, 1.0)
        return released, np.minimum(np.maximum(due, closing), released)

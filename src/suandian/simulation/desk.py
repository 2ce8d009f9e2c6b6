"""The forecast desk of a simulated world: issues on a schedule, so that no View holds what nobody could know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

import numpy as np
from numpy.typing import NDArray

from suandian.flexibility.envelope import cumulative_work_mwh
from suandian.model.plan import Outlook
from suandian.signals.forecast import ErrorModel, issue_rows
from suandian.simulation.ahead import Ahead, Issue
from suandian.simulation.truth import Truth

__all__ = ["QUANTITIES", "Desk", "ForecastSchedule"]

Floats = NDArray[np.float64]

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
    "feeder_wind_mw": "wind",
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
    """Issues forecasts of a Truth and hands out the newest ones.

    Every issue reaches to the end of the axis, but is worked out only as far as somebody looks (`Ahead`): a decision
    about two days costs two days, and the values do not depend on it.
    """

    truth: Truth
    schedule: ForecastSchedule
    _issued_index: int = field(default=-1, init=False)
    _issued: dict[str, Issue] = field(default_factory=dict, init=False)
    _rows: dict[str, Floats] = field(init=False)
    _arrivals: _Arrivals = field(init=False)

    def __post_init__(self) -> None:
        demand_mw = [stream.demand_mw for stream in self.truth.streams]
        streams_mw = np.array(demand_mw).reshape(len(demand_mw), self.truth.axis.periods)
        self._rows = {name: getattr(self.truth, name) for name in QUANTITIES if name != "stream_mw"}
        self._rows["stream_mw"] = streams_mw
        self._arrivals = _Arrivals.of(self.truth)

    def outlook(self, now: int) -> Outlook:
        """The newest forecasts issued at or before interval `now`, cut to begin at `now`."""
        axis = self.truth.axis
        origin = self._origin(now)
        if origin != self._issued_index:
            self._issued = {name: self._issue(name, origin) for name in QUANTITIES}
            self._issued_index = origin
        released_mwh, due_mwh = self._expected_arrivals(now)
        issued_at: dict[str, datetime] = dict.fromkeys([*QUANTITIES, "released_mwh", "due_mwh"], axis.at(origin))
        return Outlook(
            axis=axis.part(now, axis.periods),
            released_mwh=_array(released_mwh),
            due_mwh=_array(due_mwh),
            issued_at=issued_at,
            **{name: _array(issue, now - origin) for name, issue in self._issued.items()},
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

    def _issue(self, name: str, origin: int) -> Issue:
        model = self.schedule.models.get(QUANTITIES[name], PERFECT)
        rows, axis = self._rows[name], self.truth.axis
        uppers = {"site_pv_mw": self.truth.site_pv_upper_mw, "feeder_pv_mw": self.truth.feeder_pv_upper_mw}

        def told(periods: int) -> Floats:
            if model.kind == "perfect" or not len(rows):
                return rows[:, origin : origin + periods]
            values = issue_rows(
                model,
                rows,
                origin,
                axis,
                seed=self.schedule.seed,
                names=[f"{name}/{row}" for row in range(len(rows))],
                upper=uppers.get(name),
                # At the very start nothing has been metered yet but the reading of the instant itself.
                history=rows[:, :1] if origin == 0 else None,
                periods=periods,
            )
            known = self._known(name, rows)
            values[known] = rows[known, origin : origin + values.shape[1]]
            return values

        return Issue(told, len(rows), axis.periods - origin)

    def _known(self, name: str, rows: Floats) -> NDArray[np.bool_]:
        """Rows that everybody knows: prices of a tariff, and what a contract pays for export beside spot prices."""
        known = self.truth.price_known
        if name == "export_price_cny_per_mwh" and known.any():
            known = np.asarray(np.ptp(rows, axis=1) == 0.0)
        return known if name.endswith("price_cny_per_mwh") else np.zeros(len(rows), dtype=np.bool_)

    def _expected_arrivals(self, now: int) -> tuple[Issue, Issue]:
        """Work released and due that is expected to be submitted after `now`."""
        classes, ahead = len(self.truth.fleet.classes), self.truth.axis.periods - now
        if self.schedule.models.get("arrivals", PERFECT).kind != "perfect":
            arrivals = self._arrivals
            return (
                Issue(lambda periods: arrivals.released_mwh(now, periods), classes, ahead),
                Issue(lambda periods: arrivals.due_mwh(now, periods), classes, ahead),
            )
        # Both curves come from one pass over the jobs: each is the other's half.
        both = Issue(lambda periods: self._true_arrivals(now, periods), 2 * classes, ahead)
        return (
            Issue(lambda periods: both.until(periods)[:classes], classes, ahead),
            Issue(lambda periods: both.until(periods)[classes:], classes, ahead),
        )

    def _true_arrivals(self, now: int, periods: int) -> Floats:
        """Released and due work of the jobs not yet submitted at `now`, one above the other, `(2 classes, periods)`."""
        axis, jobs = self.truth.axis.part(now, now + periods), self.truth.jobs
        # Jobs are ordered by release, and none is released before it is submitted or matters before it is released.
        first, last = np.searchsorted(jobs.released_s, [axis.start_s, axis.end_s], side="right").tolist()
        unseen = first + np.flatnonzero(jobs.submitted_s[first:last] > axis.start_s)
        found = jobs.take(unseen)
        return np.concatenate(
            cumulative_work_mwh(
                axis,
                self.truth.class_index[unseen],
                len(self.truth.fleet.classes),
                found.released_s,
                found.due_s - found.duration_s,
                found.duration_s,
                found.gpus_max * found.power_per_gpu_kw / 1000.0,
            )
        )


def _array(issue: Issue, cut: int = 0) -> Floats:
    """An Issue as its reader sees it: an array for all that an array is used for."""
    return cast("Floats", Ahead(issue, cut))


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

    def released_mwh(self, now: int, periods: int) -> Floats:
        """What arrives after `now` and may have run by the end of each of the next `periods` intervals."""
        return self._released_mwh(now, np.arange(now + 1, now + periods + 1))

    def due_mwh(self, now: int, periods: int) -> Floats:
        """What of it must have run by then."""
        last = self.arrived_mwh.shape[1] - 1
        ends = np.arange(now + 1, now + periods + 1)
        released = self._released_mwh(now, ends)
        source = np.arange(periods)[None, :] - self.slack[:, None]
        rows = np.arange(len(self.run))[:, None]
        due = np.where(source >= 0, released[rows, np.maximum(source, 0)], 0.0)
        run = np.minimum(self.run[:, None], last - now)
        in_the_end = self._released_mwh(now, np.array([last]))
        closing = in_the_end * np.clip(1.0 - (last - ends[None, :]) / run, 0.0, 1.0)
        found: Floats = np.minimum(np.maximum(due, closing), released)
        return found

    def _released_mwh(self, now: int, ends: NDArray[np.int64]) -> Floats:
        """Released at the interval ends `ends`, counted from the start of the axis."""
        lower = np.maximum(ends[None, :] - self.run[:, None], now)
        rows = np.arange(len(self.run))[:, None]
        spread = self.spread_mwh[:, ends] - self.spread_mwh[rows, lower]
        released = spread - self.arrived_mwh[:, [now]] * ((ends[None, :] - lower) / self.run[:, None])
        found: Floats = np.maximum(released, 0.0)
        return found

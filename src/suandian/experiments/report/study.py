"""The finding as the report sees it: one language, one place, the arms' flows, and the numbers to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isfinite

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from suandian.experiments.finding import Finding
from suandian.experiments.report.network import NetworkReading, TellingDay, network_of, telling_day
from suandian.experiments.report.numbers import CURTAILED, Numbers, fixed, join_unit, tagged
from suandian.experiments.report.reading import Flows, Place, Window, flows, main_place, week
from suandian.experiments.report.words import Words
from suandian.quantity.errors import InvariantBroken
from suandian.verification.runs import Runs, job_runs

__all__ = ["Study"]


@dataclass
class Study:
    """A finding in one language, with what several parts of the page need computed once."""

    finding: Finding
    lang: str

    def __post_init__(self) -> None:
        self.words = Words(self.lang)
        records = {name: self._record(arm.kpis) for name, arm in self.finding.arms.items()}
        self.numbers = Numbers(records, self.control, self.lang)

    def _record(self, kpis: Mapping[str, float]) -> Mapping[str, float]:
        """The arm's KPIs, and what is curtailed of wind and solar together where there is wind."""
        if not self.windy:
            return kpis
        return {**kpis, CURTAILED.kpi: kpis["pv_curtailed_mwh"] + kpis.get("wind_curtailed_mwh", 0.0)}

    @property
    def control(self) -> str:
        return self.finding.control

    @property
    def chosen(self) -> str:
        return self.finding.chosen

    @property
    def alone(self) -> bool:
        """Is there nothing to compare the control with?"""
        return self.chosen == self.control

    @property
    def pair(self) -> tuple[str, ...]:
        """The control and, where there is one, the chosen arm."""
        return (self.control,) if self.alone else (self.control, self.chosen)

    @property
    def has_bound(self) -> bool:
        """Is there an arm with perfect knowledge beside the chosen one?"""
        return "foresight" in self.finding.arms and self.chosen != "foresight" and self.control != "foresight"

    @property
    def bound_cny(self) -> float | None:
        """Proved least objective of a punctual plan; None where it was not computed or lies above some arm.

        An arm below it saved by leaving work late, so that a bound would compare different work.
        """
        bound_cny = self.finding.bound_cny
        below_all = all(bound_cny < arm.kpis["objective_cny"] for arm in self.finding.arms.values())
        return bound_cny if isfinite(bound_cny) and below_all else None

    @property
    def has_peer(self) -> bool:
        """Is there an arm with perfect knowledge that is no later than the chosen one, so that costs compare?"""
        late = "deadline_misses"
        return self.has_bound and self.numbers.shown(late, "foresight") <= self.numbers.shown(late, self.chosen)

    @property
    def many_connections(self) -> bool:
        """Are peaks sums over several connections?"""
        return self.finding.arms[self.control].sites.height > 1

    @property
    def windy(self) -> bool:
        """Is there wind behind any connection?"""
        return any(feeder.wind_mw > 0 for feeder in self.finding.truth.fleet.feeders)

    @property
    def by_tariff(self) -> bool:
        """Do the prices of all sites come from a tariff, by their stated source?"""
        sources = self.finding.truth.sources
        return all(
            sources.get(f"price_cny_per_mwh/{site.id}", "").startswith("tariff ")
            for site in self.finding.truth.fleet.sites
        )

    @property
    def curtailed_kpi(self) -> str:
        """What the verdict says of curtailment: solar, or wind and solar together where there is wind."""
        return CURTAILED.kpi if self.windy else "pv_curtailed_mwh"

    @cached_property
    def place(self) -> Place:
        return main_place(self.finding, self.lang)

    @cached_property
    def flows(self) -> dict[str, Flows]:
        return {name: flows(self.finding, name, self.place) for name in self.finding.arms}

    @cached_property
    def runs(self) -> dict[str, Runs]:
        """Stretches of running of every job, by arm."""
        end_s = self.finding.truth.axis.end_s
        return {name: job_runs(arm.journal.job_events(), end_s) for name, arm in self.finding.arms.items()}

    @cached_property
    def network(self) -> NetworkReading | None:
        """The network behind the feeder in the arms of `pair`; None where there is none."""
        return network_of(self.finding, self.pair)

    @cached_property
    def telling_day(self) -> TellingDay:
        """The day of the map; only where there is a network."""
        if self.network is None:
            raise InvariantBroken("no feeder of this study has a network")
        return telling_day(self.network, self.control, self.local, self.step_h)

    @cached_property
    def window(self) -> Window:
        return week(self.finding, self.flows[self.control].pv_available_mw)

    @cached_property
    def local(self) -> NDArray[np.datetime64]:
        """Wall-clock interval starts."""
        return self.finding.truth.axis.local_starts(self.finding.truth.fleet.zone)

    @property
    def step_h(self) -> float:
        return self.finding.truth.axis.step_h

    def clock(self, at_s: int) -> np.datetime64:
        """Wall-clock time of an instant, by the zone's offset in its interval; instants outside keep the nearest."""
        axis = self.finding.truth.axis
        interval = min(max((at_s - axis.start_s) // axis.step_s, 0), axis.periods - 1)
        started_s = axis.start_s + interval * axis.step_s
        clock: np.datetime64 = self.local[interval].astype("datetime64[s]") + np.timedelta64(at_s - started_s, "s")
        return clock

    def site_name(self, row: int) -> str:
        site = self.finding.truth.fleet.sites[row]
        return (site.name_zh if self.lang == "zh" else site.name) or site.id

    def fact(self, name: str, value: float, decimals: int, unit: str = "", *, signed: bool = False) -> Markup:
        """A number that is no KPI; the page says what it is and its exact value, and a test recomputes it."""
        text = join_unit(fixed(value, decimals, signed=signed), unit)
        return tagged("fact", name, repr(float(value)), text)

    def period(self, first: np.datetime64, last: np.datetime64) -> str:
        """Two local dates as a period: `1–30 April 2026`, `2026年4月1日—30日`."""
        a, b = _parts(first), _parts(last)
        if self.lang == "zh":
            head = f"{a[0]}年{a[1]}月{a[2]}日"
            if a == b:
                return head
            tail = f"{b[2]}日" if a[:2] == b[:2] else f"{b[1]}月{b[2]}日" if a[0] == b[0] else _zh_date(b)
            return f"{head}—{tail}"
        if a == b:
            return f"{a[2]} {_MONTHS[a[1] - 1]} {a[0]}"
        end = f"{b[2]} {_MONTHS[b[1] - 1]} {b[0]}"
        if a[:2] == b[:2]:
            return f"{a[2]}–{end}"
        return f"{a[2]} {_MONTHS[a[1] - 1]}{'' if a[0] == b[0] else f' {a[0]}'} – {end}"

    def day_label(self, day: np.datetime64) -> str:
        """`Mon 13` or `周一 13日`."""
        weekday = int((day - np.datetime64("1970-01-05", "D")).astype(int)) % 7
        number = _parts(day)[2]
        return f"{self.words.weekday(weekday)} {number}" + ("日" if self.lang == "zh" else "")


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _parts(day: np.datetime64) -> tuple[int, int, int]:
    year, month, number = str(day.astype("datetime64[D]")).split("-")
    return int(year), int(month), int(number)


def _zh_date(parts: tuple[int, int, int]) -> str:
    return f"{parts[0]}年{parts[1]}月{parts[2]}日"

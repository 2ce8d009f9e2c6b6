"""The network behind a feeder as the report reads it: AC states of the two arms shown, and the day worth looking at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.finding import Finding
from suandian.experiments.grid.kpis import main_transformers
from suandian.experiments.grid.state import Exceeded, exceeded, grid_of, grid_state, used_ratios
from suandian.experiments.report.numbers import fixed
from suandian.experiments.report.words import Words
from suandian.model.grid import Feeder
from suandian.model.network import Network
from suandian.physics.feeder_grid import GridStep, grid_limits
from suandian.physics.limits import Limits

__all__ = [
    "ArmNetwork",
    "NetworkReading",
    "TellingDay",
    "congestion_cny_per_mwh",
    "network_of",
    "telling_day",
    "villages",
]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ArmNetwork:
    """One arm's state: how much of its limit each branch uses `(T, branches)`, and where limits are exceeded."""

    step: GridStep
    used_ratio: Array
    exceeded: Exceeded

    @property
    def held_mw(self) -> Array:
        """PV held back at every bus, `(T, buses)`."""
        held: Array = np.maximum(self.step.pv_available_mw - self.step.pv_used_mw, 0.0)
        return held


@dataclass(frozen=True, slots=True, eq=False)
class NetworkReading:
    """The first feeder with a network.

    `main` are rows of its transformers next to the grid above; none where the network begins below them, and the whole
    connection stands for them.
    """

    feeder: Feeder
    limits: Limits
    main: NDArray[np.intp]
    arms: Mapping[str, ArmNetwork]

    @property
    def network(self) -> Network:
        return grid_of(self.feeder).network

    @property
    def lines(self) -> int:
        """Number of lines: transformers follow them among the branches."""
        return len(self.network.lines.ids)

    @property
    def main_ids(self) -> tuple[str, ...]:
        """Ids of the main transformers; the feeder's where the connection stands for them."""
        return tuple(self.network.transformers.ids[row] for row in self.main.tolist()) or (self.feeder.id,)

    def main_mw(self, arm: str) -> Array:
        """Power down through the main transformers, `(T, main)`; that of the connection where there are none."""
        if not len(self.main):
            return self.arms[arm].step.flow.slack_mw[:, None]
        down: Array = self.arms[arm].step.flow.transformer_mw(self.network)[:, self.main]
        return down

    def rating_text(self, words: Words, value_mw: float, *, short: bool = False) -> str:
        """What may be carried down, and why it is less than a rating: `34 MW (40 MVA at power factor 0.85)`."""
        factor = self.feeder.power_factor_ratio
        rating_mva = value_mw / factor
        return words(
            "rating_limit_short" if short else "rating_limit",
            limit=f"{fixed(value_mw, 0)} MW",
            rating=f"{fixed(rating_mva, 0 if rating_mva >= 10.0 else 1)} MVA",
            factor=f"{factor:g}",
        )

    @property
    def import_max_mw(self) -> Array:
        """What each main transformer may carry down at the feeder's power factor, `(main,)`."""
        if not len(self.main):
            return np.array([self.feeder.import_max_mw])
        loading = self.limits.loading_max_ratio[self.lines + self.main]
        most: Array = loading * self.network.transformers.rating_mva[self.main] * self.feeder.power_factor_ratio
        return most

    @property
    def reverse_max_mw(self) -> Array:
        """What each main transformer may feed back, `(main,)`."""
        if not len(self.main):
            return np.array([self.feeder.export_max_mw])
        most: Array = self.limits.reverse_max_mw[self.main]
        return most


@dataclass(frozen=True, slots=True)
class TellingDay:
    """A local day: its date, the intervals shown, and which of them is the tightest."""

    date: np.datetime64
    intervals: tuple[int, ...]
    tightest: int


def network_of(finding: Finding, arms: Sequence[str]) -> NetworkReading | None:
    """The reading for `arms`, or None where no feeder has a network."""
    feeder = next((feeder for feeder in finding.truth.fleet.feeders if feeder.grid is not None), None)
    if feeder is None:
        return None
    found = {}
    for arm in arms:
        step = grid_state(finding.arms[arm].journal, finding.truth, feeder)
        found[arm] = ArmNetwork(step, used_ratios(feeder, step), exceeded(feeder, step))
    return NetworkReading(feeder, grid_limits(feeder), main_transformers(feeder), found)


def telling_day(reading: NetworkReading, control: str, local: NDArray[np.datetime64], step_h: float) -> TellingDay:
    """The local day on which the control holds most PV back; without any, the one with the fullest branch.

    Quarter hours are shown, or the study's own longer steps. The tightest is the one with the most PV held back, or the
    fullest branch.
    """
    arm = reading.arms[control]
    held_mw = arm.held_mw.sum(axis=1)
    weight = held_mw if float(held_mw.sum()) * step_h > 1e-3 else arm.used_ratio.max(axis=1)
    days, first = np.unique(local.astype("datetime64[D]"), return_index=True)
    edges = np.append(first, len(local))
    by_day = np.add.reduceat(weight, first) if weight is held_mw else np.maximum.reduceat(weight, first)
    whole = np.diff(edges) >= 0.9 * np.median(np.diff(edges))
    best = int(np.argmax(np.where(whole, by_day, -1.0)))
    thin = max(1, round(0.25 / step_h))
    shown = tuple(range(int(edges[best]), int(edges[best + 1]), thin))
    return TellingDay(days[best], shown, int(np.argmax(weight[list(shown)])))


def villages(network: Network, flags: NDArray[np.bool_]) -> int:
    """Number of villages (buses without one count for themselves) with a bus that is flagged, `(buses,)`."""
    names = {network.buses.groups[bus] or network.buses.ids[bus] for bus in np.flatnonzero(flags).tolist()}
    return len(names)


def congestion_cny_per_mwh(finding: Finding, feeder: Feeder, arm: str) -> Array | None:
    """Price of congestion that the arm's plans were made with or found at the largest site behind `feeder`, `(T,)`.

    None where no site is there, or where any plan knows no price: a gap is not filled.
    """
    sites = finding.truth.fleet.sites
    rows = [row for row, site in enumerate(sites) if site.feeder == feeder.id]
    plans = finding.arms[arm].journal.plans()
    prices = [plan.congestion_cny_per_mwh for plan in plans]
    known = all(price.shape == (len(sites), plan.last - plan.first) for plan, price in zip(plans, prices, strict=True))
    if not rows or not plans or not known:
        return None
    row = max(rows, key=lambda index: sites[index].import_max_mw)
    whole: Array = np.concatenate([price[row] for price in prices])
    return whole if len(whole) == finding.truth.axis.periods else None

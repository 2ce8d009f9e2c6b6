"""What the figures need, reduced from the journals: flows at one connection, the week to show, days and bands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.finding import Finding
from suandian.model.workload import FLEXIBILITY_LABELS
from suandian.record.journal import Journal

__all__ = [
    "Flows",
    "Place",
    "Window",
    "by_hour_of_day",
    "computing_mwh",
    "flows",
    "low_hours",
    "main_place",
    "runs",
    "week",
    "wide_mean",
]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Place:
    """One connection to the grid above: a feeder with the sites behind it, or a site on its own.

    `meter` is the id of the meter at the connection, `sites` the indices of the sites behind it.
    """

    meter: str
    name: str
    shared: bool
    sites: tuple[int, ...]
    import_max_mw: float
    export_max_mw: float


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """Power at a place in one arm, MW, each `(T,)`; `it_mw` has shape `(labels, T)` in order of the labels.

    `losses_mw` are those of the network behind a feeder, 0 without one.

    `base_mw` is what the data centres draw beyond their computing classes: idle servers, cooling, losses.
    `net_mw` is import minus export at the connection; ties to other connections pass beside it.
    """

    load_mw: Array
    losses_mw: Array
    base_mw: Array
    it_mw: Array
    pv_mw: Array
    pv_available_mw: Array
    charge_mw: Array
    discharge_mw: Array
    import_mw: Array
    export_mw: Array
    wind_mw: Array
    wind_available_mw: Array
    tie_in_mw: Array
    tie_out_mw: Array

    @property
    def net_mw(self) -> Array:
        return self.import_mw - self.export_mw

    @property
    def curtailed_mw(self) -> Array:
        curtailed: Array = np.maximum(self.pv_available_mw - self.pv_mw + self.wind_available_mw - self.wind_mw, 0.0)
        return curtailed

    @property
    def computing_mw(self) -> Array:
        """Power of all computing classes, above idle."""
        total: Array = self.it_mw.sum(axis=0)
        return total


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Intervals `[first, last)` of the shown week, whole local days.

    `days` are the local dates, `edges` the index of each day's first interval and of the end,
    `cloudiest` and `sunniest` the positions of those days in the week, by available solar energy.
    """

    first: int
    last: int
    days: tuple[np.datetime64, ...]
    edges: tuple[int, ...]
    cloudiest: int
    sunniest: int


def main_place(finding: Finding, lang: str) -> Place:
    """The first shared connection, or without one the site with the most GPUs."""
    fleet = finding.truth.fleet
    if fleet.feeders:
        feeder = fleet.feeders[0]
        sites = tuple(row for row, site in enumerate(fleet.sites) if site.feeder == feeder.id)
        name = (feeder.name_zh if lang == "zh" else feeder.name) or feeder.id
        return Place(f"feeder/{feeder.id}", name, True, sites, feeder.import_max_mw, feeder.export_max_mw)
    row = max(range(len(fleet.sites)), key=lambda index: fleet.sites[index].gpus)
    site = fleet.sites[row]
    name = (site.name_zh if lang == "zh" else site.name) or site.id
    return Place(f"site/{site.id}", name, False, (row,), site.import_max_mw, site.export_max_mw)


def flows(finding: Finding, arm: str, place: Place) -> Flows:
    """Power at `place` in `arm`, from the journal's meters alone; a meter that is missing counts as zero."""
    journal = finding.arms[arm].journal
    step_h = finding.truth.axis.step_h
    ids = [f"site/{finding.truth.fleet.sites[row].id}" for row in place.sites]

    def total(channel: str, side: int, owners: list[str]) -> Array:
        none = np.zeros(finding.truth.axis.periods)
        return sum((_read(journal, f"{owner}/{channel}", side, none) for owner in owners), none) / step_h

    owners = [place.meter, *ids] if place.shared else ids
    ties = [f"tie/{tie.id}" for tie in finding.truth.fleet.ties] if place.shared else []
    end = place.meter.partition("/")[2]
    it_mw = np.array([total(f"it/{label}", 0, ids) for label in FLEXIBILITY_LABELS])
    return Flows(
        load_mw=total("load", 0, [place.meter] if place.shared else []),
        losses_mw=total("losses", 0, [place.meter] if place.shared else []),
        base_mw=np.maximum(total("facility", 0, ids) - it_mw.sum(axis=0), 0.0),
        it_mw=it_mw,
        pv_mw=total("pv", 1, owners),
        pv_available_mw=total("pv_available", 1, owners),
        charge_mw=total("battery", 0, ids),
        discharge_mw=total("battery", 1, ids),
        import_mw=total("grid", 0, [place.meter]),
        export_mw=total("grid", 1, [place.meter]),
        wind_mw=total("wind", 1, [place.meter]),
        wind_available_mw=total("wind_available", 1, [place.meter]),
        tie_in_mw=total(end, 0, ties),
        tie_out_mw=total(end, 1, ties),
    )


def computing_mwh(finding: Finding, arm: str, site: int) -> Array:
    """IT energy above idle of one site by label, shape `(labels,)`, MWh."""
    journal = finding.arms[arm].journal
    name = finding.truth.fleet.sites[site].id
    none = np.zeros(finding.truth.axis.periods)
    return np.array([_read(journal, f"site/{name}/it/{label}", 0, none).sum() for label in FLEXIBILITY_LABELS])


def week(finding: Finding, available_mw: Array) -> Window:
    """Seven whole local days (fewer in a short study) with the widest range from the cloudiest to the sunniest day.

    Windows that begin on a Monday are preferred; the first of equals is taken, so the choice follows from the data.
    """
    local = finding.truth.axis.local_starts(finding.truth.fleet.zone)
    dates, starts, sizes = np.unique(local.astype("datetime64[D]"), return_index=True, return_counts=True)
    whole = sizes >= 0.9 * np.median(sizes)
    first_day, last_day = int(np.argmax(whole)), len(whole) - int(np.argmax(whole[::-1]))
    edges = np.append(starts, len(local))
    energy = np.add.reduceat(available_mw, starts)
    length = min(7, last_day - first_day)
    options = list(range(first_day, last_day - length + 1))
    # 1970-01-05 was a Monday.
    mondays = [day for day in options if (dates[day] - np.datetime64("1970-01-05", "D")).astype(int) % 7 == 0]
    best = max(mondays or options, key=lambda day: float(np.ptp(energy[day : day + length])))
    shown = energy[best : best + length]
    return Window(
        first=int(edges[best]),
        last=int(edges[best + length]),
        days=tuple(dates[best : best + length]),
        edges=tuple(int(edge) for edge in edges[best : best + length + 1]),
        cloudiest=int(np.argmin(shown)),
        sunniest=int(np.argmax(shown)),
    )


def wide_mean(values: Array, factor: int) -> Array:
    """Means of `factor` neighbours along the last axis; a rest at the end is averaged over what there is."""
    if factor <= 1:
        return values
    starts = np.arange(0, values.shape[-1], factor)
    sums = np.add.reduceat(values, starts, axis=-1)
    means: Array = sums / np.diff(np.append(starts, values.shape[-1]))
    return means


def runs(mask: NDArray[np.bool_], *, bridge: int = 0, least: int = 1) -> list[tuple[int, int]]:
    """Half-open index ranges where `mask` holds; gaps up to `bridge` are closed, ranges below `least` dropped."""
    found: list[tuple[int, int]] = []
    padded = np.concatenate([[False], mask, [False]])
    turns = np.flatnonzero(padded[1:] != padded[:-1])
    for first, last in zip(turns[::2], turns[1::2], strict=True):
        if found and first - found[-1][1] <= bridge:
            found[-1] = (found[-1][0], int(last))
        else:
            found.append((int(first), int(last)))
    return [(first, last) for first, last in found if last - first >= least]


def by_hour_of_day(finding: Finding, values: Array, slots: int = 96) -> Array:
    """Mean over all days by time of day, `(…, slots)`; slots that the axis never meets repeat the one before."""
    local = finding.truth.axis.local_starts(finding.truth.fleet.zone)
    second = (local - local.astype("datetime64[D]")).astype(np.int64)
    slot = second * slots // 86400
    counts = np.bincount(slot, minlength=slots)
    flat = values.reshape(-1, values.shape[-1])
    sums = np.array([np.bincount(slot, weights=row, minlength=slots) for row in flat])
    means = sums / np.maximum(counts, 1)
    met = np.flatnonzero(counts > 0)
    source = met[np.maximum(np.searchsorted(met, np.arange(slots), side="right") - 1, 0)]
    shaped: Array = means[:, source].reshape(*values.shape[:-1], slots)
    return shaped


def low_hours(price_by_slot: Array) -> list[tuple[int, int]]:
    """Slots of the day in the lowest tenth of the price range; nothing where the price hardly varies (1 %)."""
    low, high = float(price_by_slot.min()), float(price_by_slot.max())
    if high - low <= 0.01 * max(abs(high), abs(low)):
        return []
    return runs(price_by_slot <= low + 0.1 * (high - low))


def _read(journal: Journal, meter: str, side: int, none: Array) -> Array:
    return journal.metered(meter)[side] if journal.has_meter(meter) else none

"""Coordinators without an optimiser, all under capacity: threshold, lowest window or slots, greenest site.

What each does, and what it cannot do, is told in docs/explanation/coordinators.md. None of them runs the battery: it
follows its stated rule (self-consumption). Interactive streams stay at home, except with `GreenestSite`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.booking import Booked, book, wishes
from suandian.coordination.control import rule_plan
from suandian.coordination.room import Room, greenest_streams, home_streams, room_for_jobs
from suandian.coordination.windows import in_steps, ranked
from suandian.model.plan import Plan, View

__all__ = ["SIGNALS", "GreenestSite", "LowestSlots", "LowestWindow", "Threshold"]

Floats = NDArray[np.float64]

#: Option `signal` → field of the Outlook.
SIGNALS: Mapping[str, str] = {
    "price": "price_cny_per_mwh",
    "carbon_average": "carbon_average_kg_per_mwh",
    "carbon_marginal": "carbon_marginal_kg_per_mwh",
}


@dataclass(frozen=True, slots=True)
class Threshold:
    """Flexible classes run while the signal at their site is at or below a percentile of the coming horizon.

    Raises `ValueError` for an unknown signal, a percentile outside 0…100, or times that are not positive.
    """

    signal: str = "price"
    percentile: float = 30.0
    decide_every_h: float = 1.0
    horizon_h: float = 24.0

    def __post_init__(self) -> None:
        _check(self.signal, self.decide_every_h, self.horizon_h)
        if not 0.0 <= self.percentile <= 100.0:
            raise ValueError(f"percentile: {self.percentile} does not lie in 0…100")

    @property
    def name(self) -> str:
        return "threshold"

    def plan(self, view: View) -> Plan:
        """Full room in low intervals; else what runs and may not be paused, as slow as it may, and inflexible work."""
        periods = _intervals(view, self.horizon_h)
        stream_mw = home_streams(view, periods)
        room = room_for_jobs(view, stream_mw)
        values = _signal(view, self.signal, periods)
        low = values <= np.percentile(values, self.percentile, axis=1, keepdims=True) + 1e-12
        it_mw = np.where(low[None], _offer_all(view, room), _offer_forced(view, room))
        every = min(_intervals(view, self.decide_every_h), periods)
        plan = rule_plan(view, self.name, every, it_mw, stream_mw, {"low_ratio": float(low.mean())})
        return replace(plan, gear=_deepest(view, ~low))


def _deepest(view: View, where: NDArray[np.bool_]) -> NDArray[np.int64] | None:
    """The slowest gear of every class `where (S, H)`, full speed elsewhere, `(classes, S, H)`; None without gears."""
    classes = view.fleet.classes
    gears = np.array([pace.gears for pace in classes.paces], dtype=np.int64)[classes.pace]
    return None if (gears == 1).all() else (gears - 1)[:, None, None] * where[None].astype(np.int64)


@dataclass(frozen=True, slots=True)
class LowestWindow:
    """Every waiting job takes the uninterrupted run with the lowest mean signal that is still free; nothing is paused.

    Raises `ValueError` as `Threshold` does.
    """

    signal: str = "price"
    decide_every_h: float = 1.0
    horizon_h: float = 48.0

    def __post_init__(self) -> None:
        _check(self.signal, self.decide_every_h, self.horizon_h)

    @property
    def name(self) -> str:
        return "lowest_window"

    def plan(self, view: View) -> Plan:
        """Book the queue in order of submission."""
        return _booked(view, self.name, self.signal, self.decide_every_h, self.horizon_h, interruptible=False)


@dataclass(frozen=True, slots=True)
class LowestSlots:
    """Every job takes the cheapest intervals that are still free, in pieces where it may be interrupted.

    Raises `ValueError` as `Threshold` does.
    """

    signal: str = "price"
    decide_every_h: float = 1.0
    horizon_h: float = 48.0

    def __post_init__(self) -> None:
        _check(self.signal, self.decide_every_h, self.horizon_h)

    @property
    def name(self) -> str:
        return "lowest_slots"

    def plan(self, view: View) -> Plan:
        """Book the queue in order of submission; jobs that may be paused choose anew at every decision."""
        return _booked(view, self.name, self.signal, self.decide_every_h, self.horizon_h, interruptible=True)


@dataclass(frozen=True, slots=True)
class GreenestSite:
    """Every job starts at its release, at the permitted site with the lowest signal that has room; streams follow.

    Raises `ValueError` as `Threshold` does.
    """

    signal: str = "carbon_average"
    decide_every_h: float = 1.0

    def __post_init__(self) -> None:
        _check(self.signal, self.decide_every_h, self.decide_every_h)

    @property
    def name(self) -> str:
        return "greenest_site"

    def plan(self, view: View) -> Plan:
        """Rank sites in every interval until the next decision."""
        periods = _intervals(view, self.decide_every_h)
        order = ranked(in_steps(_signal(view, self.signal, periods)).T).T
        rank = np.argsort(order, axis=0).astype(np.int64)
        stream_mw = greenest_streams(view, order, _gpus_not_running(view, periods))
        idle = np.zeros((len(view.fleet.classes), len(view.fleet.sites), periods))
        return rule_plan(view, self.name, periods, idle, stream_mw, start_at_once=True, site_rank=rank)


def _check(signal: str, decide_every_h: float, horizon_h: float) -> None:
    if signal not in SIGNALS:
        raise ValueError(f"signal: {signal!r} is unknown; write one of {', '.join(SIGNALS)}")
    if decide_every_h <= 0 or horizon_h <= 0:
        raise ValueError("decide_every_h and horizon_h must be above 0 h")


def _intervals(view: View, hours_h: float) -> int:
    """Intervals in `hours_h`, at least one, at most what is left of the axis."""
    return max(1, min(round(hours_h / view.axis.step_h), view.outlook.axis.periods))


def _signal(view: View, name: str, periods: int) -> Floats:
    values: Floats = getattr(view.outlook, SIGNALS[name])[:, :periods]
    return values


def _booked(
    view: View, name: str, signal: str, decide_every_h: float, horizon_h: float, *, interruptible: bool
) -> Plan:
    periods = _intervals(view, horizon_h)
    stream_mw = home_streams(view, periods)
    booked: Booked = book(
        wishes(view.queue, view.axis, interruptible=interruptible),
        room_for_jobs(view, stream_mw),
        _signal(view, signal, periods),
        len(view.fleet.classes),
    )
    figures = {"booked_count": float(booked.jobs), "unbooked_count": float(booked.missed)}
    every = min(_intervals(view, decide_every_h), periods)
    return rule_plan(view, name, every, booked.it_mw, stream_mw, figures, may_pause=interruptible)


def _offer_all(view: View, room: Room) -> Floats:
    """All room, shared among the classes allowed at a site by their power in the queue, `(classes, S, H)` MW."""
    classes, queue = view.fleet.classes, view.queue
    power_mw = queue.gpus * queue.power_per_gpu_kw / 1000.0
    wanted_mw = np.bincount(queue.class_index, weights=power_mw, minlength=len(classes))
    # A class with nothing in the queue is offered a little, so that the first job of it finds a curve.
    little_mw = 1e-3 * (float(wanted_mw.sum()) or 1.0)
    weight = classes.allowed(len(view.fleet.sites)) * (wanted_mw + little_mw)[:, None]
    total = weight.sum(axis=0)
    share = weight / np.where(total > 0, total, 1.0)
    offered_mw = share[:, :, None] * room.gpus[None] * classes.power_per_gpu_kw[:, None, None] / 1000.0
    return _within(offered_mw, room)


def _offer_forced(view: View, room: Room) -> Floats:
    """Running jobs that cannot be paused, and work of classes without slack, `(classes, S, H)` MW."""
    classes, queue, axis = view.fleet.classes, view.queue, view.axis
    sites, periods = room.it_mw.shape
    rigid = classes.slack_h <= 0.0
    jobs = wishes(queue, axis, interruptible=True)
    stays = (queue.state == 1) & (~queue.preemptible | rigid[queue.class_index])
    rows = np.flatnonzero(stays)
    place = queue.class_index[rows] * sites + queue.site[rows]
    held_mw = _held(place, jobs.power_mw[rows], jobs.length[rows], len(classes) * sites, periods)
    offered_mw = held_mw.reshape(len(classes), sites, periods)
    rate_mw = np.diff(view.outlook.due_mwh[:, :periods], axis=1, prepend=0.0) / axis.step_h
    allowed = classes.allowed(sites) & rigid[:, None]
    gpus = allowed * np.array([site.gpus for site in view.fleet.sites], dtype=np.float64)
    share = gpus / np.maximum(gpus.sum(axis=1, keepdims=True), 1.0)
    offered_mw += share[:, :, None] * np.maximum(rate_mw, 0.0)[:, None, :]
    return _within(offered_mw, room)


def _within(offered_mw: Floats, room: Room) -> Floats:
    """Curves scaled down where their sum exceeds the power that a site has room for."""
    total = offered_mw.sum(axis=0)
    ratio = np.where(total > room.it_mw, room.it_mw / np.where(total > 0, total, 1.0), 1.0)
    scaled: Floats = offered_mw * ratio
    return scaled


def _gpus_not_running(view: View, periods: int) -> NDArray[np.int64]:
    """GPUs installed less those that jobs now running hold until they end, `(S, periods)`."""
    queue = view.queue
    rows = np.flatnonzero(queue.state == 1)
    length = -(-queue.remaining_s[rows] // view.axis.step_s)
    held = _held(queue.site[rows], queue.gpus[rows].astype(np.float64), length, len(view.fleet.sites), periods)
    installed = np.array([site.gpus for site in view.fleet.sites], dtype=np.int64)
    return np.maximum(installed[:, None] - np.rint(held).astype(np.int64), 0)


def _held(place: NDArray[np.int64], amount: Floats, length: NDArray[np.int64], places: int, periods: int) -> Floats:
    """Sum of `amount` at `place` over the first `length` intervals, `(places, periods)`."""
    # What ends in interval k counts in 0 … k−1: summed by last interval, then accumulated from the end.
    last = np.clip(length, 1, periods) - 1
    ending = np.bincount(place * periods + last, weights=amount, minlength=places * periods).astype(np.float64)
    held: Floats = np.cumsum(ending.reshape(places, periods)[:, ::-1], axis=1)[:, ::-1]
    return held

"""Shifting under no limit against the same rules in plain Python: same signal, same jobs, same starts.

The peer is `bench/peers/plain_shifting.py`; the tests hold ours against it as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

import suandian as sd
from bench.peers import plain_shifting as plain
from suandian.coordination.shift_choice import Rule

__all__ = ["run"]

START = datetime(2020, 1, 1, tzinfo=UTC)
PERIODS = 8784
STEP_S = 3600
SLACK_H = 168
REPEATS = 5

Decide = Callable[[list[int], list[int], list[int]], list[dict[str, Any]]]


def run(quick: bool = False) -> dict[str, Any]:
    """20,000 jobs beside the peer, a million alone; quick: a tenth of both."""
    part = 10 if quick else 1
    cents = signal(seed=1)
    series = sd.Series(sd.TimeAxis(START, timedelta(hours=1), PERIODS), cents / 100.0, "kg/MWh", "made")
    first, length = jobs(20_000 // part, seed=2)
    table = shift_jobs(first, length)
    rows: list[dict[str, Any]] = []
    beside: tuple[tuple[Rule, Decide], ...] = (("lowest_window", window), ("lowest_slots", slots))
    for rule, decide in beside:
        sd.shift(series, table, rule=rule)  # compiles where nothing is cached
        ours_s, shifted = _least(partial(sd.shift, series, table, rule=rule))
        began = time.process_time()
        theirs = decide(cents.tolist(), first.tolist(), length.tolist())
        peer_s = time.process_time() - began
        pairs = zip(chosen(shifted), shifted.frame["saving_kg"].to_list(), theirs, strict=True)
        other = sum(
            hours != [*peer["hours"]] or abs(saving - peer["saving_kg"]) > 1e-9 for hours, saving, peer in pairs
        )
        what = f"{rule}: {len(table):,} jobs, {SLACK_H} h of slack, an hourly year"
        target = None if quick else 100
        rows += [
            {
                "what": f"{what}, s",
                "ours": round(ours_s, 4),
                "peer": round(peer_s, 3),
                "ratio": round(peer_s / ours_s),
                "target": f"≥ {target}" if target else "",
                "met": peer_s / ours_s >= target if target else None,
            },
            {
                "what": f"{what}: jobs with other hours or another saving",
                "ours": other,
                "target": "0",
                "met": other == 0,
            },
        ]
    many = shift_jobs(*jobs(1_000_000 // part, seed=3))
    for rule in get_args(Rule):
        ours_s, _ = _least(partial(sd.shift, series, many, rule=rule), repeats=2)
        rows.append(
            {
                "what": f"{rule}: {len(many):,} jobs, {SLACK_H} h of slack, an hourly year, s",
                "ours": round(ours_s, 3),
                "target": "" if quick else "≤ 2 s",
                "met": None if quick else ours_s <= 2.0,
            }
        )
    return {
        "title": "Shifting under no limit",
        "rows": rows,
        "notes": [
            "Processor time. Both give hours, impact and saving of every job. Ours: best of five calls (a million "
            "jobs: of two). Peer: the same rules in plain Python, once.",
            "Run times are 1 to 48 whole hours; every interval that a job uses is compared.",
        ],
    }


def signal(seed: int) -> NDArray[np.int64]:
    """A year of hundredths of kg/MWh: daily and yearly swing, noise; ties occur."""
    rng = np.random.default_rng(seed)
    hour = np.arange(PERIODS)
    swing = 30_000 + 9_000 * np.cos(hour / 24 * 2 * np.pi) + 5_000 * np.cos(hour / PERIODS * 2 * np.pi)
    cents: NDArray[np.int64] = np.rint(swing + rng.normal(0.0, 3_000.0, PERIODS)).astype(np.int64)
    return cents


def jobs(count: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Nominal start and run time of each job in hours."""
    rng = np.random.default_rng(seed)
    length = rng.integers(1, 49, count)
    return rng.integers(0, PERIODS - SLACK_H - length), length


def shift_jobs(first: NDArray[np.int64], length: NDArray[np.int64]) -> sd.ShiftJobs:
    start = int(START.timestamp()) + STEP_S * first
    return sd.ShiftJobs.build(start=start, duration_h=length, power_kw=1.0).with_slack(SLACK_H)


def window(cents: list[int], first: list[int], length: list[int]) -> list[dict[str, Any]]:
    """Results per job of the peer's lowest window."""
    results = []
    for at, hours in zip(first, length, strict=True):
        start = plain.lowest_window(cents, STEP_S, STEP_S * at, STEP_S * (at + hours + SLACK_H), STEP_S * hours)
        results.append(result(cents, at, range(start, start + hours)))
    return results


def slots(cents: list[int], first: list[int], length: list[int]) -> list[dict[str, Any]]:
    """Results per job of the peer's lowest slots."""
    results = []
    for at, hours in zip(first, length, strict=True):
        used = plain.lowest_slots(cents, STEP_S, STEP_S * at, STEP_S * (at + hours + SLACK_H), STEP_S * hours)
        results.append(result(cents, at, sorted(used)))
    return results


def result(cents: list[int], at: int, hours: Sequence[int]) -> dict[str, Any]:
    """What one job uses and saves, at 1 kW."""
    now, impact = sum(cents[at : at + len(hours)]), sum(cents[hour] for hour in hours)
    return {"hours": hours, "impact_now_kg": now / 1e5, "impact_kg": impact / 1e5, "saving_kg": (now - impact) / 1e5}


def chosen(shifted: sd.Shifted) -> list[list[int]]:
    """Hours of every job by ours."""
    pieces = shifted.pieces()
    hour = (pieces["start"].dt.epoch("s").to_numpy() - int(START.timestamp())) // STEP_S
    cuts = np.flatnonzero(np.diff(pieces["row"].to_numpy())) + 1
    return [part.tolist() for part in np.split(hour, cuts)]


def _least(call: Callable[[], sd.Shifted], repeats: int = REPEATS) -> tuple[float, sd.Shifted]:
    taken_s = []
    for _ in range(repeats):
        began = time.process_time()
        shifted = call()
        taken_s.append(time.process_time() - began)
    return min(taken_s), shifted

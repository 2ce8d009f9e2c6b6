"""Shifting under no limit against the same rules in plain Python: same signal, same jobs, same starts.

The peer (`bench/peers/plain_shifting.py`) decides only; ours also values every job and makes the table of results.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

import suandian as sd
from bench.peers import plain_shifting as plain

__all__ = ["run"]

START = datetime(2020, 1, 1, tzinfo=UTC)
PERIODS = 8784
STEP_S = 3600
SLACK_H = 168
REPEATS = 5


def run(quick: bool = False) -> dict[str, Any]:
    """20,000 jobs beside the peer, a million alone; quick: a tenth of both."""
    part = 10 if quick else 1
    cents = signal(seed=1)
    series = sd.Series(sd.TimeAxis(START, timedelta(hours=1), PERIODS), cents / 100.0, "kg/MWh", "made")
    first, length = jobs(20_000 // part, seed=2)
    table = shift_jobs(first, length)
    rows: list[dict[str, Any]] = []
    for rule, decide in (("lowest_window", window), ("lowest_slots", slots)):
        sd.shift(series, table, rule=rule)  # compiles where nothing is cached
        ours_s, shifted = _least(lambda rule=rule: sd.shift(series, table, rule=rule))
        began = time.process_time()
        theirs = decide(cents.tolist(), first.tolist(), length.tolist())
        peer_s = time.process_time() - began
        other = sum(mine != peer for mine, peer in zip(chosen(shifted), theirs, strict=True))
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
            {"what": f"{what}: jobs that run at other times", "ours": other, "target": "0", "met": other == 0},
        ]
    many = shift_jobs(*jobs(1_000_000 // part, seed=3))
    for rule in ("run_now", "lowest_start", "lowest_window", "carbon_time", "lowest_slots"):
        ours_s, _ = _least(lambda rule=rule: sd.shift(series, many, rule=rule), repeats=2)
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
            "Processor time of one thread. Ours: the whole call, results per job included, best of five (a million jobs: "
            "of two). Peer: the same rules in plain Python, decisions alone, once.",
            "Run times are 1 to 48 whole hours; every interval that a job uses is compared.",
        ],
    }


def signal(seed: int) -> NDArray[np.int64]:
    """A year of hundredths of kg/MWh: daily and yearly swing, noise; ties occur."""
    rng = np.random.default_rng(seed)
    hour = np.arange(PERIODS)
    swing = 30_000 + 9_000 * np.cos(hour / 24 * 2 * np.pi) + 5_000 * np.cos(hour / PERIODS * 2 * np.pi)
    return np.rint(swing + rng.normal(0.0, 3_000.0, PERIODS)).astype(np.int64)


def jobs(count: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Nominal start and run time of each job in hours."""
    rng = np.random.default_rng(seed)
    length = rng.integers(1, 49, count)
    return rng.integers(0, PERIODS - SLACK_H - length), length


def shift_jobs(first: NDArray[np.int64], length: NDArray[np.int64]) -> sd.ShiftJobs:
    start = int(START.timestamp()) + STEP_S * first
    return sd.ShiftJobs.build(start=start, duration_h=length, power_kw=1.0).with_slack(SLACK_H)


def window(cents: list[int], first: list[int], length: list[int]) -> list[list[int]]:
    """Hours of every job by the peer's lowest window."""
    starts = [
        plain.lowest_window(cents, STEP_S, STEP_S * at, STEP_S * (at + hours + SLACK_H), STEP_S * hours)
        for at, hours in zip(first, length, strict=True)
    ]
    return [list(range(start, start + hours)) for start, hours in zip(starts, length, strict=True)]


def slots(cents: list[int], first: list[int], length: list[int]) -> list[list[int]]:
    """Hours of every job by the peer's lowest slots."""
    return [
        sorted(plain.lowest_slots(cents, STEP_S, STEP_S * at, STEP_S * (at + hours + SLACK_H), STEP_S * hours))
        for at, hours in zip(first, length, strict=True)
    ]


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

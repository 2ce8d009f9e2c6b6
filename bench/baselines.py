"""Baselines of one event: 1,000 meters, 45 days of quarter hours, 13 rules, beside a loop over meters and days."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.baseline import DayState, Outcome
from suandian.verification.calendar import mainland_china
from suandian.verification.engine import baseline
from suandian.verification.event import Event, History, Span
from suandian.verification.metering import LoadTable
from suandian.verification.rules import Rule, rule

__all__ = ["RULES", "loop", "run", "table"]

RULES = (
    "CAISO_10IN10", "CAISO_5IN10", "PJM_STD", "PJM_SAMEDAY_3P2", "PJM_MATCHDAY3", "NYISO_AVG", "NYISO_WX",
    "ISONE_10OF10", "KOREA_MID_4OF6", "ERCOT_MID_8OF10", "HIGH_5OF10", "MBMA_60MIN", "CN_5WD",
)  # fmt: skip
DAYS, SLOTS = 46, 96
LIMIT_S = 5.0
#: Rules that the loop knows.
LOOPED = ("CAISO_10IN10", "HIGH_5OF10", "ISONE_10OF10")


def run(quick: bool = False) -> dict[str, Any]:
    """All rules at once; the loop on a hundredth of the meters, three rules. quick: 100 meters."""
    meters = 100 if quick else 1000
    made, history, event = table(meters)
    records = [rule(name) for name in RULES]
    whole_s = min(_once(meters, records) for _ in range(2))
    few = made.only(range(max(meters // 100, 1)))
    looped = [rule(name) for name in LOOPED]
    started = time.process_time()
    ours = [baseline(made, event, record, history).baseline_mw for record in looped]
    ours_s = time.process_time() - started
    started = time.process_time()
    peers = [loop(few, event, record, history) for record in looped]
    peer_s = (time.process_time() - started) * meters / len(few.meters)
    difference = max(float(np.abs(a[: len(b)] - b).max()) for a, b in zip(ours, peers, strict=True))
    return {
        "title": "Baselines: one event, 45 days of quarter hours before it",
        "rows": [
            {
                "what": f"{meters:,} meters × {len(RULES)} rules, table and history included, s",
                "ours": round(whole_s, 2),
                "target": "" if quick else f"≤ {LIMIT_S:g}",
                "met": None if quick else whole_s <= LIMIT_S,
            },
            {
                "what": f"{meters:,} meters × {len(LOOPED)} rules against a loop over meters, s",
                "ours": round(ours_s, 3),
                "peer": round(peer_s, 2),
                "ratio": round(peer_s / ours_s),
            },
            {
                "what": "largest difference of a baseline to the loop, MW",
                "ours": difference,
                "target": "≤ 1e-6",
                "met": difference <= 1e-6,
            },
        ],
        "notes": [
            "CPU seconds of one process. Two earlier events by meter; holidays of mainland China. The loop ran on "
            f"{len(few.meters)} meters and is scaled up.",
        ],
    }


def table(meters: int) -> tuple[LoadTable, History, Event]:
    """Seeded loads of 46 days ending with the event's day, Wednesday 2025-06-25, and two earlier events a meter."""
    rng = np.random.default_rng(20250625)
    axis = TimeAxis(datetime(2025, 5, 10, 16, tzinfo=UTC), timedelta(minutes=15), DAYS * SLOTS)
    shape = 1 + 0.3 * np.sin(np.arange(axis.periods) * 2 * np.pi / SLOTS)
    load_mw = rng.uniform(1, 50, (meters, 1)) * shape * (1 + 0.05 * rng.standard_normal((meters, axis.periods)))
    ids = tuple(f"m{i}" for i in range(meters))
    made = LoadTable(ids, axis, np.maximum(load_mw, 0.0), "Asia/Shanghai", mainland_china())
    start_s = axis.start_s + 45 * 86400 + 14 * 3600
    event = Event("now", start_s - 7200, start_s, start_s + 4 * 3600)
    spans = tuple(
        Span(start_s - int(back) * 86400, start_s - int(back) * 86400 + 7200, meter, f"{meter}-{back}")
        for meter in ids
        for back in rng.choice(np.arange(1, 20), 2, replace=False)
    )
    return made, History(spans), event


def loop(made: LoadTable, event: Event, record: Rule, history: History) -> np.ndarray:
    """The same by plain Python, meter by meter and day by day: pool, highest days, ratio or additive adjustment."""
    answers = []
    step_s, first = made.axis.step_s, (event.start_s - made.axis.start_s) // made.axis.step_s
    last = (event.end_s - made.axis.start_s) // step_s
    group = record.group_of(int(made.index.kinds[first // SLOTS]))
    assert group is not None
    assert group.pool is not None
    for row, meter in enumerate(made.meters):
        load = made.load_mw[row].tolist()
        spoiled = {(s.start_s - made.axis.start_s) // 86400 for s in history.events if s.meter == meter}
        days: list[int] = []
        for day in range(first // SLOTS - 1, -1, -1):
            like = made.index.kinds[day] == made.index.kinds[first // SLOTS]
            if like and day not in spoiled and len(days) < group.pool:
                days.append(day)
        width, slot = last - first, first % SLOTS
        if group.select == "high":
            days = sorted(days, key=lambda d: (-sum(load[d * SLOTS + slot : d * SLOTS + slot + width]), -d))[
                : group.keep
            ]
        base = [sum(load[d * SLOTS + slot + i] for d in days) / len(days) for i in range(width)]
        for window in record.adjustment.windows:
            a, b = (first + round(h * 3600 / step_s) for h in (window.from_h, window.to_h))
            actual = sum(load[a:b]) / (b - a)
            expected = sum(load[d * SLOTS + i % SLOTS] for d in days for i in range(a, b)) / len(days) / (b - a)
            if record.adjustment.kind == "additive":
                base = [max(v + actual - expected, 0.0) for v in base]
            else:
                r = min(max(actual / expected, record.adjustment.low_ratio), record.adjustment.high_ratio)
                base = [v * r for v in base]
        answers.append(base)
    return np.array(answers)


def _once(meters: int, records: list[Rule]) -> float:
    """CPU seconds from readings to baselines under all rules, every meter measurable."""
    made, history, event = table(meters)
    started = time.process_time()
    fresh = made.replaced(made.load_mw)
    for record in records:
        batch = baseline(fresh, event, record, history)
        if (batch.outcome != Outcome.MEASURED).any():
            raise RuntimeError(f"{record.id} is not measurable on every meter")
        if batch.ledger is not None and not (batch.ledger.state == DayState.USED).any(axis=1).all():
            raise RuntimeError(f"{record.id} used no day")
    return time.process_time() - started

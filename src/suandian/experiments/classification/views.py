"""The page's sentences that depend on the numbers: headline, lead, cards, titles that state the finding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from suandian.experiments.classification.result import Classification
from suandian.experiments.classification.scales import Scale, largest, power_scale, share_text
from suandian.experiments.report.numbers import fixed

__all__ = [
    "Word",
    "card_hours",
    "cards",
    "day_title",
    "envelope_title",
    "grams",
    "headline",
    "hours",
    "largest_mw",
    "lead",
    "levels_title",
    "pill",
    "shares_title",
    "volume",
]

Word = Callable[..., str]

#: The call that headline figures are about: four hours, the usual length of a call (D).
_CALL_H = 4.0


def hours(value_h: float | None) -> str:
    """Hours of slack: a dash where there are none."""
    if value_h is None:
        return "–"
    return fixed(value_h, 0 if value_h >= 100 else 1)


def grams(value_kg: float | None) -> str:
    """kg as grams with three figures."""
    if value_kg is None or value_kg != value_kg:
        return "–"
    value = value_kg * 1000.0
    return fixed(value, 0 if value >= 100 else 1 if value >= 10 else 2)


def volume(value_gb: float | None) -> str:
    """GB, with decimals below ten."""
    if value_gb is None or value_gb != value_gb or value_gb == float("inf"):
        return "–"
    return fixed(value_gb, 2 if 0 < value_gb < 10 else 0)


def largest_mw(found: Classification) -> float:
    """Largest power that pictures and tables of the envelope show (the bound by deadlines alone is not among them)."""
    quantiles_mw = largest(found.envelope.quantiles, "fluid_p90_mw", "jobs_p90_mw")
    return max(quantiles_mw, largest(found.envelope.instants, "default_mw", "whole_jobs_mw"))


def card_hours(found: Classification) -> float:
    """Four hours, or the duration nearest to it that the work is long enough for."""
    known = found.envelope.quantiles["duration_h"].unique().to_list()
    return float(min(known, key=lambda each: abs(each - _CALL_H)))


def pill(found: Classification, w: Word) -> str:
    """Where the slack comes from, which decides how far the page can be trusted."""
    share = found.facts.slack_share
    if share["user"] > 0:
        return w("user_pill")
    return w("stated_pill") if share["stated"] >= 1.0 else w("assumed_pill")


def _shares(found: Classification) -> dict[str, float]:
    return dict(found.classes.select("label", "energy_share_ratio").iter_rows())


def headline(found: Classification, w: Word) -> str:
    """How much may wait, and how much may not."""
    share = _shares(found)
    days, some = share["F4"] + share["F5"], share["F3"] + share["F4"] + share["F5"]
    now = share["F0"] + share["F1"] + share["F2"]
    wait, span = (days, "span_day") if days >= 0.1 else (some, "span_hours")
    key = "headline" if now > 0 else "headline_none"
    return w(key, share=share_text(wait), span=w(span), now=share_text(now))


def _row(found: Classification, direction: str, duration_h: float) -> dict[str, Any]:
    here = (pl.col("direction") == direction) & (pl.col("duration_h") == duration_h)
    return found.envelope.quantiles.filter(here).row(0, named=True)


def lead(found: Classification, w: Word) -> str:
    """The envelope in one sentence, what jobs achieve before what the bound promises."""
    at_h = card_hours(found)
    row, mean_mw = _row(found, "down", at_h), found.mean_load_mw
    scale = power_scale(largest_mw(found))

    def of_mean(value_mw: float) -> str:
        return share_text(value_mw / mean_mw if mean_mw > 0 else 0.0)

    return w(
        "lead",
        down=scale.with_unit(row["jobs_p50_mw"]),
        sure=scale.with_unit(row["jobs_p10_mw"]),
        bound=scale.with_unit(row["fluid_p50_mw"]),
        hours=f"{at_h:g}",
        ratio=of_mean(row["jobs_p50_mw"]),
        sure_ratio=of_mean(row["jobs_p10_mw"]),
    )


def cards(found: Classification, w: Word) -> list[dict[str, Any]]:
    """Three cards: energy, turn-down, turn-up."""
    share = _shares(found)
    scale = power_scale(largest_mw(found))
    known = found.envelope.quantiles["duration_h"].unique().sort().to_list()
    chosen = [each for each in known if each in (1.0, 4.0, 12.0)] or known[:3]

    def facts(direction: str) -> list[tuple[str, str]]:
        key = f"card_{direction}"
        return [
            (
                scale.with_unit(_row(found, direction, each)["jobs_p50_mw"]),
                w(key, hours=each, notice=found.envelope.notice_h),
            )
            for each in chosen
        ]

    energy = [
        (share_text(share["F4"] + share["F5"]), w("card_wait")),
        (share_text(share["F3"]), w("card_hours")),
        (share_text(share["F0"] + share["F1"] + share["F2"]), w("card_now")),
    ]
    return [
        {"head": w("card_head_energy"), "facts": energy, "target": "classes", "link": w("to_classes")},
        {"head": w("card_head_down"), "facts": facts("down"), "target": "envelope", "link": w("to_envelope")},
        {"head": w("card_head_up"), "facts": facts("up"), "target": "envelope", "link": w("to_envelope")},
    ]


def shares_title(found: Classification, w: Word) -> str:
    """The class whose two shares are furthest apart."""
    rows = [row for row in found.classes.iter_rows(named=True) if row["count"]]
    row = max(rows, key=lambda each: abs(each["count_share_ratio"] - each["energy_share_ratio"]))
    if abs(row["count_share_ratio"] - row["energy_share_ratio"]) < 0.1:
        return w("f_shares_even")
    return w(
        "f_shares",
        label=row["label"],
        jobs=share_text(row["count_share_ratio"]),
        energy=share_text(row["energy_share_ratio"]),
    )


def envelope_title(found: Classification, scale: Scale, w: Word) -> str:
    """A short and a long call."""
    known = found.envelope.quantiles["duration_h"].unique().sort().to_list()
    short = 1.0 if 1.0 in known else known[0]
    long = 12.0 if 12.0 in known else known[-1]
    return w(
        "f_envelope",
        short=scale.with_unit(_row(found, "down", short)["jobs_p50_mw"]),
        short_h=f"{short:g}",
        long=scale.with_unit(_row(found, "down", long)["jobs_p50_mw"]),
        long_h=f"{long:g}",
    )


def day_title(found: Classification, w: Word) -> str:
    """The busiest hour of the mean day, or that there is none."""
    total = found.profile.select(all_mw=pl.sum_horizontal(f"F{index}_mw" for index in range(6)))
    mean_mw = found.mean_load_mw
    above_ratio = largest(total, "all_mw") / mean_mw - 1.0 if mean_mw > 0 else 0.0
    if above_ratio < 0.1:
        return w("f_day_flat")
    return w("f_day", at=total["all_mw"].arg_max(), ratio=share_text(above_ratio))


def levels_title(found: Classification, w: Word) -> str:
    """The high levels of the four dimensions."""
    high = dict(
        found.dimensions.filter(pl.col("level") == "high").select("dimension", "energy_share_ratio").iter_rows()
    )
    return w(
        "f_levels",
        urgent=share_text(high["urgency"]),
        bound=share_text(high["location"]),
        dirty=share_text(high["carbon"]),
        tight=share_text(high["grid"]),
    )

"""A classification for the terminal: energy first, the envelope, what was read, what decided."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any

from suandian.experiments.classification.result import Classification
from suandian.experiments.classification.scales import energy_scale, largest, power_scale, share_text
from suandian.experiments.classification.statements import LOCATION_WORDS, statements

__all__ = ["CLASS_NAMES", "text_of"]

_WIDTH = 110
_WRAP: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}

CLASS_NAMES = {
    "F0": "immediate",
    "F1": "interactive",
    "F2": "near-real-time",
    "F3": "batch, hours",
    "F4": "training, days",
    "F5": "backup, days",
}


def text_of(found: Classification) -> str:
    """The whole answer as plain text of at most 110 columns."""
    parts = [
        _head(found),
        _classes(found),
        _rules(found),
        _dimensions(found),
        _location(found),
        _envelope(found),
        _sensitivity(found),
        "\n".join(fill(f"- {english}", _WIDTH, subsequent_indent="  ", **_WRAP) for english, _ in statements(found)),
    ]
    return "\n\n".join(part for part in parts if part)


def _head(found: Classification) -> str:
    facts, records = found.facts, found.facts.records
    lines = [fill(facts.source, _WIDTH, **_WRAP)]
    if records:
        counts = [f"{records['read']:,} rows read", f"{records['kept']:,} jobs kept"]
        for name in ("repaired", "dropped"):
            remarks = records[name]
            counts.append(f"{sum(remark['count'] for remark in remarks):,} {name}")
        lines.append(f"{facts.format}: {', '.join(counts)}")
        for name in ("repaired", "dropped"):
            lines += [f"  {name} {remark['count']:,}: {remark['reason']}" for remark in records[name]]
    return "\n".join(lines)


def _classes(found: Classification) -> str:
    scale = energy_scale(largest(found.classes, "energy_mwh"))
    rows = [
        [
            f"{row['label']}  {CLASS_NAMES[row['label']]}",
            scale.text(row["energy_mwh"]),
            share_text(row["energy_share_ratio"]),
            share_text(row["work_share_ratio"]),
            share_text(row["count_share_ratio"]),
            f"{row['count']:,}",
            _hours(row["slack_h"]),
        ]
        for row in found.classes.iter_rows(named=True)
    ]
    unit = f"{found.facts.unit}-hours"
    heads = ["class", scale.unit, "of energy", f"of {unit}", "of jobs", "jobs", "slack, h"]
    return _table(heads, rows)


def _rules(found: Classification) -> str:
    rows = [
        [row["rule"], row["label"], share_text(row["energy_share_ratio"]), f"{row['count']:,}"]
        for row in found.rules.iter_rows(named=True)
    ]
    return _table([f"decided by (rules {found.table.version})", "class", "of energy", "jobs"], rows)


def _dimensions(found: Classification) -> str:
    wide = found.dimensions.pivot("level", index="dimension", values="energy_share_ratio")
    rows = [
        [row["dimension"], *(share_text(row[level]) for level in ("low", "medium", "high"))]
        for row in wide.iter_rows(named=True)
    ]
    return _table(["dimension, share of energy", "low", "medium", "high"], rows)


def _location(found: Classification) -> str:
    rows = [
        [
            LOCATION_WORDS[row["location_reason"]][0],
            share_text(row["energy_share_ratio"]),
            _volume(row["gravity_gb_per_mwh"]),
            _volume(row["break_even_gb_per_mwh"]),
            _volume(row["break_even_gb"]),
        ]
        for row in found.location.iter_rows(named=True)
    ]
    return _table(["bound to its place by", "of energy", "GB per MWh", "break-even", "GB per job"], rows)


def _volume(gb_per_mwh: float | None) -> str:
    return (
        "–"
        if gb_per_mwh is None or gb_per_mwh == float("inf")
        else f"{gb_per_mwh:,.2f}"
        if gb_per_mwh < 10
        else f"{gb_per_mwh:,.0f}"
    )


def _envelope(found: Classification) -> str:
    quantiles = found.envelope.quantiles
    names = ["fluid_p10_mw", "fluid_p50_mw", "fluid_p90_mw", "jobs_p10_mw", "jobs_p50_mw", "jobs_p90_mw"]
    scale = power_scale(largest(quantiles, *names))
    words = {"down": "turn down", "up": "turn up"}
    rows: list[list[str]] = [
        [f"{words[row['direction']]} for {row['duration_h']:g} h", *(scale.text(row[name]) for name in names)]
        for row in quantiles.iter_rows(named=True)
    ]
    heads = [f"{scale.unit} of IT power", "bound p10", "p50", "p90", "by jobs p10", "p50", "p90"]
    return _table(heads, rows)


def _sensitivity(found: Classification) -> str:
    if found.facts.slack_share["stated"] >= 1.0:
        return ""
    frame = found.sensitivity
    scale = power_scale(largest(frame, "turn_down_fluid_mw", "turn_down_jobs_mw"))
    hours = frame["duration_h"][0]
    rows = [
        [
            f"{row['factor_ratio']:g} × the slack",
            *(share_text(row[f"F{index}_share_ratio"]) for index in range(6)),
            scale.text(row["turn_down_fluid_mw"]),
            scale.text(row["turn_down_jobs_mw"]),
        ]
        for row in frame.iter_rows(named=True)
    ]
    heads = ["if assumed", *(f"F{i}" for i in range(6)), f"down {hours:g} h, {scale.unit}", "by jobs"]
    return _table(heads, rows)


def _hours(slack_h: float | None) -> str:
    if slack_h is None:
        return "–"
    return f"{slack_h:.1f}" if slack_h < 100 else f"{slack_h:.0f}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    cells = [[str(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    lines = [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)

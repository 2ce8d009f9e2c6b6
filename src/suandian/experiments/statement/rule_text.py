"""Rule records for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

from suandian.experiments.statement.text import table
from suandian.verification.rules import DayGroup, Rule, Window

__all__ = ["record_text", "table_text"]

_WIDTH = 110
_SHORT = {"working": "W", "saturday": "Sa", "sunday": "Su", "holiday": "H"}
_CONFIDENCE = {
    "A": "official text",
    "B": "secondary source read",
    "C": "general knowledge, no conformity claimed",
    "D": "our own choice, no conformity claimed",
}


def table_text(rules: Sequence[Rule]) -> str:
    """One line per record."""
    rows = [[one.ref, one.confidence, one.family.value.replace("_", " "), _adjustment(one), one.name] for one in rules]
    body = table(["rule", "conf.", "family", "adjustment", "title"], rows, left=frozenset({0, 2, 3, 4}))
    foot = (
        "confidence: A official text, B secondary source read, C general knowledge, D our own choice; "
        "C and D claim no conformity"
    )
    return "\n".join([body, "", foot, "suandian rules RULE shows a record"])


def record_text(rule: Rule) -> str:
    """A record in full: what it does in words, then its sources."""
    lines = [f"{rule.ref}  {rule.name}", f"family: {rule.family.value.replace('_', ' ')}"]
    span = f"{rule.effective_from or '…'} to {rule.effective_to or '…'}"
    lines.append(f"in force: {span if rule.effective_from or rule.effective_to else 'no dates kept'}")
    lines += [f"days: {_group(group)}" for group in rule.groups]
    lines += _more(rule)
    lines.append(f"adjustment: {_adjustment(rule)}")
    lines.append(f"fallback: {', then '.join([*rule.fallback, 'not measurable']).replace('_', ' ')}")
    lines.append(f"confidence: {rule.confidence} ({_CONFIDENCE[rule.confidence]})")
    for source in rule.sources:
        note = f" ({source.note})" if source.note else ""
        lines.append(f"source [{source.confidence}]: {source.document}{note}")
    lines.append(f"digest: {rule.digest()}")
    return "\n".join(fill(line, _WIDTH, subsequent_indent="  ", break_long_words=False) for line in lines)


def _more(rule: Rule) -> list[str]:
    lines = []
    if rule.skip_recent_days:
        lines.append(f"skips: the {rule.skip_recent_days} days before the event")
    if rule.event_days_max is not None:
        lines.append(f"event days: at most {rule.event_days_max} are left out, older ones count again")
    if rule.usage is not None:
        high = f" or above {rule.usage.high_ratio:g} ×" if rule.usage.high_ratio is not None else ""
        lines.append(
            f"use: days below {rule.usage.low_ratio:g} ×{high} {rule.usage.reference.replace('_', ' ')} "
            f"({rule.usage.measure.replace('_', ' ')}) are replaced by older ones"
        )
    if rule.windows:
        lines.append(f"windows: {_windows(rule.windows)}")
    if rule.towt is not None:
        with_what = "time of week and temperature" if rule.towt.temperature else "time of week"
        days = "all days" if rule.towt.train_days is None else f"{rule.towt.train_days} days"
        lines.append(f"regression: {with_what} on {days} before the event, at least {rule.towt.train_days_min}")
    return lines


def _group(group: DayGroup) -> str:
    days = "+".join(_SHORT[day] for day in group.days)
    pool = "all usable days" if group.pool is None else f"the {group.pool} newest usable days"
    chosen = {
        "high": f", of these the {group.keep} highest",
        "mid": f", less the {group.drop_high} highest and {group.drop_low} lowest",
        "match": f", of these the {group.keep} most alike outside the event",
        "temperature": f", of these the {group.keep} nearest in daily maximum temperature",
    }.get(group.select, "")
    weights = f", weights {'/'.join(format(w, 'g') for w in group.weights)} newest first" if group.weights else ""
    decay = f", B ← {group.decay_ratio:g}·B + {1 - group.decay_ratio:g}·L" if group.decay_ratio is not None else ""
    return f"{days}: {group.lookback_days} d back, {pool}{chosen}{weights}{decay}, at least {group.minimum}"


def _adjustment(rule: Rule) -> str:
    kind = rule.adjustment
    if kind.kind == "none":
        return "none"
    cap = ""
    if kind.low_ratio is not None or kind.high_ratio is not None:
        sides = ["–" if side is None else f"{side:g}" for side in (kind.low_ratio, kind.high_ratio)]
        cap = f" {sides[0]}–{sides[1]}"
    return f"{kind.kind}{cap}: {_windows(kind.windows)}"


def _windows(windows: Sequence[Window]) -> str:
    return "; ".join(f"{w.anchor} {w.from_h:+g} to {w.to_h:+g} h" for w in windows)

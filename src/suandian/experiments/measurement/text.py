"""The league as text for a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from suandian.experiments.measurement.gaming import worst
from suandian.experiments.measurement.result import League, Row

__all__ = ["text_of"]

#: Play → a few words, for the last column.
PLAY_TEXT = {
    "after_notice": "load raised after notice",
    "days_before": "load raised a week before",
    "frozen": "baseline frozen",
    "raised_then_frozen": "raised, then frozen",
}


def text_of(league: League) -> str:
    """Heading, table of rules, table of designs that close gaps, targets and notes."""
    parts = [_heading(league), _table(league.rows, "rule"), _reading(league)]
    base = league.closing[0].id.partition(" · ")[0]
    parts += [f"{base} made safer step by step\n\n{_table(league.closing, 'design')}"]
    parts += [_targets(league)]
    if league.left_out:
        parts.append("\n".join(f"not ranked: {rule}: {why}" for rule, why in league.left_out.items()))
    parts += [f"note: {note}" for note in league.notes]
    return "\n\n".join(parts)


def _heading(league: League) -> str:
    setting = league.setting
    calls = f"asked for {setting['depth_ratio']:.0%} less" if setting["depth_ratio"] else "as the study instructs"
    true_mwh = sum(twin.true_mwh for twin in league.twins)
    told = f"told {setting['notice_h']:g} h before"
    events = f"{setting['events']} events {calls}, {told}; truly delivered: {true_mwh:.1f} MWh"
    return (
        f"Baseline rules on the load of {league.scenario}: {setting['days']} days, policy {setting['policy']}, "
        f"sites {', '.join(setting['sites'])}\nWindows: {setting['hours']} local time on days without events; {events}"
    )


def _table(rows: Sequence[Row], head: str) -> str:
    # A changed rule is named by the change: the heading of its table names the rule.
    names = [row.id.rpartition(" · ")[2] for row in rows]
    first = max(len(name) for name in [*names, head])
    columns = ("n", "bias", "CV(RMSE)", "median", "p90", "cover", "n", "bias", "RMSE", "median", "p90", "cover",
               "false MWh")  # fmt: skip
    cells = [_cells(row) for row in rows]
    widths = [max(len(name), *(len(row[c]) for row in cells)) for c, name in enumerate(columns)]
    quiet = sum(widths[:6]) + 2 * 5
    loud = sum(widths[6:]) + 2 * 6
    lines = [f"{'':<{first}}  {'without events':^{quiet}} | {'events, against the truth':^{loud}} | pays a player"]
    lines.append(_line(head, first, columns, widths, "most for (gain / true)"))
    lines += [
        _line(name, first, row_cells, widths, _play(row))
        for name, row, row_cells in zip(names, rows, cells, strict=True)
    ]
    return "\n".join(lines)


def _line(name: str, first: int, cells: Sequence[str], widths: Sequence[int], last: str) -> str:
    placed = [f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)]
    return f"{name:<{first}}  {'  '.join(placed[:6])} | {'  '.join(placed[6:])} | {last}".rstrip()


def _cells(row: Row) -> list[str]:
    score, verdict = row.scores, row.verdict
    quiet = ["–"] * 6
    if score.accuracy is not None:
        found = score.accuracy
        quiet = [
            str(found.windows), _signed(found.bias_ratio), _percent(found.cvrmse_ratio), _percent(found.median_ratio),
            _percent(found.p90_ratio), _percent(score.covered_ratio),
        ]  # fmt: skip
    if not verdict.events:
        return [*quiet, "0", *["–"] * 6]
    return [
        *quiet, str(verdict.events), _signed(verdict.bias_ratio), _percent(verdict.rmse_ratio),
        _percent(verdict.median_error_ratio), _percent(verdict.p90_error_ratio),
        f"{verdict.covered}/{verdict.bounded}", f"{verdict.false_payment_mwh:.1f}",
    ]  # fmt: skip


def _play(row: Row) -> str:
    if not row.gains:
        return row.reason or "no event"
    if all(math.isnan(gain.gain_ratio) for gain in row.gains.values()):
        return "nothing was delivered to set it against"
    play, gain_ratio = worst(row.gains)
    return f"{PLAY_TEXT[play]} ({gain_ratio:+.0%})" if play else "nothing tried pays"


def _reading(league: League) -> str:
    reward = league.reward_cny_per_mwh / 1000.0
    return (
        "bias, CV(RMSE), median and p90 error: of the load in the windows, of the true reduction in the events. cover: "
        "share inside the 90 % interval. false MWh: paid for and not delivered.\n"
        f"gaming: what is gained without delivering, as a share of what was delivered, at {reward:g} CNY/kWh and the "
        "site's tariff; named only where it pays and is no chance (2 σ)."
    )


def _targets(league: League) -> str:
    by_state = {state: [t for t in league.targets if t.state == state] for state in ("met", "undecided", "missed")}
    lines = [f"targets: {len(by_state['met'])} of {len(league.targets)} met"]
    lines += [
        f"  missed: {target.name} is {target.reached_ratio:.1%}, asked for {target.low_ratio:.0%} to "
        f"{target.high_ratio:.0%}"
        for target in by_state["missed"]
    ]
    if by_state["undecided"]:
        lines.append(
            f"  undecided: {len(by_state['undecided'])} lie outside by less than two standard errors; measure more days"
        )
    return "\n".join(lines)


def _percent(share_ratio: float) -> str:
    return "–" if math.isnan(share_ratio) else f"{share_ratio:.1%}"


def _signed(share_ratio: float) -> str:
    return "–" if math.isnan(share_ratio) else f"{share_ratio:+.1%}"

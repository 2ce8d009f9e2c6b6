"""A statement as plain values for JSON, and as an OpenADR 3 report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from suandian.adapters.meters.openadr import baseline_report
from suandian.experiments.statement.measure import Measured, Statement
from suandian.verification.performance import as_json
from suandian.verification.rules import Rule
from suandian.verification.validity import Claim

__all__ = ["openadr_of", "rule_document", "statement_document"]


def statement_document(made: Statement) -> dict[str, Any]:
    """Everything that the page shows; NaN becomes null."""
    return {
        "event": made.event.id,
        "meter": made.meter,
        "zone": made.zone,
        "calendar": made.calendar,
        "source": made.source,
        "measurable": made.measurable,
        "reasons": list(made.reasons) if not made.measurable else [],
        "measured_mwh": _plain(made.measured_mwh),
        "basis": made.basis.result.rule.ref if made.measurable else None,
        "two_baselines": _two(made),
        "claims": [_claim(claim) for claim in made.claims],
        "results": [_result(m) for m in made.results],
        "notes": list(made.notes),
    }


def openadr_of(made: Statement) -> dict[str, Any]:
    """BASELINE and USAGE of the event by the rule that the statement stands on."""
    result = made.basis.result
    return baseline_report(
        result.axis, result.baseline_mw, result.metered_mw, event_id=made.event.id, resource=made.meter,
        name=f"{made.event.id} by {result.rule.ref}", level_percent=round(result.level * 100),
    )  # fmt: skip


def rule_document(rule: Rule) -> dict[str, Any]:
    """A rule record as plain values, with what follows from its sources."""
    record: dict[str, Any] = asdict(rule)
    record["family"] = rule.family.value
    for key in ("effective_from", "effective_to"):
        record[key] = record[key].isoformat() if record[key] is not None else None
    return record | {
        "ref": rule.ref, "confidence": rule.confidence, "claims_conformity": rule.claims_conformity,
        "digest": rule.digest(),
    }  # fmt: skip


def _two(made: Statement) -> Mapping[str, Any] | None:
    if made.two is None:
        return None
    return {
        "rules": list(made.pair),
        "credited_mwh": _plain(made.two.credited_mwh),
        "basis": made.basis.result.rule.ref if made.two.basis != "none" else None,
        "flagged": made.two.flagged,
        "reasons": list(two_reasons(made)),
    }


def two_reasons(made: Statement) -> tuple[str, ...]:
    """Why somebody has to look, with the rules' names."""
    if made.two is None:
        return ()
    first, second = made.pair
    return tuple(
        reason.replace("replay and meter baseline differ", f"{first} and {second} differ").replace(
            "the meter baseline has", f"{second} has"
        )
        for reason in made.two.reasons
    )


def _claim(claim: Claim) -> Mapping[str, Any]:
    found = claim.validity
    return {
        "rule": found.rule, "state": claim.state.value, "version": claim.version, "valid": found.valid,
        "reasons": list(found.reasons), "mean_mw": _plain(found.actual_mw), "extreme_mw": _plain(found.extreme_mw),
        "effective_duration_h": _plain(found.effective_duration_h), "confirmed_mw": claim.confirmed_mw,
    }  # fmt: skip


def _result(measured: Measured) -> dict[str, Any]:
    rule = measured.result.rule
    return dict(as_json(measured.result)) | {
        "rule_name": rule.name,
        "sources": [asdict(source) for source in rule.sources],
        "rebound": _rebound(measured),
        "by_hand": _by_hand(measured),
    }


def _rebound(measured: Measured) -> Mapping[str, Any] | None:
    if measured.rebound is None:
        return None
    return {name: _plain(value) for name, value in asdict(measured.rebound).items()}


def _by_hand(measured: Measured) -> Mapping[str, Any] | None:
    hand = measured.by_hand
    if hand is None:
        return None
    windowed = hand.window_mw if len(hand.window_mw) else np.full(len(hand.days), np.nan)
    return {
        "days": [
            {"day": day, "weight": float(weight), "event_mw": [float(v) for v in row], "window_mw": _plain(window)}
            for day, weight, row, window in zip(hand.days, hand.weight_ratio, hand.event_mw, windowed, strict=True)
        ],
        "mean_mw": [float(v) for v in hand.mean_mw],
        "window_mean_mw": _plain(hand.window_mean_mw),
        "window_actual_mw": _plain(hand.window_actual_mw),
        "windows_unix_s": [list(one) for one in hand.window_spans_s],
    }


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None

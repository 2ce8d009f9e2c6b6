"""What a league found: rows by design, events with their twins, the gaming experiment, and whether targets were met."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from suandian.experiments.measurement.gaming import Gain, worst
from suandian.experiments.measurement.scoring import Scores
from suandian.experiments.measurement.twins import Twin, Verdict
from suandian.quantity.timeaxis import at_unix_s

__all__ = ["League", "Row", "Target"]

#: Hypothesis 8 of the programme (D): a baseline whose paid energy errs by more is unfit for this load.
UNFIT_BIAS_RATIO, UNFIT_RMSE_RATIO = 0.10, 0.20
_EQUAL_RATIO = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One design over all sites; `by_site` holds the scores and verdicts of each.

    reason    why nothing could be measured; empty where something was
    """

    id: str
    name: str
    family: str
    confidence: str
    scores: Scores
    verdict: Verdict
    gains: Mapping[str, Gain]
    by_site: Mapping[str, tuple[Scores, Verdict]]
    reason: str = ""

    @property
    def unfit(self) -> bool | None:
        """Hypothesis 8: |bias| of paid energy above 10 % or its RMSE above 20 %; None without a measured event."""
        if not self.verdict.events or math.isnan(self.verdict.bias_ratio):
            return None
        return abs(self.verdict.bias_ratio) > UNFIT_BIAS_RATIO or self.verdict.rmse_ratio > UNFIT_RMSE_RATIO

    def to_dict(self, reward_cny_per_mwh: float) -> dict[str, Any]:
        play, gain_ratio = worst(self.gains)
        return {
            "id": self.id,
            "name": self.name,
            "family": self.family,
            "confidence": self.confidence,
            "reason": self.reason,
            "placebo": _scores(self.scores),
            "events": _verdict(self.verdict, reward_cny_per_mwh),
            "unfit": self.unfit,
            "gameability": {"worst_play": play, "gain_ratio": gain_ratio} if self.gains else None,
            "plays": {name: asdict(gain) | {"pays": gain.pays} for name, gain in self.gains.items()},
            "sites": {
                site: {"placebo": _scores(found), "events": _verdict(judged, reward_cny_per_mwh)}
                for site, (found, judged) in self.by_site.items()
            },
        }


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that the measurement was asked to reach, with what it reached.

    windows    windows that a share was counted over; 0 for figures that are no share of windows
    """

    name: str
    low_ratio: float
    high_ratio: float
    reached_ratio: float
    windows: int = 0

    @property
    def state(self) -> str:
        """met, missed, or undecided: a share that lies outside by less than two standard errors of its count."""
        off = max(self.low_ratio - self.reached_ratio, self.reached_ratio - self.high_ratio)
        if off <= _EQUAL_RATIO:
            return "met"
        # Of the share that was aimed at, so that a share of 1 has an error too.
        aim = (self.low_ratio + self.high_ratio) / 2.0
        error_ratio = math.sqrt(aim * (1.0 - aim) / self.windows) if self.windows else 0.0
        return "undecided" if off < 2.0 * error_ratio else "missed"


@dataclass(frozen=True, slots=True, eq=False)
class League:
    """The table of all rules on one load, and what it rests on.

    setting    what was run: period, policy, calls, reward, seeds and hashes
    rows       shipped rules, best first
    closing    one rule made safer step by step
    left_out   rule id → why it is not ranked
    """

    scenario: str
    setting: Mapping[str, Any]
    rows: tuple[Row, ...]
    closing: tuple[Row, ...]
    left_out: Mapping[str, str]
    twins: tuple[Twin, ...]
    credited_mwh: Mapping[str, tuple[float, ...]]
    replay: Mapping[str, Any]
    pre_event_z: Mapping[str, float]
    targets: tuple[Target, ...]
    reward_cny_per_mwh: float
    notes: tuple[str, ...] = ()

    def row(self, design: str) -> Row:
        """The row of one design; raises `KeyError`."""
        return next(row for row in (*self.rows, *self.closing) if row.id == design)

    def to_dict(self) -> dict[str, Any]:
        """The document of `--json`: ratios are shares of 1, NaN is null, times are UTC."""
        document = {
            "scenario": self.scenario,
            "setting": dict(self.setting),
            "league": [row.to_dict(self.reward_cny_per_mwh) for row in self.rows],
            "closing": [row.to_dict(self.reward_cny_per_mwh) for row in self.closing],
            "left_out": dict(self.left_out),
            "events": [
                _event(twin, {design: values[row] for design, values in self.credited_mwh.items()})
                for row, twin in enumerate(self.twins)
            ],
            "replay": dict(self.replay),
            "pre_event_z": dict(self.pre_event_z),
            "targets": [asdict(target) | {"state": target.state} for target in self.targets],
            "notes": list(self.notes),
        }
        plain: dict[str, Any] = _plain(document)
        return plain


def _event(twin: Twin, credited_mwh: Mapping[str, float]) -> dict[str, Any]:
    call = twin.call
    return {
        "id": call.id,
        "site": call.site,
        "notified": at_unix_s(call.issued_at_s).isoformat(),
        "start": at_unix_s(call.start_s).isoformat(),
        "end": at_unix_s(call.end_s).isoformat(),
        "import_max_mw": call.import_max_mw,
        "without_mwh": twin.without_mwh,
        "true_mwh": twin.true_mwh,
        "rebound_mwh": twin.rebound_mwh,
        "elsewhere_mwh": twin.elsewhere_mwh,
        "credited_mwh": dict(credited_mwh),
    }


def _scores(scores: Scores) -> dict[str, Any] | None:
    if scores.accuracy is None:
        return None
    return asdict(scores.accuracy) | {
        "covered_ratio": scores.covered_ratio,
        "covered_windows": scores.covered_windows,
        "half_width_ratio": scores.half_width_ratio,
    }


def _verdict(verdict: Verdict, reward_cny_per_mwh: float) -> dict[str, Any]:
    covered_ratio = verdict.covered / verdict.bounded if verdict.bounded else math.nan
    return asdict(verdict) | {
        "covered_ratio": covered_ratio,
        "false_payment_cny": verdict.false_payment_mwh * reward_cny_per_mwh,
    }


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value

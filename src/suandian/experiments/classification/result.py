"""What a classification found: frozen, as frames, and as one JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import polars as pl

from suandian.experiments.classification.reserves import Envelope
from suandian.experiments.classification.setting import Setting
from suandian.flexibility.rules import RuleTable
from suandian.model.workload import FLEXIBILITY_LABELS

__all__ = ["Classification", "Facts"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What has to be said beside the numbers.

    source, format   what was read; `records` counts of rows read, repaired and dropped (empty for a study's own jobs)
    unit             GPU or CPU
    clock, clock_zh  how the work's clock was laid onto the setting's, in words
    larger_count     jobs larger than the site (classified, but not in the envelope)
    late_count       jobs that the default finishes late; waits: is the site too small to run all work at release?
    slack_share      `stated`, `assumed`, `user` → share of energy
    consent_stated   do the records say which work may move?
    delay_text       where the permitted delay comes from
    """

    source: str
    format: str
    records: Mapping[str, Any]
    unit: str
    clock: str
    clock_zh: str
    room_count: float
    sized: bool
    peak_count: float
    waits: bool
    larger_count: int
    late_count: int
    slack_share: Mapping[str, float]
    consent_stated: bool
    data_stated: bool
    delay_text: str


@dataclass(frozen=True, slots=True, eq=False)
class Classification:
    """Work by flexibility class, with the four dimensions of every job and the envelope of the site.

    jobs         one row per job: numbers of the four dimensions, class, rule
    streams      one row per interactive stream of a study, empty for traces
    classes      energy, GPU-hours (CPU-hours) and jobs by class, with their shares; streams included
    rules        which rule decided how much
    dimensions   dimension, level (low, medium, high), share of energy
    location     reason, share of energy
    sensitivity  shares of energy by class, and turn-down, at half and twice the assumed delay
    envelope     turn-down and turn-up against duration
    profile      the default load by class on the mean local day; `periods` weighs its hours
    """

    facts: Facts
    setting: Setting
    table: RuleTable
    jobs: pl.DataFrame
    streams: pl.DataFrame
    classes: pl.DataFrame
    rules: pl.DataFrame
    dimensions: pl.DataFrame
    location: pl.DataFrame
    sensitivity: pl.DataFrame
    envelope: Envelope
    profile: pl.DataFrame

    @property
    def energy_mwh(self) -> float:
        """IT energy above idle of all work."""
        return float(self.classes["energy_mwh"].sum())

    @property
    def mean_load_mw(self) -> float:
        """Mean of the default load of the jobs that fit, MW of IT above idle, from the first interval with load to the
        last.
        """
        # Work may be shorter than a day: hours of day that it does not reach have no periods and must not count as 0.
        weight = self.profile["periods"]
        total_mw = self.profile.select(pl.sum_horizontal(f"{label}_mw" for label in FLEXIBILITY_LABELS)).to_series()
        return float((total_mw * weight).sum()) / max(int(weight.sum()), 1)

    def explained(self) -> pl.DataFrame:
        """`jobs` with a sentence per job, English and Chinese, that says why it has its class."""
        texts = {rule.id: (rule.why_en, rule.why_zh) for rule in self.table.rules}
        english, chinese = [], []
        columns = self.jobs.select("rule", "slack_h", "latency_max_ms", "slack_source").iter_rows()
        for rule, slack_h, latency_max_ms, source in columns:
            gaps = {
                "slack_h": slack_h,
                "latency_max_ms": latency_max_ms if latency_max_ms is not None else float("nan"),
                "slack_source": SLACK_SOURCES[source][0],
                "slack_source_zh": SLACK_SOURCES[source][1],
            }
            english.append(texts[rule][0].format(**gaps))
            chinese.append(texts[rule][1].format(**gaps))
        return self.jobs.with_columns(pl.Series("why_en", english), pl.Series("why_zh", chinese))

    def to_dict(self) -> dict[str, Any]:
        """Everything but the single jobs, for `--json`; what is no finite number is null."""
        facts, setting = self.facts, self.setting
        document: dict[str, Any] = _finite(
            {
                "source": facts.source,
                "records": dict(facts.records),
                "rules_version": self.table.version,
                "site": {
                    "name": setting.name,
                    "region": setting.region,
                    "unit": facts.unit,
                    "units": facts.room_count,
                    "sized_to_peak": facts.sized,
                    "peak_units": facts.peak_count,
                    "work_waits": facts.waits,
                    "jobs_larger_than_site": facts.larger_count,
                    "jobs_late_by_default": facts.late_count,
                },
                "clock": facts.clock,
                "delay": {"from": facts.delay_text, "energy_share": dict(facts.slack_share)},
                "sources": dict(setting.sources),
                "energy_mwh": self.energy_mwh,
                "classes": self.classes.to_dicts(),
                "rules": self.rules.to_dicts(),
                "dimensions": self.dimensions.to_dicts(),
                "location": self.location.to_dicts(),
                "sensitivity": self.sensitivity.to_dicts(),
                "streams": self.streams.to_dicts(),
                "envelope": {
                    "notice_h": self.envelope.notice_h,
                    "quantiles": self.envelope.quantiles.to_dicts(),
                    "instants": self.envelope.instants.with_columns(
                        pl.col("start").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
                    ).to_dicts(),
                    "stages": self.envelope.stages.to_dicts(),
                    "sample_count": self.envelope.sample_count,
                },
            }
        )
        return document


def _finite(value: Any) -> Any:  # noqa: ANN401
    """The same document with null for NaN and infinity, which JSON does not know."""
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not isfinite(value) else value


#: How slack came about: English, Chinese.
SLACK_SOURCES: Mapping[str, tuple[str, str]] = {
    "stated": ("from its deadline", "由截止时间得出"),
    "assumed": ("assumed, no deadline is recorded", "假定值，记录中无截止时间"),
    "user": ("as given for this run", "按本次指定"),
}

"""Baseline rules as records: what a market's manual says, as numbers with dates, source and confidence.

The engine reads these records and knows no market. The shipped ones are in `rules.yaml`; adding a rule is adding a
record there, or in a file of one's own read with `read_rules`.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from enum import Enum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import yaml

from suandian.model.contract import Source
from suandian.quantity.errors import DataError
from suandian.verification.calendar import DayKind

__all__ = [
    "Adjustment",
    "DayGroup",
    "Family",
    "Rule",
    "Towt",
    "Usage",
    "Window",
    "read_rules",
    "record",
    "rule",
    "rules",
]

_T = TypeVar("_T")


class Family(Enum):
    """Which room of the house makes the baseline."""

    DAY_MATCHING = "day_matching"
    SAME_DAY = "same_day"
    REGRESSION = "regression"
    CONTROL_GROUP = "control_group"
    FIRM_LEVEL = "firm_level"
    NOMINATED = "nominated"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Window:
    """Hours `[from_h, to_h)` after an anchor: `start` or `end` of the event, or its `notice`."""

    anchor: str
    from_h: float
    to_h: float


@dataclass(frozen=True, slots=True)
class DayGroup:
    """How days of some kinds are looked for and chosen.

    days             kinds of day (`DayKind` names) that stand for each other
    lookback_days    how far back, in calendar days
    pool             newest eligible days that enter the pool; None: all
    minimum          fewer than this: the fallbacks
    select           all | high (the `keep` highest) | mid (less `drop_high` and `drop_low`) |
                     match (the `keep` most similar outside the event) | temperature (the `keep` nearest daily maxima)
    weights          of the selected days, newest first, sum 1; empty: equal
    decay_ratio      weights instead: B ← decay·B + (1 − decay)·L from the oldest day on
    """

    days: tuple[str, ...]
    lookback_days: int
    pool: int | None
    minimum: int
    select: str = "all"
    keep: int = 0
    drop_high: int = 0
    drop_low: int = 0
    weights: tuple[float, ...] = ()
    decay_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Days whose mean lies outside `[low_ratio, high_ratio]` × reference are replaced by older ones.

    measure     event_window | day: the mean of which hours
    reference   pool_mean (repeated until stable) | lookback_peak (highest hourly mean of the event window)
    """

    reference: str
    low_ratio: float = 0.0
    high_ratio: float | None = None
    measure: str = "event_window"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Same-day adjustment: ratio of means or additive difference over `windows`; ratio caps are on the factor."""

    kind: str = "none"
    windows: tuple[Window, ...] = ()
    low_ratio: float | None = None
    high_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Towt:
    """Time-of-week and temperature regression.

    temperature        False: time of week alone
    train_days         days before the event that are fitted; None: all there are
    train_days_min     fewer complete days: not measurable
    segments           equal-count temperature segments
    scale_days         weight scale/(scale + days from the event); None: equal weights
    """

    temperature: bool = True
    train_days: int | None = 45
    train_days_min: int = 35
    segments: int = 6
    scale_days: float | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One versioned record. Fields that the family does not use keep their defaults.

    skip_recent_days        days before the event day that are passed over
    event_days_max          at most this many event days are passed over, older ones count again; None: no limit
    post_event_h            hours after an earlier event that spoil a day as the event does
    match_margin_h          hours beside the event that `select: match` leaves out
    rank_by                 event_window | day
    fallback                previous_event_days | meter_before, tried in order; then: not measurable
    windows                 of the same-day family
    tie                     newer: of equal days the more recent one ranks higher
    """

    id: str
    version: int
    name: str
    family: Family
    sources: tuple[Source, ...]
    groups: tuple[DayGroup, ...] = ()
    skip_recent_days: int = 0
    event_days_max: int | None = None
    post_event_h: float = 0.0
    usage: Usage | None = None
    rank_by: str = "event_window"
    match_margin_h: float = 1.0
    adjustment: Adjustment = Adjustment()
    floor_zero: bool = True
    fallback: tuple[str, ...] = ()
    fallback_before_h: float = 1.0
    windows: tuple[Window, ...] = ()
    towt: Towt | None = None
    tie: str = "newer"
    effective_from: date | None = None
    effective_to: date | None = None

    @property
    def ref(self) -> str:
        """`id@version`, as statements quote it."""
        return f"{self.id}@{self.version}"

    @property
    def confidence(self) -> str:
        """The weakest confidence among the sources: A official, B secondary, C memory, D default of ours."""
        return max(source.confidence[0] for source in self.sources)

    @property
    def claims_conformity(self) -> bool:
        """True where every part of the record was read in a source; otherwise it is "in the manner of" the rule."""
        return self.confidence in ("A", "B")

    def group_of(self, kind: int) -> DayGroup | None:
        """The group that a day of `DayKind` kind falls under; None where the rule has none."""
        name = DayKind(kind).name.lower()
        return next((group for group in self.groups if name in group.days), None)

    def digest(self) -> str:
        """SHA-256 of the record, so that a statement commits to the numbers and not only to the name."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True, default=str).encode()).hexdigest()

    def in_force(self, day: date) -> bool:
        """Whether the record holds on `day`; an open end holds."""
        after = self.effective_from is None or day >= self.effective_from
        return after and (self.effective_to is None or day <= self.effective_to)


@cache
def rules() -> Mapping[str, Rule]:
    """The shipped records by id, in the order of the file."""
    return _parsed((files(__package__) / "rules.yaml").read_text(encoding="utf-8"), "rules.yaml")


def rule(rule_id: str) -> Rule:
    """A shipped record by `ID` or `ID@version`. Raises `DataError` naming the nearest ids."""
    name, _, version = rule_id.partition("@")
    found = rules().get(name)
    if found is None:
        near = difflib.get_close_matches(name, rules(), n=3, cutoff=0.4)
        raise DataError(f"no rule {name!r}; {'did you mean ' + ', '.join(near) if near else 'see the rule table'}")
    if version and version != str(found.version):
        raise DataError(f"rule {name!r} is kept in version {found.version}, not {version}")
    return found


def read_rules(path: Path) -> Mapping[str, Rule]:
    """Records of a YAML file in the form of the shipped one. Raises `DataError` naming record and field."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; give a YAML file of rule records") from error
    return _parsed(text, str(path))


def _parsed(text: str, where: str) -> Mapping[str, Rule]:
    try:
        table = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DataError(f"{where}: {error}") from error
    if not isinstance(table, dict):
        raise DataError(f"{where}: a mapping of rule ids to records is due")
    return {name: _rule(name, dict(row), f"{where}: {name}") for name, row in table.items()}


def _rule(name: str, row: dict[str, Any], where: str) -> Rule:
    groups = tuple(record(DayGroup, g, f"{where}.groups") for g in row.pop("groups", ()))
    usage = row.pop("usage", None)
    towt = row.pop("towt", None)
    adjustment = dict(row.pop("adjustment", {}))
    adjustment["windows"] = tuple(record(Window, w, f"{where}.adjustment") for w in adjustment.get("windows", ()))
    try:
        row["family"] = Family(row.get("family"))
    except ValueError as error:
        raise DataError(f"{where}.family: {error}; one of {', '.join(f.value for f in Family)}") from error
    row |= {
        "id": name,
        "sources": tuple(record(Source, s, f"{where}.sources") for s in row.pop("sources", ())),
        "groups": groups,
        "usage": record(Usage, usage, f"{where}.usage") if usage else None,
        "towt": record(Towt, towt, f"{where}.towt") if towt is not None else None,
        "adjustment": record(Adjustment, adjustment, f"{where}.adjustment"),
        "windows": tuple(record(Window, w, f"{where}.windows") for w in row.pop("windows", ())),
        "fallback": tuple(row.pop("fallback", ())),
    }
    made = record(Rule, row, where)
    _check(made, where)
    return made


def record(kind: type[_T], row: Mapping[str, Any], where: str) -> _T:
    """A dataclass from a mapping; raises `DataError` naming the unknown or missing field."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(row) - known)
    if unknown:
        raise DataError(f"{where}: unknown field {unknown[0]!r}; known are {', '.join(sorted(known))}")
    try:
        return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in row.items()})
    except TypeError as error:
        raise DataError(f"{where}: {error}") from error


def _check(made: Rule, where: str) -> None:
    """What the engine relies on; told by record and field."""
    kinds = {kind.name.lower() for kind in DayKind}
    faults = [
        (not made.sources, "sources: every record names its document and confidence"),
        (made.adjustment.kind not in ("none", "ratio", "additive"), "adjustment.kind: none, ratio or additive"),
        (made.adjustment.kind != "none" and not made.adjustment.windows, "adjustment.windows: at least one"),
        (made.family is Family.DAY_MATCHING and not made.groups, "groups: at least one"),
        (made.family is Family.SAME_DAY and not made.windows, "windows: at least one"),
        (made.family is Family.REGRESSION and made.towt is None, "towt: the regression's parameters"),
        (made.rank_by not in ("event_window", "day"), "rank_by: event_window or day"),
        (made.usage is not None and made.usage.measure not in ("event_window", "day"), "usage.measure: unknown"),
        (
            made.usage is not None and made.usage.reference not in ("pool_mean", "lookback_peak"),
            "usage.reference: pool_mean or lookback_peak",
        ),
        (made.tie != "newer", "tie: newer is the only rule there is"),
        (bool(set(made.fallback) - {"previous_event_days", "meter_before"}), "fallback: an unknown step"),
    ]
    for window in (*made.windows, *made.adjustment.windows):
        faults.append((window.anchor not in ("start", "end", "notice"), "windows: anchor is start, end or notice"))
        faults.append((window.to_h <= window.from_h, "windows: to_h lies after from_h"))
        inside = (window.anchor == "start" and window.to_h > 0) or (window.anchor == "end" and window.from_h < 0)
        faults.append((inside, "windows: values inside the event may not reach the baseline"))
        faults.append((window.anchor == "notice" and window.to_h > 0, "windows: ends at the notice or before"))
    for group in made.groups:
        least = max(group.minimum, 1)
        faults += [
            (bool(set(group.days) - kinds), f"groups.days: one of {', '.join(sorted(kinds))}"),
            (group.select not in ("all", "high", "mid", "match", "temperature"), "groups.select: unknown"),
            (group.select in ("high", "match", "temperature") and group.keep < 1, "groups.keep: at least 1"),
            (group.drop_high + group.drop_low >= least, "groups.minimum: more than the days dropped"),
            (len(group.weights) > min(least, group.keep or least), "groups.weights: more than the minimum of days"),
            (group.pool is not None and group.pool < group.minimum, "groups.pool: at least the minimum"),
        ]
    for wrong, message in faults:
        if wrong:
            raise DataError(f"{where}.{message}")

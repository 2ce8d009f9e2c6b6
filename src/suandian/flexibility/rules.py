"""The rules of classification as data: classes, levels, and what is assumed where records are silent.

The shipped table is `data/rules.yaml`; a user may name another file of the same form. Rules are tried in their order
and the first that holds decides, so every class comes with the rule that gave it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from suandian.model.workload import FLEXIBILITY_LABELS
from suandian.quantity.errors import DataError

__all__ = ["DelayRow", "Rule", "RuleTable", "load_rules"]

_NUMBERS = ("latency_max_ms", "slack_h", "run_h")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `numbers` holds (column, least or most, threshold); `group`, `preemptible` must match where given.

    `says_*` name the rule in a few words, `why_*` are sentences with gaps for a job's numbers.
    """

    id: str
    label: str
    numbers: tuple[tuple[str, str, float], ...]
    group: str
    preemptible: bool | None
    says_en: str
    says_zh: str
    why_en: str
    why_zh: str
    source: str
    confidence: str

    def holds(self, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
        """For which jobs the rule holds, `(jobs,)`; a missing number (NaN) holds no condition."""
        found = np.ones(len(columns["slack_h"]), dtype=np.bool_)
        for name, side, threshold in self.numbers:
            found &= columns[name] >= threshold if side == "least" else columns[name] <= threshold
        if self.group:
            found &= columns["group"] == self.group
        if self.preemptible is not None:
            found &= columns["preemptible"] == self.preemptible
        return found


@dataclass(frozen=True, slots=True)
class DelayRow:
    """Assumed slack of one group or of runs below a length."""

    id: str
    group: str
    run_below_h: float
    delay_h: float
    preemptible: bool


@dataclass(frozen=True, slots=True)
class RuleTable:
    """A version of the rules. `levels` and `assumed` are the sections of the file, numbers by name."""

    version: str
    effective_from: date
    source: str
    confidence: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    rules: tuple[Rule, ...]
    delays: tuple[DelayRow, ...]
    delay_version: str
    delay_source: str
    levels: Mapping[str, Mapping[str, Any]]
    assumed: Mapping[str, Any]

    def figure(self, name: str) -> float:
        """An assumed figure by name, in the unit that its name ends in."""
        return float(self.assumed[name]["value"])

    def group_of(self, kind: str) -> str:
        """The group that a kind's name belongs to, `other` if none of its words is known."""
        words = re.findall(r"[a-z]+", kind.lower().replace("fine_tuning", "finetuning"))
        for group, roots in self.groups:
            if any(word.startswith(root) if len(root) > 2 else word == root for word in words for root in roots):
                return group
        return "other"

    def decide(self, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.int64]:
        """Row in `rules` of the first rule that holds for each job, `(jobs,)`."""
        decided = np.full(len(columns["slack_h"]), -1, dtype=np.int64)
        for row, rule in enumerate(self.rules):
            decided[(decided < 0) & rule.holds(columns)] = row
        return decided

    def assume_delay(
        self, group: NDArray[np.str_], run_h: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
        """Slack (h), pausable, and row in `delays` that says so, each `(jobs,)`."""
        row = np.full(len(run_h), -1, dtype=np.int64)
        for index, entry in enumerate(self.delays):
            fits = (group == entry.group) if entry.group else run_h < entry.run_below_h
            row[(row < 0) & fits] = index
        delay_h = np.array([entry.delay_h for entry in self.delays])[row]
        pausable = np.array([entry.preemptible for entry in self.delays])[row]
        return delay_h, pausable, row


def load_rules(path: str | Path | None = None) -> RuleTable:
    """The shipped rules, or those of a file of the same form. Raises `DataError` naming what is wrong and where."""
    if path is None:
        return _shipped()
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"rules file {path}: cannot be read ({error}); give a YAML file") from error
    return _table(text, str(path))


@cache
def _shipped() -> RuleTable:
    text = (files("suandian.flexibility") / "data" / "rules.yaml").read_text(encoding="utf-8")
    return _table(text, "rules.yaml")


def _table(text: str, name: str) -> RuleTable:
    try:
        values = yaml.safe_load(text)
        table = RuleTable(
            version=str(values["version"]),
            effective_from=values["effective_from"],
            source=values["source"],
            confidence=values["confidence"],
            groups=tuple((group, tuple(entry["roots"])) for group, entry in values["groups"].items()),
            rules=tuple(_rule(entry, name) for entry in values["rules"]),
            delays=tuple(_delay(entry) for entry in values["assumed_delay"]["rows"]),
            delay_version=str(values["assumed_delay"]["version"]),
            delay_source=values["assumed_delay"]["source"],
            levels=values["levels"],
            assumed=values["assumed"],
        )
    except yaml.YAMLError as error:
        raise DataError(f"{name}: is no YAML ({str(error).splitlines()[0]})") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError(f"{name}: lacks or misspells {error}; take the shipped rules.yaml as a pattern") from error
    _check(table, name)
    return table


def _check(table: RuleTable, name: str) -> None:
    last = table.rules[-1] if table.rules else None
    if last is None or last.numbers or last.group or last.preemptible is not None:
        raise DataError(f"{name}: the last rule must hold for every job (`when: {{}}`), or some would have no class")
    if table.delays[-1].group or np.isfinite(table.delays[-1].run_below_h):
        raise DataError(
            f"{name}: the last row of assumed_delay must hold for every job (neither group nor run_below_h)"
        )
    ids = [rule.id for rule in table.rules]
    if len(set(ids)) != len(ids):
        raise DataError(f"{name}: two rules have one id; rename one")
    known = {group for group, _ in table.groups}
    named = {rule.group for rule in table.rules} | {row.group for row in table.delays}
    named.discard("")
    if named - known:
        raise DataError(f"{name}: unknown group {sorted(named - known)}; there are {', '.join(sorted(known))}")


def _rule(entry: Mapping[str, Any], name: str) -> Rule:
    if entry["class"] not in FLEXIBILITY_LABELS:
        raise DataError(f"{name}: rule {entry['id']}: unknown class {entry['class']!r}; write F0 … F5")
    numbers = []
    for column, bounds in entry["when"].items():
        if column in ("group", "preemptible"):
            continue
        if column not in _NUMBERS or set(bounds) - {"least", "most"}:
            raise DataError(f"{name}: rule {entry['id']}: {column} {bounds}; write one of {', '.join(_NUMBERS)} "
                            "with least or most")  # fmt: skip
        numbers += [(column, side, float(threshold)) for side, threshold in bounds.items()]
    return Rule(
        id=entry["id"],
        label=entry["class"],
        numbers=tuple(numbers),
        group=entry["when"].get("group", ""),
        preemptible=entry["when"].get("preemptible"),
        says_en=entry["says"]["en"],
        says_zh=entry["says"]["zh"],
        why_en=entry["why"]["en"],
        why_zh=entry["why"]["zh"],
        source=str(entry["source"]),
        confidence=str(entry["confidence"]),
    )


def _delay(entry: Mapping[str, Any]) -> DelayRow:
    below_h = float(entry.get("run_below_h", np.inf))
    return DelayRow(entry["id"], entry.get("group", ""), below_h, float(entry["delay_h"]), bool(entry["preemptible"]))

"""The rules as data: the shipped table, what decides, and what is refused."""

import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from suandian.flexibility.classify import LABEL_RULES, LABEL_RULES_VERSION
from suandian.flexibility.rules import load_rules
from suandian.quantity.errors import DataError

TABLE = load_rules()


def decide(**given):
    row = {"latency_max_ms": np.nan, "slack_h": 0.0, "run_h": 1.0, "group": "other", "preemptible": True} | given
    columns = {name: np.array([value]) for name, value in row.items()}
    return TABLE.rules[TABLE.decide(columns)[0]]


@pytest.mark.parametrize(
    ("given", "label", "rule"),
    [
        ({"latency_max_ms": 5.0, "slack_h": 100.0}, "F0", "latency_immediate"),
        ({"latency_max_ms": 50.0}, "F1", "latency_interactive"),
        ({"group": "immediate", "slack_h": 9.0}, "F0", "kind_immediate"),
        ({"group": "interactive", "slack_h": 9.0}, "F1", "kind_interactive"),
        ({"slack_h": 100.0, "preemptible": False}, "F3", "cannot_pause"),
        ({"slack_h": 96.0}, "F5", "slack_days"),
        ({"slack_h": 24.0}, "F4", "slack_day"),
        ({"slack_h": 23.9, "preemptible": False}, "F3", "slack_hours"),
        ({"slack_h": 0.99}, "F2", "slack_short"),
    ],
)
def test_the_first_rule_that_holds_decides(given, label, rule):
    found = decide(**given)
    assert (found.label, found.id) == (label, rule)


def test_slack_thresholds_are_those_by_which_work_is_planned():
    edges = {
        threshold: rule.label for rule in TABLE.rules for name, _, threshold in rule.numbers
        if name == "slack_h" and rule.id.startswith("slack")
    }  # fmt: skip
    assert edges | {0.0: "F2"} == dict(LABEL_RULES[LABEL_RULES_VERSION])


@pytest.mark.parametrize(
    ("kind", "group"),
    [
        ("training", "training"),
        ("fine_tuning", "training"),
        ("TFJob-train_gpu", "training"),
        ("llm-inference", "interactive"),
        ("LS", "interactive"),
        ("BE", "best_effort"),
        ("research", "other"),
        ("", "other"),
        ("backup", "backup"),
        ("simulation", "batch"),
    ],
)
def test_groups_of_names(kind, group):
    assert TABLE.group_of(kind) == group


def test_assumed_delay_by_group_then_by_run_length():
    groups = np.array(["interactive", "other", "other", "backup", "training"])
    delay_h, pausable, row = TABLE.assume_delay(groups, np.array([5.0, 0.1, 5.0, 0.1, 30.0]))
    assert delay_h.tolist() == [0, 0.5, 12, 96, 48]
    assert pausable.tolist() == [False, False, True, True, True]
    assert [TABLE.delays[r].id for r in row] == ["interactive", "run_15min", "run_12h", "backup", "run_days"]


def test_every_rule_has_source_confidence_and_both_languages():
    for rule in TABLE.rules:
        assert rule.source
        assert rule.confidence in "ABCD"
        assert rule.why_en
        assert rule.why_zh
    for section in (*TABLE.levels.values(), *TABLE.assumed.values()):
        assert section["source"]
        assert section["confidence"] in "ABCD"


def test_the_reference_page_shows_the_shipped_table():
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "classification.md").read_text(
        encoding="utf-8"
    )
    for rule in TABLE.rules:
        assert f"| `{rule.id}` | {rule.label} |" in page
    for row in TABLE.delays:
        assert re.search(rf"\| `{row.id}` \| [^|]+ \| {row.delay_h:g} \| {'yes' if row.preemptible else 'no'} \|", page)
    for group, roots in TABLE.groups:
        assert f"| `{group}` | {', '.join(roots)} |" in page
    for name, entry in TABLE.assumed.items():
        assert f"| `{name}` | {entry['value']:g} |" in page
    assert f"Version {TABLE.version}" in page


def changed(tmp_path, change):
    from importlib.resources import files

    values = yaml.safe_load((files("suandian.flexibility") / "data" / "rules.yaml").read_text(encoding="utf-8"))
    change(values)
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    return path


def test_an_own_table_takes_the_place_of_the_shipped_one(tmp_path):
    def stricter(values):
        values["version"] = "mine"
        values["rules"][5]["when"]["slack_h"]["least"] = 200

    table = load_rules(changed(tmp_path, stricter))
    assert table.version == "mine"
    assert {rule.id: rule.numbers for rule in table.rules}["slack_days"] == (("slack_h", "least", 200.0),)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v["rules"].pop(), "last rule must hold for every job"),
        (lambda v: v["rules"][0].update({"class": "F9"}), "unknown class 'F9'"),
        (lambda v: v["rules"][0].update(when={"power_kw": {"least": 1}}), "write one of latency_max_ms"),
        (lambda v: v["rules"][2].update(when={"group": "nobody"}), "unknown group"),
        (lambda v: v["rules"][1].update(id="latency_immediate"), "two rules have one id"),
        (lambda v: v["assumed_delay"]["rows"].pop(), "last row of assumed_delay"),
        (lambda v: v.pop("levels"), "levels"),
    ],
)
def test_wrong_tables_are_refused_with_the_remedy(tmp_path, change, message):
    with pytest.raises(DataError, match=message):
        load_rules(changed(tmp_path, change))


def test_files_that_are_none(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        load_rules(tmp_path / "absent.yaml")
    (tmp_path / "odd.yaml").write_text("a: [", encoding="utf-8")
    with pytest.raises(DataError, match="is no YAML"):
        load_rules(tmp_path / "odd.yaml")

"""One parent, named overrides, single settings: merged without surprises, refused where they collide."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.experiments.scenario import load
from suandian.experiments.scenario.document import parse_document, read_value
from suandian.experiments.scenario.layers import layered, merged, settings_from_texts
from suandian.quantity.errors import ScenarioError


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_child_takes_what_its_parent_says_and_changes_the_rest(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "mine.yaml",
        "extends: county-noon\nname: mine\nsites:\n  county: {battery: null}\n  qingyang: null\n"
        "streams: {shanghai: null}\njobs: {site_share: null}\ncoordinators: [run_now]\nchosen: run_now\n",
    )
    scenario, parent = load(path), load("county-noon")
    assert list(scenario.study.sites) == ["county", "shaoguan"]
    assert scenario.study.sites["county"].battery is None
    assert scenario.study.sites["shaoguan"] == parent.study.sites["shaoguan"]
    assert [arm.name for arm in scenario.coordinators] == ["run_now"]


def test_a_grandparent_counts_and_the_nearest_wins(tmp_path: Path) -> None:
    write(tmp_path, "one.yaml", "a: {x: 1, y: 1, z: 1}\n")
    write(tmp_path, "two.yaml", "extends: one.yaml\na: {y: 2, z: 2}\n")
    path = write(tmp_path, "three.yaml", "extends: two.yaml\na: {z: 3}\n")
    layers = layered(path)
    assert layers.values == {"a": {"x": 1, "y": 2, "z": 3}}
    assert layers.places["a.y"] == "two.yaml line 2"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.yaml": "extends: a.yaml\n"}, "circle: a.yaml → a.yaml"),
        ({"a.yaml": "extends: b.yaml\n", "b.yaml": "extends: a.yaml\n"}, "circle: a.yaml → b.yaml → a.yaml"),
        ({"a.yaml": "extends: [b.yaml, c.yaml]\n"}, "one parent"),
        ({"a.yaml": "extends: county-non\n"}, "did you mean county-noon"),
        ({"a.yaml": "extends: ../other.yaml\n"}, "outside the scenario's folder"),
        ({"a.yaml": "extends: gone.yaml\n"}, "no such file"),
        ({"a.yaml": "overrides: [x]\n"}, "overrides: is not a mapping"),
    ],
)
def test_a_wrong_parent_is_refused(tmp_path: Path, files: dict[str, str], words: str) -> None:
    for name, text in files.items():
        write(tmp_path, name, text)
    with pytest.raises(ScenarioError) as caught:
        layered(tmp_path / "a.yaml")
    assert words in str(caught.value)


BASE = "a: {x: 1, y: 1}\nb: [1, 2]\noverrides:\n  big: {a: {x: 9}}\n  wide: {a: {y: 9}}\n  both: {a: {x: 8, y: 8}}\n"


def test_overrides_and_settings_apply_side_by_side(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yaml", BASE)
    layers = layered(path, overrides=["big", "wide"], settings={"b[1]": 7, "c.new": "5 MW"})
    assert layers.values == {"a": {"x": 9, "y": 9}, "b": [1, 7], "c": {"new": "5 MW"}}
    assert layers.places["a.x"] == "overrides.big"
    assert layered(path).values == {"a": {"x": 1, "y": 1}, "b": [1, 2]}


@pytest.mark.parametrize(
    ("overrides", "changes", "words"),
    [
        (["big", "both"], {}, "a.x: is set by overrides.big and by overrides.both; keep one"),
        (["big"], {"a.x": 3}, "a.x: is set by overrides.big and by setting a.x; keep one"),
        (["big"], {"a": {}}, "a: is set by overrides.big"),
        (["huge"], {}, "unknown override 'huge'"),
        ([], {"b[5]": 1}, "the list has 2 entries; write an index from 0 to 1"),
        ([], {"a.x.deep": 1}, "is no mapping"),
        ([], {"b.first": 1}, "the list has 2 entries"),
        ([], {"..": 1}, "names no place"),
    ],
)
def test_changes_that_collide_or_miss_are_refused(
    tmp_path: Path, overrides: list[str], changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        layered(write(tmp_path, "a.yaml", BASE), overrides=overrides, settings=changes)
    assert words in str(caught.value)


def test_settings_are_read_as_yaml_and_refused_where_they_are_none() -> None:
    assert settings_from_texts(["a.b=5 MW", "c=[run_now, rolling]", "d=null", "e=12"]) == {
        "a.b": "5 MW",
        "c": ["run_now", "rolling"],
        "d": None,
        "e": 12,
    }
    with pytest.raises(ScenarioError, match="write --set path=value"):
        settings_from_texts(["a.b"])
    with pytest.raises(ScenarioError, match="given twice"):
        settings_from_texts(["a=1", "a=2"])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-1.5e3", -1500.0),
        ("true", True),
        ("yes", "yes"),
        ("no", "no"),
        ("null", None),
        ("~", None),
        ("2026-04-01", "2026-04-01"),
        ("12:30", "12:30"),
        ("'12'", "12"),
        ("0x10", "0x10"),
        ("15 min", "15 min"),
        ("{a: [1, b]}", {"a": [1, "b"]}),
    ],
)
def test_plain_values_mean_what_they_look_like(text: str, value: object) -> None:
    found = read_value(text, source="test")
    assert found == value
    assert type(found) is type(value)


def test_aliases_are_values_and_lines_are_kept() -> None:
    document = parse_document("a: &a {x: 1}\nb:\n  - *a\n  - 2\n", source="t")
    assert document.values == {"a": {"x": 1}, "b": [{"x": 1}, 2]}
    assert document.lines["a.x"] == 1
    assert document.lines["b[1]"] == 4


_TREES = st.recursive(
    st.integers(0, 9),
    lambda below: st.dictionaries(st.sampled_from("abc"), below, min_size=1, max_size=3),
    max_leaves=8,
)
_MAPPINGS = st.dictionaries(st.sampled_from("abc"), _TREES, max_size=3)


@settings(max_examples=100, deadline=None)
@given(parent=_MAPPINGS, child=_MAPPINGS)
def test_a_merge_changes_neither_side_and_applying_it_twice_changes_nothing(
    parent: dict[str, object], child: dict[str, object]
) -> None:
    before = repr((parent, child))
    once = merged(parent, child)
    assert merged(once, child) == once
    assert merged({}, parent) == parent
    assert repr((parent, child)) == before


def test_null_in_an_override_takes_out_what_the_scenario_says(tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "extends: county-noon\nname: mine\noverrides:\n"
        "  lumped: {feeders: {county: {network: null}}, sites: {county: {battery: null}}}\n",
        encoding="utf-8",
    )
    assert load(tmp_path / "mine.yaml").study.feeders["county"].network is not None
    study = load(tmp_path / "mine.yaml", overrides=["lumped"]).study
    assert study.feeders["county"].network is None
    assert study.sites["county"].battery is None
    (tmp_path / "other.yaml").write_text(
        "extends: mine.yaml\nname: other\noverrides:\n  lumped: {sites: {county: {battery: {energy: 30 MWh}}}}\n",
        encoding="utf-8",
    )
    child = load(tmp_path / "other.yaml", overrides=["lumped"]).study
    assert child.feeders["county"].network is None
    assert child.sites["county"].battery.energy_mwh == 30.0

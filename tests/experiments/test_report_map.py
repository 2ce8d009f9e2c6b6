"""The map of a network: places, strokes, labels, the frames of a day and their words."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from finding_factory import Options, make_finding
from grid_factory import small_network
from markupsafe import Markup

from suandian.experiments.report.county_map import CountyMap, Label, map_style
from suandian.experiments.report.figures_map import OUTLINES, MapFigure, map_figure
from suandian.experiments.report.network_frames import HIGH, LOW, OVER, arm_frames, loading_digits, voltage_digits
from suandian.experiments.report.study import Study


@pytest.fixture(scope="module")
def study() -> Study:
    return Study(make_finding(Options(days=2, step_minutes=30, grid=True, arms=("run_now", "rolling"))), "en")


def test_places_are_to_scale_with_north_up() -> None:
    chart = CountyMap.of(small_network())
    assert chart is not None
    # 3 km east and 1.3 km from the busbar up to the village, in the same scale
    per_km = (chart.x_px[2] - chart.x_px[1]) / 3.0
    assert chart.y_px[1] - chart.y_px[2] == pytest.approx(1.3 * per_km)
    assert chart.x_px.min() >= 0.0
    assert chart.x_px.max() <= 1120.0
    assert [spot.buses for spot in chart.spots] == [(0,), (1,), (3, 2)]
    assert chart.spots[2].name == "east"
    assert chart.spread_branches == (0, 1)  # the village transformer has no length


def test_a_network_without_places_has_no_map() -> None:
    network = small_network()
    for x_km in (np.full(4, np.nan), np.zeros(4)):
        nowhere = replace(network, buses=replace(network.buses, x_km=x_km, y_km=np.zeros(4)))
        assert CountyMap.of(nowhere) is None


def test_labels_keep_off_each_other_and_inside() -> None:
    chart = CountyMap.of(small_network())
    assert chart is not None
    items = [Label(bus, "a long name 12.3 MW", "name", Markup("")) for bus in (0, 1, 2)]
    drawn = str(chart.labels(items))
    assert drawn.count("<text") == 9
    wide = drawn[: drawn.index("medium-labels")]
    places = [
        tuple(map(float, found)) for found in re.findall(r'translate\(([\d.]+) ([\d.]+)\)"><g class="sized"', wide)
    ]
    assert all(0.0 <= x <= 1120.0 and 0.0 <= y <= chart.height_px for x, y in places)
    assert len(set(places)) == 3


def test_classes_of_branches_and_voltages() -> None:
    over = np.array([False, False, False, True])
    assert loading_digits(np.array([0.1, 0.2, 0.999, 1.2]), over).tolist() == [0, 1, 4, OVER]
    # Full to the brim is not above it.
    assert loading_digits(np.array([1.0005]), np.array([False])).tolist() == [4]
    voltage = np.array([1.0, 1.02, 1.04, 1.06, 0.98, 0.96, 0.94, 1.08, 0.88])
    low, high = voltage < 0.9, voltage > 1.07
    assert voltage_digits(voltage, low, high).tolist() == [0, 1, 2, 3, 4, 5, 6, HIGH, LOW]


def test_style_colours_every_class() -> None:
    css = map_style()
    assert all(f".b{step}{{stroke:" in css for step in range(OVER + 1))
    assert all(f".dot.v{step}{{fill:" in css for step in range(len(OUTLINES)))
    assert css.count("#C8102E") == 4  # above a limit, outside either voltage limit, the red grade


def instants(study: Study) -> Iterator[tuple[str, int, int]]:
    for arm in study.pair:
        for index, row in enumerate(study.telling_day.intervals):
            yield arm, index, row


def test_frames_say_what_the_states_are(study: Study) -> None:
    reading = study.network
    assert reading is not None
    chart = CountyMap.of(reading.network)
    assert chart is not None
    frames = {arm: arm_frames(study, chart, arm) for arm in study.pair}
    for arm, index, row in instants(study):
        found, frame = reading.arms[arm], frames[arm]
        assert len(frame.branches[index]) == len(reading.network.branch_ids)
        assert len(frame.places[index]) == len(chart.spots)
        over = found.exceeded.branch(reading.lines)[row]
        assert [digit == str(OVER) for digit in frame.branches[index]] == over.tolist()
        held_mw = found.held_mw[row].sum()
        said = frame.words[index]
        assert (f"{held_mw:.1f} MW of solar held back" in said) or held_mw < 0.05
        flow_mw = found.step.flow.transformer_mw(reading.network)[row, reading.main]
        assert ("back to the grid" in said) == bool((flow_mw < 0.0).any())
        assert ("from the grid" in said) == bool((flow_mw >= 0.0).any())
        assert frame.labels[index][0].startswith("T1 ↑" if flow_mw[0] < 0.0 else "T1 ↓")
        assert frame.labels[index][-1].startswith("County, Shandong ")


def test_violations_are_counted_in_words(study: Study) -> None:
    reading = study.network
    assert reading is not None
    chart = CountyMap.of(reading.network)
    assert chart is not None
    row = study.telling_day.intervals[study.telling_day.tightest]
    found = reading.arms["run_now"]
    names = [reading.network.buses.ids.index(f"village 1-3-{k} 0.4 kV") for k in (1, 2)]
    high, loading = found.exceeded.voltage_high.copy(), found.exceeded.loading.copy()
    high[row, names] = loading[row, 0] = True
    broken = replace(found, exceeded=replace(found.exceeded, voltage_high=high, loading=loading))
    other = Study(study.finding, "zh")
    for language, said in ((study, ("2 villages above 1.07 pu", "1 line or transformer above its limit")),
                           (other, ("2 个村电压高于 1.07 pu", "1 条支路超限"))):  # fmt: skip
        language.__dict__["network"] = replace(reading, arms={**reading.arms, "run_now": broken})
        frames = arm_frames(language, chart, "run_now")
        at = study.telling_day.tightest
        assert all(text in frames.words[at] for text in said)
        assert str(HIGH) in frames.places[at]
        language.__dict__["network"] = reading


def test_the_day_is_the_one_with_most_solar_held_back(study: Study) -> None:
    reading = study.network
    assert reading is not None
    held = reading.arms["run_now"].held_mw.sum(axis=1)
    days = study.local.astype("datetime64[D]")
    totals = {day: held[days == day].sum() for day in np.unique(days)}
    assert study.telling_day.date == max(totals, key=lambda day: totals[day])
    assert len(study.telling_day.intervals) == 48
    assert all(second - first == 1 for first, second in pairwise(study.telling_day.intervals))


def figure(study: Study) -> MapFigure:
    found = map_figure(study)
    assert found is not None
    return found


def test_the_embedded_day_is_compact_and_starts_at_the_tightest_moment(study: Study) -> None:
    found = figure(study)
    data = json.loads(str(found.data))
    assert data["times"][data["start"]] == found.times[found.start]
    assert set(data["arms"]) == {"run_now", "rolling"}
    assert all(len(part) == len(found.times) for arm in data["arms"].values() for part in arm)
    assert len(found.data) < 60_000
    assert "<" not in found.data
    for panel in found.panels:
        assert panel.words == data["arms"][panel.arm][3][data["start"]]
        drawn = re.findall(r'data-b="(\d+)" data-k="[a-z ]+" class="[a-z ]+ b(\d)"', str(panel.drawing))
        branches = data["arms"][panel.arm][0][data["start"]]
        assert {int(branch) for branch, _ in drawn} == set(range(len(branches)))
        assert all(branches[int(branch)] == digit for branch, digit in drawn)


def test_names_cannot_become_markup(study: Study) -> None:
    evil = '</script><img src=x onerror="alert(1)">'
    fleet = study.finding.truth.fleet
    site = replace(fleet.sites[0], name=evil)
    truth = replace(study.finding.truth, fleet=replace(fleet, sites=(site, *fleet.sites[1:])))
    found = figure(Study(replace(study.finding, truth=truth), "en"))
    assert "<img" not in str(found.data) + "".join(str(panel.drawing) for panel in found.panels)


def test_the_map_says_what_its_squares_are_and_names_places_in_its_language(study: Study) -> None:
    assert "Blue squares: where the data centre is fed; its figure is the sum." in figure(study).caption
    other = figure(Study(study.finding, "zh"))
    assert "蓝色方块为数据中心受电点，数值为合计。" in other.caption
    drawn = str(other.panels[0].drawing)
    assert "<title>村 1-3-2</title>" in drawn
    assert "<title>T 村 1-3-2</title>" in drawn
    assert 'aria-label="即到即算' in drawn

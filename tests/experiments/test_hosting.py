"""`suandian hosting` from a case to its answer, its text and its page."""

import dataclasses
import json
import re

import numpy as np
import pytest

from suandian.experiments.hosting import Case, case_of, hosting
from suandian.experiments.hosting.assess import CURTAILED_RATIOS, FLEXIBLE_RATIOS
from suandian.experiments.hosting.page import _end_labels, html
from suandian.experiments.hosting.result import Hosting
from suandian.experiments.hosting.text import text_of
from suandian.physics.limits import violations
from suandian.physics.powerflow import power_flow
from suandian.quantity.errors import DataError, ScenarioError

STEP_H = 3.0  # 2,920 intervals; the noon is one of them


@pytest.fixture(scope="module")
def county() -> Case:
    return case_of("county-noon", step_h=STEP_H)


@pytest.fixture(scope="module")
def found(county: Case) -> Hosting:
    return hosting(county)


def net_load(case: Case, pv_mw: float, new_mw: float) -> tuple[np.ndarray, np.ndarray]:
    """The same year written down once more, without the functions of the assessment."""
    network = case.network
    shape = network.at_buses(network.pv.bus, network.pv.nameplate_mw)
    centre = case.centre_ratio * (case.computing_mw + new_mw)
    p = np.outer(case.load_ratio, network.at_buses(network.loads.bus, network.loads.active_mw)) + centre
    q = np.outer(case.load_ratio, network.at_buses(network.loads.bus, network.loads.reactive_mvar))
    q = q + centre * np.tan(np.arccos(0.95))
    return p - np.outer(case.pv_ratio * pv_mw, shape / shape.sum()), q


def test_the_case_is_the_scenario_scaled_onto_a_county(county: Case) -> None:
    network = county.network
    assert network.transformers.rating_mva[:2].tolist() == [40.0, 40.0]
    assert network.pv.nameplate_mw.sum() == pytest.approx(160.0)
    assert network.loads.active_mw.sum() == pytest.approx(51.5)
    assert county.axis.periods * STEP_H == 8760
    # 5.54 + 0.63 · (20 − 5.54) = 14.65 MW of IT at PUE 1.25
    assert county.computing_mw == pytest.approx(18.31, abs=0.01)
    assert county.computing_max_mw == pytest.approx(25.0)
    assert county.limits.reverse_max_mw[0] == pytest.approx(40 * 0.8 * 0.85)
    assert all(en and zh for en, zh in county.assumptions)


@pytest.mark.parametrize("curtailed", [0.0, 0.01])
def test_ac_confirms_the_pv_that_fits_and_no_more(county: Case, found: Hosting, curtailed: float) -> None:
    point = next(p for p in found.pv if p.flexible_ratio == 0.0 and p.curtailed_hours_ratio == curtailed)

    def hours(pv_mw: float) -> int:
        p, q = net_load(county, pv_mw, 0.0)
        flow = power_flow(county.network, p, q)
        broken = violations(county.network, flow, county.limits)
        lit = county.pv_ratio > 0.02
        up = flow.branch_mw < 0.0
        return int((lit & (broken["reverse"].any(axis=1) | broken["voltage_high"].any(axis=1)
                           | (broken["loading"] & up).any(axis=1))).sum())  # fmt: skip

    allowed = int(curtailed * county.axis.periods)
    assert hours(point.hosting_pv_total_mw) <= allowed
    assert hours(1.01 * point.hosting_pv_total_mw) > allowed


def test_ac_confirms_the_firm_connection(county: Case, found: Hosting) -> None:
    def broken(new_mw: float) -> bool:
        p, q = net_load(county, min(found.pv_existing_mw, found.pv[0].hosting_pv_total_mw), new_mw)
        p_dark = p[county.pv_ratio < 0.3]
        flow = power_flow(county.network, p_dark, q[county.pv_ratio < 0.3])
        over = violations(county.network, flow, county.limits)
        return bool(over["loading"].any() or over["voltage_low"].any())

    assert found.firm_mw > 0.0
    assert not broken(found.firm_mw)
    assert broken(found.firm_mw * 1.02 + 0.05)


def test_both_curves_grow_with_flexibility_and_with_tolerance(found: Hosting) -> None:
    for values in (
        np.array([p.hosting_pv_total_mw for p in found.pv]),
        np.array([p.hosting_compute_mw for p in found.computing]),
    ):
        grid = values.reshape(len(FLEXIBLE_RATIOS), len(CURTAILED_RATIOS))
        assert (np.diff(grid, axis=0) >= -1e-2).all()
        assert (np.diff(grid, axis=1) >= -1e-2).all()
        assert grid[-1, -1] > grid[0, 0]
    firm = [p for p in found.computing if p.flexible_ratio == 0.0 or p.curtailed_hours_ratio == 0.0]
    assert {p.hosting_compute_mw for p in firm} == {found.firm_mw}
    assert {p.curtailed_energy_ratio for p in firm} == {0.0}
    flexible = [p for p in found.computing if p.hosting_compute_mw > found.firm_mw]
    assert all(p.longest_spell >= 1 for p in flexible)
    assert all(0.0 < p.curtailed_energy_ratio <= p.curtailed_hours_ratio for p in flexible)


def test_the_county_with_twice_its_pv_is_red_and_says_so(found: Hosting) -> None:
    """Noon: 160 MW · output less load and computing is far above 0.8 · 80 MVA · 0.85 = 54.4 MW."""
    assert found.county_grade == "red"
    assert found.county_room_mw == 0.0
    # 25 − 18.31 MW of further computing at that noon, over the output per nameplate
    rise_mw = (25.0 - found.case.computing_mw) / found.noon_output_ratio
    assert found.county_own_flexible_mw - found.county_own_mw == pytest.approx(rise_mw)
    # S_d of both transformers by hand
    noon = found.noon_output_ratio
    period = int(np.flatnonzero(found.case.axis.local_starts(found.case.zone).astype(str) == found.noon)[0])
    load_mw = 51.5 * found.case.load_ratio[period] + found.case.computing_mw
    assert found.county_own_mw == pytest.approx((load_mw - 160 * noon + 0.8 * 80 * 0.85) / noon)
    assert {row.grade for row in found.transformers} == {"red"}
    assert found.top == ("T1", "T2")
    assert set(found.others) == {"dlt2041_2019"}
    assert found.state.reverse_violation_h > 0.0
    assert 0.0 < found.pv_curtailed_hours_ratio < 0.2
    assert found.pv_utilised_ratio < 1.0
    assert found.noon[11:16] == "12:00"
    # PV meets the reverse limit of a main transformer at noon, new computing the rating of one in the evening.
    assert (found.pv_binding.kind, found.pv_binding.at[11:13]) == ("reverse", "12")
    assert found.computing_binding.kind == "loading"
    assert {found.pv_binding.element, found.computing_binding.element} <= {"T1", "T2"}
    assert found.computing_binding.at[11:13] == "18"


def test_the_answer_is_json_text_and_a_page_in_two_languages(found: Hosting) -> None:
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert document["grade"] == "red"
    assert len(document["hosting_pv"]) == len(document["hosting_compute"]) == 25
    text = text_of(found)
    assert "Grade of the county: red (DL/T 2041-2025" in text
    assert "firm connection" in text
    page = html(found, "zh")
    assert page.lstrip().startswith("<!doctype html>")
    assert '<html lang="zh">' in page
    assert page.count("<polyline") == 2 * len(FLEXIBLE_RATIOS)
    assert page.count('class="en"') - page.count('class="zh"') == 0
    assert not re.search(r"(src|href)=.https?:", page)
    assert "nan" not in re.findall(r'points="[^"]*"', page)[0]


def chinese(page: str) -> str:
    """What the page shows in Chinese: without style, scripts and the English halves."""
    body = re.sub(r"<(style|script|button)\b.*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"<[^>]+>", "", re.sub(r'<(span|text)[^>]*class="en[^"]*">[^<]*</\1>', "", body))


def test_the_chinese_page_is_chinese_to_the_stop(found: Hosting) -> None:
    page = html(found, "zh")
    told = chinese(page)
    assert "生成的县域电网，参数" in told
    assert not re.search(r"generated county|(village|town) \d|：\s|\d\.\s*$|, \d{4}-", told)
    assert re.search(r"最先受限：T\d（(反送|载流)），\d{4}-\d\d-\d\d \d\d:\d\d。", told)
    assert re.search(r"T 村 \d-\d+-\d", told)
    assert re.search(r'class="en">T village \d-\d+-\d</span>', page)


def test_the_page_writes_minutes_and_minus_signs(found: Hosting) -> None:
    less = dataclasses.replace(
        found, transformers=tuple(dataclasses.replace(row, own_mw=-15.78) for row in found.transformers)
    )
    for lang in ("en", "zh"):
        page = html(less, lang).split("</style>")[1]
        assert "<td>−15.78</td>" in page
        assert not re.search(r">-\d|\d\d:\d\d:\d\d", page)
    assert ":00:00" not in text_of(less)


def test_paper_keeps_titles_with_what_they_are_of(found: Hosting) -> None:
    (paper,) = re.findall(r"@media print\{button[^\n]+", html(found, "en"))
    assert "h2,.sub,.map-legend{break-after:avoid}" in paper


def test_the_grade_stands_beside_the_transformer(found: Hosting) -> None:
    """On a phone the table scrolls: what matters most is not to be out of sight."""
    rows = re.findall(r"<tr><td>.*T1</td><td>(.*?)</td>", html(found, "en"))
    assert len(rows) == 1
    assert "grade red" in rows[0]


def test_grades_on_the_map_differ_in_shape_and_letter(found: Hosting) -> None:
    mixed = dataclasses.replace(
        found,
        transformers=tuple(
            dataclasses.replace(row, grade=("green", "yellow", "red")[k % 3])
            for k, row in enumerate(found.transformers)
        ),
    )
    page = html(mixed, "en")
    shapes = {
        grade: set(re.findall(rf'class="grade {grade}" d="([^"]+)"', page)) for grade in ("green", "yellow", "red")
    }
    assert all(len(outlines) == 1 for outlines in shapes.values())
    assert len(set.union(*shapes.values())) == 3
    assert "19 of 58 transformers are red" in page
    assert "T1 G" in page
    assert "T2 Y" in page
    assert page.count('class="centre"') == 2
    bare = dataclasses.replace(found.case.network.buses, x_km=np.full(119, np.nan))
    nowhere = dataclasses.replace(found.case, network=dataclasses.replace(found.case.network, buses=bare))
    assert "county-map" not in html(dataclasses.replace(found, case=nowhere), "en").split("</style>")[1]


def test_lines_that_end_together_share_a_name() -> None:
    assert _end_labels([(0.0, 100.0), (0.25, 60.0), (0.5, 55.0), (1.0, 50.0)]) == [("0%", 100.0), ("25–100%", 55.0)]


def test_hours_without_a_solution_are_told_where_there_are_any(found: Hosting) -> None:
    solved = dataclasses.replace(found, state=dataclasses.replace(found.state, unsolved_h=0.0))
    partly = dataclasses.replace(found, state=dataclasses.replace(found.state, unsolved_h=1234.5))
    assert "For 1,234.5 h the power flow has no solution" in text_of(partly)
    assert "the power flow has no solution" not in text_of(solved)
    row = re.search(r"<tr><td>[^\n]*No power-flow solution[^\n]*潮流无解[^\n]*</tr>", html(partly, "en"))
    assert row is not None
    assert row[0].endswith("<td>1,234.5 h</td></tr>")
    assert "No power-flow solution" not in html(solved, "en")


def test_a_bare_network_gets_a_generated_year_and_a_place_for_computing() -> None:
    case = case_of("ieee33", region="gansu", step_h=STEP_H)
    assert case.centre_ratio.sum() == pytest.approx(1.0)
    assert case.computing_mw == 0.0
    answer = hosting(case, rule="dlt2041_2019")
    assert answer.transformers == ()
    assert answer.rule.id == "dlt2041_2019"
    # At full load bus 18 is at 0.913 pu, below 0.93: there is no room for load in the worst hour.
    assert answer.firm_mw == 0.0
    assert (answer.computing_binding.kind, answer.computing_binding.element) == ("voltage", "18")
    assert answer.pv[0].hosting_pv_total_mw > 0.0
    assert "transformer " not in text_of(answer).splitlines()[-1]


def test_what_cannot_be_assessed_says_why(county: Case) -> None:
    with pytest.raises(ScenarioError, match="has no feeder 'south'"):
        case_of("county-noon", feeder="south")
    with pytest.raises(ScenarioError, match="its own region"):
        case_of("county-noon", region="gansu")
    with pytest.raises(ScenarioError, match="does not divide a day"):
        case_of("ieee33", step_h=5.0)
    bare = dataclasses.replace(county.network, loads=type(county.network.loads)())
    with pytest.raises(DataError, match="no load"):
        hosting(dataclasses.replace(county, network=bare))
    with pytest.raises(DataError, match="no hosting rule"):
        hosting(county, rule="dlt2041")

"""The part on regions: figures of the frame of connections, sums that add up, a title that follows from the signs."""

from dataclasses import replace

import polars as pl
import pytest
from finding_factory import Options, make_finding

from suandian.experiments.finding import Finding
from suandian.experiments.report.page import html
from suandian.experiments.report.regions import FACTORS, regions, regions_part
from suandian.experiments.report.study import Study
from suandian.model.grid import Tie

CONTROL = {
    "connection": ["feeder0", "feeder1", "shaoguan"],
    "kind": ["feeder", "feeder", "site"],
    "pv_available_mwh": [400.0, 100.0, 0.0],
    "pv_curtailed_mwh": [60.4, 10.0, 0.0],
    "wind_available_mwh": [0.0, 900.0, 0.0],
    "wind_curtailed_mwh": [0.0, 90.0, 0.0],
    "tie_out_mwh": [0.0, 25.0, 0.0],
    "facility_mwh": [500.0, 700.0, 300.0],
    "carbon_average_kg": [300e3, 400e3, 100e3],
    "carbon_marginal_kg": [500e3, 600e3, 200e3],
    "carbon_official_kg": [310e3, 390e3, 120e3],
}
CHANGE = {
    "pv_curtailed_mwh": [-20.0, -6.0, 0.0],
    "wind_curtailed_mwh": [0.0, -44.0, 0.0],
    "tie_out_mwh": [0.0, -5.0, 0.0],
    "facility_mwh": [30.0, 70.0, -100.0],
    "carbon_average_kg": [10e3, 20e3, -40e3],
    "carbon_marginal_kg": [-5e3, -9e3, -60e3],
    "carbon_official_kg": [20e3, 30e3, -35e3],
}


def frame(share: float) -> pl.DataFrame:
    """The control's frame, with `share` of the change."""
    none = [0.0, 0.0, 0.0]
    return pl.DataFrame(
        {
            name: values
            if isinstance(values[0], str)
            else [a + share * b for a, b in zip(values, CHANGE.get(name, none), strict=True)]
            for name, values in CONTROL.items()
        }
    )


def finding(share: float = 1.0, *, arms: tuple[str, ...] = ("run_now", "rolling"), ties: bool = True) -> Finding:
    made = make_finding(Options(arms=arms, feeders=2, days=7, step_minutes=60))
    told = {name: replace(arm, sites=frame(share * (name != "run_now"))) for name, arm in made.arms.items()}
    fleet = replace(made.truth.fleet, ties=(Tie("t", "feeder1", "feeder0", 9.0, 0.0, 0.05),) if ties else ())
    return replace(made, arms=told, truth=replace(made.truth, fleet=fleet))


def test_the_tables_hold_what_the_frames_say_and_add_up() -> None:
    part = regions_part(Study(finding(), "en"))
    assert part is not None
    curtailment, carbon = part.tables
    assert [row[1:] for row in curtailment.rows] == [
        ["400", "60", "40", "+20", "±0", "0"],
        ["1,000", "100", "50", "+50", "+44", "20"],
        ["0", "0", "0", "±0", "±0", "0"],
        ["1,400", "160", "90", "+70", "+44", "20"],
    ]
    assert [row[1:] for row in carbon.rows] == [
        ["+30", "+10.0", "−5.0", "+20.0"],
        ["+70", "+20.0", "−9.0", "+30.0"],
        ["−100", "−40.0", "−60.0", "−35.0"],
        ["±0", "−10.0", "−74.0", "+15.0"],
    ]
    assert carbon.rows[2][0] == "Shaoguan, Guangdong"


def test_totals_are_rounded_once() -> None:
    """Three regions of 0.4 MWh make 1 MWh, not 0; a difference is that of the totals as shown."""
    made = finding()
    small = {"pv_curtailed_mwh": 0.4, "wind_curtailed_mwh": 0.0, "tie_out_mwh": 0.4}
    sites = {
        name: arm.sites.with_columns(**{column: pl.lit(size * (1 + 4 * (name == "run_now")))
                                        for column, size in small.items()})
        for name, arm in made.arms.items()
    }  # fmt: skip
    arms = {name: replace(arm, sites=sites[name]) for name, arm in made.arms.items()}
    part = regions_part(Study(replace(made, arms=arms), "en"))
    assert part is not None
    assert [row[2:5] + row[6:] for row in part.tables[0].rows] == [
        *[["2", "0", "+2", "0"]] * 3,
        ["6", "1", "+5", "1"],
    ]
    assert part.title.striptags().startswith("5 MWh of wind and solar")


def test_the_title_says_how_much_where_and_whether_the_factors_agree() -> None:
    part = regions_part(Study(finding(), "en"))
    assert part is not None
    told = part.title.striptags()
    assert told.startswith("70 MWh of wind and solar energy are used instead of thrown away, 50 MWh of them at")
    assert told.endswith("depends on the factor")
    assert 'fact|regions_avoided_mwh|70.0"' in part.title
    assert 'fact|regions_most_mwh|50.0"' in part.title


def test_a_place_that_saves_more_than_all_together_is_not_part_of_the_sum() -> None:
    made = finding()
    worse = made.arms["rolling"].sites.with_columns(pv_curtailed_mwh=pl.Series([80.4, 4.0, 0.0]))
    arms = {**made.arms, "rolling": replace(made.arms["rolling"], sites=worse)}
    part = regions_part(Study(replace(made, arms=arms), "en"))
    assert part is not None
    told = part.title.striptags()
    assert told.startswith("30 MWh less wind and solar energy is thrown away: 50 MWh less at")
    assert "more elsewhere" in told


@pytest.mark.parametrize(
    ("share", "words"), [(-1.0, "more wind and solar energy are thrown away"), (0.0, "same as in the control")]
)
def test_a_plan_that_avoids_nothing_is_not_praised(share: float, words: str) -> None:
    part = regions_part(Study(finding(share), "en"))
    assert part is not None
    assert words in part.title.striptags()


def test_an_arm_alone_has_no_differences() -> None:
    part = regions_part(Study(finding(arms=("run_now",), ties=False), "en"))
    assert part is not None
    assert [len(table.heads) for table in part.tables] == [3]
    assert part.title.striptags() == "160 MWh of wind and solar energy are thrown away"
    assert part.notes == ()


def test_one_renewable_region_is_no_study_of_regions() -> None:
    made = finding()
    lone = {
        name: replace(arm, sites=arm.sites.with_columns(pv_available_mwh=pl.lit(0.0)))
        for name, arm in made.arms.items()
    }
    assert regions(Study(replace(made, arms=lone), "en")) == ()
    assert regions_part(Study(make_finding(Options(feeders=2, days=7)), "en")) is None


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_has_the_part_with_a_sentence_for_each_factor(lang: str) -> None:
    page = html(finding(), lang)
    assert page.count('<table class="regions') == 2
    assert 'href="#regions"' in page
    part = regions_part(Study(finding(), lang))
    assert part is not None
    assert len(part.notes) == len(FACTORS) + 2
    assert all(str(note) in page for note in part.notes)

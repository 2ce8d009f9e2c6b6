"""Hosting curves and the price of congestion in the report, against key figures and plans written by hand."""

import re
from dataclasses import replace

import numpy as np
import pytest
from finding_factory import Options, make_finding

from suandian.experiments.finding import Finding
from suandian.experiments.report.canvas import Figure, Pool
from suandian.experiments.report.figures_hosting import curves_figure
from suandian.experiments.report.figures_response import response_figure
from suandian.experiments.report.network import congestion_cny_per_mwh
from suandian.experiments.report.study import Study
from suandian.record.events import PlanEnacted
from suandian.record.journal import Journal

PAIR = ("run_now", "rolling")


@pytest.fixture(scope="module")
def finding() -> Finding:
    return make_finding(Options(days=2, step_minutes=60, grid=True, arms=PAIR))


def facts(figure: Figure) -> dict[str, float]:
    text = figure.shown.title + figure.shown.caption
    return {name: float(value) for name, value in re.findall(r'value="fact\|([^|"]+)\|([^"]+)"', text)}


def curves(finding: Finding, lang: str = "en", pool: Pool | None = None) -> Figure:
    study = Study(finding, lang)
    assert study.network is not None
    figure = curves_figure(study, pool or Pool(), study.network)
    assert figure is not None
    return figure


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_curves_say_what_the_key_figures_say(finding: Finding, lang: str) -> None:
    said = facts(curves(finding, lang))
    pv_mw = finding.truth.fleet.feeders[0].pv_mw
    assert (said["pv_today_mw"], said["tolerated_percent"]) == (pv_mw, 1.0)
    for arm in PAIR:
        kpis = finding.arms[arm].kpis
        assert said[f"compute_firm_mw.{arm}"] == pytest.approx(kpis["hosting_compute_mw"], abs=1e-6)
        assert said[f"pv_fits_mw.{arm}"] - pv_mw == pytest.approx(kpis["hosting_pv_mw"], abs=1e-6)
        # one percent of 48 hours is no whole hour
        assert said[f"compute_some_mw.{arm}"] == said[f"compute_firm_mw.{arm}"]


def test_two_panels_with_both_arms_and_todays_nameplate(finding: Finding) -> None:
    pool = Pool()
    figure = curves(finding, pool=pool)
    for form in ("wide", "medium", "narrow"):
        drawn = figure.shown.forms[form]
        assert [trace["yaxis"] for trace in drawn["data"]] == ["y", "y", "y2", "y2"]
        assert all(len(pool.columns[trace["y"]["$"]]) == 5 for trace in drawn["data"])
        (today,) = drawn["layout"]["shapes"]
        assert (today["yref"], today["y0"]) == ("y2", 150.0)
        assert drawn["layout"]["xaxis"]["ticktext"] == ["never", "0.25 %", "0.5 %", "1 %", "5 %"]
    assert str(figure.numbers).count("<tr") == 6


def test_without_a_site_only_solar_is_told(finding: Finding) -> None:
    fleet = finding.truth.fleet
    (feeder,) = fleet.feeders
    empty = replace(feeder, grid=replace(feeder.grid, site_ratio={}))
    study = Study(finding, "en")
    assert study.network is not None
    figure = curves_figure(study, Pool(), replace(study.network, feeder=empty))
    assert figure is not None
    assert "of solar with at most" in figure.shown.title
    assert len(figure.shown.forms["wide"]["data"]) == 2
    assert "New computing" not in figure.shown.caption
    nothing = replace(empty, pv_mw=0.0)
    assert curves_figure(study, Pool(), replace(study.network, feeder=nothing)) is None


def priced(finding: Finding, price_cny_per_mwh: np.ndarray, *, known: bool = True) -> Finding:
    """The finding with plans of a day each in the chosen arm, and their price at the site behind the feeder."""
    arm = finding.arms[finding.chosen]
    old, axis, sites = arm.journal, finding.truth.axis, len(finding.truth.fleet.sites)
    journal = Journal(old.axis, old.meters, old.sites)
    row = next(k for k, site in enumerate(finding.truth.fleet.sites) if site.feeder == "feeder0")
    day = round(24.0 / axis.step_h)
    for first in range(0, axis.periods, day):
        last = min(first + day, axis.periods)
        price = np.zeros((sites, last - first))
        price[row] = price_cny_per_mwh[first:last]
        told = price if known or first == 0 else np.zeros((sites, 0))
        journal.append(PlanEnacted(first, last, "by_hand", np.zeros((sites, last - first)), axis.start_s, {}, told))
    for block in old.blocks:
        if not isinstance(block, PlanEnacted):
            journal.append(block)
    arms = {**finding.arms, finding.chosen: replace(arm, journal=journal)}
    return replace(finding, arms=arms)


def response(finding: Finding, lang: str = "en") -> tuple[Figure, Pool]:
    study, pool = Study(finding, lang), Pool()
    assert study.network is not None
    figure = response_figure(study, pool, study.network)
    assert figure is not None
    return figure, pool


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_price_of_congestion_on_the_mean_day(finding: Finding, lang: str) -> None:
    local = finding.truth.axis.local_starts("Asia/Shanghai")
    hour = (local - local.astype("datetime64[D]")).astype("timedelta64[h]").astype(int)
    first = local.astype("datetime64[D]") == local[0].astype("datetime64[D]")
    # −200 at noon of the first of two days, 30 at 19:00 of both, and noise that nobody would see
    price = np.where((hour == 12) & first, -200.0, np.where(hour == 19, 30.0, 0.001))
    figure, pool = response(priced(finding, price), lang)
    said = facts(figure)
    assert (said["congestion_h"], said["study_h"]) == (3.0, 48.0)
    assert (said["congestion_low_cny_per_mwh"], said["congestion_high_cny_per_mwh"]) == (-200.0, 30.0)
    drawn = figure.shown.forms["wide"]
    (line,) = (trace for trace in drawn["data"] if trace["yaxis"] == "y4")
    mean = pool.columns[line["y"]["$"]]
    assert (mean[12], mean[19], mean[3]) == (-100.0, 30.0, 0.0)
    assert [shape["y0"] for shape in drawn["layout"]["shapes"] if shape["yref"] == "y4"] == [0.0]
    assert line["line"]["shape"] == "hv"


def test_without_a_price_there_is_no_such_panel(finding: Finding) -> None:
    zero = np.zeros(finding.truth.axis.periods)
    for unpriced in (finding, priced(finding, zero), priced(finding, zero - 50.0, known=False)):
        figure, _ = response(unpriced)
        assert "yaxis4" not in figure.shown.forms["wide"]["layout"]
        assert "congestion" not in figure.shown.caption
    feeder = finding.truth.fleet.feeders[0]
    assert congestion_cny_per_mwh(priced(finding, zero, known=False), feeder, finding.chosen) is None

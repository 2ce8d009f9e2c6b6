"""Facts of the network's figures, recomputed from the meters by other means than the report's."""

import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from finding_factory import Options, make_finding

from suandian.experiments.finding import Finding
from suandian.experiments.report import html
from suandian.experiments.report.canvas import Pool
from suandian.experiments.report.captions_network import Held, evenly, held_text
from suandian.experiments.report.figures_network import _bars, mains_figure
from suandian.experiments.report.figures_response import response_figure
from suandian.experiments.report.network_part import network_part
from suandian.experiments.report.study import Study
from suandian.experiments.report.table import network_rows
from suandian.physics.feeder_grid import grid_flow

PAIR = ("run_now", "rolling")


@pytest.fixture(scope="module")
def finding() -> Finding:
    return make_finding(Options(days=3, step_minutes=30, grid=True, arms=PAIR))


@pytest.fixture(scope="module")
def facts(finding: Finding) -> dict[str, float]:
    page = html(finding, "en")
    return {name: float(value) for name, value in re.findall(r'value="fact\|([^|"]+)\|([^"]+)"', page)}


def read(finding: Finding, arm: str, meter: str, side: int) -> np.ndarray:
    return finding.arms[arm].journal.metered(meter)[side] / finding.truth.axis.step_h


def main_mw(finding: Finding, arm: str) -> np.ndarray:
    """Flow down both main transformers: from the PV that each village fed in, meter by meter."""
    feeder = finding.truth.fleet.feeders[0]
    network = feeder.grid.network
    pv = np.zeros((finding.truth.axis.periods, len(network.buses.ids)))
    for bus, name in enumerate(network.buses.ids):
        if feeder.grid.pv_ratio[bus] > 0.0:
            pv[:, bus] = read(finding, arm, f"feeder/feeder0/pv/{name}", 1)
    net = read(finding, arm, "site/county/grid", 0) - read(finding, arm, "site/county/grid", 1)
    flow = grid_flow(feeder.grid, read(finding, arm, "feeder/feeder0/load", 0), pv, {"county": net}).flow
    return flow.branch_mw[:, [network.branch_ids.index("T1"), network.branch_ids.index("T2")]]


def test_sizes_of_the_network(facts: dict[str, float]) -> None:
    assert (facts["network_buses"], facts["network_lines"], facts["network_transformers"]) == (119.0, 60.0, 58.0)


@pytest.mark.parametrize("arm", PAIR)
def test_main_transformers(finding: Finding, facts: dict[str, float], arm: str) -> None:
    down = main_mw(finding, arm)
    assert facts[f"main_down_mw.{arm}"] == pytest.approx(down.max())
    at = (-down >= 0.98 * 0.8 * 40.0 * 0.9).any(axis=1)
    assert facts[f"main_limit_h.{arm}"] == pytest.approx(at.sum() * 0.5)
    assert facts[f"main_limit_h.{arm}"] > 0.0
    assert facts["near_limit_percent"] == pytest.approx(2.0)


def test_a_limit_below_the_rating_says_why(finding: Finding) -> None:
    for lang, one, both in (
        ("en", "36 MW (40 MVA at power factor 0.9)", "72 MW (80 MVA at power factor 0.9)"),
        ("zh", "36 MW（40 MVA，功率因数 0.9）", "72 MW（80 MVA，功率因数 0.9）"),
    ):
        study = Study(finding, lang)
        reading = study.network
        assert reading is not None
        for drawn, said in (
            (mains_figure(study, Pool(), reading), one),
            (response_figure(study, Pool(), reading), both),
        ):
            assert drawn is not None
            notes = [note["text"] for note in drawn.variants["rolling"].forms["wide"]["layout"]["annotations"]]
            assert said in notes


def test_villages_without_a_loss_are_counted_and_not_drawn(finding: Finding) -> None:
    study = Study(finding, "en")
    hit = [Held(f"hit {k}", 100.0, {"run_now": 9.0 - 3 * k, "rolling": 4.0}) for k in range(3)]
    spared = [Held(f"spared {k}", 100.0, dict.fromkeys(PAIR, 0.0)) for k in range(20)]
    assert [bar.name for bar in _bars(study, [*hit, *spared])] == ["hit 0", "hit 1", "hit 2", "20 others without"]
    many = [Held(f"hit {k}", 100.0, dict.fromkeys(PAIR, 40.0 - k)) for k in range(18)]
    assert [bar.name for bar in _bars(study, [*many, *spared])][-2:] == ["3 others", "20 others without"]


@pytest.mark.parametrize("arm", PAIR)
def test_solar_held_back(finding: Finding, facts: dict[str, float], arm: str) -> None:
    available = read(finding, arm, "feeder/feeder0/pv_available", 1)
    used = read(finding, arm, "feeder/feeder0/pv", 1)
    assert facts[f"held_percent.{arm}"] == pytest.approx(100.0 * (1.0 - used.sum() / available.sum()))
    control = read(finding, "run_now", "feeder/feeder0/pv_available", 1) - read(
        finding, "run_now", "feeder/feeder0/pv", 1
    )
    day = finding.truth.axis.local_starts("Asia/Shanghai").astype("datetime64[D]")
    best = max(np.unique(day), key=lambda d: control[day == d].sum())
    tightest = int(np.argmax(np.where(day == best, control, -1.0)))
    assert facts[f"held_at_mw.{arm}"] == pytest.approx((available - used)[tightest], abs=1e-9)


def test_the_village_that_is_hit_hardest(finding: Finding, facts: dict[str, float]) -> None:
    shares = {}
    for arm in PAIR:
        frame = finding.buses(arm).filter(finding.buses(arm)["pv_available_mwh"] > 0.0)
        total = frame.group_by("group").agg(pl.col("pv_curtailed_mwh").sum(), pl.col("pv_available_mwh").sum())
        percent = 100.0 * total["pv_curtailed_mwh"] / total["pv_available_mwh"]
        shares[arm] = dict(zip(total["group"], percent, strict=True))
    worst = max(shares["run_now"], key=lambda village: shares["run_now"][village])
    assert worst in html(finding, "en")
    shown = html(finding, "zh")
    assert f"村 {worst.removeprefix('village ')}" in shown
    assert not re.search(r"(village|town) \d", shown)
    for arm in PAIR:
        assert facts[f"worst_percent.{arm}"] == pytest.approx(shares[arm][worst])


def test_an_even_loss_is_told_as_such(finding: Finding) -> None:
    study = Study(finding, "en")
    even = [Held(f"village {k}", 100.0 + k, dict.fromkeys(PAIR, 5.0 + 0.05 * k)) for k in range(6)]
    assert evenly(study, even)
    assert "nearly the same share" in held_text(study, even)[2]
    uneven = [Held("east", 100.0, dict.fromkeys(PAIR, 50.0)), *even]
    assert not evenly(study, uneven)
    assert "Hit hardest is east" in held_text(study, uneven)[2].striptags()


def test_the_response_compares_the_same_hours(finding: Finding, facts: dict[str, float]) -> None:
    net = main_mw(finding, "run_now").sum(axis=1)
    draw = {arm: read(finding, arm, "site/county/grid", 0) - read(finding, arm, "site/county/grid", 1) for arm in PAIR}
    more = draw["rolling"] - draw["run_now"]
    assert facts["response_sun_mw"] == pytest.approx(more[net < 0.0].mean())
    assert facts["response_tight_mw"] == pytest.approx(more[net >= np.quantile(net, 0.9)].mean())


def test_key_figures_of_the_network_are_there_in_both_languages(finding: Finding) -> None:
    for lang in ("en", "zh"):
        rows = {row.kpi: row for row in network_rows(Study(finding, lang))}
        assert len(rows) == 9
        assert rows["losses_mwh"].control not in ("", "–")
        assert rows["hosting_compute_mw"].mark == "better"
    arms = {name: replace(arm, kpis={**arm.kpis, "hosting_pv_mw": float("nan")}) for name, arm in finding.arms.items()}
    rows = {row.kpi: row for row in network_rows(Study(replace(finding, arms=arms), "en"))}
    assert (rows["hosting_pv_mw"].control, rows["hosting_pv_mw"].difference) == ("–", "–")
    assert rows["hosting_pv_mw"].unit == "MW"
    one = {**arms, "rolling": replace(arms["rolling"], kpis={**arms["rolling"].kpis, "hosting_pv_mw": -3.25})}
    rows = {row.kpi: row for row in network_rows(Study(replace(finding, arms=one), "en"))}
    assert (rows["hosting_pv_mw"].control, rows["hosting_pv_mw"].difference) == ("–", "–")
    assert rows["hosting_pv_mw"].chosen.startswith("−3.")


def test_a_study_without_a_network_has_no_such_part() -> None:
    lumped = make_finding(Options(days=1, arms=("run_now",)))
    assert network_part(Study(lumped, "en"), Pool()) is None
    assert 'id="network"' not in html(lumped, "en")
    assert "one transformer: voltages" in html(lumped, "en")


def test_with_a_network_the_limits_of_the_model_are_others(finding: Finding) -> None:
    page = html(finding, "en")
    assert "one transformer: voltages" not in page
    assert "unbalance, switching" in page


def test_energy_balances_with_the_losses_of_the_network(finding: Finding) -> None:
    page = html(finding, "en")
    assert "Energy in equals energy out" in page
    assert "Losses of the network" in page

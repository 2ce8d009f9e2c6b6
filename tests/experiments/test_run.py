"""`run` on a small study: reproducible, the same in one process and in two, and plain about what it cannot do."""

from functools import cache
from math import isnan
from pathlib import Path

import numpy as np
import pytest
from small_study import SECTIONS, small_study

from suandian.experiments.finding import Finding
from suandian.experiments.grid import GRID_KPI_NAMES
from suandian.experiments.kpi import KPI_NAMES
from suandian.experiments.run import run
from suandian.experiments.scenario import Scenario
from suandian.quantity.errors import ScenarioError

ARMS = ("run_now", "lowest_slots")


def fresh(seed: int = 7) -> Scenario:
    """A new Scenario object: nothing of an earlier run is at hand."""
    return Scenario.build(**SECTIONS | {"seed": seed})


@cache
def finding(workers: int = 1) -> Finding:
    return run(fresh(), coordinators=ARMS, workers=workers)


def without_wall_s(made: Finding) -> dict[str, dict[str, float]]:
    return {name: {k: v for k, v in arm.kpis.items() if k != "wall_s"} for name, arm in made.arms.items()}


def test_two_processes_find_what_one_finds() -> None:
    one, two = finding(1), finding(2)
    assert list(one.arms) == list(two.arms) == list(ARMS)
    assert without_wall_s(one) == without_wall_s(two)
    for name in ARMS:
        assert one.arms[name].journal.head == two.arms[name].journal.head
        assert one.jobs(name).equals(two.jobs(name))
        assert one.arms[name].ledger.balances() == two.arms[name].ledger.balances()


def test_the_same_seed_gives_the_same_journal_and_another_seed_another() -> None:
    heads = {arm: made.journal.head for arm, made in finding().arms.items()}
    again = run(fresh(), coordinators=ARMS, workers=1)
    assert {arm: made.journal.head for arm, made in again.arms.items()} == heads
    assert again.provenance == finding().provenance
    other = run(fresh(seed=8), coordinators=("run_now",), workers=1)
    assert other.arms["run_now"].journal.head != heads["run_now"]
    assert other.provenance.scenario_hash != again.provenance.scenario_hash


def test_frames_have_one_row_per_arm_job_and_interval() -> None:
    made = finding()
    axis, jobs = made.truth.axis, made.truth.jobs
    assert made.kpis.columns == ["coordinator", *KPI_NAMES]
    assert np.isfinite(made.kpis.drop("coordinator", *GRID_KPI_NAMES).to_numpy().astype(float)).all()
    frame = made.jobs("lowest_slots")
    assert frame["job"].to_list() == jobs.id.tolist()
    assert frame["work_gpu_h"].sum() == pytest.approx(jobs.work_gpu_h.sum())
    assert (frame["finished"] <= frame["due"]).all()
    meters = made.meters("lowest_slots", "site/hall/grid")
    assert meters.height == axis.periods
    assert meters["start"][0] == axis.start
    assert set(made.meters("run_now")["meter"]) >= {"feeder/county/grid", "site/hall/battery", "site/west/it/F1"}


def test_what_waits_differs_from_the_control_only_in_when() -> None:
    control, chosen = (finding().arms[name] for name in ARMS)
    assert control.kpis["delay_mean_h"] < chosen.kpis["delay_mean_h"]
    assert control.kpis["work_gpu_h"] == pytest.approx(chosen.kpis["work_gpu_h"])
    assert isnan(finding().bound_cny)


def test_an_unknown_arm_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ScenarioError, match="'lowest_slot' is no arm of small; write one of run_now, threshold"):
        run(small_study(), coordinators=("lowest_slot",), workers=1)


def test_the_control_always_comes_along_and_first() -> None:
    made = run(small_study(), coordinators=("greenest_site",), workers=1)
    assert list(made.arms) == ["run_now", "greenest_site"]
    assert (made.control, made.chosen) == ("run_now", "greenest_site")


def test_nothing_is_written_unless_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(small_study(), coordinators=("run_now",), workers=1).folder is None
    assert list(tmp_path.iterdir()) == []
    kept = run(small_study(), coordinators=("run_now",), workers=1, out="runs", languages=())
    assert kept.folder is not None
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [kept.folder.name]
    assert (kept.folder / "scenario.yaml").read_text(encoding="utf-8") == small_study().to_yaml()


def test_provenance_names_what_is_needed_to_run_it_again() -> None:
    told = finding().provenance
    assert (told.scenario, told.seed) == ("small", 7)
    assert told.scenario_hash == fresh().hash
    assert {"suandian", "python", "numpy"} <= set(told.versions)
    assert told.sources
    assert all(text and mark in {"", "A", "B", "C", "D"} for _, text, mark in told.sources)


def test_a_run_of_fewer_arms_never_takes_the_place_of_the_whole_study(tmp_path: Path) -> None:
    scenario = Scenario.build(**SECTIONS | {"coordinators": ["run_now", "lowest_slots"]})
    whole = run(scenario, out=tmp_path)
    part = run(scenario, coordinators=("run_now",), out=tmp_path)
    assert whole.folder is not None
    assert part.folder is not None
    assert whole.provenance.scenario_hash == part.provenance.scenario_hash == scenario.hash
    assert part.folder.name == f"{whole.folder.name}-run_now"
    assert whole.folder != part.folder
    assert (whole.folder / "lowest_slots" / "journal" / "chain.json").is_file()
    assert {path.name for path in whole.folder.glob("report.*.html")} == {"report.en.html", "report.zh.html"}

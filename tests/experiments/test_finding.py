"""A Finding's frames and records say what its arms hold."""

import json
from collections.abc import Mapping
from dataclasses import replace
from math import isnan, nan
from pathlib import Path

import pytest
from finding_factory import Options, make_finding

from suandian.experiments.finding import Finding
from suandian.quantity.errors import DataError


@pytest.fixture(scope="module")
def finding() -> Finding:
    return make_finding(Options(arms=("run_now", "rolling"), days=1))


def plain(kpis: Mapping[str, float]) -> dict[str, float | None]:
    """What the study does not have is null."""
    return {name: None if isnan(value) else value for name, value in kpis.items()}


def test_one_row_of_kpis_per_arm_the_control_first(finding: Finding) -> None:
    frame = finding.kpis
    assert frame["coordinator"].to_list() == ["run_now", "rolling"]
    assert frame.columns == ["coordinator", *finding.arms["run_now"].kpis]
    for row in frame.iter_rows(named=True):
        told = {name: value for name, value in row.items() if name != "coordinator"}
        assert told == plain(finding.arms[row["coordinator"]].kpis)


def test_jobs_and_sites_are_the_arms_own(finding: Finding) -> None:
    assert finding.jobs("rolling") is finding.arms["rolling"].jobs
    assert finding.sites("run_now") is finding.arms["run_now"].sites


def test_buses_and_branches_are_those_of_the_networks(finding: Finding) -> None:
    assert finding.buses("rolling").height == finding.branches("rolling").height == 0
    known = make_finding(Options(arms=("run_now",), days=1, step_minutes=60, grid=True))
    network = known.truth.fleet.feeders[0].grid.network
    assert known.buses("run_now")["bus"].to_list() == list(network.buses.ids)
    assert known.branches("run_now")["branch"].to_list() == list(network.branch_ids)
    assert known.buses("run_now")["pv_curtailed_mwh"].sum() == pytest.approx(known.kpis["pv_curtailed_mwh"][0])


def test_meters_are_all_or_those_named(finding: Finding) -> None:
    journal = finding.arms["run_now"].journal
    first, second = (meter.id for meter in journal.meters[:2])
    named = finding.meters("run_now", second, first)
    assert named.columns == ["meter", "start", "import_mwh", "export_mwh", "quality"]
    assert named["meter"].unique(maintain_order=True).to_list() == [second, first]
    assert named.height == 2 * journal.axis.periods
    assert finding.meters("run_now").height == len(journal.meters) * journal.axis.periods


def test_an_unknown_arm_is_told_with_those_that_exist(finding: Finding) -> None:
    for ask in (finding.jobs, finding.sites, finding.meters, finding.buses, finding.branches):
        with pytest.raises(DataError, match="no arm 'rollin'; it has run_now, rolling"):
            ask("rollin")


def test_the_record_is_plain_json(finding: Finding) -> None:
    told = json.loads(json.dumps(finding.to_dict(), allow_nan=False))
    assert told["runs"]["rolling"] == plain(finding.arms["rolling"].kpis)
    assert told["runs"]["rolling"]["hosting_pv_mw"] is None
    assert (told["control"], told["chosen"], told["seed"]) == ("run_now", "rolling", 11)
    assert told["bound_cny"] == finding.bound_cny
    assert told["folder"] is None


def test_a_bound_that_was_not_computed_is_null_and_a_folder_is_text(finding: Finding) -> None:
    told = replace(finding, bound_cny=nan, folder=Path("runs/x")).to_dict()
    assert told["bound_cny"] is None
    assert told["folder"] == "runs/x"


def test_a_report_is_written_where_asked(finding: Finding, tmp_path: Path) -> None:
    path = finding.report(tmp_path / "new" / "report.html", lang="zh")
    assert path == tmp_path / "new" / "report.html"
    assert 'lang="zh' in path.read_text(encoding="utf-8")[:2000]

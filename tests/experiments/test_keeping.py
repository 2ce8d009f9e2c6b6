"""A kept result appears whole or not at all."""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from finding_factory import Options, make_finding

from suandian.experiments.finding import Finding
from suandian.experiments.keeping import keep, run_folder
from suandian.record.journal import load_journal


def finding(hash_: str = "3f9c1e7a52d0aaaa") -> Finding:
    made = make_finding(Options(arms=("run_now", "rolling"), days=1))
    return replace(made, provenance=replace(made.provenance, scenario_hash=hash_))


def write_a_line(self: Finding, path: Path, *, lang: str) -> Path:
    Path(path).write_text(f"{lang} {self.name}", encoding="utf-8")
    return Path(path)


@pytest.fixture(autouse=True)
def _short_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a report holds is tested elsewhere."""
    monkeypatch.setattr(Finding, "report", write_a_line)


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_everything_that_was_promised_is_there(tmp_path: Path) -> None:
    kept = finding()
    folder = keep(kept, "name: county-noon\n", tmp_path / "deep" / "runs", languages=("en", "zh"))
    assert folder == run_folder(tmp_path / "deep" / "runs", "county-noon", "3f9c1e7a52d0aaaa")
    assert folder.name == "county-noon-3f9c1e7a52d0"
    journal = [f"journal/{name}" for name in ("chain.json", "jobs.parquet", "levels.parquet", "meters.parquet")]
    per_arm = ["connections.csv", "jobs.parquet", "ledger.beancount", *journal, "journal/plans.parquet"]
    assert names(folder) == sorted(
        ["finding.json", "kpis.csv", "report.en.html", "report.zh.html", "scenario.yaml"]
        + [f"{arm}/{name}" for arm in kept.arms for name in per_arm]
    )
    assert (folder / "scenario.yaml").read_text() == "name: county-noon\n"
    assert json.loads((folder / "finding.json").read_text(encoding="utf-8")) == kept.to_dict()
    assert pl.read_csv(folder / "kpis.csv")["coordinator"].to_list() == ["run_now", "rolling"]
    assert load_journal(folder / "rolling" / "journal").head == kept.arms["rolling"].journal.head
    assert folder.stat().st_mode & 0o777 == 0o755


def test_a_network_is_kept_bus_by_bus_and_branch_by_branch(tmp_path: Path) -> None:
    made = make_finding(Options(arms=("run_now",), days=1, step_minutes=60, grid=True))
    folder = keep(made, "", tmp_path, languages=())
    for name, frame in (("buses", made.buses("run_now")), ("branches", made.branches("run_now"))):
        assert pl.read_parquet(folder / "run_now" / f"{name}.parquet").equals(frame)
    assert json.loads((folder / "finding.json").read_text(encoding="utf-8"))["runs"]["run_now"]["losses_mwh"] > 0.0


@pytest.mark.parametrize("earlier", [False, True])
def test_a_failure_leaves_what_was_there_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, earlier: bool
) -> None:
    if earlier:
        keep(finding(), "the earlier one", tmp_path, languages=("en",))
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}

    def fails(self: Finding, path: Path, *, lang: str) -> Path:
        write_a_line(self, path, lang=lang)
        raise OSError("no space left on device")

    monkeypatch.setattr(Finding, "report", fails)
    with pytest.raises(OSError, match="no space left"):
        keep(finding(), "the later one", tmp_path, languages=("en", "zh"))
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == before
    assert len(list(tmp_path.iterdir())) == int(earlier)


def test_a_second_run_replaces_the_first_whole(tmp_path: Path) -> None:
    folder = keep(finding(), "first", tmp_path, languages=("en", "zh"))
    (folder / "note.txt").write_text("left by somebody")
    assert keep(finding(), "second", tmp_path, languages=("en",)) == folder
    assert (folder / "scenario.yaml").read_text() == "second"
    assert not {"note.txt", "report.zh.html"} & set(names(folder))
    assert [path.name for path in tmp_path.iterdir()] == [folder.name], "no hidden folder is left"


def test_another_study_is_kept_beside(tmp_path: Path) -> None:
    folders = {keep(finding(hash_), "", tmp_path, languages=()) for hash_ in ("a" * 64, "b" * 64)}
    assert {path.name for path in tmp_path.iterdir()} == {folder.name for folder in folders}
    assert len(folders) == 2

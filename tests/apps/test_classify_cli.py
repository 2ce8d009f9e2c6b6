"""`suandian classify` from the outside: readable answer, JSON, files that appear whole, and faults in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from suandian.apps import cli

PAI = Path(__file__).resolve().parents[3] / "shared" / "data" / "jobs" / "pai-100k.csv.gz"

SMALL = """arrival_time,length,cpus
0.0,25.5,4
0.5,0.1,1
1.0,6.0,2
30.0,0.5,1
31.0,-1,1
"""


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "small.csv"
    path.write_text(SMALL, encoding="utf-8")
    return path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = 0
    try:
        cli.main(["classify", *arguments])
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code, out, err = said(capsys, *arguments, "--json")
    assert code == 0, out + err
    found: dict[str, Any] = json.loads(out)
    return found


def test_the_answer_is_readable(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, str(trace), "--format", "gaia")
    assert code == 0
    expected = (Path(__file__).parent / "classify_small.txt").read_text(encoding="utf-8")
    assert out == expected


def test_json_says_what_was_read_dropped_and_assumed(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, str(trace))
    assert (found["records"]["read"], found["records"]["kept"]) == (5, 4)
    assert sum(remark["count"] for remark in found["records"]["dropped"]) == 1
    assert found["delay"]["energy_share"] == {"stated": 0.0, "assumed": 1.0, "user": 0.0}
    shares = {row["label"]: row["energy_share_ratio"] for row in found["classes"]}
    # 102, 12 and 0.1 + 0.5 of 114.6 CPU-hours: slack of 48, 12, 0.5 and 2 h.
    assert shares == pytest.approx(
        {"F0": 0, "F1": 0, "F2": 0.1 / 114.6, "F3": 12.5 / 114.6, "F4": 102 / 114.6, "F5": 0}, abs=1e-4
    )


def test_a_delay_given_by_the_user(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, str(trace), "--delay", "4d")
    assert found["delay"]["energy_share"]["user"] == 1.0
    shares = {row["label"]: row["energy_share_ratio"] for row in found["classes"]}
    # 96 h for all; the two runs below an hour may not be paused.
    assert shares["F5"] == pytest.approx(114 / 114.6, abs=1e-4)
    assert shares["F3"] == pytest.approx(0.6 / 114.6, abs=1e-4)
    by_ratio = document(capsys, str(trace), "--delay-ratio", "0.5")
    assert {row["label"] for row in by_ratio["classes"] if row["count"]} == {"F2", "F3"}


def test_jobs_and_page_are_written_whole(trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, page = tmp_path / "jobs.parquet", tmp_path / "page.html"
    found = document(capsys, str(trace), "--out", str(out), "--html", str(page), "--lang", "zh")
    assert found["written"] == {"jobs": str(out), "html": str(page)}
    frame = pl.read_parquet(out)
    assert len(frame) == 4
    assert {"label", "rule", "why_en", "why_zh", "slack_h", "gravity_gb_per_mwh", "tight_share_ratio"} <= set(
        frame.columns
    )
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert {path.name for path in tmp_path.iterdir()} == {"small.csv", "jobs.parquet", "page.html"}


def test_a_study_s_own_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "--site", "county-noon:county")
    assert found["site"]["name"] == "County data centre (Shandong)"
    assert found["streams"][0]["label"] == "F1"
    assert {row["instant"] for row in found["envelope"]["instants"]} == {"site_peak", "grid_peak", "surplus"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "TRACE: name a file of job records"),
        (("absent.csv",), "absent.csv: no such file"),
        (("TRACE", "--format", "gaja"), "--format: unknown trace 'gaja'; did you mean gaia"),
        (("TRACE", "--scenario", "county-noon", "--site", "conty"), "unknown site 'conty'; did you mean county"),
        (("TRACE", "--site", "county"), "names a site of a scenario"),
        (("TRACE", "--site", "a:county", "--scenario", "b"), "names the scenario 'a', --scenario 'b'"),
        (("TRACE", "--region", "atlantis"), "unknown price area 'atlantis'"),
        (("TRACE", "--delay", "24"), "--delay"),
        (("TRACE", "--delay", "4 kg"), "write e.g. 24h or 2d"),
        (("TRACE", "--at", "noon"), "'noon' is no date-time"),
        (("TRACE", "--read", "power"), "write name=value"),
        (("TRACE", "--read", "colour=red"), "unknown option 'colour'"),
        (("TRACE", "--zone", "Asia/Shanghai"), "--zone"),
        (("TRACE", "--gpus", "1"), "no job fits|larger"),
        (("TRACE", "--rules", "absent.yaml"), "rules file absent.yaml: cannot be read"),
        (("TRACE", "--lang", "fr"), "write en or zh"),
    ],
)
def test_faults_are_told_with_the_remedy(
    trace: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    import re

    given = [str(trace) if argument == "TRACE" else argument for argument in arguments]
    code, out, err = said(capsys, *given)
    if "--gpus" in given:  # a site of one CPU: two jobs fit it, the others are counted
        assert code == 0
        assert re.search("2 jobs are larger than the site", out)
        return
    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_a_file_that_is_no_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(b"\x1f\x8bnonsense")
    assert said(capsys, str(broken), "--format", "gaia")[0] == 2
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n", encoding="utf-8")
    code, _, err = said(capsys, str(other))
    assert code == 2
    assert "looks like none of" in err
    empty = tmp_path / "empty.csv"
    empty.write_text("arrival_time,length,cpus\n", encoding="utf-8")
    code, _, err = said(capsys, str(empty))
    assert code == 2
    assert "no job is left" in err


def test_the_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "--help")
    assert code == 0
    assert "suandian classify jobs.csv.gz --site county-noon:county --delay 24h" in out


@pytest.mark.skipif(not PAI.exists(), reason=f"{PAI.name} is not there")
def test_a_public_trace_of_a_hundred_thousand_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, str(PAI), "--format", "gaia")
    shares = {row["label"]: row for row in found["classes"]}
    assert found["records"]["kept"] > 99_000
    # By count a quarter of all jobs is near-real-time, by energy a hundredth.
    assert shares["F2"]["count_share_ratio"] > 0.25
    assert shares["F2"]["energy_share_ratio"] < 0.02
    assert sum(row["energy_share_ratio"] for row in found["classes"]) == pytest.approx(1.0)

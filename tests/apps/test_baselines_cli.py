"""`suandian baselines` from the outside, on a study of one hour steps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from suandian.apps import cli

STUDY = """
name: small
seed: 7
time: {start: 2026-04-06, duration: 24 d, step: 1 h, zone: Asia/Shanghai}
parties:
  owner: {roles: [data_centre_operator, computing_platform]}
sites:
  hall:
    operator: owner
    region: gansu
    hub: qingyang
    it_max: 2 MW
    gpus: 2000
    idle_it: 0.4 MW
    import_max: 5 MW
    tariff: gansu
jobs: {count: 3000, occupancy: 30 %, gang_max: 5 %}
coordinators: [run_now]
"""


@pytest.fixture
def study(tmp_path: Path) -> str:
    path = tmp_path / "scenario.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return str(path)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = 0
    try:
        cli.main(["baselines", *arguments])
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def test_json_prints_the_league(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, study, "--days", "40", "--depth", "25 %", "--notice", "3h", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found["setting"]["days"] == 40
    assert (found["setting"]["notice_h"], found["setting"]["depth_ratio"]) == (3.0, 0.25)
    row = next(row for row in found["league"] if row["id"] == "ISONE_10OF10")
    assert {"bias_ratio", "cvrmse_ratio", "median_ratio", "p90_ratio", "covered_ratio"} <= row["placebo"].keys()
    assert row["events"]["events"] > 0
    assert row["plays"]["after_notice"]["gain_mwh"] > 0


def test_the_table_is_readable(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, study, "--hours", "11-14", "--days", "24")
    assert code == 0
    assert "Windows: 11:00–14:00 local time" in out
    assert any(line.startswith("REPLAY") for line in out.splitlines())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--hours", "evening"), "no span of hours"),
        (("--hours", "20-17"), "the event ends after it starts"),
        (("--depth", "20"), "--depth"),
        (("--reward", "-1"), "--reward"),
        (("--site", "attic"), "write one of hall"),
        (("--policy", "rolling"), "is no arm"),
        (("--days", "0"), "at least one day"),
    ],
)
def test_faults_are_told_in_words(
    study: str, capsys: pytest.CaptureFixture[str], arguments: tuple[str, str], told: str
) -> None:
    code, _, err = said(capsys, study, *arguments)
    assert code == 2
    assert told in err
    assert "Traceback" not in err

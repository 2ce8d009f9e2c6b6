"""The command line: answers for people and for machines, exit codes, nothing half-written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from suandian.apps import cli
from suandian.experiments.keeping import COMPLETE
from suandian.experiments.scenario.layers import shipped
from suandian.quantity.errors import InvariantBroken

SMALL = {
    "name": "tiny",
    "title": {"en": "A tiny study", "zh": "小型研究"},
    "time": {"start": "2026-04-01", "duration": "1 d", "step": "1 h", "zone": "Asia/Shanghai"},
    "parties": {"owner": {"roles": ["data_centre_operator", "computing_platform"]}},
    "sites": {
        "hall": {
            "operator": "owner",
            "region": "shandong",
            "hub": "zhangjiakou",
            "it_max": "2 MW",
            "gpus": 2000,
            "idle_it": "0.4 MW",
            "import_max": "8 MW",
            "tariff": "shandong_2025",
        }
    },
    "jobs": {"count": 300, "occupancy": "10 %"},
    "coordinators": ["run_now", "threshold"],
    "overrides": {"cheap": {"objective": {"carbon": "10 CNY/t"}}},
}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "scenario.yaml"
    path.write_text(yaml.safe_dump(SMALL, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command."""
    with pytest.raises(SystemExit) as caught:
        cli.main(list(arguments))
    captured = capsys.readouterr()
    assert isinstance(caught.value.code, int)
    return caught.value.code, captured.out, captured.err


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and the one JSON document."""
    code, out, err = call(capsys, *arguments, "--json")
    assert err == ""
    document: dict[str, Any] = json.loads(out)
    return code, document


def test_check_says_what_it_found(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "check", str(study))
    assert (code, err) == (0, "")
    assert out == "tiny: no faults; 24 intervals of 60 min, 1 sites, 2 coordinators\n"
    code, document = answer(capsys, "check", str(study), "--set", "time.step=30 min", "--override", "cheap")
    assert code == 0
    assert document["periods"] == 48
    assert document["coordinators"] == ["run_now", "threshold"]


def test_check_tells_all_faults_and_exits_2(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", str(study), "--set", "time.step=15", "--set", "sites.hall.it_max=2 MWh"]
    code, out, err = call(capsys, *arguments)
    assert (code, out) == (2, "")
    assert "time.step: 15 is a bare number; write e.g. 15 min" in err
    assert "sites.hall.it_max: '2 MWh' is an energy" in err
    assert "Traceback" not in err
    code, document = answer(capsys, *arguments)
    assert code == 2
    assert document["error"]["type"] == "ScenarioError"
    assert [fault["path"] for fault in document["error"]["faults"]] == ["time.step", "sites.hall.it_max"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "county-non"], "did you mean county-noon"),
        (["check", "gone.yaml"], "no such file"),
        (["check"], "Missing argument"),
        (["chek", "x"], "No such command 'chek'"),
        (["check", "county-noon", "--bogus"], "No such option"),
        (["check", "county-noon", "--set", "x"], "write --set path=value"),
        (["check", "county-noon", "--data", "nowhere"], "no such folder"),
        (["check", "county-noon-real"], "needs a data folder; give it with --data DIR"),
        (["run", "county-noon", "--lang", "fr"], "write en or zh"),
        (["init", "x", "--from", "county-non"], "did you mean county-noon"),
    ],
)
def test_a_wrong_command_is_a_user_fault_in_both_forms(
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = call(capsys, *arguments)
    assert (code, out) == (2, "")
    assert words in err
    code, document = answer(capsys, *arguments)
    assert code == 2
    assert words in " ".join(fault["message"] for fault in document["error"]["faults"])
    assert list(tmp_path.iterdir()) == []


def test_an_internal_fault_exits_1_and_says_what_to_report(
    monkeypatch: pytest.MonkeyPatch, study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise InvariantBroken("energy does not balance by 3 MWh in interval 7")

    monkeypatch.delenv("SUANDIAN_TRACEBACK", raising=False)
    monkeypatch.setattr(cli, "_scenario", broken)
    code, out, err = call(capsys, "check", str(study))
    assert (code, out) == (1, "")
    assert "interval 7" in err
    assert "Please report" in err
    code, document = answer(capsys, "check", str(study))
    assert code == 1
    assert document["error"]["type"] == "InvariantBroken"


def test_init_writes_a_commented_scenario_that_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "My Study"
    code, out, _ = call(capsys, "init", str(folder))
    assert code == 0
    assert str(folder / "scenario.yaml") in out
    text = (folder / "scenario.yaml").read_text(encoding="utf-8")
    assert text.count("#") > 30
    code, document = answer(capsys, "check", str(folder))
    assert (code, document["scenario"]) == (0, "my-study")
    assert [path.name for path in folder.iterdir()] == ["scenario.yaml"]


def test_init_never_overwrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "scenario.yaml"
    target.write_text("mine", encoding="utf-8")
    code, _, err = call(capsys, "init", str(tmp_path))
    assert code == 2
    assert "exists" in err
    assert target.read_text(encoding="utf-8") == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["scenario.yaml"]
    code, document = answer(capsys, "init", str(target))
    assert code == 2
    assert "is a file" in document["error"]["faults"][0]["message"]


def test_scenarios_lists_what_ships(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "scenarios")
    assert code == 0
    assert {line.split()[0] for line in out.splitlines()} == set(shipped())
    code, document = answer(capsys, "scenarios")
    assert {entry["name"] for entry in document["scenarios"]} == set(shipped())


def test_schema_is_a_json_schema_of_every_section(capsys: pytest.CaptureFixture[str]) -> None:
    code, document = answer(capsys, "schema")
    assert code == 0
    assert document["$schema"].endswith("2020-12/schema")
    assert {"sites", "extends", "overrides", "coordinators"} <= document["properties"].keys()
    sections = [document, *document["$defs"].values()]
    described = [field for section in sections for field in section.get("properties", {}).values()]
    assert len(described) > 100
    titled = document["$defs"]["Text"]["properties"].values()
    assert all("description" in field for field in described if field not in titled)


def test_schema_can_be_written_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, printed = answer(capsys, "schema")
    code, document = answer(capsys, "schema", "--out", str(tmp_path / "schema.json"))
    assert (code, document) == (0, {"schema": str(tmp_path / "schema.json")})
    assert json.loads((tmp_path / "schema.json").read_text(encoding="utf-8")) == printed
    code, _, err = call(capsys, "schema", "--out", str(tmp_path / "gone" / "schema.json"))
    assert code == 2
    assert "No such file" in err
    assert [path.name for path in tmp_path.iterdir()] == ["schema.json"]


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "--version")
    assert (code, out.split()[0]) == (0, "suandian")
    for arguments in ([], ["--help"], ["run", "--help"]):
        code, out, _ = call(capsys, *arguments)
        assert code == 0
        assert "Usage: " in out


def test_a_study_runs_from_end_to_end_and_is_kept(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "runs"
    code, document = answer(capsys, "run", str(study), "--out", str(out), "--coordinators", "run_now")
    assert code == 0
    assert list(document["runs"]) == ["run_now"]
    assert document["runs"]["run_now"]["energy_balance_error_mwh"] < 1e-6
    report = Path(document["report"])
    assert report.is_file()
    assert (report.parent / COMPLETE).is_file()
    assert [path.name for path in out.iterdir()] == [report.parent.name]
    kept = report.parent / "scenario.yaml"
    code, again = answer(capsys, "check", str(kept))
    assert (code, again["hash"]) == (0, document["scenario_hash"])


def test_a_run_with_a_fault_leaves_nothing(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "runs"
    code, document = answer(capsys, "run", str(study), "--out", str(out), "--coordinators", "rollling")
    assert code == 2
    assert document["error"]["faults"][0]["path"] == "coordinators"
    assert not out.exists()


def test_the_installed_command_answers_in_a_process_of_its_own(study: Path) -> None:
    command = [str(Path(sys.executable).with_name("suandian")), "check", str(study), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["scenario"] == "tiny"


def test_help_does_not_load_what_only_a_study_needs() -> None:
    heavy = ["numpy", "polars", "pydantic", "yaml", "numba", "scipy", "plotly", "highspy", "rich"]
    code = (
        "import sys\nfrom suandian.apps import cli\n"
        "try:\n    cli.main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"

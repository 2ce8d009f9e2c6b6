"""Tables, progress and error texts of the command line."""

from __future__ import annotations

import json

import pytest

from suandian.apps.output import ProgressLine, exit_code, kpi_table, tell_error
from suandian.quantity.errors import DataError, Fault, Infeasible, InvariantBroken, ScenarioError

RECORDS = {
    "run_now": {"total_cost_cny": 1234567.8, "deadline_misses": 0.0, "renewable_share_ratio": 0.28412, "wall_s": 3.4},
    "rolling": {"total_cost_cny": 12.25, "deadline_misses": 3.0, "renewable_share_ratio": float("nan"), "wall_s": 1e-9},
}


def test_the_table_is_right_aligned_and_marks_the_control() -> None:
    assert kpi_table(RECORDS, control="run_now", columns=80).splitlines() == [
        "                        run_now*  rolling",
        "total_cost_cny         1,234,568     12.2",
        "deadline_misses                0        3",
        "renewable_share_ratio      0.284        –",
        "wall_s                     3.400  1.0e-09",
        "",
        "* control: run_now",
    ]


def test_a_narrow_terminal_gets_one_block_per_arm() -> None:
    lines = kpi_table(RECORDS, control="run_now", columns=36).splitlines()
    assert max(len(line) for line in lines) <= 36
    assert sum("total_cost_cny" in line for line in lines) == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ScenarioError([Fault("a", "b")]), 2),
        (DataError("x"), 2),
        (Infeasible("x"), 2),
        (FileNotFoundError(2, "No such file or directory", "x.csv"), 2),
        (PermissionError(13, "Permission denied", "runs"), 2),
        (InvariantBroken("x"), 1),
        (ZeroDivisionError("x"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_the_exit_code_says_whose_fault_it_is(error: BaseException, code: int) -> None:
    assert exit_code(error) == code


def test_errors_are_told_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    tell_error(Infeasible("too much", constraints=("import",), shortfall="3 MW"), as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert document["error"]["faults"] == [
        {"path": "import", "message": "too much; limits in conflict: import; short by 3 MW"}
    ]
    tell_error(PermissionError(13, "Permission denied", "runs"), as_json=False)
    assert capsys.readouterr().err == "error: runs: Permission denied\n"
    tell_error(ZeroDivisionError("division by zero"), as_json=False)
    assert "internal fault: ZeroDivisionError: division by zero" in capsys.readouterr().err
    tell_error(KeyboardInterrupt(), as_json=False)
    assert capsys.readouterr().err == "interrupted; nothing was kept\n"


def test_progress_is_silent_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    line = ProgressLine(quiet=False)
    line("run_now", 0.5)
    line.close()
    assert capsys.readouterr().err == ""


def test_progress_shows_every_arm_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    line = ProgressLine(quiet=False)
    line("run_now", 1.0)
    line("rolling", 1.0)
    line.close()
    shown = capsys.readouterr().err
    assert "1 done" in shown
    assert "2 done" in shown
    assert shown.endswith("\r")

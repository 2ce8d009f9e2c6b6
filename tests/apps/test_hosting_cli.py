"""`suandian hosting` at the command line."""

import json
import math

import pytest

from suandian.apps.cli import main

NETWORK = """
name: two
slack: {bus: A}
buses: {columns: [id, "nominal [kV]"], rows: [[A, 10], [B, 10]]}
lines:
  columns: [id, from, to, "length [km]", "resistance [ohm/km]", "reactance [ohm/km]", "rating [A]"]
  rows: [[AB, A, B, 5, 0.125, 0.3, 503]]
loads: {columns: [id, bus, "active [MW]"], rows: [[village, B, 2]]}
data_centres: {columns: [id, bus, "import_max [MW]"], rows: [[hall, B, 1]]}
"""


def test_a_network_file_is_answered_in_json_and_as_a_page(tmp_path, capsys) -> None:
    (tmp_path / "two.yaml").write_text(NETWORK, encoding="utf-8")
    page = tmp_path / "two.html"
    main_ends(["hosting", str(tmp_path / "two.yaml"), "--step", "3h", "--json", "--html", str(page)], 0)
    document = json.loads(capsys.readouterr().out)
    assert document["network"]["buses"] == 2
    assert document["computing_existing_mw"] == pytest.approx(0.63)
    # By hand: with 2 MW of peak load and 0.63 MW of computing the voltage binds first, at 0.93 pu on two buses.
    p_mw = 2.0 + 0.63 + document["firm_mw"]
    q_mvar = (0.63 + document["firm_mw"]) * math.tan(math.acos(0.95))
    a = 0.5 - (0.00625 * p_mw + 0.015 * q_mvar)
    voltage_pu = math.sqrt(a + math.sqrt(a * a - (0.00625**2 + 0.015**2) * (p_mw**2 + q_mvar**2)))
    assert voltage_pu == pytest.approx(0.93, abs=3e-3)  # the year's peak interval lies a little below the peak
    assert page.read_text(encoding="utf-8").lstrip().startswith("<!doctype html>")


def test_faults_are_told_without_a_traceback(tmp_path, capsys) -> None:
    (tmp_path / "two.yaml").write_text(NETWORK.replace("[hall, B, 1]", "[hall, C, 1]"), encoding="utf-8")
    for arguments, told in (
        (
            ["hosting", str(tmp_path / "two.yaml")],
            "data centre 'hall': its bus names the bus 'C', which does not exist",
        ),
        (["hosting", "ieee33", "--step", "1 MW"], "--step"),
        (["hosting", "ieee33", "--lang", "fr"], "unknown language"),
        (["hosting", "no-such-study"], "no-such-study"),
        (["hosting", "ieee33", "--rule", "x", "--step", "3h"], "no hosting rule"),
    ):
        main_ends(arguments, 2)
        error = capsys.readouterr().err
        assert told in error
        assert "Traceback" not in error


def main_ends(arguments: list[str], code: int) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == code

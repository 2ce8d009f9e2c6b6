"""YAML tables of networks: units, defaults, and every fault with its place; the shipped IEEE feeder by the paper."""

import copy

import numpy as np
import pytest
import yaml

from suandian.adapters.networks.named import network
from suandian.adapters.networks.tables import network_from_mapping, read_network
from suandian.physics.powerflow import power_flow
from suandian.quantity.errors import DataError

SMALL = yaml.safe_load("""
name: small
slack: {bus: A, voltage: 1.02 pu}
radial: true
buses:
  columns: [id, "nominal [V]", "x [m]", "y [km]"]
  rows: [[A, 10000, 500, 2], [B, 10000, 700, 3], [C, 400, 700, 3]]
lines:
  columns: [id, from, to, "length [m]", "resistance [ohm/km]", "reactance [ohm]", "capacitance [nF/km]", "rating [A]"]
  rows: [[AB, A, B, 3000, 0.27, 1.02, 10, 335]]
transformers:
  columns: [id, high, low, "rating [kVA]", "high_rated [kV]", "low_rated [kV]", "short_circuit [%]", "load_loss [kW]"]
  rows: [[T, B, C, 400, 10, 0.4, 4, 4.3]]
loads:
  columns: [id, bus, "active [kW]", "reactive [kvar]"]
  rows: [[village, C, 250, 80]]
data_centres:
  columns: [id, bus, "import_max [MW]"]
  rows: [[hall, B, 2]]
""")


def changed(**tables: object) -> dict[str, object]:
    return copy.deepcopy(SMALL) | tables


def test_units_are_converted_and_lengths_multiplied() -> None:
    made = network_from_mapping(SMALL, where="small.yaml")
    assert made.buses.nominal_kv == pytest.approx([10, 10, 0.4])
    assert made.buses.x_km == pytest.approx([0.5, 0.7, 0.7])
    assert made.lines.resistance_ohm == pytest.approx([0.81])  # 0.27 ohm/km · 3 km
    assert made.lines.reactance_ohm == pytest.approx([1.02])  # given as a whole
    assert made.lines.capacitance_nf == pytest.approx([30])
    assert made.lines.rating_ka == pytest.approx([0.335])
    assert made.transformers.rating_mva == pytest.approx([0.4])
    assert made.transformers.short_circuit_ratio == pytest.approx([0.04])
    assert made.transformers.no_load_loss_kw == pytest.approx([0.0])
    assert made.loads.active_mw == pytest.approx([0.25])
    assert made.data_centres.power_factor_ratio == pytest.approx([0.95])
    assert made.slack.voltage_pu == 1.02


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ({"buses": None}, "no bus"),
        ({"slack": None}, "slack: there is none"),
        ({"slack": {"bus": "D"}}, "there is no bus 'D'"),
        ({"slack": {"bus": "A", "voltage": "10 kV"}}, "slack.voltage"),
        ({"busses": {}}, "did you mean 'buses'"),
        ({"loads": {"columns": ["id", "bus", "active [MWh]"], "rows": [["x", "C", 1]]}}, r"write 'active \[MW\]'"),
        ({"loads": {"columns": ["id", "bus", "active"], "rows": [["x", "C", 1]]}}, "no unit"),
        ({"loads": {"columns": ["id", "bus"], "rows": [["x", "C"]]}}, r"needs a column 'active \[MW\]'"),
        ({"loads": {"columns": ["id", "bus", "active [MW]"], "rows": [["x", "C", "1 MW"]]}}, "row 1: '1 MW'"),
        ({"loads": {"columns": ["id", "bus", "active [MW]"], "rows": [["x", "C"]]}}, "3 cells are due"),
        ({"loads": {"columns": ["id", "bus", "activ [MW]"], "rows": []}}, "did you mean 'active'"),
        ({"data_centres": {"columns": ["id", "bus", "import_max [MW]"], "rows": [["hall", "Z", 2]]}},
         "data centre 'hall': its bus names the bus 'Z', which does not exist"),
        ({"loads": [1, 2]}, "a table is"),
        ({"lines": None}, "no path to the slack"),
    ],
)  # fmt: skip
def test_faults_name_their_place(tables: dict[str, object], told: str) -> None:
    with pytest.raises(DataError, match=told):
        network_from_mapping(changed(**tables), where="small.yaml")


def test_a_file_that_is_no_network_is_refused(tmp_path) -> None:
    for text, told in (("[1, 2", "no YAML"), ("a: 1", "no network"), ("", "no network")):
        (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match=told):
            read_network(tmp_path / "x.yaml")


def test_ieee_33_has_the_losses_and_the_lowest_voltage_of_the_literature() -> None:
    """Baran and Wu (1989): 3,715 kW and 2,300 kvar of load, 202.7 kW of losses, 0.9131 pu at bus 18."""
    made = network("ieee33")
    load_mw = made.at_buses(made.loads.bus, made.loads.active_mw)
    load_mvar = made.at_buses(made.loads.bus, made.loads.reactive_mvar)
    assert (load_mw.sum(), load_mvar.sum()) == pytest.approx((3.715, 2.3))
    flow = power_flow(made, load_mw, load_mvar)
    assert flow.losses_mw[0] * 1e3 == pytest.approx(202.7, abs=0.05)
    assert flow.voltage_pu[0].min() == pytest.approx(0.9131, abs=5e-5)
    assert made.buses.ids[int(np.argmin(flow.voltage_pu[0]))] == "18"


def test_a_name_that_is_no_network_says_what_there_is(tmp_path) -> None:
    with pytest.raises(DataError, match="ieee33"):
        network("ieee34")
    with pytest.raises(DataError, match="no such file"):
        network(str(tmp_path / "none.yaml"))

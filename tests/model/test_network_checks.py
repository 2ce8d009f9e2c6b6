"""Every fault that a power flow must not meet, each told with its element."""

import dataclasses

import numpy as np
import pytest
from small_network import array, small

from suandian.model.network import Buses, DataCentres, Network, PvPlants, Slack
from suandian.model.network_checks import checked, loops
from suandian.quantity.errors import DataError


def test_a_sound_network_is_returned_as_it_is() -> None:
    network = small()
    assert checked(network, radial=True) is network


def lines(network: Network, **columns: object) -> Network:
    return dataclasses.replace(network, lines=dataclasses.replace(network.lines, **columns))


def transformers(network: Network, **columns: object) -> Network:
    return dataclasses.replace(network, transformers=dataclasses.replace(network.transformers, **columns))


def with_island(network: Network) -> Network:
    buses = Buses((*network.buses.ids, "D"), array(110, 10, 10, 10), np.zeros(4), np.zeros(4), ("",) * 4)
    return dataclasses.replace(network, buses=buses)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (lambda n: with_island(n), "bus 'D': no path to the slack"),
        (lambda n: dataclasses.replace(n, slack=Slack(7)), "slack: there is none"),
        (lambda n: dataclasses.replace(n, slack=Slack(0, 10.0)), "slack: a voltage of 10 pu"),
        (lambda n: lines(n, resistance_ohm=array(0), reactance_ohm=array(0)), "line 'BC': has no impedance"),
        (lambda n: lines(n, rating_ka=array(-0.3)), "line 'BC': rating_ka is -0.3; it must be above 0"),
        (lambda n: lines(n, resistance_ohm=array(np.nan)), "line 'BC': resistance_ohm is nan"),
        (lambda n: lines(n, to_bus=np.array([9])), "line 'BC': its to_bus does not exist"),
        (lambda n: lines(n, to_bus=np.array([1])), "branch 'BC': begins and ends at one bus"),
        (lambda n: lines(n, from_bus=np.array([0])), "line 'BC': joins 110 kV and 10 kV"),
        (lambda n: transformers(n, rating_mva=array(-40)), "transformer 'T': rating_mva is -40"),
        (lambda n: transformers(n, lv_kv=array(35)), "transformer 'T': its lv winding of 35 kV is at bus 'B' of 10 kV"),
        (lambda n: transformers(n, load_loss_kw=array(9000)), "transformer 'T': its load_loss_kw alone"),
        (
            lambda n: dataclasses.replace(n, data_centres=DataCentres(("hall",), np.array([-1]), array(5), array(1))),
            "data centre 'hall': its bus does not exist",
        ),
        (
            lambda n: dataclasses.replace(n, data_centres=DataCentres(("hall",), np.array([2]), array(5), array(1.2))),
            "data centre 'hall': power_factor_ratio 1.2",
        ),
        (
            lambda n: dataclasses.replace(
                n, pv=PvPlants(("p",), np.array([2]), array(-1), array(0), ("",), np.array([True]))
            ),
            "pv 'p': nameplate_mw is -1",
        ),
        (
            lambda n: dataclasses.replace(n, loads=dataclasses.replace(n.loads, ids=("a", "a"))),
            "load 'a': the id is used twice",
        ),
    ],
)  # fmt: skip
def test_every_fault_names_its_element(broken, told: str) -> None:
    with pytest.raises(DataError, match=told):
        checked(broken(small()))


def test_a_column_of_another_length_is_a_fault() -> None:
    short = PvPlants(("p",), np.array([2]), array(1), array(0), ("",))
    with pytest.raises(DataError, match="pv: column connected has 0 rows for 1 ids"):
        checked(dataclasses.replace(small(), pv=short))


def test_a_loop_is_a_fault_only_where_the_network_must_be_radial() -> None:
    network = small()
    twice = lines(
        network, ids=("BC", "CB"), from_bus=np.array([1, 2]), to_bus=np.array([2, 1]), length_km=array(2, 2),
        resistance_ohm=array(0.5, 0.5), reactance_ohm=array(0.7, 0.7), capacitance_nf=array(0, 0),
        rating_ka=array(0.3, 0.3),
    )  # fmt: skip
    assert loops(twice) == [1]
    assert checked(twice) is twice
    with pytest.raises(DataError, match="CB: closes a loop"):
        checked(twice, radial=True)


def test_all_faults_are_told_at_once() -> None:
    network = transformers(lines(small(), rating_ka=array(0)), rating_mva=array(0))
    with pytest.raises(DataError, match=r"2 faults") as caught:
        checked(network)
    assert "rating_ka" in str(caught.value)
    assert "transformer 'T': rating_mva" in str(caught.value)

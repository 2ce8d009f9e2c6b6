"""DL/T 2041 by hand on one main and two village transformers."""

import dataclasses

import numpy as np
import pytest

from suandian.model.network import Buses, Lines, Network, PvPlants, Slack, Transformers
from suandian.physics.grades import GRADES, Noon, graded, net_feed_mw, top_transformers
from suandian.physics.limits import hosting_rule

NEW, OLD = hosting_rule("dlt2041_2025"), hosting_rule("dlt2041_2019")


def county(pv_mw: tuple[float, float], registered_mw: float = 0.0) -> Network:
    """110 kV – T (10 MVA) – 10 kV – two villages with 1 MVA and PV each; a registered plant in the first."""
    a = np.array
    return Network(
        name="c", source="test", slack=Slack(0),
        buses=Buses(("H", "M", "V1", "V2"), a([110.0, 10.0, 0.4, 0.4]), np.zeros(4), np.zeros(4), ("",) * 4),
        lines=Lines(),
        transformers=Transformers(
            ("T", "T1", "T2"), a([0, 1, 1]), a([1, 2, 3]), a([10.0, 1.0, 1.0]), a([110.0, 10.0, 10.0]),
            a([10.0, 0.4, 0.4]), np.full(3, 0.06), np.full(3, 5.0), np.zeros(3), np.zeros(3), np.ones(3, dtype=bool),
            np.zeros(3), np.zeros(3), np.zeros(3),
        ),
        pv=PvPlants(("a", "b", "r"), a([2, 3, 2]), a([*pv_mw, registered_mw]), np.zeros(3), ("",) * 3,
                    a([True, True, False])),
    )  # fmt: skip


def noon(**changes: object) -> Noon:
    made = Noon(np.array([0.0, 0.0, 0.2, 0.3]), 0.8, np.zeros(4), np.zeros(4), np.zeros(3))
    return dataclasses.replace(made, **changes)


def test_the_formula_of_2025() -> None:
    found = graded(county((0.5, 1.0)), NEW, noon(), power_factor_ratio=0.95)
    # village 1: (0.2 − 0.8·0.5 + 0.8·1·0.95)/0.8 = 0.7; village 2: (0.3 − 0.8 + 0.76)/0.8 = 0.325
    # main: (0.5 − 1.2 + 7.6)/0.8 = 8.625
    assert found.own_mw == pytest.approx([8.625, 0.7, 0.325])
    assert found.room_mw == pytest.approx([8.625, 0.7, 0.325])
    assert [GRADES[g] for g in found.grade] == ["green"] * 3


def test_registered_projects_turn_green_to_yellow_and_storage_adds_room() -> None:
    found = graded(county((0.5, 1.0), 0.9), NEW, noon(), power_factor_ratio=0.95)
    assert [GRADES[g] for g in found.grade] == ["green", "yellow", "green"]
    assert found.registered_mw == pytest.approx([0.9, 0.9, 0.0])
    charging = noon(charging_mw=np.array([0, 0, 0.4, 0.0]))
    found = graded(county((0.5, 1.0), 0.9), NEW, charging, power_factor_ratio=0.95)
    assert found.own_mw[1] == pytest.approx(0.7 + 0.5)
    assert GRADES[found.grade[1]] == "green"


def test_a_red_transformer_reddens_what_lies_below_and_room_is_never_above_that_upstream() -> None:
    network = county((0.5, 1.0))
    weak = dataclasses.replace(network.transformers, rating_mva=np.array([0.5, 1.0, 1.0]))
    found = graded(dataclasses.replace(network, transformers=weak), NEW, noon(), power_factor_ratio=0.95)
    assert found.own_mw[0] == pytest.approx((0.5 - 1.2 + 0.38) / 0.8)
    assert [GRADES[g] for g in found.grade] == ["red", "red", "red"]
    assert found.inherited.tolist() == [False, True, True]
    assert found.room_mw.tolist() == [0.0, 0.0, 0.0]
    tight = dataclasses.replace(network.transformers, rating_mva=np.array([1.0, 1.0, 1.0]))
    found = graded(dataclasses.replace(network, transformers=tight), NEW, noon(), power_factor_ratio=0.95)
    assert found.own_mw[0] == pytest.approx(0.075)
    assert found.room_mw == pytest.approx([0.075, 0.075, 0.075])


def test_the_edition_of_2019_looks_at_the_reverse_ratio_of_the_year() -> None:
    load_mw = np.array([[0, 0, 0.2, 0.3], [0, 0, 0.1, 0.5]])
    pv_mw = np.array([[0, 0, 0.4, 0.2], [0, 0, 0.0, 0.0]])
    network = county((0.5, 1.0))
    reverse_mw = net_feed_mw(network, load_mw, pv_mw)
    assert reverse_mw == pytest.approx([0.1, 0.2, -0.1])
    found = graded(network, OLD, noon(reverse_max_mw=reverse_mw), power_factor_ratio=0.95)
    assert [GRADES[g] for g in found.grade] == ["yellow", "yellow", "green"]
    assert found.own_mw == pytest.approx([(1 - 0.01) * 8, (1 - 0.2) * 0.8, (1 + 0.1) * 0.8])
    found = graded(network, OLD, noon(reverse_max_mw=np.array([0.1, 0.9, -0.1])), power_factor_ratio=0.95)
    assert [GRADES[g] for g in found.grade] == ["yellow", "red", "green"]
    assert found.room_mw[1] == 0.0


def test_the_top_level_is_what_no_other_transformer_feeds() -> None:
    assert top_transformers(county((0.0, 0.0))).tolist() == [0]

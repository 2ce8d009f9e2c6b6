"""Hosting capacity: rooms by hand on two buses, and the closed forms by counting."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.model.network import Buses, Lines, Network, Slack, Transformers
from suandian.physics.hosting import Pattern, computing_mw, pv_nameplate_mw, room_mw, utilised_pv_mw, worst_excess
from suandian.physics.limits import limits_of


def two_buses() -> Network:
    """10 kV, 1 + j2 ohm, 200 A: at unity power factor the rating binds at √3·v·0.2 and the voltage at 0.93."""
    return Network(
        name="two", source="test", slack=Slack(0, 1.0),
        buses=Buses(("A", "B"), np.full(2, 10.0), np.zeros(2), np.zeros(2), ("", "")),
        lines=Lines(("AB",), np.array([0]), np.array([1]), np.ones(1), np.array([1.0]), np.array([2.0]), np.zeros(1),
                    np.array([0.2])),
        transformers=Transformers(),
    )  # fmt: skip


LOAD = Pattern(np.array([0.0, 1.0]), np.zeros(2), feeds=False)
FEED = Pattern(np.array([0.0, -1.0]), np.zeros(2), feeds=True)


def test_the_room_for_load_is_where_the_rating_binds() -> None:
    network = two_buses()
    base = np.array([[0.0, 0.0], [0.0, 2.0]])
    rooms = room_mw(network, limits_of(network), base, np.zeros((2, 2)), LOAD, most_mw=20.0)
    # By hand: P = √3·10·v·0.2 with v² = a + √(a² − |z|²P²), a = ½ − r·P on 1 MVA.
    p_mw = 3.0
    for _ in range(50):
        a = 0.5 - 0.01 * p_mw
        p_mw = np.sqrt(3.0) * 10.0 * 0.2 * np.sqrt(a + np.sqrt(a * a - (0.01**2 + 0.02**2) * p_mw**2))
    assert rooms[0] == pytest.approx(p_mw, rel=6e-4)
    assert rooms[1] == pytest.approx(p_mw - 2.0, abs=3e-3)
    held = worst_excess(network, limits_of(network), base + rooms[:, None] * LOAD.active_ratio, np.zeros((2, 2)),
                        feeds=False)  # fmt: skip
    assert (held <= 0.0).all()


def test_the_room_for_pv_counts_the_load_that_is_there() -> None:
    network = two_buses()
    base = np.array([[0.0, 0.0], [0.0, 2.0], [0.0, 4.0]])
    rooms = room_mw(network, limits_of(network), base, np.zeros((3, 2)), FEED, most_mw=30.0)
    assert rooms[1] == pytest.approx(rooms[0] + 2.0, abs=6e-3)
    assert rooms[2] == pytest.approx(rooms[0] + 4.0, abs=6e-3)  # the load's own overload does not count against PV
    high = np.array([[0.0, -6.0]])
    assert room_mw(network, limits_of(network), high, np.zeros((1, 2)), FEED, most_mw=30.0)[0] < 1e-2
    assert room_mw(network, limits_of(network), base[:1], np.zeros((1, 2)), FEED, most_mw=1.0)[0] == 1.0


@given(
    st.lists(st.floats(0.0, 100.0), min_size=1, max_size=60),
    st.floats(0.0, 0.99) | st.just(1.0),
    st.sampled_from([0.0, 0.01, 0.05, 0.3]),
)
@settings(deadline=None)
def test_new_computing_is_the_largest_that_keeps_both_promises(
    rooms: list[float], flexible: float, share: float
) -> None:
    room = np.array(rooms)
    found = computing_mw(room, flexible_ratio=flexible, curtailed_ratio=share)

    def kept(size_mw: float) -> bool:
        short = room < size_mw - 1e-9
        firm_part = size_mw * (1.0 - flexible)
        return short.sum() <= share * len(room) + 1e-6 and (room >= firm_part - 1e-9).all()

    assert kept(found)
    assert not kept(found * (1 + 1e-6) + 1e-5)
    assert found >= computing_mw(room, flexible_ratio=0.0, curtailed_ratio=share) == room.min()


def test_pv_grows_with_tolerance_and_with_flexible_load() -> None:
    available = np.array([0.0, 0.5, 1.0, 0.5] * 10)
    absorbed = np.full(40, 50.0)
    day = np.repeat(np.arange(10), 4)

    def most(extra_max_mw: float, energy_day_mwh: float, curtailed: float, gain: float = 1.0) -> float:
        return pv_nameplate_mw(
            available, absorbed, np.full(40, gain), day, extra_max_mw=extra_max_mw, energy_day_mwh=energy_day_mwh,
            step_h=1.0, curtailed_ratio=curtailed, most_mw=1000.0,
        )  # fmt: skip

    assert most(0, 0, 0.0) == pytest.approx(50.0, abs=1e-2)
    assert most(0, 0, 0.25) == pytest.approx(100.0, abs=1e-2)  # the ten full hours of 40 are given up
    assert most(0, 0, 0.24) == pytest.approx(50.0, abs=1e-2)
    assert most(20, 100, 0.0) == pytest.approx(70.0, abs=1e-2)
    assert most(20, 5, 0.0) == pytest.approx(55.0, abs=1e-2)  # the day's flexible energy binds
    assert most(20, 100, 0.0, gain=0.5) == pytest.approx(60.0, abs=1e-2)
    assert most(20, 100, 0.0, gain=0.0) == pytest.approx(50.0, abs=1e-2)
    assert utilised_pv_mw(available, absorbed, 80.0)[:4].tolist() == [0.0, 40.0, 50.0, 40.0]

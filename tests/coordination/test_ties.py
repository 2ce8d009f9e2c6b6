"""Bounds of ties in a plan."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from suandian.coordination.horizon import Horizon
from suandian.coordination.ties import tie_ends, tie_limits_mw
from suandian.model.grid import Feeder, Tie

_SPEC = importlib.util.spec_from_file_location("fluid_world", Path(__file__).with_name("fluid_world.py"))
world = importlib.util.module_from_spec(_SPEC)
sys.modules["fluid_world"] = world
_SPEC.loader.exec_module(world)


def test_a_tie_is_cut_to_what_either_side_can_give_and_take() -> None:
    view = world.make_view(0, sites=1, hours=4, classes=2, streams=1)
    view = replace(view, fleet=replace(view.fleet, sites=(replace(view.fleet.sites[0], import_max_mw=6.0),)))
    base = Feeder("base", "grid", "gansu", 36.0, 107.0, 100.0, 1.0, 0.5, 0.0, wind_mw=50.0)
    fleet = replace(
        view.fleet,
        feeders=(view.fleet.feeders[0], base),
        ties=(Tie("line", "base", "county", 10.0, 4.0, 0.5),),
    )
    outlook = replace(
        view.outlook,
        feeder_pv_mw=np.array([[0.0, 0.0, 30.0, 3.0], np.zeros(4)]),
        feeder_load_mw=np.array([[20.0, 1.0, 20.0, 20.0], np.full(4, 2.0)]),
        feeder_wind_mw=np.array([np.zeros(4), [50.0, 50.0, 50.0, 0.0]]),
    )
    view = replace(view, fleet=fleet, outlook=outlook)
    assert tie_ends(fleet).tolist() == [[1, 0]]
    limits = tie_limits_mw(view, Horizon.uniform(outlook.axis, fleet.zone))
    # Limit; limit, since a half of 14 MW would cover 7 MW; the county has a surplus; nothing blows.
    assert limits[0].tolist() == [10.0, 10.0, 0.0, 0.0]
    # Nothing shines; nothing shines; the base is windy itself; the county's sun, the base's load.
    assert limits[1].tolist() == [0.0, 0.0, 0.0, 3.0]


def test_without_ties_there_are_no_rows() -> None:
    view = world.make_view(0, sites=1, hours=4, classes=2, streams=1)
    assert tie_limits_mw(view, Horizon.uniform(view.outlook.axis, view.fleet.zone)).shape == (0, 4)
    assert tie_ends(view.fleet).shape == (0, 2)

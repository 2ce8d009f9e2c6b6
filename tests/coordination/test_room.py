from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from suandian.coordination.room import STREAM_FILL_RATIO, greenest_streams, home_streams, room_for_jobs
from suandian.model.grid import Feeder
from suandian.model.programme import Instruction

_SPEC = importlib.util.spec_from_file_location("small_views", Path(__file__).with_name("small_views.py"))
views = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(views)

FLAT = np.ones((1, 4))


def room_of(view):
    return room_for_jobs(view, home_streams(view, view.axis.periods))


def test_gpus_are_those_that_streams_leave_rounded_up():
    view = views.view([views.site(gpus=10)], [], FLAT, streams=[(0, {0}, [0.002, 0.0021, 0.0, 0.01])])
    assert room_of(view).gpus.tolist() == [[8, 7, 10, 0]]


def test_power_is_what_the_connection_leaves():
    site = views.site(import_max_mw=1.0, it_max_mw=2.0, idle_it_mw=0.1, pue_ratio=1.25)
    pv = np.array([[0.0, 0.5, 0.0, 0.0]])
    view = views.view([site], [], FLAT, streams=[(0, {0}, [0.05] * 4)], site_pv_mw=pv)
    assert room_of(view).it_mw == pytest.approx(np.array([[0.65, 1.05, 0.65, 0.65]]))


def test_hall_is_a_limit_too():
    view = views.view([views.site(import_max_mw=5.0, it_max_mw=0.4, idle_it_mw=0.1)], [], FLAT)
    assert room_of(view).it_mw == pytest.approx(np.full((1, 4), 0.3))


def test_sites_share_what_the_neighbours_leave():
    feeder = Feeder("county", "grid", "r", 36.0, 117.0, 10.0, 0.9, 0.8, 5.0)
    sites = [views.site(name, import_max_mw=8.0, it_max_mw=m, feeder="county") for name, m in (("a", 6.0), ("b", 3.0))]
    load, pv = np.array([[0.0, 6.0, 12.0, 12.0]]), np.array([[0.0, 0.0, 0.0, 6.0]])
    view = views.view(sites, [], np.ones((2, 4)), feeders=[feeder], feeder_load_mw=load, feeder_pv_mw=pv)
    assert room_of(view).it_mw == pytest.approx(np.array([[6.0, 2.0, 0.0, 2.0], [3.0, 1.0, 0.0, 1.0]]))


def test_instruction_binds_while_it_is_in_force():
    begin = views.START_S + views.H // 2
    limit = Instruction("i", "grid", "op", "a", begin, begin, views.START_S + 2 * views.H, 0.2)
    view = views.view([views.site()], [], FLAT, instructions=[limit])
    assert room_of(view).it_mw == pytest.approx(np.array([[0.2, 0.2, 1.0, 1.0]]))


def test_streams_go_to_the_greenest_site_while_there_is_room():
    streams = [(0, {0, 1}, [0.004, 0.012]), (0, {0}, [0.001, 0.001])]
    view = views.view([views.site(gpus=10), views.site("b", gpus=10)], [], np.ones((2, 2)), streams=streams)
    order = np.array([[1, 1], [0, 0]])
    served = greenest_streams(view, order, np.full((2, 2), 10))
    moved = STREAM_FILL_RATIO * 0.010
    assert served[0] == pytest.approx(np.array([[0.0, 0.012 - moved], [0.004, moved]]))
    assert served[1] == pytest.approx(np.array([[0.001, 0.001], [0.0, 0.0]]))
    assert served.sum(axis=1) == pytest.approx(view.outlook.stream_mw)

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from suandian.coordination.placement import Placement

_SPEC = importlib.util.spec_from_file_location("small_states", Path(__file__).with_name("small_states.py"))
small = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(small)

H = small.H


def placement(**options):
    jobs = small.table(**options)
    return Placement(jobs, np.zeros(len(jobs), dtype=np.int64), small.CLASSES, np.array([8, 4]), small.AXIS)


def advance(world, until, kw=10.0):
    n = until - world.now
    gpus = np.tile(np.array([[8], [4]]), n)
    plan = np.full((1, 2, n), kw / 1000)
    return world.advance(world.now, until, plan, gpus, start_at_once=False, may_pause=True, site_rank=None)


def told(world):
    queue = world.queue()
    return list(
        zip(queue.job.tolist(), queue.state.tolist(), queue.site.tolist(), queue.remaining_s.tolist(), strict=True)
    )


def test_what_is_submitted_at_this_instant_is_seen_and_what_is_finished_is_gone():
    world = placement()
    assert told(world) == [(0, 0, -1, 2 * H)]
    advance(world, 1)
    assert told(world) == [(0, 1, 0, H), (1, 0, -1, 2 * H)]
    advance(world, 2)
    assert told(world) == [(1, 1, 0, H), (2, 0, -1, 2 * H)]
    advance(world, 4)
    assert told(world) == []


def test_paused_jobs_tell_their_site_and_the_checkpoint():
    world = placement(due_h=(20.0, 20.0, 90.0))
    advance(world, 1)
    advance(world, 2, kw=0.0)
    assert told(world)[0] == (0, 2, 0, H + 360)


def test_reading_twice_changes_nothing_and_reading_late_sees_the_same():
    often, once = placement(), placement()
    for until in range(1, 4):
        advance(often, until)
        assert told(often) == told(often)
    advance(once, 3)
    assert told(once) == told(often)


def test_columns_are_those_of_the_job_table():
    world = placement()
    advance(world, 1)
    queue, jobs = world.queue(), small.table()
    for name in ("preemptible", "sites_allowed", "submitted_s", "released_s", "due_s", "power_per_gpu_kw"):
        assert (getattr(queue, name) == getattr(jobs, name)[queue.job]).all()
    assert (queue.gpus == jobs.gpus_max[queue.job]).all()
    assert queue.state.dtype == np.int8

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.coordination.placed import worth_holding_mw
from suandian.coordination.placement import Placement
from suandian.model.workload import FULL_PACE, ClassTable, JobTable, Pace
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis

_SPEC = importlib.util.spec_from_file_location(
    "reference_placement", Path(__file__).with_name("reference_placement.py")
)
reference = importlib.util.module_from_spec(_SPEC)
sys.modules["reference_placement"] = reference
_SPEC.loader.exec_module(reference)

SUBMITTED, STARTED, PAUSED, RESUMED, MOVED, FINISHED, OVERRODE, ARRIVED, GEAR = range(9)
PACES = (
    FULL_PACE,
    Pace("capped", (1.0, 1.0, 1.0), (1.0, 0.8, 0.55), (1.0, 0.93, 0.8)),
    Pace("elastic", (1.0, 0.5, 0.25), (1.0, 1.0, 1.0), (1.0, 0.536, 0.287)),
    Pace("both", (1.0, 1.0, 0.4), (1.0, 0.7, 0.7), (1.0, 0.9, 0.4)),
)


@dataclass
class Case:
    jobs: JobTable
    class_index: np.ndarray
    classes: ClassTable
    gpus: np.ndarray
    axis: TimeAxis
    it_mw: np.ndarray
    free: np.ndarray
    options: dict
    transfer_s: np.ndarray

    def arguments(self):
        return self.jobs, self.class_index, self.classes, self.gpus, self.axis, self.transfer_s

    def placement(self):
        return Placement(*self.arguments())

    def span(self, first, last):
        rank = self.options["site_rank"]
        hold, gear = self.options["hold_mw"], self.options["gear"]
        cut = self.options | {
            "gear": None if gear is None else gear[:, :, first:last],
            "site_rank": None if rank is None else rank[:, first:last],
            "hold_mw": None if hold is None else hold[:, first:last],
        }
        return (first, last, self.it_mw[:, :, first:last], self.free[:, first:last]), cut


def case(
    seed, *, at_once=False, may_pause=True, ranked=False, shrinking=True, holding=False, bending=False, jobs_count=None
):
    """Random jobs and curves, small enough for the reference, tight enough that every rule is needed."""
    rng = np.random.default_rng(seed)
    sites, periods = int(rng.integers(1, 4)), int(rng.integers(6, 30))
    step_s = int(rng.choice([300, 900, 3600]))
    axis = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(seconds=step_s), periods)
    count = jobs_count if jobs_count is not None else int(rng.integers(1, 60))
    gpus = rng.integers(4, 24, sites)
    masks = np.array([1 << s for s in range(sites)] + [2**sites - 1] * 2, dtype=np.uint64)
    mask = rng.choice(masks, count)
    largest = np.array([max(gpus[s] for s in range(sites) if int(m) >> s & 1) for m in mask])
    gang = np.minimum(rng.choice([1, 1, 2, 3, 4, 6, 8, 16], count), largest)
    duration_s = rng.integers(1, 8 * step_s, count)
    released = axis.start_s + np.sort(rng.integers(-2 * step_s, periods * step_s, count))
    slack_s = (rng.integers(0, 10 * step_s, count) * (rng.random(count) < 0.8)).astype(np.int64)
    jobs = JobTable(
        id=np.arange(count),
        user=np.zeros(count),
        kind=np.zeros(count),
        contract=np.zeros(count),
        submitted_s=released - rng.integers(0, 2 * step_s, count),
        released_s=released,
        due_s=released + duration_s + slack_s,
        work_gpu_h=gang * duration_s / 3600,
        gpus_min=np.ones(count),
        gpus_max=gang,
        power_per_gpu_kw=rng.choice([0.3, 0.5, 0.7], count),
        preemptible=rng.random(count) < 0.6,
        checkpoint_h=rng.choice([0.0, 60.0, 500.0], count) / 3600,
        home=rng.integers(0, sites, count),
        sites_allowed=mask,
        data_gb=np.zeros(count),
        checkpoint_every_h=rng.choice([0.0, 400.0, 2000.0], count) / 3600 * bending,
        interruptions_max=rng.choice([0, 1, 2, 99], count) if bending else np.full(count, 99),
    )
    labels = ("F5", "F2", "F3")[: int(rng.integers(1, 4))]
    every = np.full(len(labels), 2**sites - 1, dtype=np.uint64)
    pace = rng.integers(0, len(PACES), len(labels)) * bending
    classes = ClassTable(
        labels, rng.choice([0.0, 4.0], len(labels)), every, np.full(len(labels), 0.5), pace=pace, paces=PACES
    )
    ceiling_mw = gpus[None, :, None] * 0.5e-3 / len(labels)
    it_mw = np.round(rng.random((len(labels), sites, periods)) * 1.5 * ceiling_mw, 5)
    taken = np.cumsum(rng.integers(-3, 4, (sites, periods)), axis=1).clip(0, 3) if shrinking else 0
    options = {
        "start_at_once": at_once,
        "may_pause": may_pause,
        "site_rank": rng.permuted(np.tile(np.arange(sites)[:, None], periods), axis=0) if ranked else None,
        "hold_mw": worth_holding_mw(it_mw, axis.step_h, periods) if holding else None,
        "gear": rng.integers(0, 4, it_mw.shape) if bending and rng.random() < 0.6 else None,
    }
    transfer_s = rng.choice([0, 1, step_s // 2, 3 * step_s], count) * bending
    free = np.broadcast_to(gpus[:, None], (sites, periods)) - taken
    return Case(jobs, rng.integers(0, len(labels), count), classes, gpus, axis, it_mw, free, options, transfer_s)


cases = st.builds(
    case,
    st.integers(0, 2**32),
    at_once=st.booleans(),
    may_pause=st.booleans(),
    ranked=st.booleans(),
    shrinking=st.booleans(),
    holding=st.booleans(),
    bending=st.booleans(),
)


def told(block):
    return list(zip(block.at_s.tolist(), block.kind.tolist(), block.job.tolist(), block.site.tolist(), strict=True))


def placed_whole(c):
    arguments, options = c.span(0, c.axis.periods)
    return c.placement().advance(*arguments, **options)


def referred(c, *, reverse=False):
    slow = reference.ReferencePlacement(*c.arguments(), reverse=reverse)
    arguments, options = c.span(0, c.axis.periods)
    slow.advance(*arguments, **options)
    return slow


@settings(max_examples=250, deadline=None)
@given(cases)
def test_events_are_those_of_the_reference(c):
    assert sorted(told(placed_whole(c).events)) == sorted(referred(c).events)


def test_a_reference_with_the_deadlines_reversed_is_told_apart():
    """The comparison above would be worth nothing if it could not fail."""
    differing = 0
    for seed in range(20):
        c = case(seed, jobs_count=60)
        differing += sorted(told(placed_whole(c).events)) != sorted(referred(c, reverse=True).events)
    assert differing >= 18


@settings(max_examples=60, deadline=None)
@given(cases, st.integers(1, 7))
def test_many_calls_are_one_call_and_queues_agree(c, stride):
    whole = placed_whole(c)
    stepwise, slow = c.placement(), reference.ReferencePlacement(*c.arguments())
    parts = []
    for first in range(0, c.axis.periods, stride):
        arguments, options = c.span(first, min(first + stride, c.axis.periods))
        parts.append(stepwise.advance(*arguments, **options))
        slow.advance(*arguments, **options)
        queue = stepwise.queue()
        rows = zip(queue.job, queue.state, queue.site, queue.remaining_s, strict=True)
        assert [tuple(int(x) for x in row) for row in rows] == slow.queue()
    assert [event for p in parts for event in told(p.events)] == told(whole.events)
    assert (np.concatenate([p.label_mw for p in parts], axis=2) == whole.label_mw).all()
    assert (np.concatenate([p.gpus_used for p in parts], axis=1) == whole.gpus_used).all()
    assert sum(p.overrides for p in parts) == whole.overrides == int((whole.events.kind == OVERRODE).sum())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=8), st.booleans())
def test_changing_the_mode_between_calls_is_followed(seed, modes, bending):
    c = case(seed, bending=bending)
    fast, slow = c.placement(), reference.ReferencePlacement(*c.arguments())
    for first, (at_once, may_pause) in zip(range(c.axis.periods), modes * c.axis.periods, strict=False):
        arguments, options = c.span(first, first + 1)
        options |= {"start_at_once": at_once, "may_pause": may_pause}
        before = len(slow.events)
        slow.advance(*arguments, **options)
        assert sorted(told(fast.advance(*arguments, **options).events)) == sorted(slow.events[before:])


def runs(block, end_s):
    """(job, site, from, to, gear) of every stretch of running in one gear, rebuilt from the events alone."""
    begun, stretches = {}, []
    for at, kind, job, site in told(block):
        if kind in (STARTED, RESUMED):
            assert job not in begun
            begun[job] = (site, at, 0)
        elif kind in (PAUSED, FINISHED) or kind >= GEAR:
            where, since, gear = begun.pop(job)
            assert where == site
            stretches.append((job, where, since, at, gear))
            if kind >= GEAR:
                begun[job] = (where, at, kind - GEAR)
    stretches += [(job, where, since, end_s, gear) for job, (where, since, gear) in begun.items()]
    return [stretch for stretch in stretches if stretch[3] > stretch[2]]


@settings(max_examples=150, deadline=None)
@given(cases)
def test_promises_rebuilt_from_events(c):
    placed = placed_whole(c)
    start_s, step_s, periods = c.axis.start_s, c.axis.step_s, c.axis.periods
    stretches = runs(placed.events, c.axis.end_s)
    use = np.zeros((len(c.gpus), periods * step_s), dtype=np.int32)
    energy_mws = np.zeros((6, len(c.gpus), periods))
    for job, site, since, to, gear in stretches:
        pace = PACES[int(c.classes.pace[c.class_index[job]])]
        gpus = int(np.ceil(c.jobs.gpus_max[job] * round(pace.gpu_ratio[gear] * 1000) / 1000))
        full_mw = c.jobs.gpus_max[job] * c.jobs.power_per_gpu_kw[job] / 1000
        power_mw = full_mw * pace.gpu_ratio[gear] * pace.power_ratio[gear]
        assert power_mw <= full_mw
        assert int(c.jobs.sites_allowed[job]) >> site & 1
        assert since >= max(c.jobs.released_s[job], start_s)
        use[site, since - start_s : to - start_s] += gpus
        label = c.classes.label_index[c.class_index[job]]
        for t in range((since - start_s) // step_s, -(-(to - start_s) // step_s)):
            inside = min(to, start_s + (t + 1) * step_s) - max(since, start_s + t * step_s)
            energy_mws[label, site, t] += power_mw * inside
    assert (use <= c.gpus[:, None]).all()
    assert np.allclose(energy_mws / step_s, placed.label_mw, rtol=0, atol=1e-12)
    assert np.allclose(use.reshape(len(c.gpus), periods, step_s).mean(axis=2), placed.gpus_used, rtol=0, atol=1e-9)
    # GPUs beyond those left by streams: only jobs that were running before and could not be paused.
    over = use.reshape(len(c.gpus), periods, step_s)
    events = told(placed.events)
    begins = [(site, at) for at, kind, _, site in events if kind in (STARTED, RESUMED)]
    for site, t in zip(*np.nonzero((over > c.free[:, :, None]).any(axis=2)), strict=True):
        begin = start_s + t * step_s
        assert not any(w == site and begin <= since < begin + step_s for w, since in begins)
    pauses = np.bincount([job for _, kind, job, _ in events if kind == PAUSED], minlength=len(c.jobs))
    finished = np.zeros(len(c.jobs), dtype=bool)
    finished[[job for _, kind, job, _ in events if kind == FINISHED]] = True
    work_is_conserved(c, stretches, pauses, finished)
    assert not pauses[~c.jobs.preemptible].any()
    assert (pauses <= c.jobs.interruptions_max).all()
    slowed_jobs_are_in_time(c, events)
    data_came_before_the_run(c, events)
    if not c.options["may_pause"]:
        assert not pauses.any()
    if c.options["start_at_once"]:
        assert placed.overrides == 0


def work_is_conserved(c, stretches, pauses, finished):
    """Seconds at full speed: the job's own, a checkpoint for each pause, and at most what ran since the last one."""
    done_s = np.zeros(len(c.jobs))
    for job, _, since, to, gear in stretches:
        done_s[job] += (to - since) * PACES[int(c.classes.pace[c.class_index[job]])].speed_ratio[gear]
    least_s = c.jobs.duration_s + pauses * np.ceil(c.jobs.checkpoint_h * 3600 - 1e-6)
    # Rounded up to a whole second at each pause and at the end.
    most_s = least_s + pauses * (np.rint(c.jobs.checkpoint_every_h * 3600) + 1) + 1
    assert (done_s[finished] >= least_s[finished] - 1e-6).all()
    assert (done_s[finished] <= most_s[finished] + 1e-6).all()
    assert (done_s[~finished] < most_s[~finished]).all()
    plain = finished & (c.classes.pace[c.class_index] == 0) & (c.jobs.checkpoint_every_h == 0)
    assert np.allclose(done_s[plain], least_s[plain])


def slowed_jobs_are_in_time(c, events):
    """Who runs slow when it finishes was not made late by it: it finishes by its deadline."""
    gear = np.zeros(len(c.jobs), dtype=int)
    for at, kind, job, _ in events:
        if kind in (STARTED, RESUMED):
            gear[job] = 0
        elif kind >= GEAR:
            gear[job] = kind - GEAR
        elif kind == FINISHED and gear[job]:
            assert at <= c.jobs.due_s[job]


def data_came_before_the_run(c, events):
    """A job runs at home, where it was paused, or where it was moved, no sooner than its data can be there."""
    place, ready = c.jobs.home.astype(int).copy(), np.full(len(c.jobs), -(2**62))
    for at, kind, job, site in events:
        if kind == MOVED:
            place[job], ready[job] = site, at + c.transfer_s[job]
        elif kind in (STARTED, RESUMED):
            assert at >= ready[job]
            assert place[job] == site or c.transfer_s[job] == 0
            place[job] = site


def test_event_buffer_grows_and_loses_nothing():
    c = case(3, jobs_count=60)
    small = c.placement()
    small._buffer = np.empty((1, 2), dtype=np.int64)
    arguments, options = c.span(0, c.axis.periods)
    assert told(small.advance(*arguments, **options).events) == told(placed_whole(c).events)
    assert len(small._buffer) > 60


def test_without_pressure_every_job_runs_at_release_at_home_and_finishes():
    c = case(11, at_once=True, shrinking=False, jobs_count=25)
    roomy = Placement(c.jobs, c.class_index, c.classes, np.full(len(c.gpus), 10_000), c.axis)
    free = np.full_like(c.free, 10_000)
    events = told(
        roomy.advance(0, c.axis.periods, c.it_mw, free, start_at_once=True, may_pause=True, site_rank=None).events
    )
    starts = {job: (at, site) for at, kind, job, site in events if kind == STARTED}
    for row in range(len(c.jobs)):
        home = int(c.jobs.home[row])
        at, site = starts[row]
        assert at == max(c.jobs.released_s[row], c.axis.start_s)
        assert site == home or not int(c.jobs.sites_allowed[row]) >> home & 1


def test_faults_are_told():
    c = case(5)
    too_small = np.ones_like(c.gpus)
    if int(c.jobs.gpus_max.max()) > 1:
        with pytest.raises(DataError, match="GPUs at once"):
            Placement(c.jobs, c.class_index, c.classes, too_small, c.axis)
    placement = c.placement()
    arguments, options = c.span(0, 2)
    with pytest.raises(ValueError, match="the next one is 0"):
        placement.advance(1, 3, *arguments[2:], **options)
    with pytest.raises(ValueError, match="are needed"):
        placement.advance(0, 3, *arguments[2:], **options)
    with pytest.raises(ValueError, match="not negative"):
        placement.advance(0, 2, -1.0 - arguments[2], arguments[3], **options)
    with pytest.raises(ValueError, match="GPUs installed"):
        placement.advance(0, 2, arguments[2], arguments[3] + 100, **options)
    with pytest.raises(ValueError, match="one row of"):
        Placement(c.jobs, c.class_index + 9, c.classes, c.gpus, c.axis)


def test_no_jobs_at_all():
    c = case(1, jobs_count=0)
    placed = placed_whole(c)
    assert len(placed.events.job) == 0
    assert not placed.label_mw.any()
    assert len(c.placement().queue()) == 0


def test_a_dip_shorter_than_a_pause_is_worth_is_held():
    plan_mw = np.array([[[3.0, 1.0, 2.0, 0.0, 0.0, 0.0]]])
    # Two hours of one hour each: what is offered now or in the next hour.
    assert worth_holding_mw(plan_mw, 1.0, 6).tolist() == [[3.0, 2.0, 2.0, 0.0, 0.0, 0.0]]
    assert worth_holding_mw(plan_mw, 1.0, 2).tolist() == [[3.0, 2.0]]
    assert worth_holding_mw(plan_mw, 4.0, 6).tolist() == plan_mw[0].tolist()

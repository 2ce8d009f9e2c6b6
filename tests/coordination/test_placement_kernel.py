"""The rules one by one, on cases small enough to follow by hand. One site of 10 GPUs of 1 kW unless told otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.coordination.placement import Placement
from suandian.coordination.placement_passes import REFUSALS_MAX
from suandian.model.workload import FULL_PACE, ClassTable, JobTable, Pace
from suandian.quantity.timeaxis import TimeAxis

H = 3600
NAMES = ("submitted", "started", "paused", "resumed", "moved", "finished", "overrode", "arrived")
NAMES += tuple(f"gear {number}" for number in range(8))


class World:
    """Hourly intervals; jobs as dicts; `place` returns (event, job, hours since the start, site)."""

    def __init__(self, *jobs, sites=(10,), labels=("F2", "F5"), periods=12, pace=FULL_PACE, transfer_h=0.0):
        usual = {
            "gpus": 1,
            "released_h": 0.0,
            "due_h": 100.0,
            "hours_h": 1.0,
            "preemptible": True,
            "checkpoint_h": 0.0,
            "home": 0,
            "allowed": 2 ** len(sites) - 1,
            "group": 0,
            "every_h": 0.0,
            "interruptions": 99,
        }
        rows = sorted((usual | job for job in jobs), key=lambda row: row["released_h"])
        column = {name: np.array([row[name] for row in rows]) for name in usual}
        self.axis = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(hours=1), periods)
        zero, start = np.zeros(len(rows)), self.axis.start_s
        released = start + np.rint(column["released_h"] * H).astype(np.int64)
        table = JobTable(
            id=np.arange(len(rows)),
            user=zero,
            kind=zero,
            contract=zero,
            submitted_s=released,
            released_s=released,
            due_s=start + np.rint(column["due_h"] * H).astype(np.int64),
            work_gpu_h=column["gpus"] * column["hours_h"],
            gpus_min=column["gpus"],
            gpus_max=column["gpus"],
            power_per_gpu_kw=np.ones(len(rows)),
            preemptible=column["preemptible"],
            checkpoint_h=column["checkpoint_h"],
            home=column["home"],
            sites_allowed=column["allowed"].astype(np.uint64),
            data_gb=zero,
            checkpoint_every_h=column["every_h"],
            interruptions_max=column["interruptions"],
        )
        count = len(labels)
        classes = ClassTable(
            labels,
            np.full(count, 4.0),
            np.full(count, 2 ** len(sites) - 1, np.uint64),
            np.ones(count),
            pace=np.ones(count, dtype=np.int64),
            paces=(FULL_PACE, pace),
        )
        self.sites = np.array(sites)
        transfer_s = np.full(len(rows), round(transfer_h * H))
        self.placement = Placement(table, column["group"].astype(np.int64), classes, self.sites, self.axis, transfer_s)
        self.labels, self.periods = labels, periods

    def place(self, plan_kw, *, free=None, at_once=False, may_pause=True, rank=None, gear=None):
        """`plan_kw` per class and hour at the first site (or (C, S, n)); the last value is kept to the end."""
        plan = np.zeros((len(self.labels), len(self.sites), self.periods))
        for group, values in enumerate(plan_kw):
            for site, hours in enumerate(values if isinstance(values[0], list) else [values]):
                plan[group, site] = [hours[min(t, len(hours) - 1)] / 1000 for t in range(self.periods)]
        gpus = np.tile(self.sites[:, None], self.periods)
        if free is not None:
            gpus[0] = [free[min(t, len(free) - 1)] for t in range(self.periods)]
        self.placed = self.placement.advance(
            0,
            self.periods,
            plan,
            gpus,
            start_at_once=at_once,
            may_pause=may_pause,
            site_rank=None if rank is None else np.tile(np.array(rank)[:, None], self.periods),
            gear=None if gear is None else np.full(plan.shape, gear),
        )
        block = self.placed.events
        events = zip(block.kind, block.job, (block.at_s - self.axis.start_s) / H, block.site, strict=True)
        return [(NAMES[kind], int(job), float(at), int(site)) for kind, job, at, site in events if kind != 0]


def test_waits_for_the_curve_and_the_row_holds_the_partial_hour():
    world = World({"hours_h": 1.5})
    assert world.place([[0, 0, 1]]) == [("started", 0, 2.0, 0), ("finished", 0, 3.5, 0)]
    assert world.placed.label_mw[2, 0, :5] == pytest.approx([0, 0, 0.001, 0.0005, 0])
    assert world.placed.gpus_used[0, :5] == pytest.approx([0, 0, 1, 0.5, 0])


def test_earliest_deadline_goes_first():
    world = World({"due_h": 50.0}, {"due_h": 40.0})
    assert [(name, job) for name, job, *_ in world.place([[1]])] == [
        ("started", 1),
        ("finished", 1),
        ("started", 0),
        ("finished", 0),
    ]


def test_latest_start_overrides_the_curve_and_is_counted():
    world = World({"hours_h": 1.5, "due_h": 5.0})
    assert world.place([[0]]) == [("started", 0, 3.0, 0), ("overrode", 0, 3.0, 0), ("finished", 0, 4.5, 0)]
    assert world.placed.overrides == 1


def test_forced_start_inside_the_headroom_of_the_site_is_no_override():
    world = World({"hours_h": 2.0, "due_h": 2.0})
    assert [name for name, *_ in world.place([[0], [5]])] == ["started", "finished"]


def test_released_inside_an_interval_waits_for_the_boundary_unless_it_cannot():
    events = World({"released_h": 1.25}, {"released_h": 1.25, "due_h": 2.5}).place([[5]])
    assert {job: at for name, job, at, _ in events if name == "started"} == {0: 2.0, 1: 1.25}


def test_at_once_starts_at_the_second_of_release_without_override():
    world = World({"released_h": 1.25}, {"gpus": 10, "released_h": 1.5})
    assert world.place([[0]], at_once=True) == [
        ("started", 0, 1.25, 0),
        ("finished", 0, 2.25, 0),
        ("started", 1, 3.0, 0),
        ("finished", 1, 4.0, 0),
    ]
    assert world.placed.overrides == 0


def test_pause_takes_the_least_urgent_class_and_the_latest_deadline_and_costs_the_checkpoint():
    jobs = [{"hours_h": 3.0, "due_h": 30.0}, {"hours_h": 3.0, "group": 1, "due_h": 40.0}]
    jobs += [{"hours_h": 3.0, "group": 1, "due_h": 50.0, "checkpoint_h": 0.25}]
    events = World(*jobs).place([[1], [2, 1, 2]])
    assert [event for event in events if event[1] == 2] == [
        ("started", 2, 0.0, 0),
        ("paused", 2, 1.0, 0),
        ("resumed", 2, 2.0, 0),
        ("finished", 2, 4.25, 0),
    ]
    assert not [event for event in events if event[0] == "paused" and event[1] != 2]


def test_nothing_is_paused_that_must_not_be():
    jobs = [{"hours_h": 3.0, "preemptible": False}]
    assert [name for name, *_ in World(*jobs).place([[1, 0]])] == ["started", "finished"]
    soft = [{"hours_h": 3.0}]
    assert [name for name, *_ in World(*soft).place([[1, 0]], may_pause=False)] == ["started", "finished"]


def test_job_without_slack_is_pinned_and_counted_once():
    world = World({"hours_h": 3.0, "due_h": 3.5})
    assert world.place([[1, 0]]) == [("started", 0, 0.0, 0), ("overrode", 0, 1.0, 0), ("finished", 0, 3.0, 0)]
    assert world.placed.overrides == 1


def test_urgent_job_preempts_only_if_that_suffices():
    soft = {"gpus": 6, "hours_h": 4.0}
    hard = {"gpus": 4, "hours_h": 4.0, "preemptible": False}
    urgent = {"gpus": 6, "released_h": 1.0, "due_h": 2.0}
    events = World(soft, hard, urgent).place([[20]])
    assert ("paused", 0, 1.0, 0) in events
    assert ("started", 2, 1.0, 0) in events
    too_large = urgent | {"gpus": 7}
    events = World(soft, hard, too_large).place([[20]])
    assert not [event for event in events if event[0] == "paused"]
    assert ("started", 2, 4.0, 0) in events


def test_unused_power_of_other_classes_is_borrowed_but_not_beyond_the_site():
    jobs = [{"gpus": 2, "due_h": 50.0 + k} for k in range(3)]
    events = World(*jobs).place([[1], [4]])
    assert [at for name, _, at, _ in events if name == "started"] == [0.0, 0.0, 1.0]


def test_paused_job_waits_at_its_site_until_it_is_urgent_then_moves():
    job = {"hours_h": 3.0, "due_h": 8.0}
    plan = [[[1, 0], [0]], [[0], [0]]]
    world = World(job, sites=(10, 10))
    assert world.place(plan, free=[10, 10, 0]) == [
        ("started", 0, 0.0, 0),
        ("paused", 0, 1.0, 0),
        ("moved", 0, 6.0, 1),
        ("resumed", 0, 6.0, 1),
        ("overrode", 0, 6.0, 1),
        ("finished", 0, 8.0, 1),
    ]


def test_paused_job_goes_where_power_is_unused_after_two_hours():
    events = World({"hours_h": 3.0, "due_h": 90.0}, sites=(10, 10)).place([[[1, 0], [0, 1]], [[0], [0]]])
    assert events[1:4] == [("paused", 0, 1.0, 0), ("moved", 0, 3.0, 1), ("resumed", 0, 3.0, 1)]


HALF = Pace("half", (1.0, 1.0), (1.0, 0.5), (1.0, 0.75))
THIRDS = Pace("thirds", (1.0, 1 / 3), (1.0, 1.0), (1.0, 0.4))


def test_capped_job_draws_and_does_what_its_gear_says():
    # 2 h of work on 2 GPUs; one hour at full speed, then 0.75 of the speed at half the power: 1 h ÷ 0.75 = 1 h 20 min.
    world = World({"gpus": 2, "hours_h": 2.0}, pace=HALF)
    assert world.place([[2, 1]]) == [
        ("started", 0, 0.0, 0),
        ("gear 1", 0, 1.0, 0),
        ("finished", 0, pytest.approx(2 + 1 / 3, abs=1 / 3600), 0),
    ]
    assert world.placed.label_mw[2, 0, :4] == pytest.approx([0.002, 0.001, 0.001 / 3, 0], abs=1e-6)
    assert world.placed.gpus_used[0, :3] == pytest.approx([2, 2, 2 / 3], abs=1e-3)


def test_slow_down_ends_when_the_plan_has_room_again():
    events = World({"gpus": 2, "hours_h": 3.0}, pace=HALF).place([[2, 1, 2]])
    assert events[:3] == [("started", 0, 0.0, 0), ("gear 1", 0, 1.0, 0), ("gear 0", 0, 2.0, 0)]
    assert events[3] == ("finished", 0, 3.25, 0)


def test_nothing_is_slowed_that_would_be_late_or_with_may_pause_off():
    tight = {"gpus": 2, "hours_h": 2.0, "due_h": 2.2, "preemptible": False}
    assert [name for name, *_ in World(tight, pace=HALF).place([[2, 1]])] == ["started", "finished"]
    soft = {"gpus": 2, "hours_h": 2.0}
    assert [name for name, *_ in World(soft, pace=HALF).place([[2, 1]], may_pause=False)] == ["started", "finished"]


def test_the_plan_may_want_a_gear_and_gets_it_from_the_start():
    world = World({"gpus": 2, "hours_h": 1.5}, pace=HALF)
    assert world.place([[2]], gear=1) == [
        ("started", 0, 0.0, 0),
        ("gear 1", 0, 0.0, 0),
        ("finished", 0, 2.0, 0),
    ]


def test_elastic_job_starts_narrow_where_it_must_and_widens():
    # Three of 6 GPUs' work would wait for the blocker; a third of them (2 GPUs) run at 0.4 of the speed at once.
    blocker = {"gpus": 8, "hours_h": 1.0, "preemptible": False, "due_h": 1.0}
    world = World(blocker, {"gpus": 6, "hours_h": 2.0}, pace=THIRDS)
    assert [event for event in world.place([[20]]) if event[1] == 1] == [
        ("started", 1, 0.0, 0),
        ("gear 1", 1, 0.0, 0),
        ("gear 0", 1, 1.0, 0),
        ("finished", 1, pytest.approx(2.6, abs=1 / 3600), 0),
    ]
    assert world.placed.gpus_used[0, :3] == pytest.approx([10, 6, 3.6], abs=1e-2)


def test_data_go_first_and_the_room_is_kept():
    # Home has no curve; the data take 1.5 h to the other site, so the job may run there from the boundary at 2 h.
    late = {"released_h": 1.0, "home": 1, "due_h": 90.0}
    world = World({"due_h": 90.0}, late, sites=(10, 10), transfer_h=1.5)
    assert world.place([[[0], [1]], [[0], [0]]]) == [
        ("moved", 0, 0.0, 1),
        ("arrived", 0, 1.5, 1),
        ("started", 0, 2.0, 1),
        ("finished", 0, 3.0, 1),
        ("started", 1, 3.0, 1),
        ("finished", 1, 4.0, 1),
    ]


def test_no_job_is_sent_away_in_vain():
    world = World({"due_h": 2.0}, sites=(10, 10), transfer_h=1.5)
    assert world.place([[[0], [1]], [[0], [0]]])[0] == ("started", 0, 1.0, 0)


def test_a_pause_between_checkpoints_loses_what_ran_since_the_last():
    # Checkpoints every 45 min of run: after 1 h, 15 min are lost, and 6 min go into writing and reading.
    job = {"hours_h": 2.0, "every_h": 0.75, "checkpoint_h": 0.1}
    events = World(job).place([[1, 0, 0, 0, 1]])
    assert events[1:3] == [("paused", 0, 1.0, 0), ("resumed", 0, 4.0, 0)]
    assert events[3] == ("finished", 0, pytest.approx(4.0 + 1.0 + 0.25 + 0.1), 0)


def test_a_contract_limits_the_number_of_pauses():
    events = World({"hours_h": 3.0, "interruptions": 1}).place([[1, 0, 0, 1, 0, 0, 0, 1]])
    assert [name for name, *_ in events] == ["started", "paused", "resumed", "finished"]


def test_home_first_or_the_given_order():
    job = {"home": 1}
    plan = [[[5], [5], [5]], [[0], [0], [0]]]
    assert World(job, sites=(10, 10, 10)).place(plan)[0] == ("started", 0, 0.0, 1)
    assert World(job, sites=(10, 10, 10)).place(plan, rank=[2, 1, 0])[0] == ("started", 0, 0.0, 2)
    assert World(job | {"allowed": 1}, sites=(10, 10, 10)).place(plan, rank=[2, 1, 0])[0] == ("started", 0, 0.0, 0)


def test_shrinking_room_pauses_what_it_may_and_leaves_the_rest_running():
    soft, hard = {"gpus": 5, "hours_h": 3.0}, {"gpus": 5, "hours_h": 3.0, "preemptible": False}
    world = World(soft, hard)
    events = world.place([[10]], free=[10, 3, 3, 3, 10])
    assert ("paused", 0, 1.0, 0) in events
    assert ("finished", 1, 3.0, 0) in events
    assert world.placed.gpus_used[0, :5].tolist() == [10, 5, 5, 0, 5]


def test_missed_deadline_still_runs_as_soon_as_possible():
    events = World({"gpus": 10, "hours_h": 5.0, "due_h": 5.0, "preemptible": False}, {"due_h": 1.0}).place([[0]])
    late = [event for event in events if event[1] == 1]
    first = [event for event in events if event[1] == 0]
    assert late[0][2] == 0.0
    assert first[0][2] == 1.0


def test_bucket_is_closed_after_so_many_refusals_but_others_go_on():
    # Eight gangs of 3 are refused under 2 kW; the ninth job of their bucket (2 GPUs) is not looked at any more.
    blockers = [{"gpus": 3, "due_h": 50.0} for _ in range(REFUSALS_MAX)]
    events = World(*blockers, {"gpus": 2, "due_h": 60.0}, {"gpus": 1, "due_h": 70.0}).place([[2]])
    started = [(job, at) for name, job, at, _ in events if name == "started"]
    assert (REFUSALS_MAX + 1, 0.0) in started
    assert (REFUSALS_MAX, 0.0) not in started
    fewer = World(*blockers[1:], {"gpus": 2, "due_h": 60.0}).place([[2]])
    assert (fewer[0][0], fewer[0][1], fewer[0][2]) == ("started", REFUSALS_MAX - 1, 0.0)

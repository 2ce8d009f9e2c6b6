"""The simulated world on a small study: balances, bounds, the journal, and that it does not matter how it is driven."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from small_study import ARMS, small_study

from suandian.coordination.base import Coordinator
from suandian.experiments.kpi import reduce_journal
from suandian.experiments.scenario.plugins import coordinator
from suandian.model.plan import Plan
from suandian.model.programme import Instruction
from suandian.operation.loop import operate
from suandian.quantity.errors import Infeasible, InvariantBroken
from suandian.record.events import JobEventKind, MeterBlock
from suandian.record.journal import Journal
from suandian.settlement.tariff import month_of_interval
from suandian.signals.forecast import DEFAULT_MODELS
from suandian.simulation.desk import ForecastSchedule
from suandian.simulation.engine import SimulatedWorld
from suandian.simulation.truth import Truth

STEPS = ("1 h", "15 min")
ISSUED = ForecastSchedule(6.0, dict(DEFAULT_MODELS), seed=3)


def truth(step: str = "1 h") -> Truth:
    return small_study(step).truth()


def world(step: str = "1 h") -> SimulatedWorld:
    return SimulatedWorld(truth(step), ISSUED)


def arm(name: str) -> Coordinator:
    built: Coordinator = coordinator(name, {})
    return built


@cache
def journal(name: str, step: str) -> Journal:
    return operate(world(step), arm(name), party="owner")


def whole(plan: Plan) -> dict[str, np.ndarray]:
    """Arrays of a plan by their names."""
    names = ("it_mw", "stream_mw", "curtail_mw")
    return {name: getattr(plan, name) for name in names}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", ARMS)
def test_energy_is_neither_made_nor_lost(name: str, step: str) -> None:
    kpis = reduce_journal(journal(name, step), truth(step)).kpis
    assert kpis["energy_balance_error_mwh"] < 1e-9
    book = journal(name, step)
    parts = sum(book.metered(f"site/hall/it/F{label}")[0] for label in range(6))
    idle_mwh = truth(step).fleet.sites[0].idle_it_mw * book.axis.step_h
    assert book.metered("site/hall/it")[0] == pytest.approx(idle_mwh + parts)
    site, load = book.metered("site/hall/grid")[0], book.metered("feeder/county/load")[0]
    net = book.metered("feeder/county/grid")[0] - book.metered("feeder/county/grid")[1]
    behind = site - book.metered("site/hall/grid")[1] + load - book.metered("feeder/county/pv")[1]
    assert net == pytest.approx(behind, abs=1e-9)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", ARMS)
def test_batteries_stay_inside_and_follow_their_equation(name: str, step: str) -> None:
    book, battery = journal(name, step), truth(step).fleet.sites[0].battery
    assert battery is not None
    stored = book.stored_mwh()[0]
    assert (stored >= battery.energy_min_mwh - 1e-9).all()
    assert (stored <= battery.energy_mwh + 1e-9).all()
    charge, discharge = book.metered("site/hall/battery")
    assert max(charge.max() / battery.charge_max_mw, discharge.max() / battery.discharge_max_mw) <= (
        book.axis.step_h * (1 + 1e-9)
    )
    change = charge * battery.charge_efficiency_ratio - discharge / battery.discharge_efficiency_ratio
    assert np.diff(stored, prepend=battery.energy_initial_mwh) == pytest.approx(change, abs=1e-9)
    assert discharge.sum() > 0.5


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", ARMS)
def test_gpus_are_never_more_than_installed(name: str, step: str) -> None:
    """Counted from job events, second by second, plus what the streams take in each interval."""
    book, known = journal(name, step), truth(step)
    events, step_s = book.job_events(), book.axis.step_s
    begins = np.isin(events.kind, (JobEventKind.STARTED, JobEventKind.RESUMED)).astype(np.int64)
    change = begins - np.isin(events.kind, (JobEventKind.PAUSED, JobEventKind.FINISHED))
    for s, site in enumerate(known.fleet.sites):
        at = events.site == s
        stream_mwh = sum(book.metered(f"site/{site.id}/it/F{label}")[0] for label in (0, 1))
        stream_gpus = stream_mwh / book.axis.step_h * 1000 / known.fleet.stream_power_per_gpu_kw[0]
        seconds = np.zeros(book.axis.periods * step_s + 1, dtype=np.int64)
        np.add.at(seconds, events.at_s[at] - book.axis.start_s, (change * known.jobs.gpus_max[events.job])[at])
        busiest = np.cumsum(seconds)[:-1].reshape(-1, step_s).max(axis=1)
        assert np.cumsum(seconds).min() >= 0
        assert busiest.max() > 0
        assert (busiest + stream_gpus <= site.gpus + 1e-6).all()


@pytest.mark.parametrize("step", STEPS)
def test_every_arm_does_the_same_work_and_leaves_a_chain_that_holds(step: str) -> None:
    kpis = {name: reduce_journal(journal(name, step), truth(step)).kpis for name in ARMS}
    assert all(journal(name, step).chain_holds() for name in ARMS)
    assert {values["deadline_misses"] for values in kpis.values()} == {0.0}
    done = truth(step).jobs.work_gpu_h.sum()
    assert [values["work_gpu_h"] for values in kpis.values()] == pytest.approx([done] * len(ARMS))
    assert len({values["objective_cny"] for values in kpis.values()}) == len(ARMS)


def test_the_step_changes_meters_only_by_what_it_averages() -> None:
    fine, coarse = journal("run_now", "15 min"), journal("run_now", "1 h")
    for meter in ("site/hall/facility", "site/west/grid"):
        assert fine.metered(meter)[0].sum() == pytest.approx(coarse.metered(meter)[0].sum(), rel=0.02)
    jobs_mwh = [
        sum(book.metered(f"site/{site}/it/F{label}")[0].sum() for site in book.sites for label in range(2, 6))
        for book in (fine, coarse)
    ]
    assert jobs_mwh == pytest.approx([truth().jobs.energy_mwh.sum()] * 2)


@pytest.mark.parametrize("name", ["run_now", "lowest_slots"])
def test_one_call_or_many_give_the_same_meters(name: str) -> None:
    at_once, in_parts = world(), world()
    plan = arm(name).plan(at_once.view("owner"))
    last = plan.axis.periods
    at_once.enact(plan, last)
    for first, until in [(0, 1), (1, 7), (7, 25), (25, last)]:
        rest = replace(
            plan,
            axis=in_parts.axis.part(first, last),
            **{
                key: values[:, :, first:] if values.ndim == 3 else values[:, first:]
                for key, values in whole(plan).items()
            },
        )
        in_parts.enact(rest, until)
    one, many = at_once.journal, in_parts.journal
    blocks = [np.array([book.metered(meter.id) for meter in book.meters]) for book in (one, many)]
    assert blocks[0] == pytest.approx(blocks[1], abs=1e-12)
    assert one.stored_mwh() == pytest.approx(many.stored_mwh(), abs=1e-12)
    events = [book.job_frame().sort("at", "job", "event", "site") for book in (one, many)]
    assert events[0].equals(events[1])


def test_a_plan_not_made_for_now_is_refused_and_changes_nothing() -> None:
    here = world()
    plan = arm("run_now").plan(here.view("owner"))
    here.enact(plan, 3)
    head = here.journal.head
    for until in (4, 5):
        with pytest.raises(InvariantBroken, match="world at 3"):
            here.enact(plan, until)
    fresh = arm("run_now").plan(here.view("owner"))
    for until in (3, 2, 3 + fresh.axis.periods + 1):
        with pytest.raises(InvariantBroken):
            here.enact(fresh, until)
    assert (here.now, here.journal.head) == (3, head)


def test_a_view_holds_jobs_submitted_so_far_and_nothing_that_is_done() -> None:
    here, jobs = world(), truth().jobs
    while here.now < 40:
        view = here.view("owner")
        assert view.axis.start == here.axis.at(here.now)
        assert (view.queue.submitted_s <= view.axis.start_s).all()
        done = here.journal.job_events()
        finished = set(done.job[done.kind == JobEventKind.FINISHED].tolist())
        known = set(np.flatnonzero(jobs.submitted_s <= view.axis.start_s).tolist())
        assert set(view.queue.job.tolist()) == known - finished
        here.enact(arm("threshold").plan(view), here.now + 8)


def test_peaks_start_anew_with_the_local_month() -> None:
    here = world()
    months = month_of_interval(here.axis, truth().fleet.zone)
    border = int(np.flatnonzero(months != months[0])[0])
    assert border == 24
    for until in (border - 1, border, border + 1, border + 5):
        here.enact(arm("run_now").plan(here.view("owner")), until)
        imported_mw = (
            np.array([here.journal.metered(f"site/{s}/grid")[0] for s in here.journal.sites]) / here.axis.step_h
        )
        same_month = months[:until] == (months[until] if until < len(months) else months[-1])
        expected_mw = np.where(same_month, imported_mw, 0.0).max(axis=1)
        assert here.view("owner").peak_mw == pytest.approx(expected_mw)
        assert (expected_mw == 0).all() == (until == border)


def test_peaks_do_not_care_where_a_span_ends() -> None:
    one, many = world(), world()
    one.enact(arm("run_now").plan(one.view("owner")), 30)
    for until in (10, 26, 30):
        many.enact(arm("run_now").plan(many.view("owner")), until)
    assert one.view("owner").peak_mw == pytest.approx(many.view("owner").peak_mw)
    assert one.view("owner").energy_mwh == pytest.approx(many.view("owner").energy_mwh)


def test_an_instruction_is_known_when_issued_and_interrupts_the_span() -> None:
    axis = truth().axis
    starts_s = axis.starts_s()
    instruction = Instruction(
        "i1", "grid", "owner", "hall", int(starts_s[5]) + 60, int(starts_s[10]), int(starts_s[12]), 1.0
    )
    here = SimulatedWorld(replace(truth(), instructions=(instruction,)), ISSUED)
    assert here.next_interruption() == 6
    known = {}
    for now, until in [(0, 5), (5, 6), (6, 11), (11, 12), (12, 13)]:
        known[now] = here.view("owner").instructions
        here.enact(arm("run_now").plan(here.view("owner")), until)
    assert {now for now, told in known.items() if told} == {6, 11}
    assert here.next_interruption() == axis.periods


def test_interactive_demand_that_fits_nowhere_is_told_with_its_place() -> None:
    known = truth()
    stream = replace(known.streams[0], demand_mw=np.where(np.arange(48) == 7, 99.0, known.streams[0].demand_mw))
    here = SimulatedWorld(replace(known, streams=(stream,)), ISSUED)
    plan = arm("run_now").plan(here.view("owner"))
    with pytest.raises(Infeasible, match="interactive demand of city at 2026-04-29T23:00"):
        here.enact(plan, 48)
    assert here.journal.blocks == ()


def test_meters_are_read_in_every_interval() -> None:
    book = journal("lowest_slots", "1 h")
    blocks = [block for block in book.blocks if isinstance(block, MeterBlock)]
    assert sum(block.import_mwh.shape[1] for block in blocks) == book.axis.periods
    assert all((block.import_mwh >= 0).all() and (block.export_mwh >= 0).all() for block in blocks)
    assert book.plans()[0].coordinator == "lowest_slots"
    assert [plan.first for plan in book.plans()][1:] == [plan.last for plan in book.plans()][:-1]

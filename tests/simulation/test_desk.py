"""The forecast desk: nothing reaches an Outlook that could not have been known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from small_study import small_study

from suandian.model.plan import Outlook
from suandian.signals.forecast import DEFAULT_MODELS, PERSISTENCE, ErrorModel, issue
from suandian.simulation.desk import QUANTITIES, Desk, ForecastSchedule
from suandian.simulation.truth import Truth

FIELDS = tuple(QUANTITIES)
KEYS = (*sorted(set(QUANTITIES.values())), "arrivals")
TRUE_FIELDS = tuple(name for name in FIELDS if name != "stream_mw")
EVERY_H = 6.0
NOW = st.integers(0, 47)


def truth() -> Truth:
    return small_study().truth()


def noisy(every_h: float = EVERY_H) -> ForecastSchedule:
    return ForecastSchedule(every_h, {key: DEFAULT_MODELS[key] for key in KEYS}, seed=3)


def persistent() -> ForecastSchedule:
    return ForecastSchedule(EVERY_H, dict.fromkeys(KEYS, PERSISTENCE), seed=3)


def same(one: Outlook, other: Outlook) -> bool:
    return all((getattr(one, name) == getattr(other, name)).all() for name in (*FIELDS, "released_mwh", "due_mwh"))


@settings(max_examples=15, deadline=None)
@given(now=NOW, every_h=st.sampled_from([0.5, 1.0, 6.0, 12.0, 100.0]))
def test_forecasts_are_those_of_the_newest_issue_and_none_is_from_the_future(now: int, every_h: float) -> None:
    world, schedule = truth(), noisy(every_h)
    axis = world.axis
    outlook = Desk(world, schedule).outlook(now)
    every = max(1, round(every_h / axis.step_h))
    origin = now - now % every
    assert set(outlook.issued_at) == {*FIELDS, "released_mwh", "due_mwh"}
    assert set(outlook.issued_at.values()) == {axis.at(origin)}
    assert max(outlook.issued_at.values()) <= outlook.axis.start == axis.at(now)
    for name in ("price_cny_per_mwh", "outdoor_c"):
        for row, values in enumerate(getattr(world, name)):
            issued = issue(
                schedule.models[QUANTITIES[name]],
                values,
                origin,
                axis,
                seed=3,
                name=f"{name}/{row}",
                history=values[:1] if origin == 0 else None,
            )
            assert (getattr(outlook, name)[row] == issued[now - origin :]).all()


def test_the_time_of_issue_in_force_is_told() -> None:
    world = truth()
    desk = Desk(world, noisy())
    desk.outlook(13)
    assert desk.issued_s == world.axis.starts_s()[12]


@settings(max_examples=15, deadline=None)
@given(now=NOW, seed=st.integers(0, 999))
def test_under_persistence_another_future_gives_the_same_outlook(now: int, seed: int) -> None:
    world = truth()
    later = np.arange(world.axis.periods) > now
    rng = np.random.default_rng(seed)

    def other(values: np.ndarray) -> np.ndarray:
        return np.where(later, values + rng.uniform(1.0, 9.0, values.shape), values)

    streams = tuple(replace(stream, demand_mw=other(stream.demand_mw)) for stream in world.streams)
    changed = replace(world, streams=streams, **{name: other(getattr(world, name)) for name in TRUE_FIELDS})
    assert same(Desk(world, persistent()).outlook(now), Desk(changed, persistent()).outlook(now))
    if now < world.axis.periods - 1:
        perfect = ForecastSchedule.perfect()
        assert not same(Desk(world, perfect).outlook(now), Desk(changed, perfect).outlook(now))


@settings(max_examples=10, deadline=None)
@given(now=NOW)
def test_expected_arrivals_are_learnt_before_the_study(now: int) -> None:
    """Other jobs in the study change nothing in what is expected, only what those expect who know them."""
    world = truth()
    fewer = np.arange(len(world.jobs)) % 2 == 0
    changed = replace(world, jobs=world.jobs.take(fewer), class_index=world.class_index[fewer])
    one, other = Desk(world, noisy()).outlook(now), Desk(changed, noisy()).outlook(now)
    assert (one.released_mwh == other.released_mwh).all()
    assert (one.due_mwh == other.due_mwh).all()


@settings(max_examples=20, deadline=None)
@given(now=NOW, periods=st.integers(1, 48), kind=st.sampled_from(["noisy", "persistent", "perfect", "known jobs"]))
def test_what_is_told_does_not_depend_on_how_far_one_looks(now: int, periods: int, kind: str) -> None:
    """Bit for bit, arrivals included: a short look first, then the whole, against the whole at once."""
    world = truth()
    schedule = {
        "noisy": noisy(),
        "persistent": persistent(),
        "perfect": ForecastSchedule.perfect(),
        "known jobs": replace(noisy(), models=noisy().models | {"arrivals": ErrorModel(kind="perfect")}),
    }[kind]
    short, whole = Desk(world, schedule).outlook(now), Desk(world, schedule).outlook(now)
    for name in (*FIELDS, "released_mwh", "due_mwh"):
        near, all_of_it = getattr(short, name)[:, :periods], np.asarray(getattr(whole, name))
        assert all_of_it.shape[1] == world.axis.periods - now
        assert np.array_equal(near, all_of_it[:, :periods])
        assert np.array_equal(np.asarray(getattr(short, name)), all_of_it)


@settings(max_examples=10, deadline=None)
@given(now=NOW)
def test_perfect_is_the_truth_arrivals_included(now: int) -> None:
    world = truth()
    outlook = Desk(world, ForecastSchedule.perfect()).outlook(now)
    for name in TRUE_FIELDS:
        assert (getattr(outlook, name) == getattr(world, name)[:, now:]).all()
    assert (outlook.stream_mw == np.array([stream.demand_mw for stream in world.streams])[:, now:]).all()
    unseen = world.jobs.submitted_s > outlook.axis.start_s
    assert outlook.released_mwh[:, -1].sum() == pytest.approx(world.jobs.energy_mwh[unseen].sum(), rel=1e-3, abs=1e-6)
    assert outlook.due_mwh[:, -1] == pytest.approx(outlook.released_mwh[:, -1], rel=1e-6, abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(now=st.integers(0, 46))
def test_two_looks_inside_one_issue_agree(now: int) -> None:
    desk = Desk(truth(), noisy())
    first, second = desk.outlook(now), desk.outlook(now + 1)
    agree = [
        (getattr(first, name)[:, 1:] == getattr(second, name)).all() for name in ("price_cny_per_mwh", "stream_mw")
    ]
    assert all(agree) == ((now + 1) % 6 != 0)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), now=NOW, run_h=st.floats(0.1, 200.0), slack_h=st.sampled_from([0.0, 1.0, 8.0, 96.0]))
def test_expected_arrivals_hold_together(data: st.DataObject, now: int, run_h: float, slack_h: float) -> None:
    world = truth()
    classes = len(world.fleet.classes)
    rates_mw = data.draw(arrays(np.float64, (1, 168), elements=st.floats(0.0, 50.0)))
    fleet = replace(world.fleet, classes=replace(world.fleet.classes, slack_h=np.full(classes, slack_h)))
    world = replace(
        world,
        fleet=fleet,
        arrivals_mw=np.repeat(rates_mw, classes, axis=0),
        arrival_run_h=np.full(classes, run_h),
    )
    outlook = Desk(world, noisy()).outlook(now)
    released, due = outlook.released_mwh, outlook.due_mwh
    scale = max(1.0, float(released.max()))
    assert released.shape == due.shape == (classes, world.axis.periods - now)
    assert (due >= 0).all()
    assert (due <= released).all()
    assert (np.diff(released, axis=1) >= -1e-9 * scale).all()
    assert (np.diff(due, axis=1) >= -1e-9 * scale).all()
    assert due[:, -1] == pytest.approx(released[:, -1])
    local = world.axis.local_starts(fleet.zone)[now:]
    hour = ((local - local.astype("datetime64[W]")) // np.timedelta64(1, "h") + 72) % 168  # weeks begin on Thursdays
    assert released[:, -1].max() <= rates_mw[0, hour].sum() * world.axis.step_h + 1e-9 * scale


def test_short_work_is_released_within_its_first_intervals() -> None:
    """Work of no length that arrives evenly at 2 MW: half an interval's worth is released by the first end."""
    world = truth()
    classes = len(world.fleet.classes)
    flat = replace(world, arrivals_mw=np.full((classes, 168), 2.0), arrival_run_h=np.zeros(classes))
    released = Desk(flat, noisy()).outlook(10).released_mwh
    assert released[0, :4] == pytest.approx([1.0, 3.0, 5.0, 7.0])

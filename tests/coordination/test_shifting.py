"""`sd.shift` against the plain rules (bench/peers/plain_shifting.py), against hand arithmetic, and its promises."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from bench.peers import plain_shifting as plain
from hypothesis import given, settings
from hypothesis import strategies as st

import suandian as sd
from suandian.signals.forecast import ErrorModel

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
STEP_S = 3600


def series(values, unit="kg/MWh", step=timedelta(hours=1)):
    return sd.Series(sd.TimeAxis(START, step, len(values)), np.asarray(values, dtype=float), unit, "test")


def at(hours_h):
    return [START + timedelta(hours=h) for h in hours_h]


@st.composite
def problems(draw):
    """A signal in hundredths with many ties, and jobs whose windows lie inside it, to the minute."""
    periods = draw(st.integers(3, 30))
    signal = draw(st.lists(st.integers(-3, 5), min_size=periods, max_size=periods))
    jobs = []
    for _ in range(draw(st.integers(1, 6))):
        run_s = 60 * draw(st.integers(1, 60 * periods))
        needed = -(-run_s // STEP_S)
        nominal = draw(st.integers(0, periods - needed))
        earliest = draw(st.integers(0, nominal)) * STEP_S - draw(st.integers(0, 1)) * 600
        due_s = draw(st.integers(nominal * STEP_S + run_s, periods * STEP_S))
        jobs.append((max(earliest, 0), nominal, due_s // 60 * 60, run_s))
    return signal, jobs


def table(jobs, **more):
    earliest, nominal, due, run = (np.array(column, dtype=np.int64) for column in zip(*jobs, strict=True))
    begin = int(START.timestamp())
    return sd.ShiftJobs.build(
        start=begin + nominal * STEP_S, earliest=begin + earliest, due=begin + due, duration_h=run / 3600.0, **more
    )


@settings(max_examples=150, deadline=None)
@given(problems())
def test_uninterrupted_rules_start_where_plain_python_starts(problem):
    signal, jobs = problem
    given_jobs, carbon = table(jobs), series(np.array(signal) / 100.0)
    for rule in ("lowest_window", "lowest_start", "carbon_time", "run_now"):
        frame = sd.shift(carbon, given_jobs, rule=rule).frame
        for row, (earliest, nominal, due, run) in enumerate(jobs):
            if rule == "run_now":
                expected = nominal
            elif rule == "carbon_time":
                expected = plain.carbon_time(signal, STEP_S, earliest, due, run, nominal)
            else:
                expected = getattr(plain, rule)(signal, STEP_S, earliest, due, run)
            cost = plain.run_cost(signal, STEP_S, expected, run)
            assert frame["start"][row] == START + timedelta(hours=expected), (rule, row)
            assert frame["impact_kg"][row] == pytest.approx(cost / 100 / 3600 / 1000, abs=1e-15)
            assert frame["end"][row] == frame["start"][row] + timedelta(seconds=run)


@settings(max_examples=150, deadline=None)
@given(problems())
def test_slots_are_those_of_plain_python(problem):
    signal, jobs = problem
    shifted = sd.shift(series(np.array(signal) / 100.0), table(jobs), rule="lowest_slots")
    pieces = shifted.pieces()
    for row, (earliest, _, due, run) in enumerate(jobs):
        expected = plain.lowest_slots(signal, STEP_S, earliest, due, run)
        mine = pieces.filter(pl.col("row") == row)
        hours = [int((t - START).total_seconds()) // STEP_S for t in mine["start"]]
        assert dict(zip(hours, np.rint(mine["run_h"].to_numpy() * 3600).astype(int), strict=True)) == expected
        cost = sum(signal[t] * used for t, used in expected.items())
        assert shifted.frame["impact_kg"][row] == pytest.approx(cost / 100 / 3600 / 1000, abs=1e-15)
        assert shifted.frame["pauses_count"][row] == sum(b > a + 1 for a, b in pairwise(hours))
        assert shifted.frame["start"][row] == mine["start"][0]


@settings(max_examples=60, deadline=None)
@given(problems(), st.integers(0, 2**16))
def test_the_promises_hold(problem, seed):
    """Energy is the same for all rules; with foresight slots ≤ window ≤ now; more freedom in space never costs more."""
    signal, jobs = problem
    rng = np.random.default_rng(seed)
    regions = ("a", "b", "c")
    signals = {name: series(rng.permutation(signal) / 100.0) for name in regions}
    given_jobs = table(jobs, regions=regions, home=[regions[i] for i in rng.integers(0, 3, len(jobs))])
    impact = {}
    for rule in ("run_now", "lowest_window", "lowest_slots", "carbon_time", "lowest_start"):
        for where in ("home", "once", "every_interval"):
            shifted = sd.shift(signals, given_jobs, rule=rule, regions=where)
            assert shifted.frame["energy_mwh"].to_list() == pytest.approx([run / 3600 / 1000 for *_, run in jobs])
            impact[rule, where] = shifted.frame["impact_kg"].to_numpy()
            told = shifted.pieces().group_by("row", maintain_order=True).agg(pl.col("impact_kg", "energy_mwh").sum())
            assert told["impact_kg"].to_list() == pytest.approx(impact[rule, where].tolist(), abs=1e-14)
            assert told["energy_mwh"].to_list() == pytest.approx(shifted.frame["energy_mwh"].to_list())
            if rule in ("lowest_window", "lowest_slots", "carbon_time") and where != "every_interval":
                assert shifted.frame["saving_kg"].min() >= -1e-12
    for rule in ("run_now", "lowest_window", "lowest_slots"):
        assert (impact[rule, "once"] <= impact[rule, "home"] + 1e-12).all()
        assert (impact[rule, "every_interval"] <= impact[rule, "once"] + 1e-12).all()
    for where in ("home", "once", "every_interval"):
        assert (impact["lowest_slots", where] <= impact["lowest_window", where] + 1e-12).all()
        assert (impact["lowest_window", where] <= impact["run_now", where] + 1e-12).all()


def test_hand_arithmetic():
    """2 kW for 2 h, hours 5 4 1 3 1 2 kg/MWh. Now 2·(5+4) = 18 g; window at 4: 2·(1+2) = 6 g; slots 2 and 4: 4 g."""
    signal = series([5, 4, 1, 3, 1, 2])
    jobs = sd.ShiftJobs.build(start=at([0]), duration_h=2.0, power_kw=2.0).with_slack(4.0)
    now = sd.shift(signal, jobs, rule="run_now").frame
    assert now["impact_kg"][0] == pytest.approx(0.018)
    assert now["saving_kg"][0] == 0.0
    window = sd.shift(signal, jobs, rule="lowest_window").frame
    assert window["impact_kg"][0] == pytest.approx(0.006)  # 1 + 2 at hour 4
    assert window["wait_h"][0] == 4.0
    slots = sd.shift(signal, jobs, rule="lowest_slots")
    assert slots.frame["impact_kg"][0] == pytest.approx(0.004)
    assert slots.frame["saving_ratio"][0] == pytest.approx(14 / 18)
    assert slots.frame["pauses_count"][0] == 1
    assert slots.summary["saving_kg"][0] == pytest.approx(0.014)
    # carbon_time: saved per hour until completion 0/2, (9−5)/3, (9−4)/4, (9−4)/5, (9−3)/6
    assert sd.shift(signal, jobs, rule="carbon_time").frame["wait_h"][0] == 1.0
    assert sd.shift(signal, jobs, rule="lowest_start").frame["wait_h"][0] == 2.0


def test_the_run_time_that_starts_are_chosen_with_may_be_an_expectation():
    """With 1 h expected, the window goes to the lowest hour; the 2 h of the run are valued as they are."""
    signal = series([5, 4, 1, 9, 2, 2])
    jobs = sd.ShiftJobs.build(start=at([0]), duration_h=2.0, expected_h=1.0).with_slack(4.0)
    frame = sd.shift(signal, jobs, rule="lowest_window").frame
    assert frame["wait_h"][0] == 2.0
    assert frame["impact_kg"][0] == pytest.approx((1 + 9) / 1000)


def test_units_of_the_signal_become_the_units_of_the_impact():
    jobs = sd.ShiftJobs.build(start=at([0]), duration_h=1.0, power_kw=3.0)
    assert sd.shift(series([200.0], "g/kWh"), jobs).frame["impact_g"][0] == pytest.approx(600.0)
    assert sd.shift(series([200.0], "CNY/MWh"), jobs).frame["impact_cny"][0] == pytest.approx(0.6)
    with pytest.raises(sd.DataError, match="not per energy"):
        sd.shift(series([200.0], "kg"), jobs)


def test_lengths_exact_or_rounded_up():
    signal = series([4, 1, 2, 9])
    jobs = sd.ShiftJobs.build(start=at([0]), duration_h=1.5, power_kw=1.0).with_slack(2.0)
    exact = sd.shift(signal, jobs, rule="lowest_window").frame
    assert exact["impact_kg"][0] == pytest.approx((1 + 2 * 0.5) / 1000)
    assert exact["energy_mwh"][0] == pytest.approx(0.0015)
    rounded = sd.shift(signal, jobs, rule="lowest_window", lengths="up").frame
    assert rounded["impact_kg"][0] == pytest.approx((1 + 2) / 1000)
    assert rounded["energy_mwh"][0] == pytest.approx(0.002)


def test_negative_and_zero_signals():
    jobs = sd.ShiftJobs.build(start=at([0, 1]), duration_h=1.0, due=at([3, 3]))
    frame = sd.shift(series([0, -1, -3]), jobs, rule="lowest_slots").frame
    assert frame["saving_ratio"].to_list() == [None, pytest.approx(2.0)]
    assert frame["saving_kg"].to_list() == pytest.approx([0.003, 0.002])
    constant = sd.shift(series([0.1 * 3] * 40), sd.ShiftJobs.build(start=at([3]), duration_h=7).with_slack(30)).frame
    assert constant["wait_h"][0] == 0.0
    assert constant["saving_kg"][0] == 0.0


def test_jobs_that_may_not_be_interrupted_take_the_window():
    signal = series([5, 1, 5, 1, 2, 5])
    jobs = sd.ShiftJobs.build(start=at([0, 0]), duration_h=2.0, interruptible=[True, False]).with_slack(4.0)
    shifted = sd.shift(signal, jobs, rule="lowest_slots")
    assert shifted.frame["pauses_count"].to_list() == [1, 0]
    assert shifted.frame["impact_kg"].to_list() == pytest.approx([0.002, 0.003])
    assert shifted.pieces([1])["signal"].to_list() == [1.0, 2.0]


def test_a_signal_that_ends_is_refused_cut_or_the_job_left_out():
    signal = series([3, 2, 1])
    jobs = sd.ShiftJobs.build(start=at([0, 1, 2, -1]), duration_h=[1, 1, 2, 1]).with_slack(1.0)
    with pytest.raises(sd.DataError, match=r"row 2 \(id 2\) leaves the signal.*2 rows in all"):
        sd.shift(signal, jobs)
    # A window beyond the end is cut; what cannot even be valued at its nominal start takes no part.
    cut = sd.shift(signal, sd.ShiftJobs.build(start=at([0, 1, 2]), duration_h=1.0).with_slack(1.0), beyond="cut")
    assert cut.frame["cut"].to_list() == [False, False, True]
    assert cut.frame["wait_h"].to_list() == [1.0, 1.0, 0.0]
    cut = sd.shift(signal, jobs, beyond="cut")
    assert cut.frame["outside"].to_list() == [False, False, True, True]
    assert cut.frame["impact_kg"].to_list() == [pytest.approx(0.002), pytest.approx(0.001), None, None]
    assert cut.summary["outside_count"][0] == 2
    out = sd.shift(signal, sd.ShiftJobs.build(start=at([0, 2]), duration_h=1.0).with_slack(1.0), beyond="leave_out")
    assert out.frame["outside"].to_list() == [False, True]
    assert out.pieces()["row"].to_list() == [0]


def test_late_jobs_run_at_once_and_are_told():
    jobs = sd.ShiftJobs.build(start=at([1]), duration_h=2.0, due=at([2]))
    frame = sd.shift(series([1, 9, 9, 1, 1]), jobs).frame
    assert frame["late"].to_list() == [True]
    assert frame["start"][0] == START + timedelta(hours=1)
    assert frame["saving_kg"][0] == 0.0


def test_decisions_on_the_forecast_values_on_the_truth():
    truth, expected = series([5, 1, 3]), series([5, 3, 1])
    jobs = sd.ShiftJobs.build(start=at([0]), duration_h=1.0).with_slack(2.0)
    frame = sd.shift(truth, jobs, forecast=expected).frame
    assert frame["wait_h"][0] == 2.0
    assert frame["impact_kg"][0] == pytest.approx(0.003)


def test_noise_costs_and_seeds_decide():
    rng = np.random.default_rng(3)
    signal = series(300 + 100 * np.sin(np.arange(24 * 60) / 24 * 2 * np.pi) + rng.normal(0, 5, 24 * 60))
    jobs = sd.ShiftJobs.build(start=at(range(0, 24 * 55, 7)), duration_h=4.0).with_slack(24.0)
    perfect = sd.shift(signal, jobs).summary["saving_kg"][0]
    savings = []
    for sd_ratio in (0.05, 0.5):
        one, same = (sd.shift(signal, jobs, forecast=sd.WhiteNoise(sd_ratio), seed=7) for _ in range(2))
        assert one.frame.equals(same.frame)
        other = sd.shift(signal, jobs, forecast=sd.WhiteNoise(sd_ratio), seed=8)
        assert not one.frame.equals(other.frame)
        savings.append(one.summary["saving_kg"][0])
    assert perfect > savings[0] > savings[1] > 0
    with pytest.raises(sd.ScenarioError, match="seed: a random forecast needs one"):
        sd.shift(signal, jobs, forecast=sd.WhiteNoise())


def test_forecasts_issued_anew():
    """An error that grows with lead hurts less when the forecast is fresh; jobs are decided alone or together alike."""
    rng = np.random.default_rng(3)
    signal = series(300 + 100 * np.sin(np.arange(24 * 30) / 24 * 2 * np.pi) + rng.normal(0, 5, 24 * 30))
    jobs = sd.ShiftJobs.build(start=at(range(0, 24 * 25, 5)), duration_h=3.0).with_slack(12.0)
    model = ErrorModel(sd_growth_ratio=0.5, time_constant_h=48.0, correlation_h=1.0, persistent_ratio=0.0)
    old = sd.shift(signal, jobs, forecast=model, seed=1).summary["saving_kg"][0]
    fresh = sd.shift(signal, jobs, forecast=model, seed=1, issue_every_h=1.0)
    assert fresh.summary["saving_kg"][0] > old
    alone = sd.shift(signal, jobs.take(np.array([17])), forecast=model, seed=1, issue_every_h=1.0)
    columns = ["start", "end", "impact_kg"]
    assert alone.frame.select(columns).rows() == fresh.frame.select(columns).rows()[17:18]
    told = fresh.pieces([17, 3])
    assert told.group_by("row", maintain_order=True).agg(pl.col("start").first())["start"].to_list() == [
        fresh.frame["start"][17], fresh.frame["start"][3],
    ]  # fmt: skip
    assert told["impact_kg"].sum() == pytest.approx(fresh.frame["impact_kg"][17] + fresh.frame["impact_kg"][3])
    with pytest.raises(sd.ScenarioError, match="no whole number of intervals"):
        sd.shift(signal, jobs, issue_every_h=1.5)


def test_regions_by_hand():
    """Home a 5 5 5, b 1 9 1: at once for 3 h, a 15, b 11, best in each hour 1 + 5 + 1 = 7 with two moves."""
    signals = {"a": series([5, 5, 5]), "b": series([1, 9, 1])}
    jobs = sd.ShiftJobs.build(start=at([0]), duration_h=3.0, regions=("a", "b"), home="a")
    once = sd.shift(signals, jobs, rule="run_now", regions="once").frame
    assert (once["region"][0], once["moves_count"][0]) == ("b", 1)
    assert once["impact_kg"][0] == pytest.approx(0.011)
    assert once["saving_kg"][0] == pytest.approx(0.004)
    free = sd.shift(signals, jobs, rule="run_now", regions="every_interval")
    assert free.frame["impact_kg"][0] == pytest.approx(0.007)
    assert free.frame["moves_count"][0] == 3
    assert free.pieces()["region"].to_list() == ["b", "a", "b"]
    # Each move costs 3 g: 1 + 5 + 1 + 3·3 = 16 g, b throughout 11 + 3 = 14 g, b a a 1 + 5 + 5 + 2·3 = 17 g; home 15 g.
    dear = sd.shift(signals, jobs, rule="run_now", regions="every_interval", move=sd.MoveCost(amount=0.003)).frame
    assert dear["impact_kg"][0] == pytest.approx(0.014)
    assert dear["moves_count"][0] == 1
    # A move of 1 kWh into b at hour 0 is 1 g, at hour 2 as well; into a 5 g: b a b is 7 + 7 = 14 g, b b b 12 g.
    energy = sd.shift(signals, jobs, rule="run_now", regions="every_interval", move=sd.MoveCost(energy_kwh=1.0)).frame
    assert energy["impact_kg"][0] == pytest.approx(0.012)
    assert energy["move_energy_mwh"][0] == pytest.approx(0.001)
    assert energy["energy_mwh"][0] == pytest.approx(0.003)
    kept = sd.ShiftJobs.build(start=at([0]), duration_h=3.0, regions=("a", "b"), home="a", allowed=[["a"]])
    for where in ("once", "every_interval"):
        assert sd.shift(signals, kept, rule="run_now", regions=where).frame["saving_kg"][0] == 0.0
    far = sd.shift(signals, jobs, rule="run_now", regions="once", move=sd.MoveCost(amount=0.005)).frame
    assert (far["region"][0], far["moves_count"][0]) == ("a", 0)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.integers(0, 4), st.sampled_from([0.0, 0.25, 0.5, 1.0]))
def test_priced_moves_are_as_cheap_as_the_cheapest_of_all_ways(seed, may_pause, amount, energy):
    rng = np.random.default_rng(seed)
    periods, regions = int(rng.integers(3, 7)), int(rng.integers(1, 4))
    signals = 4 * rng.integers(-2, 12, (regions, periods))
    names = tuple("abc"[:regions])
    count = int(rng.integers(1, min(periods, 4) + 1))
    nominal = int(rng.integers(0, periods - count + 1))
    first, last = int(rng.integers(0, nominal + 1)), int(rng.integers(nominal + count, periods + 1))
    home = int(rng.integers(regions))
    allowed = sorted({home, *rng.integers(0, regions, 2).tolist()})
    jobs = sd.ShiftJobs.build(
        start=at([nominal]), earliest=at([first]), due=at([last]), duration_h=float(count), power_kw=2.0,
        regions=names, home=names[home], allowed=[[names[r] for r in allowed]],
    )  # fmt: skip
    shifted = sd.shift(
        {name: series(row) for name, row in zip(names, signals, strict=True)},
        jobs,
        rule="lowest_slots" if may_pause else "lowest_window",
        regions="every_interval",
        move=sd.MoveCost(energy_kwh=2.0 * energy, amount=0.002 * amount),
    )
    expected = plain.cheapest_path(
        signals.tolist(), first, last, count, home, allowed,
        lambda region, t: amount + energy * int(signals[region][t]), may_pause=may_pause,
    )  # fmt: skip
    assert shifted.frame["impact_kg"][0] == pytest.approx(0.002 * expected, abs=1e-12)
    told = shifted.pieces()
    moves = shifted.frame["moves_count"][0]
    assert moves == sum(a != b for a, b in zip([names[home], *told["region"]], told["region"], strict=False))


def test_what_cannot_be_used_is_told():
    signal, jobs = series([1, 2, 3]), sd.ShiftJobs.build(start=at([0]), duration_h=1.0)
    with pytest.raises(sd.ScenarioError) as told:
        sd.shift(signal, jobs, rule="lowest_slot", regions="twice", beyond="ignore")
    assert len(told.value.faults) == 3
    with pytest.raises(sd.DataError, match="inside an interval"):
        sd.shift(signal, sd.ShiftJobs.build(start=at([0.25]), duration_h=1.0))
    moved = sd.shift(signal, sd.ShiftJobs.build(start=at([0.25]), duration_h=1.0).with_slack(1.0), align="up").frame
    assert moved["start"][0] == START + timedelta(hours=1)
    with pytest.raises(sd.DataError, match="2 signals for jobs without regions"):
        sd.shift({"a": signal, "b": signal}, jobs)
    two = sd.ShiftJobs.build(start=at([0]), duration_h=1.0, regions=("a", "b"), home="a")
    with pytest.raises(sd.DataError, match="one signal for 2 regions"):
        sd.shift(signal, two)
    with pytest.raises(sd.DataError, match="all signals need"):
        sd.shift({"a": signal, "b": series([1, 2])}, two)
    with pytest.raises(sd.DataError, match="one unit"):
        sd.shift({"a": signal, "b": series([1, 2, 3], "CNY/MWh")}, two)
    with pytest.raises(sd.DataError, match="knows no cost of moves"):
        sd.shift(
            {"a": signal, "b": signal}, two, rule="carbon_time", regions="every_interval",
            move=sd.MoveCost(amount=1.0),
        )  # fmt: skip


def test_no_jobs_are_no_study_but_no_fault():
    jobs = sd.ShiftJobs.build(start=[], duration_h=[])
    shifted = sd.shift(series([1, 2]), jobs)
    assert len(shifted.frame) == 0
    assert shifted.summary["jobs_count"][0] == 0
    assert len(shifted.pieces()) == 0

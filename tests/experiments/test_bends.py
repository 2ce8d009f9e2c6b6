"""Levers of a scenario: the numbers they become, the faults they can have, and a day on which all of them are used."""

from dataclasses import replace

import numpy as np
import pytest

import suandian as sd
from suandian.experiments.scenario import Scenario
from suandian.experiments.scenario.bends import batch_power_ratio, bent_kind
from suandian.experiments.scenario.build import Inputs
from suandian.experiments.scenario.work import KindSection, StreamSection
from suandian.model.workload import FULL_PACE
from suandian.physics.serving import ServingModel
from suandian.quantity.errors import ScenarioError
from suandian.record.events import JobEventKind
from suandian.signals.job_mix import DEFAULT_KINDS
from suandian.verification.runs import job_runs

TRAINING = next(kind for kind in DEFAULT_KINDS if kind.kind == "training")


def section(**values: object) -> KindSection:
    return KindSection.model_validate(values)


def test_cap_and_elasticity_become_gears() -> None:
    kind = bent_kind(TRAINING, section(power_cap="80 %", elastic_gpus="50 %", checkpoint_every="30 min"))
    assert kind.checkpoint_every_h == 0.5
    assert kind.pace.gpu_ratio == (1.0, 1.0, 1.0, 0.5)
    # Half the GPUs at the deepest cap: 0.8^0.31 of the speed times 0.5^0.9.
    assert kind.pace.speed_ratio[-1] == pytest.approx(0.933 * 0.5359, abs=2e-3)
    assert bent_kind(TRAINING, section()) == replace(TRAINING, pace=FULL_PACE)


def test_kinds_with_the_same_levers_share_their_gears() -> None:
    tuning = next(kind for kind in DEFAULT_KINDS if kind.kind == "fine_tuning")
    levers = section(power_cap="75 %")
    assert bent_kind(TRAINING, levers).pace == bent_kind(tuning, levers).pace


def test_a_latency_objective_becomes_power() -> None:
    stream = {"origin": "beijing", "home": "a", "peak": "1 MW", "latency_max": "20 ms"}
    plain = StreamSection.model_validate(stream)
    assert batch_power_ratio(plain) == 1.0
    patient = StreamSection.model_validate(stream | {"token_latency": "28 ms", "token_latency_max": "45 ms"})
    assert batch_power_ratio(patient) == ServingModel().power_ratio(28.0, 45.0)


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"jobs.kinds.backup.power_cap": "60 %"}, "jobs.kinds.backup.power_cap", "idle power"),
        ({"jobs.kinds.training.power_cap": "50 %"}, "jobs.kinds.training.power_cap", "at least 60 %|too small"),
        ({"streams.beijing.token_latency_max": "40 ms"}, "streams.beijing.token_latency", "is missing"),
        (
            {"streams.beijing.token_latency": "10 ms", "streams.beijing.token_latency_max": "40 ms"},
            "streams.beijing.token_latency",
            "not reached",
        ),
        ({"transfer": {"bandwidth": "10"}}, "transfer.bandwidth", "bare number"),
        ({"transfer": {"price": "1 CNY/GB"}}, "transfer.bandwidth", "missing"),
    ],
)
def test_faults_name_their_place(change: dict[str, object], path: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=words) as told:
        sd.load("county-noon", set=change)
    assert path in [fault.path for fault in told.value.faults]


def test_gears_of_a_given_table_are_part_of_the_hash(flexible: sd.Finding) -> None:
    jobs = flexible.truth.jobs
    base = sd.load("county-noon", set={"time.end": "2026-04-03"})
    slower = tuple(replace(pace, speed_ratio=(1.0, *(0.9 * v for v in pace.speed_ratio[1:]))) for pace in jobs.paces)
    hashes = {
        Scenario(base.study, inputs=Inputs(jobs=replace(jobs, paces=paces))).hash for paces in (jobs.paces, slower)
    }
    assert len(hashes) == 2


@pytest.fixture(scope="module")
def flexible() -> sd.Finding:
    scenario = sd.load("county-noon", set={"time.end": "2026-04-03", "jobs.count": 3000}, overrides=("flexible",))
    return sd.run(scenario, coordinators=["run_now", "threshold", "lowest_slots", "rolling", "foresight"])


def test_every_kind_is_used_and_every_balance_holds(flexible: sd.Finding) -> None:
    rolling = flexible.arms["rolling"].kpis
    assert rolling["slowed_work_gpu_h"] > 0
    assert rolling["interactive_batched_mwh"] > 0
    assert rolling["moved_gb"] > 0
    assert flexible.arms["run_now"].kpis["interactive_batched_mwh"] == 0
    for arm in flexible.arms.values():
        assert arm.kpis["energy_balance_error_mwh"] < 1e-6
        assert arm.kpis["transfer_cost_cny"] == pytest.approx(0.01 * arm.kpis["moved_gb"])


def test_plans_that_bend_cost_less_and_the_bound_stays_below(flexible: sd.Finding) -> None:
    cost = {name: arm.kpis["objective_cny"] for name, arm in flexible.arms.items()}
    assert cost["rolling"] < cost["run_now"]
    assert all(flexible.bound_cny <= value for value in cost.values())


@pytest.mark.parametrize("arm", ["run_now", "threshold", "lowest_slots", "rolling", "foresight"])
def test_consent_deadlines_and_meters_agree_with_the_events(flexible: sd.Finding, arm: str) -> None:
    truth, journal = flexible.truth, flexible.arms[arm].journal
    jobs, events = truth.jobs, journal.job_events()
    runs = job_runs(events, journal.axis.end_s)
    allowed = (jobs.sites_allowed[runs.job] >> runs.site.astype(np.uint64)) & np.uint64(1)
    assert (allowed == 1).all()
    assert (runs.begin_s >= jobs.released_s[runs.job]).all()
    # Who finishes in a slow gear finishes in time.
    end_of = runs.end_s.copy()
    finished = np.zeros(len(jobs), dtype=np.int64)
    finished[events.job[events.kind == JobEventKind.FINISHED]] = events.at_s[events.kind == JobEventKind.FINISHED]
    slow_end = (runs.gear > 0) & (end_of == finished[runs.job])
    assert (end_of[slow_end] <= jobs.due_s[runs.job[slow_end]]).all()
    # Energy by gear and stated power is what the meters of the classes read.
    told_mwh = float((runs.duration_s / 3600.0 * runs.power_kw(jobs)).sum()) / 1000.0
    labels = [f"F{number}" for number in range(2, 6)]
    read_mwh = sum(journal.metered(f"site/{s}/it/{label}")[0].sum() for s in journal.sites for label in labels)
    assert told_mwh == pytest.approx(float(read_mwh), rel=1e-6)

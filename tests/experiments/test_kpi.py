"""The KPI record of a journal written by hand: two hours at 30 minutes over a month's end, every figure by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import isfinite, nan

import numpy as np
import pytest

from suandian.experiments.grid import GRID_KPI_NAMES
from suandian.experiments.kpi import KPI_NAMES, Reduced, reduce_journal
from suandian.model.grid import Feeder, Tie
from suandian.model.party import Party
from suandian.model.plan import Fleet, Objective, Transfer
from suandian.model.site import Battery, Site
from suandian.model.workload import FULL_PACE, ClassTable, JobTable, Pace
from suandian.quantity.timeaxis import TimeAxis
from suandian.record.events import JobBlock, JobEventKind, LevelBlock, Meter, MeterBlock, PlanEnacted
from suandian.record.journal import Journal
from suandian.simulation.truth import Truth

# 23:00 in Shanghai on 30 April: the third interval belongs to May.
AXIS = TimeAxis(datetime(2026, 4, 30, 15, tzinfo=UTC), timedelta(minutes=30), 4)
NONE = [0.0, 0.0, 0.0, 0.0]
READS = {
    # meter: (import, export) in MWh per half hour
    "site/a/grid": ([10.0, 12.0, 21.0, 4.0], NONE),
    "site/a/it": ([6.0, 9.0, 18.0, 4.0], NONE),
    **{f"site/a/it/F{label}": (NONE, NONE) for label in (0, 2, 4, 5)},
    "site/a/it/F1": ([1.0, 1.0, 1.0, 1.0], NONE),
    "site/a/it/F3": ([4.0, 6.0, 15.0, 1.0], NONE),
    "site/a/facility": ([8.0, 12.0, 22.0, 5.0], NONE),
    "site/a/battery": ([2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]),
    "site/b/grid": ([3.0, 2.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]),
    "site/b/it": ([2.0, 1.0, 2.0, 1.0], NONE),
    **{f"site/b/it/F{label}": (NONE, NONE) for label in (0, 1, 3, 4, 5)},
    "site/b/it/F2": ([1.0, 0.0, 1.0, 0.0], NONE),
    "site/b/facility": ([3.0, 2.0, 3.0, 2.0], NONE),
    "site/b/pv": (NONE, [0.0, 0.0, 2.0, 3.0]),
    "site/b/pv_available": (NONE, [0.0, 0.0, 2.0, 4.0]),
    "feeder/c/grid": ([46.0, 32.0, 31.0, 0.0], [0.0, 0.0, 0.0, 22.5]),
    "feeder/c/load": ([36.0, 20.0, 20.0, 6.0], NONE),
    "feeder/c/pv": (NONE, [0.0, 0.0, 10.0, 31.5]),
    "feeder/c/pv_available": (NONE, [0.0, 0.0, 10.0, 40.0]),
    # A base with wind: it sends 1.5 MWh to the county in the last half hour, a third of which is lost.
    "feeder/w/grid": (NONE, [0.0, 0.0, 0.0, 4.0]),
    "feeder/w/load": ([0.0, 0.0, 0.0, 0.5], NONE),
    "feeder/w/pv": (NONE, NONE),
    "feeder/w/pv_available": (NONE, NONE),
    "feeder/w/wind": (NONE, [0.0, 0.0, 0.0, 6.0]),
    "feeder/w/wind_available": (NONE, [0.0, 0.0, 0.0, 9.0]),
    "tie/line/w": (NONE, [0.0, 0.0, 0.0, 1.5]),
    "tie/line/c": ([0.0, 0.0, 0.0, 1.0], NONE),
}
ENERGY_CNY = 1000 + 2400 + 6300 + 1600 + (30 + 40 + 30)
CREDIT_CNY = 5
DEMAND_CNY = 1000 * (24 + 42) + 500 * (6 + 2)  # each month's highest half hour, MW
EXPECTED = {
    "objective_cny": ENERGY_CNY - CREDIT_CNY + DEMAND_CNY
    + 100 * 2  # wear on two MWh discharged
    + 80 * 49.0  # t by the marginal signal
    + 200 * (9.5 + 3)  # PV and wind thrown away
    + 20_000 * 2.0  # import above limits: 1 MWh at the feeder, 1 MWh at the own meter of a
    + 40 * 0.5  # GB to the carrier
    + 1.6 * 0.5 / 1000 * 1000  # to the tenant: MWh of slowed work, as at full speed
    + 0.5 * 100,  # to users: MWh that larger batches saved
    "energy_cost_cny": ENERGY_CNY - CREDIT_CNY,
    "demand_charge_cny": DEMAND_CNY,
    "total_cost_cny": ENERGY_CNY - CREDIT_CNY + DEMAND_CNY,
    "import_mwh": 46 + 32 + 31 + 6,
    "export_mwh": 22.5 + 4 + 1,
    "peak_import_mw": 92 + 6,
    "pv_curtailed_mwh": 8.5 + 1,
    "wind_curtailed_mwh": 3,
    "tie_mwh": 1.5,
    "reverse_flow_mwh": 22.5 + 4,
    "reverse_limit_h": 0.5,
    "carbon_average_kg": 500 * 47 + 1000,
    "carbon_marginal_kg": 1000 * 47 + 2000,
    "carbon_official_kg": 550 * 47 + 450 * 6,
    "renewable_share_ratio": (10 + 9 + 0.5 + 2 + 2) / (82 + 47 + 0.5 + 10),
    "battery_throughput_mwh": 2,
    "jobs_completed": 1,
    "deadline_misses": 1,
    "delay_mean_h": 0.25,
    "delay_p95_h": 0.475,
    "work_gpu_h": 10 + 1.6,  # two GPUs for an hour at four fifths of full speed
    "plan_placement_gap_mwh": (2 + 2 + 1 + 1) * 0.5,
    "energy_balance_error_mwh": 0,
    "import_violation_mwh": 2,
    "interactive_unserved_mwh": 0.25,
    "interactive_batched_mwh": 0.5,
    "slowed_work_gpu_h": 1.6,
    "moved_gb": 40,
    "transfer_cost_cny": 20,
    "transfer_mwh": 40 * 2e-6,
    "deadline_overrides": 1,
    "wall_s": 1.5,
    **dict.fromkeys(GRID_KPI_NAMES, nan),  # the feeder has no network
}  # fmt: skip


def jobs() -> JobTable:
    start_s = AXIS.start_s
    return JobTable(
        id=np.array([1, 2]), user=np.zeros(2), kind=np.array([1, 1]), contract=np.zeros(2),
        submitted_s=np.array([start_s, start_s]), released_s=np.array([start_s, start_s + 1800]),
        due_s=np.array([start_s + 7200, start_s + 7200]), work_gpu_h=np.array([10.0, 3.0]),
        gpus_min=np.array([10, 2]), gpus_max=np.array([10, 2]), power_per_gpu_kw=np.array([0.5, 0.5]),
        preemptible=np.ones(2, bool), checkpoint_h=np.zeros(2), home=np.array([0, 1]),
        sites_allowed=np.array([3, 3]), data_gb=np.array([7.0, 40.0]), pace=np.array([0, 1]),
        paces=(FULL_PACE, Pace("capped", (1.0, 1.0), (1.0, 0.6), (1.0, 0.8))),
    )  # fmt: skip


def truth(objective: Objective) -> Truth:
    battery = Battery(4.0, 4.0, 4.0, 1.0, 1.0, energy_initial_mwh=1.0, wear_cny_per_mwh=100.0)
    fleet = Fleet(
        sites=(
            Site("a", "owner", "shandong", 36.0, 116.0, 100, 1.0, 50.0, 40.0, battery=battery, feeder="c"),
            Site("b", "owner", "gansu", 36.0, 106.0, 100, 1.0, 5.0, 8.0, export_max_mw=2.0, pv_mw=10.0),
        ),
        feeders=(
            Feeder("c", "county", "shandong", 36.0, 116.0, 100.0, 0.9, 0.5, 80.0),
            Feeder("w", "county", "gansu", 36.0, 107.0, 100.0, 0.9, 0.5, 0.0, wind_mw=20.0),
        ),
        ties=(Tie("line", "w", "c", 5.0, 0.0, 1 / 3),),
        classes=ClassTable(("F2", "F3"), np.array([1.0, 8.0]), np.array([3, 3], np.uint64), np.array([0.5, 0.5])),
        stream_ids=(), stream_label=(), stream_allowed=np.zeros((0, 2), bool), stream_home=np.zeros(0, np.int64),
        stream_power_per_gpu_kw=np.zeros(0), demand_cny_per_mw_month=np.array([1000.0, 500.0]),
        carbon_official_kg_per_mwh=np.array([550.0, 450.0]), zone="Asia/Shanghai",
        transfer=Transfer(bandwidth_gb_per_h=400.0, energy_mwh_per_gb=2e-6, price_cny_per_gb=0.5),
    )  # fmt: skip
    average = np.array([[500.0] * 4, [100.0, 200.0, 300.0, 400.0]])
    feeder_pv, zero = np.array([[0.0, 0.0, 20.0, 80.0], NONE]), np.zeros((2, 4))
    return Truth(
        axis=AXIS, fleet=fleet, parties=(Party("state_grid", frozenset({"grid_operator"})),),
        objective=objective, jobs=jobs(), class_index=np.array([1, 0]), streams=(),
        price_cny_per_mwh=np.array([[100.0, 200.0, 300.0, 400.0], [10.0, 20.0, 30.0, 40.0]]),
        export_price_cny_per_mwh=np.array([NONE, [0.0, 0.0, 0.0, 5.0]]),
        carbon_average_kg_per_mwh=average, carbon_marginal_kg_per_mwh=2 * average, outdoor_c=zero,
        site_pv_mw=zero, feeder_pv_mw=feeder_pv, feeder_load_mw=np.array([[72.0, 40.0, 40.0, 12.0], NONE]),
        site_pv_upper_mw=zero, feeder_pv_upper_mw=feeder_pv, arrivals_mw=np.zeros((2, 168)),
        arrival_run_h=np.ones(2), instructions=(), sources={"price_cny_per_mwh/a": "the tariff of a"},
    )  # fmt: skip


def journal() -> Journal:
    made = Journal(AXIS, tuple(Meter(meter) for meter in READS), ("a", "b"))
    offered_mw = np.array([[10.0, 10.0, 30.0, 4.0], [1.0, 1.0, 1.0, 1.0]])
    told = {"interactive_unserved_mwh": 0.25, "interactive_batched_mwh": 0.5, "overrides": 1.0}
    made.append(PlanEnacted(0, 4, "by_hand", offered_mw, AXIS.start_s, told))
    start_s = AXIS.start_s
    rows = [
        (0, JobEventKind.SUBMITTED, start_s, -1),
        (0, JobEventKind.STARTED, start_s + 1800, 0),
        (1, JobEventKind.MOVED, start_s + 1800, 1),
        (1, JobEventKind.ARRIVED, start_s + 2160, 1),
        (1, JobEventKind.STARTED, start_s + 3600, 1),
        (1, JobEventKind.GEAR_1, start_s + 3600, 1),
        (0, JobEventKind.FINISHED, start_s + 5400, 0),
    ]
    job, kind, at_s, site = (np.array(column) for column in zip(*rows, strict=True))
    made.append(JobBlock(job, kind.astype(np.int8), at_s, site.astype(np.int16)))
    imported, exported = (np.array([reads[side] for reads in READS.values()]) for side in (0, 1))
    made.append(MeterBlock(0, imported, exported, np.zeros(imported.shape, np.int8)))
    made.append(LevelBlock(0, np.array([[3.0, 3.0, 2.0, 1.0], NONE])))
    return made


def reduced(**objective: object) -> Reduced:
    chosen = {"carbon_cny_per_t": 80.0, "carbon_signal": "marginal", "curtailment_cny_per_mwh": 200.0}
    chosen |= {"slowing_cny_per_mwh": 1000.0, "batching_cny_per_mwh": 100.0} | objective
    return reduce_journal(journal(), truth(Objective(**chosen)), wall_s=1.5)


def test_every_kpi_is_there_in_the_order_of_the_table() -> None:
    kpis = reduced().kpis
    assert tuple(kpis) == KPI_NAMES
    assert set(EXPECTED) == set(KPI_NAMES)
    assert all(isinstance(value, float) for value in kpis.values())
    assert {name for name, value in kpis.items() if not isfinite(value)} == set(GRID_KPI_NAMES)


@pytest.mark.parametrize("name", KPI_NAMES)
def test_every_kpi_by_hand(name: str) -> None:
    assert reduced().kpis[name] == pytest.approx(EXPECTED[name], rel=1e-6, abs=1e-9, nan_ok=True)


def test_the_objective_follows_the_chosen_carbon_signal_and_weights() -> None:
    money = ENERGY_CNY - CREDIT_CNY + DEMAND_CNY + 200 + 20 + 0.8 + 50
    plain = reduced(carbon_cny_per_t=0.0, curtailment_cny_per_mwh=0.0, violation_cny_per_mwh=0.0)
    assert plain.kpis["objective_cny"] == pytest.approx(money)
    average = reduced(carbon_signal="average", curtailment_cny_per_mwh=0.0, violation_cny_per_mwh=0.0)
    assert average.kpis["objective_cny"] == pytest.approx(money + 80 * 24.5)


def test_money_is_what_the_books_say() -> None:
    books = reduced().ledger
    assert books.balance("owner:Expenses:Energy") == Decimal(ENERGY_CNY)
    assert books.balance("owner:Expenses:Demand") == Decimal(DEMAND_CNY)
    assert books.balance("owner:Income:Export") == -Decimal(CREDIT_CNY)
    assert books.balance("owner:Liabilities:Payable") == -Decimal(ENERGY_CNY + DEMAND_CNY - CREDIT_CNY)
    assert books.balance("county:Assets:Receivable") == Decimal(11_300 + 66_000)
    assert books.balance("state_grid:Assets:Receivable") == Decimal(95 + 4_000)
    assert sum(books.balances().values()) == 0


def test_the_frame_of_connections_adds_up_to_the_record() -> None:
    result = reduced()
    sites = result.sites
    assert sites["connection"].to_list() == ["c", "w", "b"]
    for column in ("import_mwh", "export_mwh", "pv_curtailed_mwh", "wind_curtailed_mwh",
                   "energy_cost_cny", "demand_charge_cny", "carbon_average_kg", "carbon_marginal_kg",
                   "carbon_official_kg", "work_gpu_h"):  # fmt: skip
        assert sites[column].sum() == pytest.approx(result.kpis[column]), column
    assert sites["tie_out_mwh"].to_list() == [0.0, 1.5, 0.0]
    assert sites["tie_in_mwh"].to_list() == [1.0, 0.0, 0.0]
    assert sites["billed_peak_mw"].to_list() == [42.0, 0.0, 6.0]
    assert sites["facility_mwh"].to_list() == [47.0, 0.0, 10.0]
    assert result.jobs["missed"].to_list() == [False, True]

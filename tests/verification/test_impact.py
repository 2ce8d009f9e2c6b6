from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.quantity.timeaxis import TimeAxis
from suandian.record.events import Meter, MeterBlock
from suandian.record.journal import Journal
from suandian.verification.impact import Connection, account, emissions_kg, site_balance_error_mwh

AXIS = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(minutes=30), 3)
READS = {
    # meter: (import, export) in MWh per half hour
    "feeder/c/grid": ([45.0, 0.0, 0.0], [0.0, 32.0, 10.0]),
    "feeder/c/load": ([20.0, 15.0, 15.0], [0.0, 0.0, 0.0]),
    "feeder/c/pv": ([0.0, 0.0, 0.0], [0.0, 60.0, 36.0]),
    "feeder/c/pv_available": ([0.0, 0.0, 0.0], [0.0, 70.0, 36.0]),
    "site/a/grid": ([25.0, 13.0, 11.0], [0.0, 0.0, 0.0]),
    "site/a/facility": ([27.0, 10.0, 11.0], [0.0, 0.0, 0.0]),
    "site/a/battery": ([0.0, 3.0, 0.0], [2.0, 0.0, 0.0]),
}
CONNECTION = Connection(
    "c", "feeder/c/grid", 80.0, 64.0, ("site/a/grid",), ("feeder/c/load", "site/a/facility"),
    (("feeder/c/pv", "feeder/c/pv_available"),), ("site/a/battery",),
)  # fmt: skip


def journal(**changes: tuple[list[float], list[float]]) -> Journal:
    reads = READS | {key.replace("__", "/"): value for key, value in changes.items()}
    made = Journal(AXIS, tuple(Meter(m) for m in reads), ("a",))
    imported = np.array([r[0] for r in reads.values()])
    exported = np.array([r[1] for r in reads.values()])
    made.append(MeterBlock(0, imported, exported, np.zeros(imported.shape, dtype=np.int8)))
    return made


def test_the_account_by_hand() -> None:
    result = account(journal(), CONNECTION)
    assert result.import_mwh == 45.0
    assert result.export_mwh == 42.0
    assert result.peak_import_mw == 90.0  # 45 MWh in half an hour
    assert result.pv_curtailed_mwh == 10.0
    assert result.reverse_limit_h == 0.5  # 32 MWh in half an hour is the limit of 64 MW
    assert result.import_violation_mwh == pytest.approx(5.0)  # 90 MW against 80 MW for half an hour
    assert result.renewable_mwh == 28.0 + 26.0
    assert result.consumption_mwh == 98.0
    assert result.balance_error_mwh == pytest.approx(0.0, abs=1e-12)


def test_a_broken_balance_shows() -> None:
    wrong = journal(feeder__c__load=([20.0, 15.0, 15.5], [0.0, 0.0, 0.0]))
    assert account(wrong, CONNECTION).balance_error_mwh == pytest.approx(0.5)


def test_the_site_has_a_balance_of_its_own() -> None:
    assert site_balance_error_mwh(journal(), "a") == pytest.approx(0.0, abs=1e-12)
    wrong = journal(site__a__battery=([0.0, 3.0, 0.25], [2.0, 0.0, 0.0]))
    assert site_balance_error_mwh(wrong, "a") == pytest.approx(0.25)


def test_emissions_are_import_times_factor() -> None:
    assert emissions_kg(np.array([1.0, 2.0]), np.array([500.0, 100.0])) == 700.0
    assert emissions_kg(np.array([1.0, 2.0]), 600.0) == 1800.0

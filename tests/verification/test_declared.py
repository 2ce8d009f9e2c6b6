from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.baseline import Outcome, Why
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.declared import (
    Audit,
    audit_slots,
    firm_level,
    inflation_profit_cny,
    nominated,
    within_firm_level,
)
from suandian.verification.event import Event
from suandian.verification.metering import LoadTable
from suandian.verification.rules import rule

AXIS = TimeAxis(datetime(2025, 6, 1, 16, tzinfo=UTC), timedelta(hours=1), 48)
TABLE = LoadTable(("a", "b"), AXIS, np.full((2, 48), 5.0), "Asia/Shanghai", WEEKDAYS)
EVENT = Event("e", AXIS.start_s, AXIS.start_s + 36000, AXIS.start_s + 43200)


def test_a_firm_level_is_flat_whatever_the_load() -> None:
    batch = firm_level(TABLE, EVENT, rule("FIRM_LEVEL"), np.array([4.0, np.nan]))
    assert batch.baseline_mw[0].tolist() == [4.0, 4.0]
    assert batch.outcome.tolist() == [Outcome.MEASURED, Outcome.NOT_MEASURABLE]
    assert firm_level(TABLE, EVENT, rule("FIRM_LEVEL"), None).why.tolist() == [Why.NO_EVIDENCE] * 2
    assert within_firm_level(np.array([[4.0, 3.0], [4.1, 3.0]]), np.array([4.0, 4.0])).tolist() == [True, False]


def test_a_nominated_schedule_is_the_baseline() -> None:
    schedule = np.arange(96.0).reshape(2, 48)
    schedule[1, 11] = np.nan
    batch = nominated(TABLE, EVENT, rule("NOMINATED"), schedule)
    assert batch.baseline_mw[0].tolist() == [10.0, 11.0]
    assert batch.why.tolist() == [Why.NOTHING, Why.NO_EVIDENCE]
    assert nominated(TABLE, EVENT, rule("NOMINATED"), None).why.tolist() == [Why.NO_EVIDENCE] * 2
    with pytest.raises(DataError, match="the schedule is"):
        nominated(TABLE, EVENT, rule("NOMINATED"), np.ones((1, 48)))


@pytest.mark.parametrize(("audit_rate", "penalty", "best"), [(0.2, 8000.0, 0.0), (0.1, 8000.0, 0.3)])
def test_the_truth_pays_best_where_audits_bite(audit_rate, penalty, best) -> None:
    """Price 2,000 CNY/MWh. p·penalty against (1 − p)·price: 0.2·8,000 = 1,600 ≥ 0.8·2,000; 0.1·8,000 < 0.9·2,000."""
    inflation = np.linspace(0.0, 0.3, 31)
    profit = inflation_profit_cny(inflation, 10.0, 2.0, 2000.0, Audit(audit_rate, penalty, "s"))
    # At equality every inflation earns the same, 0: truth is among the best.
    assert profit.max() <= profit[np.flatnonzero(inflation == best)[0]] + 1e-9
    assert profit[0] == 0.0


def test_audits_are_drawn_by_a_secret_that_was_committed_to() -> None:
    audit = Audit(0.25, 1.0, "season 2026")
    ids = tuple(f"e{i}" for i in range(4000))
    drawn = audit_slots(audit, ids)
    assert drawn.tolist() == audit_slots(Audit(0.25, 1.0, "season 2026"), ids).tolist()
    assert abs(drawn.mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 4000)
    assert len(audit.commitment) == 64
    assert audit.commitment != Audit(0.25, 1.0, "other").commitment
    with pytest.raises(DataError, match="not in 0…1"):
        Audit(1.5, 1.0, "s")

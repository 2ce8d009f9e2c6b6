from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from suandian.quantity.errors import DataError, InvariantBroken
from suandian.quantity.timeaxis import TimeAxis
from suandian.record.events import Meter, MeterBlock
from suandian.record.journal import Journal
from suandian.settlement.ledger import Ledger
from suandian.settlement.rating import SupplyContract, rate_supply

AXIS = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(hours=1), 2)


def contract(meter: str = "site/a/grid") -> SupplyContract:
    return SupplyContract(meter, "op", "grid", np.array([100.0, 200.0]), np.full(2, 50.0), 1000.0, "price list 2026")


def journal(periods: int = 2) -> Journal:
    made = Journal(AXIS, (Meter("site/a/grid"),), ("a",))
    imported = np.array([[3.0, 1.0]])[:, :periods]
    exported = np.array([[0.0, 2.0]])[:, :periods]
    made.append(MeterBlock(0, imported, exported, np.zeros((1, periods), dtype=np.int8)))
    return made


def test_both_parties_books_say_the_same() -> None:
    bills, transactions = rate_supply(journal(), [contract()], zone="Asia/Shanghai")
    ledger = Ledger("CNY")
    ledger.book(transactions)
    # energy 3·100 + 1·200 = 500, export 2·50 = 100, demand 3 MW · 1,000 = 3,000 → payable 3,400
    assert bills[0].energy_cny == Decimal("500.00")
    assert ledger.balance("op:Liabilities:Payable") == Decimal("-3400.00")
    assert ledger.balance("grid:Assets:Receivable") == Decimal("3400.00")
    assert ledger.balance("op") == 0
    assert ledger.balance("grid") == 0
    assert "price list 2026" in transactions[0].because


def test_an_unfinished_journal_is_not_billed() -> None:
    with pytest.raises(InvariantBroken, match="1 of 2 intervals"):
        rate_supply(journal(1), [contract()], zone="UTC")


def test_a_contract_without_a_meter_is_named() -> None:
    with pytest.raises(DataError, match="site/b/grid"):
        rate_supply(journal(), [contract("site/b/grid")], zone="UTC")

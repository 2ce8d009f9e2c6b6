from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suandian.quantity.errors import InvariantBroken
from suandian.settlement.ledger import Ledger, Posting, Transaction

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def pay(amount: str) -> Transaction:
    value = Decimal(amount)
    return Transaction(NOW, "bill", (Posting("op:Expenses:Energy", value), Posting("op:Liabilities:Payable", -value)))


def test_a_transaction_that_does_not_sum_to_zero_is_refused() -> None:
    with pytest.raises(InvariantBroken, match=r"0\.01"):
        Transaction(NOW, "bill", (Posting("a:Expenses:X", Decimal("1.01")), Posting("a:Assets:Y", Decimal("-1.00"))))


def test_a_transaction_names_its_cause() -> None:
    with pytest.raises(InvariantBroken, match="cause"):
        Transaction(NOW, "", ())


@given(st.lists(st.decimals("-1e6", "1e6", places=2), max_size=12))
def test_the_books_always_sum_to_zero(amounts: list[Decimal]) -> None:
    ledger = Ledger("CNY")
    ledger.book(pay(str(amount)) for amount in amounts)
    assert sum(ledger.balances().values(), Decimal(0)) == 0
    assert ledger.balance("op:Expenses") == sum(amounts, Decimal(0))


def test_beancount_text_opens_every_account() -> None:
    ledger = Ledger("CNY")
    ledger.book([pay("12.30")])
    text = ledger.to_beancount()
    assert "2026-05-01 open Expenses:Op:Energy CNY" in text
    assert "  Liabilities:Op:Payable  -12.30 CNY" in text

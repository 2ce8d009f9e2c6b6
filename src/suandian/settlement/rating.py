"""From meter reads and tariffs to transactions: what each site owes its grid company."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import InvariantBroken
from suandian.record.journal import Journal
from suandian.settlement.ledger import Posting, Transaction
from suandian.settlement.tariff import MonthlyBill, monthly_bills

__all__ = ["SupplyContract", "rate_supply"]


@dataclass(frozen=True, slots=True, eq=False)
class SupplyContract:
    """Who pays whom for what passes a meter: the contract's prices on the journal's axis, `(periods,)`.

    clause names the tariff document that makes the amounts a debt.
    """

    meter: str
    payer: str
    payee: str
    price_cny_per_mwh: NDArray[np.float64]
    export_price_cny_per_mwh: NDArray[np.float64]
    demand_cny_per_mw_month: float
    clause: str


def rate_supply(
    journal: Journal, contracts: Sequence[SupplyContract], *, zone: str
) -> tuple[list[MonthlyBill], list[Transaction]]:
    """Bills and transactions of all supply contracts, from the journal's meter reads and nothing else.

    Raises `DataError` when a contract names a meter that the journal does not have.
    """
    bills: list[MonthlyBill] = []
    transactions: list[Transaction] = []
    for contract in contracts:
        imported, exported = journal.metered(contract.meter)
        if len(imported) != journal.axis.periods:
            raise InvariantBroken(f"{contract.meter}: {len(imported)} of {journal.axis.periods} intervals are metered")
        for bill in monthly_bills(
            contract.meter,
            journal.axis,
            zone,
            imported,
            exported,
            contract.price_cny_per_mwh,
            contract.export_price_cny_per_mwh,
            contract.demand_cny_per_mw_month,
        ):
            bills.append(bill)
            transactions.append(_transaction(journal, contract, bill))
    return bills, transactions


def _transaction(journal: Journal, contract: SupplyContract, bill: MonthlyBill) -> Transaction:
    payable = bill.energy_cny + bill.demand_cny - bill.export_credit_cny
    return Transaction(
        at=journal.axis.end,
        because=f"{bill.meter} {bill.month}: {bill.import_mwh:.3f} MWh, peak {bill.peak_mw:.3f} MW; {contract.clause}",
        postings=(
            Posting(f"{contract.payer}:Expenses:Energy", bill.energy_cny),
            Posting(f"{contract.payer}:Expenses:Demand", bill.demand_cny),
            Posting(f"{contract.payer}:Income:Export", -bill.export_credit_cny),
            Posting(f"{contract.payer}:Liabilities:Payable", -payable),
            Posting(f"{contract.payee}:Assets:Receivable", payable),
            Posting(f"{contract.payee}:Income:Energy", -bill.energy_cny),
            Posting(f"{contract.payee}:Income:Demand", -bill.demand_cny),
            Posting(f"{contract.payee}:Expenses:Export", bill.export_credit_cny),
        ),
    )

"""A small double-entry ledger: append-only, every transaction sums to zero and names its cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from suandian.quantity.errors import InvariantBroken

__all__ = ["Ledger", "Posting", "Transaction"]


@dataclass(frozen=True, slots=True)
class Posting:
    """`amount` booked on `account` = `Party:Type:Item`; debit positive, credit negative."""

    account: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Transaction:
    """Money moved at `at` because of `because` (what happened, and the clause that makes it a debt).

    Raises `InvariantBroken` unless the postings sum to exactly zero.
    """

    at: datetime
    because: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        total = sum((posting.amount for posting in self.postings), Decimal(0))
        if total != 0:
            raise InvariantBroken(f"transaction {self.because!r} sums to {total}, not to zero")
        if not self.because:
            raise InvariantBroken("a transaction names its cause")


@dataclass(eq=False)
class Ledger:
    """Transactions in the order of booking; a correction is a reversing transaction."""

    currency: str
    _transactions: list[Transaction] = field(default_factory=list, init=False, repr=False)

    def book(self, transactions: Iterable[Transaction]) -> None:
        self._transactions.extend(transactions)

    @property
    def transactions(self) -> tuple[Transaction, ...]:
        return tuple(self._transactions)

    def balances(self) -> Mapping[str, Decimal]:
        """Account → sum of its postings; all balances together sum to zero."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for transaction in self._transactions:
            for posting in transaction.postings:
                sums[posting.account] += posting.amount
        return dict(sorted(sums.items()))

    def balance(self, prefix: str) -> Decimal:
        """Sum over the accounts that are `prefix` or lie below it."""
        return sum((v for k, v in self.balances().items() if k == prefix or k.startswith(prefix + ":")), Decimal(0))

    def to_beancount(self) -> str:
        """The ledger as Beancount text (https://beancount.github.io/docs/): one commodity, one file, checkable."""
        accounts = sorted(self.balances())
        first = min((t.at for t in self._transactions), default=None)
        if first is None:
            return ""
        lines = [f'option "operating_currency" "{self.currency}"', ""]
        lines += [f"{first:%Y-%m-%d} open {_beancount_account(a)} {self.currency}" for a in accounts]
        for transaction in self._transactions:
            text = transaction.because.replace('"', "'")
            lines += ["", f'{transaction.at:%Y-%m-%d} * "{text}"']
            lines += [f"  {_beancount_account(p.account)}  {p.amount} {self.currency}" for p in transaction.postings]
        return "\n".join(lines) + "\n"


def _beancount_account(account: str) -> str:
    """`Party:Type:Item` as Beancount wants it: type first, every part capitalised, letters, digits and dashes."""
    party, kind, item = account.split(":")
    return ":".join([kind, *("".join(c if c.isalnum() else "-" for c in part.title()) for part in (party, item))])

"""Errors of suandian. Whatever a user can cause is one of these, with its place and remedy.

```
SuandianError
├── ScenarioError     a scenario or an argument is wrong; carries every fault at once
├── DataError         a data file or table is wrong: which file, which row, what to do
├── AdapterError      a foreign system or an optional part is missing or answers wrongly
├── Infeasible        no plan exists; carries the binding constraints and the shortfall
└── InvariantBroken   an internal promise failed (energy balance, capacity, zero-sum money)
```

The command line prints the first four without a traceback and exits 2; `InvariantBroken` is ours: exit 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

__all__ = [
    "AdapterError",
    "DataError",
    "Fault",
    "Infeasible",
    "InvariantBroken",
    "ScenarioError",
    "SuandianError",
]


class SuandianError(Exception):
    """Base of every error that suandian raises on purpose."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where it is, and what is wrong with what to write instead."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ScenarioError(SuandianError):
    """A scenario (file or arguments) has faults; all of them are told together."""

    def __init__(self, faults: Iterable[Fault], *, source: str = "scenario") -> None:
        self.faults = tuple(faults)
        self.source = source
        count = len(self.faults)
        head = f"{source} has {count} fault{'s' if count != 1 else ''}:"
        super().__init__("\n".join([head, *(f"  {fault}" for fault in self.faults)]))

    def __reduce__(self) -> tuple[partial[ScenarioError], tuple[tuple[Fault, ...]]]:
        # An exception is rebuilt from its message, which is not what this one is made from: workers send it as faults.
        return partial(type(self), source=self.source), (self.faults,)


class DataError(SuandianError):
    """A table or file cannot be used as it is; the message names file, row or column, and the remedy."""


class AdapterError(SuandianError):
    """A foreign system, plug-in or optional extra is missing or answered wrongly."""


class Infeasible(SuandianError):
    """No plan satisfies the hard limits.

    `constraints` names the limits that cannot hold together, `shortfall` says by how much,
    in the unit that its text names.
    """

    def __init__(self, message: str, *, constraints: tuple[str, ...] = (), shortfall: str = "") -> None:
        self.constraints = constraints
        self.shortfall = shortfall
        parts = [message]
        if constraints:
            parts.append("limits in conflict: " + ", ".join(constraints))
        if shortfall:
            parts.append("short by " + shortfall)
        super().__init__("; ".join(parts))


class InvariantBroken(SuandianError):
    """A promise of the program itself failed. Please report it with the run folder."""

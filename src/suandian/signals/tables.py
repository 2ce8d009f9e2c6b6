"""Parameter tables shipped with the generators: small CSV files with units, source and confidence in their head."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import DataError, Fault, ScenarioError

__all__ = ["Table", "canonical", "load", "same_name"]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One shipped table.

    about, source, confidence   the lines of its head
    keys       first column, one per row
    columns    header without its unit → values as text
    units      header without its unit → unit
    """

    name: str
    about: str
    source: str
    confidence: str
    keys: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    units: Mapping[str, str]

    def numbers(self, column: str) -> NDArray[np.float64]:
        """A column as floats, shape `(rows,)`, in `units[column]`."""
        return np.array([float(text) for text in self.columns[column]], dtype=np.float64)

    def row(self, key: str) -> dict[str, float]:
        """The numeric cells of the first row named `key`; raises `ScenarioError` naming the known keys."""
        index = self.keys.index(canonical(key, self.keys, path=self.name))
        cells: dict[str, float] = {}
        for column, values in self.columns.items():
            try:
                cells[column] = float(values[index])
            except ValueError:
                continue  # a column of words
        return cells


def same_name(left: str, right: str) -> bool:
    """True for names that differ only in case, spaces, hyphens or underscores (`inner_mongolia`, `InnerMongolia`)."""
    return _bare(left) == _bare(right)


def canonical(name: str, known: tuple[str, ...], *, path: str) -> str:
    """`name` as it is spelt in `known`; raises `ScenarioError` listing what is known."""
    for candidate in known:
        if same_name(candidate, name):
            return candidate
    choices = ", ".join(dict.fromkeys(known))
    raise ScenarioError([Fault(path, f"{name!r} is not known; write one of {choices}")], source="signals")


@cache
def load(name: str) -> Table:
    """The shipped table `name` (without `.csv`), read once. Raises `DataError` when its head is incomplete."""
    text = (files("suandian.signals") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    lines = text.splitlines()
    head = [line[1:].strip() for line in lines if line.startswith("#")]
    rows = list(csv.reader(line for line in lines if line and not line.startswith("#")))
    facts = dict(line.split(": ", 1) for line in head if line.startswith(("source: ", "confidence: ")))
    if not {"source", "confidence"} <= facts.keys():
        raise DataError(f"signals/data/{name}.csv: the head needs '# source: …' and '# confidence: …'")
    names, units = zip(*(_header(cell) for cell in rows[0]), strict=True)
    columns = list(zip(*rows[1:], strict=True))
    return Table(
        name=name,
        about=head[0],
        source=facts["source"],
        confidence=facts["confidence"],
        keys=tuple(columns[0]),
        columns=dict(zip(names[1:], columns[1:], strict=True)),
        units=dict(zip(names[1:], units[1:], strict=True)),
    )


def _header(cell: str) -> tuple[str, str]:
    name, _, unit = cell.partition(" [")
    return name, unit.removesuffix("]")


def _bare(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())

"""What a trace format is, and how one is recognised from its content.

A format is an object registered under the entry-point group `suandian.traces`: anything with the fields of `Format`.
`format.read(path, **options)` gives `JobRecords`; `format.recognises(head)` says whether a file looks like it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from suandian.adapters.traces.text import first_lines
from suandian.model.records import JobRecords
from suandian.quantity.errors import DataError

__all__ = ["Format", "Head", "recognise"]


@dataclass(frozen=True)
class Head:
    """The beginning of a file: its name, its first lines, and the columns that they name."""

    name: str
    text: str
    parquet_columns: tuple[str, ...] = ()

    @classmethod
    def of(cls, path: Path) -> Head:
        """Raises `DataError` for a file that is not there, empty, or no Parquet although called so."""
        if not path.is_file():
            raise DataError(f"{path}: no such file; check the name")
        if path.name.lower().endswith(".parquet"):
            try:
                return cls(path.name, "", tuple(pl.read_parquet_schema(path)))
            except (OSError, pl.exceptions.PolarsError) as error:
                raise DataError(f"{path.name}: cannot be read as Parquet; check the file") from error
        text = first_lines(path)
        if not text.strip():
            raise DataError(f"{path.name}: is empty or no text; check the file")
        return cls(path.name, text)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The first lines that are not blank; the last of them may be cut off."""
        return tuple(line for line in self.text.splitlines() if line.strip())

    @property
    def is_json(self) -> bool:
        """Does it begin as a JSON object or list does?"""
        return self.text.lstrip()[:1] in ("{", "[")

    def columns(self, separator: str = ",") -> tuple[str, ...]:
        """The fields of the first line, or the columns of a Parquet file."""
        if self.parquet_columns or not self.lines:
            return self.parquet_columns
        return tuple(name.strip() for name in next(csv.reader([self.lines[0]], delimiter=separator), []))

    def has(self, *names: str, separator: str = ",") -> bool:
        """Are all of `names` among the columns?"""
        return set(names) <= set(self.columns(separator))


@dataclass(frozen=True, slots=True)
class Format:
    """One way in which operators keep their jobs.

    name        as written in `format:`; the name of the entry point
    title       what it is, in a few words
    read        `read(path, **options) -> JobRecords`
    recognises  whether the beginning of a file looks like it; must not raise
    clock       `absolute` (times carry their zone), `naive` (local times: `read` takes `zone`), `relative` (begins
                anywhere)
    origin      where such files come from, and under which licence
    """

    name: str
    title: str
    read: Callable[..., JobRecords]
    recognises: Callable[[Head], bool]
    clock: str
    origin: str

    def __call__(self, path: str | Path, **options: object) -> JobRecords:
        """The same as `read`."""
        return self.read(Path(path), **options)


def recognise(path: str | Path, formats: Iterable[Format]) -> Format:
    """The one format of `formats` that the file looks like.

    Raises `DataError` if it looks like none, or like several (naming them).
    """
    table = sorted(formats, key=lambda each: each.name)
    head = Head.of(Path(path))
    found = [each for each in table if each.recognises(head)]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(each.name for each in found)
        raise DataError(f"{head.name}: may be {names}; say which with `format`")
    if head.has("TIMESTAMP", "ContextTokens", "GeneratedTokens"):
        raise DataError(f"{head.name}: holds requests to a language model, no jobs; give it to a stream as `requests`")
    shown = head.lines[0][:80] if head.lines else ", ".join(head.parquet_columns[:8])
    known = ", ".join(each.name for each in table)
    raise DataError(f"{head.name}: looks like none of {known}; it begins with {shown!r}. Say its `format`")

"""JSON files of any size, one entry of a list at a time; and the columns that are gathered from entries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import Any

import polars as pl

from suandian.adapters.traces.cells import STATE_TYPE, UNKNOWN
from suandian.adapters.traces.text import Truncated
from suandian.adapters.traces.unpack import ByteStream, opened
from suandian.model.records import Remark
from suandian.quantity.errors import DataError

__all__ = ["Entries", "Gathered", "as_dict", "as_list", "entries", "number_of"]

_CHUNK_BYTES = 1_000_000
_EXAMPLE_LENGTH = 80
_BLANKS = " \t\r\n"
_TYPES: Mapping[str, Any] = {
    "id": pl.String,
    "user": pl.String,
    "kind": pl.String,
    "state": pl.String,
    "state_said": pl.String,
    "submitted_s": pl.Float64,
    "started_s": pl.Float64,
    "ended_s": pl.Float64,
    "duration_s": pl.Float64,
    "gpus": pl.Float64,
    "cpus": pl.Float64,
    "fault": pl.String,
    "preemptible": pl.Boolean,
}


def as_dict(value: object) -> Mapping[str, Any]:
    """The object, or an empty one where something else stands."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> Sequence[Any]:
    """The list, or an empty one where something else stands."""
    return value if isinstance(value, list) else ()


def number_of(value: object) -> float | None:
    """A finite number, plain or as `{set, infinite, number}` (Slurm); else None."""
    if isinstance(value, dict):
        if not value.get("set", True) or value.get("infinite"):
            return None
        value = value.get("number")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < float("inf") else None


@dataclass(slots=True)
class Gathered:
    """Columns of rows that come one by one; `line` is the number of the entry, from 1."""

    columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in ("line", *_TYPES)})

    def add(self, line: int, **values: object) -> None:
        """One row; what is not given is null."""
        for name, column in self.columns.items():
            column.append(line if name == "line" else values.get(name))

    def frame(self) -> pl.LazyFrame:
        """The rows as `sieve.settle` wants them."""
        types = {"line": pl.UInt32, **_TYPES}
        frame = pl.DataFrame(
            {name: pl.Series(values, dtype=types[name], strict=False) for name, values in self.columns.items()}
        )
        state = pl.col("state").fill_null(UNKNOWN).cast(STATE_TYPE)
        return frame.lazy().with_columns(state)


@dataclass(slots=True)
class Entries:
    """The entries of one list; after the last, `remarks` says whether the file ended too early."""

    name: str
    stream: ByteStream
    keys: tuple[str, ...]
    truncated: Truncated
    remarks: list[Remark] = field(default_factory=list)
    buffer: str = ""
    at: int = 0
    ended: bool = False
    count: int = 0
    partial: bytes = b""
    mended_count: int = 0

    def __iter__(self) -> Iterator[tuple[int, object]]:
        """Number (from 1) and content of each entry. Raises `DataError` for what is no such JSON."""
        self._enter()
        if self._peek() == "]":
            return
        while True:
            try:
                value = self._value()
            except JSONDecodeError as error:
                self._broken(error)
                return
            self.count += 1
            yield self.count, value
            mark = self._peek()
            if mark == "]":
                break
            if mark != ",":
                self._broken(None)
                return
            self.at += 1
        if self.mended_count:
            self.remarks.append(Remark("bytes that are no UTF-8, replaced", self.mended_count))

    def _enter(self) -> None:
        """To the first entry: of the list that is the file, or of the list under one of `keys`."""
        start = self._peek()
        if start == "[":
            self.at += 1
            return
        if start != "{":
            raise DataError(f"{self.name}: is no JSON object or list; it begins with {self.buffer[:40]!r}")
        self.at += 1
        while self._peek() == '"':
            try:
                key = self._value()
                self._peek()
                self.at += 1  # the colon
                if key in self.keys and self._peek() == "[":
                    self.at += 1
                    return
                self._value()
            except JSONDecodeError:
                break
            if self._peek() == ",":
                self.at += 1
        raise DataError(f"{self.name}: holds no list called {' or '.join(self.keys)}; give the whole output")

    def _value(self) -> object:
        """The next value; more of the file is read until it is complete."""
        self._peek()
        wanted = _CHUNK_BYTES
        while True:
            try:
                value, end = _DECODER.raw_decode(self.buffer, self.at)
                if end < len(self.buffer) or self.ended:
                    self.at = end
                    return value
            except JSONDecodeError:
                if self.ended:
                    raise
            self._more(wanted)
            wanted *= 2

    def _peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        while True:
            while self.at < len(self.buffer) and self.buffer[self.at] in _BLANKS:
                self.at += 1
            if self.at < len(self.buffer) or self.ended:
                return self.buffer[self.at : self.at + 1]
            self._more(_CHUNK_BYTES)

    def _more(self, size: int) -> None:
        chunk = self.stream.read(size)
        if not chunk:
            self.ended = True
        data = self.partial + chunk
        cut = _whole_utf8(data) if chunk else len(data)
        try:
            text = data[:cut].decode()
        except UnicodeDecodeError:
            text = data[:cut].decode(errors="replace")
            self.mended_count += text.count("\ufffd")
        self.partial = data[cut:]
        first = not self.count and not self.at
        self.buffer = self.buffer[self.at :] + (text.removeprefix("\ufeff") if first else text)
        self.at = 0

    def _broken(self, error: JSONDecodeError | None) -> None:
        shown = self.buffer[self.at : self.at + 40]
        why = self.stream.broken or ("the file ends too early" if self.ended else f"no JSON at {shown!r}")
        if error is not None and self.ended and shown and not self.stream.broken:
            why = f"the file ends too early, or is no JSON at {shown!r}"
        if self.truncated == "refuse":
            raise DataError(
                f"{self.name}: {why}; {self.count} entries before that are sound. Fetch the file again, or read those "
                "entries with `truncated: keep`"
            )
        self.remarks.append(Remark(f"{why}: only the whole entries before that were read", 1, self.count, shown))


@contextmanager
def entries(path: Path, *keys: str, truncated: Truncated = "refuse") -> Iterator[Entries]:
    """The entries of the JSON list in `path`, or of the list under the first of `keys` that there is."""
    if truncated not in ("refuse", "keep"):
        raise DataError(f"truncated is {truncated!r}; write refuse or keep")
    with opened(path) as stream:
        yield Entries(path.name, stream, keys, truncated)


_DECODER: JSONDecoder = json.JSONDecoder(strict=False)


def _whole_utf8(data: bytes) -> int:
    """Length without a character that is cut at the end."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            break
        if byte >= 0xC0:
            due = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if due > back else len(data)
    return len(data)

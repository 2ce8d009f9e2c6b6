"""The door for large text files: unpacked, decoded and checked in one pass of chunks, then read part by part as lines.

Memory does not grow with the file. A sound UTF-8 file is scanned in place; otherwise (gzip, tar.gz, UTF-16, lines in
another encoding, quotes) a clean copy stands in a scratch folder while it is read. Line numbers stay those of the file.
What was mended is told as `Remark`s.
"""

from __future__ import annotations

import codecs
import csv
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

import polars as pl

from suandian.adapters.traces.sieve import Tally
from suandian.adapters.traces.unpack import ByteStream, is_packed, opened
from suandian.model.records import Remark
from suandian.quantity.errors import DataError

__all__ = ["Text", "Truncated", "fields_of", "first_lines", "whole_text"]

#: What to do with a compressed file that ends too early: `refuse`, or `keep` the whole lines before the end.
Truncated = Literal["refuse", "keep"]

#: Stands for a separator inside quotes until the line has been split.
_PLACEHOLDER = "\x1f"
_NEVER = "\x1e"
_CHUNK_BYTES = 16_000_000
_EXAMPLE_LENGTH = 80
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_BOM = b"\xef\xbb\xbf"
_HIGH_RUNS = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True, slots=True)
class Text:
    """A sound UTF-8 file, how many lines it has, and what had to be mended to make it so."""

    path: Path
    name: str
    lines_count: int
    remarks: tuple[Remark, ...]
    parts: tuple[tuple[int, int, int], ...]
    quoted: bool = False

    def lines(self) -> Iterator[pl.LazyFrame]:
        """Part by part: columns `line` (from 1) and `raw`, one row per line of the file; blank lines are left out."""
        with self.path.open("rb") as stream:
            for start, size_bytes, first_line in self.parts:
                stream.seek(start)
                frame = self._part(stream.read(size_bytes), first_line)
                yield frame.lazy().filter(pl.col("raw").str.strip_chars() != "")

    def _part(self, data: bytes, first_line: int) -> pl.DataFrame:
        try:
            return pl.read_csv(
                data,
                has_header=False,
                schema={"raw": pl.String},
                separator=_NEVER,
                quote_char=None,
                row_index_name="line",
                row_index_offset=first_line,
                truncate_ragged_lines=True,
            )
        except pl.exceptions.NoDataError:
            return pl.DataFrame(schema={"line": pl.UInt32, "raw": pl.String})
        except pl.exceptions.PolarsError as error:
            raise DataError(f"{self.name}: cannot be read from line {first_line} on; check the file") from error


def fields_of(lines: pl.LazyFrame, names: Sequence[str], separator: str, *, quoted: bool = False) -> pl.LazyFrame:
    """`lines` split into columns `names`; what stands beyond them is in `_rest`, missing fields are null."""
    columns = [*names, "_rest"]
    parts = pl.col("raw").str.split_exact(separator, len(names)).struct.rename_fields(columns).alias("_fields")
    frame = lines.with_columns(parts).unnest("_fields")
    if quoted:
        frame = frame.with_columns(pl.col(columns).str.replace_all(_PLACEHOLDER, separator, literal=True))
    return frame


def first_lines(path: Path, *, size: int = 65_536) -> str:
    """The beginning of a text file, unpacked and decoded; empty for what cannot be read."""
    try:
        with opened(path) as stream:
            head = stream.read(size)
    except (DataError, OSError):
        return ""
    if head[:2] in _UTF16:
        return head[2:].decode(_UTF16[head[:2]], errors="replace")
    return head.removeprefix(_BOM).decode("utf-8", errors="replace")


@contextmanager
def whole_text(path: Path, *, truncated: Truncated = "refuse", separator: str = "") -> Iterator[Text]:
    """The whole file as sound lines; with a `separator`, quotes around fields are taken off.

    Raises `DataError` for a file that cannot be read, and for a compressed file that ends too early unless
    `truncated="keep"`.
    """
    if truncated not in ("refuse", "keep"):
        raise DataError(f"truncated is {truncated!r}; write refuse or keep")
    with tempfile.TemporaryDirectory(prefix="suandian-") as folder:
        cleaner = _Cleaner(path, separator, Path(folder) / "clean")
        cleaner.run()
        if cleaner.broken and truncated == "refuse":
            raise DataError(
                f"{path.name}: {cleaner.broken}; {cleaner.lines_count} whole lines before that are sound. Fetch the "
                "file again, or read those lines with `truncated: keep`"
            )
        yield cleaner.text()


@dataclass(slots=True)
class _Cleaner:
    """One pass over the bytes; a clean copy is written as soon as something needs mending."""

    source: Path
    separator: str
    target: Path
    lines_count: int = 0
    broken: str = ""
    quoted: bool = False
    done_bytes: int = 0
    written_bytes: int = 0
    parts: list[tuple[int, int, int]] = field(default_factory=list)
    out: IO[bytes] | None = None
    notes: dict[str, Remark] = field(default_factory=dict)

    def text(self) -> Text:
        if self.broken:
            self.note(f"{self.broken}: only the whole lines before that were read", self.lines_count, b"")
        path = self.target if self.out is not None else self.source
        return Text(
            path, self.source.name, self.lines_count, tuple(self.notes.values()), tuple(self.parts), self.quoted
        )

    def run(self) -> None:
        with opened(self.source) as stream:
            if is_packed(self.source):
                self._start_copy()
            rest, decode = self._head(stream)
            while chunk := stream.read(_CHUNK_BYTES):
                whole, newline, rest = (rest + (decode.decode(chunk).encode() if decode else chunk)).rpartition(b"\n")
                if newline:
                    self._take(whole + newline)
            self.broken = stream.broken
            if rest and not self.broken:
                self._take(rest)
                self.lines_count += 1
        if self.out is not None:
            self.out.close()

    def _head(self, stream: ByteStream) -> tuple[bytes, codecs.IncrementalDecoder | None]:
        head = stream.read(2)
        if head in _UTF16:
            self._start_copy()
            self.note("UTF-16 text was turned into UTF-8", 1, b"")
            return b"", codecs.getincrementaldecoder(_UTF16[head])(errors="replace")
        head += stream.read(1)
        if head == _BOM:
            self._start_copy()
            return b"", None
        return head, None

    def note(self, reason: str, line: int, example: bytes) -> None:
        """Count one more line under `reason`; the first one gives place and example."""
        text = example.decode("utf-8", errors="replace").strip()[:_EXAMPLE_LENGTH]
        Tally.add(self.notes, Remark(reason, 1, line, text))

    def _take(self, block: bytes) -> None:
        clean = block
        if not block.isascii() and not _is_utf8(block):
            clean = b"\n".join([self._decoded(line, at) for at, line in enumerate(clean.split(b"\n"))])
        if _NEVER.encode() in block or _PLACEHOLDER.encode() in block:
            clean = self._without_marks(clean)
        if self.separator and b'"' in clean:
            self.quoted = True
            clean = b"\n".join([self._unquoted(line, at) for at, line in enumerate(clean.split(b"\n"))])
        if clean is not block:
            self._start_copy()
        self.parts.append((self.written_bytes, len(clean), self.lines_count + 1))
        self.lines_count += block.count(b"\n")
        self.done_bytes += len(block)
        self.written_bytes += len(clean)
        if self.out is not None:
            self.out.write(clean)

    def _start_copy(self) -> None:
        """From here on a clean copy is written; what was sound so far is taken over."""
        if self.out is not None:
            return
        self.out = self.target.open("wb")
        with opened(self.source) as stream:
            left = self.done_bytes
            while left and (chunk := stream.read(min(left, _CHUNK_BYTES))):
                self.out.write(chunk)
                left -= len(chunk)

    def _without_marks(self, block: bytes) -> bytes:
        """Without the two control characters that have a meaning here."""
        for mark in (_NEVER.encode(), _PLACEHOLDER.encode()):
            for at, line in enumerate(block.split(b"\n")) if mark in block else ():
                if mark in line:
                    self.note("control characters in a line, turned into blanks", self.lines_count + at + 1, b"")
            block = block.replace(mark, b" ")
        return block

    def _decoded(self, line: bytes, at: int) -> bytes:
        if _is_utf8(line):
            return line
        # Chinese text comes in pairs of high bytes; a lone one is an accented letter of Latin-1.
        pairs = all(len(run) % 2 == 0 for run in _HIGH_RUNS.findall(line))
        for encoding, name in ((("gb18030", "GBK"),) if pairs else ()) + (("latin-1", "Latin-1"),):
            try:
                mended = line.decode(encoding).encode()
            except UnicodeDecodeError:
                continue
            self.note(f"line in {name} instead of UTF-8, turned into UTF-8", self.lines_count + at + 1, mended)
            return mended
        return line  # Latin-1 decodes every byte

    def _unquoted(self, line: bytes, at: int) -> bytes:
        if b'"' not in line:
            return line
        if line.count(b'"') % 2:
            self.note("quote that is never closed, taken off", self.lines_count + at + 1, line)
            return line.replace(b'"', b"")
        fields = next(csv.reader([line.decode()], delimiter=self.separator), [])
        return self.separator.join(part.replace(self.separator, _PLACEHOLDER) for part in fields).encode()


def _is_utf8(block: bytes) -> bool:
    try:
        block.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True

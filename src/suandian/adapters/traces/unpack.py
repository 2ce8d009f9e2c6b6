"""Bytes of a file, unpacked (gzip, or a tar.gz of one table); what ends too early is served as far as it is sound."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from suandian.quantity.errors import DataError

__all__ = ["ByteStream", "is_packed", "opened"]

_CHUNK_BYTES = 1_000_000
_BLOCK_BYTES = 512  # of a tar archive
_GZIP_WBITS = 31


class ByteStream(Protocol):
    """Something to read bytes from; `broken` says why the bytes ended too early, empty while they are sound."""

    broken: str

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; empty at the end."""
        ...


def is_packed(path: Path) -> bool:
    """Does the file begin as gzip does?"""
    with path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


@contextmanager
def opened(path: Path) -> Iterator[ByteStream]:
    """The unpacked bytes of a file. Raises `DataError` if it cannot be opened."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise DataError(f"{path.name}: cannot be opened ({error.strerror or error}); check the file") from error
    with raw:
        if not is_packed(path):
            yield _Plain(raw)
        elif path.name.lower().endswith((".tar.gz", ".tgz")):
            yield _TarMember(_Gunzip(raw), path.name)
        else:
            yield _Gunzip(raw)


class _Plain:
    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.broken = ""

    def read(self, size: int) -> bytes:
        return self._raw.read(size)


class _Gunzip:
    """Gzip read so that every byte before a break is served; several members in a row are one stream."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._unzip = zlib.decompressobj(_GZIP_WBITS)
        self._packed = b""
        self._ready = bytearray()
        self._done = False
        self.broken = ""

    def read(self, size: int) -> bytes:
        while len(self._ready) < size and not self._done:
            self._fill()
        served = bytes(self._ready[:size])
        del self._ready[:size]
        return served

    def _fill(self) -> None:
        packed = self._packed or self._raw.read(_CHUNK_BYTES)
        self._packed = b""
        if self._unzip.eof:
            packed = packed.lstrip(b"\0")  # padding of tapes and some writers
        if not packed:
            self._done = True
            self.broken = "" if self._unzip.eof else "the compressed data end too early"
            return
        if self._unzip.eof:
            self._unzip = zlib.decompressobj(_GZIP_WBITS)
        try:
            self._ready += self._unzip.decompress(packed, 8 * _CHUNK_BYTES)
        except zlib.error as error:
            self.broken, self._done = f"the compressed data are damaged ({error})", True
            return
        self._packed = self._unzip.unused_data if self._unzip.eof else self._unzip.unconsumed_tail


class _TarMember:
    """The first file of an unpacked tar stream; folders, long names and macOS companions before it are passed over."""

    def __init__(self, stream: _Gunzip, name: str) -> None:
        self._stream = stream
        self._left_bytes = 0
        self.broken = ""
        while True:
            head = stream.read(_BLOCK_BYTES)
            try:
                entry = tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
            except tarfile.TarError as error:
                raise DataError(
                    f"{name}: the archive holds no file ({error}); unpack it and give the table itself"
                ) from error
            if entry.isreg() and not Path(entry.name).name.startswith("._"):
                self._left_bytes = entry.size
                return
            padded = -(-entry.size // _BLOCK_BYTES) * _BLOCK_BYTES
            while padded and (skipped := stream.read(min(padded, _CHUNK_BYTES))):
                padded -= len(skipped)

    def read(self, size: int) -> bytes:
        served = self._stream.read(min(size, self._left_bytes))
        self._left_bytes -= len(served)
        if not served and self._left_bytes:
            self.broken = self._stream.broken or "the archive ends too early"
        return served

"""Safe YAML: text becomes mappings, lists, texts, numbers, booleans and null, and nothing else.

Built from PyYAML's event stream, so that no constructor, no tag and no recursion is involved. Refused: files that are
too large, nesting too deep, documents that blow up through aliases, duplicate keys, tags, merge keys (`<<`), keys
that are no text. Only the plain scalars of YAML's core schema have a meaning (`no` and `12:30` and dates stay text).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.events import Event

from suandian.quantity.errors import Fault, ScenarioError

__all__ = ["BYTES_MAX", "Document", "read_document", "read_value"]

#: A scenario is a text that people read; tables belong into CSV or Parquet files. D (engineering defaults).
BYTES_MAX = 1_000_000
_DEPTH_MAX = 24
_VALUES_MAX = 20_000

_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS: dict[str, object] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    ".nan": float("nan"),
    ".NaN": float("nan"),
    ".inf": float("inf"),
    "-.inf": float("-inf"),
}


@dataclass(frozen=True, slots=True)
class Document:
    """`values` as read, and for the path of every value the line it stands on: `{"time.step": 14}`."""

    values: dict[str, Any]
    source: str
    lines: dict[str, int]


def read_document(path: Path) -> Document:
    """Read the scenario at `path`. Raises `ScenarioError` with every fault found."""
    if not path.is_file():
        raise ScenarioError([Fault("", f"no such file: {path}; write the path of a scenario.yaml")], source=str(path))
    if path.stat().st_size > BYTES_MAX:
        raise ScenarioError([Fault("", _too_large(path.stat().st_size))], source=path.name)
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ScenarioError(
            [Fault("", f"byte {error.start} is not UTF-8 text; save the file as UTF-8")], source=path.name
        ) from None
    return parse_document(text, source=path.name)


def parse_document(text: str, *, source: str) -> Document:
    """The mapping that `text` holds. Raises `ScenarioError`."""
    builder = _parse(text, source)
    if not isinstance(builder.result, dict):
        shown = "nothing" if builder.result is None else f"a {_kind(builder.result)}"
        raise ScenarioError(
            [Fault("", f"holds {shown}; write `key: value` lines, e.g. `name: my-study`")], source=source
        )
    return Document(builder.result, source, builder.lines)


def read_value(text: str, *, source: str) -> object:
    """One value, as an override on the command line gives it. Raises `ScenarioError`."""
    return _parse(text, source).result


def _parse(text: str, source: str) -> _Builder:
    if len(text.encode()) > BYTES_MAX:
        raise ScenarioError([Fault("", _too_large(len(text.encode())))], source=source)
    builder = _Builder()
    try:
        for event in _events(text):
            builder.take(event)
    except yaml.YAMLError as error:
        raise ScenarioError([Fault(builder.path(), _syntax(error))], source=source) from None
    except _Refused as refusal:
        raise ScenarioError([*builder.faults, refusal.fault], source=source) from None
    if builder.faults:
        raise ScenarioError(builder.faults, source=source)
    return builder


def _events(text: str) -> Iterator[Event]:
    yield from yaml.parse(text, Loader=yaml.SafeLoader)


class _Refused(Exception):
    """Carries a fault out of the builder; never seen outside this module."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being filled; `key` waits for its value; `size` counts values with aliases expanded."""

    value: dict[str, Any] | list[Any]
    anchor: str | None
    key: str | None = None
    has_key: bool = False
    size: int = 1


@dataclass(slots=True)
class _Builder:
    result: object = None
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[object, int]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    documents: int = 0

    def take(self, event: Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise self._refuse(line, "a second document begins; a scenario is one document, remove the `---`")
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._open(event, line)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            done = self.stack.pop()
            self._place(done.value, done.size, done.anchor, line)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise self._refuse(line, f"alias *{event.anchor} names no finished anchor; write the values out")
            value, size = self.anchors[event.anchor]
            self._place(value, size, None, line)

    def path(self) -> str:
        """Where the builder stands, e.g. `sites.county.battery`."""
        text = ""
        for level in self.stack:
            if isinstance(level.value, list):
                text += f"[{len(level.value)}]"
            elif level.has_key and level.key is not None:
                text += f".{level.key}" if text else level.key
        return text

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, line: int) -> None:
        if self._wants_key():
            raise self._refuse(line, "a mapping or list cannot be a key; write a name")
        self._refuse_tag(event, line)
        if len(self.stack) >= _DEPTH_MAX:
            raise self._refuse(line, f"nested deeper than {_DEPTH_MAX} levels; a scenario needs no more than six")
        here = self.path()
        if here:
            self.lines[here] = line
        self.stack.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor))

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        self._refuse_tag(event, line)
        plain = event.style is None
        if self._wants_key():
            self._key(event.value, line)
        else:
            self._place(_resolved(event.value) if plain else event.value, 1, event.anchor, line)

    def _key(self, key: str, line: int) -> None:
        level = self.stack[-1]
        if key == "<<":
            raise self._refuse(line, "merge keys are not read; use `extends:` or write the values out")
        level.key, level.has_key = key, True
        if isinstance(level.value, dict) and key in level.value:
            self.faults.append(Fault(self.path(), f"is written twice (again on line {line}); keep one of them"))

    def _place(self, value: object, size: int, anchor: str | None, line: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = (value, size)
        if not self.stack:
            self.result = value
            return
        if self._wants_key():
            raise self._refuse(line, "an alias cannot be a key; write a name")
        level = self.stack[-1]
        level.size += size
        if level.size > _VALUES_MAX:
            raise self._refuse(
                line,
                f"more than {_VALUES_MAX} values (aliases counted as often as used); put tables into CSV or Parquet",
            )
        self.lines.setdefault(self.path(), line)
        if isinstance(level.value, list):
            level.value.append(value)
        elif level.key is not None:
            level.value[level.key] = value
            level.has_key = False

    def _wants_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].value, dict) and not self.stack[-1].has_key

    def _refuse_tag(
        self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent | yaml.ScalarEvent, line: int
    ) -> None:
        if event.tag is not None and event.tag != "!":
            raise self._refuse(line, f"tag {event.tag!r} is not read; write plain values")

    def _refuse(self, line: int, message: str) -> _Refused:
        return _Refused(Fault(self.path(), f"line {line}: {message}"))


def _resolved(text: str) -> object:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) <= 20 else float(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _syntax(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        place = f"line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1}"
        return f"{place}: not YAML: {error.problem or error.context}; check indentation, colons and quotes there"
    return f"not YAML: {error}; check for characters that are not text"


def _too_large(size: int) -> str:
    return f"{size / 1e6:.1f} MB; a scenario has at most {BYTES_MAX / 1e6:g} MB, put tables into CSV or Parquet files"


def _kind(value: object) -> str:
    return {list: "list", str: "text", bool: "boolean"}.get(type(value), "number")

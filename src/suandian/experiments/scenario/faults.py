"""What pydantic finds becomes faults in our words: the path in the file, what is wrong, what to write instead."""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from suandian.experiments.scenario.types import bare_type, example_of_field, fields_by_key, file_key
from suandian.quantity.errors import Fault

__all__ = ["faults_of", "nearest", "path_text", "unknown"]

Location = tuple[str | int, ...]


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name closest to `name`, or "" where none is close."""
    names = sorted(known)
    same = [entry for entry in names if _bare(entry) == _bare(name)]
    close = same or difflib.get_close_matches(name, names, n=1, cutoff=0.55)
    return close[0] if close else ""


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """`unknown site 'conty'; did you mean county? (known: county, qingyang)`."""
    names = sorted(known)
    close = nearest(name, names)
    listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    if close:
        return f"unknown {what} {name!r}; did you mean {close}?" + (f" (known: {listed})" if len(names) > 1 else "")
    return f"unknown {what} {name!r}; write one of {listed}" if names else f"unknown {what} {name!r}; none is defined"


def path_text(location: Iterable[str | int]) -> str:
    """`("coordinators", 0, "name")` → `coordinators[0].name`."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def faults_of(error: ValidationError, model: type[BaseModel]) -> list[Fault]:
    """All faults that `error` holds, in the order of the fields."""
    found: dict[tuple[str, str], None] = {}
    for entry in error.errors(include_url=False):
        location: Location = tuple(part for part in entry["loc"] if part != "[key]")
        message = _message(entry["type"], location, entry.get("input"), entry.get("ctx") or {}, entry["msg"], model)
        found.setdefault((path_text(location), message))
    return [Fault(path, message) for path, message in found]


def _message(
    kind: str, location: Location, value: object, context: Mapping[str, Any], text: str, model: type[BaseModel]
) -> str:
    if kind == "extra_forbidden":
        return _unknown_key(str(location[-1]), _section_at(model, location[:-1]))
    if kind == "missing":
        return _missing(str(location[-1]), _section_at(model, location[:-1]))
    if kind == "literal_error":
        return unknown("choice", str(value), re.findall(r"'([^']*)'", str(context.get("expected", ""))))
    simple = _SIMPLE.get(kind)
    if simple is not None:
        return f"{_shown(value)} {simple}"
    bound = _BOUNDS.get(kind)
    if bound is not None:
        limit = next((context[name] for name in ("ge", "gt", "le", "lt") if name in context), "")
        return f"{_shown(value)} is {bound[0]}; write {bound[1]} {limit}"
    if kind == "too_short":
        return "is empty; write at least one entry"
    if kind == "too_long":
        return f"has {context.get('actual_length')} entries; at most {context.get('max_length')} are possible"
    if kind == "string_pattern_mismatch":
        return f"{_shown(value)} does not fit; write text of the pattern {context.get('pattern')}"
    return text  # our own validators speak for themselves


_SIMPLE = {
    "int_type": "is not a whole number; write e.g. 8",
    "bool_type": "is neither true nor false; write one of them",
    "string_type": "is not a text; write a name or put it into quotes",
    "dict_type": "is not a mapping; write `key: value` lines below, indented",
    "model_type": "is not a mapping; write `key: value` lines below, indented",
    "model_attributes_type": "is not a mapping; write `key: value` lines below, indented",
    "tuple_type": "is not a list; write e.g. [first, second]",
    "list_type": "is not a list; write e.g. [first, second]",
}
_BOUNDS = {
    "greater_than_equal": ("too small", "at least"),
    "greater_than": ("too small", "more than"),
    "less_than_equal": ("too large", "at most"),
    "less_than": ("too large", "less than"),
}


def _unknown_key(key: str, section: type[BaseModel] | None) -> str:
    if section is None:
        return f"unknown key {key!r}; remove it"
    fields = fields_by_key(section)
    short = file_key(key)
    if short in fields:
        return f"unknown key {key!r}; did you mean `{short}: {example_of_field(fields[short])}`?"
    return unknown("key", key, fields)


def _missing(key: str, section: type[BaseModel] | None) -> str:
    field = fields_by_key(section).get(key) if section is not None else None
    if field is None:
        return f"is missing; write `{key}: …`"
    meaning = (field.description or "").split(";")[0].rstrip(".")
    return f"is missing ({meaning}); write e.g. `{key}: {example_of_field(field)}`"


def _section_at(model: type[BaseModel], location: Location) -> type[BaseModel] | None:
    """The section that stands at `location`: fields are entered by key, mappings and lists by whatever index."""
    here: object = model
    for part in location:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = fields_by_key(here).get(str(part))
            if field is None:
                return None
            here = bare_type(field.annotation)
        else:
            arguments = [argument for argument in typing.get_args(here) if argument is not Ellipsis]
            here = bare_type(arguments[-1]) if arguments else None
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"

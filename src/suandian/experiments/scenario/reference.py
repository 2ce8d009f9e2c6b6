"""The scenario's types as JSON Schema and as a page: every field is described once, where it is defined."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

from pydantic.fields import FieldInfo

from suandian.experiments.scenario.study import StudyFile
from suandian.experiments.scenario.types import Section, bare_type, example_of_field, fields_by_key, unit_of_field
from suandian.quantity.units import format_quantity

__all__ = ["json_schema", "markdown"]


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a scenario file, with `extends` and `overrides`, which are resolved on reading."""
    schema = StudyFile.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "suandian scenario"
    # A block of overrides changes keys of the study itself, so an editor can complete them as well.
    block = {"type": "object", "properties": dict(schema["properties"]), "additionalProperties": False}
    schema["properties"] |= {
        "extends": {"type": "string", "description": "One parent: a shipped scenario, or a file beside this one."},
        "overrides": {
            "type": "object",
            "description": "Named blocks of changed keys, applied with `--override NAME`.",
            "additionalProperties": block,
        },
    }
    # A file with a parent may hold any part of a section, so only a file without one must be complete.
    for section in schema["$defs"].values():
        section.pop("required", None)
    schema["if"] = {"not": {"required": ["extends"]}}
    schema["then"] = {"required": schema.pop("required")}
    return schema


def markdown() -> str:
    """The page docs/reference/scenario.md."""
    parts = [_HEAD]
    for title, section in _sections():
        parts += [f"## {title}", "", str(section.__doc__).strip(), "", _table(section), ""]
    return "\n".join(parts).rstrip() + "\n"


_HEAD = """# Scenario file

Generated from the types by `scripts/reference.py`; `suandian schema` prints the same as JSON Schema.

A value with a unit is text: `20 MW`, `15 min`, `80 %`, `0.35 CNY/kWh`, `38.4 CNY/kW/month`, `24 °C`. Any unit of the
same dimension is read. Bare numbers are taken for ratios and counts only. `extends: NAME` takes one parent (a shipped
scenario or a file beside this one): mappings merge, lists are replaced, `null` takes out what the parent says.
`overrides:` holds named blocks of changes, applied with `--override NAME`; two may not set the same value.
"""


def _sections() -> Iterator[tuple[str, type[Section]]]:
    """Every section with the path under which it stands, depth first."""
    yield "Top level", StudyFile
    yield from _below("", StudyFile)


def _below(path: str, section: type[Section]) -> Iterator[tuple[str, type[Section]]]:
    for key, field in fields_by_key(section).items():
        kind, suffix = _section_in(field.annotation)
        if kind is not None:
            here = f"{path}{key}{suffix}"
            yield f"`{here}`", kind
            yield from _below(f"{here}.", kind)


def _section_in(annotation: object) -> tuple[type[Section] | None, str]:
    bare = bare_type(annotation)
    if isinstance(bare, type) and issubclass(bare, Section):
        return (None, "") if set(fields_by_key(bare)) == {"en", "zh"} else (bare, "")
    arguments = [argument for argument in typing.get_args(bare) if argument is not Ellipsis]
    if arguments:
        kind, _ = _section_in(arguments[-1])
        if kind is not None:
            return kind, ".<name>" if typing.get_origin(bare) is dict else "[…]"
    return None, ""


def _table(section: type[Section]) -> str:
    rows = ["| key | unit or kind | default | meaning |", "|---|---|---|---|"]
    for key, field in fields_by_key(section).items():
        cells = (f"`{key}`", _kind(field), _default(field), field.description or "")
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def _kind(field: FieldInfo) -> str:
    unit = unit_of_field(field)
    if unit is not None:
        return "ratio, e.g. `80 %`" if unit == "1" else f"{unit}, e.g. `{example_of_field(field)}`"
    bare = bare_type(field.annotation)
    if typing.get_origin(bare) is typing.Literal:
        return " \\| ".join(f"`{choice}`" for choice in typing.get_args(bare)).replace("\\|", "or")
    origin = typing.get_origin(bare) or bare
    names = {str: "text", int: "whole number", bool: "true or false", dict: "mapping", tuple: "list"}
    if isinstance(origin, type) and issubclass(origin, Section):
        return "text, or `{en, zh}`" if set(fields_by_key(origin)) == {"en", "zh"} else "section"
    return names.get(typing.cast("type", origin), "value")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True, validated_data={})
    unit = unit_of_field(field)
    if value is None or value in ("", (), {}) or isinstance(value, Section):
        return "–"
    if unit is not None and isinstance(value, float):
        return f"`{format_quantity(value, unit)}`"
    return f"`{value}`"

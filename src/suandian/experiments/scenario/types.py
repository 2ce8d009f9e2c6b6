"""Field types of a scenario: quantities with a unit, names, bilingual texts. They feed validation, schema and docs."""

from __future__ import annotations

import math
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, Strict
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from suandian.quantity.units import UnitError, example_of, format_quantity, parse_quantity

__all__ = [
    "Count",
    "Flag",
    "Identifier",
    "Quantity",
    "Section",
    "Text",
    "bare_type",
    "both_languages",
    "example_of_field",
    "fields_by_key",
    "file_key",
    "unit_of_field",
]

#: Python name of a field = key in the file + the unit, so that every number's name ends in its unit.
_SUFFIXES = (
    "_cny_per_mw_month",
    "_mwh_per_gb",
    "_cny_per_gb",
    "_gb_per_h",
    "_cny_per_mwh",
    "_cny_per_t",
    "_kg_per_mwh",
    "_gpu_h",
    "_ratio",
    "_mwh",
    "_mva",
    "_mw",
    "_kw",
    "_ms",
    "_deg",
    "_gb",
    "_h",
    "_s",
    "_c",
    "_k",
)


def file_key(name: str) -> str:
    """The key under which the field `name` stands in a file: `it_max_mw` → `it_max`."""
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and name != suffix:
            return name[: -len(suffix)]
    return name


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with a unit, written as text (`20 MW`) and held as a float in `unit`.

    minimum, maximum   inclusive bounds in `unit`; `above` is exclusive. Bare numbers are taken for ratios only.
    """

    unit: str
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            self.parse,
            core_schema.float_schema(allow_inf_nan=False),
            serialization=core_schema.plain_serializer_function_ser_schema(self.write, when_used="json"),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        text: dict[str, Any] = {"type": "string", "pattern": r"^\s*[+-]?[0-9.]", "examples": [example_of(self.unit)]}
        if self.unit == "1":
            return {"anyOf": [text, {"type": "number"}], "x-unit": self.unit}
        return text | {"x-unit": self.unit}

    def parse(self, value: object) -> float:
        try:
            number = parse_quantity(value, self.unit)
        except UnitError as error:
            raise PydanticCustomError("quantity", "{told}", {"told": str(error)}) from None
        self._bounds(value, number)
        return number

    def write(self, value: float) -> str | float:
        return value if self.unit == "1" else format_quantity(value, self.unit)

    def _bounds(self, value: object, number: float) -> None:
        told = ""
        if self.minimum is not None and number < self.minimum:
            told = f"{value} is too small; write at least {format_quantity(self.minimum, self.unit)}"
            if self.minimum == 0:
                told = f"{value} is negative; write 0 or more, e.g. {example_of(self.unit)}"
        elif self.above is not None and number <= self.above:
            told = f"{value} is not above {format_quantity(self.above, self.unit)}; write e.g. {example_of(self.unit)}"
        elif self.maximum is not None and number > self.maximum:
            told = f"{value} is too large; write at most {self._most()}"
        if told:
            raise PydanticCustomError("quantity", "{told}", {"told": told})

    def _most(self) -> str:
        if self.maximum is None:
            return ""
        if self.unit == "1" and not math.isclose(self.maximum, round(self.maximum)):
            return f"{self.maximum:g}"
        return f"{100 * self.maximum:g} %" if self.unit == "1" else format_quantity(self.maximum, self.unit)


def unit_of(metadata: list[Any]) -> str | None:
    """The unit in a field's metadata, None for a field that is no quantity."""
    return next((entry.unit for entry in metadata if isinstance(entry, Quantity)), None)


class Section(BaseModel):
    """Base of every part of a scenario: frozen, closed (unknown keys are faults), keys without units."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=file_key,
        validate_by_alias=True,
        validate_by_name=False,
        allow_inf_nan=False,
        arbitrary_types_allowed=True,
    )


def fields_by_key(section: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a section by their keys in a file."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def unit_of_field(field: FieldInfo) -> str | None:
    """The unit of a field, optional or not; None for a field that is no quantity."""
    unit = unit_of(field.metadata)
    if unit is None:
        units = [unit_of(list(getattr(part, "__metadata__", ()))) for part in typing.get_args(field.annotation)]
        unit = next((found for found in units if found), None)
    return unit


def example_of_field(field: FieldInfo) -> str:
    """What could be written where the field is missing."""
    unit = unit_of_field(field)
    if unit is not None:
        return example_of(unit)
    match = re.search(r"`([^`]+)`", field.description or "")
    return match[1] if match else "…"


def bare_type(annotation: object) -> object:
    """Without `Annotated[…]` and `… | None`."""
    if typing.get_origin(annotation) is typing.Annotated:
        return bare_type(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        parts = [part for part in typing.get_args(annotation) if part is not type(None)]
        return bare_type(parts[0]) if len(parts) == 1 else annotation
    return annotation


_IDENTIFIER = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def _identifier(value: object) -> object:
    if isinstance(value, str) and not _IDENTIFIER.fullmatch(value):
        suggestion = re.sub(r"[^a-z0-9_-]+", "-", value.lower()).strip("-_0123456789")[:64] or "my-study"
        told = f"{value!r} is no name: small letters, digits, - and _; write e.g. {suggestion}"
        raise PydanticCustomError("identifier", "{told}", {"told": told})
    return value


#: Whole numbers and booleans as such: neither `"5"` nor `5.0` nor `true` is a count.
Count = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]

#: A name that other parts of the scenario, files and folders can refer to.
Identifier = Annotated[str, BeforeValidator(_identifier)]


class Text(Section):
    """A text in English and Chinese; a plain text stands for both."""

    en: str = ""
    zh: str = ""

    def get(self, language: str) -> str:
        return (self.zh or self.en) if language == "zh" else (self.en or self.zh)

    def as_mapping(self) -> Mapping[str, str]:
        return {"en": self.get("en"), "zh": self.get("zh")}


def both_languages(value: object) -> object:
    """A plain text becomes `{en: text, zh: text}`."""
    return {"en": value, "zh": value} if isinstance(value, str) else value

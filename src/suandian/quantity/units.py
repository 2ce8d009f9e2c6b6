"""Text becomes numbers here, once: `20 MW`, `15 min`, `80 %`, `0.35 CNY/kWh`, `38.4 CNY/kW/month`, `24 °C`.

A value is a decimal number, a blank if you like, and a unit; units are joined by `/` and `·` (or `*`). The grammar is
deliberately small and exact: factors are fractions, so `20000 kW` is 20.0 MW to the last bit, and case counts (`MW`
is not `mW`). What is not understood is refused with what to write instead.

Apparent power (MVA) is not active power (MW), a calendar month is not a number of hours, and a temperature (°C) is
not a difference of temperatures (K): such pairs never convert into each other.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Unit", "UnitError", "convert", "format_quantity", "parse_quantity", "parse_unit", "split_header"]

#: Exponents by dimension, sorted; `()` is a plain ratio.
Dimension = tuple[tuple[str, int], ...]


class UnitError(ValueError):
    """A text is no quantity of the wanted unit; the message says what is wrong and what to write instead."""


@dataclass(frozen=True, slots=True)
class Unit:
    """`value_in_base = value · factor + offset`; the offset is not zero for °F alone.

    Base units are h, MWh, CNY, kg, GB, GPU, °, MVA, Mvar, kV, kA, ohm, nF, Hz, km, °C, K, month and 1.
    """

    text: str
    dimension: Dimension
    factor: Fraction
    offset: Fraction = Fraction(0)

    @property
    def kind(self) -> str:
        """The dimension in words, e.g. `a power`."""
        name = _KINDS.get(self.dimension, f"quantity in {self.text}")
        return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


_ENERGY: Dimension = (("energy", 1),)
_POWER: Dimension = (("energy", 1), ("time", -1))
_TIME: Dimension = (("time", 1),)

_KINDS: dict[Dimension, str] = {
    (): "ratio",
    _ENERGY: "energy",
    _POWER: "power",
    _TIME: "time",
    (("apparent", 1),): "apparent power",
    (("money", 1),): "money",
    (("energy", -1), ("money", 1)): "price of energy",
    (("energy", -1), ("money", 1), ("month", -1), ("time", 1)): "price of demand per month",
    (("mass", -1), ("money", 1)): "price of emissions",
    (("mass", 1),): "mass",
    (("energy", -1), ("mass", 1)): "emission factor",
    (("data", 1),): "amount of data",
    (("data", 1), ("time", -1)): "data rate",
    (("data", -1), ("money", 1)): "price of data",
    (("data", -1), ("energy", 1)): "energy of data",
    (("gpu", 1),): "number of GPUs",
    (("gpu", 1), ("time", 1)): "work",
    (("angle", 1),): "angle",
    (("length", 1),): "length",
    (("voltage", 1),): "voltage",
    (("resistance", 1),): "resistance",
    (("reactive", 1),): "reactive power",
    (("current", 1),): "current",
    (("capacitance", 1),): "capacitance",
    (("frequency", 1),): "frequency",
    (("celsius", 1),): "temperature",
    (("kelvin", 1),): "temperature difference",
    (("month", 1),): "number of calendar months",
}


def _units() -> dict[str, Unit]:
    table: dict[str, Unit] = {}

    def add(names: str, dimension: Dimension, factor: Fraction | int | str, offset: Fraction | int = 0) -> None:
        for name in names.split():
            table[name] = Unit(name, dimension, Fraction(factor), Fraction(offset))

    add("1 pu", (), 1)
    add("% percent", (), Fraction(1, 100))
    for prefix, factor in (("", "1e-6"), ("k", "1e-3"), ("M", "1"), ("G", "1e3"), ("T", "1e6")):
        add(f"{prefix}W", _POWER, factor)
        add(f"{prefix}Wh", _ENERGY, factor)
    for prefix, factor in (("k", "1e-3"), ("M", "1"), ("G", "1e3")):
        add(f"{prefix}VA", (("apparent", 1),), factor)
    add("ms", _TIME, Fraction(1, 3_600_000))
    add("s", _TIME, Fraction(1, 3600))
    add("min minute minutes", _TIME, Fraction(1, 60))
    add("h hour hours", _TIME, 1)
    add("d day days", _TIME, 24)
    add("week weeks", _TIME, 168)
    add("month months", (("month", 1),), 1)
    add("CNY RMB 元", (("money", 1),), 1)
    for name, factor in (("g", "1e-3"), ("kg", "1"), ("t", "1e3")):
        add(name, (("mass", 1),), factor)
    for name, factor in (("kB", "1e-6"), ("MB", "1e-3"), ("GB", "1"), ("TB", "1e3")):
        add(name, (("data", 1),), factor)
    for name, factor in (("Mbit", "1/8000"), ("Gbit", "1/8"), ("Tbit", "125")):
        add(name, (("data", 1),), factor)
    add("GPU GPUs gpu", (("gpu", 1),), 1)
    add("GPUh GPU-h gpu_h", (("gpu", 1), ("time", 1)), 1)
    add("° deg", (("angle", 1),), 1)
    add("km", (("length", 1),), 1)
    add("m", (("length", 1),), "1e-3")
    add("V", (("voltage", 1),), "1e-3")
    add("kV", (("voltage", 1),), 1)
    add("ohm Ω", (("resistance", 1),), 1)
    for prefix, factor in (("k", "1e-3"), ("M", "1")):
        add(f"{prefix}var", (("reactive", 1),), factor)
    for prefix, factor in (("", "1e-3"), ("k", "1")):
        add(f"{prefix}A", (("current", 1),), factor)
    for names, factor in (("nF", "1"), ("uF µF", "1e3")):
        add(names, (("capacitance", 1),), factor)
    add("Hz", (("frequency", 1),), 1)
    add("°C degC ℃", (("celsius", 1),), 1)
    add("°F degF", (("celsius", 1),), Fraction(5, 9), Fraction(-160, 9))
    add("K", (("kelvin", 1),), 1)
    return table


_UNITS = _units()

_EXAMPLES = {
    "MW": "20 MW",
    "MWh": "20 MWh",
    "MVA": "80 MVA",
    "h": "6 h",
    "s": "15 min",
    "min": "15 min",
    "ms": "20 ms",
    "1": "80 %",
    "°C": "24 °C",
    "K": "6 K",
    "°": "36.5 °",
    "CNY/MWh": "0.35 CNY/kWh",
    "CNY/MW/month": "38.4 CNY/kW/month",
    "CNY/t": "80 CNY/t",
    "kg/MWh": "0.62 kg/kWh",
    "kW": "0.5 kW",
    "GB": "200 GB",
    "GB/h": "10 Gbit/s",
    "CNY/GB": "0.01 CNY/GB",
    "MWh/GB": "0.002 kWh/GB",
}

_NUMBER = re.compile(
    r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf(?:inity)?))\s*(.*?)\s*$", re.IGNORECASE
)
_HEADER = re.compile(r"^\s*(?P<name>[^\[\]]+?)\s*\[(?P<unit>[^\[\]]+)\]\s*$")


@lru_cache(maxsize=512)
def parse_unit(text: str) -> Unit:
    """The unit that `text` names, e.g. `CNY/kW/month`. Raises `UnitError` naming the nearest known unit."""
    dimension: dict[str, int] = {}
    factor, offset = Fraction(1), Fraction(0)
    parts = re.split(r"\s*([/·*])\s*", text.strip())
    for index in range(0, len(parts), 2):
        part = _UNITS.get(parts[index])
        if part is None:
            raise UnitError(f"unknown unit {text.strip()!r}{_nearest_unit(parts[index])}")
        sign = -1 if index and parts[index - 1] == "/" else 1
        for name, exponent in part.dimension:
            dimension[name] = dimension.get(name, 0) + sign * exponent
        factor *= part.factor**sign
        if part.offset and len(parts) > 1:
            raise UnitError(f"{part.text} has a shifted zero and cannot be part of {text.strip()!r}; use K")
        offset = part.offset
    exponents = tuple(sorted((name, exponent) for name, exponent in dimension.items() if exponent))
    return Unit(text.strip(), exponents, factor, offset)


def parse_quantity(value: object, unit: str) -> float:
    """`value` as a number in `unit`, e.g. `parse_quantity("20000 kW", "MW") == 20.0`.

    A bare number is taken only where `unit` is `1` (a ratio). Raises `UnitError`.
    """
    wanted = parse_unit(unit)
    example = example_of(unit)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnitError(f"{_shown(value)} is not {wanted.kind}; write e.g. {example}")
    match = _NUMBER.match(str(value))
    if match is None:
        raise UnitError(f"{_shown(value)} is not {wanted.kind}: a number and a unit are due; write e.g. {example}")
    number, unit_text = match.groups()
    if not unit_text:
        if wanted.dimension:
            raise UnitError(f"{number} is a bare number; write e.g. {_with_number(number, example)}")
        given = parse_unit("1")
    else:
        given = parse_unit(unit_text)
    if given.dimension != wanted.dimension:
        raise UnitError(f"{value!r} is {given.kind}, {wanted.kind} is due; write e.g. {example}")
    return _exact(number, given, wanted)


def convert(values: NDArray[np.float64], from_unit: str, to_unit: str) -> NDArray[np.float64]:
    """`values` of any shape from one unit into another. Raises `UnitError` where the dimensions differ."""
    given, wanted = parse_unit(from_unit), parse_unit(to_unit)
    if given.dimension != wanted.dimension:
        raise UnitError(f"[{from_unit}] is {given.kind}, {wanted.kind} is due; write e.g. [{to_unit}]")
    if given.factor == wanted.factor and given.offset == wanted.offset:
        return np.asarray(values, dtype=np.float64)
    scale, shift = given.factor / wanted.factor, (given.offset - wanted.offset) / wanted.factor
    # Dividing by an integer is exact where multiplying by its rounded reciprocal is not.
    scaled = np.asarray(values, dtype=np.float64) * float(scale.numerator) / float(scale.denominator)
    return scaled + float(shift) if shift else scaled


def split_header(header: str) -> tuple[str, str]:
    """Name and unit of a table's column: `price [CNY/MWh]` → `("price", "CNY/MWh")`. Raises `UnitError`."""
    match = _HEADER.match(header)
    if match is None:
        raise UnitError(f"column {header!r} names no unit; write e.g. {header.strip() or 'price'} [MW]")
    parse_unit(match["unit"])
    return match["name"], match["unit"].strip()


def format_quantity(value: float, unit: str) -> str:
    """The shortest text that `parse_quantity` reads back as `value`: `20 MW`, `0.8`."""
    number = repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
    return number if unit == "1" else f"{number} {unit}"


def example_of(unit: str) -> str:
    """A text that would be right where `unit` is due."""
    return _EXAMPLES.get(unit, f"10 {unit}")


def _exact(number: str, given: Unit, wanted: Unit) -> float:
    decimal = Decimal(number)
    if not decimal.is_finite():
        raise UnitError(f"{number} is not a finite number; write e.g. {example_of(wanted.text)}")
    if abs(decimal.adjusted()) > 300:
        raise UnitError(f"{number} is too large or too small to be {wanted.kind}")
    return float((Fraction(decimal) * given.factor + given.offset - wanted.offset) / wanted.factor)


def _with_number(number: str, example: str) -> str:
    if number.lower().lstrip("+-") in {"nan", "inf", "infinity"}:
        return example
    return f"{number} {example.split(' ', 1)[1]}"


def _nearest_unit(text: str) -> str:
    same = [name for name in _UNITS if name.lower() == text.lower()]
    near = same or difflib.get_close_matches(text, _UNITS, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}? (case counts)" if near else "; write e.g. MW, MWh, min, h, %, CNY/kWh, °C"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"

"""Units at the door: exact, strict, and every refusal says what to write instead."""

from __future__ import annotations

import numpy as np
import pint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.quantity.units import UnitError, convert, format_quantity, parse_quantity, parse_unit, split_header


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("20 MW", "MW", 20.0),
        ("20MW", "MW", 20.0),
        ("20000 kW", "MW", 20.0),
        ("0.1 GW", "MW", 100.0),
        ("15 min", "s", 900.0),
        ("6 h", "s", 21600.0),
        ("30 d", "h", 720.0),
        ("30 days", "h", 720.0),
        ("20 ms", "ms", 20.0),
        ("80 %", "1", 0.8),
        (0.8, "1", 0.8),
        ("0.35 CNY/kWh", "CNY/MWh", 350.0),
        ("0.35 元/kWh", "CNY/MWh", 350.0),
        ("38.4 CNY/kW/month", "CNY/MW/month", 38400.0),
        ("24 °C", "°C", 24.0),
        ("75.2 °F", "°C", 24.0),
        ("6 K", "K", 6.0),
        ("0.6191 kg/kWh", "kg/MWh", 619.1),
        ("619.1 g/kWh", "kg/MWh", 619.1),
        ("80 MVA", "MVA", 80.0),
        ("-36.5 °", "°", -36.5),
        ("80 CNY/t", "CNY/t", 80.0),
        ("2 GPU·h", "GPUh", 2.0),
        ("1e3 kW", "MW", 1.0),
    ],
)
def test_a_text_becomes_the_exact_number(text: object, unit: str, value: float) -> None:
    assert parse_quantity(text, unit) == value


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (15, "s", "15 is a bare number; write e.g. 15 min"),
        ("20", "MW", "20 is a bare number; write e.g. 20 MW"),
        ("20 MWh", "MW", "is an energy, a power is due; write e.g. 20 MW"),
        ("20 MVA", "MW", "is an apparent power, a power is due"),
        ("20 mw", "MW", "did you mean MW? (case counts)"),
        ("20 mW", "MW", "did you mean MW? (case counts)"),
        ("20 blorp", "MW", "unknown unit 'blorp'; write e.g. MW"),
        ("20 MW/blorp", "MW", "unknown unit 'MW/blorp'"),
        ("nan MW", "MW", "nan is not a finite number"),
        (float("nan"), "MW", "nan is a bare number; write e.g. 20 MW"),
        ("-inf MW", "MW", "-inf is not a finite number"),
        (float("inf"), "1", "inf is not a finite number"),
        ("1e999 MW", "MW", "too large or too small"),
        ("twenty MW", "MW", "a number and a unit are due; write e.g. 20 MW"),
        ("", "MW", "write e.g. 20 MW"),
        (True, "MW", "True is not a power"),
        ([20], "MW", "[20] is not a power"),
        (None, "MW", "None is not a power"),
        ("6 °C", "K", "is a temperature, a temperature difference is due; write e.g. 6 K"),
        ("38.4 CNY/kW", "CNY/MW/month", "a price of demand per month is due; write e.g. 38.4 CNY/kW/month"),
        ("5 °F/h", "°C", "shifted zero"),
    ],
)
def test_a_wrong_text_is_refused_with_its_remedy(value: object, unit: str, words: str) -> None:
    with pytest.raises(UnitError) as caught:
        parse_quantity(value, unit)
    assert words in str(caught.value)


_PAIRS = [("kW", "MW"), ("MWh", "kWh"), ("min", "h"), ("week", "s"), ("t", "g"), ("m", "km"), ("TB", "MB"), ("K", "K")]


@settings(max_examples=100, deadline=None)
@given(number=st.decimals("-1e6", "1e6", places=4, allow_nan=False), pair=st.sampled_from(_PAIRS))
def test_pint_converts_alike(number: object, pair: tuple[str, str]) -> None:
    registry = _registry()
    expected = registry.Quantity(float(str(number)), pair[0]).to(pair[1]).magnitude
    assert parse_quantity(f"{number} {pair[0]}", pair[1]) == pytest.approx(expected, rel=1e-12)


@settings(max_examples=200, deadline=None)
@given(
    value=st.floats(-1e15, 1e15, allow_nan=False).filter(lambda v: v == 0 or abs(v) > 1e-200),
    unit=st.sampled_from(["MW", "MWh", "s", "CNY/MWh", "CNY/MW/month", "°C", "K", "°", "MVA", "kg/MWh", "1", "GB"]),
)
def test_what_is_written_reads_back_to_the_last_bit(value: float, unit: str) -> None:
    assert parse_quantity(format_quantity(value, unit), unit) == value


@pytest.mark.parametrize("value", [0.0, 25.0, -40.0])
def test_fahrenheit_agrees_with_pint(value: float) -> None:
    expected = _registry().Quantity(value, "degF").to("degC").magnitude
    assert convert(np.array([value]), "°F", "°C")[0] == pytest.approx(expected)
    assert parse_quantity(f"{value} °F", "°C") == pytest.approx(expected)


def test_arrays_convert_and_refuse_another_dimension() -> None:
    assert convert(np.array([0.35, 0.1]), "CNY/kWh", "CNY/MWh").tolist() == [350.0, 100.0]
    with pytest.raises(UnitError, match=r"\[MWh\] is an energy, a power is due"):
        convert(np.zeros(2), "MWh", "MW")


def test_headers_carry_units() -> None:
    assert split_header("price [CNY/MWh]") == ("price", "CNY/MWh")
    with pytest.raises(UnitError, match="column 'price' names no unit"):
        split_header("price")
    with pytest.raises(UnitError, match="unknown unit"):
        split_header("price [CNY/blorp]")


def test_a_unit_knows_its_kind() -> None:
    assert parse_unit("CNY/kW/month").kind == "a price of demand per month"
    assert parse_unit("MW·h").dimension == parse_unit("kWh").dimension


def _registry() -> pint.UnitRegistry:
    global _REGISTRY
    if _REGISTRY is None:
        _REGISTRY = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    return _REGISTRY


_REGISTRY: pint.UnitRegistry | None = None

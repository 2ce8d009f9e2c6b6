"""Numbers are rounded and written in one place; differences are those of the rounded values."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.experiments.report.numbers import MEASURES, Numbers, fixed, percent, round_half_up
from suandian.experiments.report.words import Words


def numbers(control: dict[str, float], other: dict[str, float], lang: str = "en") -> Numbers:
    return Numbers({"run_now": control, "rolling": other}, "run_now", lang)


@pytest.mark.parametrize(
    ("value", "decimals", "signed", "text"),
    [
        (1234.5, 1, False, "1,234.5"),
        (-0.04, 1, True, "±0.0"),
        (-0.04, 1, False, "0.0"),
        (-4.285, 2, True, "−4.29"),
        (2.5, 0, True, "+3"),
        (1e9, 0, False, "1,000,000,000"),
    ],
)
def test_fixed(value: float, decimals: int, signed: bool, text: str) -> None:
    assert fixed(value, decimals, signed=signed) == text


def test_percent_holds_number_and_sign_together() -> None:
    assert percent(Decimal("-16.3"), signed=True) == "−16.3\u00a0%"


def test_money_is_shown_in_the_unit_of_the_language() -> None:
    bill, less = {"total_cost_cny": 26_214_300.0}, {"total_cost_cny": 21_931_800.0}
    english, chinese = numbers(bill, less), numbers(bill, less, "zh")
    assert english.value("total_cost_cny", "rolling").striptags() == "21.93 M CNY"
    assert english.delta("total_cost_cny", "rolling").striptags() == "−4.28 M CNY"
    assert chinese.value("total_cost_cny", "rolling").striptags() == "2,193 万元"
    assert chinese.delta("total_cost_cny", "rolling").striptags() == "−428 万元"


def test_small_studies_get_smaller_units() -> None:
    english = numbers({"total_cost_cny": 4_321.0}, {"total_cost_cny": 4_000.0})
    assert english.text("total_cost_cny", "run_now") == "4.32"
    assert english.scale("total_cost_cny").unit == "k CNY"


def test_difference_is_that_of_the_rounded_values() -> None:
    # 10.04 and 9.96 differ by 0.08 and are both shown as 10.0: the reader must see no difference.
    close = numbers({"peak_import_mw": 10.04}, {"peak_import_mw": 9.96})
    assert close.difference_text("peak_import_mw", "rolling") == "±0.0"
    measure = next(m for m in MEASURES if m.kpi == "peak_import_mw")
    assert close.direction(measure, "rolling") == 0


def test_shares_differ_by_points_not_percent() -> None:
    share = numbers({"renewable_share_ratio": 0.471}, {"renewable_share_ratio": 0.583})
    assert share.change_text("renewable_share_ratio", "rolling") == "+11.2\u00a0pp"


def test_no_percentage_of_zero() -> None:
    zero = numbers({"deadline_misses": 0.0}, {"deadline_misses": 3.0})
    assert zero.change("deadline_misses", "rolling") is None
    assert zero.change_text("deadline_misses", "rolling") == "–"


def test_no_percentage_of_what_is_below_zero() -> None:
    """−21.4 MW that become −10.1 MW are 11.3 MW more, not +52.8 %."""
    fits = numbers({"hosting_pv_mw": -21.4}, {"hosting_pv_mw": -10.1})
    assert fits.difference_text("hosting_pv_mw", "rolling") == "+11.3"
    assert fits.change_text("hosting_pv_mw", "rolling") == "–"
    room = numbers({"hosting_compute_mw": 0.5}, {"hosting_compute_mw": 2.2})
    assert room.change_text("hosting_compute_mw", "rolling") == "–"  # +340 % of what is left says nothing


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1e9), st.floats(0, 1e9), st.sampled_from(["en", "zh"]))
def test_columns_add_up_for_the_reader(control: float, other: float, lang: str) -> None:
    both = numbers({"energy_cost_cny": control}, {"energy_cost_cny": other}, lang)
    plain = [
        Decimal(text.replace(",", "").replace("−", "-").replace("±", "").replace("+", ""))
        for text in (
            both.text("energy_cost_cny", "run_now"),
            both.text("energy_cost_cny", "rolling"),
            both.difference_text("energy_cost_cny", "rolling"),
        )
    ]
    assert plain[1] - plain[0] == plain[2]


@settings(max_examples=50, deadline=None)
@given(st.floats(-1e12, 1e12), st.integers(0, 4))
def test_rounding_is_near_and_never_minus_zero(value: float, decimals: int) -> None:
    rounded = round_half_up(value, decimals)
    assert abs(rounded - Decimal(repr(value))) <= Decimal(1).scaleb(-decimals) / 2
    assert not (rounded == 0 and rounded.is_signed())


def test_words_refuse_other_languages_and_show_unknown_arms() -> None:
    with pytest.raises(ValueError, match="'en' and 'zh'"):
        Words("fr")
    assert Words("en").arm("my_plan") == "my plan"


def test_thousands_of_percent_become_a_factor() -> None:
    delay = numbers({"delay_mean_h": 0.1}, {"delay_mean_h": 4.3})
    assert delay.change_text("delay_mean_h", "rolling") == "×43"

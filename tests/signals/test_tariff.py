from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from suandian.experiments import presets
from suandian.model.contract import Source, Tariff, TariffTemplate
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.tariff import band_letters, energy_price_cny_per_mwh


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo("Asia/Shanghai"))


def axis_from(start: datetime, step_min: int, periods: int) -> TimeAxis:
    return TimeAxis(start, timedelta(minutes=step_min), periods)


def simple(half_hours: str, **changes: object) -> Tariff:
    tariff = Tariff(
        id="simple",
        effective_from=date(2026, 1, 1),
        templates=(TariffTemplate(tuple(range(1, 13)), half_hours),),
        ratio={"P": 2.0, "F": 1.0, "V": 0.5},
        floating_cny_per_mwh=400.0,
        fixed_cny_per_mwh=200.0,
        demand_cny_per_mw_month=38_400.0,
        export_cny_per_mwh=0.0,
        zone="Asia/Shanghai",
        sources=(Source("test", "D"),),
    )
    return replace(tariff, **changes)


@pytest.mark.parametrize(
    ("start", "letter"),
    [
        (at(2026, 4, 10, 12, 0), "D"),
        (at(2026, 4, 10, 10, 30), "V"),
        (at(2026, 4, 10, 14, 0), "V"),
        (at(2026, 4, 10, 18, 0), "S"),
        (at(2026, 4, 10, 17, 59), "S"),
        (at(2026, 4, 10, 20, 0), "P"),
        (at(2026, 4, 10, 3, 0), "F"),
        (at(2026, 7, 10, 3, 0), "V"),
        (at(2026, 7, 10, 12, 0), "F"),
        (at(2026, 12, 10, 11, 0), "D"),
        (at(2026, 12, 10, 16, 0), "S"),
    ],
)
def test_shandong_bands_are_those_of_the_notice(start, letter):
    tariff = presets.tariff("shandong_2025")
    assert band_letters(tariff, axis_from(start, 1, 1))[0] == letter


def test_shandong_april_noon_costs_the_deep_valley_price():
    tariff = presets.tariff("shandong_2025")
    noon, evening = axis_from(at(2026, 4, 1, 12), 15, 1), axis_from(at(2026, 4, 1, 18), 15, 1)
    assert energy_price_cny_per_mwh(tariff, noon)[0] == pytest.approx(410 * 0.1 + 240)
    assert energy_price_cny_per_mwh(tariff, evening)[0] == pytest.approx(410 * 2 + 240)


def test_a_month_changes_at_local_midnight():
    tariff = presets.tariff("shandong_2025")
    # June is flat until 07 h, July has a valley from 01 h on.
    axis = axis_from(at(2026, 6, 30, 23, 0), 60, 4)
    assert list(band_letters(tariff, axis)) == ["F", "F", "V", "V"]


def test_a_straddling_step_costs_the_time_weighted_mean():
    tariff = simple("V" * 17 + "P" * 31)  # boundary at 08:30
    axis = axis_from(at(2026, 4, 1, 8, 0), 60, 1)
    assert energy_price_cny_per_mwh(tariff, axis)[0] == pytest.approx(0.5 * 400 + 0.5 * 1000)
    late = axis_from(at(2026, 4, 1, 8, 20), 20, 1)
    assert energy_price_cny_per_mwh(tariff, late)[0] == pytest.approx(0.5 * 400 + 0.5 * 1000)
    assert band_letters(tariff, axis_from(at(2026, 4, 1, 8, 15), 60, 1))[0] == "P"
    assert band_letters(tariff, axis)[0] == "V"  # a tie goes to the earlier band


@pytest.mark.parametrize("step_min", [5, 10, 15, 20, 30, 60])
@pytest.mark.parametrize("tariff_id", presets.tariff_ids())
def test_the_mean_price_of_a_day_does_not_depend_on_the_step(tariff_id, step_min):
    tariff = replace(presets.tariff(tariff_id), effective_to=None, effective_from=date(2020, 1, 1))
    fine = energy_price_cny_per_mwh(tariff, axis_from(at(2026, 7, 1), 1, 1440))
    coarse = energy_price_cny_per_mwh(tariff, axis_from(at(2026, 7, 1), step_min, 1440 // step_min))
    assert coarse == pytest.approx(fine.reshape(-1, step_min).mean(axis=1))


def test_an_axis_outside_the_dates_is_refused_with_tariff_and_dates():
    with pytest.raises(DataError, match=r"zhejiang_2024.*2024-03-01 to 2026-06-30.*2026-06-30 to 2026-07-01"):
        energy_price_cny_per_mwh(presets.tariff("zhejiang_2024"), axis_from(at(2026, 6, 30), 60, 48))
    inside = energy_price_cny_per_mwh(presets.tariff("zhejiang_2024"), axis_from(at(2026, 6, 30), 60, 24))
    assert len(inside) == 24
    with pytest.raises(DataError, match="holds from 2026-01-01"):
        energy_price_cny_per_mwh(simple("F" * 48), axis_from(at(2025, 12, 31, 23), 60, 2))


def test_gaps_in_a_tariff_are_refused():
    axis = axis_from(at(2026, 4, 1), 60, 1)
    half_year = (TariffTemplate((1, 2, 3, 4, 5, 6), "F" * 48),)
    with pytest.raises(DataError, match="no template for month 7"):
        energy_price_cny_per_mwh(simple("F" * 48, templates=half_year), axis)
    with pytest.raises(DataError, match="47 half-hours"):
        energy_price_cny_per_mwh(simple("F" * 47), axis)
    with pytest.raises(DataError, match="band S has no ratio"):
        energy_price_cny_per_mwh(simple("S" * 48), axis)
    twice = (*simple("F" * 48).templates, TariffTemplate((4,), "V" * 48))
    with pytest.raises(DataError, match="month 4"):
        energy_price_cny_per_mwh(simple("F" * 48, templates=twice), axis)


def test_another_zone_follows_its_own_clock():
    tariff = simple("V" * 16 + "P" * 32, zone="Europe/Berlin")
    axis = TimeAxis(datetime(2026, 7, 1, 5, tzinfo=UTC), timedelta(hours=1), 2)  # 07 and 08 h in summer time
    assert np.array_equal(band_letters(tariff, axis), np.array(["V", "P"]))

from datetime import date
from pathlib import Path

import pytest

from suandian.experiments import presets
from suandian.quantity.errors import ScenarioError
from suandian.signals.interactive import one_way_fibre_ms


def test_all_tariffs_are_complete_and_sourced():
    assert len(presets.tariff_ids()) == 24
    for tariff_id in presets.tariff_ids():
        tariff = presets.tariff(tariff_id)
        assert sorted(month for template in tariff.templates for month in template.months) == list(range(1, 13))
        letters = {letter for template in tariff.templates for letter in template.half_hours}
        assert all(len(template.half_hours) == 48 for template in tariff.templates)
        assert letters <= set(tariff.ratio)
        assert tariff.ratio["F"] == 1.0
        assert tariff.ratio["P"] > 1 > tariff.ratio["V"]
        assert tariff.floating_cny_per_mwh > 0
        assert 20_000 < tariff.demand_cny_per_mw_month < 60_000
        assert len(tariff.sources) == 4
        assert all(source.confidence.rstrip("-") in {"A", "B", "C", "D"} for source in tariff.sources)
        assert all(source.document for source in tariff.sources)


@pytest.mark.parametrize(
    ("tariff_id", "spread_cny_per_mwh", "bands"),
    [
        ("gansu", 154, "PV"),
        ("jiangsu", 575, "PV"),
        ("qinghai", 292, "PV"),
        ("ningxia", 156, "PV"),
        ("guizhou", 498, "PV"),
    ],
)
def test_the_published_spread_is_met(tariff_id, spread_cny_per_mwh, bands):
    tariff = presets.tariff(tariff_id)
    spread = tariff.floating_cny_per_mwh * (tariff.ratio[bands[0]] - tariff.ratio[bands[1]])
    assert spread == pytest.approx(spread_cny_per_mwh, abs=0.6)


@pytest.mark.parametrize(
    ("tariff_id", "published"),
    [
        ("hubei", {"S": 1049.999, "F": 651.886, "V": 432.924}),
        ("fujian", {"S": 883.0, "P": 801.0, "F": 584.0, "V": 349.0}),
        ("guangdong_2021", {"S": 1431.0, "P": 1150.0}),
    ],
)
def test_published_band_prices_are_met_to_two_yuan(tariff_id, published):
    tariff = presets.tariff(tariff_id)
    for band, price in published.items():
        assert tariff.floating_cny_per_mwh * tariff.ratio[band] + tariff.fixed_cny_per_mwh == pytest.approx(
            price, abs=2
        )


def test_tariffs_by_area_and_day():
    assert presets.tariff("shandong").id == "shandong_2025"
    assert presets.tariff_of_area("zhejiang", date(2026, 6, 30)).id == "zhejiang_2024"
    assert presets.tariff_of_area("zhejiang", date(2026, 7, 1)).id == "zhejiang_2026"
    with pytest.raises(ScenarioError, match="zhejiang_2024, zhejiang_2026"):
        presets.tariff("zhejiang")
    with pytest.raises(ScenarioError, match="no tariff of 'jiangsu' holds on 2020-01-01"):
        presets.tariff_of_area("jiangsu", date(2020, 1, 1))
    with pytest.raises(ScenarioError, match="price area"):
        presets.tariff_of_area("atlantis", date(2026, 1, 1))


def test_unknown_names_name_the_nearest_known():
    with pytest.raises(ScenarioError, match="did you mean 'shandong_2025'"):
        presets.tariff("shandong_2026")
    with pytest.raises(ScenarioError, match="did you mean 'qingyang'"):
        presets.hub("quingyang")
    with pytest.raises(ScenarioError, match="did you mean 'guangdong'"):
        presets.emission_factor_kg_per_mwh("guandong")
    with pytest.raises(ScenarioError, match="there are 2021, 2022, 2023"):
        presets.emission_factor_kg_per_mwh("gansu", 2024)
    with pytest.raises(ScenarioError, match="unknown city"):
        presets.city("atlantis")


def test_emission_factors_are_those_of_the_announcement():
    value, source = presets.emission_factor_kg_per_mwh("shandong")
    assert value == pytest.approx(619.1)
    assert source.confidence == "A"
    assert "2025 No. 47" in source.document
    assert presets.emission_factor_kg_per_mwh("gansu")[0] == pytest.approx(447.1)
    assert presets.emission_factor_kg_per_mwh("guangdong", 2021)[0] == pytest.approx(471.5)
    assert presets.emission_factor_kg_per_mwh("InnerMongolia") == presets.emission_factor_kg_per_mwh("neimenggu")
    assert presets.emission_factor_kg_per_mwh("national")[0] == pytest.approx(530.6)
    assert len(presets.provinces()) == 31
    assert all(100 < presets.emission_factor_kg_per_mwh(name)[0] < 700 for name in presets.provinces())


def test_cities_lie_in_china():
    assert {"beijing", "shanghai", "shenzhen"} <= set(presets.city_names())
    for name in presets.city_names():
        city = presets.city(name)
        assert 18 < city.latitude_deg < 54
        assert 73 < city.longitude_deg < 135
        assert city.name_zh


def test_hubs_know_their_tariff_and_factor_and_latency():
    assert len(presets.hub_names()) == 10
    for name in presets.hub_names():
        hub = presets.hub(name)
        assert all(presets.tariff_of_area(area, date(2026, 4, 1)) for area in hub.price_areas)
        presets.emission_factor_kg_per_mwh(hub.emission_province)
        for city_id, latency_ms in hub.fibre_ms.items():
            city = presets.city(city_id)
            computed_ms = one_way_fibre_ms(hub.latitude_deg, hub.longitude_deg, city.latitude_deg, city.longitude_deg)
            assert computed_ms == pytest.approx(latency_ms, abs=0.15)


@pytest.mark.parametrize(
    ("tariff_id", "percent"),
    [
        ("gansu", 100), ("ningxia", 100), ("qinghai", 100), ("mengxi", 80), ("shandong_2025", 78),
        ("zhejiang_2026", 70),
        ("jiangsu", 60), ("shaanxi", 60), ("yunnan", 60), ("anhui", 52), ("zhejiang_2024", 40), ("jibei", 30),
        ("guangdong_2021", 0), ("guizhou", 0), ("sichuan", 0), ("beijing", 0), ("shanghai", 0), ("fujian", 0),
        ("chongqing", 0),
    ],
)  # fmt: skip
def test_share_of_midday_at_valley_price(tariff_id, percent):
    # Oracle: shares of 10–15 h over the year, counted separately from the notices.
    months = [
        (len(template.months), sum(template.half_hours[slot] in "VDv" for slot in range(20, 30)))
        for template in presets.tariff(tariff_id).templates
    ]
    assert 100 * sum(count * slots for count, slots in months) / 120 == pytest.approx(percent, abs=0.5)


def test_the_doc_page_shows_the_shipped_figures():
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "presets.md").read_text(encoding="utf-8")
    for tariff_id in presets.tariff_ids():
        tariff = presets.tariff(tariff_id)
        row = next(line for line in page.splitlines() if line.startswith(f"| `{tariff_id}` |"))
        cells = [cell.strip() for cell in row.split("|")]
        assert cells[4:6] == [f"{tariff.floating_cny_per_mwh:.1f}", f"{tariff.fixed_cny_per_mwh:.1f}"]
        assert cells[7] == f"{tariff.demand_cny_per_mw_month / 1000:.1f}"
        assert cells[9] == "/".join(source.confidence for source in tariff.sources)

"""Prices by bus: negative at noon below the main transformers, nothing above them, and refused without a network."""

import polars as pl
import pytest

import suandian as sd
from suandian.quantity.errors import ScenarioError


def test_noon_is_cheap_below_the_transformers_that_are_full() -> None:
    scenario = sd.load("county-noon", set={"time.end": "2026-04-02", "feeders.county.pv": "240 MW"})
    prices = sd.congestion_prices(scenario)
    assert prices.columns == ["feeder", "bus", "start", "price_cny_per_mwh"]
    assert len(prices) == 119 * 96
    noon = prices.filter(pl.col("start").dt.hour() == 4)  # 12 h in Shanghai
    by_bus = dict(noon.group_by("bus").agg(pl.col("price_cny_per_mwh").mean()).iter_rows())
    assert by_bus["grid"] == pytest.approx(0.0, abs=1e-3)
    assert by_bus["data centre A"] < -100.0
    assert min(by_bus.values()) > -1_000.0
    night = prices.filter(pl.col("start").dt.hour() == 18)
    assert night["price_cny_per_mwh"].abs().max() < 1.0


def test_without_a_network_there_is_no_price() -> None:
    scenario = sd.load("county-noon", set={"time.end": "2026-04-02", "feeders.county.network": None})
    with pytest.raises(ScenarioError, match="no feeder has a network"):
        sd.congestion_prices(scenario)

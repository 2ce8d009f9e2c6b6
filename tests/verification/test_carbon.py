import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suandian.quantity.errors import DataError
from suandian.verification.carbon import CarbonFactors, cfe_score_ratio, emissions_of_shift, green_shares

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "vectors" / "v6_settlement.json"
needs_vectors = pytest.mark.skipif(not VECTORS.is_file(), reason="../shared/reference/vectors is absent")


@needs_vectors
def test_a_shift_under_average_and_marginal_factors() -> None:
    case = json.loads(VECTORS.read_text())["carbon_shift"]
    delta = np.array([-case["mwh"], case["mwh"]])
    factors = CarbonFactors(
        average_kg_per_mwh=np.array([case["from"]["avg"], case["to"]["avg"]]) * 1000.0,
        marginal_kg_per_mwh=np.array([case["from"]["marg"], case["to"]["marg"]]) * 1000.0,
    )
    lines = {line.account: line for line in emissions_of_shift(delta, factors)}
    assert lines["hourly_average"].emissions_kg == pytest.approx(case["delta_avg_t"] * 1000.0)
    assert lines["marginal"].emissions_kg == pytest.approx(case["delta_marg_t"] * 1000.0)
    assert lines["location_annual"].emissions_kg is None


@needs_vectors
def test_the_cfe_score() -> None:
    case = json.loads(VECTORS.read_text())["cfe"]
    load, green = np.array(case["load"], float), np.array(case["contracted"], float)
    assert cfe_score_ratio(load, green) == case["score_contracted_only"]
    assert cfe_score_ratio(load, green, case["grid_cfe"]) == pytest.approx(case["score_with_grid"])
    months = np.array(["2026-01"] * 4, dtype="datetime64[M]")
    assert green_shares(months, load, green).annual_ratio == case["annual_volume_match"]


def test_five_accounts_by_hand() -> None:
    # Load 10, 10; contracted 4, 12; 3 MWh move from the first to the second interval.
    # Annual 500 and residual 600 see no change: Σ Δ = 0. Average −3·700 + 3·400 = −900; marginal −3·800 + 3·900 = +300.
    # Unmatched before 6 + 0, after 3 + 1: −2 MWh at the residual 600 = −1,200 kg.
    lines = emissions_of_shift(
        np.array([-3.0, 3.0]),
        CarbonFactors(500.0, 600.0, np.array([700.0, 400.0]), np.array([800.0, 900.0])),
        load_mwh=np.array([10.0, 10.0]),
        contracted_mwh=np.array([4.0, 12.0]),
    )
    assert [(line.account, line.emissions_kg, line.official) for line in lines] == [
        ("location_annual", 0.0, True),
        ("residual", 0.0, True),
        ("hourly_average", -900.0, False),
        ("marginal", 300.0, False),
        ("hourly_matched", -1200.0, False),
    ]
    assert not emissions_of_shift(np.ones(1), CarbonFactors(500.0, official_annual=False))[0].official


def test_green_shares_by_hand() -> None:
    # January: load 10 + 10, green 25 + 0: monthly min(20, 25) = 20, hourly 10 + 0. February: load 20, green 5: 5, 5.
    # Annual min(40, 30)/40; monthly (20 + 5)/40; hourly (10 + 5)/40.
    months = np.array(["2026-01", "2026-01", "2026-02"], dtype="datetime64[M]")
    shares = green_shares(months, np.array([10.0, 10.0, 20.0]), np.array([25.0, 0.0, 5.0]))
    assert (shares.annual_ratio, shares.monthly_ratio, shares.hourly_ratio) == (0.75, 0.625, 0.375)
    assert shares.months == (("2026-01", 1.0), ("2026-02", 0.25))
    assert "hourly" not in shares.official


@given(
    pairs=st.lists(st.tuples(st.floats(0.1, 100), st.floats(0, 200)), min_size=1, max_size=24),
    grid=st.floats(0, 1),
)
def test_finer_matching_never_claims_more(pairs, grid) -> None:
    load, green = np.array(pairs).T
    months = (np.datetime64("2026-01") + (np.arange(len(load)) // 8)).astype("datetime64[M]")
    shares = green_shares(months, load, green)
    assert 1 + 1e-9 >= shares.annual_ratio >= shares.monthly_ratio - 1e-9 >= shares.hourly_ratio - 2e-9
    assert shares.hourly_ratio == pytest.approx(cfe_score_ratio(load, green))
    assert cfe_score_ratio(load, green) - 1e-9 <= cfe_score_ratio(load, green, grid) <= 1 + 1e-9


def test_nothing_consumed_has_no_share() -> None:
    with pytest.raises(DataError, match="no consumption"):
        cfe_score_ratio(np.zeros(2), np.ones(2))
    with pytest.raises(DataError, match="non-negative"):
        cfe_score_ratio(np.ones(2), np.array([1.0, -1.0]))

import json
from pathlib import Path

import numpy as np
import pytest

from suandian.quantity.errors import DataError
from suandian.verification.event import Direction
from suandian.verification.validity import Claim, ClaimState, judge, response_figures, validity_rules

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "vectors" / "v6_settlement.json"
needs_vectors = pytest.mark.skipif(not VECTORS.is_file(), reason="../shared/reference/vectors is absent")
ONE, TWO = validity_rules()["CN_RULE_1"], validity_rules()["CN_RULE_2"]


@needs_vectors
def test_the_cases_of_rule_1() -> None:
    for case in json.loads(VECTORS.read_text())["cn_rule1"]["cases"]:
        result = judge(ONE, case["avgB"] - case["avgA"], case["maxB"] - case["maxA"], 0.0, case["reply"])
        assert result.valid == case["valid"], case


@needs_vectors
def test_the_cases_of_rule_2() -> None:
    for case in json.loads(VECTORS.read_text())["cn_rule2_peak"]["cases"]:
        result = judge(TWO, case["avgB"] - case["avgA"], case["maxB"] - case["maxA"], case["min"] / 60.0, case["reply"])
        assert result.valid == case["valid"], case
        assert bool(result.reasons) != case["valid"]


def test_shed_from_series_by_hand() -> None:
    base, metered = np.array([900.0, 1000.0, 950.0, 950.0]), np.array([880.0, 880.0, 840.0, 840.0])
    # Means 950 and 860: 90. Extremes 1000 and 880: 120. q = 20 120 110 110; at or above 0.8·100 = 80: 3 · 0.5 h.
    figures = response_figures(base, metered, Direction.SHED, 100.0, 0.8, 0.5)
    assert figures == (90.0, 120.0, 1.5)
    assert judge(TWO, *figures, 100.0).valid
    assert judge(ONE, *figures, 100.0).valid
    assert judge(ONE, *figures, 115.0).reasons == ("mean reduction 90 MW is below 0.8 × 115 MW",)


def test_fill_is_the_mirror() -> None:
    base, metered = np.array([300.0, 280.0]), np.array([390.0, 360.0])
    # A rises by 90 and 80: mean 85. Minima 280 and 360: 80.
    assert response_figures(base, metered, Direction.FILL, 100.0, 0.8, 1.0) == (85.0, 80.0, 2.0)
    assert judge(TWO, 85.0, 80.0, 2.0, 100.0).valid
    # The minimum did not rise above the baseline's.
    assert not judge(
        TWO, *response_figures(base, np.array([500.0, 280.0]), Direction.FILL, 100.0, 0.8, 1.0), 100.0
    ).valid


def test_zhejiang_needs_half() -> None:
    rule = validity_rules()["ZHEJIANG_2025"]
    assert judge(rule, 50.0, 1.0, 0.0, 100.0).valid
    assert not judge(rule, 49.0, 1.0, 0.0, 100.0).valid
    assert not judge(rule, 60.0, 0.0, 0.0, 100.0).valid


def test_modulation_is_refused() -> None:
    with pytest.raises(DataError, match="shed and fill"):
        response_figures(np.ones(1), np.ones(1), Direction.MODULATE, 1.0, 0.8, 1.0)


def test_appeal_and_recalculation() -> None:
    bad, good = judge(TWO, 70.0, 10.0, 2.0, 100.0), judge(TWO, 90.0, 10.0, 2.0, 100.0)
    claim = Claim("e1", "site-a", bad)
    assert claim.confirmed_mw is None
    claim = claim.appeal(10, "a meter was read twice").recalculate(20, "corrected readings", good)
    assert (claim.version, claim.validity, claim.state) == (2, good, ClaimState.RECALCULATED)
    final = claim.confirm(30)
    assert final.confirmed_mw == 90.0
    assert [step for step, _, _ in final.trail] == ["appealed", "recalculated", "confirmed"]
    assert Claim("e1", "site-a", bad).confirm(5).confirmed_mw == 0.0


def test_illegal_steps_are_refused() -> None:
    claim = Claim("e1", "site-a", judge(TWO, 90.0, 10.0, 2.0, 100.0))
    with pytest.raises(DataError, match="cannot become recalculated; it may become appealed, confirmed"):
        claim.recalculate(1, "", claim.validity)
    with pytest.raises(DataError, match="nothing else"):
        claim.confirm(1).appeal(2, "too late")
    with pytest.raises(DataError, match="may become confirmed"):
        claim.appeal(1, "x").uphold(2, "y").appeal(3, "again")
    with pytest.raises(DataError, match="earlier than the step before"):
        claim.appeal(10, "x").uphold(2, "y")


def test_the_records_name_their_sources() -> None:
    assert set(validity_rules()) == {"CN_RULE_1", "CN_RULE_2", "ZHEJIANG_2025", "SHARE_60"}
    for record in validity_rules().values():
        assert record.version >= 1
        assert all(source.document for source in record.sources)

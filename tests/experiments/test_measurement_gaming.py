"""What a player earns, by hand."""

import numpy as np
import pytest
from measured_study import small_league

from suandian.experiments.measurement.gaming import PLAYS, Gain, gain_of, worst

NAN = float("nan")


def gain(honest, played, uses: int = 1, cost: float = 3000.0, reward: float = 2500.0) -> Gain:
    n = len(honest)
    return gain_of(
        honest_mwh=np.array(honest), played_mwh=np.array(played), true_mwh=np.full(n, 4.0), least_mwh=np.full(n, 0.1),
        raised_mwh=np.full(n, 5.0), cost_cny=np.full(n, cost), uses=uses, reward_cny_per_mwh=reward,
    )  # fmt: skip


def test_profit_and_break_even_by_hand() -> None:
    found = gain([4.0, 3.0], [6.0, 5.5])
    # 2 + 2.5 MWh for nothing at 2,500, less 2 · 3,000: 11,250 − 6,000. Break-even 6,000/4.5; error √2 · 0.354.
    assert found.gain_mwh == pytest.approx(4.5)
    assert found.profit_cny == pytest.approx(5250.0)
    assert found.breakeven_cny_per_mwh == pytest.approx(6000 / 4.5)
    assert found.gain_ratio == pytest.approx(4.5 / 8)
    assert found.error_mwh == pytest.approx(np.sqrt(2) * np.std([2.0, 2.5], ddof=1))
    assert found.pays


def test_one_raise_may_serve_many_events() -> None:
    once, often = gain([4.0, 4.0], [5.0, 5.1], cost=10_000.0), gain([4.0, 4.0], [5.0, 5.1], uses=15, cost=10_000.0)
    assert not once.pays
    assert often.profit_cny == pytest.approx(2.1 * 15 * 2500 - 20_000)
    assert often.pays


def test_a_play_that_makes_the_event_unmeasurable_loses_the_honest_credit() -> None:
    found = gain([4.0, NAN], [NAN, 9.0])
    assert (found.events, found.refused) == (1, 1)
    assert found.gain_mwh == -4.0
    assert np.isnan(found.breakeven_cny_per_mwh)
    assert not found.pays


def test_a_gain_by_chance_does_not_pay() -> None:
    found = gain([4.0, 4.0, 4.0], [9.0, 1.0, 4.5], cost=0.0)
    assert found.profit_cny > 0
    assert not found.pays


def test_the_worst_play_is_the_one_that_gains_most_of_those_that_pay() -> None:
    little, much, dear = (
        gain([4.0, 4.0], [6.0, 6.1]),
        gain([4.0, 4.0], [8.0, 8.1]),
        gain([4.0, 4.0], [9.0, 9.1], cost=9e9),
    )
    assert worst({"a": little, "b": much, "c": dear}) == ("b", pytest.approx(8.1 / 8))
    assert worst({"c": dear}) == ("", 0.0)


def test_only_windows_after_the_notice_pay_for_load_raised_after_it() -> None:
    league = small_league()
    after = {row.id: row.gains["after_notice"].gain_mwh for row in league.rows if row.gains}
    for name in ("CN_5WD", "MBMA_60MIN", "GUARDED_10OF10", "CONED_CBL_WX", "HIGH_5OF10", "REPLAY"):
        assert after[name] == pytest.approx(0.0, abs=1e-9), name
    for name in ("ISONE_10OF10", "ERCOT_MID_8OF10", "PJM_SAMEDAY_3P2"):
        assert after[name] > 0.1, name
    # A tight cap pays less for it than a wide one, and that less than none.
    closing = [row.gains["after_notice"].gain_mwh for row in league.closing]
    no_cap, shipped, tight, early = closing[:4]
    assert no_cap > shipped >= tight >= early == pytest.approx(0.0, abs=1e-9)
    assert set(league.rows[0].gains) == set(PLAYS)

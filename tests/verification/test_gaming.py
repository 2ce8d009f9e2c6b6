from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.engine import baseline
from suandian.verification.event import Event, History
from suandian.verification.gaming import (
    Played,
    play_after_notice,
    play_days,
    play_frozen,
    play_raised_then_frozen,
    pre_event_z,
)
from suandian.verification.metering import LoadTable
from suandian.verification.rules import rule

AXIS = TimeAxis(datetime(2025, 6, 1, 16, tzinfo=UTC), timedelta(hours=1), 60 * 24)
START = AXIS.start_s + (51 * 24 + 14) * 3600  # Wednesday 23 July, 14 to 16 h
EVENT = Event("e", START - 3 * 3600, START, START + 7200)


def table(levels=None):
    load = np.repeat(np.full(60, 10.0) if levels is None else levels, 24)
    return LoadTable(("a",), AXIS, load[None, :], "Asia/Shanghai", WEEKDAYS)


def gain_mwh(played: Played, made: LoadTable, name: str) -> float:
    """Energy that the baseline of the event gains by the play under a rule."""
    honest = baseline(made, EVENT, rule(name), History())
    gained = baseline(played.table, EVENT, rule(name), played.history)
    return float((gained.baseline_mw - honest.baseline_mw).sum()) * made.step_h


def test_load_raised_after_notice_by_hand() -> None:
    # Told at 11, raised by 20 % until 14: 3 h · 2 MW = 6 MWh drawn. The window 12–14 h sees 2 MW: 2 h · 2 MW = 4 MWh.
    made = table()
    played = play_after_notice(made, EVENT, History())
    assert played.raised_mwh[0] == pytest.approx(6.0)
    assert gain_mwh(played, made, "ISONE_10OF10") == pytest.approx(4.0)
    # The window 10–13 h of CAISO sees two raised hours of three: factor 1 + 0.2·2/3.
    assert gain_mwh(played, made, "CAISO_10IN10") == pytest.approx(20 * 0.4 / 3)
    # 50 % would give 1 + 0.5·2/3 = 1.33: the cap holds it at 1.2.
    half = play_after_notice(made, EVENT, History(), raise_ratio=0.5)
    assert gain_mwh(half, made, "CAISO_10IN10") == pytest.approx(4.0)


@pytest.mark.parametrize("name", ["GUARDED_10OF10", "CN_5WD", "HIGH_5OF10", "MBMA_60MIN"])
def test_rules_without_a_window_after_notice_pay_nothing_for_it(name) -> None:
    made = table()
    assert gain_mwh(play_after_notice(made, EVENT, History()), made, name) == 0.0


def test_load_raised_on_baseline_days_by_hand() -> None:
    # The five days before are Friday to Tuesday, three of them working: at 14 and 15 h 12 MW in place of 10 MW there.
    # CN: (3·12 + 2·10)/5 = 11.2: 1.2 · 2 h = 2.4 MWh for 5 days · 2 h · 2 MW = 20 MWh drawn.
    made = table()
    played = play_days(made, EVENT, History())
    assert played.raised_mwh[0] == pytest.approx(20.0)
    assert gain_mwh(played, made, "CN_5WD") == pytest.approx(2.4)
    assert gain_mwh(played, made, "MBMA_60MIN") == 0.0


def test_frozen_days_by_hand() -> None:
    # 20 MW until day 30, 10 MW after. Bids on the 20 days before (31 … 50) leave the days up to 30: 20 MW.
    made = table(np.where(np.arange(60) <= 30, 20.0, 10.0))
    played = play_frozen(made, EVENT, History())
    assert played.raised_mwh[0] == 0.0
    assert gain_mwh(played, made, "HIGH_5OF10") == pytest.approx(20.0)
    # Ours passes over five event days at most: 9 working days at 10 MW and one at 20: 11 MW in place of 10, and the
    # adjustment before notice, at 10 MW, takes that back.
    assert gain_mwh(played, made, "GUARDED_10OF10") == pytest.approx(0.0)


def test_a_raise_that_is_frozen_lives_on_by_hand() -> None:
    # Raised on days 24 … 30, bids on 31 … 50. Of 24 … 30 (Thursday to Wednesday) five are working days at 12 MW, and
    # they are the newest that are left: 2 MW · 2 h for 7 days · 2 h · 2 MW drawn.
    made = table()
    played = play_raised_then_frozen(made, EVENT, History())
    assert played.raised_mwh[0] == pytest.approx(28.0)
    assert gain_mwh(played, made, "CN_5WD") == pytest.approx(4.0)


def test_a_negative_raise_is_refused() -> None:
    with pytest.raises(DataError, match="negative"):
        play_days(table(), EVENT, History(), raise_ratio=-0.1)


def test_lights_switched_on_after_notice_stand_out() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0.0, 0.2, AXIS.periods)
    made = table()
    replayed = made.load_mw.copy()
    honest = made.replaced(made.load_mw + noise)
    lit = honest.load_mw.copy()
    lit[0, 51 * 24 + 11 : 51 * 24 + 14] += 2.0
    # Mean of three hours: standard deviation 0.2/√3 = 0.115; 2 MW more are about 17 of them.
    assert abs(pre_event_z(honest, EVENT, replayed)[0]) < 4.0
    assert pre_event_z(made.replaced(lit), EVENT, replayed)[0] == pytest.approx(2.0 / (0.2 / 3**0.5), rel=0.3)
    at_once = Event("n", START, START, START + 7200)
    assert np.isnan(pre_event_z(honest, at_once, replayed)[0])

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.baseline import Outcome
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.engine import Evidence
from suandian.verification.event import Event, History, Span
from suandian.verification.metering import LoadTable
from suandian.verification.performance import as_json, lesser_baseline, verify
from suandian.verification.rules import rule

AXIS = TimeAxis(datetime(2025, 3, 2, 16, tzinfo=UTC), timedelta(minutes=30), 90 * 48)


def at(day, hour):
    return AXIS.start_s + int((day * 24 + hour) * 3600)


EVENT = Event("e1", at(87, 10), at(87, 14), at(87, 16), committed_mw=2.0)
FIRST = 87 * 48 + 28


def table(gap=None, noise=0.01):
    rng = np.random.default_rng(7)
    load = np.repeat([[10.0], [20.0]], AXIS.periods, axis=1) * (1 + noise * rng.standard_normal((2, AXIS.periods)))
    load[0, FIRST : FIRST + 4] -= 2.0
    if gap is not None:
        load[0, gap] = np.nan
    return LoadTable(("a", "b"), AXIS, load, "Asia/Shanghai", WEEKDAYS)


def test_a_statement_holds_all_that_was_promised() -> None:
    shed, idle = verify(table(), EVENT, rule("CAISO_10IN10"))
    assert shed.measurable
    # About 2 MW for 2 h.
    assert shed.delivered_mwh == pytest.approx(4.0, abs=0.3)
    assert shed.delivered_mwh == pytest.approx(shed.baseline_mwh - shed.metered_mwh)
    assert shed.delivered_mwh == pytest.approx(shed.reduction_mw.sum() * 0.5)
    assert shed.low_mwh < shed.delivered_mwh < shed.high_mwh
    assert shed.distinguishable is True
    assert idle.distinguishable is False
    assert shed.placebo_windows == pytest.approx(55, abs=5)
    assert len(shed.days_used) == 10
    assert sum(weight for _, weight in shed.days_used) == pytest.approx(1.0)
    reasons = {reason for _, reason in shed.days_rejected}
    assert reasons == {"another type of day", "comparable, the pool was full of newer days"}
    assert shed.rule.ref == "CAISO_10IN10@1"
    assert len(shed.input_hash) == 64
    assert shed.code_version


def test_the_baseline_can_be_redone_from_the_listed_days() -> None:
    shed = verify(table(), EVENT, rule("CAISO_10IN10"), placebo_windows=0)[0]
    made = table()
    by_day = made.load_mw[0].reshape(90, 48)
    days = [int((np.datetime64(d) - np.datetime64("2025-03-03")).astype(int)) for d, _ in shed.days_used]
    mean = by_day[days].mean(axis=0)
    factor = by_day[87, 20:26].mean() / mean[20:26].mean()
    assert shed.adjustment_raw_ratio == pytest.approx(factor)
    np.testing.assert_allclose(shed.baseline_mw, mean[28:32] * min(max(factor, 0.8), 1.2))


def test_the_same_inputs_give_the_same_statement_and_others_another_hash() -> None:
    first, again = (verify(table(), EVENT, rule("CN_5WD"), placebo_windows=5)[0] for _ in range(2))
    assert json.dumps(as_json(first), sort_keys=True) == json.dumps(as_json(again), sort_keys=True)
    assert verify(table(noise=0.02), EVENT, rule("CN_5WD"), placebo_windows=0)[0].input_hash != first.input_hash
    assert (
        verify(table(), EVENT, replace(rule("CN_5WD"), version=2), placebo_windows=0)[0].input_hash != first.input_hash
    )
    history = History((Span(at(3, 1), at(3, 2), None, "x"),))
    assert verify(table(), EVENT, rule("CN_5WD"), history, placebo_windows=0)[0].input_hash != first.input_hash
    assert first.input_hash != verify(table(), EVENT, rule("CN_5WD"), placebo_windows=5)[1].input_hash


def test_unread_intervals_of_the_event_are_told() -> None:
    result = verify(table(gap=FIRST + 1), EVENT, rule("CN_5WD"), placebo_windows=0)[0]
    assert result.outcome is Outcome.NOT_MEASURABLE
    assert result.disqualified == ("1 of 4 intervals of the event were not read",)
    assert np.isnan(result.delivered_mwh)
    assert np.isfinite(result.baseline_mw).all()
    assert as_json(result)["delivered_mwh"] is None


def test_a_gap_in_the_adjustment_window_is_told() -> None:
    result = verify(table(gap=FIRST - 4), EVENT, rule("CAISO_10IN10"), placebo_windows=0)
    assert result[0].disqualified == ("readings of the adjustment window are missing or disturbed by another event",)
    assert result[1].measurable


def test_an_event_longer_than_the_data() -> None:
    long = Event("e", at(89, 10), at(89, 20), at(89, 30))
    assert verify(table(), long, rule("CN_5WD"))[0].disqualified == ("part of the event lies outside the data",)


def test_overlapping_events_are_refused() -> None:
    with pytest.raises(DataError, match="overlap"):
        verify(table(), EVENT, rule("CN_5WD"), History((Span(at(87, 15), at(87, 17), "a", "other"),)))


def test_estimated_readings_are_told() -> None:
    made = table()
    estimated = np.zeros(made.load_mw.shape, dtype=bool)
    estimated[0, FIRST + 1] = estimated[0, 85 * 48 + 3] = True
    marked = LoadTable(made.meters, made.axis, made.load_mw, made.zone, made.calendar, False, estimated)
    first, second = verify(marked, EVENT, rule("CN_5WD"), placebo_windows=0)
    assert first.notes[:2] == (
        "1 of 4 intervals of the event are estimated readings",
        "days used with estimated readings: 2025-05-27",
    )
    assert not any("estimated" in note for note in second.notes)


def test_a_rule_out_of_force_is_noted() -> None:
    result = verify(table(), EVENT, rule("ISONE_90_10"), placebo_windows=0)[0]
    assert "rule ISONE_90_10@1 holds from … to 2015-07-08, the event is of 2025-05-29" in result.notes


def test_a_contract_has_no_interval() -> None:
    result = verify(table(), EVENT, rule("FIRM_LEVEL"), evidence=Evidence(firm_mw=9.0))[0]
    assert result.baseline_mw.tolist() == [9.0] * 4
    assert result.distinguishable is None
    assert result.notes[-1].startswith("no interval: the level is a contract")
    short = verify(table().only([0]), Event("e", at(16, 9), at(16, 14), at(16, 16)), rule("CN_5WD"))[0]
    assert short.notes[-1].startswith("no interval: too few")


def pair(replayed_mwh, metered_mwh, half_mwh=1.0, **changes):
    base = verify(table(), EVENT, rule("CN_5WD"), placebo_windows=0)[0]
    metered = replace(
        base, delivered_mwh=metered_mwh, low_mwh=metered_mwh - half_mwh, high_mwh=metered_mwh + half_mwh, **changes
    )
    return replace(base, delivered_mwh=replayed_mwh), metered


def test_the_lesser_baseline_is_paid() -> None:
    # Half-width 1 at 90 %: σ = 1/1.645 = 0.608; 2σ = 1.216.
    assert lesser_baseline(*pair(4.0, 5.0)).credited_mwh == 4.0
    result = lesser_baseline(*pair(5.0, 4.0))
    assert (result.credited_mwh, result.basis, result.flagged) == (4.0, "meter", False)
    assert lesser_baseline(*pair(5.0, 4.0), sigma_count=1.0).credited_mwh == pytest.approx(4.0 + 1 / 1.6448536)
    assert lesser_baseline(*pair(5.0, 4.5), sigma_count=1.0).basis == "replay"
    far = lesser_baseline(*pair(6.0, 4.0))
    assert (far.credited_mwh, far.flagged) == (4.0, True)
    assert "more than 2σ = 1.22 MWh" in far.reasons[0]


def test_one_baseline_alone_is_flagged() -> None:
    replayed, metered = pair(4.0, 5.0)
    lost = replace(replayed, outcome=Outcome.NOT_MEASURABLE, disqualified=("no policy",))
    assert lesser_baseline(lost, metered) == lesser_baseline(lost, metered)
    assert lesser_baseline(lost, metered).credited_mwh == 5.0
    assert lesser_baseline(lost, metered).reasons == ("no policy",)
    gone = replace(metered, outcome=Outcome.NOT_MEASURABLE, disqualified=("no days",))
    assert lesser_baseline(replayed, gone).basis == "replay"
    assert lesser_baseline(lost, gone).credited_mwh == 0.0
    assert lesser_baseline(*pair(4.0, 5.0, float("nan"))).flagged

"""The league on a small study: complete, consistent with its own events, and plain JSON."""

import json
import math
import sys

import numpy as np
import pytest
from measured_study import called, measured, small_league

from suandian.experiments.measurement import TestCalls, league
from suandian.experiments.measurement.gaming import RAISE_RATIO
from suandian.experiments.measurement.league import _cases, _Ground, _pre_event_z
from suandian.experiments.measurement.result import Target
from suandian.experiments.measurement.text import text_of
from suandian.experiments.measurement.worlds import arm_of, journal_of
from suandian.quantity.errors import ScenarioError
from suandian.verification.gaming import play_after_notice
from suandian.verification.rules import rules


def test_every_rule_is_ranked_or_said_why_not() -> None:
    found = small_league()
    assert {row.id for row in found.rows} | set(found.left_out) == set(rules())
    errors = [row.scores.accuracy.cvrmse_ratio for row in found.rows if row.scores.accuracy is not None]
    assert errors == sorted(errors)
    for row in found.rows:
        if not row.verdict.events:
            assert row.reason


def test_credits_and_twins_make_the_verdict() -> None:
    found = small_league()
    true = np.array([twin.true_mwh for twin in found.twins])
    for row in found.rows:
        credited = np.array(found.credited_mwh[row.id])
        seen = np.isfinite(credited)
        assert seen.sum() == row.verdict.events
        if seen.any():
            assert row.verdict.bias_ratio == pytest.approx((credited - true)[seen].sum() / true[seen].sum())


def test_replay_with_metered_jobs_is_the_truth_on_days_without_events() -> None:
    accuracy = small_league().closing[-1].scores.accuracy
    assert accuracy is not None
    assert abs(accuracy.bias_ratio) < 0.005
    assert accuracy.cvrmse_ratio < 0.01


def test_the_lesser_of_two_never_credits_more_than_either() -> None:
    found = small_league()
    lesser, base, replay = (found.row(name).verdict for name in (
        "CN_5DAY_ADJUSTED · lesser of it and replay", "CN_5DAY_ADJUSTED", "REPLAY",
    ))  # fmt: skip
    assert lesser.credited_mwh <= min(base.credited_mwh, replay.credited_mwh) + 1e-9


def test_the_document_is_json_and_the_same_twice() -> None:
    document = json.dumps(small_league().to_dict(), allow_nan=False)
    again = league(measured(), sites=("hall",), days=40, calls=TestCalls(days=14))
    assert json.dumps(again.to_dict(), allow_nan=False) == document
    assert json.loads(document)["events"][0]["credited_mwh"]["CN_5WD"] is not None


def test_own_instructions_are_the_events() -> None:
    found = league(called(), days=26, sites=("hall", "west"))
    assert [twin.call.id for twin in found.twins] == ["evening"]
    assert found.setting["calls"] == "own"
    assert any("no event at west" in note for note in found.notes)
    text = text_of(found)
    assert "as the study instructs" in text
    assert "CN_5DAY_ADJUSTED made safer step by step" in text


def test_sites_that_are_called_are_no_controls() -> None:
    scenario = called()
    truth, policy = scenario.truth(), arm_of(scenario)
    ground = _Ground(scenario, truth, policy, journal_of(truth, policy))
    hall, west = _cases(ground, ("hall", "west"), TestCalls())
    # The study calls hall: west is its control, and west itself has none.
    for evidence in (hall.knowledge.called, hall.knowledge.honest):
        assert evidence.controls is not None
        assert evidence.controls.table.meters == ("west",)
    assert (west.knowledge.called.controls, west.knowledge.honest.controls) == (None, None)


def test_the_hours_after_the_notice_are_looked_at_under_the_play_that_is_paid(monkeypatch) -> None:
    seen = []

    def watched(table, event, history, **options):
        seen.append(options)
        return play_after_notice(table, event, history, **options)

    # The package has a function of the same name as the module.
    monkeypatch.setattr(sys.modules[_pre_event_z.__module__], "play_after_notice", watched)
    scenario = called()
    truth, policy = scenario.truth(), arm_of(scenario)
    ground = _Ground(scenario, truth, policy, journal_of(truth, policy))
    found = _pre_event_z(_cases(ground, ("hall",), TestCalls()))
    assert set(found) == {"honest", "raised_after_notice"}
    assert seen == [{"raise_ratio": RAISE_RATIO}]


def test_a_wrong_site_is_told() -> None:
    with pytest.raises(ScenarioError, match="write one of hall, west"):
        league(measured(), sites=("hal",), days=20)


def test_targets_by_hand() -> None:
    assert Target("bias", -0.01, 0.01, 0.009).state == "met"
    assert Target("bias", -0.01, 0.01, 0.011).state == "missed"
    # Standard error of 90 % over 100 windows: √(0.9·0.1/100) = 3 %. 98 % is 5 % off, 100 % is 7 % off.
    assert Target("cover", 0.87, 0.93, 0.98, 100).state == "undecided"
    assert Target("cover", 0.87, 0.93, 1.0, 100).state == "missed"
    assert Target("cover", 0.87, 0.93, math.nan, 100).state == "missed"

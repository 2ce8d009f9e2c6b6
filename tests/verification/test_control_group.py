from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.baseline import Why
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.control_group import ControlGroup, control_group, match_controls
from suandian.verification.event import Event, History
from suandian.verification.metering import LoadTable
from suandian.verification.rules import rule

AXIS = TimeAxis(datetime(2025, 6, 1, 16, tzinfo=UTC), timedelta(hours=1), 40 * 24)
RULE = rule("CONTROL_5NN")
FIRST = 36 * 24 + 14  # Tuesday 8 July, 14:00
EVENT = Event("e", AXIS.start_s, AXIS.start_s + FIRST * 3600, AXIS.start_s + (FIRST + 2) * 3600)


def table(load, prefix="m"):
    return LoadTable(tuple(f"{prefix}{i}" for i in range(len(load))), AXIS, load, "Asia/Shanghai", WEEKDAYS)


def weather(seed=0):
    """A common swing that no day before tells: what a control group is for."""
    rng = np.random.default_rng(seed)
    day = np.repeat(1 + 0.3 * rng.standard_normal(40), 24).clip(0.3)
    return day * (1 + 0.2 * np.sin(np.arange(AXIS.periods) * 2 * np.pi / 24))


def test_the_nearest_are_taken_once() -> None:
    # Shapes (1, 3) and (2, 2); controls (10, 30) alike the first, (5, 5) the second, (1, 1.2) next to the second.
    own = np.array([[1.0, 3.0], [2.0, 2.0]])
    matched = match_controls(own, np.array([[10.0, 30.0], [5.0, 5.0], [1.0, 1.2]]), 1, reuse=False)
    assert matched.rows.tolist() == [[0], [1]]
    assert matched.distance_ratio.tolist() == [[0.0], [0.0]]
    # Both want (5, 5) second; the second has it, the first takes what is left.
    both = match_controls(np.array([[2.0, 2.0], [2.0, 2.0]]), np.array([[5.0, 5.0], [1.0, 1.2]]), 1, reuse=False)
    assert sorted(both.rows.ravel().tolist()) == [0, 1]
    again = match_controls(np.array([[2.0, 2.0], [2.0, 2.0]]), np.array([[5.0, 5.0], [1.0, 1.2]]), 1, reuse=True)
    assert again.rows.ravel().tolist() == [0, 0]
    few = match_controls(own, np.array([[1.0, 1.0]]), 2, reuse=False)
    assert (few.rows == -1).sum() == 3


def test_a_common_swing_is_followed() -> None:
    swing = weather()
    own = 8 * swing
    called = own.copy()
    called[FIRST : FIRST + 2] -= 3.0
    controls = ControlGroup(table(np.array([2.0, 3, 4, 5, 6])[:, None] * swing, "c"))
    batch = control_group(table(called[None, :]), EVENT, RULE, History(), controls)
    np.testing.assert_allclose(batch.baseline_mw[0], own[FIRST : FIRST + 2])
    np.testing.assert_allclose(batch.baseline_mw[0] - batch.metered_mw[0], 3.0)
    assert "placebo bias +0.00%" in batch.notes[0]


def test_controls_that_are_not_alike_are_refused() -> None:
    rng = np.random.default_rng(5)
    controls = ControlGroup(table(5 * (1 + 0.5 * rng.random((5, AXIS.periods))) * weather(9), "c"))
    batch = control_group(table(8 * weather()[None, :]), EVENT, RULE, History(), controls)
    assert batch.why[0] == Why.CONTROLS_NOT_ALIKE
    assert np.isnan(batch.baseline_mw).all()


def test_what_is_missing_is_told() -> None:
    own = table(8 * weather()[None, :])
    assert control_group(own, EVENT, RULE, History(), None).why[0] == Why.NO_EVIDENCE
    few = ControlGroup(table(np.ones((3, 1)) * weather(), "c"))
    assert control_group(own, EVENT, RULE, History(), few).why[0] == Why.NO_EVIDENCE
    early = Event("e", AXIS.start_s, AXIS.start_s + 62 * 3600, AXIS.start_s + 64 * 3600)
    enough = ControlGroup(table(np.ones((5, 1)) * weather(), "c"))
    assert control_group(own, early, RULE, History(), enough).why[0] == Why.TOO_FEW_DAYS
    with pytest.raises(DataError, match="measured and a control at once"):
        control_group(own, EVENT, RULE, History(), ControlGroup(table(np.ones((5, 1)) * weather(), "m")))

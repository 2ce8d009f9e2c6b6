"""Windows in intervals: what is rounded where, and what is marked."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

import suandian as sd
from suandian.coordination.shift_grid import on_axis

START = datetime(2026, 3, 2, tzinfo=UTC)
AXIS = sd.TimeAxis(START, timedelta(hours=1), 24)


def grid(start, duration, due, earliest=None, **options):
    times = {"start": [start], "due": [due], "earliest": [start if earliest is None else earliest]}
    jobs = sd.ShiftJobs.build(
        duration_h=[duration], **{k: [START + timedelta(hours=h) for h in v] for k, v in times.items()}
    )
    return on_axis(jobs, AXIS, **({"align": "refuse", "lengths": "exact", "beyond": "refuse"} | options))


def test_exact_and_rounded_windows():
    exact = grid(10, 2.5, 14.25)
    assert (exact.first[0], exact.latest[0], exact.last[0], exact.tail_s[0]) == (10, 11, 14, 900)
    up = grid(10, 2.5, 14.25, lengths="up")
    assert (up.latest[0], up.last[0], up.tail_s[0], up.run_s[0]) == (11, 14, 0, 3 * 3600)
    tight = grid(10, 2.5, 12.5, lengths="up")  # no slack: rounding up must not make it late
    assert (tight.latest[0], tight.last[0], bool(tight.late[0])) == (10, 13, False)
    early = grid(10, 1.0, 12, earliest=7.5)
    assert early.first[0] == 8


def test_starts_inside_an_interval():
    with pytest.raises(sd.DataError, match=r"row 0 .* starts 900 s inside an interval of 3600 s"):
        grid(10.25, 1.0, 14)
    up = grid(10.25, 1.0, 14, align="up")
    assert (up.nominal[0], up.first[0]) == (11, 11)
    assert grid(10.25, 1.0, 11.25, align="up").late[0]


def test_windows_that_leave_the_signal():
    with pytest.raises(sd.DataError, match="leaves the signal"):
        grid(20, 2.0, 25)
    cut = grid(20, 2.0, 25.5, beyond="cut")
    assert (cut.latest[0], cut.last[0], cut.tail_s[0], bool(cut.cut[0])) == (22, 24, 0, True)
    assert not grid(20, 2.0, 24).cut[0]
    before = grid(1, 1.0, 5, earliest=-3, beyond="cut")
    assert (before.first[0], bool(before.cut[0]), bool(before.outside[0])) == (0, True, False)
    assert grid(23, 2.0, 26, beyond="cut").outside[0]
    assert grid(20, 2.0, 25, beyond="leave_out").outside[0]


def test_a_window_that_lies_before_the_signal_keeps_the_nominal_run():
    """Due at 1:00 with 2 h to run from 0:00: it could only start an hour before the signal does."""
    lost = grid(0, 2.0, 1, earliest=-4, beyond="cut")
    assert (bool(lost.late[0]), lost.first[0], lost.latest[0], lost.last[0]) == (True, 0, 0, 2)


def test_intervals_are_counted_from_elsewhere():
    moved = grid(10, 2.5, 14.25).since(4)
    assert [int(getattr(moved, name)[0]) for name in ("nominal", "first", "latest", "last")] == [6, 6, 7, 10]
    assert moved.whole(3600).tolist() == [3]
    assert len(moved.take(np.array([0, 0])).first) == 2

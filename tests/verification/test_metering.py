from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.record.events import Meter, MeterBlock
from suandian.record.journal import Journal
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.metering import (
    LoadTable,
    from_journal,
    load_table,
    looks_end_stamped,
    net_load_mw,
    unit_question,
)

QUARTER = timedelta(minutes=15)


def local(*when, zone="Asia/Shanghai"):
    return int(datetime(*when, tzinfo=ZoneInfo(zone)).timestamp())


def axis(days=2, zone="Asia/Shanghai", start=(2025, 3, 29), step=timedelta(hours=1)):
    begin = datetime(*start, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return TimeAxis(begin, step, int(days * 24 * 3600 / step.total_seconds()))


def table(load, over=None, **more):
    over = over or axis()
    arguments = {"meters": ("a",), "zone": "Asia/Shanghai", "calendar": WEEKDAYS} | more
    return LoadTable(axis=over, load_mw=np.asarray(load, float).reshape(len(arguments["meters"]), -1), **arguments)


def test_days_and_slots_in_local_time() -> None:
    made = table(np.arange(48.0))
    assert made.index.days.astype(str).tolist() == ["2025-03-29", "2025-03-30"]
    assert made.index.period[1, 3] == 27
    assert made.by_slot_mw[0, 27] == 27.0
    assert made.day_complete.tolist() == [[True, True]]
    assert made.index.kinds.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("start", "hours", "missing", "doubled"),
    [((2025, 3, 29), 71, 2, None), ((2025, 10, 25), 73, None, 2)],
    ids=["spring", "autumn"],
)
def test_days_of_clock_changes(start, hours, missing, doubled) -> None:
    over = TimeAxis(datetime(*start, tzinfo=ZoneInfo("Europe/Berlin")), timedelta(hours=1), hours)
    made = table(np.arange(float(hours)), over, zone="Europe/Berlin")
    assert made.index.irregular.tolist() == [False, True, False]
    assert made.day_complete.tolist() == [[True, False, True]]
    if missing is not None:
        assert made.index.period[1, missing] == -1
        assert np.isnan(made.by_slot_mw[0, 24 + missing])
    else:
        # Local 02:00 comes twice, at hours 26 and 27 of the axis: the first passage stays.
        assert made.index.period[1, doubled] == 26
        assert made.index.slot[26] == made.index.slot[27] == doubled


def test_a_day_with_a_gap_is_not_complete() -> None:
    load = np.arange(48.0)
    load[30] = np.nan
    assert table(load).day_complete.tolist() == [[True, False]]


@pytest.mark.parametrize(
    ("load", "more", "message"),
    [
        (np.ones(96), {"meters": ("a", "a")}, "'a' stands 2 times"),
        (np.ones(47), {}, "2 meters|1 meters × 48"),
        (np.r_[np.ones(47), -1.0], {}, "no export channel"),
        (np.r_[np.ones(47), np.inf], {}, "infinite"),
        (np.ones(48), {"estimated": np.zeros((1, 3), bool)}, "mark every reading"),
        (np.ones(48), {"zone": "Asia/Kathmandu"}, "local midnight in Asia/Kathmandu"),
    ],
    ids=["doubled id", "shape", "negative", "infinite", "estimates", "midnight"],
)
def test_what_cannot_be_a_table_is_refused(load, more, message) -> None:
    with pytest.raises(DataError, match=message):
        table(load, **more)


def test_a_step_that_does_not_divide_the_day_is_refused() -> None:
    with pytest.raises(DataError, match="does not divide the day"):
        table(np.ones(4), TimeAxis(datetime(2025, 3, 28, 16, tzinfo=UTC), timedelta(hours=5), 4))


def test_net_of_export_may_be_negative() -> None:
    assert table(np.r_[np.ones(47), -1.0], exports=True).load_mw[0, -1] == -1.0


def test_stamped_readings_become_a_table() -> None:
    stamps = np.array([0, 900, 2700]) + local(2025, 3, 29)
    made = load_table(
        ("a",), stamps, np.array([[1.0, 2.0, 4.0]]), zone="Asia/Shanghai", calendar=WEEKDAYS, label="start"
    )
    assert made.load_mw[0, :2].tolist() == [1.0, 2.0]
    assert np.isnan(made.load_mw[0, 2])
    ends = load_table(("a",), stamps, np.array([[1.0, 2.0, 4.0]]), zone="Asia/Shanghai", calendar=WEEKDAYS, label="end")
    assert ends.axis.start_s == made.axis.start_s - 900


@pytest.mark.parametrize(
    ("offsets", "label", "message"),
    [
        ([0, 900, 900], "start", "stamp 2 is not later"),
        ([0, 900, 600], "start", "stamp 2 is not later"),
        ([0, 900, 2000], "start", "stamp 2 is not on the grid of 15 min"),
        ([0, 900, 1800], "middle", "write start or end"),
    ],
)
def test_stamps_that_fit_no_grid_are_refused(offsets, label, message) -> None:
    with pytest.raises(DataError, match=message):
        load_table(("a",), np.array(offsets), np.ones((1, 3)), zone="Asia/Shanghai", calendar=WEEKDAYS, label=label)


def test_end_stamps_declared_as_starts_are_seen() -> None:
    """A file of whole days stamped 00:15 … 00:00 of the next day."""
    stamps = local(2025, 3, 29) + 900 * np.arange(1, 193)
    arguments = {"zone": "Asia/Shanghai", "calendar": WEEKDAYS}
    wrong = load_table(("a",), stamps, np.ones((1, 192)), label="start", **arguments)
    right = load_table(("a",), stamps, np.ones((1, 192)), label="end", **arguments)
    assert looks_end_stamped(wrong)
    assert not looks_end_stamped(right)


@pytest.mark.parametrize(
    ("peak_mw", "step_h", "asked"),
    [
        (8.0, 0.25, None),
        (8000.0, 0.25, "kW or kWh, given as MW or MWh"),
        (32.0, 0.25, "powers called energies and divided by 0.25 h"),  # 8 MW read as 8 MWh a quarter hour
        (2.0, 0.25, "energies per 15 min called powers"),  # 2 MWh a quarter hour read as 2 MW
        (2.0, 1.0, None),
        (8e6, 1.0, "which unit"),
    ],
)
def test_units_are_asked_for(peak_mw, step_h, asked) -> None:
    question = unit_question(np.array([0.6 * peak_mw, peak_mw]), 10.0, step_h)
    assert question is None if asked is None else asked in question
    with pytest.raises(DataError, match="not positive"):
        unit_question(np.ones(1), 0.0, step_h)


def test_the_load_behind_a_battery_by_hand() -> None:
    # 50 import − 3 export + 8 PV − 5 charge + 2 discharge = 52.
    channels = {"import": 50.0, "export": 3.0, "pv": 8.0, "charge": 5.0, "discharge": 2.0}
    assert net_load_mw({k: np.array([v]) for k, v in channels.items()}).tolist() == [52.0]
    with pytest.raises(DataError, match="negative"):
        net_load_mw({"import": np.ones(1), "charge": -np.ones(1)})
    with pytest.raises(DataError, match="import among them"):
        net_load_mw({"pv": np.ones(1)})


def test_a_journal_as_a_table() -> None:
    over = TimeAxis(datetime(2025, 3, 28, 16, tzinfo=UTC), timedelta(minutes=30), 48)
    journal = Journal(over, (Meter("site/a/grid"),), ("a",))
    with pytest.raises(DataError, match="no readings"):
        from_journal(journal, ["site/a/grid"], zone="Asia/Shanghai", calendar=WEEKDAYS)
    quality = np.zeros((1, 4), dtype=np.int8)
    quality[0, 1:3] = 1, 2
    journal.append(MeterBlock(0, np.array([[5.0, 0.0, 7.0, 1.0]]), np.array([[0.0, 2.0, 0.0, 0.0]]), quality))
    made = from_journal(journal, ["site/a/grid"], zone="Asia/Shanghai", calendar=WEEKDAYS)
    # MWh per half hour: 5 → 10 MW; −2 → −4 MW; the missing one is NaN.
    np.testing.assert_array_equal(made.load_mw, [[10.0, -4.0, np.nan, 2.0]])
    assert made.exports
    assert made.estimated.tolist() == [[False, True, False, False]]


def test_the_digest_is_of_the_readings() -> None:
    first, same, other = table(np.ones(48)), table(np.ones(48)), table(np.r_[np.ones(47), 2.0])
    assert first.digest(0) == same.digest(0) != other.digest(0)
    assert first.row("a") == 0
    with pytest.raises(DataError, match="no data of meter 'b'"):
        first.row("b")

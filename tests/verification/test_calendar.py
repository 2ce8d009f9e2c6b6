import numpy as np

from suandian.verification.calendar import WEEKDAYS, DayKind, mainland_china


def kinds(calendar, *days):
    return [DayKind(k) for k in calendar.kinds(np.array(days, dtype="datetime64[D]"))]


def test_transferred_workdays_and_holidays_come_from_the_table() -> None:
    # Notice of the State Council for 2025: Spring Festival 28 January to 4 February; Sunday 26 January and Saturday
    # 8 February are workdays.
    assert kinds(mainland_china(), "2025-01-26", "2025-01-27", "2025-01-28", "2025-02-04", "2025-02-05") == [
        DayKind.WORKING, DayKind.WORKING, DayKind.HOLIDAY, DayKind.HOLIDAY, DayKind.WORKING
    ]  # fmt: skip
    assert kinds(mainland_china(), "2025-02-08", "2025-02-09") == [DayKind.WORKING, DayKind.SUNDAY]


def test_weekdays_know_no_holiday() -> None:
    assert kinds(WEEKDAYS, "2025-01-24", "2025-01-25", "2025-01-26", "2025-01-28") == [
        DayKind.WORKING, DayKind.SATURDAY, DayKind.SUNDAY, DayKind.WORKING
    ]  # fmt: skip


def test_years_that_are_not_published_are_told() -> None:
    days = np.array(["2026-12-31", "2099-01-01"], dtype="datetime64[D]")
    assert mainland_china().unknown_years(days) == (2099,)
    assert WEEKDAYS.unknown_years(days) == ()
    assert kinds(mainland_china(), "2099-01-01") == [DayKind.WORKING]  # a Thursday, holidays unknown

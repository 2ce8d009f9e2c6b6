import csv
import gzip
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.baseline import Outcome, Why
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.engine import Evidence, baseline
from suandian.verification.event import Event
from suandian.verification.metering import LoadTable
from suandian.verification.rules import Family, rule, rules

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "mv"
AXIS = TimeAxis(datetime.fromisoformat("2025-06-02T00:00+08:00"), timedelta(hours=1), 60 * 24)
TABLE = LoadTable(("a",), AXIS, np.full((1, AXIS.periods), 5.0), "Asia/Shanghai", WEEKDAYS)
START = AXIS.start_s + 50 * 86400 + 14 * 3600
EVENT = Event("e", START - 7200, START, START + 7200)


@pytest.mark.parametrize("family", list(Family), ids=lambda f: f.value)
def test_every_family_is_reached(family) -> None:
    """Without evidence, families that need it say so; the others measure."""
    record = next(r for r in rules().values() if r.family is family and r.id != "CAISO_WEATHER")
    batch = baseline(TABLE, EVENT, record)
    needs = {
        Family.REGRESSION: Why.NO_TEMPERATURE,
        Family.CONTROL_GROUP: Why.NO_EVIDENCE,
        Family.FIRM_LEVEL: Why.NO_EVIDENCE,
        Family.NOMINATED: Why.NO_EVIDENCE,
        Family.REPLAY: Why.NO_EVIDENCE,
    }
    assert batch.rule is record
    assert batch.why[0] == needs.get(family, Why.NOTHING)
    assert batch.measurable[0] == (family not in needs)


def test_one_level_for_all_meters_will_do() -> None:
    batch = baseline(TABLE, EVENT, rule("FIRM_LEVEL"), evidence=Evidence(firm_mw=3.0))
    assert batch.baseline_mw.tolist() == [[3.0, 3.0]]


def test_a_temperature_of_another_length_is_refused() -> None:
    with pytest.raises(DataError, match="the axis has 1440 intervals"):
        baseline(TABLE, EVENT, rule("TOWT_45"), evidence=Evidence(temperature_c=np.ones(3)))


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/mv is absent")
def test_a_real_meter_can_be_redone_by_hand() -> None:
    """Hourly kWh of the eemeter sample (UTC−6); Thursday 2017-08-17, 14 to 18 h, ten working days before it."""
    with gzip.open(DATA / "il-electricity-cdd-only-hourly.csv.gz", "rt") as file:
        rows = [(datetime.fromisoformat(r["start"]), r["value"]) for r in csv.DictReader(file)]
    stamps = {when: float(value) for when, value in rows if value}
    start = datetime.fromisoformat("2017-06-01T00:00-06:00")
    axis = TimeAxis(start, timedelta(hours=1), 100 * 24)
    load = np.array([[stamps.get(start + timedelta(hours=i), np.nan) / 1000.0 for i in range(axis.periods)]])
    table = LoadTable(("il",), axis, load, "Etc/GMT+6", WEEKDAYS)
    at = datetime.fromisoformat("2017-08-17T14:00-06:00")
    event = Event("e", int(at.timestamp()) - 7200, int(at.timestamp()), int(at.timestamp()) + 4 * 3600)
    batch = baseline(table, event, rule("CAISO_10IN10"))
    assert batch.outcome[0] == Outcome.MEASURED
    days = ["08-16", "08-15", "08-14", "08-11", "08-10", "08-09", "08-08", "08-07", "08-04", "08-03"]
    noon = [datetime.fromisoformat(f"2017-{d}T00:00-06:00") for d in days]

    def mean(hour):
        return sum(stamps[d + timedelta(hours=hour)] for d in noon) / 10

    own = at.replace(hour=0)
    factor = sum(stamps[own + timedelta(hours=h)] for h in (10, 11, 12)) / sum(mean(h) for h in (10, 11, 12))
    capped = min(max(factor, 0.8), 1.2)
    np.testing.assert_allclose(batch.baseline_mw[0] * 1000.0, [capped * mean(h) for h in (14, 15, 16, 17)], rtol=1e-9)

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from suandian.quantity.errors import DataError, InvariantBroken
from suandian.quantity.timeaxis import TimeAxis
from suandian.record.events import JobBlock, JobEventKind, LevelBlock, Meter, MeterBlock, PlanEnacted
from suandian.record.journal import Journal, load_journal

AXIS = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(minutes=15), 8)


def filled(scale: float = 1.0) -> Journal:
    journal = Journal(AXIS, (Meter("site/a/grid"), Meter("site/a/it")), ("a",))
    for first, last in ((0, 3), (3, 8)):
        n = last - first
        imported = scale * (np.arange(2 * n, dtype=float).reshape(2, n) + first)
        journal.append(PlanEnacted(first, last, "run_now", np.full((1, n), 2.5), AXIS.start_s, {"overrides": 1.0}))
        journal.append(
            JobBlock(
                np.array([first, first]),
                np.array([JobEventKind.STARTED, JobEventKind.FINISHED], dtype=np.int8),
                np.array([AXIS.start_s, AXIS.start_s + 60]),
                np.array([0, 0], dtype=np.int16),
            )
        )
        journal.append(MeterBlock(first, imported, np.zeros((2, n)), np.zeros((2, n), dtype=np.int8)))
        journal.append(LevelBlock(first, np.full((1, n), 7.0)))
    return journal


def test_reads_come_back_in_order() -> None:
    imported, exported = filled().metered("site/a/grid")
    assert imported.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert exported.sum() == 0


def test_reads_follow_what_is_appended_and_nobody_writes_into_them() -> None:
    """Reads are put together once; a block that comes later has to show."""
    journal = Journal(AXIS, (Meter("m"), Meter("n")), ())
    assert journal.metered("n")[0].shape == (0,)
    one = np.arange(6.0).reshape(2, 3)
    journal.append(MeterBlock(0, one, 2.0 * one, np.zeros((2, 3), dtype=np.int8)))
    assert journal.metered("n")[0].tolist() == [3, 4, 5]
    journal.append(MeterBlock(3, one, 2.0 * one, np.zeros((2, 3), dtype=np.int8)))
    assert journal.metered("n")[1].tolist() == [6, 8, 10, 6, 8, 10]
    with pytest.raises(ValueError, match="read-only"):
        journal.metered("n")[0][0] = 1.0


def test_an_unknown_meter_is_named() -> None:
    with pytest.raises(DataError, match="site/b/grid"):
        filled().metered("site/b/grid")


@pytest.mark.parametrize("first", [0, 7, 9])
def test_holes_and_overlaps_are_refused(first: int) -> None:
    journal = Journal(AXIS, (Meter("m"),), ())
    one = np.zeros((1, 3))
    journal.append(MeterBlock(0, one, one, one.astype(np.int8)))
    with pytest.raises(InvariantBroken, match="do not follow"):
        journal.append(MeterBlock(first, one, one, one.astype(np.int8)))


def test_the_chain_commits_to_every_value() -> None:
    journal = filled()
    assert journal.chain_holds()
    assert filled().head == journal.head
    assert filled(scale=1.0 + 1e-12).head != journal.head
    block = next(b for b in journal.blocks if isinstance(b, MeterBlock))
    block.import_mwh[0, 1] = 99.0
    assert not journal.chain_holds()


def test_a_saved_journal_comes_back_whole(tmp_path: Path) -> None:
    journal = filled()
    journal.save(tmp_path)
    back = load_journal(tmp_path)
    assert back.head == journal.head
    assert back.meter_frame().equals(journal.meter_frame())
    assert back.job_frame().equals(journal.job_frame())
    assert back.plans()[1].diagnostics == {"overrides": 1.0}
    assert back.stored_mwh().tolist() == [[7.0] * 8]


def test_a_tampered_file_is_found_out(tmp_path: Path) -> None:
    filled().save(tmp_path)
    file = tmp_path / "meters.parquet"
    pl.read_parquet(file).with_columns(pl.col("import_mwh") * 1.01).write_parquet(file)
    with pytest.raises(DataError, match="hash chain"):
        load_journal(tmp_path)


def test_frames_say_when_in_utc() -> None:
    frame = filled().meter_frame(["site/a/it"])
    assert frame.columns == ["meter", "start", "import_mwh", "export_mwh", "quality"]
    assert frame["start"][1] == datetime(2026, 4, 1, 0, 15, tzinfo=UTC)
    assert filled().job_frame()["at"][1] == datetime(2026, 4, 1, 0, 1, tzinfo=UTC)
    assert filled().job_frame()["event"].to_list() == ["started", "finished"] * 2


def test_an_empty_journal_has_nothing_to_say() -> None:
    journal = Journal(AXIS, (Meter("m"),), ("a",))
    assert journal.metered("m")[0].shape == (0,)
    assert journal.job_frame().height == 0
    assert journal.stored_mwh().shape == (1, 0)

import pytest
from trace_files import SWF

from suandian.adapters.traces.power import CPU_ABOVE_IDLE_W
from suandian.adapters.traces.swf import read
from suandian.quantity.errors import DataError

START_S = 943_135_493


def read_text(folder, text, **options):
    path = folder / "log.swf"
    path.write_text(text, encoding="utf-8")
    return read(path, **options)


def remarks(told):
    return {remark.reason: (remark.count, remark.line, remark.example) for remark in told}


def test_the_true_format_by_hand(tmp_path):
    found = read_text(tmp_path, SWF)
    assert found.frame["id"].to_list() == ["1", "2", "3", "5"]
    assert found.column("submitted_s").tolist() == [START_S, START_S + 50, START_S + 100, START_S + 300]
    assert found.column("started_s").tolist() == [START_S + 10, START_S + 50, START_S + 105, START_S + 300]
    assert found.column("duration_s").tolist() == [100, 60, 300, 100]
    assert found.column("cpus").tolist() == [8, 4, 16, 2]
    assert found.column("gpus").tolist() == [0, 0, 0, 0]
    assert found.frame["kind"].to_list() == ["short", "long", "long", "short"]
    assert found.frame["user"].to_list() == ["user 1", "user 2", "user 1", "user 3"]
    assert found.frame["state"].to_list() == ["completed", "failed", "completed", "failed"]
    assert found.column("power_kw") == pytest.approx([cpus * CPU_ABOVE_IDLE_W / 1000 for cpus in (8, 4, 16, 2)])
    assert found.absolute
    assert "US/Mountain" in found.time_base
    assert "MaxProcs 128" in found.source


def test_partial_executions_are_not_counted_twice(tmp_path):
    found = read_text(tmp_path, SWF)
    assert remarks(found.dropped) == {
        "partial execution, already in the line of the whole job": (2, 12, "3"),
        "further partial execution, joined to the first of its job": (1, 15, "5"),
        "never ran": (1, 14, "4"),
    }
    assert remarks(found.repaired) == {
        "partial executions without a line of the whole job, joined to their job": (1, 15, "5"),
        "allocated processors unknown: those requested": (1, 10, "2"),
    }
    assert found.read_count == 8


def test_without_a_start_the_clock_is_relative(tmp_path):
    found = read_text(tmp_path, "1 5 0 60 2 -1 -1 2 -1 -1 1 1 1 -1 -1 -1 -1 -1\n")
    assert not found.absolute
    assert found.column("submitted_s").tolist() == [5]
    assert found.frame["kind"].to_list() == [None]


def test_bad_lines_are_told(tmp_path):
    good = "{} {} 0 {} 2 -1 -1 2 -1 -1 {} 1 1 -1 -1 -1 -1 -1\n".format
    text = good(1, 90, 60, 1) + good(2, 80, 60, 1) + good(3, 100, -5, 1) + good(4, 100, "ten", 1) + "5 1 2\n"
    text += good(6, 100, 0.2, 1) + good(7, 100, 60, 9) + good(8, 100, 60, 1).rstrip() + " 77\n"
    found = read_text(tmp_path, text.replace("\n", "\r\n"))
    assert remarks(found.dropped) == {
        "fewer fields than due": (1, 5, "5 1 2"),
        "more fields than due": (1, 8, "8 100 0 60 2 -1 -1 2 -1 -1 1 1 1 -1 -1 -1 -1 -1 77"),
        "run_time cannot be read": (1, 4, "ten"),
        "negative run time": (1, 3, "-5.0"),
        "run time of 0 s": (1, 6, "6"),
    }
    assert remarks(found.repaired) == {
        "unknown end state, taken as completed": (1, 7, "9"),
        "earlier than the line before; sorted by submission": (1, 2, "2"),
    }
    assert found.frame["id"].to_list() == ["2", "1", "7"]


def test_no_log_at_all(tmp_path):
    found = read_text(tmp_path, "; UnixStartTime: 943135493\n")
    assert len(found) == 0
    with pytest.raises(DataError, match="cannot be opened"):
        read(tmp_path / "nowhere.swf")

import json

import pytest
from trace_files import SACCT, sacct_json

from suandian.adapters.traces.slurm import read
from suandian.physics.itload import dynamic_power_per_gpu_kw
from suandian.quantity.errors import DataError

ZONE = "Asia/Shanghai"
NINE_S = 1_772_413_200  # 2026-03-02T09:00 in Beijing
GPU_KW = dynamic_power_per_gpu_kw("batch")


def read_text(folder, text, **options):
    path = folder / "sacct.txt"
    path.write_text(text, encoding="utf-8")
    return read(path, **({"zone": ZONE} | options))


def remarks(told):
    return {remark.reason: (remark.count, remark.line, remark.example) for remark in told}


def test_the_table_by_hand(tmp_path):
    found = read_text(tmp_path, SACCT)
    assert found.frame["id"].to_list() == ["1001", "1002_4", "1003+0", "1004", "1005", "1005#2"]
    assert found.column("submitted_s").tolist()[:2] == [NINE_S, NINE_S + 300]
    assert found.column("started_s").tolist()[:2] == [NINE_S + 600, NINE_S + 3600]
    assert found.column("duration_s").tolist() == [7230, 90_000, 100, 1800, 60, 120]  # 1-01:00:00 is 25 h
    assert found.column("gpus").tolist() == [8, 0, 3, 1, 0, 0]  # the total, not the total and its type
    assert found.column("cpus").tolist() == [128, 4, 32, 16, 2, 2]
    assert found.frame["state"].to_list() == ["completed", "cancelled", "failed", "running", "failed", "completed"]
    assert found.frame["kind"].to_list() == ["a100", "cpu", "a100", "a100", "cpu", "cpu"]
    assert found.column("power_kw")[0] == pytest.approx(8 * GPU_KW)  # its CPUs are in the server share


def test_steps_waiting_jobs_and_restarts_are_told(tmp_path):
    found = read_text(tmp_path, SACCT)
    assert remarks(found.dropped) == {
        "job step, part of its job": (3, 3, "1001.batch"),
        "never ran": (1, 7, "1002_[5-9]"),
    }
    assert remarks(found.repaired) == {
        "still running: run time so far": (1, 9, "1004"),
        "one id, several runs (restarted or numbered anew): each is a job, numbered #2, #3 …": (1, 11, "1005"),
    }


def test_json_says_the_same(tmp_path):
    path = tmp_path / "jobs.json"
    path.write_text(sacct_json())
    found = read(path)
    table = read_text(tmp_path, SACCT)
    assert found.frame["id"].to_list() == ["1001", "1002_4", "1003+0"]
    for name in ("submitted_s", "started_s", "duration_s", "gpus", "cpus", "power_kw"):
        assert found.column(name).tolist() == table.column(name)[:3].tolist(), name
    assert found.frame["state"].to_list() == ["completed", "cancelled", "failed"]
    assert found.frame["user"].to_list() == ["li", "wang", None]
    assert remarks(found.dropped) == {"never ran": (1, 4, "1008")}


def test_naive_times_need_a_zone(tmp_path):
    with pytest.raises(DataError, match="local and naive; say their `zone`"):
        read_text(tmp_path, SACCT, zone="")
    with pytest.raises(DataError, match="unknown time zone 'Mars'"):
        read_text(tmp_path, SACCT, zone="Mars")
    unix = "JobID|State|Submit|Start|Elapsed|NCPUS\n1|COMPLETED|1772413200|1772413800|00:01:00|2\n"
    assert read_text(tmp_path, unix, zone="").column("started_s").tolist() == [NINE_S + 600]
    offset = unix.replace("1772413200", "2026-03-02T09:00:00+08:00").replace("1772413800", "2026-03-02T01:10:00Z")
    assert read_text(tmp_path, offset, zone="").column("submitted_s").tolist() == [NINE_S]


def test_missing_columns_come_with_the_command_to_get_them(tmp_path):
    with pytest.raises(DataError, match=r"no column Submit; Start; .*sacct -a -P --format="):
        read_text(tmp_path, "JobID|JobName|Partition|Account|AllocCPUS|State|ExitCode\n15|a|b|c|2|COMPLETED|0:0\n")


def test_headers_of_any_case_old_gres_and_a_pipe_at_the_end(tmp_path):
    text = (
        "JOBID|STATE|SUBMIT|START|ELAPSED|ALLOCCPUS|ALLOCGRES|\n"
        "1|CA|2026-03-02T09:00:00|2026-03-02T09:00:00|01:00|8|gpu:a100:4|\n"
        "2|CD|2026-03-02T09:00:00|2026-03-02T09:00:00|00:02:00|8|gpu:2|\n"
    )
    found = read_text(tmp_path, text)
    assert found.column("gpus").tolist() == [4, 2]
    assert found.column("duration_s").tolist() == [60, 120]
    assert found.frame["state"].to_list() == ["cancelled", "completed"]
    assert found.dropped == ()


def test_bad_rows_are_told(tmp_path):
    head = "JobID|JobName|State|Submit|Start|End|Elapsed|AllocCPUS\n"
    row = "{}|{}|COMPLETED|2026-03-02T09:{}:00|2026-03-02T09:{}:00|2026-03-02T09:{}:00|{}|{}\n".format
    text = (
        head
        + row(1, "a|b", "00", "01", "02", "00:01:00", 2)  # a pipe in the name
        + row(2, "a", "00", "03", "02", "00:01:00", 2)  # ends before it starts
        + row(3, "a", "05", "04", "06", "00:01:00", 2)  # starts before it is submitted
        + row(4, "a", "00", "01", "02", "soon", 2)
        + row(5, "a", "00", "01", "02", "00:01:00", 0)
        + row(6, "a", "99", "01", "02", "00:01:00", 2)
        + row(7, "a", "07", "08", "09", "00:01:00", 2)
        + row(7, "a", "07", "08", "09", "00:01:00", 2)
    )
    found = read_text(tmp_path, text)
    assert {reason: place[:2] for reason, place in remarks(found.dropped).items()} == {
        "more fields than due": (1, 2),
        "ends before it starts": (1, 3),
        "elapsed cannot be read": (1, 5),
        "neither GPU nor CPU": (1, 6),
        "submit cannot be read": (1, 7),
        "the same run stands there twice; once is enough": (1, 9),
    }
    assert remarks(found.repaired) == {"starts before it is submitted: submission set to the start": (1, 4, "3")}
    assert found.frame["id"].to_list() == ["3", "7"]


def test_a_listing_cut_short_is_refused_or_kept(tmp_path):
    whole = sacct_json()
    path = tmp_path / "jobs.json"
    path.write_text(whole[: whole.index('"job_id": 1003')])
    with pytest.raises(DataError, match="2 entries before that are sound"):
        read(path)
    found = read(path, truncated="keep")
    assert len(found) == 2
    assert "only the whole entries before that were read" in found.repaired[0].reason


def test_json_of_something_else_is_refused(tmp_path):
    path = tmp_path / "jobs.json"
    path.write_text(json.dumps({"nodes": []}))
    with pytest.raises(DataError, match="holds no list called jobs"):
        read(path)

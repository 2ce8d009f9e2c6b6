import pytest
from trace_files import philly

from suandian.adapters.traces.philly import read
from suandian.physics.itload import dynamic_power_per_gpu_kw
from suandian.quantity.errors import DataError


def write(folder, text):
    path = folder / "cluster_job_log"
    path.write_text(text, encoding="utf-8")
    return path


def test_attempts_become_one_job_that_keeps_the_gpu_hours(tmp_path):
    found = read(write(tmp_path, philly()))
    assert found.frame["id"].to_list() == ["application_1506638472019_14199", "application_2"]
    # 74 s + 2 d 05:39:42 (193,182 s) on 8 GPUs; 60 s on one GPU and 60 s on two: 180 GPU·s, 90 s on two.
    assert found.column("duration_s").tolist() == [74 + 193_182, 90]
    assert found.column("gpus").tolist() == [8, 2]
    assert found.column("power_kw") == pytest.approx([8 * dynamic_power_per_gpu_kw("batch")] * 1 + [0.5362])
    # 2017-10-07 01:11:39 PDT is 08:11:39Z.
    assert found.column("submitted_s").tolist() == [1_507_363_899, 1_507_445_940]
    assert found.column("started_s").tolist()[0] == 1_507_363_899 + 30
    assert found.frame["state"].to_list() == ["completed", "cancelled"]
    assert found.frame["kind"].to_list() == ["ee9e8c", "ee9e8c"]
    assert [(r.reason.split(":")[0], r.count, r.line) for r in found.repaired] == [
        ("attempts of different widths", 1, 2),
        ("attempt without start or end, left out of its job", 1, 4),
    ]
    assert [(r.reason, r.line, r.example) for r in found.dropped] == [
        ("never ran", 3, "application_3"),
        ("still running, run time unknown", 4, "application_4"),
    ]


def test_bad_entries_are_told(tmp_path):
    text = '[{"jobid": "a", "status": "Pass", "submitted_time": "yesterday", "attempts": []}, 7, {"attempts": "none"}]'
    found = read(write(tmp_path, text))
    assert len(found) == 0
    assert {(r.reason, r.count, r.line) for r in found.dropped} == {
        ("a time cannot be read", 1, 1),
        ("never ran", 2, 2),
    }


@pytest.mark.parametrize(("text", "told"), [("", "is no JSON"), ("{}", "holds no list"), ("[{]", "no JSON at")])
def test_what_is_no_job_log_is_refused(text, told, tmp_path):
    with pytest.raises(DataError, match=told):
        read(write(tmp_path, text))

import pytest
from trace_files import PAI_INSTANCE, PAI_JOB, PAI_TASK

from suandian.adapters.traces.pai import read
from suandian.physics.itload import dynamic_power_per_gpu_kw
from suandian.quantity.errors import DataError

BEIJING_S = 8 * 3600
GPU_KW = dynamic_power_per_gpu_kw("batch")


def write(folder, **texts):
    for name, text in texts.items():
        (folder / f"pai_{name}_table.csv").write_text(text, encoding="utf-8")


def test_tasks_alone_by_hand(tmp_path):
    write(tmp_path, task=PAI_TASK)
    found = read(tmp_path / "pai_task_table.csv")
    assert found.frame["id"].to_list() == ["job_0/ps", "job_0/worker", "job_2/xla"]
    # The README's example: 14 CPUs (600 % + 2 × 400 %) and one GPU (2 × 50 %).
    assert found.column("cpus").tolist() == [6, 8, 128]
    assert found.column("gpus").tolist() == [0, 1, 128]
    assert found.column("duration_s").tolist() == [516, 500, 360]
    assert found.column("submitted_s").tolist() == [BEIJING_S + at for at in (4_550_900, 4_550_910, 4_570_000)]
    assert found.column("power_kw")[1:] == pytest.approx([GPU_KW, 128 * GPU_KW])
    assert not found.absolute
    assert [(r.reason, r.count) for r in found.dropped] == [("still running, run time unknown", 1)]
    assert [(r.reason, r.count) for r in found.repaired] == [("no submission time: its start taken", 3)]


def test_the_job_table_adds_user_and_submission(tmp_path):
    write(tmp_path, task=PAI_TASK, job=PAI_JOB)
    found = read(tmp_path / "pai_task_table.csv")
    assert found.frame["user"].to_list() == ["user_a", "user_a", "user_b"]
    assert found.column("submitted_s").tolist() == [BEIJING_S + at for at in (4_550_879, 4_550_879, 4_569_000)]
    assert found.repaired == ()
    assert "pai_job_table.csv" in found.source


def test_instances_take_their_plan_from_the_task_table(tmp_path):
    write(tmp_path, task=PAI_TASK, job=PAI_JOB, instance=PAI_INSTANCE)
    found = read(tmp_path / "pai_instance_table.csv")
    assert found.frame["id"].to_list() == ["job_0/ps/w0", "job_0/worker/w1", "job_0/worker/w2"]
    assert found.column("duration_s").tolist() == [516, 400, 499]
    assert found.column("gpus").tolist() == [0, 1, 1]
    assert found.column("power_kw")[1:] == pytest.approx([GPU_KW / 2, GPU_KW / 2])
    assert [(r.count, r.line, r.example) for r in found.repaired] == [(2, 2, "0.5")]


def test_tables_that_know_no_widths_are_refused(tmp_path):
    write(tmp_path, instance=PAI_INSTANCE, job=PAI_JOB)
    with pytest.raises(DataError, match="the instance table knows no GPUs; put pai_task_table"):
        read(tmp_path / "pai_instance_table.csv")
    with pytest.raises(DataError, match="the job table knows no GPUs"):
        read(tmp_path / "pai_job_table.csv")
    write(tmp_path, task=PAI_TASK)
    with pytest.raises(DataError, match="the job table knows no GPUs; read pai_task_table"):
        read(tmp_path / "pai_job_table.csv")


def test_a_header_line_is_understood_and_another_table_refused(tmp_path):
    header = "job_name,task_name,inst_num,status,start_time,end_time,plan_cpu,plan_mem,plan_gpu,gpu_type\n"
    write(tmp_path, task=header + PAI_TASK)
    assert len(read(tmp_path / "pai_task_table.csv")) == 3
    write(tmp_path, task="1,2,3\n")
    with pytest.raises(DataError, match="has 3 columns; due are the 10"):
        read(tmp_path / "pai_task_table.csv")


def test_a_broken_line_is_told_with_its_place(tmp_path):
    write(tmp_path, task=PAI_TASK + "job_9,worker,1.0,Terminated,soon,4551410.0,400.0,29.3,50.0,T4\njob_10,worker\n")
    found = read(tmp_path / "pai_task_table.csv")
    assert {(r.reason, r.line, r.example) for r in found.dropped} >= {
        ("start_time cannot be read", 5, "soon"),
        ("fewer fields than due", 6, "job_10,worker"),
    }

import pytest
from trace_files import HELIOS, KALOS, SEREN

from suandian.adapters.traces.clusters import read_acme, read_helios
from suandian.physics.itload import dynamic_power_per_gpu_kw
from suandian.quantity.errors import DataError


def write(folder, text, name="jobs.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_seren_by_hand(tmp_path):
    found = read_acme(write(tmp_path, SEREN))
    assert found.frame["id"].to_list() == ["5778432", "5778469", "5778500"]
    # 2023-03-01 00:18:22+08:00 is 2023-02-28T16:18:22Z.
    assert found.column("submitted_s").tolist() == [1_677_601_102, 1_677_601_438, 1_677_601_440]
    assert found.column("duration_s").tolist() == [117, 2693, 60]
    assert (found.column("gpus") * found.column("duration_s")).tolist() == [936, 21544, 0]  # their `gpu_time`
    assert found.frame["kind"].to_list() == ["Other", "Pretrain", "Other"]
    assert found.frame["state"].to_list() == ["failed", "completed", "failed"]
    batch, training = dynamic_power_per_gpu_kw("batch"), dynamic_power_per_gpu_kw("training")
    assert found.column("power_kw") == pytest.approx([8 * batch, 8 * training, 16 * 2.98 / 1000])
    assert found.repaired == found.dropped == ()


def test_power_models_can_be_chosen(tmp_path):
    path = write(tmp_path, SEREN)
    flat = read_acme(path, power="a100_flat")
    assert flat.column("power_kw")[0] == flat.column("power_kw")[1]
    assert flat.power_model.startswith("a100_flat: 0.268 kW per GPU")
    with pytest.raises(DataError, match="unknown power model 'h100'; there are a100, a100_flat"):
        read_acme(path, power="h100")


def test_the_times_of_kalos_win_over_its_durations(tmp_path):
    found = read_acme(write(tmp_path, KALOS))
    assert found.column("duration_s").tolist() == [8, 70]
    (remark,) = found.repaired
    assert (remark.reason, remark.count, remark.line, remark.example) == (
        "run time differs from end less start; the times were taken", 2, 2, "18.0",
    )  # fmt: skip


def test_helios_by_hand(tmp_path):
    found = read_helios(write(tmp_path, HELIOS))
    # 2020-06-09 18:41:01 in Beijing is 10:41:01Z.
    assert found.column("submitted_s").tolist() == [1_591_699_261, 1_591_699_287, 1_591_699_288]
    assert found.column("duration_s").tolist() == [36848, 249, 675233]
    assert found.frame["kind"].to_list() == ["vcJkd", "vchbv", "vcpDC"]
    assert "Asia/Shanghai" in found.time_base
    assert read_helios(write(tmp_path, HELIOS), zone="UTC").column("submitted_s")[0] == 1_591_699_261 + 8 * 3600


def test_every_kind_of_bad_row(tmp_path):
    head = HELIOS.splitlines()[0] + "\n"
    row = "{},u,vc,{},4,1,{},2020-06-09 {},2020-06-09 {},{},,0\n".format
    good = "2020-06-09 12:00:00"
    text = (
        head
        + row(1, 1, "COMPLETED", "10:00:00", "10:00:00", good)
        + row(2, -1, "COMPLETED", "10:00:00", "10:00:00", good)
        + row(3, 1, "COMPLETED", "10:00:00", "10:00:00", "2020-06-09 10:00:00")
        + row(4, 1, "COMPLETED", "10:00:00", "10:00:00", "2020-06-09 09:00:00")
        + row(5, 1, "EXPLODED", "10:00:00", "10:00:00", good)
        + row(6, 1e12, "COMPLETED", "10:00:00", "10:00:00", good)
        + row(7, 100_000, "COMPLETED", "10:00:00", "10:00:00", good)  # wider than any site: kept
        + row(8, "many", "COMPLETED", "10:00:00", "10:00:00", good)
        + row(9, 1, "COMPLETED", "10:00:00", "10:00:00", "None")
        + row("", 1, "COMPLETED", "10:00:00", "10:00:00", good)
        + row(1, 1, "COMPLETED", "11:00:00", "11:00:00", good)
        + row(12, 0.5, "COMPLETED", "09:00:00", "09:00:00", good)
    )
    found = read_helios(write(tmp_path, text))
    assert {remark.reason: (remark.count, remark.line) for remark in found.dropped} == {
        "negative number of GPUs or CPUs": (1, 3),
        "run time of 0 s": (1, 4),
        "ends before it starts": (1, 5),
        "more GPUs than can be counted": (1, 7),
        "gpu_num cannot be read": (1, 9),
        "no run time": (1, 10),
    }
    assert {remark.reason.split(":")[0]: (remark.count, remark.line) for remark in found.repaired} == {
        "unknown end state, taken as completed": (1, 6),
        "no id": (1, 11),
        "part of a GPU": (1, 13),
        "one id, several runs (restarted or numbered anew)": (1, 12),
        "earlier than the line before; sorted by submission": (1, 13),
    }
    assert found.frame["id"].to_list() == ["12", "1", "5", "7", "line-11", "1#2"]
    assert found.column("gpus").tolist() == [1, 1, 1, 100_000, 1, 1]
    assert found.column("power_kw")[0] == pytest.approx(0.5 * found.column("power_kw")[1])
    assert next(r.example for r in found.repaired if r.reason.startswith("unknown")) == "EXPLODED"


def test_missing_columns_are_named(tmp_path):
    with pytest.raises(DataError, match=r"jobs\.csv: no column user, .*vc; its columns are job_id, x"):
        read_helios(write(tmp_path, "job_id,x\n1,2\n"))

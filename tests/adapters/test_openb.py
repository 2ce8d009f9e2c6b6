import pytest
from trace_files import OPENB

from suandian.adapters.traces.openb import read
from suandian.physics.itload import dynamic_power_per_gpu_kw


def test_the_pod_list_by_hand(tmp_path):
    path = tmp_path / "openb_pod_list_default.csv"
    path.write_text(OPENB)
    found = read(path)
    assert found.frame["id"].to_list() == ["openb-pod-0017", "openb-pod-0022", "openb-pod-0035", "openb-pod-0044"]
    assert found.frame["kind"].to_list() == ["Burstable", "BE", "LS", "LS"]
    assert found.frame["preemptible"].to_list() == [False, True, False, False]
    assert found.column("duration_s").tolist() == [1_332_357, 294_651, 1512, 90]
    assert found.column("submitted_s").tolist()[2] == 9_967_058
    assert found.column("started_s").tolist()[2] == 9_967_063
    assert found.column("gpus").tolist() == [8, 1, 1, 0]
    assert found.column("cpus").tolist() == [88, 4, 16, 12]
    batch = dynamic_power_per_gpu_kw("batch")
    inference = dynamic_power_per_gpu_kw("inference")
    assert found.column("power_kw") == pytest.approx([8 * batch, 0.22 * batch, inference, 12 * 2.98 / 1000])
    assert found.frame["state"].to_list() == ["completed", "running", "running", "failed"]
    assert not found.absolute
    assert [(r.reason, r.line) for r in found.dropped] == [("never ran", 6)]
    assert [(r.count, r.line, r.example) for r in found.repaired] == [(1, 3, "0.22")]


def test_best_effort_pods_are_many_and_weigh_little(tmp_path):
    """Shares are counted in GPU-hours: that is why `kind` is kept."""
    path = tmp_path / "pods.csv"
    path.write_text(OPENB)
    found = read(path).frame
    work = found["gpus"] * found["duration_s"]
    assert work.filter(found["kind"] == "BE").sum() / work.sum() < 0.03

import json

import pytest
from trace_files import kubernetes

from suandian.adapters.traces.kubequantity import pod_request, quantity
from suandian.adapters.traces.kubernetes import read
from suandian.physics.itload import dynamic_power_per_gpu_kw

ONE_S = 1_772_413_200  # 2026-03-02T01:00:00Z


def write(folder, items):
    path = folder / "objects.json"
    path.write_text(items if isinstance(items, str) else json.dumps({"apiVersion": "v1", "items": items}))
    return path


def test_the_listing_by_hand(tmp_path):
    found = read(write(tmp_path, kubernetes()))
    assert found.frame["id"].to_list() == ["llm/train", "web/late", "llm/ray-1", "web/lone"]
    # train: parallelism 3, but two completions: 2 × 4 GPUs and 2 × 500m.
    assert found.column("gpus").tolist() == [8, 0, 2, 0]
    assert found.column("cpus").tolist() == [1.0, 2.0, 4 + 2 * 8, 1.5]
    assert found.column("submitted_s").tolist() == [ONE_S, ONE_S + 300, ONE_S + 1200, ONE_S + 1800]
    assert found.column("started_s").tolist() == [ONE_S + 600, ONE_S + 300, ONE_S + 1320, ONE_S + 1805]
    assert found.column("duration_s").tolist() == [3600, 100, 600, 100]
    assert found.frame["state"].to_list() == ["completed", "timeout", "completed", "failed"]
    assert found.frame["kind"].to_list() == ["team-a", None, "team-b", "batch"]
    assert found.frame["user"].to_list() == ["llm", "web", "llm", "web"]
    assert found.column("power_kw")[0] == pytest.approx(8 * dynamic_power_per_gpu_kw("batch"))


def test_one_piece_of_work_is_counted_once(tmp_path):
    found = read(write(tmp_path, kubernetes()))
    assert {(r.reason, r.count, r.line, r.example) for r in found.dropped} == {
        ("workload of a Job that is listed too", 1, 5, "llm/job-train-1"),
        ("pod of a Job or Workload that is listed too", 1, 2, "llm/train-x"),
        ("never ran", 1, 3, "llm/held"),
    }
    assert found.read_count == 7


def test_bad_objects_are_told(tmp_path):
    pod = {
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "n", "creationTimestamp": "2026-03-02T01:00:00Z"},
        "spec": {"containers": [{"resources": {"requests": {"cpu": "two"}}}]},
        "status": {"phase": "Running", "startTime": "2026-03-02T01:00:00Z"},
    }
    late = pod | {"spec": {}, "metadata": pod["metadata"] | {"creationTimestamp": "2 March"}}
    running = pod | {"spec": {"containers": [{"resources": {"limits": {"cpu": "2"}}}]}}
    found = read(write(tmp_path, [pod, late, running, {"kind": "Node", "metadata": {}}, None]))
    assert {(r.reason, r.count, r.line, r.example) for r in found.dropped} == {
        ("of another kind than Job, Workload or Pod", 2, 4, "default/"),
        ("a value cannot be read", 2, 1, "cpu: two"),
        ("still running, run time unknown", 1, 3, "n/p"),
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500m", 0.5),
        ("64Gi", 64 * 2**30),
        ("2", 2.0),
        ("1e3", 1000.0),
        ("0.1", 0.1),
        ("1k", 1000.0),
        (".5", 0.5),
        (3, 3),
    ],
)
def test_quantities(text, value):
    assert quantity(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "two", "1 Gi", "1GiB", None, True, "--1"])
def test_what_is_no_quantity(text):
    assert quantity(text) is None


def test_requests_of_a_pod():
    def box(**asked):
        return {"resources": {"requests": asked}}

    spec = {
        "containers": [box(cpu="1"), box(cpu="500m", **{"nvidia.com/gpu": "2"})],
        "initContainers": [box(cpu="4")],
    }
    assert pod_request(spec) == (2.0, 4.0, "")  # the init container needs more CPUs than both others
    sidecar = spec | {"initContainers": [box(cpu="4") | {"restartPolicy": "Always"}]}
    assert pod_request(sidecar) == (2.0, 5.5, "")
    limits_only = {"containers": [{"resources": {"limits": {"huawei.com/Ascend910": 8, "cpu": "24"}}}]}
    assert pod_request(limits_only) == (8.0, 24.0, "")
    slices = {"containers": [box(**{"nvidia.com/mig-3g.20gb": "2"})]}
    assert pod_request(slices)[0] == pytest.approx(6 / 7)


@pytest.mark.parametrize(
    ("init", "cpus"),
    [
        ([("2", True), ("4", False)], 6.0),  # the sidecar runs beside the init container after it
        ([("4", False), ("1", True)], 4.0),  # the sidecar starts only after the init container has ended
        ([("4", False), ("2", True), ("3", False)], 5.0),
        ([("1", True), ("1", True), ("1", False)], 3.0),  # all containers with all sidecars
    ],
)
def test_sidecars_count_beside_what_runs_with_them(init, cpus):
    def box(asked, *, sidecar):
        return {"resources": {"requests": {"cpu": asked}}} | ({"restartPolicy": "Always"} if sidecar else {})

    spec = {"containers": [box("1", sidecar=False)], "initContainers": [box(a, sidecar=always) for a, always in init]}
    assert pod_request(spec) == (0.0, cpus, "")

import numpy as np
import pytest

from suandian.model.workload import ClassTable, JobTable
from suandian.quantity.errors import DataError


def columns(**changes: object) -> dict[str, object]:
    base: dict[str, object] = {
        "id": [1, 2],
        "user": [0, 0],
        "kind": [0, 1],
        "contract": [0, 0],
        "submitted_s": [0, 60],
        "released_s": [0, 60],
        "due_s": [7200, 7260],
        "work_gpu_h": [8.0, 1.0],
        "gpus_min": [8, 1],
        "gpus_max": [8, 1],
        "power_per_gpu_kw": [0.5, 0.4],
        "preemptible": [True, False],
        "checkpoint_h": [0.1, 0.0],
        "home": [0, 1],
        "sites_allowed": [3, 2],
        "data_gb": [0.0, 1.0],
    }
    return base | changes


def test_derived_columns_by_hand() -> None:
    jobs = JobTable.ordered(columns())
    # 8 GPU-h on 8 GPUs is one hour; released at 0, due at 2 h: one hour of slack; 8 GPU-h × 0.5 kW = 4 kWh.
    assert jobs.duration_s.tolist() == [3600, 3600]
    assert jobs.slack_h.tolist() == [1.0, 1.0]
    assert jobs.energy_mwh.tolist() == pytest.approx([0.004, 0.0004])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"work_gpu_h": [0.0, 1.0]}, r"work_gpu_h: row 0 \(id 1\)"),
        ({"gpus_max": [0, 1]}, "gpus_max"),
        ({"gpus_min": [9, 1]}, "gpus_min"),
        ({"power_per_gpu_kw": [-1, 0]}, "power_per_gpu_kw"),
        ({"due_s": [-1, 7260]}, "due_s"),
        ({"released_s": [0, 30]}, "before the submission"),
        ({"sites_allowed": [0, 1]}, "no site is allowed"),
        ({"checkpoint_h": [np.nan, 0]}, "finite"),
    ],
)
def test_bad_rows_are_named(change: dict[str, object], words: str) -> None:
    with pytest.raises(DataError, match=words):
        JobTable.ordered(columns(**change))


def test_disorder_is_refused_and_ordered_sorts() -> None:
    disordered = columns(released_s=[60, 60], submitted_s=[60, 0])
    assert JobTable.ordered(disordered).id.tolist() == [1, 2]
    backwards = columns(submitted_s=[60, 0], released_s=[60, 0])
    assert JobTable.ordered(backwards).id.tolist() == [2, 1]


def test_take_keeps_names_and_rows() -> None:
    jobs = JobTable.ordered(columns(), kind_names=("a", "b"))
    part = jobs.take(np.array([1]))
    assert (len(part), part.kind_names, part.id.tolist()) == (1, ("a", "b"), [2])


def test_allowed_sites_come_from_the_mask() -> None:
    table = ClassTable(("F3",), np.array([4.0]), np.array([5], dtype=np.uint64), np.array([0.4]))
    assert table.allowed(3).tolist() == [[True, False, True]]
    assert table.label_index.tolist() == [3]


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(ValueError, match="F9"):
        ClassTable(("F9",), np.zeros(1), np.ones(1, dtype=np.uint64), np.ones(1))

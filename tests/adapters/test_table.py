import pytest
from trace_files import OWN

from suandian.adapters.traces.table import read
from suandian.physics.itload import dynamic_power_per_gpu_kw
from suandian.quantity.errors import DataError

EIGHT_S = 1_772_409_600  # 2026-03-02T08:00 in Beijing


def read_text(folder, text, **options):
    path = folder / "own.csv"
    path.write_text(text, encoding="utf-8")
    return read(path, **options)


def test_units_in_the_headers_by_hand(tmp_path):
    found = read_text(tmp_path, OWN)
    assert found.frame["id"].to_list() == ["8", "7"]  # sorted by submission
    assert found.column("submitted_s").tolist() == [EIGHT_S, EIGHT_S + 3600]
    assert found.column("duration_s").tolist() == [1800, 5400]
    assert found.column("power_kw") == pytest.approx([0.2, 4 * 0.3])
    assert found.column("due_s").tolist() == [EIGHT_S + 1800, EIGHT_S + 3600 + 5400 + 7200]
    assert found.frame["preemptible"].to_list() == [False, True]
    assert found.frame["kind"].to_list() == ["batch", "training"]
    assert found.power_model == "as the record gives it"
    assert [(r.reason, r.count, r.line) for r in found.repaired] == [
        ("earlier than the line before; sorted by submission", 1, 3)
    ]


def test_work_instead_of_duration_and_power_by_the_model(tmp_path):
    text = "released,gpus [GPU],work [GPU-h]\n2026-03-02T08:00,2,3\n"
    found = read_text(tmp_path, text, zone="Asia/Shanghai")
    assert found.column("submitted_s").tolist() == [EIGHT_S]
    assert found.column("duration_s").tolist() == [5400]
    assert found.column("power_kw") == pytest.approx([2 * dynamic_power_per_gpu_kw("batch")])
    assert found.frame["user"].to_list() == found.frame["due_s"].to_list() == [None]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("released,gpus [GPU]\n2026-03-02T08:00Z,2\n", "no column `duration .* or `work"),
        ("released,gpus [GPU],duration [h]\n2026-03-02T08:00,2,1\n", "times are naive"),
        ("released,gpus [GPU],duration [h]\n2026-03-02T08:00Z,2,long\n", "line 2: 'long' is no number"),
        ("released,gpus [GPU],duration [h]\n2026-03-02T08:00Z,0.5,1\n", "is no whole number"),
        ("released,gpus [GPU],duration [h],preemptible\n2026-03-02T08:00Z,1,1,maybe\n", "'maybe'; write true or false"),
        ("released,gpus [GPU],duration\n2026-03-02T08:00Z,2,1\n", "duration"),
    ],
)
def test_a_table_of_ones_own_is_refused_not_mended(text, told, tmp_path):
    with pytest.raises(DataError, match=told):
        read_text(tmp_path, text)


def test_runs_of_no_length_are_dropped_and_told(tmp_path):
    text = "released,gpus [GPU],duration [h]\n2026-03-02T08:00Z,2,0\n2026-03-02T08:00Z,2,-1\n2026-03-02T09:00Z,2,1\n"
    found = read_text(tmp_path, text)
    assert len(found) == 1
    assert {(r.reason, r.line) for r in found.dropped} == {("run time of 0 s", 2), ("negative run time", 3)}

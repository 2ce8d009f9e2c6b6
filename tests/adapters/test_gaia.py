from pathlib import Path

import pytest
from trace_files import GAIA, packed

from suandian.adapters.traces.gaia import read
from suandian.quantity.errors import DataError

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not (DATA / "jobs").is_dir(), reason="the public traces are not in ../shared/data")


def test_hours_become_seconds(tmp_path):
    found = read(packed(tmp_path / "gaia.csv.gz", GAIA))
    assert found.column("submitted_s").tolist() == [0, 2077]  # 0.5769 h = 2,076.84 s
    assert found.column("duration_s").tolist() == [91469, 1800]
    assert found.column("cpus").tolist() == [1, 16]
    assert found.column("power_kw") == pytest.approx([0.00298, 16 * 0.00298])
    assert not found.absolute


def test_what_is_outside_of_the_year_or_has_no_width_is_dropped(tmp_path):
    text = GAIA + "-1,1,1\n8760.0,1,1\n10,1,0.5\n11,1,x\n12,0,1\n13,1,1,1\n"
    found = read(packed(tmp_path / "gaia.csv.gz", text))
    assert len(found) == 2
    assert {(r.reason, r.count, r.line, r.example) for r in found.dropped} == {
        ("arrival outside of the synthetic year", 2, 4, "-1"),
        ("less than one CPU", 1, 6, "0.5"),
        ("cpus cannot be read", 1, 7, "x"),
        ("run time of 0 s", 1, 8, "7"),
        ("more fields than due", 1, 9, "13,1,1,1"),
    }


def test_wrong_columns_are_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("arrival,length,cpus\n1,1,1\n")
    with pytest.raises(DataError, match=r"t\.csv: no column arrival_time; its columns are arrival, length, cpus"):
        read(path)


def test_a_truncated_file_is_refused_or_read_as_far_as_it_is_sound(tmp_path):
    text = GAIA + "".join(f"{number / 10},1.5,{number % 7 + 1}\n" for number in range(20_000))
    path = packed(tmp_path / "gaia.csv.gz", text, keep_ratio=0.6)
    with pytest.raises(DataError, match="whole lines before that are sound"):
        read(path)
    found = read(path, truncated="keep")
    assert 5000 < len(found) < 20_000
    assert "only the whole lines before that were read" in found.repaired[0].reason


@needs_data
@pytest.mark.parametrize(("name", "jobs"), [("pai-100k", 99_998), ("azure-100k", 99_988)])
def test_the_real_samples_are_sound(name, jobs):
    found = read(DATA / "jobs" / f"{name}.csv.gz")
    assert len(found) == found.read_count == jobs
    assert found.repaired == found.dropped == ()
    assert found.column("duration_s").max() <= 72 * 3600

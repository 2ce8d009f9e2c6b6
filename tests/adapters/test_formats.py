"""Every registered format is recognised from the content of its true file, and none is mistaken for another."""

from importlib.metadata import entry_points
from pathlib import Path

import polars as pl
import pytest
import trace_files

from suandian.adapters.traces import Format, recognise
from suandian.model.records import JobRecords
from suandian.quantity.errors import DataError

FORMATS = {entry.name: entry.load() for entry in entry_points(group="suandian.traces")}
NAMES = (
    "acme", "alibaba_gpu2023", "gaia", "helios", "kubernetes", "pai2020", "philly", "slurm", "swf", "table",
)  # fmt: skip


def test_the_entry_points_are_the_formats():
    assert set(NAMES) <= set(FORMATS)
    assert all(FORMATS[name].name == name for name in NAMES)
    assert {FORMATS[name].clock for name in NAMES} == {"absolute", "naive", "relative"}


@pytest.mark.parametrize("name", NAMES)
def test_a_true_file_is_recognised_and_read(name, tmp_path):
    path = trace_files.all_files(tmp_path)[name]
    found = recognise(path, FORMATS.values())
    assert found.name == name
    options = {"zone": "Asia/Shanghai"} if found.clock == "naive" and name == "slurm" else {}
    records = found(path, **options)
    assert isinstance(records, JobRecords)
    assert records.format == name
    assert records.read_count == len(records) + sum(remark.count for remark in records.dropped)
    assert (records.column("power_kw") > 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_no_true_file_is_taken_for_another_when_packed(name, tmp_path):
    text = trace_files.all_files(tmp_path)[name].read_text(encoding="utf-8")
    packed = trace_files.packed(tmp_path / "anything.gz", text)
    assert recognise(packed, FORMATS.values()).name == name


def test_json_of_slurm_is_recognised(tmp_path):
    path = tmp_path / "jobs.json"
    path.write_text(trace_files.sacct_json())
    assert recognise(path, FORMATS.values()).name == "slurm"


def test_parquet_is_recognised_by_its_columns(tmp_path):
    rows = [line.split(",") for line in trace_files.HELIOS.splitlines()]
    table = pl.DataFrame({name: [row[at] for row in rows[1:]] for at, name in enumerate(rows[0])})
    table.with_columns(pl.col("gpu_num", "duration").cast(pl.Int64)).write_parquet(tmp_path / "jobs.parquet")
    found = recognise(tmp_path / "jobs.parquet", FORMATS.values())
    assert found.name == "helios"
    assert found(tmp_path / "jobs.parquet").column("duration_s").tolist() == [36848, 249, 675233]


def test_what_looks_like_nothing_is_told(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("dear diary\n")
    with pytest.raises(DataError, match=r"looks like none of acme, .*begins with 'dear diary'"):
        recognise(path, FORMATS.values())


def test_requests_are_told_from_jobs(tmp_path):
    path = tmp_path / "requests.csv"
    path.write_text(trace_files.REQUESTS)
    with pytest.raises(DataError, match="requests to a language model, no jobs"):
        recognise(path, FORMATS.values())


def test_two_candidates_are_both_named(tmp_path):
    path = trace_files.all_files(tmp_path)["gaia"]
    gaia = FORMATS["gaia"]
    other = Format("mine", "an outsider's", gaia.read, lambda head: head.has("cpus"), "relative", "me")
    with pytest.raises(DataError, match="may be gaia, mine; say which"):
        recognise(path, [gaia, other])


@pytest.mark.parametrize("content", [b"", b"  \n\n", b"\x1f\x8b\x08\x00broken"])
def test_empty_files_are_refused(content, tmp_path):
    path = tmp_path / "nothing.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match="is empty or no text"):
        recognise(path, FORMATS.values())
    with pytest.raises(DataError, match="no such file"):
        recognise(Path("nowhere.csv"), FORMATS.values())

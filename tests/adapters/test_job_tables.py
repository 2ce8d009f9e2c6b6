from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from suandian.adapters.job_tables import JOB_COLUMNS, jobs_from_frame, read_jobs
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis

SITES = ("county", "qingyang", "shaoguan")
HEADER = "released,gpus [GPU],duration [h],slack [h],power_per_gpu [W],home"
ROW = "2026-04-01T08:00Z,8,2.5,4,400,qingyang"


def read(tmp_path, *rows, header=HEADER, **options):
    (tmp_path / "jobs.csv").write_text("\n".join([header, *rows]) + "\n")
    return read_jobs("jobs.csv", **({"folder": tmp_path, "sites": SITES} | options))


def test_the_least_that_a_job_must_say(tmp_path):
    jobs = read(tmp_path, "2026-04-01T09:00Z,4,1,0,400,county", ROW)
    assert jobs.id.tolist() == [1, 0]  # ordered by release
    assert jobs.gpus_max.tolist() == jobs.gpus_min.tolist() == [8, 4]
    assert jobs.work_gpu_h == pytest.approx([20.0, 4.0])
    assert jobs.slack_h == pytest.approx([4.0, 0.0])
    assert jobs.power_per_gpu_kw == pytest.approx([0.4, 0.4])
    assert jobs.home.tolist() == [1, 0]
    assert jobs.sites_allowed.tolist() == [2, 1]
    assert not jobs.preemptible.any()
    assert (jobs.submitted_s == jobs.released_s).all()


def test_everything_that_a_job_may_say_also_as_parquet(tmp_path):
    day = datetime(2026, 4, 1, tzinfo=UTC)
    frame = pl.DataFrame(
        {
            "id": [7, 9],
            "user": ["ann", "bob"],
            "kind": ["training", "backup"],
            "contract": ["gold", "basic"],
            "submitted": [day, day],
            "released": [day + timedelta(hours=1), day + timedelta(hours=2)],
            "due": [day + timedelta(hours=9), day + timedelta(hours=99)],
            "work [GPU-h]": [16.0, 3.0],
            "gpus [GPU]": [8, 1],
            "gpus_min [GPU]": [4, 1],
            "power_per_gpu [kW]": [0.5, 0.1],
            "home": ["county", "shaoguan"],
            "sites_allowed": ["county|qingyang", "any"],
            "preemptible": [True, False],
            "checkpoint [min]": [15.0, 0.0],
            "data [TB]": [1.5, 0.0],
            "power_cap [%]": [80, 100],
            "checkpoint_every [min]": [30, 0],
            "interruptions_max": [2, 0],
        }
    )
    assert {name.split(" [")[0] for name in frame.columns} == set(JOB_COLUMNS) - {"duration", "slack"}
    frame.write_parquet(tmp_path / "jobs.parquet")
    jobs = read_jobs("jobs.parquet", folder=tmp_path, sites=SITES)
    assert jobs.id.tolist() == [7, 9]
    assert jobs.user_names == ("ann", "bob")
    assert [jobs.kind_names[kind] for kind in jobs.kind] == ["training", "backup"]
    assert [jobs.contract_ids[entry] for entry in jobs.contract] == ["gold", "basic"]
    assert jobs.duration_s.tolist() == [7200, 10800]
    assert jobs.slack_h == pytest.approx([6.0, 94.0])
    assert jobs.gpus_min.tolist() == [4, 1]
    assert jobs.sites_allowed.tolist() == [3, 7]
    assert jobs.preemptible.tolist() == [True, False]
    assert jobs.checkpoint_h == pytest.approx([0.25, 0.0])
    assert jobs.data_gb == pytest.approx([1500.0, 0.0])
    assert [jobs.paces[pace].id for pace in jobs.pace] == ["cap 80 %, GPUs 50 %", "full"]
    assert jobs.checkpoint_every_h == pytest.approx([0.5, 0.0])
    assert jobs.interruptions_max.tolist() == [2, 0]


def test_a_single_site_needs_no_home_and_an_axis_cuts(tmp_path):
    axis = TimeAxis(datetime(2026, 4, 1, 9, tzinfo=UTC), timedelta(hours=1), 1)
    row, header = ROW.rsplit(",", 1)[0], HEADER.rsplit(",", 1)[0]
    jobs = read(tmp_path, row, header=header, sites=("only",), axis=axis)
    # An hour is left; a quarter of it is kept as slack, and eight GPUs work for the rest.
    assert jobs.work_gpu_h == pytest.approx([6.0])
    assert jobs.released_s[0] == axis.start_s


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([ROW.replace("qingyang", "quingyang")], {}, "line 2: unknown site 'quingyang'; known: county"),
        ([ROW, ROW.replace(",8,", ",0,")], {}, "line 3: 0 is no whole number from 1 on"),
        ([ROW.replace(",8,", ",1.5,")], {}, "1.5 is no whole number"),
        ([ROW.replace(",2.5,", ",,")], {}, r"'duration \[h\]': line 2 is empty"),
        ([ROW.replace(",2.5,", ",long,")], {}, "'long' is no number"),
        ([ROW.replace(",2.5,", ",0,")], {}, "work_gpu_h: row 0 .* must be above 0"),
        ([ROW.replace(",4,", ",-9,")], {}, "due_s: row 0 .* before the release"),
        ([ROW.replace("Z", "")], {}, "naive"),
        ([], {}, "holds no job"),
        ([ROW], {"header": HEADER.replace("[W]", "[W·h]")}, "an energy, a power is due"),
        ([ROW], {"header": HEADER.replace("[W]", "")}, "names no unit"),
        ([ROW], {"header": HEADER.replace("gpus", "gpu")}, "unknown column .* did you mean 'gpus'"),
        ([ROW + ",1"], {"header": HEADER + ",favourite [h]"}, "unknown column 'favourite"),
        ([ROW.rsplit(",", 1)[0]], {"header": HEADER.rsplit(",", 1)[0]}, "no column home; with 3 sites"),
        ([ROW + ",maybe"], {"header": HEADER + ",preemptible"}, "line 2: 'maybe'; write true or false"),
        ([ROW + ",county|mars"], {"header": HEADER + ",sites_allowed"}, "unknown site 'mars'"),
        ([ROW + ",3", ROW + ",3"], {"header": HEADER + ",id"}, "each once"),
    ],
)
def test_bad_job_tables_are_refused_with_place_and_remedy(tmp_path, rows, options, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path, *rows, **options)


@pytest.mark.parametrize("column", ["released", "gpus [GPU]", "duration [h]", "slack [h]", "power_per_gpu [W]"])
def test_needed_columns_are_named(tmp_path, column):
    headers, cells = HEADER.split(","), ROW.split(",")
    place = headers.index(column)
    with pytest.raises(DataError, match=f"no column .*`{column.split(' ')[0]}.*; add it"):
        read(tmp_path, ",".join(np.delete(cells, place)), header=",".join(np.delete(headers, place)))


def test_a_number_beyond_reason_is_refused():
    with pytest.raises(DataError, match=r"line 2: 1e\+30 is beyond reason"):
        jobs_from_frame(
            pl.LazyFrame(
                {
                    "released": ["2026-04-01T00:00Z"],
                    "gpus [GPU]": ["1"],
                    "duration [h]": ["1e30"],
                    "slack [h]": ["0"],
                    "power_per_gpu [kW]": ["0.3"],
                }
            ),
            sites=["hall"],
        )

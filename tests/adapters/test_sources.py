import gzip

import polars as pl
import pytest

from suandian.adapters.sources import collected, columns_of, find_column, open_table, resolve_inside
from suandian.quantity.errors import DataError


@pytest.fixture
def folder(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "prices.csv").write_text("time,price [CNY/MWh]\n2026-04-01T00:00Z,350\n")
    (tmp_path / "secret.csv").write_text("time\n")
    return data


def test_a_file_inside_is_found_and_everything_outside_refused(folder):
    assert resolve_inside(folder, "prices.csv").name == "prices.csv"
    for path in ("../secret.csv", "/etc/passwd", "sub/../../secret.csv"):
        with pytest.raises(DataError, match="lies outside the data folder"):
            resolve_inside(folder, path)
    (folder / "link.csv").symlink_to(folder.parent / "secret.csv")
    with pytest.raises(DataError, match="lies outside"):
        resolve_inside(folder, "link.csv")


def test_missing_files_and_folders_are_named(folder):
    with pytest.raises(DataError, match=r"did you mean prices\.csv"):
        resolve_inside(folder, "price.csv")
    with pytest.raises(DataError, match="does not exist"):
        resolve_inside(folder / "nowhere", "prices.csv")


def test_the_three_formats_give_the_same_table(folder):
    frame = pl.read_csv(folder / "prices.csv", infer_schema=False)
    frame.write_parquet(folder / "prices.parquet")
    with gzip.open(folder / "prices.csv.gz", "wt") as stream:
        stream.write((folder / "prices.csv").read_text())
    for name in ("prices.csv", "prices.csv.gz", "prices.parquet"):
        table = open_table(folder / name)
        assert isinstance(table, pl.LazyFrame)
        assert table.collect().equals(frame)


def test_text_tables_that_are_too_large_are_refused_packed_or_not(folder):
    text = "time,price [CNY/MWh]\n" + "2026-04-01T00:00Z,350\n" * 1000
    (folder / "large.csv").write_text(text)
    with gzip.open(folder / "bomb.csv.gz", "wt") as stream:
        stream.write(text)
    for name in ("large.csv", "bomb.csv.gz"):
        with pytest.raises(DataError, match=r"more than 0\.01 MB of text; write it as Parquet"):
            open_table(folder / name, csv_max_gb=1e-5)
        assert open_table(folder / name, csv_max_gb=0.001).collect().height == 1000


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("notes.txt", b"x", "is no CSV"),
        ("broken.parquet", b"not parquet at all", "cannot be read as a table"),
        ("broken.csv.gz", b"not gzip", "cannot be read as a table"),
        ("empty.csv", b"", "cannot be read as a table"),
    ],
)
def test_files_that_are_no_tables_are_refused(folder, name, content, message):
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        open_table(folder / name)


def test_headers_carry_units_unless_declared_plain(folder):
    path = folder / "prices.csv"
    columns = columns_of(open_table(path), path, plain=("time",))
    assert [(column.name, column.unit) for column in columns] == [("time", ""), ("price", "CNY/MWh")]
    with pytest.raises(DataError, match=r"prices\.csv: column 'time' names no unit"):
        columns_of(open_table(path), path)
    path.write_text("time,price [CNY/parsec]\n")
    with pytest.raises(DataError, match="unknown unit"):
        columns_of(open_table(path), path, plain=("time",))
    path.write_text("time,price [CNY/MWh],price [CNY/kWh]\n")
    with pytest.raises(DataError, match="stands there twice"):
        columns_of(open_table(path), path, plain=("time",))


def test_columns_are_found_with_or_without_their_unit(folder):
    path = folder / "prices.csv"
    columns = columns_of(open_table(path), path, plain=("time",))
    assert find_column(columns, "price", path) == find_column(columns, "price [CNY/MWh]", path)
    with pytest.raises(DataError, match="did you mean 'price'"):
        find_column(columns, "prize", path)


def test_a_line_that_does_not_fit_the_header_is_refused(folder):
    path = folder / "ragged.csv"
    path.write_text("time,price [CNY/MWh]\n2026-04-01T00:00Z,350,1\n")
    with pytest.raises(DataError, match=r"ragged\.csv: cannot be read to its end .* more fields than the header"):
        collected(open_table(path), path)

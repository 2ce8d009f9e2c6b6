import gzip
import io
import tarfile

import pytest

from suandian.adapters.traces.text import fields_of, first_lines, whole_text
from suandian.adapters.traces.unpack import opened
from suandian.quantity.errors import DataError


def lines(path, **options):
    with whole_text(path, **options) as text:
        rows = [part.collect() for part in text.lines()]
        return [row for part in rows for row in part.rows()], {r.reason: (r.count, r.line) for r in text.remarks}


def write(folder, data, name="t.csv"):
    path = folder / name
    path.write_bytes(data)
    return path


def test_plain_lines_keep_their_numbers(tmp_path):
    path = write(tmp_path, b"a,b\r\n\r\n1,2\n  \n3,4")
    assert lines(path) == ([(1, "a,b"), (3, "1,2"), (5, "3,4")], {})


def test_a_mark_at_the_beginning_is_no_text(tmp_path):
    path = write(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n")
    assert lines(path)[0] == [(1, "a,b"), (2, "1,2")]
    assert first_lines(path) == "a,b\n1,2\n"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_as_some_shells_write_it(tmp_path, encoding):
    mark = "\ufeff".encode(encoding)
    path = write(tmp_path, mark + "a|b\r\n1|王\r\n".encode(encoding))
    assert lines(path) == ([(1, "a|b"), (2, "1|王")], {"UTF-16 text was turned into UTF-8": (1, 1)})
    assert first_lines(path).startswith("a|b")


def test_single_lines_in_other_encodings_are_mended_and_told(tmp_path):
    data = b"id,user\n" + "1,王\n".encode() + "2,张三\n".encode("gbk") + "3,Müller\n".encode("latin-1") + b"4,li\n"
    found, remarks = lines(write(tmp_path, data))
    assert [text for _, text in found] == ["id,user", "1,王", "2,张三", "3,Müller", "4,li"]
    assert remarks == {
        "line in GBK instead of UTF-8, turned into UTF-8": (1, 3),
        "line in Latin-1 instead of UTF-8, turned into UTF-8": (1, 4),
    }


def test_quotes_are_taken_off_and_an_open_one_does_no_harm(tmp_path):
    data = b'a,b,c\n"x,y","say ""hi""",3\n1,"open,3\n4,5,6\n'
    path = write(tmp_path, data)
    with whole_text(path, separator=",") as text:
        (part,) = text.lines()
        table = fields_of(part, ["a", "b", "c"], ",", quoted=text.quoted).collect()
        remarks = {r.reason: (r.count, r.line) for r in text.remarks}
    assert table["a"].to_list() == ["a", "x,y", "1", "4"]
    assert table["b"].to_list() == ["b", 'say "hi"', "open", "5"]
    assert remarks == {"quote that is never closed, taken off": (1, 3)}


def test_fields_beyond_and_missing_are_seen(tmp_path):
    with whole_text(write(tmp_path, b"1,2\n1,2,3,4\n1\n")) as text:
        (part,) = text.lines()
        table = fields_of(part, ["a", "b"], ",").collect()
    assert table["_rest"].to_list() == [None, "3", None]
    assert table["b"].to_list() == ["2", "2", None]


def test_parts_of_a_large_file_join_without_a_seam(tmp_path, monkeypatch):
    monkeypatch.setattr("suandian.adapters.traces.text._CHUNK_BYTES", 100)
    rows = [f"{number},{'x' * (number % 37)}" for number in range(500)]
    rows[321] = "321,\xfc"
    data = "\n".join(rows).encode("latin-1")
    for path in (write(tmp_path, data), write(tmp_path, gzip.compress(data), "t.csv.gz")):
        found, remarks = lines(path)
        assert found == [(number + 1, text) for number, text in enumerate(rows)]
        assert list(remarks.values()) == [(1, 322)]


def test_truncated_gzip_is_refused_or_kept_to_the_last_whole_line(tmp_path):
    rows = "".join(f"{number},{number * 7919 % 10007}\n" for number in range(20_000))
    data = gzip.compress(rows.encode())
    path = write(tmp_path, data[: len(data) // 2], "t.csv.gz")
    with pytest.raises(DataError, match=r"end too early; (\d+) whole lines before that are sound") as told:
        lines(path)
    sound = int(str(told.value).split(" whole lines")[0].split()[-1])
    found, remarks = lines(path, truncated="keep")
    assert len(found) == sound > 5000
    assert [text for _, text in found] == rows.splitlines()[:sound]
    assert remarks == {
        "the compressed data end too early: only the whole lines before that were read": (1, sound),
    }
    with pytest.raises(DataError, match="write refuse or keep"):
        lines(path, truncated="mend")


def test_damaged_gzip_is_told(tmp_path):
    data = bytearray(gzip.compress(bytes(range(256)) * 100))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(DataError, match=r"damaged|too early"):
        lines(write(tmp_path, bytes(data), "t.csv.gz"))


def test_several_gzip_members_are_one_text(tmp_path):
    path = write(tmp_path, b"".join(gzip.compress(f"{number}\n".encode()) for number in range(50)), "t.gz")
    assert [text for _, text in lines(path)[0]] == [str(number) for number in range(50)]


def test_the_table_of_a_tar_archive_is_read(tmp_path):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, data in (("._t.csv", b"junk"), ("t.csv", b"1,2\n3,4\n")):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    path = write(tmp_path, packed.getvalue(), "t.tar.gz")
    assert [text for _, text in lines(path)[0]] == ["1,2", "3,4"]
    with (
        pytest.raises(DataError, match="the archive holds no file"),
        opened(write(tmp_path, gzip.compress(b"x"), "u.tgz")),
    ):
        pass


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="cannot be opened"):
        lines(tmp_path / "nowhere.csv")
    assert first_lines(tmp_path / "nowhere.csv") == ""

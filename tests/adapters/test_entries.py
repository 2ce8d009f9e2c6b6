import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.adapters.traces.entries import entries, number_of
from suandian.quantity.errors import DataError


def listed(path, *keys, **options):
    with entries(path, *keys, **options) as found:
        return [value for _, value in found], found.remarks


def write(folder, text, name="t.json"):
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


values = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(values, max_size=8), st.sampled_from([None, 1]), st.booleans(), st.integers(1, 40))
def test_what_was_written_is_read_whatever_the_size_of_the_pieces(tmp_path_factory, found, indent, ascii_only, size):
    folder = tmp_path_factory.mktemp("entries")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("suandian.adapters.traces.entries._CHUNK_BYTES", size)
        bare = write(folder, json.dumps(found, indent=indent, ensure_ascii=ascii_only))
        assert listed(bare) == (found, [])
        named = write(folder, json.dumps({"meta": {"jobs": [1]}, "jobs": found}, indent=indent))
        assert listed(named, "jobs") == (found, [])


def test_packed_lists_and_a_mark_at_the_beginning(tmp_path):
    assert listed(write(tmp_path, gzip.compress(b"[1, 2]"), "t.json.gz")) == ([1, 2], [])
    assert listed(write(tmp_path, b"\xef\xbb\xbf[1, 2]")) == ([1, 2], [])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[1, 2", "ends too early"),
        ('[1, {"a": ', "ends too early"),
        ("[1, 2} ", "no JSON at"),
        ("[1 2]", "no JSON at"),
        ("[1, nonsense]", "no JSON at"),
        ('{"other": []}', "no list called jobs"),
        ('{"jobs": {}}', "no list called jobs"),
        ('{"jobs"', "no list called jobs"),
        ("hello", "is no JSON object or list"),
        ("", "is no JSON object or list"),
    ],
)
def test_what_is_no_such_list_is_refused(text, told, tmp_path):
    with pytest.raises(DataError, match=told):
        listed(write(tmp_path, text), "jobs")


def test_what_was_sound_can_be_kept(tmp_path):
    found, remarks = listed(write(tmp_path, "[1, 2, {"), truncated="keep")
    assert found == [1, 2]
    assert remarks[0].line == 2
    with pytest.raises(DataError, match="write refuse or keep"):
        listed(write(tmp_path, "[]"), truncated="guess")


def test_bytes_that_are_no_text_are_replaced_and_told(tmp_path):
    found, remarks = listed(write(tmp_path, b'["M\xfcller"]'))
    assert found == ["M\ufffdller"]
    assert remarks[0].reason == "bytes that are no UTF-8, replaced"


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3.0),
        ({"set": True, "infinite": False, "number": 7}, 7.0),
        ({"set": False, "number": 7}, None),
        ({"set": True, "infinite": True, "number": 0}, None),
        ("3", None),
        (True, None),
        (float("inf"), None),
        (None, None),
    ],
)
def test_numbers_plain_or_as_slurm_wraps_them(value, number):
    assert number_of(value) == number

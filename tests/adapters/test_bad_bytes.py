"""Whatever is done to the bytes of a true file, a reader gives records that add up, or refuses with a `DataError`."""

import contextlib
import random
from importlib.metadata import entry_points

import pytest
import trace_files
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.adapters.traces import recognise
from suandian.quantity.errors import DataError

FORMATS = {entry.name: entry.load() for entry in entry_points(group="suandian.traces")}
NAMES = [*sorted(FORMATS), "slurm.json"]
HURTS = (
    b"", b"\x00", b"\xff", b"\n", b"\r", b",", b"|", b'"', b"-", b"9" * 30, b"e9", b"NaN", b"{", b"]", b";", b"\x1f",
    b"\x1e",
)  # fmt: skip


def hurt(data: bytes, seed: int) -> bytes:
    """Some bytes replaced, lines doubled, swapped or cut."""
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data) + 1)
        data = data[:at] + rng.choice(HURTS) + data[at + rng.randint(0, 3) :]
    lines = data.split(b"\n")
    for _ in range(rng.randint(0, 2)):
        lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
    return b"\n".join(lines)[: rng.choice([None, None, None, rng.randrange(len(data) + 1)])]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_bad_bytes_never_reach_the_user_as_an_error_of_a_library(name, seed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hurt")
    path = trace_files.all_files(folder)[name.split(".")[0]]
    if name == "slurm.json":
        path.write_text(trace_files.sacct_json(), encoding="utf-8")
    path.write_bytes(hurt(path.read_bytes(), seed))
    options = {"zone": "UTC"} if name.startswith(("slurm", "table")) and "json" not in name else {}
    with contextlib.suppress(DataError):
        recognise(path, FORMATS.values())
    with contextlib.suppress(DataError):
        records = FORMATS[name.split(".")[0]].read(path, **options)
        assert records.read_count == len(records) + sum(remark.count for remark in records.dropped)

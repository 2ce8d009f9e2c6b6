"""Compiled kernels are cached by the text of their own file, so that text has to change with the files they call.

Each file of the placement kernel that uses others carries a line with their fingerprint. If this test fails, run
`python tests/coordination/test_placement_cache.py`, which writes the lines anew.
"""

from __future__ import annotations

import ast
import hashlib
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "src" / "suandian" / "coordination"
#: From the bottom up: a file stands after those that it uses.
FILES = (
    "placement_bits",
    "placement_state",
    "placement_rules",
    "placement_moves",
    "placement_queue",
    "placement_gears",
    "placement_passes",
    "placement_kernel",
)
LINE = re.compile(r"^# Compiled with: .*$", re.MULTILINE)


def used_by(name: str) -> list[str]:
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return [file for file in FILES if f"suandian.coordination.{file}" in modules]


def line_for(name: str) -> str:
    digest = hashlib.sha256()
    for file in used_by(name):
        digest.update((FOLDER / f"{file}.py").read_text(encoding="utf-8").encode())
    parts = " ".join(file.removeprefix("placement_") for file in used_by(name))
    return f"# Compiled with: {parts} {digest.hexdigest()[:16]}"


def test_every_kernel_file_knows_what_it_was_compiled_with():
    for name in FILES:
        if used_by(name) and name != "placement_state":
            assert LINE.findall((FOLDER / f"{name}.py").read_text(encoding="utf-8")) == [line_for(name)], name


def test_files_stand_after_those_they_use_and_none_is_forgotten():
    assert sorted(FILES) == sorted(path.stem for path in FOLDER.glob("placement_*.py"))
    for name in FILES:
        assert all(FILES.index(used) < FILES.index(name) for used in used_by(name))


def write() -> None:
    """Write the lines anew, from the bottom up, since each changes the text that the next one hashes."""
    for name in FILES:
        if used_by(name) and name != "placement_state":
            path = FOLDER / f"{name}.py"
            text = path.read_text(encoding="utf-8")
            line, head = line_for(name), '"""\n\n'
            marked = LINE.sub(line, text) if LINE.search(text) else text.replace(head, f"{head}{line}\n\n", 1)
            path.write_text(marked, encoding="utf-8")


if __name__ == "__main__":
    write()

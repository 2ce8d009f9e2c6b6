"""The strata hold: import-linter is part of `make test`; here its contracts are held against the folders."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def contracts() -> list[dict[str, object]]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, object]] = config["tool"]["importlinter"]["contracts"]
    return found


def test_every_folder_is_a_stratum() -> None:
    layers = contracts()[0]["layers"]
    assert isinstance(layers, list)
    named = {part.strip().removeprefix("suandian.") for layer in layers for part in layer.split("|")}
    folders = {p.name for p in (ROOT / "src" / "suandian").iterdir() if p.is_dir() and not p.name.startswith("__")}
    assert folders == named


def test_only_experiments_and_apps_may_import_what_verification_may_not() -> None:
    forbidden = contracts()[1]["forbidden_modules"]
    assert isinstance(forbidden, list)
    assert {"suandian.simulation", "suandian.coordination", "suandian.physics"} <= set(forbidden)


def test_importing_the_package_is_light() -> None:
    heavy = ["numba", "polars", "pvlib", "pandas", "plotly", "highspy", "clarabel", "pydantic", "scipy"]
    code = f"import sys, suandian; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_entry_point_resolves() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for group in config["project"]["entry-points"].values():
        for target in group.values():
            module, name = target.split(":")
            assert hasattr(__import__(module, fromlist=[name]), name), target

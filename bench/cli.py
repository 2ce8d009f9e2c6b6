"""The command line: how long help and the shipped study take, and how much memory."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "suandian"]
HELP_MAX_S, STUDY_MAX_S, MEMORY_MAX_GB = 0.4, 30.0, 1.5


def run(quick: bool = False) -> dict[str, Any]:
    """Seconds of `--help` (best of five) and of county-noon with all arms; quick: three days of it."""
    help_s = min(_timed([*COMMAND, "--help"])[0] for _ in range(5))
    with tempfile.TemporaryDirectory() as folder:
        study = [*COMMAND, "run", "county-noon", "--out", str(Path(folder) / "runs"), "--quiet"]
        if quick:
            study += ["--set", "time.end=2026-04-04"]
        else:
            _timed([*study, "--coordinators", "lowest_slots"])  # compiles the kernels where they are not cached
        lumped_s, _ = _timed([*study, "--override", "lumped"])
        study_s, memory_gb = _timed(study)
    return {
        "title": "Command line: help, and the shipped study with all seven coordinators",
        "rows": [
            _row("suandian --help, s", help_s, HELP_MAX_S),
            _row("suandian run county-noon --override lumped, s", lumped_s, STUDY_MAX_S),
            {"what": "suandian run county-noon, on its network, s", "ours": round(study_s, 1)},
            _row("memory of all its processes together at their highest, GB", memory_gb, MEMORY_MAX_GB),
        ],
        "notes": [
            f"{os.cpu_count()} cores, as many arms side by side; the sum of resident memory, sampled every 0.2 s, "
            "counts shared pages once for every process.",
        ],
    }


def _row(what: str, value: float, limit: float) -> dict[str, Any]:
    return {
        "what": what,
        "ours": round(value, 2),
        "peer": "",
        "ratio": "",
        "target": f"≤ {limit:g}",
        "met": value <= limit,
    }


def _timed(command: list[str]) -> tuple[float, float]:
    """Wall seconds, and the highest sum of resident memory of the process and its children in GB."""
    began_s = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    highest_gb = 0.0
    while process.poll() is None:
        highest_gb = max(highest_gb, _resident_gb(process.pid))
        time.sleep(0.02 if highest_gb == 0.0 else 0.2)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - began_s, highest_gb


def _resident_gb(pid: int) -> float:
    pages, todo = 0, [pid]
    while todo:
        one = todo.pop()
        try:
            pages += int(Path(f"/proc/{one}/statm").read_text(encoding="ascii").split()[1])
            todo += [int(child) for child in Path(f"/proc/{one}/task/{one}/children").read_text("ascii").split()]
        except (FileNotFoundError, ProcessLookupError, IndexError):
            continue
    return pages * resource.getpagesize() / 1e9

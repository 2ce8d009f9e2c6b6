"""Traces of any registered format in a scenario: by name, by `auto`, and refused with their place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from test_scenario_faults import with_value, write

from suandian.experiments.scenario import load
from suandian.quantity.errors import DataError

HEAD = "JobID|User|Partition|State|Submit|Start|End|Elapsed|AllocTRES|AllocCPUS"


def sacct(folder: Path, days: int = 150) -> None:
    """One job of two hours on eight GPUs every 20 minutes of early 2025, times naive in Beijing; one is broken."""
    first = datetime(2025, 1, 1, tzinfo=UTC)
    lines = [HEAD]
    for number in range(days * 72):
        at = first + timedelta(minutes=20 * number)
        start, end = f"{at:%Y-%m-%dT%H:%M:%S}", f"{at + timedelta(hours=2):%Y-%m-%dT%H:%M:%S}"
        lines.append(f"{number}|u|gpu|COMPLETED|{start}|{start}|{end}|02:00:00|cpu=64,gres/gpu=8|64")
    lines[5] = lines[5].replace("02:00:00|cpu", "later|cpu")
    (folder / "sacct.txt").write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.parametrize("name", ["slurm", "auto"])
def test_slurm_accounting_becomes_the_jobs_of_a_study(tmp_path: Path, name: str) -> None:
    sacct(tmp_path)
    values = with_value("jobs/trace", {"format": name, "file": "sacct.txt"})
    truth = load(write(tmp_path, values)).truth()
    told = truth.sources["jobs"]
    assert "sacct.txt: Slurm accounting (sacct -P)" in told
    assert "10800 rows read, 1 dropped, 1 × elapsed cannot be read" in told
    assert "from the same days of the year, shifted by 52 whole weeks, weekdays agree" in told
    # Every twenty minutes of the two days, and what was still running when they began.
    released_s = np.unique(truth.jobs.released_s)
    inside = released_s[released_s > truth.axis.start_s]
    assert (np.diff(inside) == 1200).all()
    assert len(inside) == 2 * 72 - 1


def test_a_trace_that_cannot_be_told_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sacct.txt").write_text("what is this\n", encoding="utf-8")
    scenario = load(write(tmp_path, with_value("jobs/trace", {"format": "auto", "file": "sacct.txt"})))
    with pytest.raises(DataError, match=r"sacct\.txt: looks like none of acme, "):
        scenario.truth()

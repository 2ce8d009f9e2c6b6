"""The figures that docs/explanation/measurement.md prints are those that the command finds."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "measurement.md"


def percent(value: float, digits: int = 1) -> str:
    return f"{100 * value:.{digits}f} %"


def signed(value: float) -> str:
    return f"{100 * value:+.1f} %".replace("-", "−")


def row_of(row: dict[str, Any]) -> str:
    """A row of the page's tables."""
    quiet, loud, plays = row["placebo"], row["events"], row["plays"]
    gains = [
        f"{100 * plays[play]['gain_ratio']:+.0f} %".replace("-", "−") for play in ("after_notice", "raised_then_frozen")
    ]
    cells = [
        f"`{row['id']}`", signed(quiet["bias_ratio"]), percent(quiet["cvrmse_ratio"]), percent(quiet["p90_ratio"]),
        percent(quiet["covered_ratio"]), signed(loud["bias_ratio"]), percent(loud["rmse_ratio"], 0),
        f"{loud['covered']}/{loud['bounded']}", f"{loud['false_payment_mwh']:.1f}", *gains,
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def figures(row: str) -> list[float]:
    """The numbers of a row, behind its name."""
    return [float(text.replace("−", "-")) for text in re.findall(r"[−+]?\d+(?:\.\d+)?", row.split("`")[2])]


def rows_shown() -> list[str]:
    return [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `") and "/21" in line]


@pytest.mark.slow
def test_the_page_shows_what_the_command_finds(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "suandian", "baselines", "county-noon", "--json"],
        cwd=tmp_path, capture_output=True, text=True, timeout=600, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    by_id = {row["id"]: row for row in (*found["league"], *found["closing"])}
    shown = rows_shown()
    assert len(shown) >= 12
    for line in shown:
        told, measured = figures(line), figures(row_of(by_id[line.split("`")[1]]))
        # Least squares differ in the last digit from processor to processor, and with them what is rounded.
        assert told == pytest.approx(measured, abs=0.11, rel=0.02), line
    assert [target["name"] for target in found["targets"] if target["state"] == "missed"] == []


def test_the_page_has_figures() -> None:
    assert any(line.startswith("| `REPLAY`") for line in rows_shown())

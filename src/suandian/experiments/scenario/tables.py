"""A table of the user's own in a scenario: which file, which column, in which zone, labelled how."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from suandian.experiments.scenario.types import Section

__all__ = ["TableSection"]


class TableSection(Section):
    """A CSV or Parquet file. Headers carry units: `price [CNY/MWh]`; nothing is filled in silently."""

    file: str = Field(description="Path inside the data folder (the scenario's folder or `--data`).")
    column: str = Field(
        default="", description="Header without its unit, e.g. `price`; left out: the only value column."
    )
    time: str = Field(default="time", description="Header of the time column.")
    zone: str = Field(
        default="",
        description="Time zone of time stamps that carry none, e.g. `Asia/Shanghai`; without it they are refused.",
    )
    label: Literal["start", "end"] = Field(
        default="start", description="Does a time stamp mark its interval's start or end?"
    )
    gaps: Literal["refuse", "interpolate", "previous"] = Field(
        default="refuse",
        description="What to do where intervals are missing; what was filled is told in the provenance.",
    )

"""Pieces name each interval once, in order, and add up to the run."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

import suandian as sd

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_pieces_of_a_mixed_table():
    rng = np.random.default_rng(5)
    axis = sd.TimeAxis(START, timedelta(minutes=30), 400)
    signals = {name: sd.Series(axis, rng.random(400), "g/kWh", "test") for name in "abc"}
    count = 60
    jobs = sd.ShiftJobs.build(
        start=axis.start_s + 1800 * rng.integers(0, 200, count),
        duration_h=rng.integers(1, 400, count) / 20.0,
        interruptible=rng.random(count) < 0.5,
        regions=("a", "b", "c"),
        home=rng.choice(list("abc"), count),
    ).with_slack(40.3)
    for where in ("home", "once", "every_interval"):
        shifted = sd.shift(signals, jobs, regions=where)
        pieces = shifted.pieces()
        assert pieces.select("row", "start").is_duplicated().sum() == 0
        assert pieces.equals(pieces.sort("row", "start"))
        whole = pieces.group_by("row", maintain_order=True).agg(
            pl.col("run_h").sum(),
            pl.col("impact_g").sum(),
            first=pl.col("start").first(),
            region=pl.col("region").first(),
        )
        assert whole["run_h"].to_list() == pytest.approx((jobs.duration_s / 3600).tolist())
        assert whole["impact_g"].to_list() == pytest.approx(shifted.frame["impact_g"].to_list())
        assert whole["first"].to_list() == shifted.frame["start"].to_list()
        assert whole["region"].to_list() == shifted.frame["region"].to_list()
        some = shifted.pieces([41, 3])
        assert some.filter(pl.col("row") == 3).equals(pieces.filter(pl.col("row") == 3))
        assert some["row"].unique(maintain_order=True).to_list() == [41, 3]
    with pytest.raises(sd.DataError, match="rows must lie in 0…59"):
        shifted.pieces([60])

"""The answer of a shifting study: per job, in sum, and interval by interval for those asked about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.coordination.shift_choice import Choice
from suandian.coordination.shift_study import Study
from suandian.coordination.shift_values import FINE_DIGITS
from suandian.coordination.windows import step_digits
from suandian.quantity.errors import DataError
from suandian.quantity.units import UnitError, parse_unit

__all__ = ["Shifted", "impact_unit"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def impact_unit(unit: str) -> tuple[str, float]:
    """Numerator of a signal's unit, and that unit's impact of 1 MWh at signal 1: `g/kWh` → `("g", 1000.0)`.

    The numerator may be any word (kg, CNY, EUR). Raises `DataError` for a unit that is not per energy.
    """
    top, slash, bottom = unit.rpartition("/")
    try:
        below = parse_unit(bottom)
    except UnitError as error:
        raise DataError(f"signal: unit {unit!r}: {error}") from error
    if not slash or not top.strip() or below.dimension != parse_unit("MWh").dimension:
        raise DataError(f"signal: unit {unit!r} is not per energy; write e.g. kg/MWh, g/kWh or CNY/MWh")
    return top.strip(), float(1 / below.factor)


@dataclass(frozen=True, slots=True, eq=False)
class Shifted:
    """What `shift` found.

    `frame`: one row for each job in the order given. `id`, `start`, `end` (UTC), `region` (of the first interval),
    `wait_h` (start − nominal start), `pauses_count` (gaps between the intervals used), `moves_count`, `energy_mwh` (the
    run), `move_energy_mwh`; `impact_now_…`, `impact_…`, `saving_…` in the signal's numerator (`unit`, e.g.
    `saving_kg`), moves included; `saving_ratio` of |impact now|, null where that is 0; and three marks: `late` (the run
    does not fit its window and stays where it is), `cut` (window cut at the signal's end), `outside` (no part of the
    study: nulls).
    """

    frame: pl.DataFrame
    unit: str
    _study: Study = field(repr=False)

    @classmethod
    def of(cls, study: Study) -> Shifted:
        """Solve the study and value it."""
        rows = np.flatnonzero(~study.grid.outside)
        choice, _ = study.solve(rows, in_pieces=False)
        columns = _columns(study, rows, choice)
        if len(rows) < len(study.jobs):
            columns = {name: _spread(values, rows, len(study.jobs)) for name, values in columns.items()}
        marks = {name: pl.Series(getattr(study.grid, name)) for name in ("late", "cut", "outside")}
        return cls(pl.DataFrame({"id": pl.Series(study.jobs.id), **columns, **marks}), study.unit, study)

    @property
    def summary(self) -> pl.DataFrame:
        """One row over the jobs that take part: counts, energy, impact now and shifted, saving, mean wait."""
        part, suffix = self.frame.filter(~pl.col("outside")), _suffix(self.unit)
        now, saving = pl.col(f"impact_now_{suffix}").sum(), pl.col(f"saving_{suffix}").sum()
        sums = ("energy_mwh", "move_energy_mwh", f"impact_now_{suffix}", f"impact_{suffix}", f"saving_{suffix}")
        return part.select(
            jobs_count=pl.len(),
            outside_count=pl.lit(len(self.frame) - len(part), dtype=pl.UInt32),
            late_count=pl.col("late").sum(),
            cut_count=pl.col("cut").sum(),
            pauses_count=pl.col("pauses_count").sum(),
            moves_count=pl.col("moves_count").sum(),
            wait_mean_h=pl.col("wait_h").mean(),
            **{name: pl.col(name).sum() for name in sums},
            saving_ratio=pl.when(now != 0).then(saving / now.abs()),
        )

    def pieces(self, rows: Sequence[int] | Ints | None = None) -> pl.DataFrame:
        """The intervals that jobs use, one row each: `row`, `id`, `start`, `run_h`, `region`, `signal`, `energy_mwh`,
        `impact_…`; in order of row and time, without the cost of moves.

        `rows` names rows of `frame`; without it all jobs are told, which may be many intervals. Decisions are made
        again for these jobs, and are the same. Jobs outside the study have no pieces. Raises `DataError` for
        unknown rows.
        """
        study = self._study
        count = len(study.jobs)
        wanted = np.arange(count) if rows is None else np.asarray(rows, dtype=np.int64)
        if wanted.size and (wanted.min() < 0 or wanted.max() >= count):
            raise DataError(f"pieces: rows must lie in 0…{count - 1}")
        wanted = wanted[~study.grid.outside[wanted]]
        _, (job, at, run_s, region) = study.solve(wanted, in_pieces=True)
        row, signal = wanted[job], study.truth[region, at]
        energy_mwh = study.jobs.power_kw[row] / 1000.0 * run_s / 3600.0
        return pl.DataFrame(
            {
                "row": row,
                "id": study.jobs.id[row],
                "start": _at(study, at * study.axis.step_s),
                "run_h": run_s / 3600.0,
                "region": _names(study, region),
                "signal": signal,
                "energy_mwh": energy_mwh,
                f"impact_{_suffix(self.unit)}": signal * energy_mwh * study.per_mwh_ratio,
            }
        )


def _columns(study: Study, rows: Ints, choice: Choice) -> dict[str, pl.Series]:
    jobs, suffix = study.jobs, _suffix(study.unit)
    power_mw = jobs.power_kw[rows] / 1000.0
    # Fine steps × seconds into the impact of one job.
    weight = power_mw * (study.per_mwh_ratio / 3600.0 / 10.0 ** step_digits(study.truth, FINE_DIGITS))
    now = study.at_once(rows) * weight
    impact = (choice.worth + choice.move_worth) * weight + choice.moves * study.move.amount
    saving = now - impact
    ratio = np.divide(saving, np.abs(now), out=np.full(len(rows), np.nan), where=now != 0)
    nominal_s = study.grid.nominal[rows] * study.axis.step_s
    columns: dict[str, Any] = {
        "start": _at(study, choice.begin_s),
        "end": _at(study, choice.end_s),
        "region": _names(study, choice.region),
        "wait_h": (choice.begin_s - nominal_s) / 3600.0,
        "pauses_count": choice.pauses,
        "moves_count": choice.moves,
        "energy_mwh": power_mw * study.grid.run_s[rows] / 3600.0,
        "move_energy_mwh": choice.moves * study.move.energy_kwh / 1000.0,
        f"impact_now_{suffix}": now,
        f"impact_{suffix}": impact,
        f"saving_{suffix}": saving,
    }
    listed = {name: values if isinstance(values, pl.Series) else pl.Series(values) for name, values in columns.items()}
    return listed | {"saving_ratio": pl.Series(ratio, nan_to_null=True)}


def _at(study: Study, since_s: Ints) -> pl.Series:
    """Seconds after the axis's start as UTC instants."""
    return pl.Series((study.axis.start_s + since_s) * 1000).cast(pl.Datetime("ms", "UTC"))


def _names(study: Study, region: Ints) -> pl.Series:
    if len(study.names) == 1:
        return pl.Series(study.names).new_from_index(0, len(region))
    return pl.Series(study.names).gather(region)


def _spread(values: pl.Series, rows: Ints, count: int) -> pl.Series:
    """The values at their rows, nulls elsewhere."""
    place = np.full(count, -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    return values.gather(pl.Series(place).replace(-1, None))


def _suffix(unit: str) -> str:
    """A unit as the end of a column's name: `gCO₂eq` → `gco2eq`."""
    plain = unit.lower().translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789"))
    return re.sub(r"\W+", "_", plain).strip("_")

"""A series of numbers on an axis, and a forecast: a series with the instant at which it was issued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.timeaxis import TimeAxis

__all__ = ["Forecast", "Series"]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Interval means `values` of shape `(axis.periods,)` in `unit`; `source` says where they come from.

    Raises `ValueError` on a wrong shape or a value that is not finite.
    """

    axis: TimeAxis
    values: NDArray[np.float64]
    unit: str
    source: str

    def __post_init__(self) -> None:
        values = np.ascontiguousarray(self.values, dtype=np.float64)
        if values.shape != (self.axis.periods,):
            raise ValueError(f"series {self.source!r}: shape {values.shape}, the axis has {self.axis.periods} periods")
        if not np.isfinite(values).all():
            index = int(np.flatnonzero(~np.isfinite(values))[0])
            raise ValueError(f"series {self.source!r}: value {values[index]} at {self.axis.at(index).isoformat()}")
        values.setflags(write=False)
        object.__setattr__(self, "values", values)


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """What was expected of `series` at the instant `issued_at` (time zone required)."""

    issued_at: datetime
    series: Series

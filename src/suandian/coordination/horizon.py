"""The grid on which a plan is computed: fine steps first, longer ones later, every border on a local hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.timeaxis import TimeAxis

__all__ = ["Horizon"]

_Number = TypeVar("_Number", np.float64, np.int64)

_HOUR_S = 3600


@dataclass(frozen=True, slots=True, eq=False)
class Horizon:
    """Steps of uneven length, each made of whole intervals of `axis`.

    first     (P + 1,) index of the interval at which each step begins; the last entry is the end
    step_h    (P,) length of each step in hours
    month     (P,) local calendar month in which each step begins, counted from January 1970
    """

    axis: TimeAxis
    first: NDArray[np.int64]
    step_h: NDArray[np.float64]
    month: NDArray[np.int64]

    @property
    def periods(self) -> int:
        return len(self.step_h)

    @property
    def starts_s(self) -> NDArray[np.int64]:
        """Unix seconds at which each step begins, and the end, `(P + 1,)`."""
        return self.axis.start_s + self.first * self.axis.step_s

    @classmethod
    def uniform(cls, axis: TimeAxis, zone: str, periods: int | None = None) -> Horizon:
        """The first `periods` intervals of the axis as they are (all of them without a number)."""
        count = axis.periods if periods is None else min(periods, axis.periods)
        return cls._of(axis, zone, np.arange(count + 1, dtype=np.int64))

    @classmethod
    def graded(
        cls,
        axis: TimeAxis,
        zone: str,
        *,
        parts: tuple[tuple[float, float], ...],
        borders: NDArray[np.int64] | None = None,
    ) -> Horizon:
        """Steps that grow with distance.

        `parts` holds `(until_h, step_h)`: up to `until_h` hours from the start, steps end on multiples of `step_h`
        of local wall-clock time, so that later steps share borders with tariffs, days and months. A part may end
        up to one step of the next part later than told. Steps are never shorter than an interval of the axis.
        `borders` are interval indices at which a step has to begin besides, such as changes of a tariff: a step
        across one would mix two prices.
        """
        reach = int((max(until_h for until_h, _ in parts) + max(step_h for _, step_h in parts)) * _HOUR_S / axis.step_s)
        near = axis.part(0, min(reach + 2, axis.periods))
        local_s = near.local_starts(zone).astype(np.int64)
        local_end_s = np.append(local_s, local_s[-1] + axis.step_s)
        begins = [0]
        for number, (until_h, step_h) in enumerate(parts):
            step_s = max(round(step_h * _HOUR_S), axis.step_s)
            # The next, coarser part must begin on one of its own borders.
            last_part = number == len(parts) - 1
            next_s = step_s if last_part else max(round(parts[number + 1][1] * _HOUR_S), axis.step_s)
            until = _next_border(local_end_s, int(min(until_h * _HOUR_S / axis.step_s, near.periods)), next_s)
            begin = begins[-1]
            if until <= begin:
                continue
            inside = np.arange(begin + 1, until)
            begins += inside[local_end_s[inside] % step_s < axis.step_s].tolist()
            begins.append(until)
        if borders is not None:
            begins += borders[(borders > 0) & (borders < begins[-1])].tolist()
        return cls._of(axis, zone, np.unique(np.array(begins, dtype=np.int64)))

    @classmethod
    def _of(cls, axis: TimeAxis, zone: str, first: NDArray[np.int64]) -> Horizon:
        months = axis.part(0, int(first[-1])).local_starts(zone)[first[:-1]].astype("datetime64[M]").astype(np.int64)
        return cls(axis, first, np.diff(first) * axis.step_h, months)

    def mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Means over each step of `values (…, intervals)`, shape `(…, P)`; later intervals are ignored."""
        cut = values[..., : self.first[-1]]
        if self.periods == cut.shape[-1]:
            return np.ascontiguousarray(cut)
        total: NDArray[np.float64] = np.add.reduceat(cut, self.first[:-1], axis=-1)
        return total / np.diff(self.first)

    def at_end(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values at the end of each step of cumulative `values (…, intervals)` (told at interval ends), `(…, P)`."""
        return np.ascontiguousarray(values[..., self.first[1:] - 1])

    def spread(self, values: NDArray[_Number]) -> NDArray[_Number]:
        """`values (…, P)` repeated over the intervals of each step, `(…, intervals)`."""
        return np.repeat(values, np.diff(self.first), axis=-1)


def _next_border(local_end_s: NDArray[np.int64], index: int, step_s: int) -> int:
    """First interval border at or after `index` that lies on a multiple of `step_s`; the end if there is none."""
    later = np.arange(index, len(local_end_s))
    # A border counts when a multiple of the step lies in the interval that begins there.
    interval_s = int(local_end_s[1] - local_end_s[0])
    hits = later[local_end_s[later] % step_s < interval_s]
    return int(hits[0]) if len(hits) else len(local_end_s) - 1

"""What a shifting study believes of its signals: the truth, white noise, an error model, or a given forecast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import DataError, Fault, ScenarioError
from suandian.quantity.series import Series
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals import forecast, stochastic
from suandian.signals.forecast import ErrorModel

__all__ = ["Belief", "WhiteNoise", "believed"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WhiteNoise:
    """Independent normal errors with a standard deviation of `sd_ratio` × the mean of the whole signal.

    The forecast of Wiesner et al., "Let's Wait Awhile" (Middleware 2021): 5 % and 10 % of the yearly mean. The
    mean's absolute value is taken. Nothing is cut at zero. Raises `ScenarioError` for a negative ratio.
    """

    sd_ratio: float = 0.05

    def __post_init__(self) -> None:
        if not 0.0 <= self.sd_ratio < np.inf:
            fault = Fault("sd_ratio", f"{self.sd_ratio} is no standard deviation; write 0 or more")
            raise ScenarioError([fault], source="WhiteNoise")


#: None is perfect foresight.
Belief = WhiteNoise | ErrorModel | Series | Mapping[str, Series] | None


def believed(belief: Belief, truth: Floats, names: tuple[str, ...], axis: TimeAxis, origin: int, seed: int) -> Floats:
    """Signals of all regions as expected at the start of interval `origin`, `(R, H − origin)`; `truth` is `(R, H)`.

    Every region has its own random stream, and every `origin` a fresh one (of an `ErrorModel`, in part). A forecast
    that is given as series is the same at every origin. Raises `DataError` where a forecast cannot be made.
    """
    if belief is None:
        return truth[:, origin:]
    if isinstance(belief, WhiteNoise):
        spread = belief.sd_ratio * np.abs(truth.mean(axis=1))
        noise = [
            stochastic.rng(seed, "shifting", name, str(origin)).standard_normal(axis.periods - origin) for name in names
        ]
        noisy: Floats = truth[:, origin:] + spread[:, None] * np.stack(noise)
        return noisy
    if isinstance(belief, ErrorModel):
        try:
            rows = [
                forecast.issue(belief, truth[row], origin, axis, seed=seed, name=name) for row, name in enumerate(names)
            ]
        except ValueError as error:
            raise DataError(f"forecast: {error}") from error
        return np.stack(rows)
    return np.stack([series.values for series in given(belief, names, axis)])[:, origin:]


def given(series: Series | Mapping[str, Series], names: tuple[str, ...], axis: TimeAxis) -> list[Series]:
    """One series for each name, all on `axis`. Raises `DataError` for other names or another axis."""
    by_name = {names[0]: series} if isinstance(series, Series) and len(names) == 1 else series
    if isinstance(by_name, Series):
        raise DataError(f"one signal for {len(names)} regions; give one for each of {', '.join(names)}")
    if set(by_name) != set(names):
        raise DataError(f"signals are for {', '.join(sorted(by_name))}; regions are {', '.join(names)}")
    for name, one in by_name.items():
        if one.axis != axis:
            raise DataError(
                f"signal {name!r}: {one.axis.start.isoformat()}, {one.axis.periods} × {one.axis.step}; all signals "
                f"need {axis.start.isoformat()}, {axis.periods} × {axis.step}"
            )
    return [by_name[name] for name in names]

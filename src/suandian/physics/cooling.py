"""From IT power and outdoor temperature to facility power: power losses, fans, free cooling and chillers.

Facility power is affine in IT power at a given outdoor temperature, so that PUE varies with weather *and* load while a
linear programme stays exact:

    facility = fixed(T) + per_it(T)·IT
    per_it = (1 + loss)·(1 + moving + m(T)/COP(T))
    fixed  = loss_fixed·IT_max·(1 + moving + m(T)/COP(T))

- Losses have a fixed and a proportional part: N. Rasmussen, "Electrical Efficiency Modeling for Data Centers", APC
  White Paper 113. Its third part, the square-law (resistive) loss, is left out: it would make the plan's problem
  quadratic, and between 30 and 100 % load a fixed and a proportional part take up most of it.
- All power drawn inside the building becomes heat that has to be moved (`moving`: fans, pumps, dry coolers or towers,
  as a share of heat) and, in the share m, lifted by a chiller.
- m(T) rises smoothly from 0 (outdoor air plus approach at or below the supply temperature: free cooling alone) to 1 at
  `blend_k` above: m = z²(3 − 2z) with z = clip((T + approach − supply)/blend, 0, 1).
- COP(T) = carnot·T_cold/(T_condense − T_cold), in kelvin, at most `cop_max`: the Carnot-fraction model in common use
  (e.g. N. Lei and E. Masanet, "Statistical analysis for predicting location-specific data center PUE and its
  improvement potential", Energy 201, 2020, 117556, for the structure of such models). T_condense = outdoor +
  `condenser_approach_k`; T_cold = supply − `coil_approach_k`.
- The default supply temperature lies in the recommended envelope, 18–27 °C, of ASHRAE TC 9.9, "Thermal Guidelines for
  Data Processing Environments", 5th edition, 2021, table 2.1.

The other defaults are D (engineering default), chosen so that the annual PUE at 63 % load comes out at 1.15–1.20 in a
Gansu and at 1.25–1.30 in a Guangdong climate (tests/physics/test_cooling.py). Humidity is not modelled.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suandian.model.site import Cooling

__all__ = ["COOLING_MODELS", "chiller_cop_ratio", "chiller_share_ratio", "facility_coefficients", "pue_ratio"]

#: Names that `Cooling.model` may have.
COOLING_MODELS: tuple[str, ...] = ("economiser_chiller", "constant")

_KELVIN = 273.15
#: The chiller never lifts by less than this: below it the Carnot fraction loses its meaning.
_LIFT_MIN_K = 1.0
#: A narrower blend is a switch.
_BLEND_MIN_K = 1e-6

_Array = NDArray[np.float64]


def facility_coefficients(cooling: Cooling, it_max_mw: float, outdoor_c: _Array) -> tuple[_Array, _Array]:
    """`(fixed_mw, per_it_ratio)` with `facility_mw = fixed_mw + per_it_ratio·it_mw`; both shaped like `outdoor_c`.

    `it_max_mw` is the IT power that the hall can feed. Raises `ValueError` for an unknown `cooling.model`.
    """
    outdoor_c = np.asarray(outdoor_c, dtype=np.float64)
    if cooling.model == "constant":
        return np.zeros_like(outdoor_c), np.full_like(outdoor_c, cooling.pue_ratio)
    if cooling.model != "economiser_chiller":
        raise ValueError(f"unknown cooling model {cooling.model!r}; known: {', '.join(COOLING_MODELS)}")
    per_heat_ratio = (
        1.0 + cooling.moving_ratio + chiller_share_ratio(cooling, outdoor_c) / chiller_cop_ratio(cooling, outdoor_c)
    )
    return cooling.loss_fixed_ratio * it_max_mw * per_heat_ratio, (1.0 + cooling.loss_ratio) * per_heat_ratio


def pue_ratio(cooling: Cooling, it_max_mw: float, it_mw: _Array, outdoor_c: _Array) -> _Array:
    """Facility power over IT power (ISO/IEC 30134-2, here of powers); `it_mw` above 0, shaped like `outdoor_c`."""
    fixed_mw, per_it_ratio = facility_coefficients(cooling, it_max_mw, outdoor_c)
    ratio: _Array = per_it_ratio + fixed_mw / it_mw
    return ratio


def chiller_share_ratio(cooling: Cooling, outdoor_c: _Array) -> _Array:
    """Share of the heat that the chiller lifts: 0 in free cooling, 1 from `blend_k` above its limit on."""
    above_k = np.asarray(outdoor_c, dtype=np.float64) + cooling.approach_k - cooling.supply_c
    if cooling.blend_k < _BLEND_MIN_K:
        return (above_k > 0.0).astype(np.float64)
    z = np.clip(above_k / cooling.blend_k, 0.0, 1.0)
    share: _Array = z * z * (3.0 - 2.0 * z)
    return share


def chiller_cop_ratio(cooling: Cooling, outdoor_c: _Array) -> _Array:
    """Heat lifted per chiller power: a share of Carnot's, at most `cop_max_ratio`; shaped like `outdoor_c`."""
    cold_k = cooling.supply_c - cooling.coil_approach_k + _KELVIN
    condense_k = np.asarray(outdoor_c, dtype=np.float64) + cooling.condenser_approach_k + _KELVIN
    lift_k = np.maximum(condense_k - cold_k, _LIFT_MIN_K)
    cop: _Array = np.minimum(cooling.carnot_ratio * cold_k / lift_k, cooling.cop_max_ratio)
    return cop

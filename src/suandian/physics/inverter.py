"""What an inverter does by its own voltage: volt-var and volt-watt, and the step towards the state that they settle in.

Curves and sources stand in `pv_operation.yaml`. Volt-var is the default of IEEE Std 1547-2018 for category B. Volt-watt
is not: the standard's curve begins at 1.06 pu and still feeds 20 % at 1.10 pu, above what China allows. Chinese
220/380 V ends at +7 % (GB/T 12325-2008), so the curve is shifted: full output up to 1.05 pu, none at 1.07 pu (D).
Response times (seconds) are shorter than an interval, so an interval has the settled state.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

__all__ = ["approach", "records", "volt_var_mvar", "volt_var_step", "volt_watt_mw", "volt_watt_step"]

Array = NDArray[np.float64]

_SETTLED_RATIO = 1e-7  # of the nameplate: what differs by less from its curve stands on it


@cache
def records() -> Mapping[str, Any]:
    """The shipped records, group by group."""
    text = (files("suandian.physics") / "data" / "pv_operation.yaml").read_text(encoding="utf-8")
    values: Mapping[str, Any] = yaml.safe_load(text)
    return values


def volt_var_mvar(voltage_pu: Array, output_mw: Array, nameplate_mw: Array) -> Array:
    """Mvar that plants draw (negative: feed) at a voltage, all `(…, plants)`.

    Below 20 % of rated output the capability shrinks in proportion, so that nothing is drawn at night.
    """
    record = records()["volt_var"][0]
    drawn_ratio = np.interp(voltage_pu, record["voltage_pu"], record["drawn_ratio"])
    drawn_mvar: Array = drawn_ratio * _able_mva(output_mw, nameplate_mw)
    return drawn_mvar


def volt_watt_mw(voltage_pu: Array, nameplate_mw: Array) -> Array:
    """Largest output of plants at a voltage, `(…, plants)`."""
    record = records()["volt_watt"][0]
    output_mw: Array = np.interp(voltage_pu, record["voltage_pu"], record["output_ratio"]) * nameplate_mw
    return output_mw


def volt_var_step(voltage_pu: Array, drawn_mvar: Array, output_mw: Array, nameplate_mw: Array, fall: Array) -> Array:
    """Next reactive power of plants on the way to their curve, `(periods, plants)`.

    `fall`, `(plants, plants)`, is how far a squared voltage falls with a plant's Mvar (`Linear.square_per_mvar`).
    """
    record = records()["volt_var"][0]
    steepest = float(np.max(np.diff(record["drawn_ratio"]) / np.diff(record["voltage_pu"])))
    able_mva = _able_mva(output_mw, nameplate_mw)
    missing_mvar = volt_var_mvar(voltage_pu, output_mw, nameplate_mw) - drawn_mvar
    inside = (voltage_pu > record["voltage_pu"][2]) & (voltage_pu < record["voltage_pu"][3])
    inside |= (voltage_pu > record["voltage_pu"][0]) & (voltage_pu < record["voltage_pu"][1])
    # The steepest slope for all that still moves: too short a step on the flat parts, but none that jumps back.
    moves = inside | (np.abs(missing_mvar) > _SETTLED_RATIO * nameplate_mw)
    gain = np.where(moves, steepest * able_mva, 0.0)
    able_most_mvar = np.max(record["drawn_ratio"]) * able_mva
    next_mvar: Array = np.clip(
        drawn_mvar + approach(missing_mvar, gain / (2.0 * voltage_pu), fall), -able_most_mvar, able_most_mvar
    )
    return next_mvar


def volt_watt_step(voltage_pu: Array, output_mw: Array, available_mw: Array, nameplate_mw: Array, rise: Array) -> Array:
    """Next output of plants on the way to the smaller of sun and curve, `(periods, plants)`.

    `rise`, `(plants, plants)`, is how far a squared voltage rises with a plant's MW. The curve is continued as a line
    beyond its ends, which makes the step exact for plants that will stand on its slope; ends and sun are then clipped.
    """
    record = records()["volt_watt"][0]
    begin_pu, end_pu = record["voltage_pu"]
    steep = 1.0 / (end_pu - begin_pu)
    line_mw = (end_pu - voltage_pu) * steep * nameplate_mw
    at_sun = (line_mw >= available_mw) & (output_mw >= available_mw)
    at_zero = (line_mw <= 0.0) & (output_mw <= 0.0)
    stays = at_sun | at_zero
    gain = np.where(stays, 0.0, steep * nameplate_mw) / (2.0 * voltage_pu)
    step_mw = approach(np.where(stays, 0.0, line_mw - output_mw), gain, rise)
    next_mw: Array = np.clip(output_mw + step_mw, 0.0, available_mw)
    return next_mw


def approach(missing: Array, gain: Array, effect: Array) -> Array:
    """Newton step `(I + diag(gain) · effect)⁻¹ · missing` of a falling curve against a rising voltage, row by row.

    `missing` and `gain` are `(periods, plants)`, `effect` `(plants, plants)` with gain · effect ≥ 0. Without the
    matrix, a loop gain above 1 would swing ever wider.
    """
    step = np.zeros_like(missing)
    rows = np.flatnonzero(np.any(missing != 0.0, axis=1))
    plants = np.flatnonzero(np.any((gain != 0.0) | (missing != 0.0), axis=0))
    if len(rows) and len(plants):
        within = np.ix_(rows, plants)
        matrix = gain[within][:, :, None] * effect[np.ix_(plants, plants)] + np.eye(len(plants))
        step[within] = np.linalg.solve(matrix, missing[within][:, :, None])[:, :, 0]
    return step


def _able_mva(output_mw: Array, nameplate_mw: Array) -> Array:
    """Nameplate times the share of the reactive capability that is there at this output."""
    full_mw = records()["volt_var"][0]["full_from_output_ratio"] * nameplate_mw
    able_mva: Array = nameplate_mw * np.clip(output_mw / np.maximum(full_mw, 1e-12), 0.0, 1.0)
    return able_mva

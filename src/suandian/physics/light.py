"""The site step for sites with a connection of their own, in plain Python: the kernel's twin without its loading time.

Loading numba and the compiled kernel takes longer than this loop does for one site and a year of 5-minute steps. Every
operation is the kernel's, in the same order, so that the results are the same bit for bit; whoever changes a rule in
`suandian.physics.feeder` changes it here as well, or tests/physics/test_light.py fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.model.site import Battery, Site
from suandian.physics.balance import FULL_BAND_RATIO, VIOLATION_BAND_MW, StepInputs

__all__ = ["run_light"]

_Array = NDArray[np.float64]


def run_light(sites: Sequence[Site], inputs: StepInputs) -> tuple[_Array, _Array]:
    """Results as cubes, `(7, S, n)` and `(4, 0, n)`, as `StepResult.of_cubes` reads them; no site has a feeder.

    Raises `ValueError` for a site behind a feeder.
    """
    behind = [site.id for site in sites if site.feeder]
    if behind:
        raise ValueError(f"sites behind a feeder that is not given: {', '.join(behind)}")
    out = np.zeros((7, *inputs.facility_mw.shape))
    for s, site in enumerate(sites):
        cap_mw = min(float(inputs.import_guard_mw[s]), site.import_max_mw)
        load_mw = inputs.facility_mw[s]
        pv_mw = np.maximum(0.0, inputs.site_pv_mw[s] - inputs.curtail_mw[s])
        wish_mw = None
        if inputs.charge_mw is not None and inputs.discharge_mw is not None:
            wish_mw = inputs.charge_mw[s] - inputs.discharge_mw[s]
        if site.battery is None:
            used_mw = np.maximum(0.0, np.minimum(pv_mw, load_mw + site.export_max_mw))
            _book(out[:, s], load_mw - used_mw, site.import_max_mw)
            out[4, s] = used_mw
        else:
            store = _Store.of(site.battery, site.export_max_mw, cap_mw)
            _walk(store, site, load_mw, pv_mw, wish_mw, inputs.step_h, float(inputs.energy_mwh[s]), out[:, s])
    return out, np.zeros((4, 0, inputs.facility_mw.shape[1]))


def _book(out: _Array, net_mw: _Array, import_max_mw: float) -> None:
    """Import, export and violation from the net import of undivided intervals; adding zero makes −0 a plain 0."""
    out[0] = np.maximum(0.0, net_mw) + 0.0
    out[1] = np.maximum(0.0, -net_mw) + 0.0
    out[5] = np.where(net_mw > import_max_mw + VIOLATION_BAND_MW, net_mw - import_max_mw, 0.0)


#: Bits of a battery's state.
_CAN_CHARGE, _CAN_DISCHARGE = 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class _Phase:
    """Powers of a phase in every interval, `(n,)` each."""

    charge_mw: _Array
    discharge_mw: _Array
    pv_used_mw: _Array

    def at(self, t: int) -> tuple[float, float, float]:
        """Those of interval `t`."""
        return float(self.charge_mw[t]), float(self.discharge_mw[t]), float(self.pv_used_mw[t])


@dataclass(frozen=True, slots=True)
class _Store:
    """A battery's constants in the kernel's terms."""

    charge_max_mw: float
    discharge_max_mw: float
    gain_ratio: float
    drain_ratio: float
    energy_min_mwh: float
    energy_max_mwh: float
    empty_mwh: float
    full_mwh: float
    export_max_mw: float
    cap_mw: float

    @classmethod
    def of(cls, battery: Battery, export_max_mw: float, cap_mw: float) -> _Store:
        band_mwh = FULL_BAND_RATIO * battery.energy_mwh
        return cls(
            battery.charge_max_mw,
            battery.discharge_max_mw,
            battery.charge_efficiency_ratio,
            1.0 / battery.discharge_efficiency_ratio,
            battery.energy_min_mwh,
            battery.energy_mwh,
            battery.energy_min_mwh + band_mwh,
            battery.energy_mwh - band_mwh,
            export_max_mw,
            cap_mw,
        )

    def settled(self, load_mw: _Array, pv_mw: _Array, wish_mw: _Array | None, state: int) -> _Phase:
        """Powers of a phase in every interval if the battery is in `state` (`wish` or `self_consume`, `guard_sites`).

        What the battery does depends on its energy only through being full or empty, so four states tell all.
        """
        charge_room_mw = self.charge_max_mw if state & _CAN_CHARGE else 0.0
        discharge_room_mw = np.zeros_like(load_mw)
        if state & _CAN_DISCHARGE:
            fits_mw = np.minimum(self.discharge_max_mw, load_mw - pv_mw + self.export_max_mw)
            discharge_room_mw = np.maximum(0.0, fits_mw)
        if wish_mw is None:
            charge_mw = np.minimum(np.maximum(0.0, pv_mw - load_mw - self.export_max_mw), charge_room_mw)
            discharge_mw = np.zeros_like(load_mw)
        else:
            charge_mw = np.minimum(np.maximum(wish_mw, 0.0), charge_room_mw)
            discharge_mw = np.minimum(np.maximum(-wish_mw, 0.0), discharge_room_mw)
        fits_mw = load_mw + charge_mw - discharge_mw + self.export_max_mw
        used_mw = np.maximum(0.0, np.minimum(pv_mw, fits_mw))
        net_mw = load_mw + charge_mw - discharge_mw - used_mw
        if wish_mw is None:
            take_mw = np.maximum(0.0, np.minimum(charge_room_mw - charge_mw, self.cap_mw - net_mw))
            cover_mw = np.maximum(0.0, np.minimum(discharge_room_mw, net_mw))
            charge_mw += _part(np.maximum(0.0, -net_mw), take_mw)
            discharge_mw += _part(np.maximum(0.0, net_mw), cover_mw)
            net_mw = load_mw + charge_mw - discharge_mw - used_mw
        excess_mw = np.maximum(0.0, net_mw - self.cap_mw)
        less_mw = np.minimum(charge_mw, excess_mw)
        charge_mw -= less_mw
        more_mw = np.minimum(excess_mw - less_mw, np.maximum(0.0, discharge_room_mw - discharge_mw))
        discharge_mw += np.where(charge_mw > 0.0, 0.0, more_mw)
        return _Phase(charge_mw, discharge_mw, used_mw)

    def state(self, energy_mwh: float) -> int:
        """Whether it can charge and discharge, as two bits."""
        return (_CAN_CHARGE if energy_mwh < self.full_mwh else 0) | (
            _CAN_DISCHARGE if energy_mwh > self.empty_mwh else 0
        )

    def move_on(self, charge_mw: float, discharge_mw: float, energy_mwh: float, left_h: float) -> tuple[float, float]:
        """Hours of the phase, and the energy at its end (`until_bound_h` and `store`)."""
        if charge_mw > 0.0:
            gain_mw = self.gain_ratio * charge_mw
            room_mwh = self.energy_max_mwh - energy_mwh
            hours_h = room_mwh / gain_mw if room_mwh < gain_mw * left_h else left_h
            after_mwh = energy_mwh + gain_mw * hours_h
            return hours_h, self.energy_max_mwh if after_mwh > self.full_mwh else after_mwh
        if discharge_mw > 0.0:
            drain_mw = self.drain_ratio * discharge_mw
            stored_mwh = energy_mwh - self.energy_min_mwh
            hours_h = stored_mwh / drain_mw if stored_mwh < drain_mw * left_h else left_h
            after_mwh = energy_mwh - drain_mw * hours_h
            return hours_h, self.energy_min_mwh if after_mwh < self.empty_mwh else after_mwh
        return left_h, energy_mwh


def _part(wanted_mw: _Array, room_mw: _Array) -> _Array:
    """What one battery takes of `wanted_mw`; the product is the kernel's way to round."""
    share_ratio = np.ones_like(room_mw)
    np.divide(wanted_mw, room_mw, out=share_ratio, where=wanted_mw < room_mw)
    part: _Array = share_ratio * room_mw
    return part


def _walk(
    store: _Store,
    site: Site,
    load_mw: _Array,
    pv_mw: _Array,
    wish_mw: _Array | None,
    step_h: float,
    energy_mwh: float,
    out: _Array,
) -> None:
    """Fill `out` (7, n) interval by interval; intervals with more than one phase are summed at the end."""
    phases = [store.settled(load_mw, pv_mw, wish_mw, state) for state in range(4)]
    flows_mwh = [
        (store.gain_ratio * phase.charge_mw * step_h - store.drain_ratio * phase.discharge_mw * step_h).tolist()
        for phase in phases
    ]
    states, energies_mwh = [], []
    divided: dict[int, list[tuple[float, int]]] = {}
    # The loop runs once per interval of a year: constants are local, and the common case is written out.
    full_mwh, empty_mwh, top_mwh, bottom_mwh = (
        store.full_mwh,
        store.empty_mwh,
        store.energy_max_mwh,
        store.energy_min_mwh,
    )
    for t in range(len(load_mw)):
        state = (_CAN_CHARGE if energy_mwh < full_mwh else 0) + (_CAN_DISCHARGE if energy_mwh > empty_mwh else 0)
        states.append(state)
        flow_mwh = flows_mwh[state][t]
        if flow_mwh > 0.0 and top_mwh - energy_mwh >= flow_mwh:
            energy_mwh += flow_mwh
            if energy_mwh > full_mwh:
                energy_mwh = top_mwh
        elif flow_mwh < 0.0 and energy_mwh - bottom_mwh >= -flow_mwh:
            energy_mwh += flow_mwh
            if energy_mwh < empty_mwh:
                energy_mwh = bottom_mwh
        elif flow_mwh != 0.0:
            divided[t], energy_mwh = _divided(store, phases, t, energy_mwh, step_h)
        energies_mwh.append(energy_mwh)
    chosen = np.array(states)
    for row, name in ((2, "charge_mw"), (3, "discharge_mw"), (4, "pv_used_mw")):
        out[row] = np.choose(chosen, [getattr(phase, name) for phase in phases]) + 0.0
    out[6] = energies_mwh
    _book(out, load_mw + out[2] - out[3] - out[4], site.import_max_mw)
    for t, parts in divided.items():
        powers = [(hours_h, *phases[state].at(t)) for hours_h, state in parts]
        out[:6, t] = _summed(powers, float(load_mw[t]), step_h, site.import_max_mw)


def _divided(
    store: _Store, phases: list[_Phase], t: int, energy_mwh: float, step_h: float
) -> tuple[list[tuple[float, int]], float]:
    """Hours and state of each phase of interval `t`, and the energy at its end."""
    parts = []
    left_h = step_h
    while left_h > 0.0:
        state = store.state(energy_mwh)
        charge_mw, discharge_mw, _ = phases[state].at(t)
        hours_h, energy_mwh = store.move_on(charge_mw, discharge_mw, energy_mwh, left_h)
        parts.append((hours_h, state))
        left_h -= hours_h
    return parts, energy_mwh


def _summed(
    phases: list[tuple[float, float, float, float]], load_mw: float, step_h: float, import_max_mw: float
) -> list[float]:
    """Interval means of phases (hours, charge, discharge, PV used), in the order of the results."""
    sums = [0.0] * 6
    for hours_h, charge_mw, discharge_mw, used_mw in phases:
        weight_ratio = hours_h / step_h
        net_mw = load_mw + charge_mw - discharge_mw - used_mw
        over_mw = net_mw - import_max_mw if net_mw > import_max_mw + VIOLATION_BAND_MW else 0.0
        for row, value_mw in enumerate(
            (max(0.0, net_mw), max(0.0, -net_mw), charge_mw, discharge_mw, used_mw, over_mw)
        ):
            sums[row] += weight_ratio * value_mw
    return sums

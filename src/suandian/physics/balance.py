"""What goes into and comes out of the site step, and the check that no energy was lost on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from suandian.model.grid import Feeder, Tie
from suandian.model.site import Site
from suandian.quantity.errors import InvariantBroken

__all__ = [
    "BALANCE_RATIO",
    "FULL_BAND_RATIO",
    "VIOLATION_BAND_MW",
    "StepInputs",
    "StepResult",
    "check_balance",
    "tie_sums_mw",
]

#: A balance may be off by this share of the powers in it (at least of 1 MW): rounding, nothing else.
BALANCE_RATIO = 1e-9

#: A battery this close to a bound counts as full or empty, as a share of its capacity (rounding).
FULL_BAND_RATIO = 1e-14

#: Import above a limit counts as a violation beyond this (rounding of a limit that is held exactly).
VIOLATION_BAND_MW = 1e-9

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class StepInputs:
    """Inputs of `suandian.physics.facility.advance`: S sites, B feeders, n intervals of `step_h` hours.

    facility_mw              (S, n) what the building draws: IT, cooling and losses
    site_pv_mw, curtail_mw   (S, n) own PV available, and how much of it the plan holds back
    charge_mw, discharge_mw  (S, n) the plan's setpoints at the terminals (their difference counts), or both None:
                             every site follows the stated rule self-consumption
    import_guard_mw          (S,) batteries are used to hold a site's import below this; inf for none
    feeder_pv_mw, feeder_load_mw, feeder_wind_mw   (B, n) neighbours' PV available, load, and wind available
    energy_mwh               (S,) energy in the batteries at the start
    """

    step_h: float
    facility_mw: _Array
    site_pv_mw: _Array
    curtail_mw: _Array
    charge_mw: _Array | None
    discharge_mw: _Array | None
    import_guard_mw: _Array
    feeder_pv_mw: _Array
    feeder_load_mw: _Array
    energy_mwh: _Array
    feeder_wind_mw: _Array = field(default_factory=lambda: np.zeros((0, 0)))

    def __post_init__(self) -> None:
        if not np.size(self.feeder_wind_mw):
            object.__setattr__(self, "feeder_wind_mw", np.zeros(np.shape(self.feeder_pv_mw)))
        for column in fields(self):
            value = getattr(self, column.name)
            if column.name != "step_h" and value is not None:
                object.__setattr__(self, column.name, np.ascontiguousarray(value, dtype=np.float64))

    def check(self, sites: int, feeders: int) -> None:
        """Raises `ValueError` naming the first array with a wrong shape or an impossible value."""
        periods = self.facility_mw.shape[-1]
        if not self.step_h > 0.0:
            raise ValueError(f"step_h is {self.step_h}; it must be above 0")
        if (self.charge_mw is None) != (self.discharge_mw is None):
            raise ValueError("charge_mw and discharge_mw go together: both arrays, or both None")
        shapes = {"import_guard_mw": (sites,), "energy_mwh": (sites,)}
        for column in fields(self):
            value = getattr(self, column.name)
            if column.name == "step_h" or value is None:
                continue
            rows = feeders if column.name.startswith("feeder_") else sites
            shape = shapes.get(column.name, (rows, periods))
            if value.shape != shape:
                raise ValueError(f"{column.name} has shape {value.shape}; expected {shape}")
            # One comparison refuses NaN and negative values alike: NaN compares false.
            if value.size and not value.min() >= 0.0:
                raise ValueError(f"{column.name} has a negative value or one that is not a number")


@dataclass(frozen=True, slots=True, eq=False)
class StepResult:
    """Interval means in MW, shapes (S, n) and (B, n); `energy_mwh` (S, n) is the store at interval *ends*.

    site_violation_mw, feeder_violation_mw   import above the limit that nothing could avoid; it is inside the import
    feeder_pv_used_mw, feeder_wind_used_mw   (B, n) what is held back of both is the same share of what is available
    tie_forward_mw, tie_back_mw              (K, n) leaving each tie's source for its target, and the other way
    """

    import_mw: _Array
    export_mw: _Array
    charge_mw: _Array
    discharge_mw: _Array
    pv_used_mw: _Array
    energy_mwh: _Array
    feeder_import_mw: _Array
    feeder_export_mw: _Array
    feeder_pv_used_mw: _Array
    site_violation_mw: _Array
    feeder_violation_mw: _Array
    feeder_wind_used_mw: _Array
    tie_forward_mw: _Array
    tie_back_mw: _Array

    @classmethod
    def of_cubes(cls, site: _Array, feeder: _Array, inputs: StepInputs | None = None) -> StepResult:
        """From results stacked in the order import, export, charge, discharge, PV used, violation, energy (sites)
        and import, export, PV and wind used, violation (feeders); without `inputs` there is no wind.
        """
        pv_used_mw, wind_used_mw = (feeder[2], feeder[2] * 0.0) if inputs is None else _shared_out(feeder[2], inputs)
        no_ties = np.zeros((0, feeder.shape[-1]))
        import_mw, export_mw, charge_mw, discharge_mw, own_pv_mw, violation_mw, energy_mwh = site
        return cls(
            import_mw=import_mw,
            export_mw=export_mw,
            charge_mw=charge_mw,
            discharge_mw=discharge_mw,
            pv_used_mw=own_pv_mw,
            energy_mwh=energy_mwh,
            feeder_import_mw=feeder[0],
            feeder_export_mw=feeder[1],
            feeder_pv_used_mw=pv_used_mw,
            site_violation_mw=violation_mw,
            feeder_violation_mw=feeder[3],
            feeder_wind_used_mw=wind_used_mw,
            tie_forward_mw=no_ties,
            tie_back_mw=no_ties,
        )

    def with_ties(
        self, feeders: Sequence[Feeder], inputs: StepInputs, ties: Sequence[Tie], forward_mw: _Array, back_mw: _Array
    ) -> StepResult:
        """The result after ties carried `forward_mw` and `back_mw (K, n)`: less curtailed there, less import here."""
        leaving_mw, arriving_mw = tie_sums_mw(feeders, ties, forward_mw, back_mw)
        pv_used_mw, wind_used_mw = _shared_out(self.feeder_pv_used_mw + self.feeder_wind_used_mw + leaving_mw, inputs)
        import_max_mw = np.array([feeder.import_max_mw for feeder in feeders])[:, None]
        import_mw = np.maximum(self.feeder_import_mw - arriving_mw, 0.0)
        return replace(
            self,
            feeder_import_mw=import_mw,
            feeder_violation_mw=np.minimum(self.feeder_violation_mw, np.maximum(import_mw - import_max_mw, 0.0)),
            feeder_pv_used_mw=pv_used_mw,
            feeder_wind_used_mw=wind_used_mw,
            tie_forward_mw=forward_mw,
            tie_back_mw=back_mw,
        )


def _shared_out(used_mw: _Array, inputs: StepInputs) -> tuple[_Array, _Array]:
    """PV and wind used, `(B, n)` each: the same share of what is available of both."""
    if not inputs.feeder_wind_mw.any():
        return used_mw, np.zeros_like(used_mw)
    made_mw = inputs.feeder_pv_mw + inputs.feeder_wind_mw
    share_ratio = np.divide(used_mw, made_mw, out=np.zeros_like(used_mw), where=made_mw > 0.0)
    wind_mw = inputs.feeder_wind_mw * share_ratio
    return used_mw - wind_mw, wind_mw


def tie_sums_mw(
    feeders: Sequence[Feeder], ties: Sequence[Tie], forward_mw: _Array, back_mw: _Array
) -> tuple[_Array, _Array]:
    """What leaves each feeder over ties, and what arrives there, `(B, n)` each."""
    row = {feeder.id: b for b, feeder in enumerate(feeders)}
    leaving_mw = np.zeros((len(feeders), forward_mw.shape[-1]))
    arriving_mw = np.zeros_like(leaving_mw)
    for k, tie in enumerate(ties):
        source, target, kept_ratio = row[tie.source], row[tie.target], 1.0 - tie.loss_ratio
        leaving_mw[source] += forward_mw[k]
        leaving_mw[target] += back_mw[k]
        arriving_mw[target] += kept_ratio * forward_mw[k]
        arriving_mw[source] += kept_ratio * back_mw[k]
    return leaving_mw, arriving_mw


def check_balance(
    sites: Sequence[Site], feeders: Sequence[Feeder], inputs: StepInputs, result: StepResult, ties: Sequence[Tie] = ()
) -> None:
    """Energy balance per site and feeder, state-of-charge bounds and limits, at every interval.

    site     facility + charge + export = PV used + discharge + import
    store    energy(t+1) = energy(t) + η_c·charge·Δ − discharge·Δ/η_d, inside its bounds
    feeder   load + Σ site import + export + ties out = Σ site export + PV used + wind used + import + ties in
    tie      at most its limit in each direction; what arrives is 1 − loss of what leaves

    Raises `InvariantBroken` naming the balance, the place and the interval. Tolerance: `BALANCE_RATIO` of the largest
    power in the balance (at least of 1 MW or 1 MWh); a value that is not a number always fails.
    """
    for s, site in enumerate(sites):
        _check_site(site, s, inputs, result)
        _check_store(site, s, inputs, result)
    leaving_mw, arriving_mw = tie_sums_mw(feeders, ties, result.tie_forward_mw, result.tie_back_mw)
    for k, tie in enumerate(ties):
        _check_tie(tie, result.tie_forward_mw[k], result.tie_back_mw[k])
    for b, feeder in enumerate(feeders):
        own = [s for s, site in enumerate(sites) if site.feeder == feeder.id]
        _check_feeder(feeder, b, own, inputs, result, leaving_mw[b] - arriving_mw[b])


def _check_site(site: Site, s: int, inputs: StepInputs, result: StepResult) -> None:
    drawn_mw = inputs.facility_mw[s] + result.charge_mw[s]
    drawn_mw += result.export_mw[s]
    given_mw = result.pv_used_mw[s] + result.discharge_mw[s]
    given_mw += result.import_mw[s]
    scale = _scale(drawn_mw)
    where = f"site {site.id}"
    _near(drawn_mw - given_mw, scale, f"{where}: energy balance")
    _below(result.pv_used_mw[s] - inputs.site_pv_mw[s], scale, f"{where}: PV used exceeds PV available")
    _below(result.export_mw[s] - site.export_max_mw, scale, f"{where}: export exceeds its limit")
    over_mw = result.import_mw[s] - result.site_violation_mw[s]
    _below(over_mw - site.import_max_mw, scale, f"{where}: import above its limit was not counted")
    for name in ("import_mw", "export_mw", "charge_mw", "discharge_mw", "pv_used_mw", "site_violation_mw"):
        _below(-getattr(result, name)[s], scale, f"{where}: {name} is negative")


def _check_store(site: Site, s: int, inputs: StepInputs, result: StepResult) -> None:
    battery = site.battery
    where = f"site {site.id}"
    if battery is None:
        _below(result.charge_mw[s] + result.discharge_mw[s], 1.0, f"{where}: a battery that is not there works")
        return
    energy_mwh = result.energy_mwh[s]
    gained_mwh = result.charge_mw[s] * (battery.charge_efficiency_ratio * inputs.step_h)
    gained_mwh -= result.discharge_mw[s] * (inputs.step_h / battery.discharge_efficiency_ratio)
    gained_mwh[0] += inputs.energy_mwh[s]
    gained_mwh[1:] += energy_mwh[:-1]
    scale = max(1.0, battery.energy_mwh)
    _near(energy_mwh - gained_mwh, scale, f"{where}: store balance")
    _below(battery.energy_min_mwh - energy_mwh, scale, f"{where}: store below its minimum")
    _below(energy_mwh - battery.energy_mwh, scale, f"{where}: store above its capacity")


def _check_tie(tie: Tie, forward_mw: _Array, back_mw: _Array) -> None:
    for flow_mw, limit_mw in ((forward_mw, tie.forward_max_mw), (back_mw, tie.back_max_mw)):
        _below(flow_mw - limit_mw, max(1.0, limit_mw), f"tie {tie.id}: flow exceeds its limit")
        _below(-flow_mw, 1.0, f"tie {tie.id}: flow is negative")


def _check_feeder(
    feeder: Feeder, b: int, own: list[int], inputs: StepInputs, result: StepResult, away_mw: _Array
) -> None:
    """`away_mw`: what leaves over ties less what arrives."""
    drawn_mw = inputs.feeder_load_mw[b] + result.feeder_export_mw[b] + result.import_mw[own].sum(axis=0) + away_mw
    given_mw = result.feeder_import_mw[b] + result.feeder_pv_used_mw[b] + result.export_mw[own].sum(axis=0)
    given_mw += result.feeder_wind_used_mw[b]
    scale = max(_scale(drawn_mw), _scale(given_mw))
    where = f"feeder {feeder.id}"
    _near(drawn_mw - given_mw, scale, f"{where}: energy balance")
    _below(result.feeder_pv_used_mw[b] - inputs.feeder_pv_mw[b], scale, f"{where}: PV used exceeds PV available")
    _below(-result.feeder_pv_used_mw[b], scale, f"{where}: PV used is negative")
    _below(result.feeder_wind_used_mw[b] - inputs.feeder_wind_mw[b], scale, f"{where}: wind used exceeds available")
    _below(-result.feeder_wind_used_mw[b], scale, f"{where}: wind used is negative")
    _below(result.feeder_export_mw[b] - feeder.export_max_mw, scale, f"{where}: export exceeds its limit")
    over_mw = result.feeder_import_mw[b] - result.feeder_violation_mw[b]
    _below(over_mw - feeder.import_max_mw, scale, f"{where}: import above its limit was not counted")


def _scale(power_mw: _Array) -> float:
    return max(1.0, float(power_mw.max())) if power_mw.size else 1.0


def _near(error: _Array, scale: float, what: str) -> None:
    _below(error, scale, what)
    _below(-error, scale, what)


def _below(excess: _Array, scale: float, what: str) -> None:
    # `not (worst <= tolerance)` also catches a value that is not a number.
    if excess.size and not excess.max() <= BALANCE_RATIO * scale:
        index = int(np.argmax(np.where(np.isnan(excess), np.inf, excess)))
        raise InvariantBroken(f"{what}: off by {excess[index]:.3g} in interval {index}")

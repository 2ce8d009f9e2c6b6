"""Energy, curtailment, limits and emissions of a period, read from the journal's meters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.record.journal import Journal

__all__ = ["Connection", "EnergyAccount", "account", "emissions_kg", "site_balance_error_mwh"]

#: A metered limit counts as reached, or as exceeded, beyond this many MW: below the resolution of real meters.
_TOLERANCE_MW = 1e-6
#: PV counts as held back beyond this.
_HELD_BACK_MW = 1e-3


@dataclass(frozen=True, slots=True)
class Connection:
    """A point where the grid is met: a shared feeder, or a site with a connection of its own.

    meter            the grid meter there
    site_meters      billing meters of the sites behind a shared feeder (empty where `meter` is the site's own)
    load_meters      meters of what is consumed behind the connection
    pv_meters        pairs (used, available) of PV behind the connection
    battery_meters   batteries behind the connection
    wind_meters      pairs (used, available) of wind behind the connection
    tie_meters       this end's meters of ties to other connections: import arrives here, export leaves
    """

    id: str
    meter: str
    import_max_mw: float
    export_max_mw: float
    site_meters: tuple[str, ...]
    load_meters: tuple[str, ...]
    pv_meters: tuple[tuple[str, str], ...]
    battery_meters: tuple[str, ...]
    wind_meters: tuple[tuple[str, str], ...] = ()
    tie_meters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EnergyAccount:
    """What passed one connection; formulas in docs/reference/kpis.md.

    reverse_limit_h        hours in which the export met the reverse limit, or PV was held back while exporting
    import_violation_mwh   energy imported above the import limit
    renewable_mwh          PV and wind used and not exported or sent away in the same interval
    balance_error_mwh      largest |import + pv + wind + discharge + tie in − export − charge − load − tie out|
    tie_in_mwh, tie_out_mwh   arrived over ties, and sent away
    """

    import_mwh: float
    export_mwh: float
    peak_import_mw: float
    pv_available_mwh: float
    pv_curtailed_mwh: float
    reverse_limit_h: float
    import_violation_mwh: float
    renewable_mwh: float
    consumption_mwh: float
    balance_error_mwh: float
    wind_available_mwh: float
    wind_curtailed_mwh: float
    tie_in_mwh: float
    tie_out_mwh: float


def account(journal: Journal, connection: Connection) -> EnergyAccount:
    """The energy account of one connection over the whole journal."""
    step_h = journal.axis.step_h
    imported, exported = journal.metered(connection.meter)
    zero = np.zeros_like(imported)
    load = sum((journal.metered(m)[0] for m in connection.load_meters), zero)
    used = sum((journal.metered(m)[1] for m, _ in connection.pv_meters), zero)
    available = sum((journal.metered(m)[1] for _, m in connection.pv_meters), zero)
    wind = sum((journal.metered(m)[1] for m, _ in connection.wind_meters), zero)
    blowing = sum((journal.metered(m)[1] for _, m in connection.wind_meters), zero)
    arriving = sum((journal.metered(m)[0] for m in connection.tie_meters), zero)
    leaving = sum((journal.metered(m)[1] for m in connection.tie_meters), zero)
    charge = sum((journal.metered(m)[0] for m in connection.battery_meters), zero)
    discharge = sum((journal.metered(m)[1] for m in connection.battery_meters), zero)
    balance = imported + used + wind + discharge + arriving - exported - charge - load - leaving
    excess_mwh = imported - connection.import_max_mw * step_h
    at_limit = exported >= (connection.export_max_mw - _TOLERANCE_MW) * step_h
    # Behind a network the limit lies at its transformers; what meets it shows in the PV that is held back.
    at_limit |= (available - used) > _HELD_BACK_MW * step_h
    reverse = at_limit & (exported > 0)
    return EnergyAccount(
        import_mwh=float(imported.sum()),
        export_mwh=float(exported.sum()),
        peak_import_mw=float(imported.max() / step_h),
        pv_available_mwh=float(available.sum()),
        pv_curtailed_mwh=max(float((available - used).sum()), 0.0),
        reverse_limit_h=float(reverse.sum() * step_h),
        import_violation_mwh=float(excess_mwh[excess_mwh > _TOLERANCE_MW * step_h].sum()),
        renewable_mwh=float(np.maximum(used + wind - exported - leaving, 0.0).sum()),
        consumption_mwh=float(load.sum()),
        balance_error_mwh=float(np.abs(balance).max()),
        wind_available_mwh=float(blowing.sum()),
        wind_curtailed_mwh=max(float((blowing - wind).sum()), 0.0),
        tie_in_mwh=float(arriving.sum()),
        tie_out_mwh=float(leaving.sum()),
    )


def site_balance_error_mwh(journal: Journal, site: str) -> float:
    """Largest |import + pv + discharge − export − charge − facility| of any interval at one site's own meters."""
    imported, exported = journal.metered(f"site/{site}/grid")
    facility, _ = journal.metered(f"site/{site}/facility")
    balance = imported - exported - facility
    if journal.has_meter(f"site/{site}/pv"):
        balance = balance + journal.metered(f"site/{site}/pv")[1]
    if journal.has_meter(f"site/{site}/battery"):
        charge, discharge = journal.metered(f"site/{site}/battery")
        balance = balance + discharge - charge
    return float(np.abs(balance).max())


def emissions_kg(imported_mwh: NDArray[np.float64], factor_kg_per_mwh: NDArray[np.float64] | float) -> float:
    """Location-based emissions Σ_t factor(t)·import(t) of a metered import, arrays `(periods,)`.

    Source of the method: GHG Protocol Scope 2 Guidance (2015), location-based; with a marginal factor the same sum
    is the consequential reading. Which factor is official and which is modelled is the caller's to say.
    """
    return float((imported_mwh * factor_kg_per_mwh).sum())

"""Where a study meets the grid, and who pays whom for what the meters there read."""

from __future__ import annotations

from suandian.model.plan import Fleet
from suandian.settlement.rating import SupplyContract
from suandian.simulation.truth import Truth
from suandian.verification.impact import Connection

__all__ = ["connections", "supply_contracts"]


def connections(fleet: Fleet) -> tuple[Connection, ...]:
    """The points where the study meets the grid: every feeder, and every site that hangs behind none."""
    found = []
    for feeder in fleet.feeders:
        behind = [site for site in fleet.sites if site.feeder == feeder.id]
        root = f"feeder/{feeder.id}"
        found.append(
            Connection(
                id=feeder.id,
                meter=f"{root}/grid",
                import_max_mw=feeder.import_max_mw,
                export_max_mw=feeder.export_max_mw,
                site_meters=tuple(f"site/{site.id}/grid" for site in behind),
                load_meters=(
                    f"{root}/load",
                    *((f"{root}/losses",) if feeder.grid is not None else ()),
                    *(f"site/{site.id}/facility" for site in behind),
                ),
                pv_meters=((f"{root}/pv", f"{root}/pv_available"), *_pv_meters(fleet, {s.id for s in behind})),
                battery_meters=tuple(f"site/{site.id}/battery" for site in behind if site.battery is not None),
                wind_meters=((f"{root}/wind", f"{root}/wind_available"),) if feeder.wind_mw > 0 else (),
                tie_meters=tuple(f"tie/{t.id}/{feeder.id}" for t in fleet.ties if feeder.id in (t.source, t.target)),
            )
        )
    for site in fleet.sites:
        if site.feeder:
            continue
        found.append(
            Connection(
                id=site.id,
                meter=f"site/{site.id}/grid",
                import_max_mw=site.import_max_mw,
                export_max_mw=site.export_max_mw,
                site_meters=(),
                load_meters=(f"site/{site.id}/facility",),
                pv_meters=tuple(_pv_meters(fleet, {site.id})),
                battery_meters=(f"site/{site.id}/battery",) if site.battery is not None else (),
            )
        )
    return tuple(found)


def supply_contracts(truth: Truth) -> tuple[SupplyContract, ...]:
    """One supply contract per site: its operator pays the grid company of its area for what the site's meter reads."""
    grid = next((party.id for party in truth.parties if "grid_operator" in party.roles), "grid")
    of_feeder = {feeder.id: feeder.operator for feeder in truth.fleet.feeders}
    return tuple(
        SupplyContract(
            meter=f"site/{site.id}/grid",
            payer=site.operator,
            payee=of_feeder.get(site.feeder, grid),
            price_cny_per_mwh=truth.price_cny_per_mwh[s],
            export_price_cny_per_mwh=truth.export_price_cny_per_mwh[s],
            demand_cny_per_mw_month=float(truth.fleet.demand_cny_per_mw_month[s]),
            clause=truth.sources.get(f"price_cny_per_mwh/{site.id}", "supply contract"),
        )
        for s, site in enumerate(truth.fleet.sites)
    )


def _pv_meters(fleet: Fleet, site_ids: set[str]) -> list[tuple[str, str]]:
    return [
        (f"site/{site.id}/pv", f"site/{site.id}/pv_available")
        for site in fleet.sites
        if site.id in site_ids and site.pv_mw > 0
    ]

"""The network behind a feeder: generated or read, with the shares of load, PV and sites at its buses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suandian.adapters.networks import named
from suandian.experiments.scenario.places import FeederSection, NetworkSection, SiteSection
from suandian.model.grid import FeederGrid
from suandian.model.network import Network
from suandian.model.network_checks import checked
from suandian.quantity.errors import AdapterError, DataError, Fault, ScenarioError
from suandian.signals import stochastic
from suandian.signals.county import county_network

__all__ = ["COUNTY", "built_grid", "county_units", "feeder_network", "grid_faults", "network_faults", "network_file"]

#: Generated, not read from a file.
COUNTY = "county"
_UNIT_MVA = 40.0  # usual size of a county's 110 kV transformer, D

Array = NDArray[np.float64]


def network_file(section: FeederSection) -> str:
    """The file that the feeder's network comes from, relative to the data folder; "" for none."""
    source = section.network.source if section.network is not None else ""
    return source if source.lower().endswith((".yaml", ".yml", ".json")) else ""


def county_units(section: FeederSection) -> list[float]:
    """Ratings of the generated county's main transformers, MVA."""
    units = section.network.units if section.network is not None else None
    count = units or max(1, round(section.transformer_mva / _UNIT_MVA))
    return [section.transformer_mva / count] * count


def feeder_network(
    key: str, section: FeederSection, sites: Mapping[str, SiteSection], *, seed: int, data: Path | None
) -> Network:
    """The network of a feeder (the generated county where none is named), radial and checked.

    Raises `DataError` for a network that cannot be used, `AdapterError` where an extra is missing.
    """
    wanted = section.network or NetworkSection()
    if wanted.source != COUNTY:
        name = network_file(section)
        network = named.network(str(data / name) if name and data is not None else wanted.source)
        return checked(network, radial=True)
    return county_network(
        seed=seed if wanted.seed is None else wanted.seed,
        transformers_mva=county_units(section),
        villages=wanted.villages,
        load_max_mw=section.load_max_mw,
        pv_mw=section.pv_mw,
        data_centre_max_mw=sum(site.import_max_mw for site in sites.values() if site.feeder == key),
        name=key,
    )


def built_grid(
    key: str, section: FeederSection, sites: Mapping[str, SiteSection], *, seed: int, data: Path | None
) -> FeederGrid | None:
    """The grid behind a feeder, None where it is one lumped transformer. Raises `ScenarioError`, `DataError`."""
    wanted = section.network
    if wanted is None:
        return None
    network = feeder_network(key, section, sites, seed=seed, data=data)
    load_mw = network.at_buses(network.loads.bus, network.loads.active_mw)
    load_mvar = network.at_buses(network.loads.bus, network.loads.reactive_mvar)
    behind = {name: site for name, site in sites.items() if site.feeder == key}
    found = list(grid_faults(key, network, behind))
    if load_mw.sum() <= 0.0:
        found.append(
            Fault(f"feeders.{key}.network.source", f"{network.name!r} has no load to share the feeder's among")
        )
    if found:
        raise ScenarioError(found)
    pv_ratio = _pv_ratio(network, load_mw, section.pv_mw)
    return FeederGrid(
        network=network,
        load_ratio=load_mw / load_mw.sum(),
        load_mvar_per_mw=np.divide(load_mvar, load_mw, out=np.zeros_like(load_mw), where=load_mw > 0.0),
        pv_ratio=pv_ratio,
        pv_rank=_connection_order(network, pv_ratio, wanted, seed),
        site_ratio={name: _site_ratio(network, site) for name, site in behind.items()},
        site_mvar_per_mw=_tangent(wanted.site_power_factor_ratio),
        pv_mvar_per_mw=_tangent(wanted.pv_power_factor_ratio),
        curtailment=wanted.curtailment,
        reactive=wanted.reactive,
    )


def network_faults(
    key: str, section: FeederSection, sites: Mapping[str, SiteSection], *, seed: int, data: Path | None
) -> Iterator[Fault]:
    """Everything about a feeder's network that would stop a run, told at the door."""
    behind = {name: site for name, site in sites.items() if site.feeder == key}
    for name, site in behind.items():
        if site.export_max_mw > 0.0:
            told = (
                "power that a site delivers is never held back behind a network; write 0 MW, or leave the network out"
            )
            yield Fault(f"sites.{name}.export_max", told)
    try:
        network = feeder_network(key, section, sites, seed=seed, data=data)
    except ScenarioError as error:
        yield from (Fault(f"feeders.{key}.network.{fault.path}", fault.message) for fault in error.faults)
    except (DataError, AdapterError) as error:
        yield Fault(f"feeders.{key}.network.source", str(error))
    else:
        yield from grid_faults(key, network, behind)


def grid_faults(key: str, network: Network, sites: Mapping[str, SiteSection]) -> Iterator[Fault]:
    """Loads that cannot be shared among, and sites at buses that the network does not have."""
    loads, path = network.loads, f"feeders.{key}.network.source"
    wrong = np.flatnonzero((loads.active_mw < 0.0) | ((loads.active_mw == 0.0) & (loads.reactive_mvar != 0.0)))
    if len(wrong):
        told = f"load {loads.ids[int(wrong[0])]!r} of {network.name!r} feeds, or draws reactive power alone"
        yield Fault(path, f"{told}; loads give the shares of the feeder's load, so give each an active power above 0")
    elif loads.active_mw.sum() <= 0.0:
        yield Fault(path, f"{network.name!r} has no load to share the feeder's among")
    for name, site in sites.items():
        if site.bus and site.bus not in network.buses.ids:
            known = ", ".join(network.buses.ids[:6])
            more = f", … ({len(network.buses.ids)} in all)" if len(network.buses.ids) > 6 else ""
            told = f"the network of feeder {key!r} has no bus {site.bus!r}; write one of {known}{more}"
            yield Fault(f"sites.{name}.bus", told)


def _tangent(power_factor_ratio: float) -> float:
    return float(np.tan(np.arccos(power_factor_ratio)))


def _pv_ratio(network: Network, load_mw: Array, pv_mw: float) -> Array:
    """Shares by the nameplates that are connected; by load where the network has no PV of its own."""
    if pv_mw <= 0.0:
        return np.zeros_like(load_mw)
    plants = network.pv
    nameplate_mw = network.at_buses(plants.bus, np.where(plants.connected, plants.nameplate_mw, 0.0))
    shares = nameplate_mw if nameplate_mw.sum() > 0.0 else load_mw
    ratio: Array = shares / shares.sum()
    return ratio


def _connection_order(network: Network, pv_ratio: Array, wanted: NetworkSection, seed: int) -> NDArray[np.int64]:
    """Order in which the buses' PV came: drawn for the generated county, else that of the network's table."""
    buses = len(pv_ratio)
    if wanted.source == COUNTY:
        rng = stochastic.rng(seed if wanted.seed is None else wanted.seed, "connection-order")
        return rng.permutation(buses).astype(np.int64)
    rank = np.arange(buses, dtype=np.int64) + len(network.pv.ids)
    for row, bus in reversed([*enumerate(network.pv.bus.tolist())]):
        rank[bus] = row
    return rank


def _site_ratio(network: Network, site: SiteSection) -> Array:
    """At its own bus, else the network's data centre buses, else behind the transformers next to the grid above."""
    ratio = np.zeros(len(network.buses.ids))
    if site.bus:
        ratio[network.buses.ids.index(site.bus)] = 1.0
        return ratio
    centres = network.data_centres
    if len(centres.ids) and centres.import_max_mw.sum() > 0.0:
        np.add.at(ratio, centres.bus, centres.import_max_mw / centres.import_max_mw.sum())
        return ratio
    from suandian.physics.grades import top_transformers

    top = top_transformers(network)
    if not len(top):
        told = f"network {network.name!r} names no data centre and has no transformer; write `bus:` at the site"
        raise DataError(told)
    rating_mva = network.transformers.rating_mva[top]
    np.add.at(ratio, network.transformers.lv_bus[top], rating_mva / rating_mva.sum())
    return ratio

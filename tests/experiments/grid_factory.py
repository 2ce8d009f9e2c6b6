"""A county's network behind the feeder of an invented finding, its meters, and a network of four buses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from suandian.model.grid import Feeder, FeederGrid
from suandian.model.network import Buses, Lines, Loads, Network, PvPlants, Slack, Transformers
from suandian.physics.feeder_grid import GridStep
from suandian.signals.county import county_network

Array = NDArray[np.float64]


def with_county(feeder: Feeder, site: str, *, villages: int = 56, load_max_mw: float = 46.0) -> Feeder:
    """The feeder with a generated county of two substations behind it; `site` stands at its data centre."""
    network = county_network(
        seed=11, transformers_mva=(40.0, 40.0), villages=villages, load_max_mw=load_max_mw, pv_mw=feeder.pv_mw,
        data_centre_max_mw=30.0,
    )  # fmt: skip
    grid = grid_of(network, site)
    # A few villages have three times their share of roofs: there voltage and the village transformer are the limit.
    crowded = grid.pv_ratio * np.where(np.arange(len(grid.pv_ratio)) % 23 == 0, 3.0, 1.0)
    return replace(feeder, grid=replace(grid, pv_ratio=crowded / crowded.sum()))


def grid_of(network: Network, site: str) -> FeederGrid:
    """Shares by the network's own loads, roofs and data centres."""
    count = len(network.buses.ids)
    load_mw = network.at_buses(network.loads.bus, network.loads.active_mw)
    pv_mw = network.at_buses(network.pv.bus, network.pv.nameplate_mw) if len(network.pv.ids) else np.zeros(count)
    centre = np.zeros(count)
    np.add.at(centre, network.data_centres.bus, 1.0 / max(len(network.data_centres.ids), 1))
    return FeederGrid(
        network=network,
        load_ratio=load_mw / load_mw.sum(),
        load_mvar_per_mw=np.full(count, 0.33),
        pv_ratio=pv_mw / max(float(pv_mw.sum()), 1e-12),
        pv_rank=np.arange(count),
        site_ratio={site: centre},
        site_mvar_per_mw=0.33,
    )


def grid_reads(feeder: Feeder, step: GridStep) -> dict[str, tuple[Array, Array]]:
    """Meters of the network in MW: (import, export) by meter id."""
    grid, root = feeder.grid, f"feeder/{feeder.id}"
    assert grid is not None
    zero = np.zeros(len(step.flow.slack_mw))
    reads = {
        f"{root}/grid": (np.maximum(step.flow.slack_mw, 0.0), np.maximum(-step.flow.slack_mw, 0.0)),
        f"{root}/losses": (step.flow.losses_mw, zero),
        f"{root}/pv": (zero, step.pv_used_mw.sum(axis=1)),
    }
    for bus in grid.pv_buses.tolist():
        reads[f"{root}/pv/{grid.network.buses.ids[bus]}"] = (zero, step.pv_used_mw[:, bus])
    return reads


def small_network() -> Network:
    """Grid – T (10 MVA) – busbar – line – village – Tv (0.4 MVA) – homes; nameplates round enough to check by hand."""
    return Network(
        name="small",
        source="by hand",
        slack=Slack(0, 1.0),
        buses=Buses(
            ("grid", "busbar", "village", "homes"), np.array([110.0, 10.0, 10.0, 0.4]), np.array([0.0, 0.0, 3.0, 3.0]),
            np.array([0.0, -0.3, 1.0, 1.0]), ("", "", "east", "east"),
        ),
        lines=Lines(
            ("trunk",), np.array([1]), np.array([2]), np.array([3.2]), np.array([0.4]), np.array([1.0]),
            np.array([0.0]), np.array([0.2]),
        ),
        transformers=Transformers(
            ("T", "Tv"), np.array([0, 2]), np.array([1, 3]), np.array([10.0, 0.4]), np.array([110.0, 10.0]),
            np.array([10.0, 0.4]), np.array([0.1, 0.04]), np.array([30.0, 4.0]), np.array([8.0, 0.5]),
            np.array([0.001, 0.001]), np.ones(2, dtype=np.bool_), np.zeros(2), np.zeros(2), np.zeros(2),
        ),
        loads=Loads(("homes",), np.array([3]), np.array([0.4]), np.array([0.13])),
        pv=PvPlants(
            ("roofs",), np.array([3]), np.array([0.5]), np.zeros(1), ("rural",), np.ones(1, dtype=np.bool_)
        ),
    )  # fmt: skip

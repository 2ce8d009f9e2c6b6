"""Feeders with PV for the tests of this stratum: one line, one line behind a transformer, and a generated county."""

from typing import Any

import numpy as np

from suandian.model.grid import Feeder, FeederGrid
from suandian.model.network import Buses, Lines, Network, Slack, Transformers
from suandian.physics.taps import tapped
from suandian.signals.county import county_network


def one_line(resistance_ohm: float = 1.0, reactance_ohm: float = 0.0, slack_pu: float = 1.0) -> Network:
    """Two buses at 10 kV; on 1 MVA an ohm is 0.01 pu."""
    a = np.array
    return Network(
        "one line", "test", Slack(0, slack_pu),
        Buses(("A", "B"), np.full(2, 10.0), np.zeros(2), np.zeros(2), ("", "")),
        Lines(("AB",), a([0]), a([1]), np.ones(1), a([resistance_ohm]), a([reactance_ohm]), np.zeros(1), a([5.0])),
        Transformers(),
    )  # fmt: skip


def stiff(line_ka: float = 5.0) -> Network:
    """110 kV – transformer of 10 MVA – 10 kV – B – C: so stiff that losses and voltage rise stay below 0.1 %."""
    a = np.array
    return Network(
        "stiff", "test", Slack(0, 1.0),
        Buses(("H", "M", "B", "C"), a([110.0, 10, 10, 10]), np.zeros(4), np.zeros(4), ("",) * 4),
        Lines(("MB", "BC"), a([1, 2]), a([2, 3]), np.ones(2), np.full(2, 1e-3), np.full(2, 1e-3), np.zeros(2),
              a([5.0, line_ka])),
        Transformers(
            ("T",), a([0]), a([1]), a([10.0]), a([110.0]), a([10.0]), a([0.001]), a([0.1]), a([0.0]), a([0.0]),
            a([True]), np.zeros(1), np.zeros(1), np.zeros(1),
        ),
    )  # fmt: skip


def feeder_of(
    network: Network, pv_at_bus_mw: list[float], *, ranks: list[int] | None = None, load_bus: int = -1, **fields: Any
) -> Feeder:
    """A feeder of power factor 1 whose PV has these nameplates, with its load and a site "dc" at one bus."""
    count = len(network.buses.ids)
    one = np.zeros(count)
    one[load_bus] = 1.0
    pv_mw = np.array(pv_at_bus_mw)
    grid = FeederGrid(
        network, one, np.full(count, 0.3), pv_mw / pv_mw.sum(),
        np.array(ranks if ranks is not None else range(count)), {"dc": one}, 0.2, **fields,
    )  # fmt: skip
    return Feeder("f", "o", "r", 0.0, 0.0, 10.0, 1.0, 0.8, float(pv_mw.sum()), grid=grid)


def county_feeder(*, pv_mw: float, built_mw: float = 60.0, regulated: bool = True, **fields: Any) -> Feeder:
    """A generated county of two substations, built for `built_mw` of PV, that has grown to `pv_mw`."""
    network = county_network(seed=3, villages=20, load_max_mw=50.0, pv_mw=built_mw, data_centre_max_mw=10.0)
    if not regulated:
        network = tapped(network, np.array([-1.0, 0.0]))
    load_mw = network.at_buses(network.loads.bus, network.loads.active_mw)
    plants_mw = network.at_buses(network.pv.bus, network.pv.nameplate_mw)
    centre_mw = network.at_buses(network.data_centres.bus, network.data_centres.import_max_mw)
    grid = FeederGrid(
        network, load_mw / load_mw.sum(), np.full(len(load_mw), 0.33), plants_mw / plants_mw.sum(),
        np.random.default_rng(0).permutation(len(load_mw)), {"dc": centre_mw / centre_mw.sum()}, 0.2, **fields,
    )  # fmt: skip
    return Feeder("county", "o", "r", 0.0, 0.0, 80.0, 0.95, 0.8, pv_mw, grid=grid)

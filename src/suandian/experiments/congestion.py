"""The price of congestion by bus and interval, as a grid company would publish it that knows what computing can do."""

from __future__ import annotations

import numpy as np
import polars as pl

from suandian.coordination.linear import foreseen
from suandian.coordination.network import bus_price_cny_per_mwh
from suandian.experiments.scenario import Scenario
from suandian.quantity.errors import Fault, ScenarioError
from suandian.quantity.timeaxis import instants
from suandian.simulation.desk import ForecastSchedule
from suandian.simulation.engine import SimulatedWorld

__all__ = ["congestion_prices"]


def congestion_prices(scenario: Scenario) -> pl.DataFrame:
    """What a MWh more of load would cost the shared network, at every bus in every interval of `scenario`.

    The programme of `foresight` over the whole study, the computing's flexibility in it; the duals of the
    network's rows. One row per bus and interval: feeder, bus, start (UTC), price_cny_per_mwh. Positive where a MWh more
    would need something that is short, negative where it lets PV through that is thrown away. Limits that no site can
    move (a village's own transformer) have no price. Raises `ScenarioError` where no feeder has a network.
    """
    truth = scenario.truth()
    if not any(feeder.grid is not None for feeder in truth.fleet.feeders):
        told = "no feeder has a network; write `network: {source: county}`"
        raise ScenarioError([Fault("feeders", told)], source=scenario.name)
    view = SimulatedWorld(truth, ForecastSchedule.perfect()).view(scenario.deciding_party)
    found, _ = foreseen(view)
    prices = bus_price_cny_per_mwh(view, found.problem, found.program, found.solution.row_price, found.states)
    starts = instants(view.outlook.axis.starts_s())
    frames = []
    for feeder in truth.fleet.feeders:
        if feeder.grid is None:
            continue
        buses = feeder.grid.network.buses.ids
        frames.append(
            pl.DataFrame(
                {
                    "feeder": np.repeat(feeder.id, len(buses) * len(starts)),
                    "bus": np.repeat(np.array(buses), len(starts)),
                    "start": np.tile(starts, len(buses)),
                    "price_cny_per_mwh": found.problem.horizon.spread(prices[feeder.id]).ravel(),
                }
            ).with_columns(pl.col("start").dt.replace_time_zone("UTC"))
        )
    return pl.concat(frames)

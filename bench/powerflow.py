"""A year of quarter hours on the generated county: power flow in batches beside pandapower's time series."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np

from bench.peers.pandapower_network import to_pandapower
from suandian.model.network import Network
from suandian.physics.powerflow import power_flow
from suandian.physics.taps import tapped
from suandian.signals.county import county_network

__all__ = ["county_year", "run"]

PERIODS = 35_040
LIMIT_S = 5.0
SAMPLE = 192


def run(quick: bool = False) -> dict[str, Any]:
    """CPU and wall seconds of our year, with fixed and with moving taps; pandapower on a sample, extrapolated."""
    periods = PERIODS // 16 if quick else PERIODS
    network, p_mw, q_mvar = county_year(periods)
    fixed = tapped(network, np.zeros(2))
    power_flow(fixed, p_mw[:10], q_mvar[:10])
    wall_s, cpu_s = _timed(fixed, p_mw, q_mvar)
    moving_wall_s, moving_cpu_s = _timed(network, p_mw, q_mvar)
    sample = np.linspace(0, periods - 1, SAMPLE // 8 if quick else SAMPLE).astype(int)
    theirs, peer_s = _pandapower(fixed, p_mw[sample], q_mvar[sample])
    ours = power_flow(fixed, p_mw[sample], q_mvar[sample]).voltage_pu
    return {
        "title": f"Power flow: {periods:,} intervals on {len(network.buses.ids)} buses",
        "rows": [
            {
                "what": "year, taps fixed, CPU s",
                "ours": round(cpu_s, 2),
                "peer": round(peer_s * periods / len(sample), 1),
                "ratio": round(peer_s * periods / len(sample) / cpu_s),
            },
            {
                "what": "year, on-load taps moving, CPU s",
                "ours": round(moving_cpu_s, 2),
            },
            {
                "what": "year, on-load taps moving, wall s",
                "ours": round(moving_wall_s, 2),
                "target": "" if quick else f"≤ {LIMIT_S:g}",
                "met": None if quick else moving_wall_s <= LIMIT_S,
            },
            {"what": "year, taps fixed, wall s", "ours": round(wall_s, 2)},
            {
                "what": "largest voltage difference to pandapower on the sample, pu",
                "ours": float(np.abs(ours - theirs).max()),
                "target": "≤ 1e-6",
                "met": bool(np.abs(ours - theirs).max() <= 1e-6),
            },
        ],
        "notes": [
            f"pandapower: run_timeseries on {len(sample)} intervals of the same network, without writing results to "
            "disk, extrapolated to the year. Wall seconds depend on what else the machine does.",
        ],
    }


def county_year(periods: int) -> tuple[Network, np.ndarray, np.ndarray]:
    """County with 60 MW of PV; load and sun of a plain daily shape with noise, `(periods, buses)`."""
    network = county_network(seed=1, load_max_mw=50.0, pv_mw=60.0, data_centre_max_mw=20.0)
    rng = np.random.default_rng(1)
    hour = np.arange(periods) / 4.0 % 24.0
    sun = np.maximum(np.sin((hour - 6.0) / 12.0 * np.pi), 0.0) * rng.uniform(0.2, 1.0, periods)
    load = 0.6 + 0.25 * np.sin((hour - 13.0) / 12.0 * np.pi) + rng.normal(0.0, 0.05, periods)
    load_mw = network.at_buses(network.loads.bus, network.loads.active_mw)
    load_mvar = network.at_buses(network.loads.bus, network.loads.reactive_mvar)
    pv_mw = network.at_buses(network.pv.bus, network.pv.nameplate_mw)
    centre_mw = network.at_buses(network.data_centres.bus, network.data_centres.import_max_mw)
    p_mw = np.outer(load, load_mw) - np.outer(0.8 * sun, pv_mw) + 0.63 * centre_mw
    return network, p_mw, np.outer(load, load_mvar) + 0.2 * centre_mw


def _timed(network: Network, p_mw: np.ndarray, q_mvar: np.ndarray) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    flow = power_flow(network, p_mw, q_mvar)
    if not flow.converged.all():
        raise RuntimeError("an interval of the year has no solution")
    return time.perf_counter() - wall, time.process_time() - cpu


def _pandapower(network: Network, p_mw: np.ndarray, q_mvar: np.ndarray) -> tuple[np.ndarray, float]:
    """Voltages of the sample and CPU seconds of run_timeseries on it."""
    import pandapower as pp
    import pandas as pd
    from pandapower.control import ConstControl
    from pandapower.timeseries import DFData, OutputWriter, run_timeseries

    net = to_pandapower(network)
    columns = list(range(p_mw.shape[1]))
    for name, values in (("p_mw", p_mw), ("q_mvar", q_mvar)):
        data = DFData(pd.DataFrame(values, columns=columns))
        ConstControl(net, "load", name, element_index=columns, profile_name=columns, data_source=data)
    writer = OutputWriter(net, time_steps=range(len(p_mw)), output_path=None, log_variables=[("res_bus", "vm_pu")])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pp.runpp(net)
        started = time.process_time()
        run_timeseries(net, time_steps=range(len(p_mw)), verbose=False, tolerance_mva=1e-8)
        spent_s = time.process_time() - started
    return writer.output["res_bus.vm_pu"].to_numpy(), spent_s

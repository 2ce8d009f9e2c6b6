"""A network as pandapower has it: the peer of the benchmark, and the oracle of the tests."""

from __future__ import annotations

from typing import Any

from suandian.model.network import Network

__all__ = ["to_pandapower"]


def to_pandapower(network: Network) -> Any:  # noqa: ANN401  pandapower has no types
    """The same network in pandapower with a load at every bus."""
    import pandapower as pp

    net = pp.create_empty_network(f_hz=network.frequency_hz)
    for nominal_kv in network.buses.nominal_kv:
        pp.create_bus(net, vn_kv=float(nominal_kv))
    pp.create_ext_grid(net, network.slack.bus, vm_pu=network.slack.voltage_pu)
    n, t = network.lines, network.transformers
    for row in range(len(n.ids)):
        pp.create_line_from_parameters(
            net, int(n.from_bus[row]), int(n.to_bus[row]), 1.0, n.resistance_ohm[row], n.reactance_ohm[row],
            n.capacitance_nf[row], n.rating_ka[row],
        )  # fmt: skip
    for row in range(len(t.ids)):
        pp.create_transformer_from_parameters(
            net, int(t.hv_bus[row]), int(t.lv_bus[row]), sn_mva=t.rating_mva[row], vn_hv_kv=t.hv_kv[row],
            vn_lv_kv=t.lv_kv[row], vk_percent=100 * t.short_circuit_ratio[row],
            vkr_percent=t.load_loss_kw[row] / 10 / t.rating_mva[row], pfe_kw=t.no_load_loss_kw[row],
            i0_percent=100 * t.no_load_current_ratio[row], tap_side="hv", tap_neutral=t.tap_neutral_position[row],
            tap_pos=t.tap_position[row], tap_step_percent=100 * t.tap_step_ratio[row], tap_changer_type="Ratio",
        )  # fmt: skip
    for bus in range(len(network.buses.ids)):
        pp.create_load(net, bus, 0.0, 0.0)
    return net

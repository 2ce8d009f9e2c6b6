"""Limits of a network: the right record for each voltage, N-1 in parallel, and what is exceeded where."""

import dataclasses

import numpy as np
import pytest

from suandian.physics.limits import hosting_rule, hosting_rules, limits_of, records, reverse_ratios, violations
from suandian.physics.powerflow import power_flow
from suandian.quantity.errors import DataError
from suandian.signals.county import county_network


def test_voltages_follow_the_level() -> None:
    network = county_network(seed=1)
    limits = limits_of(network)
    for kv, bounds in ((110.0, (0.90, 1.10)), (10.0, (0.93, 1.07)), (0.4, (0.90, 1.07))):
        level = network.buses.nominal_kv == kv
        assert level.any()
        assert set(zip(limits.voltage_low_pu[level], limits.voltage_high_pu[level], strict=True)) == {bounds}
    with pytest.raises(DataError, match="1100 kV"):
        limits_of(dataclasses.replace(network, buses=dataclasses.replace(
            network.buses, nominal_kv=np.full(len(network.buses.ids), 1100.0))))  # fmt: skip


def test_reverse_flow_is_80_percent_alone_and_n_minus_1_in_parallel() -> None:
    network = county_network(seed=1)
    assert limits_of(network).reverse_max_mw[0] == pytest.approx(40.0 * 0.8 * 0.95)
    table = network.transformers
    both = dataclasses.replace(table, hv_bus=table.hv_bus.copy(), lv_bus=table.lv_bus.copy())
    both.hv_bus[1], both.lv_bus[1] = both.hv_bus[0], both.lv_bus[0]
    ratios = reverse_ratios(dataclasses.replace(network, transformers=both), hosting_rules()[0])
    assert ratios[:3] == pytest.approx([0.5, 0.5, 0.8])


def test_every_record_says_where_it_is_from() -> None:
    for group in records().values():
        for record in group:
            assert record["document"]
            assert record["confidence"] in "ABCD"
            assert record["effective_from"]
    assert [rule.id for rule in hosting_rules()] == ["dlt2041_2025", "dlt2041_2019"]
    assert hosting_rule("dlt2041_2019").form == "reverse_ratio"
    with pytest.raises(DataError, match="dlt2041_2025"):
        hosting_rule("dlt2041")


def test_violations_are_counted_where_they_are() -> None:
    network = county_network(seed=1, load_max_mw=50.0, pv_mw=160.0)
    load_mw = network.at_buses(network.loads.bus, network.loads.active_mw)
    pv_mw = network.at_buses(network.pv.bus, network.pv.nameplate_mw)
    p = np.array([0.5 * load_mw, 0.3 * load_mw - 0.8 * pv_mw])
    flow = power_flow(network, p, np.zeros_like(p))
    found = violations(network, flow, limits_of(network))
    assert not found["reverse"][0].any()
    assert found["reverse"][1, :2].all()
    assert not found["loading"][0].any()
    assert found["loading"].shape == (2, len(network.branch_ids))

"""Tables of a network and what derives from them."""

import dataclasses

import numpy as np
import pytest
from small_network import small

from suandian.model.network_checks import components


def test_the_tap_moves_the_ratio_of_its_own_winding() -> None:
    network = small()
    assert network.transformers.tap_factor == pytest.approx([0.975])
    assert network.transformers.turns_ratio == pytest.approx([110 * 0.975 / 10.5])
    low = dataclasses.replace(network.transformers, tap_on_hv=np.array([False]))
    assert low.turns_ratio == pytest.approx([110 / (10.5 * 0.975)])


def test_elements_are_summed_at_their_bus() -> None:
    network = small()
    assert network.at_buses(network.loads.bus, network.loads.active_mw) == pytest.approx([0, 0, 3])
    profile = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert network.at_buses(network.loads.bus, profile)[:, 2] == pytest.approx([3, 7])
    assert network.branch_ids == ("BC", "T")
    assert components(network).tolist() == [0, 0, 0]

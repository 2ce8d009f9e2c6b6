"""The equivalent circuit against the two tests that a nameplate states."""

import numpy as np
import pytest
from county_feeder import county_feeder

from suandian.physics.transformer import transformer_pi


def test_the_equivalent_gives_back_both_tests_of_the_nameplate() -> None:
    """Short circuit: |z| = uk and the load loss; no load: the current i0 and the loss P0 (on the high side)."""
    network = county_feeder()
    series, shunt = transformer_pi(network)
    table = network.transformers
    base_ohm = table.lv_kv**2 / table.rating_mva
    short = 1.0 / (1.0 / series + shunt / 2.0)  # fed from one side, the other short-circuited
    assert np.abs(short) / base_ohm == pytest.approx(table.short_circuit_ratio, rel=1e-3)
    opened = shunt / 2.0 + 1.0 / (series + 2.0 / shunt)
    assert np.abs(opened) * base_ohm == pytest.approx(table.no_load_current_ratio, rel=1e-3)
    assert opened.real * table.lv_kv**2 * 1e3 == pytest.approx(table.no_load_loss_kw, rel=0.01)

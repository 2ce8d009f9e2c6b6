import numpy as np

from suandian.coordination.network_rows import NetworkRows


def test_without_a_network_every_feeder_is_one_zone_and_nothing_is_limited():
    pv_mw = np.array([[1.0, 2.0], [3.0, 4.0]])
    rows = NetworkRows.lumped(pv_mw, 3)
    assert rows.zone_feeder.tolist() == [0, 1]
    assert rows.zone_pv_mw.tolist() == pv_mw.tolist()
    assert rows.row_site.shape == (0, 3)
    assert not rows.reverse_in_rows.any()
    assert rows.losses_mw.sum() == 0.0

"""One path from 110 kV to 0.4 kV for the tests of this stratum."""

import numpy as np

from suandian.model.network import Buses, Lines, Network, Slack, Transformers


def county_feeder() -> Network:
    """110/10.5 kV – 10 kV line – 10/0.4 kV."""
    a = np.array
    return Network(
        name="feeder",
        source="test",
        slack=Slack(0, 1.02),
        buses=Buses(("HV", "MV", "END", "LV"), a([110, 10, 10, 0.4]), np.zeros(4), np.zeros(4), ("",) * 4),
        lines=Lines(("L",), a([1]), a([2]), a([8.0]), a([2.16]), a([2.72]), a([80.0]), a([0.3])),
        transformers=Transformers(
            ("T1", "T2"), a([0, 2]), a([1, 3]), a([40.0, 0.4]), a([110.0, 10.0]), a([10.5, 0.4]), a([0.105, 0.04]),
            a([150.0, 4.3]), a([30.0, 0.57]), a([0.003, 0.01]), a([True, True]), a([2.0, -1.0]), np.zeros(2),
            a([0.0125, 0.025]),
        ),
    )  # fmt: skip

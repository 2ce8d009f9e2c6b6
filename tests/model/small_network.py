"""A network of three buses for the tests of this stratum."""

import numpy as np

from suandian.model.network import Buses, Lines, Loads, Network, Slack, Transformers


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def small() -> Network:
    """110 kV A – transformer – 10 kV B – line – C."""
    return Network(
        name="small",
        source="test",
        slack=Slack(0),
        buses=Buses(("A", "B", "C"), array(110, 10, 10), np.zeros(3), np.zeros(3), ("", "", "")),
        lines=Lines(("BC",), np.array([1]), np.array([2]), array(2), array(0.5), array(0.7), array(0), array(0.3)),
        transformers=Transformers(
            ("T",), np.array([0]), np.array([1]), array(40), array(110), array(10.5), array(0.105), array(150),
            array(20), array(0.002), np.array([True]), array(-2), array(0), array(0.0125),
        ),
        loads=Loads(("a", "b"), np.array([2, 2]), array(1, 2), array(0.3, 0.4)),
    )  # fmt: skip

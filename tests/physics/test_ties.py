"""Ties between feeders: a case by hand, and energy balance, limits and the rule for whatever is drawn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.model.grid import Feeder, Tie
from suandian.model.site import Site
from suandian.physics.facility import StepInputs, advance
from suandian.physics.ties import exchange


def feeder(name: str, import_mw: float, export_mw: float, wind_mw: float = 100.0) -> Feeder:
    return Feeder(name, "grid", "gansu", 36.0, 107.0, import_mw, 1.0, export_mw / import_mw, 100.0, wind_mw=wind_mw)


def step(load_mw, pv_mw, wind_mw, site_mw=None) -> StepInputs:
    periods = np.shape(load_mw)[1]
    site_mw = np.zeros((0, periods)) if site_mw is None else np.array(site_mw, dtype=float)
    none = np.zeros_like(site_mw)
    return StepInputs(
        step_h=0.5, facility_mw=site_mw, site_pv_mw=none, curtail_mw=none, charge_mw=None, discharge_mw=None,
        import_guard_mw=np.full(len(site_mw), np.inf), feeder_pv_mw=np.array(pv_mw, dtype=float),
        feeder_load_mw=np.array(load_mw, dtype=float), energy_mwh=np.zeros(len(site_mw)),
        feeder_wind_mw=np.array(wind_mw, dtype=float),
    )  # fmt: skip


def test_two_regions_by_hand() -> None:
    """The base makes 30 MW of PV and 60 MW of wind, draws 10 MW and may export 50 MW: 30 MW are too much.

    The city draws 16 MW. 5 % are lost on the tie, so that 16.84 MW have to leave; 13.16 MW stay curtailed.
    """
    feeders = (feeder("base", 100.0, 50.0), feeder("city", 40.0, 0.0, wind_mw=0.0))
    tie = Tie("line", "base", "city", 20.0, 20.0, 0.05)
    site = Site("dc", "op", "guangdong", 24.0, 113.0, 100, 1.0, 20.0, 40.0, feeder="city")
    inputs = step([[10.0], [12.0]], [[30.0], [0.0]], [[60.0], [0.0]], [[4.0]])
    alone = advance((site,), feeders, inputs)
    assert (alone.feeder_pv_used_mw[0, 0], alone.feeder_wind_used_mw[0, 0]) == (20.0, 40.0)
    tied = advance((site,), feeders, inputs, (tie,))
    sent_mw = 16.0 / 0.95
    assert tied.tie_forward_mw[0, 0] == pytest.approx(sent_mw)
    assert tied.tie_back_mw[0, 0] == 0.0
    assert tied.feeder_import_mw[1, 0] == pytest.approx(0.0, abs=1e-12)
    assert tied.feeder_export_mw[0, 0] == 50.0
    # Of both the same share is held back.
    assert tied.feeder_pv_used_mw[0, 0] == pytest.approx((60.0 + sent_mw) / 3)
    assert tied.feeder_wind_used_mw[0, 0] == pytest.approx((60.0 + sent_mw) * 2 / 3)


def test_what_the_export_limit_takes_does_not_flow_over_ties() -> None:
    feeders = (feeder("base", 100.0, 50.0), feeder("city", 40.0, 0.0))
    result = advance(
        (), feeders, step([[0.0], [20.0]], [[0.0], [0.0]], [[45.0], [0.0]]), (Tie("t", "base", "city", 9, 9),)
    )
    assert result.tie_forward_mw[0, 0] == 0.0
    assert result.feeder_import_mw[1, 0] == 20.0


def test_a_tie_lowers_a_violation() -> None:
    feeders = (feeder("base", 100.0, 10.0), feeder("city", 40.0, 0.0))
    inputs = step([[0.0], [45.0]], [[0.0], [0.0]], [[30.0], [0.0]])
    assert advance((), feeders, inputs).feeder_violation_mw[1, 0] == pytest.approx(5.0)
    tied = advance((), feeders, inputs, (Tie("t", "city", "base", 0.0, 3.0),))
    assert tied.feeder_violation_mw[1, 0] == pytest.approx(2.0)
    assert tied.tie_back_mw[0, 0] == 3.0


def test_surplus_and_import_are_shared_in_proportion() -> None:
    """40 MW for two that could take 30 MW each over lines of 30 and 10 MW: shares 3 to 1."""
    ties = (Tie("a", "x", "y", 30.0, 0.0), Tie("b", "x", "z", 10.0, 0.0))
    ends = np.array([[0, 1], [0, 2]])
    forward, back = exchange(ties, ends, np.array([[20.0], [0.0], [0.0]]), np.array([[0.0], [30.0], [30.0]]))
    assert forward.ravel() == pytest.approx([15.0, 5.0])
    assert not back.any()


power = st.floats(0.0, 80.0).map(lambda value: round(value, 3))


@st.composite
def regions(draw):
    count, periods = draw(st.integers(2, 4)), draw(st.integers(1, 4))
    feeders = tuple(feeder(f"f{b}", draw(st.floats(20.0, 90.0)), draw(st.floats(0.0, 20.0))) for b in range(count))
    pairs = [(a, b) for a in range(count) for b in range(count) if a != b]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=5))
    ties = tuple(
        Tie(f"t{k}", f"f{a}", f"f{b}", draw(power), draw(power), draw(st.sampled_from([0.0, 0.05, 0.3])))
        for k, (a, b) in enumerate(chosen)
    )

    def table():
        return [[draw(power) for _ in range(periods)] for _ in range(count)]

    return feeders, ties, step(table(), table(), table())


@settings(max_examples=80, deadline=None)
@given(regions())
def test_energy_is_kept_and_the_rule_holds(case) -> None:
    """`advance` raises where a balance or limit is broken; what is left to give meets nothing left to take."""
    feeders, ties, inputs = case
    alone, tied = advance((), feeders, inputs), advance((), feeders, inputs, ties)
    made_mw = inputs.feeder_pv_mw + inputs.feeder_wind_mw
    before_mw = made_mw - alone.feeder_pv_used_mw - alone.feeder_wind_used_mw
    after_mw = made_mw - tied.feeder_pv_used_mw - tied.feeder_wind_used_mw
    sent_mw = tied.tie_forward_mw.sum(axis=0) + tied.tie_back_mw.sum(axis=0)
    assert (before_mw - after_mw).sum(axis=0) == pytest.approx(sent_mw, abs=1e-9)
    assert (after_mw <= before_mw + 1e-9).all()
    assert tied.feeder_export_mw == pytest.approx(alone.feeder_export_mw)
    row = {f.id: b for b, f in enumerate(feeders)}
    for k, tie in enumerate(ties):
        for flow, limit, giver, taker in (
            (tied.tie_forward_mw[k], tie.forward_max_mw, row[tie.source], row[tie.target]),
            (tied.tie_back_mw[k], tie.back_max_mw, row[tie.target], row[tie.source]),
        ):
            full = (flow > limit - 1e-6) | (after_mw[giver] < 1e-6) | (before_mw[taker] > 0.0)
            assert (full | (tied.feeder_import_mw[taker] < 1e-6)).all()

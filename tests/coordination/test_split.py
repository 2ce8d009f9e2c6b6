import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.coordination.merge import Merge
from suandian.coordination.problem import Work
from suandian.coordination.split import split_classes, split_sites


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), rows=st.integers(1, 6), sites=st.integers(1, 5))
def test_the_transport_rule_meets_both_sides(seed: int, rows: int, sites: int) -> None:
    rng = np.random.default_rng(seed)
    demand = rng.random((rows, 7)) * (rng.random((rows, 7)) < 0.8)
    share = rng.dirichlet(np.ones(sites), 7).T
    supply = demand.sum(axis=0) * share
    staying = rng.random((rows, sites, 7)) * (rng.random((rows, sites, 7)) < 0.3)
    x = split_sites(demand, supply, staying)
    assert (x >= 0).all()
    assert np.allclose(x.sum(axis=1), demand)
    assert np.allclose(x.sum(axis=0), supply)
    still = split_sites(demand, supply, np.zeros_like(staying))
    assert ((still > 1e-12).sum(axis=(0, 1)) <= rows + sites - 1).all()


def test_running_work_stays_where_it_is() -> None:
    demand, supply = np.array([[2.0], [2.0]]), np.array([[2.0], [2.0]])
    staying = np.zeros((2, 2, 1))
    staying[0, 1], staying[1, 0] = 2.0, 2.0
    assert split_sites(demand, supply, staying)[:, :, 0].tolist() == [[0.0, 2.0], [2.0, 0.0]]


def merged(slack_h: list[float]) -> Merge:
    one, count = np.ones(1), len(slack_h)
    return Merge(
        class_to=np.zeros(count, np.int64),
        group_of_class=np.zeros(1, np.int64),
        slack_h=one,
        stream_to=np.zeros(0, np.int64),
        allowed=one[None] > 0,
        varied=one < 0,
        least_kw=one,
        most_kw=one,
        gears=((),),
        moved_gb_per_mwh=np.zeros((1, 1)),
        located=np.arange(count)[:, None],
    )


def work(released: np.ndarray, due: np.ndarray) -> Work:
    none = np.zeros((len(released), 1, released.shape[1]))
    return Work(released, due, none, none[0], none)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), members=st.integers(2, 4))
def test_members_of_equal_slack_stay_inside_their_envelopes(seed: int, members: int) -> None:
    rng = np.random.default_rng(seed)
    periods, slack = 30, 5
    released = np.cumsum(rng.random((members, periods)), axis=1)
    due = np.concatenate([np.zeros((members, slack)), released[:, :-slack]], axis=1)
    theta = rng.random()
    done = np.maximum.accumulate(theta * released.sum(axis=0) + (1 - theta) * due.sum(axis=0))
    power = np.diff(done, prepend=0.0)[None]
    slacks = np.full(members, 5.0)
    share = split_classes(power, merged([5.0] * members), work(released, due), slacks, np.ones(periods))
    assert np.allclose(share.sum(axis=0), power[0])
    member = np.cumsum(share, axis=1)
    assert (member <= released + 1e-6).all()
    assert (member >= due - 1e-6).all()


def test_the_urgent_member_is_served_first() -> None:
    released = np.array([[4.0, 4.0], [4.0, 4.0]])
    due = np.array([[0.0, 0.0], [2.0, 4.0]])
    slack = np.array([24.0, 1.0])
    share = split_classes(np.array([[4.0, 4.0]]), merged([24.0, 1.0]), work(released, due), slack, np.ones(2))
    assert share[1, 0] == 4.0
    assert share[0, 1] == 4.0

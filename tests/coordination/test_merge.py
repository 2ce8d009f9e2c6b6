"""Groups and merged classes, by hand."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from suandian.coordination.merge import Merge
from suandian.model.plan import Transfer
from suandian.model.workload import FULL_PACE, ClassTable, Pace

_SPEC = importlib.util.spec_from_file_location("fluid_world", Path(__file__).with_name("fluid_world.py"))
world = importlib.util.module_from_spec(_SPEC)
sys.modules["fluid_world"] = world
_SPEC.loader.exec_module(world)

PACES = (
    FULL_PACE,
    Pace("capped", (1.0, 1.0, 1.0), (1.0, 0.8, 0.6), (1.0, 0.93, 0.82)),
    Pace("narrow", (1.0, 0.5), (1.0, 1.072), (1.0, 0.536)),
)


def fleet(**changes):
    """Three sites, a stream that may go anywhere, and classes as given; all may go anywhere unless told otherwise."""
    base = world.make_view(0, streams=1).fleet
    columns = {"label": ("F3", "F3", "F4"), "slack_h": np.array([4.0, 8.0, 48.0])} | changes
    count = len(columns["label"])
    columns = {"sites_allowed": np.full(count, 7, np.uint64), "power_per_gpu_kw": np.full(count, 0.5)} | columns
    return replace(base, classes=ClassTable(**columns), transfer=Transfer(price_cny_per_gb=0.01))


def test_without_homes_and_paces_sites_make_the_groups() -> None:
    merge = Merge.of(fleet())
    assert merge.group_of_class.tolist() == [0, 0, 0]
    assert merge.stream_to.tolist() == [0]
    assert merge.slack_h.tolist() == [4.0, 8.0, 48.0]
    assert merge.gears == ((),)
    assert not merge.moved_gb_per_mwh.any()
    edged = Merge.of(fleet(), (24.0,))
    assert edged.class_to.tolist() == [0, 0, 1]
    assert edged.slack_h.tolist() == [4.0, 48.0]


def test_as_many_sites_as_a_mask_holds_stay_apart() -> None:
    # 2^53 + 1 and its neighbours are one number as floats: sites 0 and 53 to 62 would be confused.
    base, sites = fleet(), 63
    masks = np.array([(1 << 62) | 1, 1 << 62, (1 << 63) - 1], np.uint64)
    many = replace(
        base,
        sites=tuple(replace(base.sites[0], id=f"site-{s}") for s in range(sites)),
        classes=replace(base.classes, sites_allowed=masks),
        stream_allowed=np.ones((1, sites), bool),
    )
    merge = Merge.of(many)
    found = merge.allowed[merge.group_of_class[merge.class_to]]
    assert found.tolist() == [[bool(int(mask) >> s & 1) for s in range(sites)] for mask in masks]


def test_homes_are_kept_apart_and_pay_for_their_data() -> None:
    merge = Merge.of(fleet(home=np.array([0, 1, 1]), data_gb_per_mwh=np.array([1e3, 2e3, 5e3])), (24.0,))
    # One group for the stream, one for each home and slack range.
    assert len(merge.allowed) == 4
    of_class = [int(merge.group_of_class[row]) for row in merge.class_to]
    assert len(set(of_class)) == 3
    assert merge.moved_gb_per_mwh[of_class[0]].tolist() == [0.0, 1e3, 1e3]
    assert merge.moved_gb_per_mwh[of_class[2]].tolist() == [5e3, 0.0, 5e3]


def test_work_that_is_too_dear_to_move_stays() -> None:
    # 300,000 GB/MWh at 0.01 CNY/GB are 3,000 CNY/MWh.
    merge = Merge.of(fleet(home=np.array([0, 0, 2]), data_gb_per_mwh=np.array([3e5, 1e3, 3e5])))
    allowed = merge.allowed[merge.group_of_class[merge.class_to]]
    assert allowed.tolist() == [[True, False, False], [True, True, True], [False, False, True]]


def test_only_gears_that_save_energy_are_planned() -> None:
    merge = Merge.of(fleet(pace=np.array([0, 1, 2]), paces=PACES))
    gears = [merge.gears[group] for group in merge.group_of_class[merge.class_to]]
    assert gears[0] == gears[2] == ()
    number, work, power = gears[1]
    assert (number, power) == (2, 0.6)
    assert work == 0.82 / 0.6


def test_a_job_elsewhere_is_planned_from_there() -> None:
    merge = Merge.of(
        fleet(
            label=("F3", "F3", "F3"),
            slack_h=np.array([4.0, 4.0, 8.0]),
            home=np.array([0, 1, 0]),
            data_gb_per_mwh=np.full(3, 1e3),
        )
    )
    # A job of the first class at site 1 counts in the second; nobody has the third class's slack there.
    assert merge.located.tolist() == [[0, 1, 0], [0, 1, 1], [2, 2, 2]]


def test_few_takes_coarser_edges_until_classes_are_few() -> None:
    slack_h = np.linspace(0.0, 100.0, 60)
    merge = Merge.few(fleet(label=("F3",) * 60, slack_h=slack_h), None)
    assert len(merge.slack_h) == 2
    assert len(Merge.few(fleet(), None).slack_h) == 3

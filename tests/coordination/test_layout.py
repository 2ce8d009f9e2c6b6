import importlib.util
import sys
from pathlib import Path

import numpy as np

from suandian.coordination.horizon import Horizon
from suandian.coordination.layout import Layout, structure, terms
from suandian.coordination.merge import Merge
from suandian.coordination.problem import Problem, queue_work

_SPEC = importlib.util.spec_from_file_location("fluid_world", Path(__file__).with_name("fluid_world.py"))
world = importlib.util.module_from_spec(_SPEC)
sys.modules["fluid_world"] = world
_SPEC.loader.exec_module(world)


def layout_of(hours: int) -> Layout:
    view = world.make_view(0, hours=hours, classes=5)
    horizon = Horizon.uniform(view.axis, view.fleet.zone)
    return Layout.of(Problem.of(view, horizon, Merge.of(view.fleet), queue_work(view, horizon, Merge.of(view.fleet))))


def test_blocks_fill_a_step_without_overlap() -> None:
    layout = layout_of(6)
    for blocks, total in ((layout.column, layout.columns), (layout.row, layout.rows)):
        taken = np.concatenate([offset + np.arange(count) for offset, count in blocks.values()])
        assert sorted(taken.tolist()) == list(range(total))


def test_every_entry_has_one_place_and_links_reach_back_one_step_only() -> None:
    layout = layout_of(6)
    pattern = structure(layout)
    column = np.repeat(np.arange(len(pattern.column_start) - 1), np.diff(pattern.column_start))
    places = set(zip(pattern.row_index.tolist(), column.tolist(), strict=True))
    assert len(places) == len(pattern.row_index) == len(pattern.order)
    inside = column < layout.periods * layout.columns
    back = pattern.row_index[inside] // layout.rows - column[inside] // layout.columns
    assert set(back.tolist()) == {0, 1}
    links = sum(len(term.rows) for term in terms(layout) if term.lag == 1)
    assert (back == 1).sum() == links * (layout.periods - 1)


def test_the_pattern_is_kept_between_calls() -> None:
    assert structure(layout_of(6)) is structure(layout_of(6))
    assert structure(layout_of(6)) is not structure(layout_of(7))

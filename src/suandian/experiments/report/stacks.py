"""The series of the power stacks: what is stacked, in which order, under which name and colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.report import tokens
from suandian.experiments.report.canvas import LegendItem
from suandian.experiments.report.reading import Flows
from suandian.experiments.report.study import Study
from suandian.model.workload import FLEXIBILITY_LABELS

__all__ = ["Stacks", "arm_items", "series_items", "stacks", "week_legend"]

Array = NDArray[np.float64]
Stacks = tuple[dict[str, Array], dict[str, Array], dict[str, Array]]


def series_items(study: Study) -> dict[str, LegendItem]:
    """Name and colour of every series of the stacks."""
    words = study.words
    colours = {
        "load": tokens.LOAD,
        "grid_losses": tokens.LOSSES,
        "base": tokens.BASE,
        **tokens.CLASSES,
        "pv": tokens.PV,
        "wind": tokens.WIND,
        "tie_in": tokens.TIE,
        "tie_out": tokens.TIE,
        "discharge": tokens.BATTERY,
        "import": tokens.IMPORT,
        "charge": tokens.BATTERY,
        "export": tokens.EXPORT,
    }
    items = {key: LegendItem(words(key), colour) for key, colour in colours.items()}
    windy = study.flows[study.control].wind_available_mw.any()
    items["curtailed"] = LegendItem(words("curtailed_all" if windy else "curtailed"), tokens.CURTAILED_HATCH, "hatch")
    items["total_at_once"] = LegendItem(words("total_at_once"), tokens.CONTROL_TEXT, "dots")
    return items


def stacks(flow: Flows) -> Stacks:
    """Uses, sources and what leaves, in the order of stacking; series that are zero throughout are left out."""
    uses = {"load": flow.load_mw, "grid_losses": flow.losses_mw, "base": flow.base_mw}
    uses |= {label: flow.it_mw[row] for row, label in enumerate(FLEXIBILITY_LABELS)}
    sources = {
        "pv": flow.pv_mw,
        "wind": flow.wind_mw,
        "tie_in": flow.tie_in_mw,
        "discharge": flow.discharge_mw,
        "import": flow.import_mw,
        "curtailed": flow.curtailed_mw,
    }
    leaving = {"charge": -flow.charge_mw, "export": -flow.export_mw, "tie_out": -flow.tie_out_mw}
    filled = [{key: v for key, v in stack.items() if np.abs(v).max() > 1e-6} for stack in (uses, sources, leaving)]
    return filled[0], filled[1], filled[2]


def week_legend(study: Study) -> tuple[LegendItem, ...]:
    """Everything drawn in the chosen arm, for the forms in which labels do not fit beside the rows."""
    items = series_items(study)
    keys = [key for stack in stacks(study.flows[study.chosen]) for key in stack]
    dotted = [] if study.alone else [items["total_at_once"]]
    return (*dotted, *(items[key] for key in keys), *arm_items(study, study.chosen))


def arm_items(study: Study, arm: str) -> list[LegendItem]:
    """The control's line and, where it is another, the arm's."""
    found = [LegendItem(study.words.arm(study.control), tokens.CONTROL, "line")]
    if arm != study.control:
        found.append(LegendItem(study.words.arm(arm), tokens.CHOSEN, "line"))
    return found

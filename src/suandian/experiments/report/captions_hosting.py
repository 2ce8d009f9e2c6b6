"""Title and caption of the hosting curves: what fits when it is never curtailed, and at 1 % of the hours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from markupsafe import Markup

from suandian.experiments.grid.room import PV_CURTAILED_RATIO, HostingCurve
from suandian.experiments.report.captions import say
from suandian.experiments.report.prose import control_phrase
from suandian.experiments.report.study import Study

__all__ = ["curves_text"]


def curves_text(
    study: Study, curves: Mapping[str, HostingCurve], pv_today_mw: float, panels: tuple[str, ...]
) -> tuple[Markup, Markup, Markup]:
    """Title, sub-line and caption; `panels` has `compute`, `pv` or both, and the title is of the first."""
    end = "_alone" if study.alone else ""
    gaps: dict[str, Markup | str] = {
        "arm": study.words.arm(study.chosen),
        "control": control_phrase(study),
        "some": study.fact("tolerated_percent", 100.0 * PV_CURTAILED_RATIO, 0, "%"),
        "now": study.fact("pv_today_mw", pv_today_mw, 0, "MW"),
    }
    for gap, arm in (("before", study.control), ("after", study.chosen)):
        curve = curves[arm]
        firm, some = (int(np.argmin(np.abs(curve.curtailed_ratio - ratio))) for ratio in (0.0, PV_CURTAILED_RATIO))
        if "compute" in panels:
            gaps[f"firm_{gap}"] = study.fact(f"compute_firm_mw.{arm}", float(curve.compute_mw[firm]), 1, "MW")
            gaps[f"some_{gap}"] = study.fact(f"compute_some_mw.{arm}", float(curve.compute_mw[some]), 1, "MW")
        if "pv" in panels:
            gaps[f"pv_{gap}"] = study.fact(f"pv_fits_mw.{arm}", float(curve.pv_mw[some]), 1, "MW")
    title = say(study, ("curves_title" if "compute" in panels else "curves_title_pv") + end, **gaps)
    said = [say(study, "curves_computing")] if "compute" in panels else []
    if "pv" in panels:
        said.append(say(study, "curves_solar", **gaps))
    if "pv" in panels and "compute" in panels and not study.alone:
        said.append(say(study, "curves_solar_pair", **gaps))
    return title, say(study, "curves_sub"), Markup(" " if study.lang == "en" else "").join(said)

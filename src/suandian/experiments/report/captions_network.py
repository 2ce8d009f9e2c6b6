"""Titles and captions of the network's figures: the finding first, every number from the AC states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from suandian.experiments.report.captions import say
from suandian.experiments.report.network import NetworkReading
from suandian.experiments.report.prose import control_phrase
from suandian.experiments.report.study import Study

__all__ = [
    "PRICE_SHOWN_CNY_PER_MWH",
    "Held",
    "evenly",
    "held_text",
    "hours_at_reverse_limit_h",
    "mains_text",
    "network_sub",
    "price_text",
    "response_masks",
    "response_text",
]

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Main transformers above this share of their reverse limit are counted in the title, which names the distance.
_AT_LIMIT_RATIO = 0.98
#: The time with the highest import from the grid above, for the response.
_TIGHT_RATIO = 0.1
#: Prices of congestion nearer to zero are written as 0.0.
PRICE_SHOWN_CNY_PER_MWH = 0.05


@dataclass(frozen=True, slots=True)
class Held:
    """One village: what its PV could have fed in, and what was held back by arm."""

    name: str
    available_mwh: float
    held_mwh: Mapping[str, float]

    def percent(self, arm: str) -> float:
        """Held back as a share of what was available, in percent."""
        return 100.0 * self.held_mwh[arm] / self.available_mwh if self.available_mwh > 0.0 else 0.0


def network_sub(study: Study, reading: NetworkReading) -> Markup:
    """What the network is made of."""
    network = reading.network
    counts = {"buses": len(network.buses.ids), "lines": reading.lines, "transformers": len(network.transformers.ids)}
    facts = {name: study.fact(f"network_{name}", float(count), 0) for name, count in counts.items()}
    return say(study, "network_sub", place=study.place.name, **facts)


def hours_at_reverse_limit_h(study: Study, reading: NetworkReading, arm: str) -> float:
    """Hours in which any main transformer is within 2 % of its reverse limit."""
    at = -reading.main_mw(arm) >= _AT_LIMIT_RATIO * reading.reverse_max_mw
    return float(at.any(axis=1).sum()) * study.step_h


def mains_text(study: Study, reading: NetworkReading) -> tuple[Markup, Markup, Markup]:
    """Title (time near the reverse limit, or without any the highest flow), sub-line and caption of the curves."""
    hours_h = {arm: hours_at_reverse_limit_h(study, reading, arm) for arm in study.pair}
    hour = study.numbers.scale("reverse_limit_h").unit
    hours = {
        gap: study.fact(f"main_limit_h.{arm}", hours_h[arm], 1, hour)
        for gap, arm in (("before", study.control), ("after", study.chosen))
    }
    back = {arm: float(np.maximum(-reading.main_mw(arm), 0.0).max(initial=0.0)) for arm in study.pair}
    down = {arm: float(reading.main_mw(arm).max(initial=0.0)) for arm in study.pair}
    sizes = {
        f"{name}_{gap}": study.fact(f"main_{name}_mw.{arm}", most[arm], 1, "MW")
        for name, most in (("back", back), ("down", down))
        for gap, arm in (("before", study.control), ("after", study.chosen))
    }
    near = study.fact("near_limit_percent", 100.0 * (1.0 - _AT_LIMIT_RATIO), 0, "%")
    key = "mains_title_limit" if max(hours_h.values()) > 0.0 else "mains_title"
    end = "_alone" if study.alone else ""
    title = say(study, key + end, control=control_phrase(study), near=near, **hours, **sizes)
    return title, say(study, "mains_sub"), say(study, f"mains_caption{end}", **sizes)


def held_text(study: Study, villages: Sequence[Held]) -> tuple[Markup, Markup, Markup]:
    """Title, sub-line and caption of the villages' losses; `villages` has those with most in the control first."""
    available_mwh = sum(village.available_mwh for village in villages)
    whole = {
        arm: 100.0 * sum(village.held_mwh[arm] for village in villages) / available_mwh if available_mwh else 0.0
        for arm in study.pair
    }
    worst = villages[0]
    gaps = {
        "before": study.fact(f"held_percent.{study.control}", whole[study.control], 1, "%"),
        "after": study.fact(f"held_percent.{study.chosen}", whole[study.chosen], 1, "%"),
        "worst_before": study.fact(f"worst_percent.{study.control}", worst.percent(study.control), 1, "%"),
        "worst_after": study.fact(f"worst_percent.{study.chosen}", worst.percent(study.chosen), 1, "%"),
        "village": Markup('<data value="name|village|">{}</data>').format(worst.name),
        "arm": study.words.arm(study.chosen),
        "control": control_phrase(study),
    }
    end = "_alone" if study.alone else ""
    caption = say(study, "held_caption_equal") if evenly(study, villages) else say(study, f"held_caption{end}", **gaps)
    return say(study, f"held_title{end}", **gaps), say(study, "held_sub"), caption


def evenly(study: Study, villages: Sequence[Held]) -> bool:
    """Do all villages give the same share in the control, as shown or within a twentieth of it?"""
    shares = [village.percent(study.control) for village in villages if village.available_mwh > 0.0]
    return bool(max(shares) - min(shares) <= max(0.05, 0.05 * max(shares)))


def response_masks(study: Study, reading: NetworkReading) -> tuple[Flags, Flags, bool]:
    """Intervals with much local sun, intervals with the highest import, and whether the sun is told by feeding back.

    Both are those of the control, so that the arms are compared in the same hours. Where the county never feeds back,
    the tenth of the time with the most PV output stands for it.
    """
    net_mw = reading.main_mw(study.control).sum(axis=1)
    tight = net_mw >= np.quantile(net_mw, 1.0 - _TIGHT_RATIO)
    back = net_mw < 0.0
    if back.any():
        return back, tight, True
    sun_mw = reading.arms[study.control].step.pv_available_mw.sum(axis=1)
    return sun_mw >= np.quantile(sun_mw, 1.0 - _TIGHT_RATIO), tight, False


def response_text(
    study: Study, reading: NetworkReading, import_mw: Mapping[str, Array]
) -> tuple[Markup, Markup, Markup]:
    """How the data centre's draw changes where the county has sun and where it is tight; `import_mw` by arm."""
    sunny, tight, back = response_masks(study, reading)
    means = {arm: (float(net[sunny].mean()), float(net[tight].mean())) for arm, net in import_mw.items()}
    key = "response_title" + ("" if back else "_sun") + ("_alone" if study.alone else "")
    if study.alone:
        sun, most = means[study.control]
        facts = [study.fact("response_sun_mw", sun, 1, "MW"), study.fact("response_tight_mw", most, 1, "MW")]
    else:
        sun, most = (after - before for before, after in zip(means[study.control], means[study.chosen], strict=True))
        facts = [
            study.fact("response_sun_mw", sun, 1, "MW", signed=True),
            study.fact("response_tight_mw", most, 1, "MW", signed=True),
        ]
    title = say(study, key, control=control_phrase(study), sun=facts[0], tight=facts[1])
    return title, say(study, "response_sub"), say(study, "response_caption")


def price_text(study: Study, price_cny_per_mwh: Array) -> Markup:
    """For how long the price of congestion was not zero as shown, and its extremes; `(T,)`."""
    hour = study.numbers.scale("reverse_limit_h").unit
    shown = np.abs(price_cny_per_mwh) >= PRICE_SHOWN_CNY_PER_MWH
    return say(
        study,
        "price_caption",
        hours=study.fact("congestion_h", float(shown.sum()) * study.step_h, 1, hour),
        whole=study.fact("study_h", len(shown) * study.step_h, 0, hour),
        low=study.fact("congestion_low_cny_per_mwh", float(price_cny_per_mwh.min()), 1),
        high=study.fact("congestion_high_cny_per_mwh", float(price_cny_per_mwh.max()), 1),
    )

"""The three cards: what matters if you decide, run the grid, or regulate, and what the figures do not show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from suandian.experiments.report.behind import bought_mwh
from suandian.experiments.report.prose import control_phrase, outcome
from suandian.experiments.report.sentences import sentence
from suandian.experiments.report.study import Study

__all__ = ["Card", "cards", "limits"]


@dataclass(frozen=True, slots=True)
class Card:
    """Three facts for one reader: (figure, words) and a link to the proof."""

    head: str
    facts: tuple[tuple[Markup, Markup], ...]
    link: str
    target: str


def _say(study: Study, key: str, **gaps: Markup | str) -> Markup:
    return sentence(study.lang, key, **gaps)


def cards(study: Study) -> list[Card]:
    """Three cards of three facts each; without a second arm the facts are those of the control alone."""
    return [
        Card(_head(study, "head_decide"), _decide(study), _head(study, "link_decide"), "coordinators"),
        Card(_head(study, "head_grid"), _grid(study), _head(study, "link_grid"), "grid"),
        Card(_head(study, "head_regulate"), _regulate(study), _head(study, "link_regulate"), "limits"),
    ]


def _head(study: Study, key: str) -> str:
    return str(sentence(study.lang, key))


def _was(study: Study, key: str, kpi: str) -> tuple[Markup, Markup]:
    """The chosen arm's figure; words that say what the control's was."""
    numbers = study.numbers
    if study.alone:
        return numbers.value(kpi, study.chosen), _say(study, f"{key}_alone")
    return numbers.value(kpi, study.chosen), _say(study, key, before=numbers.value(kpi, study.control))


def _decide(study: Study) -> tuple[tuple[Markup, Markup], ...]:
    numbers, arm = study.numbers, study.chosen
    bill = (
        (numbers.value("total_cost_cny", arm), _say(study, "bill_alone"))
        if study.alone
        else (
            numbers.delta("total_cost_cny", arm),
            _say(study, "bill", change=numbers.signed_change("total_cost_cny", arm), control=control_phrase(study)),
        )
    )
    missed = _was(study, "missed", "deadline_misses")
    delay = (
        numbers.value("delay_mean_h", arm),
        _say(study, "delay", p95=numbers.value("delay_p95_h", arm)),
    )
    return (missed, bill, delay) if outcome(study).later else (bill, missed, delay)


def _grid(study: Study) -> tuple[tuple[Markup, Markup], ...]:
    peaks = [study.fact(f"place_peak_mw.{arm}", float(study.flows[arm].import_mw.max()), 1, "MW") for arm in study.pair]
    limited = bool(np.isfinite(study.place.import_max_mw))
    limit = study.fact("import_max_mw", study.place.import_max_mw, 1, "MW") if limited else ""
    key = ("peak" if limited else "peak_free") + ("_alone" if study.alone else "")
    peak = (peaks[-1], _say(study, key, place=study.place.name, before=peaks[0], limit=limit))
    facts = [peak]
    if study.finding.truth.fleet.feeders:
        facts.append(_was(study, "reverse", "reverse_limit_h"))
    if study.numbers.has("import_violation_mwh"):
        facts.append(_was(study, "over", "import_violation_mwh"))
    return tuple(facts)


def _regulate(study: Study) -> tuple[tuple[Markup, Markup], ...]:
    numbers, arm = study.numbers, study.chosen
    if study.alone:
        official = numbers.value("carbon_official_kg", arm)
        carbon = (numbers.value("carbon_average_kg", arm), _say(study, "carbon_alone", official=official))
    else:
        official = numbers.signed_change("carbon_official_kg", arm)
        carbon = (numbers.signed_change("carbon_average_kg", arm), _say(study, "carbon", official=official))
    curtailed = _was(study, "solar_wind" if study.windy else "solar", study.curtailed_kpi)
    return (carbon, _was(study, "share", "renewable_share_ratio"), curtailed)


def limits(study: Study) -> list[Markup]:
    """What the numbers do not show, as far as it applies to this study."""
    numbers, arm = study.numbers, study.chosen
    said = []
    if study.finding.arms[arm].kpis.get("import_violation_mwh", 0.0) > 5e-4:
        said.append(_say(study, "n_over", over=numbers.value("import_violation_mwh", arm)))
    days = study.fact("days", study.finding.truth.axis.duration_h / 24.0, 0)
    said += [_say(study, "n_carbon"), _say(study, "n_period", days=days), _say(study, "n_willing")]
    fleet = study.finding.truth.fleet
    if len(fleet.sites) > 1 and fleet.transfer.is_free:
        said.append(_say(study, "n_data"))
    if study.finding.truth.fleet.feeders:
        said.append(_say(study, "n_network" if study.network is None else "n_network_known"))
    if "foresight" in study.finding.arms:
        said.append(_say(study, "n_short"))
    bought = study.fact("bought_mwh", bought_mwh(study, arm), 0, "MWh")
    return [*said, _say(study, "n_base", bought=bought)]

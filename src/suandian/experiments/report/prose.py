"""What the page says in words: verdict, headline, lead, advice and cards, honest for any sign of any figure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from suandian.experiments.report.numbers import CURTAILED, MEASURES, Measure, percent, round_half_up, tagged
from suandian.experiments.report.sentences import sentence
from suandian.experiments.report.study import Study

__all__ = [
    "Outcome",
    "arms_sub",
    "arms_title",
    "control_phrase",
    "headline",
    "kpi_title",
    "lead",
    "next_steps",
    "outcome",
    "verdict",
]

_MEASURE: dict[str, Measure] = {measure.kpi: measure for measure in (*MEASURES, CURTAILED)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the chosen arm compares: KPIs gained and lost (as shown), late jobs, import above a limit, waiting.

    `late`: some jobs are; `later`: more than in the control (or any where there is none); `fewer`: fewer than there.
    """

    gains: tuple[str, ...]
    losses: tuple[str, ...]
    late: bool
    later: bool
    fewer: bool
    over: bool
    waits: bool


def outcome(study: Study) -> Outcome:
    """Directions of the figures as shown; a difference that rounds to nothing is no difference.

    Beside a loss, a gain below half a percent is not called one; losses are told however small they are.
    """
    numbers, arm = study.numbers, study.chosen
    known = [kpi for kpi in _said(study) if numbers.has(kpi)]
    directions = {kpi: numbers.direction(_MEASURE[kpi], arm) for kpi in known}
    losses = tuple(kpi for kpi in known if directions[kpi] < 0)
    record = study.finding.arms[arm].kpis
    more = numbers.difference("deadline_misses", arm)
    late = record["deadline_misses"] > 0
    return Outcome(
        gains=tuple(kpi for kpi in known if directions[kpi] > 0 and (not losses or _material(study, kpi))),
        losses=losses,
        late=late,
        later=late and (study.alone or more > 0),
        fewer=more < 0,
        over=record.get("import_violation_mwh", 0.0) > 5e-4,
        waits=numbers.difference("delay_mean_h", arm) > 0,
    )


def _said(study: Study) -> tuple[str, ...]:
    """What the headline may speak of, in order of weight."""
    return ("total_cost_cny", study.curtailed_kpi, "carbon_average_kg", "peak_import_mw")


def _material(study: Study, kpi: str) -> bool:
    change = study.numbers.change(kpi, study.chosen)
    return change is None or abs(change) >= Decimal("0.5")


def control_phrase(study: Study) -> Markup:
    """The control as it stands in a sentence: `running at once`, or the name of another coordinator."""
    if study.control == "run_now":
        return sentence(study.lang, "c_run_now")
    return sentence(study.lang, "c_other", arm=study.words.arm(study.control))


def verdict(study: Study) -> Markup:
    """The verdict in a few words; late jobs and overloads are said before any gain."""
    found, lang = outcome(study), study.lang
    if found.later:
        return _late(study, "v_late")
    if found.over:
        return sentence(lang, "v_over")
    if study.alone:
        return sentence(lang, "v_alone")
    if found.late and found.fewer and "total_cost_cny" in found.gains:
        n, m = (study.numbers.value("deadline_misses", arm) for arm in (study.chosen, study.control))
        return sentence(lang, "v_cheaper_fewer", n=n, m=m)
    if found.gains and found.losses:
        bill = study.numbers.direction(_MEASURE["total_cost_cny"], study.chosen)
        return sentence(lang, {1: "v_cheaper_but", -1: "v_dearer_but", 0: "v_mixed"}[bill])
    if found.gains:
        return sentence(lang, "v_better_wait" if found.waits else "v_better", control=control_phrase(study))
    return sentence(lang, "v_worse" if found.losses else "v_same", control=control_phrase(study))


def _late(study: Study, key: str) -> Markup:
    numbers = study.numbers
    one = numbers.shown("deadline_misses", study.chosen) == 1
    n = numbers.value("deadline_misses", study.chosen)
    if key == "h_late" and not study.alone and numbers.shown("deadline_misses", study.control) > 0:
        m = numbers.value("deadline_misses", study.control)
        return sentence(study.lang, "h_late_both", n=n, m=m, control=control_phrase(study))
    return sentence(study.lang, f"{key}_one" if one else key, n=n)


def headline(study: Study) -> Markup:
    """One sentence: what is gained and what it costs. Clauses are kept whole, so that no line breaks in a word."""
    found, lang, words = outcome(study), study.lang, study.words
    clauses = _alone(study) if study.alone else _compared(study, found)
    text = Markup(words("comma")).join(clauses) + words("stop")
    if found.late and not found.fewer:
        text = _late(study, "h_late") + words("late_stop") + text
    if lang == "en":
        return text
    return Markup("").join(Markup('<span class="clause">{}</span>').format(part) for part in _zh_clauses(text))


def _alone(study: Study) -> list[Markup]:
    bill = study.numbers.value("total_cost_cny", study.control)
    if study.numbers.shown(study.curtailed_kpi, study.control) == 0:
        return [sentence(study.lang, "h_alone_clean", bill=bill, control=control_phrase(study))]
    curtailed, key = study.numbers.value(study.curtailed_kpi, study.control), _windy(study, "h_alone")
    return [sentence(study.lang, key, bill=bill, curtailed=curtailed, control=control_phrase(study))]


def _compared(study: Study, found: Outcome) -> list[Markup]:
    lang, arm, numbers = study.lang, study.chosen, study.numbers
    subject = _subject(study)
    gains = [sentence(lang, f"g_{_said_as(study, kpi)}", by=numbers.by(kpi, arm)) for kpi in found.gains[:2]]
    losses = [sentence(lang, f"l_{_said_as(study, kpi)}", by=numbers.by(kpi, arm)) for kpi in found.losses[:2]]
    if found.fewer:
        before, after = (numbers.value("deadline_misses", name) for name in study.pair)
        gains.append(sentence(lang, "g_fewer", before=before, after=after))
    if not losses and found.waits:
        losses = [sentence(lang, "l_delay_mean_h", gap=numbers.gap("delay_mean_h", study.control, arm))]
    if gains:
        said = sentence(lang, "h_cut", subject=subject, gains=_join(study, gains))
        return [said, sentence(lang, "h_but", losses=_join(study, losses))] if losses else [said]
    if found.losses:
        return [Markup(study.words("colon")).join([sentence(lang, "h_bad", subject=subject), _join(study, losses)])]
    return [sentence(lang, _windy(study, "h_same"), subject=subject)]


def _windy(study: Study, key: str) -> str:
    """The pattern that speaks of wind as well, where there is wind."""
    return f"{key}_wind" if study.windy else key


def _said_as(study: Study, kpi: str) -> str:
    """A sum of peaks is not to be read as the peak of one connection."""
    return "peaks" if kpi == "peak_import_mw" and study.many_connections else kpi


def _subject(study: Study) -> Markup:
    key = f"s_{study.chosen}"
    if study.chosen == "rolling":
        key = _windy(study, key)
    if study.chosen in ("rolling", "foresight", "greenest_site"):
        return sentence(study.lang, key)
    return sentence(study.lang, "s_other", arm=study.words.arm(study.chosen))


def _join(study: Study, parts: Sequence[Markup | str]) -> Markup:
    """`a`, `a and b`, `a, b and c`."""
    marked = [Markup.escape(part) for part in parts]
    if len(marked) < 2 or study.lang == "zh":
        return Markup(study.words("list")).join(marked)
    return Markup(study.words("list")).join(marked[:-1]) + study.words("and") + marked[-1]


def _zh_clauses(text: Markup) -> list[Markup]:
    return [Markup(part) for part in re.split("(?<=[，；：、])", str(text))]


def lead(study: Study) -> Markup:
    """Bill, curtailment, service and the distance to perfect knowledge, from and to."""
    lang, numbers, arm = study.lang, study.numbers, study.chosen
    jobs = study.fact("jobs_count", study.finding.arms[arm].jobs.height, 0)
    said = []
    if outcome(study).over:
        said.append(sentence(lang, "lead_over", over=numbers.value("import_violation_mwh", arm)))
    late = study.finding.arms[arm].kpis["deadline_misses"] > 0
    if study.finding.arms[arm].jobs.height:
        n = numbers.value("deadline_misses", arm)
        said.append(sentence(lang, "lead_late", jobs=jobs, n=n) if late else sentence(lang, "lead_on_time", jobs=jobs))
    less_work = numbers.shown("work_gpu_h", arm) <= numbers.shown("work_gpu_h", study.control)
    if less_work and numbers.difference("jobs_completed", arm) < 0:
        gap = numbers.gap("jobs_completed", study.control, arm)
        said.append(sentence(lang, "lead_fewer", gap=gap, control=control_phrase(study)))
    if numbers.has("interactive_unserved_mwh") and numbers.shown("interactive_unserved_mwh", arm) > 0:
        said.append(sentence(lang, "lead_unserved", unserved=numbers.value("interactive_unserved_mwh", arm)))
    if not study.alone:
        said.append(_from_to(study, "lead_bill", "total_cost_cny"))
        dark = all(numbers.shown(study.curtailed_kpi, name) == 0 for name in study.pair)
        key = _windy(study, "lead_no_solar" if dark else "lead_solar")
        said.append(sentence(lang, key) if dark else _from_to(study, key, study.curtailed_kpi))
    said += _beyond(study, "lead_bound", "lead_foresight")
    return Markup(" " if lang == "en" else "").join(said)


def _beyond(study: Study, bound: str, foresight: str) -> list[Markup]:
    """What could still be saved: down to the proved bound, else to the arm that knows the future if it is punctual."""
    numbers, arm = study.numbers, study.chosen
    if study.alone or arm == "foresight":
        return []
    if study.bound_cny is not None:
        if numbers.above_bound(study.bound_cny, arm) <= 0:
            return []
        return [sentence(study.lang, bound, gap=numbers.bound_gap(study.bound_cny, arm))]
    if study.has_peer and numbers.shown("objective_cny", "foresight") < numbers.shown("objective_cny", arm):
        return [sentence(study.lang, foresight, gap=numbers.gap("objective_cny", arm, "foresight"))]
    return []


def _from_to(study: Study, key: str, kpi: str) -> Markup:
    before, after = (study.numbers.value(kpi, arm) for arm in study.pair)
    return sentence(study.lang, key, before=before, after=after)


def next_steps(study: Study) -> list[Markup]:
    """At most three pieces of advice, each with the figure that it is worth."""
    lang, numbers, arm, found = study.lang, study.numbers, study.chosen, outcome(study)
    name = study.words.arm(arm)
    steps = []
    adopt = "total_cost_cny" in found.gains and not (found.later or found.over)
    if adopt and not study.alone:
        steps.append(sentence(lang, "a_adopt", arm=name, delta=numbers.delta("total_cost_cny", arm)))
    if found.late:
        steps.append(
            sentence(lang, "a_late" if found.later else "a_late_still", n=numbers.value("deadline_misses", arm))
        )
    if found.over:
        steps.append(sentence(lang, "a_over", over=numbers.value("import_violation_mwh", arm)))
    if study.alone:
        steps.append(sentence(lang, "a_compare"))
    elif "total_cost_cny" in found.losses:
        steps.append(_stay(study))
    steps += _cheaper_arm(study)
    if numbers.shown(study.curtailed_kpi, arm) > 0:
        rest = numbers.value(study.curtailed_kpi, arm)
        steps.append(sentence(lang, _windy(study, "a_solar"), rest=rest))
    steps += _beyond(study, "a_bound", "a_forecast")
    if numbers.shown("reverse_limit_h", arm) > 0:
        steps.append(sentence(lang, "a_reverse", hours=numbers.value("reverse_limit_h", arm)))
    return steps[:3]


def _stay(study: Study) -> Markup:
    delta = study.numbers.delta("total_cost_cny", study.chosen)
    name = study.words.arm(study.chosen)
    return sentence(study.lang, "a_no_adopt", arm=name, delta=delta, control=control_phrase(study))


def _cheaper_arm(study: Study) -> list[Markup]:
    """The arm with the lowest bill, where it is neither the chosen one nor one that knows the future."""
    numbers = study.numbers
    most = numbers.shown("deadline_misses", study.chosen)
    usable = [
        name
        for name, arm in study.finding.arms.items()
        if name not in ("foresight", study.control) and arm.kpis["deadline_misses"] <= most
    ]
    if study.alone or not usable:
        return []
    best = min(usable, key=lambda name: numbers.shown("total_cost_cny", name))
    if numbers.shown("total_cost_cny", best) >= numbers.shown("total_cost_cny", study.chosen):
        return []
    gap = numbers.gap("total_cost_cny", study.chosen, best)
    return [sentence(study.lang, "a_other", arm=study.words.arm(best), gap=gap)]


def kpi_title(study: Study) -> tuple[Markup, Markup]:
    """Title of the KPI table from the signs in its groups, and the line below."""
    lang, numbers = study.lang, study.numbers
    if study.alone:
        return sentence(lang, "k_alone", control=control_phrase(study)), sentence(lang, "k_sub_alone")
    states: dict[str, list[str]] = {"better": [], "worse": [], "mixed": []}
    for group in ("money", "grid", "carbon", "service"):
        signs = {numbers.mark(m, study.chosen) for m in MEASURES if m.group == group and numbers.has(m.kpi)} - {0}
        state = "mixed" if len(signs) > 1 else {1: "better", -1: "worse"}.get(next(iter(signs), 0), "")
        if state:
            states[state].append(study.words(f"in_{group}"))
    said = [sentence(lang, f"k_{state}", groups=_join(study, names)) for state, names in states.items() if names]
    arm = study.words.arm(study.chosen)
    key = "k_sub_foresight" if study.chosen == "foresight" else "k_sub"
    sub = sentence(lang, key, arm=arm, control=study.words.arm(study.control))
    if not said:
        return sentence(lang, "k_same", arm=arm), sub
    return sentence(lang, "k_title", arm=arm, states=Markup(study.words("comma")).join(said)), sub


def arms_title(study: Study) -> Markup:
    """How much of the possible saving in the objective the chosen arm keeps, where a bound stands."""
    numbers, bound_cny = study.numbers, study.bound_cny
    if study.alone or study.chosen == "foresight" or (bound_cny is None and not study.has_peer):
        return sentence(study.lang, "t_arms")
    if bound_cny is None:
        possible = -numbers.difference("objective_cny", "foresight")
    else:
        possible = numbers.above_bound(bound_cny, study.control)
    kept = -numbers.difference("objective_cny", study.chosen)
    if possible <= 0 or kept <= 0 or kept > possible:
        return sentence(study.lang, "t_arms")
    share = tagged("kept", "objective_cny", study.chosen, percent(round_half_up(kept / possible * 100, 0), 0))
    key = "t_arms_share" if bound_cny is None else "t_arms_most"
    return sentence(study.lang, key, arm=study.words.arm(study.chosen), share=share)


def arms_sub(study: Study) -> Markup:
    """What the small figures are, why the arm that knows the future is late, and what the bound is."""
    lang, numbers = study.lang, study.numbers
    said = [sentence(lang, "t_arms_sub")]
    late = {arm for arm in study.finding.arms if numbers.shown("deadline_misses", arm) > 0}
    if "foresight" in late:
        gaps = {"arm": study.words.arm("foresight"), "n": numbers.value("deadline_misses", "foresight")}
        said.append(sentence(lang, "t_foresight_late", **gaps))
    if study.bound_cny is not None:
        said.append(sentence(lang, "t_bound", bound=numbers.bound(study.bound_cny)))
    elif late and len(study.finding.arms) > 1:
        said.append(sentence(lang, "t_late"))
    return Markup(" " if lang == "en" else "").join(said)

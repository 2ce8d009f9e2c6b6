"""The tables of the page: key figures, all coordinators, and the numbers behind each figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from markupsafe import Markup, escape

from suandian.experiments.report.behind import behind
from suandian.experiments.report.numbers import MEASURES, NBSP, NETWORK_MEASURES, Measure, fixed
from suandian.experiments.report.study import Study

__all__ = ["ArmRow", "KpiRow", "arm_columns", "arm_rows", "kpi_rows", "network_rows", "number_table"]


@dataclass(frozen=True, slots=True)
class KpiRow:
    """One measure of the KPI table. `mark` is better, worse or same; a row without `kpi` is a group head."""

    group: str
    name: str
    unit: str
    kpi: str
    control: str
    chosen: str
    difference: str
    change: str
    mark: str
    why: Markup
    strong: bool


@dataclass(frozen=True, slots=True)
class ArmRow:
    """One coordinator: `cells` are (value, change against the control)."""

    name: str
    kind: str
    cells: tuple[tuple[str, str], ...]


_MARK = {1: "better", -1: "worse", 0: "same"}
_ARM_COLUMNS = (
    ("col_total", "total_cost_cny"),
    ("col_objective", "objective_cny"),
    ("col_carbon", "carbon_average_kg"),
    ("col_curtailed", "pv_curtailed_mwh"),
    ("col_wind", "wind_curtailed_mwh"),
    ("col_peak", "peak_import_mw"),
    ("col_limit", "reverse_limit_h"),
    ("col_share", "renewable_share_ratio"),
    ("col_misses", "deadline_misses"),
    ("col_delay", "delay_mean_h"),
)


def shown_measures(study: Study) -> list[Measure]:
    """Measures that the study has; those that are zero in every arm by absence of the thing are left out.

    Interactive demand is served always but for failures: it appears where one of the two arms shown has any.
    """
    optional = {"import_violation_mwh", "battery_throughput_mwh", "wind_curtailed_mwh", "tie_mwh"}
    arms, numbers = study.finding.arms, study.numbers
    return [
        measure
        for measure in MEASURES
        if numbers.has(measure.kpi)
        and not (
            measure.kpi == "interactive_unserved_mwh"
            and all(numbers.shown(measure.kpi, arm) == 0 for arm in study.pair)
        )
        and not (measure.kpi in optional and all(arm.kpis[measure.kpi] == 0 for arm in arms.values()))
    ]


def kpi_rows(study: Study) -> list[KpiRow]:
    """Control against chosen, in the order of the measures."""
    return [_kpi_row(study, measure) for measure in shown_measures(study)]


def network_rows(study: Study) -> list[KpiRow]:
    """The same for the measures of the network; `–` where a measure has no meaning in the study."""
    return [
        _kpi_row(study, measure) if study.numbers.has(measure.kpi) else _without(study, measure)
        for measure in NETWORK_MEASURES
    ]


def _kpi_row(study: Study, measure: Measure) -> KpiRow:
    numbers, words = study.numbers, study.words
    return KpiRow(
        group=measure.group,
        name=words("peaks" if measure.kpi == "peak_import_mw" and study.many_connections else measure.kpi),
        unit=numbers.scale(measure.kpi).unit.replace(" ", NBSP) or words("unit_jobs"),
        kpi=measure.kpi,
        control=numbers.text(measure.kpi, study.control),
        chosen=numbers.text(measure.kpi, study.chosen),
        difference=numbers.difference_text(measure.kpi, study.chosen),
        change=numbers.change_text(measure.kpi, study.chosen),
        mark=_MARK[numbers.mark(measure, study.chosen)],
        why=behind(study, measure.kpi),
        strong=measure.kpi == "total_cost_cny",
    )


def _without(study: Study, measure: Measure) -> KpiRow:
    unit = study.numbers.unit(measure.kpi)
    none = "–"
    name = study.words(measure.kpi)
    # An arm may have a figure that the other has not: the error of a linear network needs a plan that knows it.
    values = [study.finding.arms[arm].kpis[measure.kpi] for arm in (study.control, study.chosen)]
    control, chosen = (fixed(value, 3) if isfinite(value) else none for value in values)
    return KpiRow(measure.group, name, unit, measure.kpi, control, chosen, none, none, "same", Markup(""), strong=False)


def arm_columns(study: Study) -> list[tuple[str, str]]:
    """(heading, KPI) of the table of all coordinators."""
    numbers, words = study.numbers, study.words
    columns = [
        (key if key != "col_peak" or not study.many_connections else "col_peaks", kpi) for key, kpi in _ARM_COLUMNS
    ]
    return [
        (words(key, unit=numbers.scale(kpi).unit.replace(" ", NBSP)) if key != "col_misses" else words(key), kpi)
        for key, kpi in columns
        if numbers.has(kpi) and (kpi != "wind_curtailed_mwh" or study.windy)
    ]


def arm_rows(study: Study) -> list[ArmRow]:
    """All coordinators in the scenario's order."""
    numbers, words = study.numbers, study.words
    no_percent = ("deadline_misses", "delay_mean_h")
    rows = []
    for arm in study.finding.arms:
        name, kind = words.arm(arm), "other"
        if arm == study.control:
            name, kind = words("control_mark", arm=name), "control"
        elif arm == study.chosen:
            kind = "chosen"
        if arm == "foresight" and arm != study.control:
            name = words("bound_mark", arm=words.arm(arm))
        cells = tuple(
            (
                numbers.text(kpi, arm),
                "" if arm == study.control or kpi in no_percent else numbers.change_text(kpi, arm),
            )
            for _, kpi in arm_columns(study)
        )
        rows.append(ArmRow(name, kind, cells))
    if study.bound_cny is not None:
        bound = fixed(study.bound_cny / numbers.scale("objective_cny").scale, numbers.scale("objective_cny").decimals)
        cells = tuple((bound if kpi == "objective_cny" else "–", "") for _, kpi in arm_columns(study))
        rows.append(ArmRow(words("bound_row"), "bound", cells))
    return rows


def number_table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """A plain table: first column is the row's head, the rest are figures."""
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(text) for text in heads)
    body = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            row[0], Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row[1:])
        )
        for row in rows
    )
    return Markup(
        '<table class="numbers"><caption>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>'
    ).format(escape(caption), head, body)

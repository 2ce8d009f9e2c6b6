"""“What lies behind it”: for each key figure the quantity that explains it, computed from the journals.

No cause is claimed that was not computed: the column shows mean prices, billed peaks, shares and limits.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from markupsafe import Markup

from suandian.experiments.report.sentences import sentence
from suandian.experiments.report.study import Study

__all__ = ["behind", "bought_mwh", "delayed_share_percent", "solar_available_mwh"]


def behind(study: Study, kpi: str) -> Markup:
    """The explanation of one KPI, or an empty text."""
    maker = _MAKERS.get(kpi)
    return maker(study) if maker else Markup("")


def bought_mwh(study: Study, arm: str) -> float:
    """Energy imported at the billing meters of all sites."""
    journal = study.finding.arms[arm].journal
    return float(sum(journal.metered(f"site/{s.id}/grid")[0].sum() for s in study.finding.truth.fleet.sites))


def solar_available_mwh(study: Study, arm: str) -> float:
    """Solar energy that could have been used, sites and neighbours together."""
    journal = study.finding.arms[arm].journal
    ids = [meter.id for meter in journal.meters if meter.id.endswith("/pv_available")]
    return float(sum(journal.metered(meter)[1].sum() + journal.metered(meter)[0].sum() for meter in ids))


def wind_available_mwh(study: Study, arm: str) -> float:
    """Wind energy that could have been used."""
    journal = study.finding.arms[arm].journal
    ids = [meter.id for meter in journal.meters if meter.id.endswith("/wind_available")]
    return float(sum(journal.metered(meter)[1].sum() for meter in ids))


def delayed_share_percent(study: Study, arm: str) -> float:
    """Share of jobs that wait a minute or longer, in percent; 0 without jobs."""
    delay_h = _delay_h(study, arm)
    return float((delay_h >= 1 / 60).mean() * 100) if len(delay_h) else 0.0


def _delay_h(study: Study, arm: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return study.finding.arms[arm].jobs["delay_h"].drop_nulls().to_numpy().astype(np.float64)


def _text(study: Study, key: str, values: Markup | str = "") -> Markup:
    return sentence(study.lang, f"b_{key}", values=values)


def _pair(study: Study, name: str, of: Callable[[str], float], decimals: int) -> Markup:
    """`612 → 540`: control and chosen; a single value where they are shown alike."""
    facts = [study.fact(f"{name}.{arm}", of(arm), decimals) for arm in study.pair]
    if len(facts) == 2 and facts[0].striptags() == facts[1].striptags():
        facts = facts[:1]
    return Markup("\u00a0→\u00a0").join(facts)


def _per_bought(study: Study, name: str, kpi: str) -> Markup:
    def ratio(arm: str) -> float:
        energy = bought_mwh(study, arm)
        return study.finding.arms[arm].kpis[kpi] / energy if energy else 0.0

    return _pair(study, name, ratio, 0)


def _billed(study: Study) -> Markup:
    step_h = study.step_h

    def peaks(arm: str) -> float:
        journal = study.finding.arms[arm].journal
        return float(
            sum(journal.metered(f"site/{s.id}/grid")[0].max() / step_h for s in study.finding.truth.fleet.sites)
        )

    return _text(study, "billed", _pair(study, "billed_mw", peaks, 1))


def _curtailed(study: Study) -> Markup:
    def share(arm: str) -> float:
        available = solar_available_mwh(study, arm)
        return study.finding.arms[arm].kpis["pv_curtailed_mwh"] / available * 100 if available else 0.0

    return _text(study, "curtailed", _pair(study, "curtailed_percent", share, 1))


def _wind(study: Study) -> Markup:
    def share(arm: str) -> float:
        available = wind_available_mwh(study, arm)
        return study.finding.arms[arm].kpis["wind_curtailed_mwh"] / available * 100 if available else 0.0

    return _text(study, "wind", _pair(study, "wind_percent", share, 1))


def _at_place(study: Study) -> Markup:
    limit_mw = study.place.import_max_mw
    peaks = _pair(study, "place_peak_mw", lambda arm: float(study.flows[arm].import_mw.max()), 1)
    limited = bool(np.isfinite(limit_mw))
    limit = study.fact("import_max_mw", limit_mw, 1) if limited else ""
    key = "b_at_place_limit" if limited else "b_at_place"
    return sentence(study.lang, key, place=study.place.name, values=peaks, limit=limit)


def _hours(study: Study) -> Markup:
    return _text(study, "of_hours", study.fact("duration_h", study.finding.truth.axis.duration_h, 0))


def _cycles(study: Study) -> Markup:
    capacity_mwh = sum(site.battery.energy_mwh for site in study.finding.truth.fleet.sites if site.battery)
    if not capacity_mwh:
        return Markup("")
    kpis = {arm: study.finding.arms[arm].kpis for arm in study.pair}
    return _text(
        study, "cycles", _pair(study, "cycles", lambda arm: kpis[arm]["battery_throughput_mwh"] / capacity_mwh, 1)
    )


def _jobs(study: Study) -> Markup:
    frame = study.finding.arms[study.chosen].jobs
    return _text(study, "of_jobs", study.fact("jobs_count", frame.height, 0)) if frame.height else Markup("")


def _on_time(study: Study) -> Markup:
    if not study.finding.arms[study.control].jobs.height:
        return Markup("")
    return _text(
        study, "on_time", _pair(study, "on_time_percent", lambda arm: 100 - delayed_share_percent(study, arm), 1)
    )


_MAKERS: dict[str, Callable[[Study], Markup]] = {
    "energy_cost_cny": lambda s: _text(s, "mean_price", _per_bought(s, "price", "energy_cost_cny")),
    "demand_charge_cny": _billed,
    "total_cost_cny": lambda s: _text(s, "both"),
    "objective_cny": lambda s: _text(s, "objective"),
    "pv_curtailed_mwh": _curtailed,
    "wind_curtailed_mwh": _wind,
    "tie_mwh": lambda s: _text(s, "tie"),
    "peak_import_mw": _at_place,
    "reverse_limit_h": _hours,
    "import_violation_mwh": lambda s: _text(s, "violation"),
    "battery_throughput_mwh": _cycles,
    "renewable_share_ratio": lambda s: _text(s, "hourly"),
    "carbon_average_kg": lambda s: _text(s, "intensity", _per_bought(s, "average", "carbon_average_kg")),
    "carbon_marginal_kg": lambda s: _text(s, "intensity", _per_bought(s, "marginal", "carbon_marginal_kg")),
    "carbon_official_kg": lambda s: _text(s, "intensity", _per_bought(s, "official", "carbon_official_kg")),
    "deadline_misses": _jobs,
    "delay_mean_h": _on_time,
}

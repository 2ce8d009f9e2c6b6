"""A longer period before a study: rules need weeks of history, and a league needs many windows."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from suandian.experiments.scenario import Scenario
from suandian.quantity.errors import Fault, ScenarioError

__all__ = ["own_days", "period_of"]


def own_days(scenario: Scenario) -> int:
    """Local days that the scenario itself covers, begun ones counted."""
    return max(1, -(-round(scenario.axis.duration_h) // 24))


def period_of(scenario: Scenario, days: int) -> Scenario:
    """The same study over `days` local days that end where it ends; with its own length it is returned as it is.

    Generated and traced jobs arrive at the study's own rate (`jobs.count` is scaled to the length). The world of the
    longer period is another draw of the same generator: the last days are like the study's, not equal to them.
    Raises `ScenarioError` where series or jobs were given as tables or arrays, which say nothing of other days.
    """
    if days < 1:
        raise ScenarioError([Fault("--days", f"{days}: at least one day is measured")], source=scenario.name)
    if days == own_days(scenario):
        return scenario
    _refuse_tables(scenario, days)
    axis = scenario.axis
    last = axis.end.astimezone(ZoneInfo(scenario.zone))
    first = (last.replace(tzinfo=None) - timedelta(days=days)).replace(tzinfo=ZoneInfo(scenario.zone))
    hours = (axis.end - first).total_seconds() / 3600.0
    count = scenario.study.jobs.count
    scaled = max(1, round(count * hours / axis.duration_h)) if count else 0
    study = scenario.study
    time = study.time.model_copy(update={"start": first.isoformat(), "end": last.isoformat(), "duration_s": None})
    jobs = study.jobs.model_copy(update={"count": scaled})
    longer = study.model_copy(update={"time": time, "jobs": jobs})
    return Scenario(longer, scenario.data, scenario.inputs, scenario.source)


def _refuse_tables(scenario: Scenario, days: int) -> None:
    from suandian.experiments.scenario.study import SIGNALS

    study = scenario.study
    given = [f"signals.{name}" for name in SIGNALS if getattr(study.signals, name)]
    given += [f"signals.{name}" for name in scenario.inputs.signals]
    given += ["jobs.table"] if study.jobs.table is not None or scenario.inputs.jobs is not None else []
    if given:
        told = f"{days} days are asked for, but {', '.join(dict.fromkeys(given))} cover the study's own days alone"
        raise ScenarioError([Fault("--days", f"{told}; write --days {own_days(scenario)}")], source=scenario.name)

"""Running a study: every arm on the same truth, reduced to KPIs, compared, and kept."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from math import nan
from pathlib import Path

from suandian.experiments.arms import ArmPlan, ArmResult, Progress, run_arms
from suandian.experiments.finding import Arm, Finding, Provenance
from suandian.experiments.keeping import keep
from suandian.experiments.kpi import reduce_journal
from suandian.experiments.scenario import Scenario
from suandian.experiments.scenario.scenario import Arm as ScenarioArm
from suandian.quantity.errors import Fault, ScenarioError
from suandian.simulation.desk import ForecastSchedule
from suandian.simulation.truth import Truth

__all__ = ["run"]

_PACKAGES = ("suandian", "numpy", "scipy", "numba", "polars", "highspy", "clarabel", "pvlib")


def run(
    scenario: Scenario,
    *,
    coordinators: Sequence[str] = (),
    out: str | Path | None = None,
    languages: Sequence[str] = ("en", "zh"),
    workers: int = 1,
    progress: Progress | None = None,
) -> Finding:
    """Run `scenario` and return what it found.

    coordinators   names of the arms to run, the scenario's own by default; the control is always among them
    out            folder under which `<name>-<hash>/` is kept (`<name>-<hash>-<arms>/` where not all arms run);
                   nothing is written if left out
    languages      reports to write there
    workers        processes side by side, at most one per arm; a script that asks for more than one needs
                   `if __name__ == "__main__":`, since each process reads it again

    Raises `ScenarioError` for an unknown arm and `Infeasible` where the study has no solution.
    """
    truth = scenario.truth()
    plans = _arm_plans(scenario, coordinators)
    results = {
        result.name: result for result in run_arms(truth, plans, workers=min(workers, len(plans)), progress=progress)
    }
    arms = {plan.name: _arm(results[plan.name], truth, scenario.currency) for plan in plans}
    finding = Finding(
        name=scenario.name,
        title=scenario.title,
        question=scenario.question,
        truth=truth,
        arms=arms,
        control=scenario.control,
        chosen=scenario.chosen if scenario.chosen in arms else plans[-1].name,
        bound_cny=_bound_cny(results),
        provenance=_provenance(scenario, truth),
        folder=None,
    )
    if out is None:
        return finding
    # Fewer arms are kept in a folder of their own, so that they never take the place of the whole study.
    part = "+".join(arms) if len(arms) < len(scenario.coordinators) else ""
    folder = keep(finding, scenario.to_yaml(), Path(out), languages=tuple(languages), part=part)
    return replace(finding, folder=folder)


def _arm_plans(scenario: Scenario, wanted: Sequence[str]) -> list[ArmPlan]:
    known = {arm.name: arm for arm in scenario.coordinators}
    faults = [
        Fault("coordinators", f"{name!r} is no arm of {scenario.name}; write one of {', '.join(known)}")
        for name in wanted
        if name not in known
    ]
    if faults:
        raise ScenarioError(faults, source="arguments")
    names = [name for name in known if not wanted or name in wanted or name == scenario.control]
    names.sort(key=lambda name: name != scenario.control)
    return [_arm_plan(scenario, known[name]) for name in names]


def _arm_plan(scenario: Scenario, arm: ScenarioArm) -> ArmPlan:
    forecasts = scenario.forecasts_for(arm)
    schedule = (
        ForecastSchedule.perfect()
        if arm.forecasts == "perfect"
        else ForecastSchedule(forecasts.issue_every_h, forecasts.models, scenario.seed)
    )
    return ArmPlan(arm.name, arm.coordinator, arm.options, scenario.deciding_party, schedule)


def _arm(result: ArmResult, truth: Truth, currency: str) -> Arm:
    reduced = reduce_journal(result.journal, truth, currency=currency, wall_s=result.wall_s)
    return Arm(
        result.name,
        result.journal,
        reduced.kpis,
        reduced.sites,
        reduced.jobs,
        reduced.ledger,
        reduced.buses,
        reduced.branches,
    )


def _bound_cny(results: Mapping[str, ArmResult]) -> float:
    """Objective of the fluid relaxation with perfect knowledge, from the plan of the arm that solved it."""
    for result in results.values():
        for plan in result.journal.plans():
            if "bound_cny" in plan.diagnostics:
                return plan.diagnostics["bound_cny"]
    return nan


def _provenance(scenario: Scenario, truth: Truth) -> Provenance:
    rows = []
    for name, text in sorted(truth.sources.items()):
        head, _, mark = text.rpartition(" [")
        rows.append((name, head, mark.rstrip("]")) if head and mark.endswith("]") else (name, text, ""))
    return Provenance(
        scenario=scenario.name,
        scenario_hash=scenario.hash,
        seed=scenario.seed,
        versions={"python": platform.python_version()} | {name: version(name) for name in _PACKAGES},
        sources=tuple(rows),
        command=scenario.command,
    )

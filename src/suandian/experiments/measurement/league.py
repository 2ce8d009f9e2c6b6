"""The league: every rule on one scenario's load, without events, with them, and against players."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from suandian.experiments.measurement.calls import TestCalls, events_of, history_of, own_calls, test_calls
from suandian.experiments.measurement.designs import LEFT_OUT, Design, closing_designs, shipped_designs
from suandian.experiments.measurement.gaming import (
    PLAYS,
    RAISE_RATIO,
    Gain,
    PlayedEvent,
    gains_of,
    played_events,
)
from suandian.experiments.measurement.period import own_days, period_of
from suandian.experiments.measurement.replaying import Replayer, calibrated, recorded, replayed_for
from suandian.experiments.measurement.result import League, Row, Target
from suandian.experiments.measurement.scoring import (
    Credit,
    Knowledge,
    Scores,
    SiteCase,
    after_warm_up,
    credits_of,
    scores,
    verdict,
    windows_of,
)
from suandian.experiments.measurement.twins import Twin, Verdict, twins
from suandian.experiments.measurement.worlds import Policy, arm_of, calendar_of, journal_of, load_of, table_of
from suandian.experiments.scenario import Scenario
from suandian.model.programme import Instruction
from suandian.quantity.errors import Fault, ScenarioError
from suandian.quantity.timeaxis import at_unix_s
from suandian.record.journal import Journal
from suandian.simulation.truth import Truth
from suandian.verification.calendar import DayKind
from suandian.verification.control_group import ControlGroup
from suandian.verification.engine import Evidence
from suandian.verification.event import Event
from suandian.verification.gaming import play_after_notice, pre_event_z
from suandian.verification.interval import Placebo
from suandian.verification.metering import LoadTable
from suandian.verification.replay import Replayed, policy_hash
from suandian.verification.rules import rules

__all__ = ["DAYS", "REWARD_CNY_PER_MWH", "league"]

#: A year: all weather, and some 200 working days after the warm-up (D).
DAYS = 365
#: History before the first window: 45 days of look-back and more for the regressions (D).
WARM_DAYS = 63
#: Usual pay of real-time demand response in China, about 2.5 CNY/kWh (provincial price tables of 2025, confidence B).
REWARD_CNY_PER_MWH = 2500.0
Told = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """What every site's case is made from."""

    scenario: Scenario
    truth: Truth
    policy: Policy
    honest: Journal
    told: Told | None = field(default=None)

    def tell(self, part: str, share: float) -> None:
        if self.told is not None:
            self.told(part, share)


def league(
    scenario: Scenario,
    *,
    sites: Sequence[str] = (),
    policy: str = "",
    days: int | None = None,
    calls: TestCalls | None = None,
    reward_cny_per_mwh: float = REWARD_CNY_PER_MWH,
    told: Told | None = None,
) -> League:
    """Measure all rules on the load of `scenario`.

    sites     those that are measured, all if left out
    policy    arm whose policy runs the jobs, the control if left out
    days      length of the period, which ends with the scenario; a year, or the scenario's own if longer
    calls     how test calls are laid where the scenario has no instructions
    told      told the part of the work and the share of it that is done

    Raises `ScenarioError` for an unknown site or arm, a period that cannot be lengthened, or one without calls.
    """
    own = own_days(scenario)
    laid = calls or TestCalls()
    period = period_of(scenario, days if days is not None else max(DAYS, own))
    truth, chosen = period.truth(), arm_of(period, policy)
    measured = _sites(truth, sites)
    ground = _Ground(period, truth, chosen, journal_of(truth, chosen), told)
    ground.tell("world", 1.0)
    cases = _cases(ground, measured, laid)
    played = {play: played_events(cases, play) for play in PLAYS}
    rows, credited = _rows(ground, cases, shipped_designs(), played, reward_cny_per_mwh, "rules")
    closing, _ = _rows(ground, cases, closing_designs(), played, reward_cny_per_mwh, "designs")
    ranked = tuple(sorted(rows, key=_rank))
    return League(
        scenario=scenario.name,
        setting=_setting(ground, cases, laid, own, reward_cny_per_mwh),
        rows=ranked,
        closing=tuple(closing),
        left_out={r.id: LEFT_OUT[r.family] for r in rules().values() if r.family in LEFT_OUT},
        twins=tuple(twin for case in cases for twin in case.twins),
        credited_mwh=credited,
        replay=_replay_provenance(cases),
        pre_event_z=_pre_event_z(cases),
        targets=_targets(ranked),
        reward_cny_per_mwh=reward_cny_per_mwh,
        notes=_notes(cases),
    )


def _sites(truth: Truth, wanted: Sequence[str]) -> list[str]:
    known = [site.id for site in truth.fleet.sites]
    faults = [
        Fault("--site", f"{name!r} is no site of the study; write one of {', '.join(known)}")
        for name in wanted
        if name not in known
    ]
    if faults:
        raise ScenarioError(faults, source="command line")
    return [site for site in known if not wanted or site in wanted]


def _cases(ground: _Ground, sites: Sequence[str], laid: TestCalls) -> tuple[SiteCase, ...]:
    """One case per site. A study's own instructions make one world; test calls make one for each site."""
    truth, zone = ground.truth, ground.scenario.zone
    honest = _replays(ground, ground.honest, sites)
    own = own_calls(truth)
    if own:
        journal, pairs = _called(ground, own, "twins")
        called = _replays(ground, journal, sites)
        return tuple(_case(ground, site, journal, pairs, own, honest[site], called[site]) for site in sites)
    found = []
    for site in sites:
        load_mw = load_of(ground.honest, site)
        calls = test_calls(truth.axis, zone, calendar_of(zone), site, load_mw, laid)
        journal, pairs = _called(ground, calls, f"twins of {site}")
        replayed = _replays(ground, journal, [site])[site]
        found.append(_case(ground, site, journal, pairs, calls, honest[site], replayed))
    return tuple(found)


def _called(ground: _Ground, calls: Sequence[Instruction], part: str) -> tuple[Journal, tuple[Twin, ...]]:
    journal = journal_of(ground.truth, ground.policy, calls)
    return journal, twins(ground.truth, ground.policy, calls, journal, lambda share: ground.tell(part, share))


def _case(
    ground: _Ground,
    site: str,
    called: Journal,
    pairs: Sequence[Twin],
    calls: Sequence[Instruction],
    honest_replays: Sequence[Replayed],
    called_replays: Sequence[Replayed],
) -> SiteCase:
    truth, zone = ground.truth, ground.scenario.zone
    row = [place.id for place in truth.fleet.sites].index(site)
    honest_table, called_table = table_of(ground.honest, site, zone), table_of(called, site, zone)
    ordered = sorted((pair for pair in pairs if pair.call.site == site), key=lambda pair: pair.call.start_s)
    asked_mw = {
        pair.call.id: pair.without_mwh / ((pair.last - pair.first) * truth.axis.step_h) - pair.call.import_max_mw
        for pair in ordered
    }
    events = events_of([pair.call for pair in ordered], asked_mw)
    like = events[0] if events else events_of(calls[:1])[0]
    at_call = frozenset(call.site for call in calls)
    return SiteCase(
        site=site,
        honest=honest_table,
        called=called_table,
        knowledge=Knowledge(
            *(_evidence(ground, row, ground.honest, honest_table, replayed, at_call) for replayed in honest_replays),
            *(_evidence(ground, row, called, called_table, replayed, at_call) for replayed in called_replays),
        ),
        events=events,
        history=history_of(events),
        twins=tuple(ordered),
        probe=_probe(honest_table, like),
        warm_days=min(WARM_DAYS, len(honest_table.index.days) // 2),
        energy_cny_per_mwh=truth.price_cny_per_mwh[row],
    )


def _evidence(
    ground: _Ground, row: int, journal: Journal, table: LoadTable, replayed: Replayed, at_call: frozenset[str]
) -> Evidence:
    """Weather, the sites that nobody calls as controls, and the replay of the journal's own jobs.

    `at_call` are the sites that the calls are for: what they shed would look like a fall of demand. They are left out
    of the world without calls too, so that the windows there try the controls that the events will have.
    """
    truth, zone = ground.truth, ground.scenario.zone
    others = [site.id for r, site in enumerate(truth.fleet.sites) if r != row and site.id not in at_call]
    controls = None
    if others:
        loads_mw = np.array([load_of(journal, site) for site in others])
        group = LoadTable(tuple(others), table.axis, loads_mw, zone, table.calendar)
        controls = ControlGroup(group, neighbours=min(len(others), 5))
    return Evidence(temperature_c=truth.outdoor_c[row], controls=controls, replayed=replayed)


def _replays(ground: _Ground, journal: Journal, sites: Sequence[str]) -> Mapping[str, tuple[Replayed, ...]]:
    """The replay of a journal's own jobs, calibrated on its own meters, for each site: power by kind, and by job."""
    truth, policy = ground.truth, ground.policy
    tables = [table_of(journal, site, ground.scenario.zone) for site in sites]
    loads_mw = np.concatenate([table.load_mw for table in tables])
    table = LoadTable(tuple(sites), tables[0].axis, loads_mw, tables[0].zone, tables[0].calendar)
    record = recorded(policy, truth.axis.start_s)
    whole = [
        replayed_for(
            Replayer(truth, policy, calibrated(truth, journal, by_job=by_job), tuple(sites)), journal, table, record
        )
        for by_job in (False, True)
    ]
    return {site: tuple(replace(one, load_mw=one.load_mw[[row]]) for one in whole) for row, site in enumerate(sites)}


def _probe(table: LoadTable, like: Event) -> Event:
    """The hours of `like` on the last working day of the axis."""
    index, axis = table.index, table.axis
    slot = int(index.slot[(like.start_s - axis.start_s) // axis.step_s])
    width = (like.end_s - like.start_s) // axis.step_s
    for day in range(len(index.days) - 1, -1, -1):
        period = int(index.period[day, slot])
        if index.kinds[day] == DayKind.WORKING and period >= 0 and period + width <= axis.periods:
            return like.moved(axis.start_s + period * axis.step_s - like.start_s)
    return like


def _rows(
    ground: _Ground,
    cases: Sequence[SiteCase],
    designs: Sequence[Design],
    played: Mapping[str, Sequence[PlayedEvent]],
    reward_cny_per_mwh: float,
    part: str,
) -> tuple[list[Row], Mapping[str, tuple[float, ...]]]:
    rows, credited = [], {}
    for done, design in enumerate(designs):
        row, found = _row(cases, design, gains_of(design, played, reward_cny_per_mwh))
        rows.append(row)
        credited[design.id] = tuple(one.credited_mwh for one in found)
        ground.tell(part, (done + 1) / len(designs))
    return rows, credited


def _row(cases: Sequence[SiteCase], design: Design, gains: Mapping[str, Gain]) -> tuple[Row, list[Credit]]:
    tried: list[Placebo] = []
    found: list[Credit] = []
    by_site: dict[str, tuple[Scores, Verdict]] = {}
    for case in cases:
        windows = windows_of(case, design)
        own = credits_of(case, design, windows)
        tried.append(after_warm_up(case, windows))
        found += own
        by_site[case.site] = (scores(tried[-1:]), verdict(case.twins, own))
    whole = scores(tried)
    judged = verdict([twin for case in cases for twin in case.twins], found)
    reasons = dict.fromkeys(one.reason for one in found if one.reason)
    reason = "; ".join(reasons) if not judged.events else ""
    return Row(
        id=design.id,
        name=design.name,
        family=design.family,
        confidence=design.rule.confidence,
        scores=whole,
        verdict=judged,
        gains=gains if judged.events else {},
        by_site=by_site,
        reason=reason,
    ), found


def _rank(row: Row) -> tuple[float, str]:
    """Smallest CV(RMSE) on windows without events first; what could not be measured last."""
    return (row.scores.accuracy.cvrmse_ratio if row.scores.accuracy is not None else float("inf"), row.id)


def _targets(rows: Sequence[Row]) -> tuple[Target, ...]:
    """The accuracy asked of the system on data-centre days without events (D)."""
    found = []
    replay = next((row for row in rows if row.family == "replay" and row.scores.accuracy is not None), None)
    if replay is not None and replay.scores.accuracy is not None:
        found.append(Target("replay: bias", -0.01, 0.01, replay.scores.accuracy.bias_ratio))
        found.append(Target("replay: CV(RMSE)", 0.0, 0.05, replay.scores.accuracy.cvrmse_ratio))
    matching = [row for row in rows if row.family == "day_matching" and row.scores.accuracy is not None]
    if matching and matching[0].scores.accuracy is not None:
        best = matching[0]
        found.append(
            Target(f"best day-matching ({best.id}): CV(RMSE)", 0.0, 0.10, matching[0].scores.accuracy.cvrmse_ratio)
        )
    found += [
        Target(f"90 % interval of {row.id}: coverage", 0.87, 0.93, row.scores.covered_ratio, row.scores.covered_windows)
        for row in rows
        if row.scores.covered_windows
    ]
    return tuple(found)


def _pre_event_z(cases: Sequence[SiteCase]) -> Mapping[str, float]:
    """Median over events of how unusual the hours from notice to start look against the replay, honest and played."""
    found: dict[str, list[float]] = {"honest": [], "raised_after_notice": []}
    for case in cases:
        replayed = case.knowledge.called.replayed
        assert replayed is not None
        for event in case.events:
            played = play_after_notice(case.called, event, case.history, raise_ratio=RAISE_RATIO)
            for name, table in (("honest", case.called), ("raised_after_notice", played.table)):
                found[name].append(float(pre_event_z(table, event, replayed.load_mw, case.history)[0]))
    return {
        name: float(np.nanmedian(values)) if np.isfinite(values).any() else float("nan")
        for name, values in found.items()
    }


def _replay_provenance(cases: Sequence[SiteCase]) -> Mapping[str, Any]:
    replayed = cases[0].knowledge.called.replayed
    assert replayed is not None
    return {
        "policy_hash": replayed.policy_hash,
        "arrivals_hash": replayed.arrivals_hash,
        "power_model": replayed.power_model,
        "recorded": at_unix_s(replayed.record.recorded_s).isoformat(),
    }


def _setting(
    ground: _Ground, cases: Sequence[SiteCase], laid: TestCalls, own: int, reward_cny_per_mwh: float
) -> Mapping[str, Any]:
    axis, period = ground.truth.axis, ground.scenario
    zone = ZoneInfo(period.zone)
    first = cases[0].probe
    return {
        "start": axis.start.isoformat(),
        "end": axis.end.isoformat(),
        "days": own_days(period),
        "own_days": own,
        "step_s": axis.step_s,
        "seed": period.seed,
        "scenario_hash": period.hash,
        "policy": ground.policy.arm,
        "policy_hash": policy_hash(ground.policy.content),
        "sites": [case.site for case in cases],
        "calls": "own" if own_calls(ground.truth) else "test",
        "events": sum(len(case.events) for case in cases),
        "hours": f"{at_unix_s(first.start_s).astimezone(zone):%H:%M}–{at_unix_s(first.end_s).astimezone(zone):%H:%M}",
        "notice_h": (first.start_s - first.notified_s) / 3600.0,
        "depth_ratio": None if own_calls(ground.truth) else laid.depth_ratio,
        "warm_days": cases[0].warm_days,
        "reward_cny_per_mwh": reward_cny_per_mwh,
    }


def _notes(cases: Sequence[SiteCase]) -> tuple[str, ...]:
    days = cases[0].honest.index.days
    unknown = cases[0].honest.calendar.unknown_years(days)
    notes = []
    if unknown:
        notes.append(f"holidays of {', '.join(map(str, unknown))} are not published: only weekdays are known there")
    idle = [case.site for case in cases if not case.events]
    if idle:
        notes.append(f"no event at {', '.join(idle)}: only windows without events count there")
    notes.append(
        "the replay is run by the simulator that made the load: run times and placement repeat exactly, and its "
        "error is that of the power model alone"
    )
    return tuple(notes)

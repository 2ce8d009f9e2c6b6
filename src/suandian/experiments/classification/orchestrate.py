"""One call from work to its classification: lay it on a clock and a site, judge every job, form the envelope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.experiments.classification.columns import Delay, WorkColumns, from_job_table, from_records
from suandian.experiments.classification.laying import Laid, lay_on_study, lay_on_year, work_axis
from suandian.experiments.classification.queue import DefaultRuns, SiteQueue, default_runs, site_queue
from suandian.experiments.classification.reserves import envelope, lags_of, turn_down_summary
from suandian.experiments.classification.result import Classification, Facts
from suandian.experiments.classification.setting import (
    DEFAULT_REGION,
    ZONE,
    Setting,
    region_setting,
    site_setting,
)
from suandian.experiments.classification.streams import empty_streams, stream_rows
from suandian.experiments.classification.tables import (
    class_table,
    dimension_table,
    job_table,
    location_table,
    profile_table,
    rule_table,
    sensitivity_row,
    shiftable_slack_h,
)
from suandian.experiments.scenario import Scenario, load
from suandian.experiments.scenario.faults import unknown
from suandian.flexibility.dimensions import Surroundings
from suandian.flexibility.rules import RuleTable, load_rules
from suandian.model.records import JobRecords
from suandian.model.workload import JobTable
from suandian.quantity.errors import Fault, ScenarioError

__all__ = ["classify"]

_NOTICE_H = 24.0  # day-ahead calls (D); other notices by argument
_FACTORS = (0.5, 1.0, 2.0)
_SENSITIVITY_H = 8.0


@dataclass(frozen=True, slots=True)
class _Source:
    """What was given, in words and counts."""

    name: str
    format: str
    records: Mapping[str, object]
    absolute: bool


def classify(
    work: JobRecords | JobTable | Scenario,
    *,
    scenario: Scenario | str | None = None,
    site: str = "",
    region: str = "",
    gpus: int | None = None,
    delay_h: float | None = None,
    delay_ratio: float | None = None,
    notice_h: float = _NOTICE_H,
    at: Sequence[datetime] = (),
    rules: str | Path | None = None,
) -> Classification:
    """Flexibility class, four dimensions and reason of every job, and the envelope of the site that runs them.

    work         records of an operator (`suandian.traces` readers), a `JobTable`, or a scenario: its own jobs and
                 streams
    scenario     take site, capacity, prices, carbon and the county's limits from there (a scenario, a name or a file)
    site         which of its sites; the first by default
    region       without a scenario: the price area, by default shandong
    gpus         size of the site in GPUs (cores for records without GPUs); by default the scenario's, else as many as
                 the work takes at its peak
    delay_h, delay_ratio   permitted delay of work without a deadline, in hours or as a multiple of its run time,
                 instead of the versioned assumptions
    notice_h     how long before a turn-up window work may be held back for it
    at           instants (with zone) at which the envelope is wanted, beside the site's and the grid's peak
    rules        another table of rules, a YAML file

    Raises `DataError` for work that cannot be classified and `ScenarioError` for arguments that name nothing.
    """
    table = load_rules(rules)
    delay = Delay(delay_h, delay_ratio)
    study = _study(work, scenario)
    _check(site=site, region=region, gpus=gpus, notice_h=notice_h, study=study)
    site = site or (next(iter(study.study.sites)) if study is not None else "")
    columns, source = _columns(work, site, table, delay)
    laid = _laid(columns, source, work, study, table)
    default = default_runs(laid.work, gpus if gpus is not None else _gpus_of(study, site))
    setting = _setting(laid.work, default, work, study, site, region or DEFAULT_REGION, table)
    return _classified(laid, source, default, setting, table, delay, work, study, site, notice_h, at)


def _study(work: object, scenario: Scenario | str | None) -> Scenario | None:
    if isinstance(work, Scenario):
        return work
    return load(scenario) if isinstance(scenario, str) else scenario


def _check(*, site: str, region: str, gpus: int | None, notice_h: float, study: Scenario | None) -> None:
    faults = []
    if site and study is None:
        faults.append(Fault("--site", "names a site of a scenario; give the scenario too (--scenario NAME)"))
    if site and study is not None and site not in study.study.sites:
        faults.append(Fault("--site", unknown("site", site, study.study.sites)))
    if region and study is not None:
        faults.append(Fault("--region", "cannot be combined with a scenario, whose site has its own; leave one out"))
    if gpus is not None and gpus < 1:
        faults.append(Fault("--gpus", f"{gpus} is no size of a site; write 1 or more"))
    if not 0 <= notice_h <= 168:
        faults.append(Fault("--notice", f"{notice_h:g} h lies outside of 0 … 168 h"))
    if faults:
        raise ScenarioError(faults, source="arguments")


def _columns(
    work: JobRecords | JobTable | Scenario, site: str, table: RuleTable, delay: Delay
) -> tuple[WorkColumns, _Source]:
    if isinstance(work, JobRecords):
        return from_records(work, table, delay), _Source(work.source, work.format, work.to_dict(), work.absolute)
    if isinstance(work, JobTable):
        return from_job_table(work, table, delay), _Source("a table of jobs", "JobTable", {}, True)
    truth = work.truth()
    jobs = truth.jobs.take(truth.jobs.home == [entry.id for entry in truth.fleet.sites].index(site))
    return from_job_table(jobs, table, delay), _Source(f"the jobs of {work.name} at {site}", "scenario", {}, True)


def _laid(work: WorkColumns, source: _Source, given: object, study: Scenario | None, table: RuleTable) -> Laid:
    if isinstance(given, Scenario):
        return Laid(work, "the study's own clock", "研究自身的时间")
    if study is not None:
        return lay_on_study(work, study.axis, absolute=source.absolute)
    return lay_on_year(work, absolute=source.absolute, year=table.effective_from.year, zone=ZONE)


def _gpus_of(study: Scenario | None, site: str) -> float | None:
    return float(study.study.sites[site].gpus) if study is not None and site in study.study.sites else None


def _setting(
    work: WorkColumns,
    default: DefaultRuns,
    given: object,
    study: Scenario | None,
    site: str,
    region: str,
    table: RuleTable,
) -> Setting:
    if study is not None and isinstance(given, Scenario):
        return site_setting(study, site, None, table)
    latest_s = work.released_s + np.rint(work.slack_h * 3600.0).astype(np.int64) + work.duration_s
    last_s = int(max(latest_s.max(), default.end_s.max()))
    first_s = int(work.released_s[0])
    if study is None:
        return region_setting(region, work_axis(first_s, last_s), table)
    return site_setting(study, site, work_axis(first_s, last_s, study=study.axis), table)


def _classified(
    laid: Laid,
    source: _Source,
    default: DefaultRuns,
    setting: Setting,
    table: RuleTable,
    delay: Delay,
    given: object,
    study: Scenario | None,
    site: str,
    notice_h: float,
    at: Sequence[datetime],
) -> Classification:
    work = laid.work
    lags = lags_of(setting.axis.step_h, notice_h)
    queue = site_queue(work, shiftable_slack_h(work, work.slack_h, table), default, setting, lags)
    around = _surroundings(setting, queue)
    jobs = job_table(work, default, around, table)
    streams = stream_rows(study, site, around, table) if study is not None and given is study else empty_streams()
    last = _arrival_intervals(work, setting)
    sensitivity = []
    for factor_ratio in _FACTORS:
        slack_h = work.with_slack(factor_ratio)
        used_h = shiftable_slack_h(work, slack_h, table)
        shifted = queue if factor_ratio == 1.0 else site_queue(work, used_h, default, setting, lags)
        down = turn_down_summary(shifted, _SENSITIVITY_H, last)
        sensitivity.append(sensitivity_row(work, slack_h, table, streams, factor_ratio) | down)
    energy_mwh = work.energy_mwh
    share = {name: float(energy_mwh[work.slack_source == name].sum() / energy_mwh.sum()) for name in _SLACK_SOURCES}
    facts = Facts(
        source=source.name,
        format=source.format,
        records=source.records,
        unit=work.unit,
        clock=laid.clock_en,
        clock_zh=laid.clock_zh,
        room_count=default.room_count,
        sized=default.sized,
        peak_count=default.peak_count,
        waits=default.waits,
        larger_count=int((~default.fits).sum()),
        late_count=queue.late_count,
        slack_share=share,
        consent_stated=bool((work.may_move >= 0).all()),
        data_stated=bool(np.isfinite(work.data_gb).all()),
        delay_text=_delay_text(delay, table, share),
    )
    return Classification(
        facts=facts,
        setting=setting,
        table=table,
        jobs=jobs,
        streams=streams,
        classes=class_table(jobs, streams),
        rules=rule_table(jobs, streams, table),
        dimensions=dimension_table(jobs, streams),
        location=location_table(jobs, streams),
        sensitivity=pl.DataFrame(sensitivity),
        envelope=envelope(queue, last=last, notice_h=notice_h, named=_named(setting, around, at)),
        profile=profile_table(jobs, setting, queue),
    )


_SLACK_SOURCES = ("stated", "assumed", "user")


def _surroundings(setting: Setting, queue: SiteQueue) -> Surroundings:
    """The setting with the peaks of the site and of the grid (with the jobs where the grid is the county's)."""
    site_mw = queue.queue.default_mw
    grid = setting.grid_load + site_mw * setting.pue_ratio if setting.grid_is_county else setting.grid_load
    # Of a region's shape only the hours in which there is work at all can be anybody's peak.
    grid = np.where(_busy(site_mw), grid, -np.inf)
    return Surroundings(
        axis=setting.axis,
        price_cny_per_mwh=setting.price_cny_per_mwh,
        carbon_average_kg_per_mwh=setting.carbon_average_kg_per_mwh,
        carbon_marginal_kg_per_mwh=setting.carbon_marginal_kg_per_mwh,
        carbon_official_kg_per_mwh=setting.carbon_official_kg_per_mwh,
        elsewhere_cny_per_mwh=setting.elsewhere_cny_per_mwh,
        tight=setting.tight,
        surplus=setting.surplus,
        site_peak=int(np.argmax(site_mw)),
        grid_peak=int(np.argmax(grid)),
        pue_ratio=setting.pue_ratio,
    )


def _busy(site_mw: NDArray[np.float64]) -> NDArray[np.bool_]:
    """From the first to the last interval with load."""
    on = np.flatnonzero(site_mw > 0)
    busy = np.zeros(len(site_mw), dtype=np.bool_)
    if len(on):
        busy[on[0] : on[-1] + 1] = True
    else:
        busy[:] = True
    return busy


def _arrival_intervals(work: WorkColumns, setting: Setting) -> int:
    """Intervals of the axis up to the last release."""
    axis = setting.axis
    return int(np.clip((work.released_s[-1] - axis.start_s) // axis.step_s + 1, 1, axis.periods))


def _named(setting: Setting, around: Surroundings, at: Sequence[datetime]) -> dict[str, int]:
    named = {"site_peak": around.site_peak, "grid_peak": around.grid_peak}
    if setting.surplus.any():
        named["surplus"] = int(np.argmin(np.where(setting.surplus, setting.grid_load, np.inf)))
    for moment in at:
        local = moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(setting.zone))
        try:
            named[f"{local:%Y-%m-%d %H:%M}"] = setting.axis.index_of(local)
        except ValueError as error:
            first, last = setting.axis.at(0), setting.axis.end
            raise ScenarioError(
                [
                    Fault(
                        "--at",
                        f"{local.isoformat()} lies outside of the work, {first.isoformat()} … {last.isoformat()}",
                    )
                ],
                source="arguments",
            ) from error
    return named


def _delay_text(delay: Delay, table: RuleTable, share: Mapping[str, float]) -> str:
    if share["stated"] >= 1.0:
        return "deadlines of the work"
    if delay.delay_h is not None:
        return f"{delay.delay_h:g} h for work without a deadline, as given"
    if delay.delay_ratio is not None:
        return f"{delay.delay_ratio:g} times the run time for work without a deadline, as given"
    return f"assumptions version {table.delay_version} by kind and run length (D) where no deadline is recorded"

"""Title, sub-line and caption of the figure of runs that bent: the words follow from what the largest run drew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from suandian.experiments.report.bending import Shown, bent_count, drawn_mwh, paid, story, sunny_percent
from suandian.experiments.report.captions import say
from suandian.experiments.report.numbers import round_half_up, tagged
from suandian.experiments.report.prose import control_phrase
from suandian.experiments.report.study import Study

__all__ = ["Account", "account", "bent_caption", "bent_sub", "bent_title"]

#: A smaller gain than one in a hundred is not called one. (D)
_LEAST_RATIO = 0.01


@dataclass(frozen=True, slots=True)
class Account:
    """What one run did in one arm, as the table and the sentences tell it."""

    energy_mwh: float
    sunny_percent: float
    price_cny_per_mwh: float
    carbon_kg_per_mwh: float
    full_h: float
    slowed_h: float
    wait_h: float
    pauses: int
    repeated_h: float
    moved_gb: float
    finished_s: int


def account(study: Study, arm: str, job: int) -> Account:
    """Energy, signals paid and hours of `job` in `arm`; waiting counts from the release."""
    truth = study.finding.truth
    told = story(study, arm, job)
    energy_mwh = drawn_mwh(study, arm, job)
    run_h = told.stretches.duration_s / 3600.0
    return Account(
        energy_mwh=float(energy_mwh.sum()),
        sunny_percent=sunny_percent(study, energy_mwh),
        price_cny_per_mwh=paid(energy_mwh, truth.price_cny_per_mwh),
        carbon_kg_per_mwh=paid(energy_mwh, truth.carbon_average_kg_per_mwh),
        full_h=float(run_h[told.stretches.gear == 0].sum()),
        slowed_h=float(run_h[told.stretches.gear > 0].sum()),
        wait_h=sum(end - begin for begin, end in told.waits_s) / 3600.0,
        pauses=len(told.pauses_s),
        repeated_h=float(study.runs[arm].lost_s(truth.jobs)[job]) / 3600.0,
        moved_gb=len(told.transfers) * float(truth.jobs.data_gb[job]),
        finished_s=told.finished_s,
    )


def bent_title(study: Study, shown: Shown, arm: str) -> Markup:
    """In what the first run gained most, by share: sunny hours, price, carbon or energy; or that it gained nothing.

    A gain is one of the values as shown; shares of energy in sunny hours count as they are, the others as a share of
    the control's.
    """
    before, after = account(study, study.control, shown.leader), account(study, arm, shown.leader)
    run = say(study, f"bent_run_{'training' if shown.kind else 'any'}{'_bent' if shown.bent else ''}")
    gaps = {"run": run, "end": _end(study, shown.leader, arm, after), "control": control_phrase(study)}
    price = "元/MWh" if study.lang == "zh" else "CNY/MWh"

    def fact(key: str, name: str, value: float, decimals: int, unit: str) -> Markup:
        return study.fact(f"bent_{key}.{name}", value, decimals, unit)

    if arm == study.control:
        return say(study, "bent_alone", after=fact("price", arm, after.price_cny_per_mwh, 0, price), **gaps)
    ways = {
        "sunny": (before.sunny_percent, after.sunny_percent, 0, "%", 100.0),
        "price": (before.price_cny_per_mwh, after.price_cny_per_mwh, 0, price, -before.price_cny_per_mwh),
        "carbon": (before.carbon_kg_per_mwh, after.carbon_kg_per_mwh, 0, "kg/MWh", -before.carbon_kg_per_mwh),
        "energy": (before.energy_mwh, after.energy_mwh, 2, "MWh", -before.energy_mwh),
    }
    gains = {
        key: float(round_half_up(two, decimals) - round_half_up(one, decimals)) / whole
        for key, (one, two, decimals, _, whole) in ways.items()
        # An unfinished run drew less because it has not done its work.
        if whole and (key != "energy" or after.finished_s >= 0)
    }
    best = max(gains, key=lambda key: gains[key], default="price")
    key, said = (best, f"bent_{best}") if gains.get(best, 0.0) >= _LEAST_RATIO else ("price", "bent_none")
    one, two, decimals, unit, _ = ways[key]
    facts = [fact(key, study.control, one, decimals, unit), fact(key, arm, two, decimals, unit)]
    if said == "bent_none" and facts[0].striptags() == facts[1].striptags():
        said = "bent_same"
    return say(study, said, before=facts[0], after=facts[1], **gaps)


def _end(study: Study, job: int, arm: str, told: Account) -> Markup:
    """When it finished, against when it was due; less than what is shown as 0.1 h early is `within minutes`."""
    if told.finished_s < 0:
        return say(study, "bent_open")
    spare_h = (int(study.finding.truth.jobs.due_s[job]) - told.finished_s) / 3600.0
    hours = study.fact(f"bent_spare_h.{arm}", abs(spare_h), 1, study.words("hours"))
    if spare_h < 0:
        return say(study, "bent_late", hours=hours)
    return say(study, "bent_early", hours=hours) if round_half_up(spare_h, 1) > 0 else say(study, "bent_just")


def bent_sub(study: Study, shown: Shown) -> Markup:
    """Period shown, and the rule by which the runs were chosen."""
    days = study.local[[shown.first, shown.last - 1]].astype("datetime64[D]")
    period = tagged("date", "bent", "", study.period(days[0], days[1]))
    return say(study, "bent_sub" if shown.bent else "bent_sub_largest", period=period, runs=_runs(study, shown))


def _runs(study: Study, shown: Shown) -> Markup:
    return say(study, "bent_runs_training" if shown.kind else "bent_runs_any")


def bent_caption(study: Study, shown: Shown, arm: str) -> Markup:
    """How to read the bars, how many bent in all, and what the shown ones did together."""
    gaps = {"place": study.place.name, "runs": _runs(study, shown), "control": control_phrase(study)}
    if arm == study.control:
        return say(study, "bent_caption_alone", **gaps)
    bent, every = bent_count(study, shown, arm)
    told = [account(study, arm, job) for job in shown.jobs]
    hours = study.words("hours")
    together = say(
        study,
        "bent_together",
        waits=study.fact(f"bent_wait_h.{arm}", float(np.sum([a.wait_h for a in told])), 1, hours),
        slowed=study.fact(f"bent_slowed_h.{arm}", float(np.sum([a.slowed_h for a in told])), 1, hours),
        pauses=study.fact(f"bent_pauses.{arm}", float(sum(a.pauses for a in told)), 0),
        moved=study.fact(f"bent_moved_gb.{arm}", float(np.sum([a.moved_gb for a in told])), 0, "GB"),
    )
    first = say(
        study,
        "bent_caption",
        bent=study.fact(f"bent_count.{arm}", float(bent), 0),
        all=study.fact("bent_of_count", float(every), 0),
        **gaps,
    )
    return first + Markup(" " if study.lang == "en" else "") + together

"""Which runs are shown, what became of them, and what the figure says: against a minute-by-minute account by hand."""

import re
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from bent_factory import BENT, CAPPED, CONTROL, FULL, JOBS, NARROW, POWER_KW, A, F, M, P, R, S
from finding_factory import Options, make_finding
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.experiments.finding import Finding
from suandian.experiments.report.bending import (
    bends,
    bent_count,
    changed_ratio,
    choose,
    drawn_mwh,
    paid,
    story,
    sunny_percent,
)
from suandian.experiments.report.bent_layout import make_rows, site_notes, text_width_px
from suandian.experiments.report.bent_text import account, bent_caption, bent_sub, bent_title
from suandian.experiments.report.canvas import Pool
from suandian.experiments.report.captions import surplus_mask
from suandian.experiments.report.figures_bent import at_limit, bars, bent_figure
from suandian.experiments.report.study import Study
from suandian.record.events import JobEventKind

OPTIONS = Options(days=7, flexible=True, arms=("run_now", "rolling"))
#: share of full power in each gear: GPUs times power per GPU
POWER = {FULL: 1.0, CAPPED: 0.75, NARROW: 0.5 * 0.8}


@cache
def finding() -> Finding:
    return make_finding(OPTIONS)


@cache
def study(lang: str = "en") -> Study:
    return Study(finding(), lang)


def minutes_mw(arm: str, job: int, minutes: int) -> np.ndarray:
    """(sites, minutes): power of the job, told minute by minute from the list of events."""
    power = np.zeros((3, minutes))
    running, site, gear = False, 0, FULL
    events = {round(at_h * 60): [] for at_h, _, _ in (BENT if arm == "rolling" else CONTROL)[job]}
    for at_h, kind, where in (BENT if arm == "rolling" else CONTROL)[job]:
        events[round(at_h * 60)].append((kind, where))
    for minute in range(minutes):
        for kind, where in events.get(minute, []):
            if kind in (S, R):
                running, site, gear = True, where, FULL
            elif kind in (P, F):
                running = False
            elif kind not in (M, A):
                gear = kind
        if running:
            power[site, minute] = JOBS[job][3] * POWER_KW / 1000.0 * POWER[gear]
    return power


def by_interval_mwh(arm: str, job: int) -> np.ndarray:
    axis = finding().truth.axis
    power = minutes_mw(arm, job, axis.periods * 15)
    return power.reshape(3, axis.periods, 15).sum(axis=2) / 60.0


def test_only_studies_with_such_work_have_the_part() -> None:
    assert bends(study())
    assert not bends(Study(make_finding(Options(days=2)), "en"))
    truth = finding().truth
    bare = replace(
        truth.jobs, pace=np.zeros(len(JOBS), np.int16), paces=truth.jobs.paces[:1], checkpoint_every_h=np.zeros(7)
    )
    free = replace(truth.fleet, transfer=type(truth.fleet.transfer)())
    assert not bends(Study(replace(finding(), truth=replace(truth, jobs=bare, fleet=free, streams=())), "en"))
    assert bends(Study(replace(finding(), truth=replace(truth, jobs=bare, fleet=free)), "en")), "batches alone"


def test_the_rule_takes_the_largest_that_bent() -> None:
    # 103 is the largest of all but untouched, 104 has no slack, 105 is no training, 106 is due after the days shown.
    shown = choose(study())
    assert shown is not None
    assert (shown.jobs, shown.kind, shown.bent) == ((0, 1, 2), "training", True)
    # From the day of the leader's release until it is due (72 h): three days, and four at least.
    assert (shown.first, shown.last) == (0, 4 * 96)


def test_each_lever_has_its_largest_run_before_the_next_by_energy() -> None:
    # Eight copies of the leader, paused and slowed, all larger than the moved run (row 8): it is shown even so.
    jobs = finding().truth.jobs
    rows = np.array([0] * 8 + [1, 2])
    order = np.argsort(jobs.released_s[rows], kind="stable")
    many = jobs.take(rows[order])
    arms = {}
    for name, arm in finding().arms.items():
        block = arm.journal.job_events()
        journal = type(arm.journal)(arm.journal.axis, arm.journal.meters, arm.journal.sites)
        for old in arm.journal.blocks[:2]:
            journal.append(old)
        parts = [(new, block.job == row) for new, row in enumerate(rows[order])]
        journal.append(
            replace(
                block,
                job=np.concatenate([np.full(int(mask.sum()), new) for new, mask in parts]),
                kind=np.concatenate([block.kind[mask] for _, mask in parts]),
                at_s=np.concatenate([block.at_s[mask] for _, mask in parts]),
                site=np.concatenate([block.site[mask] for _, mask in parts]),
            )
        )
        arms[name] = replace(arm, journal=journal)
    truth = replace(finding().truth, jobs=many, class_index=np.zeros(10, np.int64))
    shown = choose(Study(replace(finding(), truth=truth, arms=arms), "en"))
    assert shown is not None
    assert shown.jobs == (0, 1, 2, 8)


def test_where_nothing_bent_the_largest_is_shown_and_nothing_else_said() -> None:
    still = Study(make_finding(replace(OPTIONS, sites=1)), "en")
    shown = choose(still)
    assert shown is not None
    assert not shown.bent
    assert shown.leader == 3
    assert "that bent" not in bent_title(still, shown, "rolling")
    assert "as with running at once" in bent_title(still, shown, "rolling").striptags()
    assert "tenth" not in bent_sub(still, shown)


def test_without_training_all_work_that_may_wait_is_looked_at() -> None:
    truth = finding().truth
    renamed = replace(truth, jobs=replace(truth.jobs, kind_names=("batch", "simulation")))
    other = Study(replace(finding(), truth=renamed), "en")
    shown = choose(other)
    assert shown is not None
    assert shown.kind == ""
    # 106 only began later, which every job may: it did not bend.
    assert shown.jobs == (0, 1, 2)
    assert "training" not in bent_title(other, shown, "rolling")


def test_without_jobs_there_is_no_figure() -> None:
    truth = finding().truth
    empty = replace(truth, jobs=truth.jobs.take(np.zeros(0, np.int64)), class_index=np.zeros(0, np.int64))
    arms = {}
    for name, arm in finding().arms.items():
        journal = type(arm.journal)(arm.journal.axis, arm.journal.meters, arm.journal.sites)
        for block in arm.journal.blocks[:2]:
            journal.append(block)
        arms[name] = replace(arm, journal=journal)
    none = Study(replace(finding(), truth=empty, arms=arms), "en")
    assert choose(none) is None
    assert bent_figure(none, Pool()) is None


def test_story_tells_waits_transfers_and_pauses() -> None:
    start_s = finding().truth.axis.start_s

    def hours(pairs: tuple[tuple[int, ...], ...]) -> list[tuple[float, ...]]:
        return [((a - start_s) / 3600, (b - start_s) / 3600, *rest) for a, b, *rest in pairs]

    first, second = story(study(), "rolling", 0), story(study(), "rolling", 1)
    assert hours(first.waits_s) == [(6, 10), (16, 34), (40, 58)]
    assert first.transfers == ()
    assert [(s - start_s) / 3600 for s in first.pauses_s] == [16, 40]
    assert hours(second.transfers) == [(13, 15, 1), (26, 28, 0)]
    assert second.stretches.site.tolist() == [0, 1, 0]
    assert (second.finished_s - start_s) / 3600 == 40


@pytest.mark.parametrize("arm", ["run_now", "rolling"])
@pytest.mark.parametrize("job", range(3))
def test_energy_and_what_was_paid_are_those_of_the_minutes(arm: str, job: int) -> None:
    wanted = by_interval_mwh(arm, job)
    energy = drawn_mwh(study(), arm, job)
    assert energy == pytest.approx(wanted, abs=1e-12)
    price = finding().truth.price_cny_per_mwh
    assert paid(energy, price) == pytest.approx(float((wanted * price).sum() / wanted.sum()))
    mask = surplus_mask(study().flows["run_now"])
    assert sunny_percent(study(), energy) == pytest.approx(float(wanted[0, mask].sum() / wanted.sum() * 100))


def test_changed_share_counts_time_place_and_size() -> None:
    # 0: of 3.6 MWh the control draws 6–24 h at 0.2 MW; the plan keeps 10–16 h of it and adds 2.2 MWh elsewhere.
    assert changed_ratio(study(), 0) == pytest.approx(2.4 / 3.6)
    # 1: keeps 7–12 h at home and 40 − 33 later; everything else is elsewhere, later or both.
    assert changed_ratio(study(), 1) == pytest.approx(1.5 / 2.0)
    assert changed_ratio(study(), 3) == 0.0


def test_bars_are_as_tall_as_the_power_and_as_long_as_the_time() -> None:
    pool = Pool()
    drawn = {bar["meta"]: bar for bar in bars(study(), pool, story(study(), "rolling", 2), 100.0, 24.0, "rolling")}
    assert set(drawn) == {"full_speed", "capped", "narrower"}
    expected = {"full_speed": (10, 1.0), "capped": (14, 0.75), "narrower": (12, 0.4)}
    for key, (hours, power) in expected.items():
        column = {side: pool.columns[drawn[key][side]["$"]] for side in ("x", "y", "width", "base")}
        assert column["x"] == [hours * 3_600_000]
        assert column["width"] == pytest.approx([24.0 * power])
        # Standing on the base: the middle is half of the height above it.
        assert column["y"] == pytest.approx([100.0 + 12.0 * power])
    assert pool.columns[drawn["narrower"]["base"]["$"]] == ["2026-04-01 08:00:00"]
    assert "50\u00a0% of the speed, 40\u00a0% of the power" in pool.columns[drawn["narrower"]["hovertext"]["$"]][0]


def test_control_is_grey_and_a_transfer_is_hatched() -> None:
    second = story(study(), "rolling", 1)
    drawn = {bar["meta"]: bar for bar in bars(study(), Pool(), second, 0.0, 24.0, "rolling")}
    assert drawn["sends"]["marker"]["pattern"]["shape"] == "/"
    before = bars(study(), Pool(), story(study(), "run_now", 1), 0.0, 8.0, "run_now")
    assert [bar["marker"]["color"] for bar in before] == ["#8C929A"]


def test_due_is_red_only_where_it_was_missed() -> None:
    figure = bent_figure(study(), Pool())
    assert figure is not None
    marks = {t["meta"]: t for t in figure.variants["rolling"].forms["wide"]["data"] if t.get("mode") == "markers"}
    assert set(marks) == {"released", "paused_at", "due", "due_missed"}
    assert marks["due_missed"]["marker"]["line"]["color"] == "#C8102E"
    punctual = bent_figure(Study(make_finding(replace(OPTIONS, arms=("run_now",))), "en"), Pool())
    assert punctual is not None
    assert "Due, missed" not in [item.label for item in punctual.legend]


def test_rows_do_not_overlap_and_labelled_runs_have_room() -> None:
    rows = make_rows([True, False], 2, limited=True)
    assert len(rows.signals) == 4
    spans = [*reversed(rows.signals), rows.strip, *((bar, top) for _, bar, top in reversed(rows.runs))]
    for (_, high), (low, _) in pairwise(spans):
        assert low > high
    assert rows.runs[0][2] == rows.height_px
    assert make_rows([False], 1, limited=False).strip is None


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_longer_texts_are_wider(one: str, two: str) -> None:
    assert text_width_px(one + two) == pytest.approx(text_width_px(one) + text_width_px(two))


@pytest.mark.parametrize("form", ["wide", "medium", "narrow"])
def test_changes_of_site_are_named_in_order_and_apart(form: str) -> None:
    ends = ("2026-04-01 00:00", "2026-04-05 00:00")
    notes = site_notes(study(), 1, story(study(), "rolling", 1), 50.0, ends, form)
    assert [(note["x"], note["text"]) for note in notes] == [
        ("2026-04-01 16:00:00", "→ Qingyang, Gansu"),
        ("2026-04-02 09:00:00", "→ County, Shandong"),
    ]
    # Places on a plot as wide as the form leaves it, 96 h long; the shift keeps the second off the first.
    plot_px = {"wide": 1120 - 60, "medium": 700 - 58, "narrow": 358 - 52}[form]
    left = [hours / 96 * plot_px + note["xshift"] for hours, note in zip((16, 33), notes, strict=True)]
    assert left[1] >= left[0] + text_width_px("→ Qingyang, Gansu")
    assert notes[0]["xshift"] == 0
    assert (notes[1]["xshift"] > 0) == (form != "wide")
    assert site_notes(study(), 0, story(study(), "rolling", 0), 50.0, ends, form) == []


def test_limit_is_met_where_the_record_counts_it() -> None:
    hours = {arm: float(at_limit(study(), arm).sum() * study().step_h) for arm in finding().arms}
    assert hours == pytest.approx({arm: found.kpis["reverse_limit_h"] for arm, found in finding().arms.items()})


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 7 * 86400 - 1))
def test_clock_is_local_time(second: int) -> None:
    # Shanghai is eight hours ahead of UTC all year, and the study begins at local midnight of 1 April.
    axis = finding().truth.axis
    assert study().clock(axis.start_s + second) == np.datetime64("2026-04-01T00:00:00") + np.timedelta64(second, "s")


def facts(text: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r'value="fact\|([^|]+)\|([^"]+)"', text)}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_numbers_of_the_title_and_the_caption_are_those_of_the_minutes(lang: str) -> None:
    shown = choose(study(lang))
    assert shown is not None
    price = finding().truth.price_cny_per_mwh
    mean = {}
    for arm in ("run_now", "rolling"):
        energy = by_interval_mwh(arm, 0)
        mean[arm] = float((energy * price).sum() / energy.sum())
    found = facts(bent_title(study(lang), shown, "rolling"))
    assert found == pytest.approx(
        {
            "bent_price.run_now": mean["run_now"],
            "bent_price.rolling": mean["rolling"],
            "bent_spare_h.rolling": JOBS[0][1] - 64.0,
        }
    )
    # Waits 4 + 18 + 18, 4 + 9 and 0 h; slowed 4, 0 and 12 + 14 h; two pauses each; 1,000 GB there and back.
    assert facts(bent_caption(study(lang), shown, "rolling")) == pytest.approx(
        {
            "bent_count.rolling": 3.0,
            "bent_of_count": 6.0,
            "bent_wait_h.rolling": 53.0,
            "bent_slowed_h.rolling": 30.0,
            "bent_pauses.rolling": 4.0,
            "bent_moved_gb.rolling": 2000.0,
        }
    )
    assert bent_count(study(lang), shown, "run_now") == (0, 6)


def test_title_says_what_was_gained_most() -> None:
    truth = finding().truth
    flat = {
        "price_cny_per_mwh": np.full_like(truth.price_cny_per_mwh, 400.0),
        "carbon_average_kg_per_mwh": np.full_like(truth.carbon_average_kg_per_mwh, 500.0),
    }

    def title(**signals: np.ndarray) -> str:
        other = Study(replace(finding(), truth=replace(truth, **(flat | signals))), "en")
        shown = choose(other)
        assert shown is not None
        return bent_title(other, shown, "rolling").striptags().replace("\u00a0", " ")

    # 51 % of the control's energy lies in the sunny hours and all of the plan's: more than any price can give.
    assert title().startswith("The largest training run that bent draws 100 % of its energy in the sunny hours, not 51")
    assert "at 293 CNY/MWh instead of 642" in title(price_cny_per_mwh=truth.price_cny_per_mwh)
    dark = make_finding(replace(OPTIONS, pv=False))
    dull = Study(replace(dark, truth=replace(dark.truth, **flat)), "en")
    shown = choose(dull)
    assert shown is not None
    text = bent_title(dull, shown, "rolling").striptags().replace("\u00a0", " ")
    assert text == (
        "The largest training run that bent needs 3.40 MWh instead of 3.60 MWh and finishes 8.0 h before it is due"
    )


def test_an_unfinished_run_is_not_praised_for_needing_less() -> None:
    short = make_finding(replace(OPTIONS, days=2, pv=False))
    flat = {
        name: np.full_like(getattr(short.truth, name), 400.0)
        for name in ("price_cny_per_mwh", "carbon_average_kg_per_mwh")
    }
    other = Study(replace(short, truth=replace(short.truth, **flat)), "en")
    shown = choose(other)
    assert shown is not None
    text = bent_title(other, shown, "rolling").striptags()
    assert "is not finished when the study ends" in text
    assert "needs" not in text
    assert account(other, "rolling", 0).finished_s == -1
    assert JobEventKind.FINISHED not in [kind for at_h, kind, _ in BENT[0] if at_h <= 48]

"""Classification from records, tables and scenarios: shares by hand, sites, clocks, and what is refused."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from records_factory import H, make_records

import suandian as sd
from suandian.experiments.classification.columns import Delay, from_records, peak_units
from suandian.experiments.classification.laying import lay_on_year, work_axis
from suandian.experiments.classification.scales import energy_scale, largest, power_scale, share_text
from suandian.experiments.classification.statements import statements
from suandian.experiments.classification.views import day_title
from suandian.experiments.classification.words import WORDS, word
from suandian.flexibility.rules import load_rules
from suandian.quantity.errors import DataError, ScenarioError
from suandian.quantity.timeaxis import TimeAxis

RULES = load_rules()

#: 2 + 24 + 72 + 2 kWh; each kind of evidence once.
ROWS = (
    {"submitted": 0, "run": 2, "kind": "llm-inference"},
    {"submitted": 1, "run": 24, "due": 37},  # slack 12 h, stated
    {"submitted": 2, "run": 36, "power_kw": 2.0, "gpus": 2},  # assumed: 48 h
    {"submitted": 3, "run": 2, "latency_max_ms": 5.0},
)


@pytest.fixture(scope="module")
def found():
    return sd.classify(make_records(*ROWS))


def test_shares_by_hand_energy_before_jobs(found):
    classes = {row["label"]: row for row in found.classes.iter_rows(named=True)}
    assert list(classes) == ["F0", "F1", "F2", "F3", "F4", "F5"]
    assert {label: row["energy_mwh"] for label, row in classes.items() if row["count"]} == pytest.approx(
        {"F0": 0.002, "F1": 0.002, "F3": 0.024, "F4": 0.072}
    )
    assert classes["F4"]["energy_share_ratio"] == pytest.approx(0.72)
    assert classes["F4"]["count_share_ratio"] == 0.25
    assert classes["F4"]["work_unit_h"] == 72.0
    assert found.energy_mwh == pytest.approx(0.1)
    for column in ("energy_share_ratio", "work_share_ratio", "count_share_ratio"):
        assert found.classes[column].sum() == pytest.approx(1.0)


def test_every_job_has_its_rule_and_a_sentence_in_both_languages(found):
    frame = found.explained()
    assert frame["rule"].to_list() == ["kind_interactive", "slack_hours", "slack_day", "latency_immediate"]
    assert frame["slack_source"].to_list() == ["assumed", "stated", "assumed", "assumed"]
    assert frame["delay_rule"].to_list() == ["interactive", "", "run_days", "run_4h"]
    assert frame["why_en"][1] == "slack of 12.0 h (from its deadline): it may wait some hours"
    assert frame["why_en"][2] == (
        "slack of 48.0 h (assumed, no deadline is recorded): it may wait a day and can be paused"
    )
    assert "5毫秒" in frame["why_zh"][3]


def test_rules_and_dimensions_add_up(found):
    assert found.rules["energy_share_ratio"].sum() == pytest.approx(1.0)
    for _, part in found.dimensions.group_by("dimension"):
        assert len(part) == 3
        assert part["energy_share_ratio"].sum() == pytest.approx(1.0)
    assert found.location["energy_share_ratio"].sum() == pytest.approx(1.0)


def test_the_default_site_is_the_works_own_peak_in_shandong(found):
    assert (found.setting.region, found.facts.room_count, found.facts.sized) == ("shandong", 4, True)
    assert found.facts.slack_share["stated"] == pytest.approx(0.24)
    # From 3 h on all but the first job run: 1 + 2 + 1 GPUs and kW.
    assert found.classes["site_peak_mw"].sum() == pytest.approx(0.004)
    assert not found.facts.waits


def test_the_envelope_is_dominated_by_its_bound_and_falls_with_duration(found):
    frame = found.envelope.quantiles
    for name in ("p10", "p50", "p90"):
        assert (frame[f"jobs_{name}_mw"] <= frame[f"fluid_{name}_mw"] + 1e-12).all()
    instants = found.envelope.instants
    chain = [instants[f"{stage}_mw"].to_numpy() for stage in ("deadlines", "capacity", "no_pause", "whole_jobs")]
    for larger, smaller in pairwise(chain):
        assert (smaller <= larger + 1e-9).all()
    for _, part in instants.group_by("instant", "direction"):
        assert (np.diff(part.sort("duration_h")["no_pause_mw"].to_numpy()) <= 1e-12).all()


def test_assumed_slack_scales_and_stated_slack_stays(found):
    rows = {row["factor_ratio"]: row for row in found.sensitivity.iter_rows(named=True)}
    # 48 h become 24 (still F4) and 96 (F5); the stated 12 h stay F3.
    assert rows[0.5]["F4_share_ratio"] == pytest.approx(0.72)
    assert rows[2.0]["F5_share_ratio"] == pytest.approx(0.72)
    assert all(row["F3_share_ratio"] == pytest.approx(0.24) for row in rows.values())


def test_the_users_delay_replaces_what_is_assumed_only():
    found = sd.classify(make_records(*ROWS), delay_h=2.0)
    # What has a deadline keeps it; what somebody waits for (inference, a latency bound) is not put off either.
    assert found.jobs["slack_h"].to_list() == [0.0, 12.0, 2.0, 0.0]
    assert found.jobs["slack_source"].to_list() == ["assumed", "stated", "user", "assumed"]
    by_ratio = sd.classify(make_records(*ROWS), delay_ratio=0.5)
    assert by_ratio.jobs["slack_h"][2] == 18.0
    with pytest.raises(DataError, match="not both"):
        sd.classify(make_records(*ROWS), delay_h=1.0, delay_ratio=1.0)
    with pytest.raises(DataError, match="makes no sense"):
        sd.classify(make_records(*ROWS), delay_h=-1.0)


def test_jobs_larger_than_the_site_are_counted_and_left_out():
    found = sd.classify(make_records(*ROWS), gpus=1)
    assert found.facts.larger_count == 1
    assert found.jobs["fits_site"].to_list() == [True, True, False, True]
    assert found.energy_mwh == pytest.approx(0.1)  # classified all the same
    # One GPU: the second job waits for the first, the fourth for the second; neither may wait that long.
    hours = (found.jobs["default_start"].dt.epoch("s") - found.jobs["submitted"].dt.epoch("s")) / H
    assert hours.to_list() == [0, 1, 0, 23]
    assert found.facts.waits
    assert any("larger than the site" in english for english, _ in statements(found))
    with pytest.raises(DataError, match="no job fits the site: the smallest needs 4 GPUs and there are 2"):
        sd.classify(make_records({"submitted": 0, "run": 1, "gpus": 4}), gpus=2)


def test_the_mean_load_is_over_the_work_even_where_it_is_shorter_than_a_day():
    # 4 h at 1 kW, then 2 h at 4 kW: (4 · 1 + 2 · 4) / 6 = 2 kW, not that over 24 h.
    found = sd.classify(make_records({"submitted": 0, "run": 4}, {"submitted": 4, "run": 2, "power_kw": 4.0}))
    assert found.profile["periods"].gt(0).sum() == 6
    assert found.mean_load_mw == pytest.approx(0.002)
    assert any("(mean load 2.00\u00a0kW)" in english for english, _ in statements(found))
    assert day_title(found, partial(word, "en")).endswith("100.0\u00a0% above its mean")
    flat = sd.classify(make_records({"submitted": 0, "run": 4}))
    assert day_title(flat, partial(word, "en")) == word("en", "f_day_flat")


def test_the_mean_load_covers_the_jobs_of_the_profile():
    found = sd.classify(make_records(*ROWS), gpus=1)  # the job of two GPUs does not fit
    assert not found.jobs["fits_site"].all()
    fitting = found.jobs.filter("fits_site")
    start_s = fitting["default_start"].dt.epoch("s")
    span_h = ((start_s + fitting["run_h"] * H).max() - start_s.min()) / H
    assert found.mean_load_mw == pytest.approx(fitting["energy_mwh"].sum() / span_h)


def test_what_somebody_waits_for_is_never_part_of_the_envelope():
    rows = [
        {"submitted": 0, "run": 4, "kind": "serving", "due": 50},
        {"submitted": 0, "run": 4, "latency_max_ms": 80.0},
    ]
    found = sd.classify(make_records(*rows))
    assert found.jobs["label"].to_list() == ["F1", "F1"]
    assert found.envelope.quantiles.select("fluid_p90_mw", "jobs_p90_mw").to_numpy().max() == 0.0


def test_records_without_gpus_count_cpu_hours():
    found = sd.classify(make_records({"submitted": 0, "run": 5, "gpus": 0, "cpus": 8.0}))
    assert found.facts.unit == "CPU"
    assert found.classes["work_unit_h"].sum() == 40.0


def test_nothing_to_classify_is_said_clearly():
    with pytest.raises(DataError, match="no job is left of 1 rows read; 1 dropped: no run time"):
        sd.classify(make_records())
    with pytest.raises(DataError, match="every job draws 0 kW"):
        sd.classify(make_records({"submitted": 0, "run": 1, "power_kw": 0.0}))


def test_faults_of_arguments_are_told_together():
    with pytest.raises(ScenarioError) as caught:
        sd.classify(make_records(*ROWS), site="county", gpus=0, notice_h=999)
    assert [fault.path for fault in caught.value.faults] == ["--site", "--gpus", "--notice"]
    with pytest.raises(ScenarioError, match="unknown price area 'shangdong'; did you mean 'shandong'"):
        sd.classify(make_records(*ROWS), region="shangdong")
    with pytest.raises(ScenarioError, match="lies outside of the work"):
        sd.classify(make_records(*ROWS), at=[datetime(2030, 1, 1, tzinfo=UTC)])


def test_the_document_is_json_without_nan(found):
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert json.loads(text)["records"]["dropped"][0]["reason"] == "no run time"
    assert json.loads(text)["classes"][4]["energy_share_ratio"] == pytest.approx(0.72)


def test_named_instants_are_local_time():
    found = sd.classify(make_records(*ROWS), at=[datetime(2026, 1, 1, 12, 0)])  # noqa: DTZ001
    row = found.envelope.instants.filter(pl.col("instant") == "2026-01-01 12:00").row(0, named=True)
    assert row["start"] == datetime(2026, 1, 1, 4, 0, tzinfo=UTC)


def scenario(**jobs):
    axis = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(hours=1), 48)
    return sd.Scenario.build(
        sites={
            "hall": {"operator": "owner", "region": "shandong", "hub": "zhangjiakou", "it_max": "2 MW", "gpus": 2000,
                     "idle_it": "0.35 MW", "import_max": "3 MW", "feeder": "county", "tariff": "shandong_2025"},
            "other": {"operator": "owner", "region": "gansu", "hub": "qingyang", "it_max": "2 MW", "gpus": 2000,
                      "idle_it": "0.35 MW", "import_max": "3 MW", "tariff": "gansu"},
        },
        feeders={"county": {"operator": "grid", "region": "shandong", "latitude": "36.5 °", "longitude": "116.2 °",
                            "transformer": "10 MVA", "pv": "25 MW", "load_min": "2 MW", "load_max": "6 MW"}},
        streams={"beijing": {"origin": "beijing", "home": "hall", "peak": "0.3 MW", "latency_max": "20 ms"}},
        jobs={"count": 200, "occupancy": "30 %"} | jobs,
        coordinators=["run_now"],
        axis=axis,
        zone="Asia/Shanghai",
    )  # fmt: skip


@pytest.fixture(scope="module")
def study():
    return scenario()


def test_a_study_lists_its_classes_with_its_streams(study):
    found = sd.classify(study, site="hall")
    assert found.streams["id"].to_list() == ["beijing"]
    stream = found.streams.row(0, named=True)
    assert (stream["label"], stream["rule"]) == ("F1", "stated_by_study")
    truth = study.truth()
    assert stream["energy_mwh"] == pytest.approx(truth.streams[0].demand_mw.sum())
    home = truth.jobs.home == 0
    assert len(found.jobs) == home.sum()
    assert found.classes["energy_mwh"].sum() == pytest.approx(
        truth.jobs.energy_mwh[home].sum() + stream["energy_mwh"], rel=1e-3
    )
    assert found.facts.slack_share["stated"] == 1.0
    labels = dict(zip(found.jobs["id"], found.jobs["label"], strict=True))
    planned = truth.fleet.classes.label
    for job, row in zip(truth.jobs.id[home], truth.class_index[home], strict=True):
        pausable = bool(truth.jobs.preemptible[truth.jobs.id == job][0])
        if pausable or planned[row] in ("F2", "F3"):
            assert labels[str(job)] == planned[row]
    assert any("deadline" in english for english, _ in statements(found))


def test_a_trace_at_a_study_s_site_repeats_its_days(study):
    found = sd.classify(make_records(*ROWS), scenario=study, site="hall")
    assert found.setting.name == "hall"
    assert found.facts.room_count == 2000
    assert found.setting.repeat_ratio > 1.0
    price = found.setting.price_cny_per_mwh
    day = round(24 / found.setting.axis.step_h)
    assert price[:day].tolist() == price[2 * day : 3 * day].tolist()
    assert found.setting.axis.start == study.axis.start
    assert found.setting.tight.any()


def test_a_job_table_is_work_too(study):
    jobs = study.truth().jobs
    found = sd.classify(jobs)
    assert len(found.jobs) == len(jobs)
    assert found.facts.consent_stated
    with pytest.raises(ScenarioError, match="unknown site 'hal'; did you mean hall"):
        sd.classify(study, site="hal")


def test_absolute_clocks_keep_hour_and_weekday():
    begin = datetime(2020, 7, 15, 10, 30, tzinfo=UTC)  # a Wednesday
    hours = begin.timestamp() / H
    work = from_records(make_records({"submitted": hours, "run": 1.0}, absolute=True), RULES, Delay())
    laid = lay_on_year(work, absolute=True, year=2026, zone="Asia/Shanghai")
    moved = datetime.fromtimestamp(int(laid.work.released_s[0]), UTC)
    assert (moved.year, moved.weekday(), moved.hour, moved.minute) == (2026, 2, 10, 30)
    assert "312 weeks" in laid.clock_en


def test_a_clock_that_spans_decades_is_refused():
    with pytest.raises(DataError, match=r"the work spans 5\d years"):
        work_axis(0, 1_700_000_000)


def test_peak_counts_ends_before_starts():
    assert peak_units(np.array([0, 10]), np.array([10, 5]), [2.0, 3.0]) == 3.0


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0\u00a0%"), (0.0001, "<0.1\u00a0%"), (0.4338, "43.4\u00a0%"), (1.0, "100.0\u00a0%"), (None, "–")],
)
def test_shares_as_text(value, text):
    assert share_text(value) == text


def test_scales_follow_the_size():
    assert [power_scale(x).unit for x in (5.0, 0.2, 0.0002)] == ["MW", "kW", "W"]
    assert [energy_scale(x).unit for x in (5e4, 5.0, 0.2)] == ["GWh", "MWh", "kWh"]
    assert power_scale(0.2).with_unit(0.123) == "123\u00a0kW"
    assert power_scale(5.0).text(0.0123) == "0.01"


def test_the_largest_of_columns_is_zero_without_values():
    frame = pl.DataFrame({"a_mw": [1.0, None], "b_mw": [0.5, 3.0]})
    assert (largest(frame, "a_mw"), largest(frame, "a_mw", "b_mw")) == (1.0, 3.0)
    assert (largest(frame.clear(), "a_mw"), largest(pl.DataFrame({"a_mw": [None]}), "a_mw")) == (0.0, 0.0)


def test_words_have_the_same_gaps_in_both_languages():
    import re

    for key, (english, chinese) in WORDS.items():
        assert english, key
        assert chinese, key
        assert sorted(re.findall(r"\{(\w+)", english)) == sorted(re.findall(r"\{(\w+)", chinese)), key


def test_the_reference_page_explains_every_column(found):
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "classification.md").read_text(
        encoding="utf-8"
    )
    assert [name for name in found.explained().columns if f"`{name}`" not in page] == []

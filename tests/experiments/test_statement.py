"""Statements from Python: events files and scenarios, the arithmetic, the job-log replay, words in both languages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.experiments.statement import Statement, measure, read_calls
from suandian.experiments.statement.document import openadr_of, statement_document
from suandian.experiments.statement.figures import clock, powers, span, zone_text
from suandian.experiments.statement.orchestrate import Inputs, file_names, statements
from suandian.experiments.statement.reasons import PATTERNS, translated
from suandian.experiments.statement.replaying import Policy
from suandian.experiments.statement.rule_text import record_text, table_text
from suandian.experiments.statement.text import text_of
from suandian.experiments.statement.words import WORDS
from suandian.quantity.errors import DataError, ScenarioError
from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.baseline import DAY_TEXT, WHY_TEXT, DayState, Fallback
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.engine import Evidence
from suandian.verification.event import Direction, Event, History
from suandian.verification.metering import LoadTable
from suandian.verification.replay import policy_hash
from suandian.verification.rules import rule, rules

AXIS = TimeAxis(datetime(2026, 3, 1, 16, tzinfo=UTC), timedelta(hours=1), 33 * 24)  # midnight of 2 March in Shanghai


def at(day: int, hour: float) -> int:
    return AXIS.start_s + int((day * 24 + hour) * 3600)


EVENT = Event("e1", at(31, 11), at(31, 14), at(31, 17), committed_mw=0.2)


def table(seed: int = 1, noise: float = 0.02) -> LoadTable:
    load = 1.0 + noise * np.random.default_rng(seed).standard_normal((1, AXIS.periods))
    load[0, 31 * 24 + 14 : 31 * 24 + 17] -= 0.25
    return LoadTable(("m",), AXIS, load, "Asia/Shanghai", WEEKDAYS)


def made(*ids: str, event: Event = EVENT, loads: LoadTable | None = None) -> Statement:
    chosen = [rule(name) for name in ids]
    return measure(loads or table(), event, "m", chosen, History(), Evidence(), source="m.csv")


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 10_000),
    name=st.sampled_from(
        ["CAISO_10IN10", "CAISO_5IN10", "PJM_STD", "ISONE_10OF10", "CN_5WD", "NYISO_WX", "ISONE_90_10"]
    ),
)
def test_the_listed_days_always_give_the_baseline(seed: int, name: str) -> None:
    """Σ weight · load of the listed days, adjusted by the listed figures, is the baseline of every interval."""
    found = made(name, loads=table(seed, 0.1)).results[0]
    hand, result = found.by_hand, found.result
    assert hand is not None
    assert hand.weight_ratio.sum() == pytest.approx(1.0)
    again = hand.weight_ratio @ hand.event_mw * result.adjustment_ratio + result.adjustment_mw
    np.testing.assert_allclose(again, result.baseline_mw, rtol=1e-12)
    if result.adjustment_kind == "ratio":
        assert hand.window_actual_mw / hand.window_mean_mw == pytest.approx(result.adjustment_raw_ratio)
    elif result.adjustment_kind == "additive":
        assert hand.window_actual_mw - hand.window_mean_mw == pytest.approx(result.adjustment_mw)


def test_the_lesser_of_two_stands_and_a_third_is_shown_only() -> None:
    found = made("CAISO_10IN10", "CN_5WD", "PJM_STD")
    assert found.two is not None
    assert found.pair == ("CAISO_10IN10@1", "CN_5WD@1")
    first, second = (m.result.delivered_mwh for m in found.results[:2])
    assert found.measured_mwh == min(first, second)
    assert found.basis.result.delivered_mwh == found.measured_mwh


LONG = TimeAxis(datetime(2026, 1, 31, 16, tzinfo=UTC), timedelta(hours=1), 62 * 24)  # ends with AXIS, and longer


@pytest.mark.parametrize(
    ("name", "told_h", "late"),
    [
        ("CN_5DAY_ADJUSTED", 11, "adjustment hours from 12:00"),  # 12 to 14 h
        ("CN_5DAY_ADJUSTED", 13, "adjustment hours from 13:00"),  # the hour before the notice is no late one
        ("TOW_45_SAA", 11, "adjustment hours from 11:00"),  # 10 to 13 h
        ("TOWT_45_SAA", 11, "adjustment hours from 11:00"),
        ("TOW_45_SAA", 13, None),
        ("PJM_SAMEDAY_3P2", 11, "hours of the baseline from 11:00"),  # 10 to 13 h, and 18 to 20 h
        ("PJM_SAMEDAY_3P2", 13, "hours of the baseline from 18:00"),
        ("MBMA_60MIN", 11, None),
        ("CN_5WD", 11, None),
        ("GUARDED_10OF10", 11, None),
    ],
)
def test_hours_after_the_notice_are_told_whatever_the_family(name: str, told_h: int, late: str | None) -> None:
    rng = np.random.default_rng(1)
    load = LoadTable(("m",), LONG, 1.0 + 0.02 * rng.standard_normal((1, LONG.periods)), "Asia/Shanghai", WEEKDAYS)
    evidence = Evidence(temperature_c=20.0 + rng.standard_normal(LONG.periods))
    event = replace(EVENT, notified_s=at(31, told_h))
    found = measure(load, event, "m", [rule(name)], History(), evidence, source="m.csv")
    assert found.measurable
    notes = [note for note in found.notes if "after the notice" in note]
    assert len(notes) == (late is not None)
    if late is not None:
        assert notes[0].startswith(f"{name}@1: the {late} lie after the notice")
        assert re.search(r"[\u4e00-\u9fff]", translated(notes[0], "zh"))


def test_an_adjustment_that_was_not_applied_is_no_warning() -> None:
    # Told at noon: of the rule's hours before the event two lie after the notice.
    event = replace(EVENT, notified_s=at(31, 12))
    adjusted = replace(rule("ISONE_10OF10"), fallback=("meter_before",))
    seen = measure(table(), event, "m", [adjusted], History(), Evidence(), source="m.csv")
    assert [note for note in seen.notes if "after the notice" in note]
    # With all earlier days declared unusable the hour before the notice stands, which nothing adjusts.
    days = frozenset(table().index.days[:31].astype(str).tolist())
    flat = measure(table(), event, "m", [adjusted], History(excluded_days=days), Evidence(), source="m.csv")
    assert flat.basis.result.fallback is Fallback.METER_BEFORE
    assert [note for note in flat.notes if "after the notice" in note] == []
    # A window before a notice of the day before is of another day: the rule stays unadjusted.
    early = replace(EVENT, notified_s=at(30, 12))
    assert made("GUARDED_10OF10", event=early).notes == ()


def test_validity_needs_a_promise_and_a_result() -> None:
    assert {claim.validity.rule for claim in made("CN_5WD").claims} == {
        "CN_RULE_1",
        "CN_RULE_2",
        "ZHEJIANG_2025",
        "SHARE_60",
    }
    bare = Event("e1", at(31, 11), at(31, 14), at(31, 17))
    assert made("CN_5WD", event=bare).claims == ()
    assert made("TOWT_45").claims == ()
    with pytest.raises(DataError, match="no rule to measure by"):
        made()


def test_a_fill_event_is_told_in_its_own_direction() -> None:
    load = table().load_mw.copy()
    load[0, 31 * 24 + 14 : 31 * 24 + 17] += 0.75
    event = Event("up", at(31, 11), at(31, 14), at(31, 17), Direction.FILL, 0.4)
    found = made("CN_5WD", event=event, loads=table().replaced(load))
    assert found.measured_mwh == pytest.approx(1.5, abs=0.1)  # 0.5 MW more for 3 h
    text = text_of(found)
    assert "measured increase: 1." in text
    assert "metered − baseline = 1." in text


def test_the_document_and_the_report_hold_what_the_text_says() -> None:
    found = made("CN_5WD")
    document = statement_document(found)
    assert document["measured_mwh"] == found.measured_mwh
    assert document["results"][0]["rebound"]["window_h"] == 24.0
    report = openadr_of(found)
    usage = [i["payloads"][1]["values"][0] for i in report["resources"][0]["intervals"]]
    np.testing.assert_allclose(usage, found.basis.result.metered_mw * 1000, atol=1e-6)


def test_what_is_not_measurable_is_said_and_reports_no_baseline() -> None:
    found = made("TOWT_45")
    assert not found.measurable
    assert np.isnan(found.measured_mwh)
    assert "NOT MEASURABLE\n- TOWT_45@1: " in text_of(found)
    intervals = openadr_of(found)["resources"][0]["intervals"]
    assert {p["type"] for interval in intervals for p in interval["payloads"]} == {"USAGE"}


SCENARIO = """
extends: county-noon
name: called
time: {start: 2026-04-01, end: 2026-04-10}
instructions:
  - {id: noon, issuer: grid_company, receiver: dc_operator, site: county, issued: 2026-04-09T08:00,
     start: 2026-04-09T12:00, end: 2026-04-09T14:00, import_max: 12 MW}
"""


def test_a_scenarios_instructions_are_events_of_its_grid_meters(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(SCENARIO)
    calls = read_calls(tmp_path / "s.yaml")
    assert (calls.zone, calls.calendar.id) == ("Asia/Shanghai", "mainland_china")
    call = calls.calls[0]
    assert (call.event.id, call.meter, call.firm_mw) == ("noon", "site/county/grid", 12.0)
    assert clock(call.event.start_s, calls.zone) == "2026-04-09 12:00"
    (tmp_path / "s.yaml").write_text(SCENARIO.partition("instructions")[0])
    with pytest.raises(ScenarioError, match="the study calls nobody"):
        read_calls(tmp_path / "s.yaml")


def test_a_modulation_and_own_days_are_read(tmp_path: Path) -> None:
    event = {"id": "m", "notice": "2026-04-02T11:00", "start": "2026-04-02T14:00+08:00", "end": "2026-04-02T16:00",
             "direction": "modulate", "curve": ["1 MW", "-500 kW"], "meter": "a"}  # fmt: skip
    document = {"zone": "Asia/Shanghai", "holidays": ["2026-04-01"], "workdays": ["2026-04-04"], "events": [event]}
    (tmp_path / "e.yaml").write_text(yaml.safe_dump(document))
    calls = read_calls(tmp_path / "e.yaml")
    assert calls.calls[0].event.curve_mw == (1.0, -0.5)
    assert calls.calls[0].meter == "a"
    assert calls.calendar.id == "mainland_china+own"
    kinds = calls.calendar.kinds(np.array(["2026-04-01", "2026-04-04"], dtype="datetime64[D]"))
    assert kinds.tolist() == [3, 0]


POLICY = Policy("first_come", 100.0, 0.5, 1.2)


def _local(at_s: int) -> str:
    return clock(at_s, "Asia/Shanghai")


def replay_files(folder: Path, *, written: str = "", recorded: str = "2026-02-20T00:00") -> Inputs:
    """A site of 100 GPUs of 2 kW that runs its jobs first come, first served; in the event it held 50 GPUs back."""
    rows = ["released,duration [h],gpus [GPU],power_per_gpu [kW]"]
    load = np.full(33 * 24, (0.5 + 0.1) * 1.2)
    for day in range(-3, 33):
        # 50 GPUs all day, and 50 more from 8 to 20 h: 0.1 MW and 0.2 MW of IT power.
        start_s = at(day, 0)
        rows += [f"{_local(start_s)},24,50,2", f"{_local(start_s + 8 * 3600)},12,50,2"]
        if day >= 0:
            load[day * 24 + 8 : day * 24 + 20] = (0.5 + 0.2) * 1.2
    load[31 * 24 + 14 : 31 * 24 + 17] = (0.5 + 0.1) * 1.2
    (folder / "jobs.csv").write_text("\n".join(rows))
    lines = [f"{_local(at(0, hour))},{value:.9f}" for hour, value in enumerate(load)]
    (folder / "m.csv").write_text("\n".join(["start,load [MW]", *lines]))
    digest = written or policy_hash(POLICY.canonical())
    replay = {"policy": "first_come", "gpus": 100, "idle": "0.5 MW", "pue": 1.2, "recorded": recorded,
              "policy_hash": digest, "in_force": [{"start": "2026-02-20", "end": "2026-04-05"}]}  # fmt: skip
    event = {"id": "e", "notice": "2026-04-02T11:00", "start": "2026-04-02T14:00", "end": "2026-04-02T17:00"}
    (folder / "e.yaml").write_text(yaml.safe_dump({"zone": "Asia/Shanghai", "events": [event], "replay": replay}))
    return Inputs(folder / "m.csv", folder / "e.yaml", ("REPLAY", "CN_5WD"), job_log=folder / "jobs.csv")


def test_a_job_log_is_replayed_under_the_recorded_policy(tmp_path: Path) -> None:
    """Replayed 0.84 MW, metered 0.72 MW, 3 h: 0.36 MWh, by the replay and by the days alike."""
    found = statements(replay_files(tmp_path))[0]
    replayed, days = (m.result for m in found.results)
    assert replayed.delivered_mwh == pytest.approx(0.36)
    assert days.delivered_mwh == pytest.approx(0.36)
    assert found.pair[0] == "REPLAY@1"
    note = next(note for note in replayed.notes if "replay against meter" in note)
    assert re.search(r"bias [+-]0\.00%, CV\(RMSE\) 0\.00%", note)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"written": "0" * 64}, "is not the recorded one"),
        ({"recorded": "2026-04-02T12:00"}, "recorded after the notice"),
    ],
)
def test_a_replay_of_another_policy_is_refused(tmp_path: Path, changes: dict[str, str], told: str) -> None:
    found = statements(replay_files(tmp_path, **changes))[0]
    assert not found.results[0].result.measurable
    assert any(told in note for note in found.results[0].result.notes)
    assert found.measured_mwh == pytest.approx(0.36)  # the meter baseline stands, flagged
    assert found.two is not None
    assert found.two.flagged


def test_a_job_log_without_its_policy_proves_nothing(tmp_path: Path) -> None:
    given_ = replay_files(tmp_path)
    text = (tmp_path / "e.yaml").read_text()
    (tmp_path / "e.yaml").write_text(text.partition("replay:")[0] + "zone: Asia/Shanghai\n")
    with pytest.raises(DataError, match="needs a `replay:` section"):
        statements(given_)
    (tmp_path / "e.yaml").write_text(text.replace("first_come", "magic").replace("policy_hash: ", "policy_hash: x"))
    with pytest.raises(ScenarioError, match=r"(?s)first_come is what can be replayed.*is no SHA-256"):
        statements(given_)


def test_files_are_named_by_event_and_by_meter_where_they_must() -> None:
    one = made("CN_5WD")
    assert file_names([one]) == ["e1"]
    assert file_names([one, replace(one, meter="n")]) == ["e1--m", "e1--n"]
    # Ids that become one name stay two files.
    assert file_names([replace(one, event=replace(EVENT, id=name)) for name in ("a/b", "a b", "../x")]) == [
        "a-b",
        "a-b~2",
        "x",
    ]


def test_numbers_keep_one_number_of_decimals() -> None:
    power = powers(made("CN_5WD"))
    assert (power.unit, power.text(0.5), power.text(-0.5, signed=True)) == ("MW", "0.500", "−0.500")
    assert power.text(float("nan")) == "–"


def test_spans_name_the_second_day_where_it_is_another() -> None:
    zone = "Asia/Shanghai"
    assert span(at(31, 14), at(31, 17), zone) == "2026-04-02 14:00–17:00"
    assert span(at(31, 22), at(32, 2), zone) == "2026-04-02 22:00 – 2026-04-03 02:00"
    assert (zone_text("Etc/GMT+6"), zone_text("Etc/GMT-8"), zone_text(zone)) == ("UTC−6", "UTC+8", zone)


def test_every_reason_has_its_chinese_words() -> None:
    for text in [*WHY_TEXT.values(), *(DAY_TEXT[state] for state in DayState)]:
        assert translated(text, "zh") != text
        assert translated(text, "en") == text
    assert translated("3 of 12 intervals of the event were not read", "zh") == "事件12个时段中有3个没有读数"
    assert translated("something new", "zh") == "something new"
    for pattern, chinese in PATTERNS:
        assert max(map(int, re.findall(r"\\(\d)", chinese)), default=0) <= re.compile(pattern).groups


def test_words_of_both_languages_have_the_same_gaps() -> None:
    for key, (english, chinese) in WORDS.items():
        assert set(re.findall(r"{(\w+)", english)) == set(re.findall(r"{(\w+)", chinese)), key


def test_every_record_is_told_in_full() -> None:
    text = table_text(list(rules().values()))
    for name, record in rules().items():
        assert f"\n{record.ref} " in text
        told = record_text(record)
        assert f"confidence: {record.confidence} (" in told, name
        assert told.count("source [") == len(record.sources)
        assert record.digest() in told

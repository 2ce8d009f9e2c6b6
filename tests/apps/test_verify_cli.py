"""`suandian verify` and `suandian rules` from the outside: statements redone by hand, files, bad inputs."""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from suandian import __version__
from suandian.apps import cli

ADAPTERS = Path(__file__).resolve().parents[1] / "adapters"
sys.path[:0] = [str(ADAPTERS)]
from meter_files import csv_table, green_button, openadr_report, stamps  # noqa: E402

MV = Path(__file__).resolve().parents[3] / "shared" / "data" / "mv"
ZONE = "Asia/Shanghai"
DAYS = 33  # 2026-03-02, a Monday, to 2026-04-03
STARTS = stamps("2026-03-02T00:00", ZONE, DAYS * 24, 3600)
EVENT_DAY = 31  # Thursday 2026-04-02
HOURS = slice(EVENT_DAY * 24 + 14, EVENT_DAY * 24 + 17)

EVENTS = """
zone: Asia/Shanghai
events:
  - id: april-2
    notice: 2026-04-02T11:00
    start: 2026-04-02T14:00
    end: 2026-04-02T17:00
    committed: 200 kW
"""


def loads_kwh() -> np.ndarray:
    """1,000 kWh an hour, 10 more on each later day of the week; weekends 500; 790 in the event."""
    kwh = np.array([500 if day % 7 > 4 else 1000 + 10 * (day % 7) for day in range(DAYS)]).repeat(24)
    kwh[HOURS] = 790
    return kwh


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    csv_table(Path("meter.csv"), STARTS, {"import [kWh]": loads_kwh()}, zone=ZONE)
    Path("events.yaml").write_text(EVENTS, encoding="utf-8")
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = 0
    try:
        cli.main(list(arguments))
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


BASIC = ("verify", "--meter", "meter.csv", "--events", "events.yaml")


def document(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    found, out, err = said(capsys, *BASIC, *arguments, "--json")
    assert found == code, out + err
    read: dict[str, Any] = json.loads(out)
    return read


def call(**changes: object) -> Mapping[str, object]:
    return {
        "id": "april-2",
        "notice": "2026-04-02T11:00",
        "start": "2026-04-02T14:00",
        "end": "2026-04-02T17:00",
    } | changes


def write_events(*calls: Mapping[str, object], **more: object) -> None:
    Path("events.yaml").write_text(yaml.safe_dump({"zone": ZONE, "events": list(map(dict, calls)), **more}))


def test_the_statement_is_readable(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, *BASIC, "--rule", "CAISO_10IN10", "--rule", "CN_5WD")
    assert (code, err) == (0, "")
    expected = (Path(__file__).parent / "verify_small.txt").read_text(encoding="utf-8")
    assert (
        re.sub(r"\b[0-9a-f]{64}\b", "‹hash›", out).replace(f"suandian {__version__}", "suandian ‹version›") == expected
    )


def test_a_reader_can_check_it_by_hand(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """CN_5WD on Thursday: Wed 1020, Tue 1010, Mon 1000, Fri 1040, Thu 1030 kWh an hour.

    Mean (1020 + 1010 + 1000 + 1040 + 1030)/5 = 1020; over 3 h 3060 kWh; metered 3 · 790 = 2370; reduction 690 kWh, a
    mean of 230 kW. CAISO_10IN10 takes ten days, two of each weekday: mean 1020 as well; in its window, 10 to 13 h, the
    event day stood at 1030, so the factor is 1030/1020 = 1.0098 and the baseline 1030 · 3 = 3090; reduction 720 kWh.
    The lesser of the two stands.
    """
    found = document(capsys, "--rule", "CN_5WD", "--rule", "CAISO_10IN10")["statements"][0]
    plain, adjusted = found["results"]
    assert [day["day"] for day in plain["days_used"]] == [
        f"2026-0{d}" for d in ("4-01", "3-31", "3-30", "3-27", "3-26")
    ]
    assert [day["event_mw"][0] for day in plain["by_hand"]["days"]] == pytest.approx([1.02, 1.01, 1.0, 1.04, 1.03])
    assert plain["baseline_mwh"] == pytest.approx(3.06)
    assert plain["delivered_mwh"] == pytest.approx(0.69)
    assert len(adjusted["days_used"]) == 10
    assert adjusted["by_hand"]["window_actual_mw"] == pytest.approx(1.03)
    assert adjusted["by_hand"]["window_mean_mw"] == pytest.approx(1.02)
    assert adjusted["adjustment"]["raw_ratio"] == pytest.approx(1030 / 1020)
    assert adjusted["delivered_mwh"] == pytest.approx(0.72)
    assert found["measured_mwh"] == pytest.approx(0.69)
    assert (found["basis"], found["two_baselines"]["rules"]) == ("CN_5WD@1", ["CN_5WD@1", "CAISO_10IN10@1"])
    # 230 kW were delivered of 200 promised: 0.8 of the promise is met by mean and by duration.
    assert {claim["rule"]: claim["valid"] for claim in found["claims"]}["CN_RULE_2"] is True
    assert {claim["state"] for claim in found["claims"]} == {"assessed"}
    assert len(plain["input_hash"]) == 64
    assert plain["code_version"]


def test_page_json_and_report_are_written(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "--rule", "CN_5WD", "--out", "statement", "--lang", "zh")
    assert sorted(p.name for p in Path("statement").iterdir()) == [
        "april-2.html",
        "april-2.json",
        "april-2.openadr.json",
    ]
    assert set(found["written"]) == {"april-2.html", "april-2.json", "april-2.openadr.json"}
    page = Path("statement/april-2.html").read_text(encoding="utf-8")
    assert 'data-shown="zh"' in page
    assert "用电比基线少0.690\u00a0MWh" in page
    report = json.loads(Path("statement/april-2.openadr.json").read_text())
    payloads = report["resources"][0]["intervals"][0]["payloads"]
    assert payloads == [{"type": "BASELINE", "values": [1020.0]}, {"type": "USAGE", "values": [790.0]}]
    assert json.loads(Path("statement/april-2.json").read_text())["measured_mwh"] == pytest.approx(0.69)


def test_the_same_site_in_other_formats(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    green_button(Path("m.xml"), {"site": {1: (loads_kwh() * 1000).tolist()}}, STARTS, 3600)
    openadr_report(Path("m.json"), [("site", loads_kwh().tolist())], STARTS[0], 3600)
    for file in ("m.xml", "m.json"):
        code, out, err = said(
            capsys, "verify", "--meter", file, "--events", "events.yaml", "--rule", "CN_5WD", "--json"
        )
        assert code == 0, err
        assert json.loads(out)["statements"][0]["measured_mwh"] == pytest.approx(0.69)


def refused(capsys: pytest.CaptureFixture[str], told: str, *arguments: str) -> None:
    code, out, err = said(capsys, *BASIC, *(arguments or ("--rule", "CN_5WD")))
    assert (code, out) == (2, "")
    assert told in err


def test_end_stamps_declared_as_starts(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    csv_table(Path("meter.csv"), STARTS, {"import [kWh]": loads_kwh()}, zone=ZONE, shift_s=3600)
    refused(capsys, "say which it is: --label end, or --label start")
    found = document(capsys, "--rule", "CN_5WD", "--label", "start")
    assert (
        "the stamps look like ends of intervals; they are taken as starts, as told" in found["statements"][0]["notes"]
    )


def test_a_gap_in_the_adjustment_window(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kwh = loads_kwh().astype(object)
    kwh[EVENT_DAY * 24 + 11] = ""
    csv_table(Path("meter.csv"), STARTS, {"import [kWh]": kwh}, zone=ZONE)
    found = document(capsys, "--rule", "CAISO_10IN10", code=2)["statements"][0]
    assert not found["measurable"]
    assert found["reasons"] == [
        "CAISO_10IN10@1: readings of the adjustment window are missing or disturbed by another event"
    ]
    # A second rule that needs no window stands, and the pair is flagged.
    both = document(capsys, "--rule", "CAISO_10IN10", "--rule", "CN_5WD")["statements"][0]
    assert both["measured_mwh"] == pytest.approx(0.69)
    assert both["two_baselines"]["flagged"] is True


def test_an_event_across_midnight(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Wed 22 h to Thu 2 h against the same hours of Tue/Wed, Mon/Tue, (Sun is no working day) Fri/Sat …

    CN_5WD: nights that begin on Tue 31, Mon 30, Fri 27, Thu 26, Wed 25: 2 h of the day and 2 h of the next:
    1010+1020, 1000+1010, 1040+500, 1030+1040, 1020+1030 → mean of the sums 1940, twice: 3880 kWh. Metered 1020+1030,
    twice: 4100.
    """
    write_events(call(id="night", notice="2026-04-01T20:00", start="2026-04-01T22:00", end="2026-04-02T02:00"))
    found = document(capsys, "--rule", "CN_5WD")["statements"][0]
    assert found["results"][0]["baseline_mwh"] == pytest.approx(3.88)
    assert found["measured_mwh"] == pytest.approx(3.88 - 4.1)


def test_an_event_across_a_clock_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Chicago, Sunday 2026-03-08: 1 h to 4 h by the clock are two hours. Intervals are compared by wall clock."""
    monkeypatch.chdir(tmp_path)
    starts = stamps("2026-02-02T00:00", "America/Chicago", 36 * 24, 3600)
    rows = [f"{at},{1}" for at in np.array(starts, dtype="datetime64[s]").astype(str)]
    Path("meter.csv").write_text("\n".join(["start,import [MWh]", *(row.replace(",", "Z,") for row in rows)]))
    event = {"id": "spring", "notice": "2026-03-07T12:00", "start": "2026-03-08T01:00", "end": "2026-03-08T04:00"}
    Path("events.yaml").write_text(yaml.safe_dump({"zone": "America/Chicago", "events": [event]}))
    found = document(capsys, "--rule", "CN_5WD")["statements"][0]
    assert found["results"][0]["baseline_mwh"] == pytest.approx(2.0)
    assert found["results"][0]["notes"][0] == "clocks change on the event day: intervals are compared by wall clock"
    # An instant that the clocks jump over is no instant.
    Path("events.yaml").write_text(
        yaml.safe_dump({"zone": "America/Chicago", "events": [event | {"end": "2026-03-08T02:30"}]})
    )
    refused(capsys, "events[0].end: 2026-03-08T02:30 does not exist in America/Chicago")


def test_overlapping_events(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_events(call(), call(id="other", start="2026-04-02T16:00", end="2026-04-02T18:00"))
    refused(capsys, "events 'april-2' and 'other' of meter all overlap")


def test_negative_import_without_export_channel(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    csv_table(Path("meter.csv"), STARTS, {"import [kWh]": loads_kwh() - 600}, zone=ZONE)
    refused(capsys, "there is no export channel")
    csv_table(Path("meter.csv"), STARTS, {"net [kWh]": loads_kwh() - 600}, zone=ZONE)
    assert document(capsys, "--rule", "CN_5WD")["statements"][0]["measured_mwh"] == pytest.approx(0.69)


def test_kilowatts_called_kilowatt_hours_are_asked_about(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Quarter-hour means of 1,000 kW written as kWh would be 4 MW at a connection of 1.2 MW."""
    starts = stamps("2026-03-02T00:00", ZONE, DAYS * 96, 900)
    csv_table(Path("meter.csv"), starts, {"import [kWh]": loads_kwh().repeat(4)}, zone=ZONE)
    refused(capsys, "were powers called energies", "--rule", "CN_5WD", "--nameplate", "1.2 MW")
    found = document(capsys, "--rule", "CN_5WD", "--nameplate", "1.2 MW", "--unit", "kW")["statements"][0]
    assert found["measured_mwh"] == pytest.approx(0.69)
    assert "column 'import [kWh]' is read in kW, as told, not in kWh" in found["notes"]
    refused(capsys, "--nameplate", "--rule", "CN_5WD", "--nameplate", "1.2")


def test_two_meters_with_one_id(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    columns = {"meter": ["a"] * 2 * len(STARTS), "import [kWh]": np.tile(loads_kwh(), 2)}
    csv_table(Path("meter.csv"), [*STARTS, *STARTS], columns, zone=ZONE)
    refused(capsys, "two meters with one id")


def test_an_event_longer_than_the_data(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_events(call(end="2026-04-09T17:00"))
    found = document(capsys, "--rule", "CN_5WD", code=2)["statements"][0]
    assert found["reasons"][0] == "CN_5WD@1: part of the event lies outside the data"
    write_events(call(notice="2026-05-02T11:00", start="2026-05-02T14:00", end="2026-05-02T17:00"))
    refused(capsys, "lies outside the data")


def test_every_fault_of_the_events_file_is_told_at_once(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_events(
        {"id": "a", "comitted": 2, "notice": "2026-04-02T18:00", "start": "2026-04-02T14:00", "end": "x"},
        call(committed="2", direction="up"), call(curve="1 MW"), call(committed="-1 MW"),
        outages=[{"start": "2026-04-01", "end": "2026-03-01"}], excluded_days=["soon"], calendar="mars",
    )  # fmt: skip
    code, _, err = said(capsys, *BASIC, "--rule", "CN_5WD")
    assert code == 2
    for told in ("comitted: is unknown; did you mean committed?", "events[0].end: 'x'", "events[1].direction",
                 "events[1].committed: 2 is a bare number", "events[2].curve: is no list",
                 "events[3].committed: is negative",
                 "outages[0].end", "excluded_days[0]: 'soon' is no day", "calendar: 'mars' is unknown"):  # fmt: skip
        assert told in err


@pytest.mark.parametrize(
    ("text", "told"),
    [("events: []", "is empty"), ("5", "holds no events"), ("a: [", "is no YAML"),
     ("zone: Mars\nevents: []", "time zone"),
     ("events: 5", "is no list"), ("events: [5]", "is no mapping")],
)  # fmt: skip
def test_files_that_hold_no_events(site: Path, capsys: pytest.CaptureFixture[str], text: str, told: str) -> None:
    Path("events.yaml").write_text(text)
    refused(capsys, told)


def test_a_zone_is_needed_and_may_stand_in_either_place(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("events.yaml").write_text(EVENTS.replace("zone: Asia/Shanghai", ""))
    refused(capsys, "events[0].notice: 2026-04-02T11:00 names no zone; write `zone: Asia/Shanghai` at the top")
    found = document(capsys, "--rule", "CN_5WD", "--zone", ZONE)["statements"][0]
    assert (found["zone"], found["calendar"]) == (ZONE, "mainland_china")
    assert found["measured_mwh"] == pytest.approx(0.69)
    offset = EVENTS.replace("zone: Asia/Shanghai", "").replace(":00\n", ":00+08:00\n")
    Path("events.yaml").write_text(offset)
    green_button(Path("m.xml"), {"site": {1: (loads_kwh() * 1000).tolist()}}, STARTS, 3600)
    code, _, err = said(capsys, "verify", "--meter", "m.xml", "--events", "events.yaml", "--rule", "CN_5WD")
    assert code == 2
    assert "no zone of local days" in err


def test_a_pattern_names_one_meter_file(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "verify", "--meter", "met*.csv", "--events", "events.yaml", "--rule", "CN_5WD")
    assert (code, "0.690 MWh" in out) == (0, True)
    code, _, err = said(capsys, "verify", "--meter", "x*.csv", "--events", "events.yaml", "--rule", "CN_5WD")
    assert code == 2
    assert "0 paths fit 'x*.csv'; name one: there is none" in err


def test_rules_that_are_not_there(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused(capsys, "did you mean CN_5WD", "--rule", "CN_5W")
    refused(capsys, "stands twice", "--rule", "CN_5WD", "--rule", "CN_5WD@1")
    refused(capsys, "write en or zh", "--rule", "CN_5WD", "--lang", "fr")


def test_outages_excluded_days_holidays_and_earlier_events_are_heeded(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = call(id="march-31", notice="2026-03-31T11:00", start="2026-03-31T14:00", end="2026-03-31T15:00")
    write_events(call(), earlier, outages=[{"start": "2026-03-30T01:00", "end": "2026-03-30T02:00"}],
                 excluded_days=["2026-03-27"], holidays=["2026-03-26"])  # fmt: skip
    found = document(capsys, "--rule", "CN_5WD", "--event", "april-2")["statements"]
    assert len(found) == 1
    reasons = {row["day"]: row["reason"] for row in found[0]["results"][0]["days_rejected"]}
    assert reasons["2026-03-31"] == "another event or its aftermath"
    assert reasons["2026-03-30"] == "unplanned outage"
    assert reasons["2026-03-27"] == "declared unusable"
    assert reasons["2026-03-26"] == "another type of day"


def test_temperature_in_fahrenheit_and_celsius_is_one_temperature(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    starts = stamps("2026-02-01T00:00", ZONE, 62 * 24, 3600)
    rng = np.random.default_rng(3)
    celsius = np.round(10 + 8 * np.sin(np.arange(len(starts)) / 24 * 2 * np.pi) + rng.normal(0, 2, len(starts)), 1)
    kwh = np.round(1000 + 20 * celsius).astype(int)
    csv_table(Path("meter.csv"), starts, {"import [kWh]": kwh}, zone=ZONE)
    found = []
    for unit, values in (("°C", celsius), ("°F", celsius * 1.8 + 32)):
        csv_table(Path("t.csv"), starts, {f"temperature [{unit}]": values}, zone=ZONE, time="time")
        found.append(document(capsys, "--rule", "TOWT_45", "--temperature", "t.csv")["statements"][0]["measured_mwh"])
    assert found[0] == pytest.approx(found[1], abs=1e-6)
    without = document(capsys, "--rule", "TOWT_45", code=2)["statements"][0]
    assert without["reasons"] == ["TOWT_45@1: the rule needs a temperature for every interval"]


def test_a_firm_level(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_events(call(firm="0.8 MW"))
    assert document(capsys, "--rule", "FIRM_LEVEL")["statements"][0]["measured_mwh"] == pytest.approx(3 * (0.8 - 0.79))
    write_events(call())
    assert not document(capsys, "--rule", "FIRM_LEVEL", code=2)["statements"][0]["measurable"]


def test_own_rules(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    group = {"days": ["working"], "lookback_days": 10, "pool": 2, "minimum": 2}
    record = {"version": 7, "name": "Two days", "family": "day_matching", "groups": [group],
              "sources": [{"document": "agreed", "confidence": "D"}]}  # fmt: skip
    Path("own.yaml").write_text(yaml.safe_dump({"TWO": record}))
    found = document(capsys, "--rule", "TWO", "--rules", "own.yaml")["statements"][0]
    assert found["basis"] == "TWO@7"
    assert found["results"][0]["baseline_mwh"] == pytest.approx(3 * 1.015)  # of 1020 and 1010
    code, out, _ = said(capsys, "rules", "TWO", "--rules", "own.yaml")
    assert code == 0
    assert "TWO@7  Two days" in out
    refused(capsys, "kept in version 7, not 6", "--rule", "TWO@6", "--rules", "own.yaml")


@pytest.mark.skipif(not MV.is_dir(), reason="the measurement sample is absent")
def test_the_eemeter_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Hourly kWh and °F in Illinois; 2017-07-20, 15 to 18 h. The rows are added up here without the engine."""
    monkeypatch.chdir(tmp_path)
    for source, file, head in (
        ("il-electricity-cdd-only-hourly", "meter", "start,import [kWh]"),
        ("il-tempF", "t", "time,temperature [°F]"),
    ):
        lines = gzip.decompress((MV / f"{source}.csv.gz").read_bytes()).decode().splitlines()
        Path(f"{file}.csv").write_text("\n".join([head, *lines[1:]]), encoding="utf-8")
    event = {"id": "july-20", "notice": "2017-07-20T10:00", "start": "2017-07-20T15:00", "end": "2017-07-20T18:00"}
    Path("events.yaml").write_text(
        yaml.safe_dump({"zone": "America/Chicago", "holidays": ["2017-07-04"], "events": [event]})
    )
    rows = dict(line.split(",") for line in Path("meter.csv").read_text().splitlines()[1:])

    def kwh(day: str, hours: range) -> float:
        return sum(float(rows[f"{day}T{hour:02d}:00:00-05:00"]) for hour in hours)

    found = document(
        capsys, "--rule", "CAISO_10IN10", "--rule", "CN_5WD", "--rule", "TOWT_45_SAA", "--temperature", "t.csv"
    )
    ten, five, regression = found["statements"][0]["results"]
    metered = kwh("2017-07-20", range(15, 18))
    days = [day["day"] for day in ten["days_used"]]
    assert len(days) == 10
    assert "2017-07-04" not in days
    mean = sum(kwh(day, range(15, 18)) for day in days) / 10
    before = kwh("2017-07-20", range(11, 14)) / (sum(kwh(day, range(11, 14)) for day in days) / 10)
    assert ten["adjustment"]["raw_ratio"] == pytest.approx(before)
    assert ten["delivered_mwh"] * 1000 == pytest.approx(mean * min(max(before, 0.8), 1.2) - metered)
    mean = sum(kwh(day["day"], range(15, 18)) for day in five["days_used"]) / 5
    assert five["delivered_mwh"] * 1000 == pytest.approx(mean - metered)
    assert regression["outcome"] == "measured"
    assert five["distinguishable_from_zero"] is False


def test_the_rules_are_shown_with_source_and_confidence(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "rules")
    assert code == 0
    assert "day matching   ratio 0.8–1.2: start -4 to -1 h" in out.splitlines()[2]
    code, out, _ = said(capsys, "rules", "CN_5WD")
    assert "days: W: 45 d back, the 5 newest usable days, at least 5" in out
    assert "source [B]: Jiangsu demand response rules 2015" in out
    assert "confidence: C (general knowledge, no conformity claimed)" in out
    code, out, _ = said(capsys, "rules", "MBMA_15MIN_JIANGSU", "--json")
    assert json.loads(out)["windows"] == [{"anchor": "notice", "from_h": -0.25, "to_h": 0}]
    code, out, _ = said(capsys, "rules", "--json")
    assert len(json.loads(out)["rules"]) > 25
    code, _, err = said(capsys, "rules", "CN_5")
    assert code == 2
    assert "did you mean CN_5WD" in err


def test_help_teaches_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("verify", "rules"):
        code, out, _ = said(capsys, command, "--help")
        assert code == 0
        assert f"suandian {command} " in out

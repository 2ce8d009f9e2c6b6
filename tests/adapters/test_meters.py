"""One set of loads, as a table, as Green Button XML and as an OpenADR report, is read back as the same loads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter_files import csv_table, green_button, openadr_report, stamps

from suandian.adapters.meters import read_meters
from suandian.adapters.meters.openadr import baseline_report, duration_s
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis, at_unix_s
from suandian.verification.calendar import WEEKDAYS

ZONE = "Asia/Shanghai"
STARTS = stamps("2026-04-01T00:00", ZONE, 96, 900)
#: kWh per quarter hour; 1 kWh in 15 min is 4 kW.
KWH = [100 + at for at in range(96)]
LOAD_MW = np.array(KWH) * 4 / 1000


def test_three_formats_hold_the_same_loads(tmp_path: Path) -> None:
    files = [
        csv_table(tmp_path / "m.csv", STARTS, {"import [kWh]": KWH}, zone=ZONE),
        green_button(tmp_path / "m.xml", {"m": {1: KWH}}, STARTS, 900, power_of_ten=3),
        openadr_report(tmp_path / "m.json", [("m", KWH)], STARTS[0], 900),
    ]
    for file in files:
        found = read_meters(file, zone=ZONE)
        assert found.meters == ("m",)
        np.testing.assert_array_equal(found.stamps_s, STARTS)
        np.testing.assert_allclose(found.load_mw[0], LOAD_MW, rtol=1e-12)
        assert not found.exports
        table = found.table(ZONE, WEEKDAYS)
        assert (table.axis.start_s, table.axis.step_s, table.axis.periods) == (STARTS[0], 900, 96)


@given(value=st.integers(0, 10**9), power=st.integers(-3, 6))
def test_green_button_values_scale_by_their_power_of_ten(
    tmp_path_factory: pytest.TempPathFactory, value: int, power: int
) -> None:
    file = green_button(
        tmp_path_factory.mktemp("g") / "g.xml", {"p": {1: [value] * 3}}, STARTS[:3], 900, power_of_ten=power
    )
    # Wh per quarter hour · 4 is W; a million W is a MW.
    np.testing.assert_allclose(read_meters(file).load_mw[0], value * 10.0**power * 4 / 1e6, rtol=1e-12)


def test_green_button_directions_points_and_estimates(tmp_path: Path) -> None:
    meters = {"5001": {1: [2000, 0, 500], 19: [0, 1000, 0]}, "5002": {1: [7, 8, 9]}}
    found = read_meters(green_button(tmp_path / "g.xml", meters, STARTS[:3], 900, quality={1: 8, 2: 17}))
    assert found.meters == ("5001", "5002")
    # 2000 Wh in a quarter hour is 8 kW; the export of 1000 Wh is −4 kW.
    np.testing.assert_allclose(found.load_mw[0] * 1000, [8, -4, 2])
    np.testing.assert_allclose(found.load_mw[1] * 1e6, [28, 32, 36])
    assert found.exports
    assert found.estimated[0].tolist() == [False, True, False]
    assert found.table(ZONE, WEEKDAYS).estimated is not None


def test_green_button_power_needs_no_step(tmp_path: Path) -> None:
    found = read_meters(green_button(tmp_path / "g.xml", {"p": {1: [3, 4]}}, STARTS[:2], 900, uom=38, power_of_ten=3))
    np.testing.assert_allclose(found.load_mw[0] * 1000, [3, 4])


def test_green_button_with_prefixes_and_without_links_between_its_parts(tmp_path: Path) -> None:
    """Some utilities write `espi:` before every element and leave links out; one ReadingType is then the only one."""
    file = green_button(tmp_path / "g.xml", {"p": {1: [1000, 2000]}}, STARTS[:2], 900)
    text = re.sub(r'<link rel="related"[^>]*/>', "", file.read_text())
    text = re.sub(
        r"<(/?)(Interval|Reading|Usage|Meter|timePeriod|duration|start|value|uom|flow|power|accum)", r"<\1e:\2", text
    )
    text = text.replace(' xmlns="http://naesb.org/espi"', "").replace(
        "<feed ", '<feed xmlns:e="http://naesb.org/espi" '
    )
    text = re.sub(r"<(/?)interval(Length)?>", r"<\1e:interval\2>", text)
    file.write_text(text)
    found = read_meters(file)
    assert found.meters == ("p",)
    np.testing.assert_allclose(found.load_mw[0] * 1000, [4, 8])


def test_green_button_registers_and_uneven_intervals_are_refused(tmp_path: Path) -> None:
    file = green_button(tmp_path / "g.xml", {"p": {1: [1000, 2000]}}, STARTS[:2], 900)
    text = file.read_text()
    file.write_text(text.replace("<accumulationBehaviour>4", "<accumulationBehaviour>3"))
    with pytest.raises(DataError, match="a running register"):
        read_meters(file)
    file.write_text(
        text.replace(
            "<duration>900</duration><start>" + str(STARTS[1]), "<duration>1800</duration><start>" + str(STARTS[1])
        )
    )
    with pytest.raises(DataError, match="interval lengths 15 min, 30 min"):
        read_meters(file)
    file.write_text(text.replace("<value>2000</value>", "<value>two</value>"))
    with pytest.raises(DataError, match="'two' stands where a whole number is due"):
        read_meters(file)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<feed", "no well-formed XML"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><feed>&a;</feed>', "declares a document type"),
        ("<feed/>", "no readings"),
    ],
)
def test_xml_that_is_no_green_button_file(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "x.xml").write_text(text)
    with pytest.raises(DataError, match=told):
        read_meters(tmp_path / "x.xml")


def test_other_quantities_are_passed_over_and_counted(tmp_path: Path) -> None:
    file = green_button(tmp_path / "g.xml", {"p": {1: [1, 2]}, "volts": {1: [230, 231]}}, STARTS[:2], 900)
    text = file.read_text().replace("<uom>72</uom>", "<uom>29</uom>")
    file.write_text(text.replace("<uom>29</uom>", "<uom>72</uom>", 1))
    found = read_meters(file)
    assert found.meters == ("p",)
    assert found.notes == ("1 blocks of other quantities than active energy or power are passed over",)


def test_two_meters_with_one_id_are_refused_in_every_format(tmp_path: Path) -> None:
    twice = [*STARTS[:3], *STARTS[:3]]
    table = csv_table(tmp_path / "m.csv", twice, {"meter": ["a"] * 6, "import [kWh]": range(6)}, zone=ZONE)
    xml = green_button(tmp_path / "m.xml", {"a": {1: [1, 2]}, "b": {1: [1, 2]}}, STARTS[:2], 900, point_ids=["a", "a"])
    report = openadr_report(tmp_path / "m.json", [("a", [1.0, 2.0]), ("a", [1.0, 2.0])], STARTS[0], 900)
    for file in (table, xml, report):
        with pytest.raises(DataError, match=r"two meters with one id|one id 'a'|two resources"):
            read_meters(file, zone=ZONE)


def test_a_table_of_several_meters_with_quality(tmp_path: Path) -> None:
    columns = {
        "meter": ["a", "b", "a", "b"], "import [MWh]": [1, 2, 3, 4], "export [MWh]": [0, 1, 0, 1],
        "quality": ["measured", "estimated", "missing", "measured"],
    }  # fmt: skip
    starts = [STARTS[0], STARTS[0], STARTS[1], STARTS[1]]
    found = read_meters(csv_table(tmp_path / "m.csv", starts, columns, zone=ZONE), zone=ZONE)
    assert found.meters == ("a", "b")
    np.testing.assert_allclose(found.load_mw, [[4, np.nan], [4, 12]])
    assert found.estimated.tolist() == [[False, False], [True, False]]
    assert found.only(["b"]).meters == ("b",)
    with pytest.raises(DataError, match="no meter 'c'; there are a, b"):
        found.only(["c"])


def test_the_columns_that_a_journal_keeps_are_read_from_parquet(tmp_path: Path) -> None:
    frame = pl.DataFrame({"meter": ["m"] * 2, "start": STARTS[:2], "import_mwh": [1.0, 2.0], "export_mwh": [0.0, 0.5]})
    frame = frame.with_columns(pl.from_epoch("start").dt.replace_time_zone("UTC"), quality=pl.lit(0))
    frame.write_parquet(tmp_path / "m.parquet")
    np.testing.assert_allclose(read_meters(tmp_path / "m.parquet").load_mw[0], [4, 6])


def test_a_header_in_power_and_one_without_unit(tmp_path: Path) -> None:
    power = csv_table(tmp_path / "p.csv", STARTS[:3], {"load [kW]": [1, 2, 3]}, zone=ZONE)
    np.testing.assert_allclose(read_meters(power, zone=ZONE).load_mw[0] * 1000, [1, 2, 3])
    bare = csv_table(tmp_path / "b.csv", STARTS[:3], {"import": [1, 2, 3]}, zone=ZONE)
    with pytest.raises(DataError, match=r"names no unit; write e.g. import \[kWh\], or say --unit kWh"):
        read_meters(bare, zone=ZONE)
    np.testing.assert_allclose(read_meters(bare, zone=ZONE, unit="kWh").load_mw[0] * 1000, [4, 8, 12])


def test_a_unit_that_is_told_wins_and_is_noted(tmp_path: Path) -> None:
    file = csv_table(tmp_path / "m.csv", STARTS[:3], {"import [kWh]": [1, 2, 3]}, zone=ZONE)
    found = read_meters(file, zone=ZONE, unit="kW")
    np.testing.assert_allclose(found.load_mw[0] * 1000, [1, 2, 3])
    assert found.notes == ("column 'import [kWh]' is read in kW, as told, not in kWh",)


def test_end_stamps_are_moved_back_and_their_look_is_asked_about(tmp_path: Path) -> None:
    """A file that stamps ends: 00:15 … 24:00. Declared as starts by its header, it is refused with the question."""
    ends = csv_table(tmp_path / "e.csv", STARTS, {"import [kWh]": KWH}, zone=ZONE, time="end", shift_s=900)
    assert read_meters(ends, zone=ZONE).table(ZONE, WEEKDAYS).axis.start_s == STARTS[0]
    wrong = csv_table(tmp_path / "w.csv", STARTS, {"import [kWh]": KWH}, zone=ZONE, time="start", shift_s=900)
    with pytest.raises(DataError, match="--label end, or --label start"):
        read_meters(wrong, zone=ZONE).table(ZONE, WEEKDAYS)
    told = read_meters(wrong, zone=ZONE, label="start").table(ZONE, WEEKDAYS)
    assert told.axis.start_s == STARTS[0] + 900
    with pytest.raises(DataError, match="marks the end, --label says start"):
        read_meters(ends, zone=ZONE, label="start")


def test_negative_import_without_export_channel_is_refused(tmp_path: Path) -> None:
    file = csv_table(tmp_path / "m.csv", STARTS[:3], {"import [kWh]": [1, -2, 3]}, zone=ZONE)
    with pytest.raises(DataError, match="there is no export channel"):
        read_meters(file, zone=ZONE).table(ZONE, WEEKDAYS)
    net = csv_table(tmp_path / "n.csv", STARTS[:3], {"net [kWh]": [1, -2, 3]}, zone=ZONE)
    np.testing.assert_allclose(read_meters(net, zone=ZONE).table(ZONE, WEEKDAYS).load_mw[0] * 1000, [4, -8, 12])
    export = csv_table(tmp_path / "x.csv", STARTS[:2], {"import [kWh]": [1, 0], "export [kWh]": [0, -1]}, zone=ZONE)
    with pytest.raises(DataError, match="export is negative"):
        read_meters(export, zone=ZONE)


@pytest.mark.parametrize(
    ("columns", "time", "told"),
    [
        ({"import [V]": [1, 2]}, "start", "neither an energy nor a power"),
        ({"import [kwh]": [1, 2]}, "start", "did you mean kWh"),
        ({"import [kWh]": [1, 2], "watts": [1, 2]}, "start", "'watts' is unknown"),
        ({"import [kWh]": [1, 2]}, "stamp", "0 time columns"),
        ({"export [kWh]": [1, 2]}, "start", "no import channel"),
        ({"import [kWh]": [1, 2], "net [kWh]": [1, 2]}, "start", "has two readings|both an import and a net"),
        ({"import [kWh]": [1, 2], "quality": ["good", "bad"]}, "start", "quality 'bad' is unknown"),
        ({"import [kWh]": [1, "x"]}, "start", "'x' is no number"),
        ({"meter": ["a", ""], "import [kWh]": [1, 2]}, "start", "names no meter"),
        ({}, "start", "no amounts"),
    ],
)
def test_tables_that_cannot_be_read_say_why(
    tmp_path: Path, columns: dict[str, list[object]], time: str, told: str
) -> None:
    with pytest.raises(DataError, match=told):
        read_meters(csv_table(tmp_path / "m.csv", STARTS[:2], columns, zone=ZONE, time=time), zone=ZONE)


def test_offsets_in_the_times_name_a_zone(tmp_path: Path) -> None:
    rows = [f"2026-04-01T0{hour}:00:00-06:00,{hour}" for hour in range(3)]
    (tmp_path / "m.csv").write_text("\n".join(["start,import [kWh]", *rows]))
    found = read_meters(tmp_path / "m.csv")
    assert found.zone == "Etc/GMT+6"
    assert at_unix_s(int(found.stamps_s[0])).hour == 6


def test_openadr_demand_is_power_and_units_have_to_be_stated(tmp_path: Path) -> None:
    demand = openadr_report(tmp_path / "d.json", [("a", [5.0, 6.0])], STARTS[0], 900, payload="DEMAND", units="KW")
    np.testing.assert_allclose(read_meters(demand).load_mw[0] * 1000, [5, 6])
    for units in (None, "KW"):
        with pytest.raises(DataError, match="a payload descriptor with KWH is due"):
            read_meters(openadr_report(tmp_path / "u.json", [("a", [5.0])], STARTS[0], 900, units=units))
    uneven = openadr_report(tmp_path / "l.json", [("a", [5.0, 6.0])], STARTS[0], 900)
    document = json.loads(uneven.read_text())
    document["resources"][0]["intervals"][1]["intervalPeriod"] = {"duration": "PT30M"}
    uneven.write_text(json.dumps(document))
    with pytest.raises(DataError, match="meter 'a' has interval lengths 15 min, 30 min; one fixed length is due"):
        read_meters(uneven)
    (tmp_path / "n.json").write_text("[1]")
    with pytest.raises(DataError, match="has no `resources`"):
        read_meters(tmp_path / "n.json")
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(DataError, match="is no JSON"):
        read_meters(tmp_path / "x.json")


def test_the_report_that_is_written_can_be_read(tmp_path: Path) -> None:
    axis = TimeAxis(at_unix_s(STARTS[0]), at_unix_s(900) - at_unix_s(0), 3)
    report = baseline_report(axis, np.array([4.0, np.nan, 6.0]), np.array([1.0, 2.0, 3.0]), event_id="e", resource="m")
    assert report["resources"][0]["intervals"][0]["payloads"] == [
        {"type": "BASELINE", "values": [1000.0]},  # 4 MW for a quarter hour
        {"type": "USAGE", "values": [250.0]},
    ]
    assert [p["type"] for p in report["resources"][0]["intervals"][1]["payloads"]] == ["USAGE"]
    (tmp_path / "r.json").write_text(json.dumps(report))
    np.testing.assert_allclose(read_meters(tmp_path / "r.json").load_mw[0], [1, 2, 3])


def test_the_report_has_what_the_published_schema_requires() -> None:
    """Required keys and bounds of OpenADR 3.1.1 `reportRequest`, `reportPayloadDescriptor`, `interval`, `valuesMap`."""
    axis = TimeAxis(at_unix_s(STARTS[0]), at_unix_s(900) - at_unix_s(0), 2)
    report = baseline_report(axis, np.ones(2), np.ones(2), event_id="e", resource="m", level_percent=90)
    assert {"eventID", "clientName", "resources"} <= set(report)
    for descriptor in report["payloadDescriptors"]:
        assert descriptor["objectType"] == "REPORT_PAYLOAD_DESCRIPTOR"
        assert 0 <= descriptor.get("confidence", 0) <= 100
    resource = report["resources"][0]
    assert {"resourceName", "intervals"} <= set(resource)
    assert all(
        {"id", "payloads"} <= set(interval) and isinstance(interval["id"], int) for interval in resource["intervals"]
    )
    assert duration_s(resource["intervalPeriod"]["duration"]) == 900


@pytest.mark.parametrize(("text", "seconds"), [("PT15M", 900), ("PT1H", 3600), ("P1DT1S", 86401), ("PT900S", 900)])
def test_durations(text: str, seconds: int) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "15M", "P1Y", "PT0S"])
def test_texts_that_are_no_duration(text: str) -> None:
    with pytest.raises(DataError, match="is no duration"):
        duration_s(text)


def test_what_a_format_states_itself_is_not_told_again(tmp_path: Path) -> None:
    file = green_button(tmp_path / "g.xml", {"p": {1: [1, 2]}}, STARTS[:2], 900)
    with pytest.raises(DataError, match="--unit is for tables"):
        read_meters(file, unit="kWh")
    with pytest.raises(DataError, match="write one of auto"):
        read_meters(file, form="excel")
    with pytest.raises(DataError, match="no such file"):
        read_meters(tmp_path / "none.csv")
    with pytest.raises(DataError, match="holds no journal"):
        read_meters(tmp_path)

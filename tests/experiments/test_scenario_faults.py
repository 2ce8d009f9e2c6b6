"""Bad input: each is refused with its place and with what to write instead, and all faults are told together."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from suandian.experiments.scenario import load
from suandian.experiments.scenario.document import BYTES_MAX
from suandian.quantity.errors import DataError, ScenarioError

SMALL: dict[str, Any] = {
    "name": "small",
    "time": {"start": "2026-04-01", "duration": "2 d", "step": "1 h", "zone": "Asia/Shanghai"},
    "parties": {
        "grid": {"roles": ["grid_operator"], "may_instruct": ["owner"]},
        "owner": {"roles": ["data_centre_operator", "computing_platform"]},
    },
    "feeders": {
        "county": {
            "operator": "grid",
            "region": "shandong",
            "latitude": "36.5 °",
            "longitude": "116 °",
            "transformer": "40 MVA",
            "pv": "30 MW",
            "load_min": "5 MW",
            "load_max": "12 MW",
        }
    },
    "sites": {
        "hall": {
            "operator": "owner",
            "region": "shandong",
            "latitude": "36.5 °",
            "longitude": "116 °",
            "it_max": "2 MW",
            "gpus": 2000,
            "idle_it": "0.4 MW",
            "import_max": "8 MW",
            "feeder": "county",
            "tariff": "shandong_2025",
            "battery": {"energy": "2 MWh", "charge_max": "1 MW", "discharge_max": "1 MW"},
        }
    },
    "jobs": {"count": 1500, "occupancy": "10 %"},
    "streams": {"city": {"origin": "beijing", "home": "hall", "peak": "0.1 MW", "latency_max": "20 ms"}},
    "coordinators": ["run_now", "threshold"],
}


def write(folder: Path, values: dict[str, Any], name: str = "scenario.yaml") -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump(values, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def with_value(path: str, value: object) -> dict[str, Any]:
    """SMALL with one value changed; `None` takes it out."""
    values = copy.deepcopy(SMALL)
    here = values
    *way, last = path.split("/")
    for part in way:
        here = here.setdefault(part, {})
    if value is None:
        here.pop(last)
    else:
        here[last] = value
    return values


#: (place in the file, bad value, path of the fault, words of the message and remedy)
BAD: list[tuple[str, object, str, tuple[str, ...]]] = [
    # units and numbers
    ("time/step", 15, "time.step", ("bare number", "15 min")),
    ("time/step", "15 MW", "time.step", ("is a power, a time is due", "15 min")),
    ("time/step", "15 mins", "time.step", ("unknown unit", "did you mean min")),
    ("sites/hall/it_max", 20, "sites.hall.it_max", ("bare number", "20 MW")),
    ("sites/hall/it_max", "20 MWh", "sites.hall.it_max", ("an energy, a power is due", "20 MW")),
    ("sites/hall/it_max", "2 mw", "sites.hall.it_max", ("did you mean MW", "case counts")),
    ("sites/hall/it_max", "-2 MW", "sites.hall.it_max", ("not above 0 MW",)),
    ("sites/hall/pv", "-2 MW", "sites.hall.pv", ("negative", "0 or more")),
    ("sites/hall/it_max", "nan MW", "sites.hall.it_max", ("not a finite number",)),
    ("sites/hall/it_max", float("inf"), "sites.hall.it_max", ("bare number", "20 MW")),
    ("feeders/county/transformer", "40 MW", "feeders.county.transformer", ("apparent power is due", "80 MVA")),
    ("feeders/county/reverse_limit", 80, "feeders.county.reverse_limit", ("too large", "100 %")),
    ("sites/hall/latitude", 36.5, "sites.hall.latitude", ("bare number", "36.5 °")),
    ("sites/hall/cooling", {"supply": "24 K"}, "sites.hall.cooling.supply", ("temperature is due", "24 °C")),
    ("objective/carbon", "80 CNY/kWh", "objective.carbon", ("price of emissions is due", "80 CNY/t")),
    ("sites/hall/gpus", "2000", "sites.hall.gpus", ("not a whole number",)),
    ("sites/hall/gpus", 0, "sites.hall.gpus", ("too small", "at least 1")),
    ("sites/hall/gpus", True, "sites.hall.gpus", ("not a whole number",)),
    ("sites/hall/battery/energy", "0 MWh", "sites.hall.battery.energy", ("not above 0 MWh",)),
    ("sites/hall/battery/charge_efficiency", "105 %", "sites.hall.battery.charge_efficiency", ("at most 100 %",)),
    ("seed", -1, "seed", ("too small", "at least 0")),
    # keys and kinds
    ("sites/hall/tarif", "gansu", "sites.hall.tarif", ("unknown key", "did you mean tariff")),
    ("sites/hall/it_max_mw", 2.0, "sites.hall.it_max_mw", ("unknown key", "did you mean `it_max: 20 MW`")),
    ("coordinator", ["run_now"], "coordinator", ("unknown key", "did you mean coordinators")),
    ("sites/hall/it_max", None, "sites.hall.it_max", ("is missing", "it_max: 20 MW")),
    ("time", None, "time", ("is missing",)),
    ("coordinators", None, "coordinators", ("is missing",)),
    ("coordinators", [], "coordinators", ("is empty", "at least one")),
    ("sites", {}, "sites", ("is empty",)),
    ("sites", ["hall"], "sites", ("not a mapping", "indented")),
    ("sites/hall/battery", "big", "sites.hall.battery", ("not a mapping",)),
    ("parties/owner/roles", "verifier", "parties.owner.roles", ("not a list", "[first, second]")),
    ("parties/owner/roles", ["data_center_operator"], "parties.owner.roles[0]", ("did you mean data_centre_operator",)),
    ("name", "County Noon", "name", ("is no name", "county-noon")),
    ("title", 5, "title", ("not a mapping",)),
    ("currency", "EUR", "currency", ("unknown choice", "CNY")),
    # time
    ("time/zone", "Asia/Beijing", "time.zone", ("unknown time zone", "did you mean Asia/")),
    ("time/zone", None, "time.zone", ("is missing", "Asia/Shanghai")),
    ("time/start", "1 April", "time.start", ("no date", "2026-04-01")),
    ("time/start", "2026-02-30", "time.start", ("no date", "2026-04-01")),
    ("time/end", "2026-05-01", "time.end", ("both", "keep one")),
    ("time/duration", None, "time.end", ("missing", "duration: 30 d")),
    ("time/duration", "90 min", "time.duration", ("no whole number of steps", "1 h or 2 h")),
    ("time/step", "90.5 s", "time.step", ("no whole number of seconds",)),
    ("time/duration", "400000 d", "time.duration", ("at most", "longer step")),
    # references
    ("coordinators", ["run_now", "rollling"], "coordinators[1]", ("unknown coordinator", "did you mean rolling")),
    ("coordinators", ["run_now", "run_now"], "coordinators[1]", ("stands twice", "label")),
    ("control", "rolling", "control", ("unknown arm", "run_now")),
    ("sites/hall/tariff", "shandong", "sites.hall.tariff", ("unknown tariff", "did you mean shandong_2025")),
    ("sites/hall/tariff", None, "sites.hall.tariff", ("is missing", "signals.price")),
    ("sites/hall/region", "shandongg", "sites.hall.region", ("did you mean 'shandong'",)),
    ("sites/hall/hub", "qingyan", "sites.hall.hub", ("did you mean 'qingyang'",)),
    ("sites/hall/latitude", None, "sites.hall", ("no place", "hub: qingyang")),
    ("sites/hall/feeder", "conty", "sites.hall.feeder", ("unknown feeder", "did you mean county")),
    ("sites/hall/operator", "ownr", "sites.hall.operator", ("unknown party", "did you mean owner")),
    ("sites/hall/cooling", {"model": "magic"}, "sites.hall.cooling.model", ("unknown cooling model",)),
    ("streams/city/home", "hell", "streams.city.home", ("unknown site", "did you mean hall")),
    ("streams/city/origin", "beijin", "streams.city.origin", ("did you mean 'beijing'",)),
    ("streams/city/latency_max", "1 ms", "streams.city.latency_max", ("less than the", "write more")),
    ("forecasts", {"every": "50 min"}, "forecasts.every", ("no whole number of steps", "60 min")),
    ("forecasts", {"errors": {"pvv": {}}}, "forecasts.errors.pvv", ("unknown quantity", "did you mean pv")),
    ("jobs/site_share", {"hal": "100 %"}, "jobs.site_share.hal", ("unknown site", "did you mean hall")),
    ("jobs/kinds", {"trainin": {}}, "jobs.kinds.trainin", ("unknown choice", "did you mean training")),
    ("decided_by", "nobody", "decided_by", ("unknown party",)),
    # data files
    ("signals/price", {"hall": {"file": "../prices.csv"}}, "signals.price.hall.file", ("outside the data folder",)),
    ("signals/price", {"hall": {"file": "/etc/passwd"}}, "signals.price.hall.file", ("outside the data folder",)),
    ("signals/price", {"hall": {"file": "no.csv"}}, "signals.price.hall.file", ("no such file", "--data")),
    ("signals/price", {"hal": {"file": "no.csv"}}, "signals.price.hal", ("unknown site", "did you mean hall")),
    ("jobs/trace", {"format": "gaja", "file": "x"}, "jobs.trace.format", ("unknown trace", "did you mean gaia")),
    # limits that cannot hold together
    ("sites/hall/battery/energy_initial", "3 MWh", "sites.hall.battery.energy_initial", ("outside", "inside")),
    ("sites/hall/idle_it", "3 MW", "sites.hall.idle_it", ("leaves nothing", "write less")),
    ("feeders/county/load_min", "20 MW", "feeders.county.load_min", ("above `load_max`", "write less")),
    ("feeders/county/load_max", "60 MW", "feeders.county.transformer", ("infeasible", "exceed", "larger rating")),
    ("streams/city/peak", "5 MW", "streams", ("infeasible", "GPUs", "lower `peak`")),
    ("jobs/occupancy", "95 %", "jobs.occupancy", ("infeasible", "write at most")),
]


@pytest.mark.parametrize(("place", "value", "path", "words"), BAD, ids=[f"{row[0]}={row[1]}"[:60] for row in BAD])
def test_a_bad_value_is_refused_with_place_and_remedy(
    tmp_path: Path, place: str, value: object, path: str, words: tuple[str, ...]
) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(write(tmp_path, with_value(place, value)))
    told = [fault.message for fault in caught.value.faults if fault.path == path]
    assert told, str(caught.value)
    assert all(word in " ".join(told) for word in words), told


def test_the_table_is_long_enough_and_the_base_is_good(tmp_path: Path) -> None:
    assert len(BAD) >= 40
    assert load(write(tmp_path, SMALL)).name == "small"


def test_import_limit_below_idle_power_is_infeasible_and_says_by_how_much(tmp_path: Path) -> None:
    values = with_value("sites/hall/battery", None)
    values["sites"]["hall"] |= {"import_max": "0.2 MW", "cooling": {"model": "constant", "pue": 1.3}}
    with pytest.raises(ScenarioError) as caught:
        load(write(tmp_path, values))
    (fault,) = [fault for fault in caught.value.faults if fault.path == "sites.hall.import_max"]
    assert "infeasible" in fault.message
    # 0.4 MW idle at a PUE of 1.3 are 0.52 MW
    assert "0.32 MW more than its import limit of 0.2 MW" in fault.message


def test_all_faults_are_told_together_with_their_lines(tmp_path: Path) -> None:
    values = with_value("time/step", 15)
    values["sites"]["hall"]["it_max"] = "2 MWh"
    values["sites"]["hall"]["operator"] = "ownr"
    values["coordinators"] = ["rollling"]
    values["extra"] = 1
    path = write(tmp_path, values)
    with pytest.raises(ScenarioError) as caught:
        load(path)
    found = {fault.path: fault.message for fault in caught.value.faults}
    assert {"time.step", "sites.hall.it_max", "extra", "coordinators[0]"} <= found.keys()
    lines = path.read_text(encoding="utf-8").splitlines()
    line = next(index for index, text in enumerate(lines, 1) if "step:" in text)
    assert f"(scenario.yaml line {line})" in found["time.step"]
    assert str(caught.value).startswith(f"{path} has {len(found)} faults:\n")


def test_faults_between_sound_parts_are_told_beside_a_broken_one(tmp_path: Path) -> None:
    values = with_value("time/step", 15)
    values["streams"]["city"]["home"] = "hell"
    values["sites"]["hall"]["feeder"] = "conty"
    with pytest.raises(ScenarioError) as caught:
        load(write(tmp_path, values))
    assert {fault.path for fault in caught.value.faults} == {"time.step", "streams.city.home", "sites.hall.feeder"}


def test_a_broken_part_is_still_a_known_name(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(write(tmp_path, with_value("sites/hall/it_max", 20)))
    assert [fault.path for fault in caught.value.faults] == ["sites.hall.it_max"]


# ------------------------------------------------------------------ local time


@pytest.mark.parametrize(
    ("zone", "start", "words"),
    [
        ("America/Sao_Paulo", "2018-11-04", ("does not exist", "2018-11-04T02:00Z")),
        ("Europe/Berlin", "2026-03-29T02:30", ("does not exist", "clocks")),
        ("Europe/Berlin", "2026-10-25T02:30", ("happens twice", "+02:00", "+01:00")),
    ],
)
def test_a_change_of_clocks_is_refused_with_the_offset_to_write(
    tmp_path: Path, zone: str, start: str, words: tuple[str, ...]
) -> None:
    values = with_value("time/zone", zone)
    values["time"]["start"] = start
    with pytest.raises(ScenarioError) as caught:
        load(write(tmp_path, values))
    (fault,) = [fault for fault in caught.value.faults if fault.path == "time.start"]
    assert all(word in fault.message for word in words), fault.message


def test_an_offset_settles_the_time(tmp_path: Path) -> None:
    values = with_value("time/start", "2026-03-29T02:30+01:00")
    values["time"]["zone"] = "Europe/Berlin"
    assert load(write(tmp_path, values)).axis.start.isoformat() == "2026-03-29T01:30:00+00:00"


# ------------------------------------------------------------------ instructions


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"issuer": "owner"}, "instructions[0].issuer", ("no dispatch authority", "may_instruct")),
        ({"site": "hal"}, "instructions[0].site", ("did you mean hall",)),
        ({"end": "2026-04-01T08:00"}, "instructions[0].end", ("at or before `start`",)),
        ({"issued": "2026-04-01T12:00"}, "instructions[0].issued", ("after `start`",)),
        ({"start": "noon"}, "instructions[0].start", ("no date",)),
    ],
)
def test_a_wrong_instruction_is_refused(
    tmp_path: Path, changes: dict[str, str], path: str, words: tuple[str, ...]
) -> None:
    instruction = {
        "id": "cap",
        "issuer": "grid",
        "receiver": "owner",
        "site": "hall",
        "issued": "2026-04-01T06:00",
        "start": "2026-04-01T10:00",
        "end": "2026-04-01T14:00",
        "import_max": "1 MW",
    }
    assert load(write(tmp_path, with_value("instructions", [instruction]))).study.instructions[0].import_max_mw == 1.0
    with pytest.raises(ScenarioError) as caught:
        load(write(tmp_path, with_value("instructions", [instruction | changes])))
    told = " ".join(fault.message for fault in caught.value.faults if fault.path == path)
    assert all(word in told for word in words), str(caught.value)


# ------------------------------------------------------------------ the file itself

#: Nine times nine times nine …: 43 million values in half a kilobyte.
BOMB = "\n".join(["a0: &a0 [x]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9))])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ("holds nothing", "key: value")),
        ("- a\n- b\n", ("holds a list", "key: value")),
        ("just words", ("holds a text",)),
        ("name: [", ("not YAML", "line")),
        ("name: x\n\tseed: 1\n", ("not YAML", "line 2")),
        ("name: x\nname: y\n", ("name: is written twice", "line 2")),
        ("name: !!python/object/apply:os.system ['true']\n", ("tag", "plain values")),
        ("base: &b {x: 1}\nname:\n  <<: *b\n", ("merge keys", "extends")),
        ("name: *nowhere\n", ("names no finished anchor",)),
        ("name: &a [*a]\n", ("names no finished anchor",)),
        ("a: 1\n---\nb: 2\n", ("second document",)),
        ("? [a, b]\n: 1\n", ("cannot be a key",)),
        ("name: " + "[" * 60 + "]" * 60, ("nested deeper",)),
        ("name: x\u0000y", ("not YAML",)),
        ("x: " + "a" * BYTES_MAX, ("MB", "CSV or Parquet")),
        (BOMB, ("aliases",)),
    ],
    ids=[
        "empty", "list", "text", "bracket", "tab", "duplicate", "tag", "merge", "alias", "recursive", "two", "key",
        "deep", "null-byte", "large", "bomb",
    ],
)  # fmt: skip
def test_a_bad_file_is_refused(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_bytes_that_are_no_text_and_missing_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_bytes(b"name: \xff\xfe")
    with pytest.raises(ScenarioError, match="not UTF-8"):
        load(tmp_path / "bad.yaml")
    with pytest.raises(ScenarioError, match="no such file"):
        load(tmp_path / "none.yaml")
    with pytest.raises(ScenarioError, match="did you mean county-noon"):
        load("county-non")
    with pytest.raises(ScenarioError, match="no such folder"):
        load("county-noon", data=tmp_path / "nowhere")


def test_a_link_out_of_the_data_folder_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("time,price [CNY/MWh]\n", encoding="utf-8")
    inside = tmp_path / "study"
    inside.mkdir()
    (inside / "link.csv").symlink_to(outside)
    with pytest.raises(ScenarioError, match="outside the data folder"):
        load(write(inside, with_value("signals/price", {"hall": {"file": "link.csv"}})))


def test_an_option_that_a_coordinator_does_not_take_is_named(tmp_path: Path) -> None:
    values = with_value("coordinators", [{"name": "threshold", "options": {"percentil": 20.0}}])
    with pytest.raises(ScenarioError) as caught:
        load(write(tmp_path, values))
    (fault,) = caught.value.faults
    assert fault.path == "coordinators[0].options.percentil"
    assert "did you mean percentile" in fault.message


# ------------------------------------------------------------------ tables of one's own

_HOURS = [f"2026-04-{1 + hour // 24:02}T{hour % 24:02}:00" for hour in range(48)]


def _table(rows: list[str], header: str = "time,price [CNY/MWh]") -> str:
    return "\n".join([header, *rows]) + "\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (_table([f"{time},300" for time in _HOURS[:10]]), ("price.csv", "the study needs", "longer table")),
        (_table([f"{time},300" for time in [*_HOURS[:5], *_HOURS[4:]]]), ("line 7", "repeats", "duplicates")),
        (_table([f"{time},300" for time in [*_HOURS[:5], *_HOURS[6:]]]), ("1 missing", "interpolate")),
        (_table([f"{time},{'' if hour == 7 else 300}" for hour, time in enumerate(_HOURS)]), ("1 empty", "complete")),
        (_table([f"{time},{'cheap' if hour == 7 else 300}" for hour, time in enumerate(_HOURS)]), ("line 9", "cheap")),
        (_table([f"{time},{'inf' if hour == 7 else 300}" for hour, time in enumerate(_HOURS)]), ("line 9", "infinite")),
        (_table([f"{time},300" for time in _HOURS], "time,price"), ("names no unit", "price [MW]")),
        (_table([f"{time},300" for time in _HOURS], "time,price [MWh]"), ("is an energy, a price of energy is due",)),
        (_table([f"{time},300" for time in _HOURS], "when,price [CNY/MWh]"), ("price.csv",)),
        (_table([f"{time}+08:00,300" for time in _HOURS]), ("offset", "leave out `zone")),
        (_table(["2026-03-29T02:30,1", *[f"{time},300" for time in _HOURS]]), ("price.csv",)),
        (_table(["soon,300"]), ("price.csv", "soon")),
        ("", ("price.csv",)),
    ],
    ids=[
        "short", "duplicate", "missing", "empty", "text", "infinite", "no-unit", "dimension", "no-time", "offset",
        "step", "no-date", "no-table",
    ],
)  # fmt: skip
def test_a_bad_table_is_refused_with_file_line_and_remedy(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    (tmp_path / "price.csv").write_text(text, encoding="utf-8")
    entry = {"hall": {"file": "price.csv", "zone": "Asia/Shanghai"}}
    scenario = load(write(tmp_path, with_value("signals/price", entry)))
    with pytest.raises(DataError) as caught:
        scenario.truth()
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_times_without_a_zone_are_refused(tmp_path: Path) -> None:
    (tmp_path / "price.csv").write_text(_table([f"{time},300" for time in _HOURS]), encoding="utf-8")
    scenario = load(write(tmp_path, with_value("signals/price", {"hall": {"file": "price.csv"}})))
    with pytest.raises(DataError, match="naive; declare their zone"):
        scenario.truth()


def test_a_huge_table_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "price.csv"
    path.write_text(_table([f"{time},300" for time in _HOURS]), encoding="utf-8")
    os.truncate(path, 5_000_000_000)  # sparse: takes no room on the disk
    entry = {"hall": {"file": "price.csv", "zone": "Asia/Shanghai"}}
    with pytest.raises(DataError, match="Parquet"):
        load(write(tmp_path, with_value("signals/price", entry))).truth()

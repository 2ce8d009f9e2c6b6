import re
from datetime import date
from pathlib import Path

import pytest

from suandian.quantity.errors import DataError
from suandian.verification.rules import Family, read_rules, rule, rules

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "baselines.md"
GOOD = """
MINE:
  version: 1
  name: mine
  family: day_matching
  groups: [{days: [working], lookback_days: 20, pool: 3, minimum: 2}]
  sources: [{document: own, confidence: D}]
"""


def test_there_are_the_records_that_were_promised() -> None:
    assert len(rules()) >= 20
    assert {r.family for r in rules().values()} == set(Family)
    for record in rules().values():
        assert all(s.document and s.confidence in ("A", "B", "C", "D") for s in record.sources), record.id
        assert record.claims_conformity == (record.confidence in "AB")


def test_values_that_were_read_in_a_source() -> None:
    """Figures retyped here from the sources, so that a slip in the file shows."""
    caiso = rule("CAISO_10IN10")
    assert (caiso.adjustment.low_ratio, caiso.adjustment.high_ratio) == (0.8, 1.2)
    assert [(w.from_h, w.to_h) for w in caiso.adjustment.windows] == [(-4, -1)]
    weekend = rule("CAISO_5IN10").groups[1]
    assert (weekend.pool, weekend.keep, weekend.weights) == (5, 3, (0.5, 0.3, 0.2))
    nyiso = rule("NYISO_AVG")
    assert (nyiso.skip_recent_days, nyiso.groups[0].pool, nyiso.groups[0].keep, nyiso.usage.low_ratio) == (
        1,
        10,
        5,
        0.25,
    )
    assert rule("KOREA_MID_4OF6").groups[0].pool == 6
    assert rule("ISONE_90_10").groups[0].decay_ratio == 0.9
    assert rule("MBMA_15MIN_JIANGSU").windows[0].from_h == -0.25
    assert rule("CN_5WD").usage.high_ratio == 2.0


def test_a_record_is_found_by_id_and_version() -> None:
    assert rule("CN_5WD@1").ref == "CN_5WD@1"
    with pytest.raises(DataError, match=r"did you mean .*CAISO_10IN10"):
        rule("CAISO_10OF10")
    with pytest.raises(DataError, match="kept in version 1, not 2"):
        rule("CN_5WD@2")


def test_dates_are_held() -> None:
    old, new = rule("ISONE_90_10"), rule("ISONE_10OF10")
    assert old.in_force(date(2015, 7, 8))
    assert not old.in_force(date(2015, 7, 9))
    assert new.in_force(date(2015, 7, 9))
    assert not new.in_force(date(2015, 7, 8))


def test_the_digest_is_of_the_numbers(tmp_path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(GOOD)
    first = read_rules(file)["MINE"].digest()
    file.write_text(GOOD.replace("pool: 3", "pool: 4"))
    assert read_rules(file)["MINE"].digest() != first


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("pool: 3", "pools: 3", "unknown field 'pools'"),
        ("pool: 3", "pool: 1", "pool: at least the minimum"),
        ("family: day_matching", "family: psychic", "psychic"),
        ("[working]", "[monday]", "groups.days: one of"),
        ("minimum: 2", "minimum: 2, select: high", "groups.keep: at least 1"),
        ("minimum: 2", "minimum: 2, select: mid, drop_high: 1, drop_low: 1", "more than the days dropped"),
        ("minimum: 2", "minimum: 2, weights: [0.5, 0.3, 0.2]", "more than the minimum"),
        ("  version: 1", "  version: 1\n  fallback: [prayer]", "fallback: an unknown step"),
        ("  version: 1", "  version: 1\n  adjustment: {kind: ratio}", "adjustment.windows: at least one"),
        (
            "  version: 1",
            "  version: 1\n  adjustment: {kind: ratio, windows: [{anchor: start, from_h: -1, to_h: 1}]}",
            "values inside the event may not reach the baseline",
        ),
        ("  sources: [{document: own, confidence: D}]", "", "missing 1 required|every record names"),
        ("MINE:", "- MINE:", "mapping|parse|expected"),
    ],
)
def test_a_faulty_record_says_where(tmp_path, old, new, message) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(GOOD)
    assert read_rules(file)["MINE"].groups[0].pool == 3
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(DataError, match=message):
        read_rules(file)
    with pytest.raises(DataError, match="No such file"):
        read_rules(tmp_path / "none.yaml")


def test_the_page_lists_the_records_as_they_are() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \| ([ABCD]) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert [row[0] for row in rows] == list(rules())
    for name, title, how, adjustment, confidence in rows:
        record = rules()[name]
        assert (title, confidence) == (record.name, record.confidence)
        assert how == how_in_words(record), name
        assert adjustment == adjustment_in_words(record), name


def how_in_words(record) -> str:
    """The column "days or window" of the page, from the record."""
    if record.windows:
        return "; ".join(f"{w.anchor} {w.from_h:+g} to {w.to_h:+g} h" for w in record.windows)
    if record.towt is not None:
        return f"{record.towt.train_days} d, at least {record.towt.train_days_min}"
    parts = [
        f"{group_letters(g.days)}: {g.lookback_days} d, {'all' if g.pool is None else g.pool}"
        f"{selection_in_words(g)}, min {g.minimum}"
        for g in record.groups
    ]
    if record.skip_recent_days:
        parts.append(f"skips {record.skip_recent_days} d")
    if record.usage is not None:
        high = "" if record.usage.high_ratio is None else f"–{record.usage.high_ratio:g}"
        limits = f"{record.usage.low_ratio:g}{high}" if high else f"≥ {record.usage.low_ratio:g}"
        parts.append(f"use {limits} × {record.usage.reference} ({record.usage.measure})")
    if record.event_days_max is not None:
        parts.append(f"at most {record.event_days_max} event days left out")
    return "; ".join(parts) or "agreed beforehand"


def group_letters(days) -> str:
    return "+".join({"working": "W", "saturday": "Sa", "sunday": "Su", "holiday": "H"}[d] for d in days)


def selection_in_words(group) -> str:
    if group.decay_ratio is not None:
        return f", decay {group.decay_ratio:g}"
    if group.select == "mid":
        return f" less {group.drop_high} high and {group.drop_low} low"
    if group.select == "all":
        return ""
    words = {"high": "highest", "match": "most alike", "temperature": "nearest in temperature"}
    return f" → {group.keep} {words[group.select]}"


def adjustment_in_words(record) -> str:
    adjustment = record.adjustment
    if adjustment.kind == "none":
        return "none"
    cap = "" if adjustment.low_ratio is None else f" {adjustment.low_ratio:g}–{adjustment.high_ratio:g}"
    windows = "; ".join(f"{w.anchor} {w.from_h:+g} to {w.to_h:+g} h" for w in adjustment.windows)
    return f"{adjustment.kind}{cap}: {windows}"

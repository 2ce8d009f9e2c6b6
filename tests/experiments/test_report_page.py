"""The page: one file, whole or not at all, nothing from outside, every case of a study."""

import base64
import gzip
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from finding_factory import Options, make_finding

from suandian.experiments.report import html, write
from suandian.experiments.report.study import Study
from suandian.experiments.report.table import arm_columns, arm_rows, kpi_rows

CASES = {
    "county": Options(),
    "no_feeder": Options(feeders=0),
    "two_feeders": Options(feeders=2),
    "one_site": Options(sites=1),
    "one_arm": Options(arms=("run_now",)),
    "other_arms": Options(arms=("threshold", "greenest_site"), chosen="greenest_site"),
    "no_battery": Options(battery=False),
    "no_pv": Options(pv=False),
    "two_days": Options(days=2, arms=("run_now", "rolling")),
    "five_minutes": Options(days=3, step_minutes=5, arms=("run_now", "rolling")),
    "hours": Options(step_minutes=60),
    "flexible": Options(days=7, flexible=True),
    "flexible_alone": Options(days=3, flexible=True, arms=("run_now",)),
    "flexible_no_feeder": Options(days=7, flexible=True, feeders=0, arms=("run_now", "rolling")),
    "flexible_short": Options(days=2, flexible=True, step_minutes=60, arms=("run_now", "rolling")),
    "network": Options(days=2, step_minutes=30, grid=True, arms=("run_now", "rolling")),
    "network_alone": Options(days=2, step_minutes=60, grid=True, arms=("run_now",)),
    "network_no_pv": Options(days=2, step_minutes=60, grid=True, pv=False, arms=("run_now", "rolling")),
    "other_zone": Options(zone="America/New_York"),
}
FIGURES = {"week", "day", "where", "delay", "duration", "balance"}
BENT_FIGURES = {"bent", "kinds"}
NETWORK_FIGURES = {"mains", "held", "response", "hosting"}


def payload(page: str) -> dict[str, Any]:
    packed = re.search(r'id="data-packed">([^<]+)<', page)
    assert packed
    text = gzip.decompress(base64.b64decode(packed[1])).decode("utf-8")

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON; browsers refuse it")

    found: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return found


def references(value: Any) -> list[int]:
    if isinstance(value, dict):
        return [value["$"]] if "$" in value else [r for part in value.values() for r in references(part)]
    return [r for part in value for r in references(part)] if isinstance(value, list) else []


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("case", CASES)
def test_every_case_gives_a_whole_page(case: str, lang: str) -> None:
    finding = make_finding(CASES[case])
    page = html(finding, lang)
    assert page.rstrip().endswith("</html>")
    data = payload(page)
    figures = FIGURES | (BENT_FIGURES if CASES[case].flexible else set())
    if CASES[case].grid:
        figures = figures | (NETWORK_FIGURES if CASES[case].pv else NETWORK_FIGURES - {"held"})
    assert set(data["figures"]) == figures
    assert set(data["figures"]["week"]["variants"]) == set(finding.arms)
    used = set(references(data["figures"]))
    assert used == set(range(len(data["columns"])))
    for figure in data["figures"].values():
        for variant in figure["variants"].values():
            assert set(variant["forms"]) == {"wide", "medium", "narrow"}
            for form in variant["forms"].values():
                for trace in form["data"]:
                    columns = [data["columns"][trace[side]["$"]] for side in "xy" if "$" in trace.get(side, {})]
                    assert len({len(column) for column in columns}) <= 1
    maps = int(CASES[case].grid)
    assert page.count('<table class="numbers">') == len(figures) + maps
    assert page.count('id="network"') == page.count('id="fig-map"') == maps
    numbers = [int(number) for number in re.findall(r"<b>(?:Figure|图) (\d+)</b>", page)]
    assert numbers == list(range(1, len(figures) + maps + 1))


def test_nothing_from_outside_and_small_enough() -> None:
    page = html(make_finding(), "en")
    assert len(page.encode()) <= 3_500_000
    plain = re.sub(r'<script type="text/plain".*?</script>', "", page, flags=re.DOTALL)
    assert "http" not in plain
    assert "//" not in re.sub(r"^\s*//.*$", "", plain, flags=re.MULTILINE).replace("</", "")
    assert not re.search(r"\b(src|href)=\"(?!#|data:,)", plain)
    assert "url(" not in plain
    assert "@import" not in plain


def test_the_library_is_the_installed_one() -> None:
    from plotly.offline import get_plotlyjs

    packed = re.search(r'id="plotly-packed">([^<]+)<', html(make_finding(Options(days=2)), "en"))
    assert packed
    assert gzip.decompress(base64.b64decode(packed[1])).decode() == get_plotlyjs()


def test_same_finding_same_page() -> None:
    assert html(make_finding(Options(days=3)), "zh") == html(make_finding(Options(days=3)), "zh")


def test_write_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = make_finding(Options(days=2, arms=("run_now", "rolling")))
    path = tmp_path / "runs" / "report.html"
    assert write(finding, path, lang="en") == path
    before = path.read_text(encoding="utf-8")
    assert before == html(finding, "en")

    def fail(self: Path, target: Path) -> Path:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write(finding, path, lang="zh")
    assert path.read_text(encoding="utf-8") == before
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]


def test_unknown_language_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'fr'"):
        write(make_finding(Options(days=2)), tmp_path / "report.html", lang="fr")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("flexible", [False, True])
def test_names_from_a_scenario_cannot_become_markup(flexible: bool) -> None:
    options = Options(days=2, arms=("run_now", "rolling"), sites=1 if flexible else 3, flexible=flexible)
    finding = make_finding(options)
    evil = '</script><img src=x onerror="alert(1)">'
    site = replace(finding.truth.fleet.sites[0], name=evil, feeder="")
    fleet = replace(finding.truth.fleet, sites=(site,), feeders=())
    bad = replace(
        finding,
        name=evil,
        title={"en": evil},
        question={"en": evil},
        truth=replace(finding.truth, fleet=fleet),
        provenance=replace(finding.provenance, command=evil, sources=((evil, evil, "A"),)),
    )
    page = html(bad, "en")
    assert "<img" not in page
    assert page.count("</script>") == 3
    for figure in payload(page)["figures"].values():
        for variant in figure["variants"].values():
            assert "<img" not in variant["title"] + variant["caption"]
            assert "<img" not in json.dumps(variant["forms"]), "drawings are marked up by the figure library"


def test_tables_hold_every_measure_and_every_arm() -> None:
    finding = make_finding()
    study = Study(finding, "en")
    rows = {row.kpi: row for row in kpi_rows(study)}
    assert {"total_cost_cny", "objective_cny", "pv_curtailed_mwh", "carbon_official_kg", "deadline_misses"} <= set(rows)
    assert rows["delay_mean_h"].mark == "worse"
    assert rows["total_cost_cny"].mark == "better"
    assert rows["import_mwh"].mark == "same"
    arms = arm_rows(study)
    assert [row.kind for row in arms].count("chosen") == 1
    assert arms[0].name == "Run now (control)"
    assert [row.name for row in arms[-2:]] == ["Perfect foresight (yardstick)", "Bound for punctual plans"]
    assert all(len(row.cells) == len(arm_columns(study)) for row in arms)


def test_unserved_interactive_load_is_shown_only_where_there_is_any() -> None:
    finding = make_finding(Options(days=2))
    assert "interactive_unserved_mwh" not in {row.kpi for row in kpi_rows(Study(finding, "en"))}
    rolling = finding.arms["rolling"]
    failed = replace(rolling, kpis={**rolling.kpis, "interactive_unserved_mwh": 2.5})
    rows = kpi_rows(Study(replace(finding, arms={**finding.arms, "rolling": failed}), "en"))
    assert "interactive_unserved_mwh" in {row.kpi for row in rows}


def test_a_study_without_jobs_has_no_delay_to_show() -> None:
    finding = make_finding(Options(days=2, arms=("run_now", "rolling")))
    empty = {name: replace(arm, jobs=arm.jobs.filter(pl.lit(False))) for name, arm in finding.arms.items()}
    assert "0.0\u00a0%" in html(replace(finding, arms=empty), "en")


def test_provenance_is_there() -> None:
    finding = make_finding(Options(days=2))
    page = html(finding, "en")
    for text in ("county-noon-3f9c1e7a52d0", "suandian run county-noon", "Asia/Shanghai", "MEE/NBS announcement"):
        assert text in page
    assert finding.arms["rolling"].journal.head[:12] in page

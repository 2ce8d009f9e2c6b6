"""Every number in prose is read back from the page and checked against the KPI record and the journals.

The checks here compute from the records with their own arithmetic; they share no code with the report's formatter.
"""

import re
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from html.parser import HTMLParser

import numpy as np
import pytest
from finding_factory import Options, make_finding
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.experiments.finding import Finding
from suandian.experiments.report import (
    copy_bent,
    copy_cards,
    copy_figures,
    copy_network,
    copy_regions,
    copy_verdict,
    html,
)
from suandian.experiments.report.captions import surplus_mask, where_text
from suandian.experiments.report.cards import cards, limits
from suandian.experiments.report.prose import arms_sub, headline, kpi_title, lead, next_steps, outcome, verdict
from suandian.experiments.report.sentences import PATTERNS
from suandian.experiments.report.study import Study
from suandian.experiments.report.table import KpiRow, arm_rows, kpi_rows
from suandian.experiments.report.words import _WORDS
from suandian.model.plan import Transfer

CASES = {
    "county": Options(),
    "no_feeder": Options(feeders=0),
    "one_arm": Options(arms=("run_now",)),
    "worse": Options(reverse_lean=True),
    "late": Options(late_jobs=3),
    "fewer_late": Options(late_jobs=3, late_control=9, late_foresight=40),
    "no_bound": Options(late_foresight=40, bound_ratio=1.2),
    "dearer": Options(demand_cny_per_mw_month=38_000.0),
    "dark": Options(pv=False, battery=False),
    "flexible": Options(days=7, flexible=True),
    "short": Options(days=2, arms=("run_now", "rolling")),
    "network": Options(days=3, grid=True, arms=("run_now", "rolling")),
    "network_alone": Options(days=2, step_minutes=60, grid=True, arms=("run_now",)),
    "windy": Options(days=7, feeders=2, windy=1, spot=True),
    "windy_alone": Options(days=2, step_minutes=60, windy=1, arms=("run_now",)),
    "network_dark": Options(days=2, step_minutes=60, grid=True, pv=False, arms=("run_now", "rolling")),
}
#: unit in prose → how much of the KPI's own unit it is
UNITS = {
    "M CNY": 1e6,
    "k CNY": 1e3,
    "万元": 1e4,
    "元": 1.0,
    "MWh": 1.0,
    "MW": 1.0,
    "h": 1.0,
    "小时": 1.0,
    "t": 1e3,
    "吨": 1e3,
    "%": 0.01,
    "pp": 0.01,
    "个百分点": 0.01,
    "": 1.0,
}
#: the only digits that sentences may hold themselves
FIXED = re.compile("95[\u00a0]?%|10$")


class Reader(HTMLParser):
    """Collects `<data>` elements of the page and the text of prose outside them."""

    def __init__(self) -> None:
        super().__init__()
        self.data: list[tuple[str, str]] = []
        self.loose: list[str] = []
        self._depth = 0
        self._value: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        classes = (found.get("class") or "").split()
        if self._depth or {"prose", "find"} & set(classes) or tag == "figcaption":
            self._depth += 1
            if self._depth == 1:
                self.loose.append("")
        if tag == "data":
            self._value, self._text = found["value"], ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "data" and self._value is not None:
            self.data.append((self._value, self._text))
            self._value = None
        if self._depth:
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        if self._value is not None:
            self._text += data
        elif self._depth:
            self.loose[-1] += data


@cache
def case_finding(case: str) -> Finding:
    return make_finding(CASES[case])


@cache
def case_page(case: str, lang: str) -> Reader:
    return read(case_finding(case), lang)


def read(finding: Finding, lang: str) -> Reader:
    reader = Reader()
    page = html(finding, lang)
    reader.feed(re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL))
    return reader


def parse(text: str) -> tuple[Decimal, int, str]:
    """Number, decimals and unit of a text such as `−4.28 M CNY`."""
    match = re.fullmatch(r"([+−±]?)([\d,]+(?:\.(\d+))?)(?:[\u00a0 ](.+))?", text)
    assert match, text
    number = Decimal(match[2].replace(",", ""))
    return (-number if match[1] == "−" else number), len(match[3] or ""), (match[4] or "").replace("\u00a0", " ")


def rounded(value: float, decimals: int) -> Decimal:
    return Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def kpi_of(finding: Finding, kpi: str, arm: str) -> float:
    """The arm's record; what is curtailed of wind and solar together is told, but stands in no record."""
    record = finding.arms[arm].kpis
    return record["pv_curtailed_mwh"] + record["wind_curtailed_mwh"] if kpi == "curtailed_mwh" else record[kpi]


def shown(finding: Finding, kpi: str, arm: str, unit_size: float, decimals: int) -> Decimal:
    return rounded(kpi_of(finding, kpi, arm) / unit_size, decimals)


def check_kpi(finding: Finding, kind: str, kpi: str, arm: str, text: str) -> None:
    number, decimals, unit = parse(text)
    arms = {"value": [arm], "difference": [arm, finding.control], "gap": arm.split("|")}[kind]
    both = [shown(finding, kpi, name, UNITS[unit], decimals) for name in arms]
    wanted = both[0] if kind == "value" else both[0] - both[1]
    assert number == (abs(wanted) if kind == "gap" else wanted)


def check_percent(finding: Finding, kind: str, kpi: str, arm: str, text: str) -> None:
    """Percentages are those of the values as the table shows them."""
    if kpi == "curtailed_mwh":
        assert max(kpi_of(finding, kpi, name) for name in finding.arms) >= 100, "shown without decimals"
        before, after = (shown(finding, kpi, name, 1.0, 0) for name in (finding.control, finding.chosen))
    else:
        table = {row.kpi: row for row in rows(finding)}[kpi]
        before, after = (Decimal(cell.replace(",", "")) for cell in (table.control, table.chosen))
    number, decimals, unit = parse(text)
    if unit != "%" or kpi.endswith("_ratio"):
        assert number == (after - before if kind == "change" else abs(after - before))
        return
    exact = (after - before) / abs(before) * 100
    tenth = exact.quantize(Decimal("0.1"), ROUND_HALF_UP)
    wanted = tenth if kind == "change" else abs(tenth).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    assert number == wanted
    assert kind == "change" or tenth != 0, "a difference without a percentage is told in its unit"


def rows(finding: Finding) -> list[KpiRow]:
    return kpi_rows(Study(finding, "en"))


def fact_value(finding: Finding, name: str) -> float | None:
    """What a fact must be, computed from scenario and journals; None for facts checked elsewhere."""
    key, _, arm = name.partition(".")
    truth = finding.truth
    sites = truth.fleet.sites
    step_h = truth.axis.step_h
    feeder = truth.fleet.feeders[0] if truth.fleet.feeders else None
    place = f"feeder/{feeder.id}/grid" if feeder else "site/county/grid"
    journal = finding.arms[arm or finding.chosen].journal
    kpis = finding.arms[arm or finding.chosen].kpis
    imported = [journal.metered(f"site/{site.id}/grid")[0] for site in sites]
    bought = float(sum(i.sum() for i in imported))
    delay = finding.arms[arm or finding.chosen].jobs["delay_h"].to_numpy()
    available, windy = (
        sum(float(journal.metered(m.id)[1].sum()) for m in journal.meters if m.id.endswith(kind))
        for kind in ("pv_available", "wind_available")
    )
    found = {
        "duration_h": lambda: truth.axis.duration_h,
        "days": lambda: truth.axis.duration_h / 24,
        "jobs_count": lambda: float(len(delay)),
        "bought_mwh": lambda: bought,
        "import_max_mw": lambda: feeder.import_max_mw if feeder else sites[0].import_max_mw,
        "place_peak_mw": lambda: float(journal.metered(place)[0].max() / step_h),
        "place_export_mw": lambda: float(journal.metered(place)[1].max() / step_h),
        "price": lambda: kpis["energy_cost_cny"] / bought,
        "average": lambda: kpis["carbon_average_kg"] / bought,
        "marginal": lambda: kpis["carbon_marginal_kg"] / bought,
        "official": lambda: kpis["carbon_official_kg"] / bought,
        "billed_mw": lambda: float(sum(i.max() for i in imported) / step_h),
        "curtailed_percent": lambda: kpis["pv_curtailed_mwh"] / available * 100 if available else 0.0,
        "wind_percent": lambda: kpis["wind_curtailed_mwh"] / windy * 100 if windy else 0.0,
        "cycles": lambda: kpis["battery_throughput_mwh"] / 20.0,
        "on_time_percent": lambda: float((delay < 1 / 60).mean() * 100),
        "delayed_percent": lambda: float((delay >= 1 / 60).mean() * 100),
    }
    return found[key]() if key in found else None


#: facts of one figure, recomputed in the tests of that figure (those of runs that bent in test_report_bending.py and
#: test_report_kinds.py, those of the network in test_report_network.py)
FIGURE_FACTS = {"sunny_delta_mw", "inside_mw", "outside_mw", "day_peak_mw", "it_total", "site_gain"}
FIGURE_FACTS |= {"bent_sunny", "bent_price", "bent_carbon", "bent_energy", "bent_spare_h"}
FIGURE_FACTS |= {"bent_count", "bent_of_count", "bent_wait_h", "bent_slowed_h", "bent_pauses", "bent_moved_gb"}
FIGURE_FACTS |= {"network_buses", "network_lines", "network_transformers", "held_at_mw", "fullest_percent"}
FIGURE_FACTS |= {"near_limit_percent", "main_limit_h", "main_back_mw", "main_down_mw", "held_percent", "worst_percent"}
FIGURE_FACTS |= {"response_sun_mw", "response_tight_mw"}
#: (those of the hosting curves and of the price of congestion in test_report_hosting.py)
FIGURE_FACTS |= {"compute_firm_mw", "compute_some_mw", "pv_fits_mw", "pv_today_mw", "tolerated_percent"}
FIGURE_FACTS |= {"congestion_h", "study_h", "congestion_low_cny_per_mwh", "congestion_high_cny_per_mwh"}
FIGURE_FACTS |= {"kinds_later_mwh", "kinds_paused_mwh", "kinds_cost", "kinds_repeated_mwh"}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("case", CASES)
def test_every_number_in_prose_is_the_one_in_the_record(case: str, lang: str) -> None:
    finding, reader = case_finding(case), case_page(case, lang)
    assert len(reader.data) > 25
    for value, text in reader.data:
        kind, name, arm = value.split("|", 2)
        if kind in ("value", "difference", "gap"):
            check_kpi(finding, kind, name, arm, text)
        elif kind in ("change", "by"):
            check_percent(finding, kind, name, arm, text)
        elif kind == "fact":
            number, decimals, _ = parse(text)
            assert number == rounded(float(arm), decimals)
            wanted = fact_value(finding, name)
            if wanted is None:
                assert name.partition(".")[0] in FIGURE_FACTS, name
            else:
                assert float(arm) == pytest.approx(wanted, rel=1e-9, abs=1e-12)
        else:
            assert kind in ("kept", "date", "bound", "fluid", "name"), value


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("case", CASES)
def test_prose_holds_no_number_that_was_typed(case: str, lang: str) -> None:
    for text in case_page(case, lang).loose:
        assert not re.search(r"\d", FIXED.sub("", text.strip())), text


def kept_text(finding: Finding) -> list[str]:
    return [t for v, t in read(finding, "en").data if v.startswith("kept|")]


def test_kept_share_is_that_of_the_shown_objective() -> None:
    """Against the bound where it stands; without one against the arm that knows the future, if it is punctual."""
    for options, arm in ((Options(), None), (Options(bound_ratio=float("nan")), "foresight")):
        finding = make_finding(options)
        objective = {a: shown(finding, "objective_cny", a, 1e6, 2) for a in ("run_now", "rolling", "foresight")}
        floor = objective[arm] if arm else rounded(finding.bound_cny / 1e6, 2)
        share = (objective["run_now"] - objective["rolling"]) / (objective["run_now"] - floor) * 100
        (text,) = kept_text(finding)
        assert parse(text)[0] == share.quantize(Decimal(1), ROUND_HALF_UP)
    assert kept_text(case_finding("no_bound")) == []


def test_bound_is_told_only_where_it_lies_below_every_arm() -> None:
    finding = make_finding()
    bound = rounded(finding.bound_cny / 1e6, 2)
    found = {v: parse(t)[0] for v, t in read(finding, "en").data if v.startswith("fluid|")}
    assert found == {
        "fluid|objective_cny|": bound,
        "fluid|objective_cny|rolling": shown(finding, "objective_cny", "rolling", 1e6, 2) - bound,
    }
    assert arm_rows(Study(finding, "en"))[-1].kind == "bound"
    without = case_finding("no_bound")
    assert not any(v.startswith("fluid|") for v, _ in read(without, "en").data)
    assert "not comparable by cost" in arms_sub(Study(without, "en"))
    assert all(row.kind != "bound" for row in arm_rows(Study(without, "en")))


def test_an_arm_that_knows_the_future_and_is_late_is_explained() -> None:
    for lang, reason in (("en", "no margin for whole jobs"), ("zh", "留余量")):
        assert reason in arms_sub(Study(case_finding("fewer_late"), lang))
        assert reason not in arms_sub(Study(case_finding("county"), lang))


def test_fewer_late_jobs_than_the_control_are_a_gain() -> None:
    study = Study(case_finding("fewer_late"), "en")
    assert verdict(study).striptags() == "cheaper, with fewer late jobs: 3, not 9"
    assert "late jobs from 9 to 3" in headline(study).striptags()
    assert "First" not in next_steps(study)[0]
    assert verdict(Study(case_finding("late"), "en")).striptags() == "3 jobs finish late"


def test_balance_bound_covers_the_error_of_the_record() -> None:
    finding = make_finding()
    (value,) = [v for v, _ in read(finding, "en").data if v.startswith("bound|")]
    assert 10.0 ** int(value.rsplit("|", 1)[1]) >= finding.arms["rolling"].kpis["energy_balance_error_mwh"]


def test_week_title_follows_the_meters() -> None:
    for options, sign in ((Options(), 1), (Options(reverse_lean=True), -1)):
        finding = make_finding(options)
        study = Study(finding, "en")
        window = slice(study.window.first, study.window.last)
        mask = surplus_mask(study.flows["run_now"])[window]
        means = {a: study.flows[a].computing_mw[window][mask].mean() for a in ("run_now", "rolling")}
        assert np.sign(means["rolling"] - means["run_now"]) == sign
        assert ("into the sunny" if sign > 0 else "out of the sunny") in html(finding, "en")


def changed(base: Finding, **factors: float) -> Finding:
    """`base` with the chosen arm's KPIs multiplied from the control's, so that any sign can occur."""
    control, chosen = base.arms[base.control], base.arms[base.chosen]
    kpis = dict(control.kpis) | {k: control.kpis[k] * f for k, f in factors.items()}
    return replace(base, arms={base.control: control, base.chosen: replace(chosen, kpis=kpis)})


BASE = make_finding(Options(days=7, arms=("run_now", "rolling")))
SAID = ("total_cost_cny", "pv_curtailed_mwh", "carbon_average_kg", "peak_import_mw")
CUTS = ("the bill by", "wasted solar by", "carbon by", "peak imports by")
RISES = ("the bill rises", "wasted solar rises", "carbon rises", "peak imports together rise")


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.sampled_from([0.5, 0.9, 0.999, 1.0, 1.001, 1.1, 2.0]) for _ in SAID]))
def test_the_headline_is_honest_for_any_signs(factors: tuple[float, ...]) -> None:
    study = Study(changed(BASE, **dict(zip(SAID, factors, strict=True))), "en")
    text = headline(study).striptags()
    signs = [int(np.sign(study.numbers.difference(kpi, "rolling"))) for kpi in SAID]
    for sign, cut, rise in zip(signs, CUTS, RISES, strict=True):
        assert not (cut in text and sign >= 0)
        assert not (rise in text and sign <= 0)
    if any(sign > 0 for sign in signs):
        assert any(rise in text for rise in RISES), "a loss is told"
        assert "better than running at once" not in verdict(study).striptags()
    if not any(signs):
        assert verdict(study).striptags() == "no difference"
    if all(sign > 0 for sign in signs):
        assert verdict(study).striptags() == "worse than running at once"


def windy(solar: float, wind: float) -> Finding:
    """The windy county with the chosen arm's curtailment multiplied from the control's, all else equal."""
    base = make_finding(Options(days=7, feeders=2, windy=1, arms=("run_now", "rolling")))
    return changed(base, pv_curtailed_mwh=solar, wind_curtailed_mwh=wind)


def test_more_wind_thrown_away_than_solar_saved_is_no_gain() -> None:
    record = windy(1.0, 1.0).arms["run_now"].kpis
    share = record["pv_curtailed_mwh"] / record["wind_curtailed_mwh"]
    worse = Study(windy(0.9, 1.0 + 0.2 * share), "en")
    assert verdict(worse).striptags() == "worse than running at once"
    assert "wasted wind and solar rise by" in headline(worse).striptags()
    even = Study(windy(0.9, 1.0 + 0.1 * share), "en")
    assert verdict(even).striptags() == "no difference"
    assert "neither bill, wind and solar power" in headline(even).striptags()
    assert verdict(Study(windy(0.9, 1.0), "en")).striptags() == "better than running at once"


def test_where_there_is_wind_curtailment_is_that_of_wind_and_solar() -> None:
    for lang, said in (("en", ("around sun, wind and price", "wasted wind and solar", "of wind and solar curtailed")),
                       ("zh", ("随风光与电价而动", "弃风弃光", "弃风弃光电量"))):  # fmt: skip
        study = Study(windy(0.7, 0.8), lang)
        card = cards(study)[2].facts[2]
        told = (headline(study).striptags(), headline(study).striptags(), card[1].striptags())
        assert all(words in text for words, text in zip(said, told, strict=True))
        kpis = study.finding.arms["rolling"].kpis
        both = rounded(kpis["pv_curtailed_mwh"] + kpis["wind_curtailed_mwh"], 0)
        shown_texts = [card[0].striptags(), lead(study).striptags(), " ".join(next_steps(study))]
        assert all(f"{both:,}" in text for text in shown_texts)
    assert "wind" not in headline(Study(BASE, "en"))


def test_moving_is_said_to_be_free_only_where_it_is() -> None:
    fleet = replace(BASE.truth.fleet, transfer=Transfer(price_cny_per_gb=0.1))
    paid = replace(BASE, truth=replace(BASE.truth, fleet=fleet))
    told = {name: " ".join(limits(Study(found, "en"))) for name, found in (("free", BASE), ("paid", paid))}
    assert "costs nothing here" in told["free"]
    assert "costs nothing here" not in told["paid"]


def test_low_prices_are_a_tariff_only_where_there_is_one() -> None:
    for spot, said, other in ((False, "low tariff", "lowest price"), (True, "lowest price", "low tariff")):
        page = html(make_finding(Options(days=2, spot=spot, arms=("run_now", "rolling"))), "en")
        assert f"Grey band: {said}." in page
        assert other not in page


def test_what_rounds_to_nothing_is_neither_better_nor_worse() -> None:
    """The loss is told, in its own unit; no cell is coloured and no group called worse for it."""
    study = Study(changed(BASE, carbon_average_kg=1.0002, delay_mean_h=1.0), "en")
    row = {row.kpi: row for row in kpi_rows(study)}["carbon_average_kg"]
    assert row.difference.startswith("+")
    assert (row.change, row.mark) == ("±0.0\u00a0%", "same")
    assert "carbon" not in kpi_title(study)[0].striptags()
    assert "0.0" not in headline(study).striptags()


@pytest.mark.parametrize(("jobs", "text"), [(1, "1 job finishes late"), (12, "12 jobs finish late")])
def test_late_jobs_are_said_first(jobs: int, text: str) -> None:
    finding = make_finding(Options(late_jobs=jobs))
    study = Study(finding, "en")
    assert verdict(study).striptags() == text
    assert headline(study).striptags().startswith(text)
    assert "late" in next_steps(study)[0]
    assert not any("into service" in step for step in next_steps(study))


def test_import_above_a_limit_is_said_before_any_gain() -> None:
    chosen = BASE.arms["rolling"]
    over = replace(chosen, kpis=dict(chosen.kpis) | {"import_violation_mwh": 2.5})
    study = Study(replace(BASE, arms={"run_now": BASE.arms["run_now"], "rolling": over}), "en")
    assert outcome(study).over
    assert "more than the connection may carry" in verdict(study)
    assert "2.5 MWh" in html(study.finding, "en").replace("\u00a0", " ")


def test_kpi_title_names_the_groups_by_their_signs() -> None:
    study = Study(changed(BASE, total_cost_cny=0.9, energy_cost_cny=0.9, delay_mean_h=40.0), "en")
    title = kpi_title(study)[0].striptags()
    assert "better on cost" in title
    assert "worse on service" in title
    assert "carbon" not in title


def test_copy_is_complete_in_both_languages() -> None:
    gaps = re.compile(r"{(\w+)}")
    for key, (english, chinese) in {**PATTERNS, **_WORDS}.items():
        assert set(gaps.findall(english)) == set(gaps.findall(chinese)), key
        assert english, key
        assert chinese, key


def test_parts_of_the_copy_share_no_key() -> None:
    modules = (copy_bent, copy_cards, copy_figures, copy_network, copy_regions, copy_verdict)
    parts = [module.PATTERNS for module in modules]
    assert len(PATTERNS) == sum(len(part) for part in parts)


def test_work_left_undone_is_told() -> None:
    base = changed(BASE, total_cost_cny=0.9)
    record = dict(base.arms["rolling"].kpis)
    record |= {"jobs_completed": record["jobs_completed"] - 7, "interactive_unserved_mwh": 21.2}
    study = Study(replace(base, arms=base.arms | {"rolling": replace(base.arms["rolling"], kpis=record)}), "en")
    text = lead(study).striptags().replace("\u00a0", " ")
    assert "7 fewer jobs are completed" in text
    assert "21.2 MWh of interactive computing found no room" in text


def test_late_jobs_of_the_control_are_told_beside() -> None:
    late = {
        arm: replace(found, kpis=dict(found.kpis) | {"deadline_misses": misses})
        for (arm, found), misses in zip(BASE.arms.items(), (203.0, 736.0), strict=True)
    }
    study = Study(replace(BASE, arms=late), "en")
    assert headline(study).striptags().startswith("736 jobs finish late, 203 with running at once. ")


def test_where_title_claims_no_move_that_the_totals_do_not_show() -> None:
    title = where_text(Study(make_finding(), "en"))[0].striptags()
    assert "more than with running at once" in title
    same = make_finding(Options(arms=("run_now", "threshold"), chosen="threshold"))
    assert where_text(Study(same, "en"))[0] == "The work stays where it arrives"


def test_a_sum_of_peaks_is_not_called_the_peak_of_a_connection() -> None:
    names = {}
    for sites in (1, 3):
        finding = make_finding(Options(sites=sites))
        names[sites] = {row.kpi: row.name for row in rows(finding)}["peak_import_mw"]
    assert names == {1: "Peak import", 3: "Sum of peak imports"}


def test_work_not_done_is_claimed_only_where_less_was_done() -> None:
    for work, said in ((0.99, True), (1.01, False)):
        study = Study(changed(BASE, jobs_completed=0.99, work_gpu_h=work), "en")
        assert ("work not done" in lead(study)) == said

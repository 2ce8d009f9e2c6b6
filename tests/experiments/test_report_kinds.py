"""What each kind of flexibility touched, by hand arithmetic over the seven jobs of the factory."""

from dataclasses import replace

import numpy as np
import pytest
from finding_factory import Options, make_finding

from suandian.experiments.kpi import _bent
from suandian.experiments.report import html
from suandian.experiments.report.canvas import Pool
from suandian.experiments.report.figures_kinds import kinds_figure, kinds_text
from suandian.experiments.report.kinds import KINDS, Touched, offered, repeated_mwh, touched
from suandian.experiments.report.study import Study

FINDING = make_finding(Options(days=7, flexible=True, arms=("run_now", "rolling")))
STUDY = Study(FINDING, "en")


def test_every_kind_by_hand() -> None:
    wanted = {
        # 101 (3.4 MWh in all), 106 (4 h of 80 GPUs) and 107 (10 h of 320) begin late.
        "later": (3, (6 + 2 + 4 * 0.93 + 6) * 400 + 4 * 80 + 10 * 320, 3.4 + 0.16 + 1.6, 0.0),
        # 101 draws 0.4 + 0.6 + 1.2 MWh after its first pause, 102 (0.1 MW) runs 8 + 7 h.
        "paused": (2, (2 + 4 * 0.93 + 6) * 400 + 15 * 200, 2.2 + 1.5, 0.0),
        # 101 for 4 h and 103 for 14 h at 75 % of the power and 93 % of the speed; 20 CNY per MWh at full speed.
        "capped": (2, 4 * 0.93 * 400 + 14 * 0.93 * 160, 0.6 + 0.84, (1488.0 + 2083.2) * 0.5 / 1000 * 20),
        # 103 for 12 h with 80 GPUs that draw 80 % each.
        "narrower": (1, 12 * 0.5 * 160, 12 * 80 * 0.4 / 1000, 960 * 0.5 / 1000 * 20),
        # 102 for 8 h elsewhere, its 1,000 GB sent there and back.
        "moved": (1, 8 * 200, 0.8, 2000 * 0.01),
        "batched": (0, 0.0, 12.5, 12.5 * 200),
    }
    found = touched(STUDY, "rolling")
    assert tuple(found) == KINDS
    for kind, numbers in wanted.items():
        one = found[kind]
        assert (one.jobs, one.work_gpu_h, one.energy_mwh, one.cost_cny) == pytest.approx(numbers), kind
    assert all(kind == Touched(0, 0.0, 0.0, 0.0) for kind in touched(STUDY, "run_now").values())


def test_work_repeated_by_pauses() -> None:
    # A checkpoint each hour, 0.25 h to write it. 101 pauses after 6 h and after 2 + 4 · 0.93 h, 102 after 5 and 8 h.
    assert repeated_mwh(STUDY, "rolling") == pytest.approx((0.25 + 0.97) * 0.2 + (0.25 + 0.25) * 0.1)
    assert repeated_mwh(STUDY, "run_now") == 0.0


def test_a_kind_that_the_study_lacks_is_told_apart_from_one_unused() -> None:
    assert offered(STUDY) == set(KINDS)
    truth = FINDING.truth
    jobs = replace(
        truth.jobs,
        pace=np.zeros(7, np.int16),
        sites_allowed=np.ones(7, np.uint64),
        preemptible=np.zeros(7, np.bool_),
        due_s=truth.jobs.released_s + truth.jobs.duration_s,
    )
    streams = tuple(replace(stream, batch_power_ratio=1.0) for stream in truth.streams)
    assert offered(Study(replace(FINDING, truth=replace(truth, jobs=jobs, streams=streams)), "en")) == set()
    without = Study(replace(FINDING, truth=replace(truth, streams=streams)), "en")
    figure = kinds_figure(without, Pool())
    texts = [note["text"] for note in figure.variants["rolling"].forms["wide"]["layout"]["annotations"]]
    assert texts.count("none") == 5, "the control used no kind"
    assert "12.5" in "".join(texts), "the record counts even what the scenario does not offer"
    assert "not in this study" in texts
    assert "Larger batches · Run now</th><td>–" in str(figure.numbers)


def test_title_ranks_by_energy_and_batches_apart() -> None:
    found = {"rolling": touched(STUDY, "rolling")}
    title, caption = kinds_text(STUDY, found)
    assert title.striptags().replace("\u00a0", " ") == (
        "The kind of flexibility used most is starting later, 5.2 MWh of computing, then pausing, 3.7 MWh"
    )
    # 35.712 + 9.6 + 20 + 2,500 CNY, and 0.294 MWh.
    said = caption.striptags().replace("\u00a0", " ")
    assert "2,565 CNY are paid" in said
    assert "repeat 0.3 MWh" in said
    none = dict.fromkeys(KINDS, Touched(0, 0.0, 0.0, 0.0))
    assert kinds_text(STUDY, {"rolling": none})[0] == "No kind of flexibility was used"
    only = none | {"batched": Touched(0, 0.0, 12.5, 2500.0)}
    assert "No job had to bend" in kinds_text(STUDY, {"rolling": only})[0]
    one = none | {"moved": Touched(1, 10.0, 0.8, 20.0)}
    assert "only kind of flexibility used is moving" in kinds_text(STUDY, {"rolling": one})[0]


def test_slowed_work_is_that_of_the_record_and_the_table_holds_every_arm() -> None:
    found = touched(STUDY, "rolling")
    bent = _bent(FINDING.arms["rolling"].journal, FINDING.truth)
    assert found["capped"].work_gpu_h + found["narrower"].work_gpu_h == pytest.approx(bent["slowed_gpu_h"])
    # The factory's arms have no plans in their journals, so that the record's own sum holds no batches.
    paid_cny = sum(kind.cost_cny for name, kind in found.items() if name != "batched")
    assert paid_cny == pytest.approx(bent["cost_cny"])
    assert found["moved"].cost_cny == FINDING.arms["rolling"].kpis["transfer_cost_cny"]
    table = str(kinds_figure(STUDY, Pool()).numbers)
    assert table.count("<tr>") == 1 + len(KINDS) * len(FINDING.arms)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_reports_of_other_studies_have_no_such_part(lang: str) -> None:
    plain = html(make_finding(Options(days=2)), lang)
    assert 'id="bent"' not in plain
    assert "fig-kinds" not in plain
    page = html(FINDING, lang)
    assert page.index('id="work"') < page.index('id="bent"') < page.index('id="grid"')
    assert page.count('href="#bent"') == 1

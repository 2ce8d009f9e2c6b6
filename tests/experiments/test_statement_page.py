"""The statement page: both languages, nothing from outside, numbers of the statement, and in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_classification_page import CHROMIUM, FLAGS, MEASURE
from test_statement import EVENT, made, table

from suandian.experiments.statement.drawings import Result, days_picture, rules_picture
from suandian.experiments.statement.figures import energies
from suandian.experiments.statement.page import html
from suandian.experiments.statement.text import text_of
from suandian.verification.event import Event

KINDS = ("plain", "two", "none", "long", "wrong")


def statement(kind: str) -> Any:
    """Statements of several kinds: without an interval, with two rules, not measurable, over a day, the wrong way."""
    if kind == "two":
        return made("CAISO_10IN10", "CN_5WD", "TOWT_45")
    if kind == "none":
        return made("TOWT_45", "REPLAY")
    if kind == "long":
        return made("CN_5WD", event=Event("long", EVENT.notified_s, EVENT.start_s, EVENT.start_s + 20 * 3600))
    if kind == "wrong":
        load = table().load_mw.copy()
        load[0, 31 * 24 + 14 : 31 * 24 + 17] += 0.6
        return made("PJM_STD", loads=table().replaced(load))
    return made("MBMA_60MIN")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {kind: html(statement(kind), "en") for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_one_file_that_needs_nothing_from_outside(pages: dict[str, str], kind: str) -> None:
    page = pages[kind]
    assert not re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', page)
    assert "url(http" not in page
    assert not re.search(r"\bnan\b", page, re.IGNORECASE)
    assert len(page.encode()) < 400_000
    assert page.count("<table") == page.count("<caption")
    targets = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= targets


@pytest.mark.parametrize("kind", KINDS)
def test_both_languages_say_the_same_numbers(pages: dict[str, str], kind: str) -> None:
    english, chinese = (re.search(rf'id="{lang}" lang.*?</main>', pages[kind], re.DOTALL)[0] for lang in ("en", "zh"))  # type: ignore[index]
    found = [
        [c for c in re.findall(r"<td>([^<]*)</td>", body) if re.fullmatch(r"[\d,.\u00a0×−+…–]+", c)]
        for body in (english, chinese)
    ]
    assert found[0] == found[1]
    assert not re.search(r"[\u4e00-\u9fff]", re.sub(r'<a class="other".*?</a>', "", english))


def test_the_headline_is_the_statements_figure() -> None:
    found = made("CN_5WD")
    page = html(found)
    assert f"<h1>{energies(found).with_unit(found.measured_mwh)} less was taken than the baseline</h1>" in page


def test_a_response_the_wrong_way_is_told_as_such(pages: dict[str, str]) -> None:
    assert "more was taken than the baseline: nothing was shed" in pages["wrong"]
    assert "Measured, against what was asked for" in pages["wrong"]


def test_reasons_stand_on_the_page_of_what_is_not_measurable(pages: dict[str, str]) -> None:
    assert "the rule needs a temperature for every interval" in pages["none"]
    assert "规则需要每个时段的气温" in pages["none"]


def test_what_came_back_is_a_dash_where_nothing_was_read_after_the_event() -> None:
    load = table().load_mw.copy()
    load[0, 31 * 24 + 17 :] = np.nan
    found = made("CN_5WD", loads=table().replaced(load))
    assert found.measurable
    assert "h after:" not in text_of(found)
    page = html(found, "en")
    assert not re.search(r"\bnan\b", page, re.IGNORECASE)
    card = re.search(r"In the 24 h after.*?not known", page, re.DOTALL)
    assert card is not None
    assert "–" in card[0]


def test_names_cannot_become_markup() -> None:
    page = html(replace(made("CN_5WD"), meter="<script>alert(1)</script>"))
    assert "<script>alert" not in page


def test_another_language_is_refused() -> None:
    with pytest.raises(ValueError, match="'fr'"):
        html(made("CN_5WD"), "fr")


def test_dots_lie_where_their_energies_are() -> None:
    rows = [Result("a", 1.0, 0.5, 1.5, "", True), Result("b", 3.0, float("nan"), float("nan"), "", False)]
    parts = "".join(rules_picture(rows, 2.0, "promised", "wide").parts)
    one, three = (float(x) for x in re.findall(r'<circle cx="([\d.]+)"', parts))
    promise = float(re.search(r'M([\d.]+) 22.0L\1 \d+.0" stroke="#5F666E"', parts)[1])  # type: ignore[index]
    assert promise == pytest.approx((one + three) / 2, abs=0.2)


def test_the_calendar_shows_every_day_of_a_short_look_back() -> None:
    days = {"2026-03-30": "used", "2026-03-31": "lost", "2026-04-01": "spare"}
    parts = "".join(days_picture(days, "2026-04-02", ["d"] * 7, "narrow").parts)
    assert [int(t) for t in re.findall(r">(\d+)</text>", parts)] == [3, 30, 31, 1, 2]  # the month stands first
    weeks = {"2026-03-25": "used", "2026-04-07": "used"}
    wide = "".join(days_picture(weeks, "2026-04-09", ["d"] * 7, "wide").parts)
    assert re.findall(r">(\d{4}-\d\d)<", wide) == ["2026-04"]


sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is absent: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield opened
        opened.close()


@pytest.mark.browser
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_clipped_or_overlaps(browser: Any, pages: dict[str, str], tmp_path: Path, kind: str) -> None:
    (tmp_path / "page.html").write_text(pages[kind], encoding="utf-8")
    for width in (1440, 768, 390):
        page = browser.new_page(viewport={"width": max(width, 500), "height": 900})
        errors: list[str] = []
        page.on("pageerror", lambda error, told=errors: told.append(str(error)))
        page.on("console", lambda message, told=errors: told.append(message.text) if message.type == "error" else None)
        try:
            if width < 500:  # headless Chromium does not go below 500 px
                phone = tmp_path / "phone.html"
                phone.write_text(f'<iframe src="page.html" style="border:0;width:{width}px;height:880px">')
                page.goto(phone.as_uri())
                frame = next(frame for frame in page.frames if frame != page.main_frame)
                frame.wait_for_selector("html.switching")
            else:
                page.goto((tmp_path / "page.html").as_uri())
                frame = page.main_frame
            for lang in ("en", "zh"):
                if lang == "zh":
                    frame.click("#en a[data-to]")
                measured = frame.evaluate(MEASURE)
                assert (width, lang, measured["faults"]) == (width, lang, [])
                shown = frame.evaluate(
                    "[...document.querySelectorAll('.body')].filter(e => e.offsetParent).map(e => e.id)"
                )
                assert shown == [lang]
            assert errors == []
        finally:
            page.close()

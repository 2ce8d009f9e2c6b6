"""The page of a classification: both languages, nothing from outside, numbers as in the frames, and in a real
browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from records_factory import make_records

import suandian as sd
from suandian.experiments.classification.drawings import Band, envelope_picture, nice_step, shares_picture
from suandian.experiments.classification.page import html
from suandian.experiments.classification.scales import power_scale, share_text

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip


def some_records():
    rng = np.random.default_rng(5)
    begin = np.sort(rng.uniform(0, 24 * 9, 300))
    rows = []
    for index, at in enumerate(begin):
        kind = ("train-large", "notebook", "etl", "backup", "serving")[index % 5]
        rows.append(
            {
                "submitted": float(at),
                "run": float(rng.lognormal(0, 1.4)) + 0.02,
                "kind": kind,
                "gpus": int(2 ** rng.integers(0, 5)),
                "power_kw": 0.4,
                "data_gb": float(rng.lognormal(3, 1)),
            }
        )
    return make_records(*rows)


@pytest.fixture(scope="module")
def found():
    return sd.classify(some_records())


@pytest.fixture(scope="module")
def page(found):
    return html(found, "en")


def test_one_file_that_needs_nothing_from_outside(page):
    assert not re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', page)
    assert "url(http" not in page
    assert len(page.encode()) < 500_000


def test_both_languages_say_the_same_numbers(page):
    english, chinese = (re.search(rf'id="{lang}" lang.*?</main>', page, re.DOTALL)[0] for lang in ("en", "zh"))
    cells = [re.findall(r"<td>([^<]*)</td>", body) for body in (english, chinese)]
    assert len(cells[0]) > 100
    digits = [[cell for cell in column if re.fullmatch(r"[\d,.\u00a0%<×–]+", cell)] for column in cells]
    assert digits[0] == digits[1]
    assert not re.search(r"[\u4e00-\u9fff]", re.sub(r'<a class="other".*?</a>', "", english))


def test_shares_on_the_page_are_those_of_the_frame(found, page):
    for row in found.classes.iter_rows(named=True):
        if row["energy_mwh"] > 0:
            assert f"<td>{share_text(row['energy_share_ratio'])}</td>" in page


def test_every_picture_has_a_name_and_every_table_a_caption(page):
    assert page.count('role="img"') == 2 * 2 * 5  # languages × forms × pictures
    assert 'aria-label=""' not in page
    assert page.count("<table") == page.count("<caption")


def test_text_of_records_cannot_become_markup():
    records = make_records({"submitted": 0, "run": 3, "kind": "<b>x</b>"}, source="<script>alert(1)</script>")
    text = html(sd.classify(records))
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


def test_another_language_is_refused(found):
    with pytest.raises(ValueError, match="'fr'"):
        html(found, "fr")


@pytest.mark.parametrize(("most", "step"), [(0.9, 0.5), (4.1, 2.0), (40, 10.0), (0.0, 1.0)])
def test_ticks_are_round(most, step):
    assert nice_step(most, 4) == step


def test_bars_are_as_long_as_their_shares():
    canvas = shares_picture([("Energy", [("F2", 0.25, "25 %"), ("F4", 0.75, "75 %")])], "wide")
    widths = [float(x) for x in re.findall(r'<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)"', "".join(canvas.parts))]
    assert widths[1] / widths[0] == pytest.approx(3.0, rel=1e-3)


def test_an_envelope_of_nothing_can_be_drawn():
    band = Band("down", (1.0,), ((0.0, 0.0, 0.0),), ((0.0, 0.0, 0.0),))
    words = {"axis_y": "{unit}", "axis_x": "h", "mean_load": "mean"}
    assert "NaN" not in envelope_picture([band], power_scale(0.0), 0.0, words, "narrow").svg("narrow", "x")


sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

MEASURE = """() => {
  const faults = [], root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) faults.push(`page ${root.scrollWidth} > ${root.clientWidth}`);
  let texts = 0;
  document.querySelectorAll('svg[role=img]').forEach(svg => {
    const frame = svg.getBoundingClientRect();
    if (!frame.width) return;
    const boxes = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
    texts += boxes.length;
    boxes.forEach(([text, b], i) => {
      if (b.left < frame.left - 1 || b.right > frame.right + 1 || b.top < frame.top - 1 || b.bottom > frame.bottom + 1)
        faults.push(`clipped "${text}"`);
      boxes.slice(i + 1).forEach(([other, o]) => {
        const across = Math.min(b.right, o.right) - Math.max(b.left, o.left);
        const down = Math.min(b.bottom, o.bottom) - Math.max(b.top, o.top);
        if (across > 1.5 && down > 4) faults.push(`"${text}" over "${other}" by ${across.toFixed(1)} x
      ${down.toFixed(1)}`); });
    });
  });
  document.querySelectorAll('main h1, main h2, main h3, main p, main li, main dt, main dd, figcaption').forEach(e => {
    if (e.closest('.scroll') || e.closest('details') || !e.offsetParent) return;
    if (e.scrollWidth > e.clientWidth + 1) faults.push(`${e.tagName} wider than its box: ${e.textContent.slice(0,
  50)}`); });
  return {faults, texts};
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is absent: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield opened
        opened.close()


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [1440, 768, 390])
def test_nothing_is_clipped_or_overlaps(browser: Any, found: Any, tmp_path: Path, lang: str, width: int) -> None:
    path = tmp_path / "page.html"
    path.write_text(html(found, lang), encoding="utf-8")
    page = browser.new_page(viewport={"width": max(width, 500), "height": 900})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    try:
        if width < 500:  # headless Chromium does not go below 500 px
            phone = tmp_path / "phone.html"
            phone.write_text(f'<iframe src="page.html" style="border:0;width:{width}px;height:880px">')
            page.goto(phone.as_uri())
            frame = next(frame for frame in page.frames if frame != page.main_frame)
            frame.wait_for_selector("html.switching")
        else:
            page.goto(path.as_uri())
            frame = page.main_frame
        measured = frame.evaluate(MEASURE)
        assert measured["faults"] == []
        assert measured["texts"] > 60
        shown = frame.evaluate("[...document.querySelectorAll('.body')].filter(e => e.offsetParent).map(e => e.id)")
        assert shown == [lang]
        frame.click(f"#{lang} a[data-to]")
        other = frame.evaluate("[...document.querySelectorAll('.body')].filter(e => e.offsetParent).map(e => e.id)")
        assert other == ["zh" if lang == "en" else "en"]
        assert errors == []
    finally:
        page.close()


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_print_shows_the_wide_pictures_and_tables_that_fit(browser: Any, found: Any, tmp_path: Path, lang: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(html(found, lang), encoding="utf-8")
    page = browser.new_page(viewport={"width": 688, "height": 1000})  # A4 less its margins
    try:
        page.goto(path.as_uri())
        page.emulate_media(media="print")
        shown = "[...document.querySelectorAll('.drawn svg')].filter(e => e.getBoundingClientRect().width > 0)"
        forms = page.evaluate(f"{shown}.map(e => e.classList.contains('wide'))")
        assert forms == [True] * 5
        assert page.evaluate("getComputedStyle(document.querySelector('.wide-table')).minWidth") == "0px"
        assert page.evaluate("document.documentElement.scrollWidth") <= 688
    finally:
        page.close()

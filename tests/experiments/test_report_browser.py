"""The report in a real browser: no clipped or overlapping text, no overflow, no error, at three widths.

Headless Chromium does not go below 500 px, so the phone is an iframe of 390 px.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from finding_factory import Options, make_finding
from test_report_regions import finding as regional

from suandian.experiments.report import write

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is absent: apt-get install chromium"),
]

#: Faults as texts: SVG text outside its figure or over another, HTML wider than its box or the page.
MEASURE = """() => {
  const faults = [], root = document.documentElement, width = root.clientWidth;
  if (root.scrollWidth > width) faults.push(`page ${root.scrollWidth} > ${width}`);
  let texts = 0;
  document.querySelectorAll('.chart').forEach(chart => {
    const maps = [...chart.querySelectorAll('svg.county-map')];
    (maps.length ? maps : [chart.querySelector('.plot svg.main-svg')]).forEach(drawing => {
    const frame = drawing.getBoundingClientRect();
    const within = maps.length ? drawing.querySelectorAll('text') : chart.querySelectorAll('.plot svg text');
    const boxes = [...within].filter(t => t.textContent.trim())
      .map(t => [t.textContent, t.getBoundingClientRect()]).filter(b => b[1].width > 0);
    texts += boxes.length;
    boxes.forEach(([text, b], i) => {
      if (b.left < frame.left - 1 || b.right > frame.right + 1 || b.top < frame.top - 1 || b.bottom > frame.bottom + 1)
        faults.push(`${chart.id}: clipped "${text}"`);
      boxes.slice(i + 1).forEach(([other, o]) => {
        const across = Math.min(b.right, o.right) - Math.max(b.left, o.left);
        const down = Math.min(b.bottom, o.bottom) - Math.max(b.top, o.top);
        if (across > 1.5 && down > 3)
          faults.push(`${chart.id}: "${text}" over "${other}" by ${across.toFixed(1)} x ${down.toFixed(1)}`);
      });
    });
    });
  });
  const kinds = ['h1', 'h2', 'h3', 'p', 'li', 'dt', 'dd', 'th', 'td', 'figcaption', 'label', 'small'];
  document.querySelectorAll(kinds.map(kind => `main ${kind}`).join()).forEach(e => {
    if (e.closest('.scroll') || e.closest('.unseen') || e.closest('details') || !e.offsetParent) return;
    const wide = e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline';
    if (e.getBoundingClientRect().right > width + 1 || wide)
      faults.push(`${e.tagName} wider than its box: ${e.textContent.trim().slice(0, 60)}`);
  });
  return {faults, texts, ready: root.dataset.ready, charts: document.querySelectorAll('.chart svg.main-svg').length};
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    findings = {
        "county": make_finding(),
        "site": make_finding(Options(feeders=0, battery=False, arms=("run_now", "rolling"))),
        "alone": make_finding(Options(arms=("run_now",), days=2)),
        "bent": make_finding(Options(days=7, flexible=True)),
        "network": make_finding(Options(days=7, grid=True, arms=("run_now", "rolling"))),
        "regions": regional(),
    }
    found = {f"{name}-{lang}": folder / f"{name}-{lang}.html" for name in findings for lang in ("en", "zh")}
    for name, path in found.items():
        case, lang = name.split("-")
        write(findings[case], path, lang=lang)
    return found


def opened(browser: Any, path: Path, width: int) -> tuple[Any, Any, list[str]]:
    """Page, frame of the report, and the list that gathers console errors."""
    page = browser.new_page(viewport={"width": max(width, 500), "height": 900})
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "request",
        lambda request: None if request.url.startswith(("file:", "data:", "blob:")) else errors.append(request.url),
    )
    if width < 500:
        phone = path.with_suffix(f".{width}.html")
        phone.write_text(
            f'<body style="margin:0"><iframe src="{path.name}" style="border:0;width:{width}px;height:880px">'
        )
        page.goto(phone.as_uri())
        frame = next(frame for frame in page.frames if frame != page.main_frame)
    else:
        page.goto(path.as_uri())
        frame = page.main_frame
    frame.wait_for_selector("html[data-ready]", state="attached")
    return page, frame, errors


@pytest.mark.parametrize("width", [1440, 768, 390])
@pytest.mark.parametrize(
    "name", ["county-en", "county-zh", "site-en", "alone-zh", "bent-en", "bent-zh", "network-en", "network-zh"]
)
def test_nothing_is_clipped_or_overlaps(browser: Any, pages: dict[str, Path], name: str, width: int) -> None:
    page, frame, errors = opened(browser, pages[name], width)
    try:
        found = frame.evaluate(MEASURE)
        assert found["ready"] == "yes"
        assert found["texts"] > 60
        assert found["charts"] >= 6
        assert found["faults"] == []
        assert errors == []
    finally:
        page.close()


@pytest.mark.parametrize("name", ["regions-en", "regions-zh"])
def test_tables_of_regions_hide_nothing_that_was_asked_on_a_phone(
    browser: Any, pages: dict[str, Path], name: str
) -> None:
    page, frame, errors = opened(browser, pages[name], 390)
    try:
        hidden = "[...document.querySelectorAll('#regions .scroll')].map(box => box.scrollWidth - box.clientWidth)"
        assert max(frame.evaluate(hidden)) <= 1
        rows = "[...document.querySelectorAll('.regions thead tr')]"
        heads = f"{rows}.map(row => [...row.cells].filter(cell => cell.offsetWidth).length)"
        assert frame.evaluate(heads) == [5, 5], "available energy and the control are left out"
        assert errors == []
    finally:
        page.close()


def test_the_slider_moves_the_map(browser: Any, pages: dict[str, Path]) -> None:
    page, frame, errors = opened(browser, pages["network-en"], 1440)
    try:
        said = "[...document.querySelectorAll('#fig-map .words')].map(e => e.textContent)"
        look = "document.querySelector('#fig-map .county-map').innerHTML"
        noon, drawn = frame.evaluate(said), frame.evaluate(look)
        assert all("back to the grid" in text for text in noon)
        slider = frame.locator("#fig-map input[type=range]")
        slider.focus()
        page.keyboard.press("ArrowLeft")
        assert frame.evaluate("document.querySelector('#fig-map output').textContent") == "12:45"
        assert slider.get_attribute("aria-valuetext") == "12:45"
        page.keyboard.press("Home")
        assert frame.evaluate("document.querySelector('#fig-map output').textContent") == "00:00"
        night = frame.evaluate(said)
        assert night != noon
        assert all("no solar held back" in text for text in night)
        assert frame.evaluate(look) != drawn
        labels = frame.evaluate("[...document.querySelectorAll('#fig-map [data-l]')].map(e => e.textContent)")
        assert any(text.startswith("T1 ↓") for text in labels)
        assert frame.evaluate(MEASURE)["faults"] == []
        assert errors == []
    finally:
        page.close()


def test_the_map_plays_and_stops_and_prints_its_tightest_moment(browser: Any, pages: dict[str, Path]) -> None:
    page, frame, errors = opened(browser, pages["network-zh"], 1440)
    try:
        time = "document.querySelector('#fig-map output').textContent"
        start = frame.evaluate(time)
        button = frame.locator("#fig-map .clock button")
        button.click()
        assert button.inner_text() == "暂停"
        frame.wait_for_function(f"{time} !== {start!r}")
        button.click()
        assert button.inner_text() == "播放"
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert frame.evaluate(time) == start
        assert errors == []
    finally:
        page.close()


def test_switches_redraw_the_week(browser: Any, pages: dict[str, Path]) -> None:
    page, frame, errors = opened(browser, pages["county-en"], 1440)
    try:
        title = "document.querySelector('#fig-week .find').textContent"
        before = frame.evaluate(title)
        frame.check("#fig-week input[value=run_now]", force=True)
        frame.wait_for_function(f"{title} !== {before!r}")
        assert "does not look at the sun" in frame.evaluate(title)
        days = "[...document.querySelectorAll('#fig-week .xtick text')].map(t => t.textContent)"
        assert len(frame.evaluate(days)) == 7
        frame.check("#fig-week .days input[value='2']", force=True)
        frame.wait_for_function(f"({days}).includes('6:00')")
        assert frame.evaluate(MEASURE)["faults"] == []
        assert errors == []
    finally:
        page.close()


def test_hovering_names_series_and_values(browser: Any, pages: dict[str, Path]) -> None:
    page, frame, _ = opened(browser, pages["county-zh"], 1440)
    try:
        box = frame.locator("#fig-duration .nsewdrag").first
        box.scroll_into_view_if_needed()
        box.hover()
        layer = "document.querySelector('#fig-duration .hoverlayer').textContent"
        frame.wait_for_function(f"{layer}.includes('滚动优化')")
        text = frame.evaluate(layer)
        assert "即到即算" in text
        assert "MW" in text
    finally:
        page.close()


def test_without_the_browsers_own_unpacking_the_plain_one_serves(browser: Any, pages: dict[str, Path]) -> None:
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    try:
        page.add_init_script("delete window.DecompressionStream")
        page.goto(pages["county-en"].as_uri())
        page.wait_for_selector("html[data-ready]", state="attached")
        assert page.evaluate("typeof DecompressionStream") == "undefined"
        assert page.evaluate(MEASURE)["ready"] == "yes"
        assert page.evaluate("document.querySelectorAll('.chart svg.main-svg').length") >= 6
    finally:
        page.close()


def test_without_scripts_the_page_says_so_and_keeps_its_tables(browser: Any, pages: dict[str, Path]) -> None:
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(pages["county-en"].as_uri())
        assert page.locator("noscript, .notice").count() > 0
        assert page.locator("table.numbers").count() == 6
        assert page.locator("h1").inner_text()
    finally:
        context.close()


def test_parts_can_be_reached_and_named_without_a_mouse(browser: Any, pages: dict[str, Path]) -> None:
    page, frame, _ = opened(browser, pages["county-en"], 1440)
    try:
        page.keyboard.press("Tab")
        assert frame.evaluate("document.activeElement.className") == "skip"
        labels = frame.evaluate("[...document.querySelectorAll('[role=img]')].map(e => e.getAttribute('aria-label'))")
        titles = frame.evaluate("[...document.querySelectorAll('.find')].map(e => e.textContent)")
        assert len(labels) == 6
        assert labels == titles
        assert frame.evaluate("[...document.querySelectorAll('.scroll')].every(e => e.tabIndex === 0)")
        assert frame.evaluate("[...document.querySelectorAll('table')].every(t => t.caption)")
        assert frame.evaluate("[...document.querySelectorAll('thead th, tbody th')].every(t => t.scope)")
        targets = frame.evaluate("[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href'))")
        assert frame.evaluate("targets => targets.every(t => document.querySelector(t))", targets)
    finally:
        page.close()


def test_paper_shows_verdict_cards_and_key_figures_on_its_first_page(browser: Any, pages: dict[str, Path]) -> None:
    for name in ("county-en", "county-zh", "bent-en", "bent-zh", "network-en", "network-zh"):
        page = browser.new_page(viewport={"width": 688, "height": 1000})
        try:
            page.emulate_media(media="print")
            page.goto(pages[name].as_uri())
            page.wait_for_selector("html[data-ready]", state="attached")
            # A4 less margins: (297 − 26) mm at 96 px per inch.
            assert page.evaluate("document.querySelector('#kpi').getBoundingClientRect().bottom") <= 271 / 25.4 * 96
            assert page.evaluate("document.documentElement.scrollWidth") <= 688
        finally:
            page.close()


@pytest.mark.parametrize("name", ["bent-en", "bent-zh"])
def test_runs_that_bent_are_whole_on_paper(browser: Any, pages: dict[str, Path], name: str) -> None:
    page = browser.new_page(viewport={"width": 688, "height": 1000})
    try:
        page.emulate_media(media="print")
        page.goto(pages[name].as_uri())
        page.wait_for_selector("html[data-ready]", state="attached")
        drawn = "document.querySelector('#fig-bent .plot').layout.height"
        screen = page.evaluate(drawn)
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        page.wait_for_function(f"{drawn} < {screen}")
        assert page.evaluate(MEASURE)["faults"] == []
        height = page.evaluate("document.querySelector('#fig-bent').getBoundingClientRect().height")
        assert height <= 271 / 25.4 * 96, "a figure that does not fit one page is cut"
    finally:
        page.close()


def test_a_day_of_the_runs_that_bent_can_be_looked_at_alone(browser: Any, pages: dict[str, Path]) -> None:
    page, frame, errors = opened(browser, pages["bent-en"], 1440)
    try:
        frame.locator("#fig-bent [data-switch=day] label").nth(2).click()
        span = frame.evaluate("document.querySelector('#fig-bent .plot').layout.xaxis.range")
        assert [text[:10] for text in span] == ["2026-04-02", "2026-04-03"]
        frame.locator("#fig-bent [data-switch=arm] label").first.click()
        assert "training run" in frame.evaluate("document.querySelector('#fig-bent .find').textContent")
        found = frame.evaluate(MEASURE)
        assert [fault for fault in found["faults"] if "fig-bent" in fault] == []
        assert errors == []
    finally:
        page.close()

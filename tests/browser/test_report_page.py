"""The report as a reader meets it: opened from disk, offline, wide and narrow, with hostile data in it."""

from __future__ import annotations

import json
import time

import pytest
from selenium.webdriver.support.ui import Select

pytestmark = pytest.mark.browser

FIGURES = "return document.querySelectorAll('[data-figure]').length"
DRAWN = "return document.querySelectorAll('[data-drawn].js-plotly-plot').length"
DRAW_ALL = "window.dispatchEvent(new Event('beforeprint')); window.dispatchEvent(new Event('afterprint'));"
WIDTHS = (1440, 390)


def open_page(browser, address: str, width: int = 1440, scheme: str = "light") -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 700},
    )
    scheme_wanted = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme_wanted})
    browser.get_log("browser")
    browser.get_log("performance")
    browser.execute_script("window.isOld = true")
    browser.get(address)
    # On a busy machine `get` returns now and then while scripts still run in the page before.
    wait_for(browser, "return window.isOld === undefined && document.readyState === 'complete'")


def wait_for(browser, script: str, expected: object = True, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while (found := browser.execute_script(script)) != expected:
        assert time.monotonic() < end, f"expected {expected!r} from {script!r}, found {found!r} after {seconds} s"
        time.sleep(0.05)


def draw_everything(browser) -> int:
    browser.execute_script(DRAW_ALL)
    figures = browser.execute_script(FIGURES)
    wait_for(browser, DRAWN, figures)
    paths = "return document.querySelectorAll('[data-drawn] svg .cartesianlayer path').length"
    assert browser.execute_script(paths) > figures
    return figures


@pytest.mark.parametrize("width", WIDTHS)
def test_every_figure_is_drawn_and_the_console_stays_silent(browser, report, width):
    open_page(browser, report, width)
    assert draw_everything(browser) >= 14
    assert browser.execute_script("return document.querySelectorAll('.figures-off').length") == 0
    assert browser.get_log("browser") == []


def test_no_request_leaves_the_page(browser, report):
    open_page(browser, report)
    draw_everything(browser)
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated")
    ]
    assert [address for address in asked if not address.startswith(("data:", "blob:"))] == [report]


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_never_scrolls_sideways_even_with_everything_unfolded(browser, report, width):
    open_page(browser, report, width)
    draw_everything(browser)
    browser.execute_script("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    found = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert found[0] <= found[1] == width


def test_figures_wait_until_they_come_into_view(browser, report):
    open_page(browser, report)
    assert browser.execute_script(DRAWN) < browser.execute_script(FIGURES)
    browser.execute_script("document.getElementById('model-history').scrollIntoView({behavior: 'instant'})")
    wait_for(browser, "return document.querySelector('#model-history [data-drawn] .main-svg') !== null")


@pytest.mark.parametrize("width", WIDTHS)
def test_figures_fit_into_their_column(browser, report, width):
    open_page(browser, report, width)
    draw_everything(browser)
    too_wide = browser.execute_script(
        "return Array.from(document.querySelectorAll('[data-figure]'))"
        ".filter((box) => box.querySelector('.main-svg').getBoundingClientRect().right > window.innerWidth)"
        ".map((box) => box.dataset.figure)"
    )
    assert too_wide == []


def test_hostile_names_are_text_in_the_page_and_in_the_figures(browser, report, people):
    open_page(browser, report)
    draw_everything(browser)  # an alert would make every later command fail
    assert browser.execute_script("return document.querySelectorAll('img, iframe, object, embed').length") == 0
    assert browser.execute_script("return document.querySelectorAll('svg a, b').length") == 0
    assert people.SCRIPT in browser.execute_script("return document.querySelector('main').textContent")
    labels = browser.execute_script(
        "return Array.from(document.querySelectorAll('#representation .ytick text'), (tick) => tick.textContent)"
    )
    assert people.SCRIPT[:20] in " ".join(labels)
    assert any(text.startswith("<b>bold</b> & <a") for text in labels)


def test_every_link_has_its_anchor(browser, report):
    open_page(browser, report)
    broken = browser.execute_script(
        "return Array.from(document.querySelectorAll('a'), (link) => link.getAttribute('href'))"
        ".filter((href) => !href.startsWith('#') || !document.getElementById(href.slice(1)))"
    )
    assert broken == []


def test_choosing_an_attribute_changes_the_groups_of_all_latent_figures(browser, report):
    open_page(browser, report)
    draw_everything(browser)
    Select(browser.find_element("css selector", "select[data-views]")).select_by_visible_text("race")
    legend = "return document.querySelector('#latent-0-histogram .legend').textContent"
    wait_for(browser, legend.replace("textContent", "textContent.includes('White')"))
    assert "Male" not in browser.execute_script(legend)
    assert "Black" in browser.execute_script("return document.querySelector('#latents-map .legend').textContent")


def test_figures_take_the_ink_of_a_dark_page(browser, report):
    open_page(browser, report, scheme="dark")
    draw_everything(browser)
    fill = "return getComputedStyle(document.querySelector('#model-history .xtick text')).fill"
    assert browser.execute_script(fill) == "rgb(184, 193, 206)"


def test_a_browser_that_cannot_unpack_the_figures_says_so_and_keeps_the_tables(browser, report):
    script = {"source": "delete window.DecompressionStream"}
    handle = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", script)
    try:
        open_page(browser, report)
        message = browser.find_element("css selector", ".figures-failed")
        assert message.is_displayed()
        assert "stands in the tables" in message.text
        assert not browser.find_element("css selector", "[data-figure]").is_displayed()
        assert browser.find_element("css selector", "#representation table").is_displayed()
        assert browser.get_log("browser") == []
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", handle)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_report_without_findings_is_whole_too(browser, empty_report, width):
    open_page(browser, empty_report, width)
    draw_everything(browser)
    assert browser.get_log("browser") == []
    found = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert found[0] <= found[1]


def test_the_page_is_readable_within_a_second(browser, report):
    open_page(browser, report)
    loaded = browser.execute_script(
        "const [entry] = performance.getEntriesByType('navigation'); return entry.domContentLoadedEventEnd"
    )
    assert 0 < loaded < 1_000

"""A report about pictures as a reader meets it: every picture is there, described, and fits into the page."""

from __future__ import annotations

import base64
import io
import json
import time

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.browser

WIDTHS = (1440, 390)
STRIPS = "Array.from(document.querySelectorAll('svg.strip'))"


def open_page(browser, address: str, width: int, *, script: bool = True, scheme: str = "light") -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 700},
    )
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not script})
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(address)


def wait_for(browser, script: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not browser.execute_script(script):
        assert time.monotonic() < end, f"{script!r} did not come true within {seconds} s"
        time.sleep(0.05)


def draw_map(browser) -> None:
    browser.execute_script(
        "document.getElementById('latents-map').scrollIntoView({behavior: 'instant', block: 'center'})"
    )
    wait_for(browser, "return document.querySelector('#latents-map [data-drawn] .points path') !== null")


def place_of_a_point(browser, number: int) -> tuple[float, float]:
    x, y = browser.execute_script(
        "const box = document.querySelectorAll('#latents-map .points path')[arguments[0]].getBoundingClientRect();"
        "return [box.x + box.width / 2, box.y + box.height / 2]",
        number,
    )
    return x, y


def mouse(browser, kind: str, x: float, y: float, **more: object) -> None:
    browser.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **more})


def colours_of(browser, selector: str) -> int:
    """Count the colours that an element in view shows, as it is painted."""
    left, top, right, bottom = browser.execute_script(
        "const box = document.querySelector(arguments[0]).getBoundingClientRect();"
        "return [box.left, box.top, box.right, box.bottom]",
        selector,
    )
    shot = browser.execute_cdp_cmd("Page.captureScreenshot", {})
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB"))
    part = image[round(top) : round(bottom), round(left) : round(right)]
    return len(np.unique(part.reshape(-1, 3), axis=0))


@pytest.mark.parametrize("width", WIDTHS)
def test_pictures_cause_no_message_no_request_and_no_sideways_scroll(browser, pictured_report, width):
    open_page(browser, pictured_report, width)
    browser.execute_script("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    draw_map(browser)
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [
        message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"
    ]
    outside = [address for address in asked if not address.startswith(("data:", "blob:", "chrome:"))]
    assert outside == [pictured_report]
    found = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert found[0] <= found[1] == width


@pytest.mark.parametrize("width", WIDTHS)
def test_every_picture_has_a_size_inside_its_column_and_a_description(browser, pictured_report, width):
    open_page(browser, pictured_report, width)
    browser.execute_script("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    strips = browser.execute_script(
        f"return {STRIPS}.map((strip) => {{ const box = strip.getBoundingClientRect();"
        "const told = strip.closest('[role=img]'); return [box.width, box.height, box.right,"
        "strip.viewBox.baseVal.width / strip.viewBox.baseVal.height, told && told.getAttribute('aria-label')]; })"
    )
    assert len(strips) > 60
    for across, down, right, shape, told in strips:
        assert across >= 30
        assert right <= width
        assert across / down == pytest.approx(shape, rel=0.02)
        assert told
        assert len(told) > 20


def test_pictures_are_painted_without_scripts_and_in_the_dark(browser, pictured_report):
    try:
        open_page(browser, pictured_report, 390, script=False, scheme="dark")
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
        for selector in (
            "#outliers-pictures .strip",
            "#rare-pictures .strip",
            "#regions-pictures .strip",
            "#model-reconstructions .strip",
            "#model-prior .strip",
            "#latents-traversals .strip",
            "#latents-map-pictures .strip",
        ):
            browser.execute_script(
                "document.querySelector(arguments[0]).scrollIntoView({behavior: 'instant', block: 'center'})", selector
            )
            assert colours_of(browser, selector) > 20, selector
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("width", WIDTHS)
def test_a_point_of_the_map_shows_its_picture_under_the_pointer_and_hides_it_again(browser, pictured_report, width):
    open_page(browser, pictured_report, width)
    draw_map(browser)
    x, y = place_of_a_point(browser, 5)
    for offset in (-40, -3, 0):
        mouse(browser, "mouseMoved", x + offset, y)
        time.sleep(0.1)
    wait_for(browser, "return !document.querySelector('.thumbnail').hidden")
    shown = browser.execute_script(
        "const card = document.querySelector('.thumbnail'), box = card.getBoundingClientRect();"
        "return [card.textContent, card.querySelector('use').getAttribute('href'), box.left, box.right, box.top,"
        "box.bottom, innerWidth, innerHeight]"
    )
    assert "shape-" in shown[0] or "<img" in shown[0]
    assert shown[1] == "#sheet-thumbnails"
    left, right, top, bottom, across, down = shown[2:]
    assert 0 <= left < right <= across
    assert 0 <= top < bottom <= down
    assert colours_of(browser, ".thumbnail svg") > 20
    mouse(browser, "mouseMoved", 5, 5)
    wait_for(browser, "return document.querySelector('.thumbnail').hidden")


def test_a_tap_shows_the_picture_and_escape_hides_it(browser, pictured_report):
    open_page(browser, pictured_report, 390)
    draw_map(browser)
    x, y = place_of_a_point(browser, 8)
    for kind in ("mousePressed", "mouseReleased"):
        mouse(browser, kind, x, y, button="left", clickCount=1)
    wait_for(browser, "return !document.querySelector('.thumbnail').hidden")
    browser.execute_script("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}))")
    assert browser.execute_script("return document.querySelector('.thumbnail').hidden")


def test_hostile_row_names_are_text_beside_pictures_and_on_the_map(browser, pictured_report, people):
    open_page(browser, pictured_report, 1440)
    draw_map(browser)  # an alert would make every later command fail
    titles = browser.execute_script(
        "return Array.from(document.querySelectorAll('#outliers-pictures .card-title'), (title) => title.textContent)"
    )
    assert people.SCRIPT in titles[0]
    assert "<b>bold</b>" in titles[1]
    assert browser.execute_script("return document.querySelectorAll('img, main b').length") == 0

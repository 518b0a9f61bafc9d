"""One headless Chromium for all tests."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from tests.loop import BROWSERS, DRIVERS, program
from vaeaudit.report import write

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


@pytest.fixture(scope="session")
def people() -> SimpleNamespace:
    """The example builders and hostile strings of the report's unit tests."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "unit" / "report" / "people.py")))


@pytest.fixture(scope="session")
def report(people, tmp_path_factory) -> str:
    """The address of a full report on disk."""
    folder = tmp_path_factory.mktemp("report")
    return write(people.people_results(), people.people_rows(100), people.people_flagged(), folder).as_uri()


@pytest.fixture(scope="session")
def empty_report(people, tmp_path_factory) -> str:
    """The address of a report in which nothing was found."""
    folder = tmp_path_factory.mktemp("empty")
    return write(people.empty_results(), people.people_rows(100), people.people_flagged(), folder).as_uri()


@pytest.fixture(scope="session")
def pictured_report(people, tmp_path_factory) -> str:
    """The address of a report about pictures of drawn shapes."""
    path = Path(__file__).parents[1] / "unit" / "report" / "shapes.py"
    results = runpy.run_path(str(path))["shapes_results"](people)
    folder = tmp_path_factory.mktemp("pictured")
    return write(results, people.people_rows(100), people.people_flagged(), folder).as_uri()


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A Chromium that logs its console and its network."""
    options = Options()
    options.binary_location = program(BROWSERS)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(program(DRIVERS)))
    yield driver
    driver.quit()

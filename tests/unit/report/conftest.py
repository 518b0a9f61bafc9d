"""Example results of the report room's tests."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest


@pytest.fixture(scope="session")
def people() -> SimpleNamespace:
    """The example builders and hostile strings of `people.py`."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("people.py"))))


@pytest.fixture(scope="session")
def results(people):
    return people.people_results()


@pytest.fixture(scope="session")
def empty(people):
    return people.empty_results()


@pytest.fixture(scope="session")
def shapes() -> SimpleNamespace:
    """The example builders of `shapes.py`: results about pictures."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("shapes.py"))))


@pytest.fixture(scope="session")
def pictured(shapes, people):
    return shapes.shapes_results(people)

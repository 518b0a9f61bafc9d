"""Every protocol can be started: what it takes from the package is still there."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

import benchmarks

pytestmark = pytest.mark.tensorflow


@pytest.mark.parametrize("name", sorted(path.stem for path in Path(*benchmarks.__path__).glob("[a-z]*.py")))
def test_a_protocol_finds_what_it_imports(name: str) -> None:
    import_module(f"benchmarks.{name}")

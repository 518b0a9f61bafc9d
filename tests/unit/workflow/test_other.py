"""Which reference a fit is compared with when it goes on after an interruption."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vaeaudit.config import FitConfig, ReadConfig
from vaeaudit.data.reading.load_like import load_like
from vaeaudit.errors import UsageError
from vaeaudit.runs.directory import PartialRun
from vaeaudit.workflow.other import other_reading, reference_source, require_same_reference


def interrupted(reference: dict[str, str] | None) -> PartialRun:
    return PartialRun(Path("runs/a"), FitConfig(), {"reference": reference}, {}, {})


def test_delimiter_and_encoding_belong_to_a_file_and_all_else_to_the_run() -> None:
    config = ReadConfig(delimiter=";", encoding="latin-1", na=("x",), id="key", array_key="a")
    assert other_reading(config) == ReadConfig(na=("x",), id="key", array_key="a")


def test_an_interrupted_fit_keeps_its_reference_unless_another_is_given() -> None:
    stored = {"source": "/data/before.csv", "fingerprint": "f"}
    assert reference_source(None, None) is None
    assert reference_source(None, "a.csv") == "a.csv"
    assert reference_source(interrupted(None), None) is None
    assert reference_source(interrupted(stored), None) == "/data/before.csv"
    assert reference_source(interrupted(stored), "/data/again.csv") == "/data/again.csv"


def test_a_reference_that_was_in_memory_must_be_given_again() -> None:
    with pytest.raises(UsageError, match="was a DataFrame"):
        reference_source(interrupted({"source": "DataFrame", "fingerprint": "f"}), None)


def test_a_reference_that_changed_meanwhile_is_refused(fitted: Any) -> None:
    other = load_like(fitted.truth.frame, fitted.run.schema, fitted.run.config.read)
    own = {"source": "DataFrame", "fingerprint": other.dataset.fingerprint}
    require_same_reference(interrupted(own), other)
    require_same_reference(interrupted(None), other)
    require_same_reference(None, other)
    with pytest.raises(UsageError, match="not what it was"):
        require_same_reference(interrupted({**own, "fingerprint": "x"}), other)

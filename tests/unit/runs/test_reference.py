"""A run keeps the dataset that it is compared with, and says where a part of it is gone."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vaeaudit.errors import RunError
from vaeaudit.runs import artifacts
from vaeaudit.runs.directory import RunWriter
from vaeaudit.runs.reading import Run
from vaeaudit.runs.reference import StoredReference, read_reference, write_reference


@pytest.fixture
def kept(fitted: Any, tmp_path: Path) -> tuple[StoredReference, Run]:
    """The run's own rows as its reference, in a copy of the run."""
    codes = replace(fitted.run.codes, held_out=np.ones(len(fitted.run.codes), bool))
    facts = {
        "name": "before",
        "fingerprint": "0" * 64,
        "lacking": [],
        "notes": ["a note"],
        "rows": fitted.run.metadata["rows"],
    }
    reference = StoredReference(facts, fitted.run.frame, codes, np.linspace(0.1, 1, len(codes)))
    writer = RunWriter(tmp_path / "run")
    shutil.copytree(fitted.run.path, writer.folder, dirs_exist_ok=True)
    source = {"name": "before", "kind": "table", "source": "before.csv", "fingerprint": "0" * 64}
    writer.document(artifacts.METADATA, {**fitted.run.metadata, "reference": source})
    write_reference(writer, reference)
    return reference, Run(writer.complete())


def test_what_was_kept_comes_back(kept: tuple[StoredReference, Run]) -> None:
    reference, run = kept
    again = read_reference(run)
    assert again is not None
    assert again.facts == reference.facts
    pd.testing.assert_frame_equal(again.frame, reference.frame)
    np.testing.assert_array_equal(again.codes.mean, reference.codes.mean)
    np.testing.assert_array_equal(again.p_value, reference.p_value)
    digests = json.loads((run.path / "manifest.json").read_text(encoding="utf-8"))["sha256"]
    assert {name for name in digests if name.startswith("reference/")} == {
        f"reference/{name}" for name in ("columns.parquet", "latents.npz", "reference.json", "scores.npz")
    }


def test_a_run_without_one_has_none(fitted: Any) -> None:
    assert read_reference(fitted.run) is None


@pytest.mark.parametrize("name", ["columns.parquet", "latents.npz", "reference.json", "scores.npz"])
def test_a_part_that_is_gone_is_named(kept: tuple[StoredReference, Run], name: str) -> None:
    _, run = kept
    (run.path / "reference" / name).unlink()
    with pytest.raises(RunError, match=name):
        read_reference(run)


def test_facts_that_lack_a_key_are_refused(kept: tuple[StoredReference, Run]) -> None:
    _, run = kept
    (run.path / "reference" / "reference.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RunError, match=r"reference\.json: .* is missing|Field required"):
        read_reference(run)

"""What a run says about itself, and the reference it keeps: versions, data, settings, rows that add up."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vaeaudit.config import FitConfig
from vaeaudit.errors import RunError
from vaeaudit.runs import artifacts
from vaeaudit.runs.contents import (
    StoredReference,
    describe_run,
    read_reference,
    source_text,
    write_after_training,
    write_reference,
)
from vaeaudit.runs.directory import RunWriter
from vaeaudit.runs.reading import Run


def test_a_path_is_named_in_full_and_an_object_by_its_type(tmp_path: Path) -> None:
    assert source_text(tmp_path / "." / "a.csv") == str(tmp_path / "a.csv")
    assert source_text(pd.DataFrame()) == "DataFrame"


def test_the_description_is_plain_json_and_its_rows_add_up(dataset_of: Any) -> None:
    from vaeaudit.data.schema.columns import Kind

    dataset = dataset_of({"x": (np.arange(30.0), Kind.REAL)})
    document = json.loads(json.dumps(describe_run("r", "data.csv", dataset, FitConfig(seed=3), None), allow_nan=False))
    rows = document["rows"]

    assert rows["read"] == rows["scored"] + rows["quarantined"] + rows["skipped"] == 30
    assert document["seed"] == 3
    assert document["population"] is None
    assert {"python", "vaeaudit", "tensorflow", "keras", "numpy"} <= set(document["versions"])
    assert document["data"]["fingerprint"] == dataset.fingerprint


def test_a_training_without_an_epoch_has_an_empty_history(tmp_path: Path, fitted: Any) -> None:
    writer = RunWriter(tmp_path / "run")
    write_after_training(
        writer,
        architecture={},
        weights={},
        scoring=fitted.run.scoring,
        history={"loss": np.array([])},
        codes=fitted.run.codes,
        traversals=fitted.run.traversals,
    )
    assert (writer.folder / "history.csv").read_text(encoding="utf-8") == "epoch,loss\n"


def test_the_configuration_of_a_run_is_resolved(fitted: Any) -> None:
    stored = json.loads((fitted.run.path / "config.json").read_text(encoding="utf-8"))
    assert stored["model"]["latents"] == len(fitted.run.encoding.columns)
    assert stored["read"]["sensitive"] == ["sex", "age"]


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

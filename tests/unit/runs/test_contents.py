"""What a run says about itself: versions, data, settings as resolved, and rows that add up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vaeaudit.config import FitConfig
from vaeaudit.runs.contents import describe_run, source_text, write_after_training
from vaeaudit.runs.directory import RunWriter


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
        scoring={},
        history={"loss": np.array([])},
        codes=fitted.run.codes,
        traversals={},
    )
    assert (writer.folder / "history.csv").read_text(encoding="utf-8") == "epoch,loss\n"


def test_the_configuration_of_a_run_is_resolved(fitted: Any) -> None:
    stored = json.loads((fitted.run.path / "config.json").read_text(encoding="utf-8"))
    assert stored["model"]["latents"] == len(fitted.run.encoding.columns)
    assert stored["read"]["sensitive"] == ["sex", "age"]

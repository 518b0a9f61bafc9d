"""The run directory and the report's folder hold what DESIGN names, and all row counts agree."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

FILES = {
    "cells.npz",
    "checks.json",
    "columns.parquet",
    "config.json",
    "changes.json",
    "decoded_regions.npz",
    "history.csv",
    "label_doubts.npz",
    "latent_space.npz",
    "latents.npz",
    "manifest.json",
    "metadata.json",
    "model/architecture.json",
    "model/scoring.npz",
    "model/weights.npz",
    "pairs.npz",
    "quarantine.csv",
    "regions.json",
    "rules.json",
    "rows.parquet",
    "schema.json",
    "traversals.npz",
}


def files_of(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_a_run_holds_the_files_of_the_contract_and_no_others(fitted: Any) -> None:
    assert files_of(fitted.run.path) == FILES
    assert [entry.name for entry in fitted.run.path.parent.iterdir()] == ["people"]  # nothing is left beside it


def test_runs_and_reports_are_their_owners_alone(fitted: Any, reported: Path) -> None:
    for folder in (fitted.run.path, reported):
        assert folder.stat().st_mode & 0o777 == 0o700
        for entry in folder.rglob("*"):
            assert entry.stat().st_mode & 0o777 == (0o700 if entry.is_dir() else 0o600), entry


def test_the_manifest_names_every_other_file_with_its_digest(fitted: Any) -> None:
    manifest = json.loads((fitted.run.path / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["sha256"]) == FILES - {"manifest.json"}
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256((fitted.run.path / name).read_bytes()).hexdigest() == digest


def test_every_json_file_is_strict(fitted: Any, reported: Path) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    for file in [*fitted.run.path.rglob("*.json"), reported / "report.json"]:
        json.loads(file.read_text(encoding="utf-8"), parse_constant=refuse)


@pytest.mark.parametrize("where", ["run", "report"])
def test_the_rows_have_the_columns_of_the_contract_in_input_order(fitted: Any, reported: Path, where: str) -> None:
    folder = fitted.run.path if where == "run" else reported
    rows = pd.read_parquet(folder / "rows.parquet")
    n_latents = fitted.run.codes.n_latents

    fixed = ["row_id", "outlier_score", "outlier_p_value", "outlier", "rarity", "region", "weight", "duplicate_of"]
    fixed += ["label_suspicion"]
    assert list(rows.columns) == [*fixed, *(f"z_{index}" for index in range(n_latents))]
    assert rows["row_id"].tolist() == fitted.truth.frame["person_id"].tolist()
    assert rows["outlier"].dtype == bool
    assert rows["outlier_p_value"].between(0, 1).all()
    assert rows["weight"].mean() == pytest.approx(1)
    # A row is no more improbable than its score says, and than the second loudest of the five questions allows.
    second = np.sort(fitted.run.codes.surprises, axis=1)[:, -2]
    of_two = np.minimum(4 * np.exp(-second), 1)
    np.testing.assert_allclose(rows["outlier_p_value"], np.maximum(np.exp(-rows["outlier_score"]), of_two), rtol=1e-5)
    np.testing.assert_allclose(rows[[f"z_{index}" for index in range(n_latents)]], fitted.run.codes.mean, rtol=1e-5)


def test_the_rows_say_what_their_score_is(fitted: Any) -> None:
    metadata = pq.read_schema(fitted.run.path / "rows.parquet").metadata
    assert b"Five questions" in metadata[b"vaeaudit"]


def test_the_regions_of_the_rows_are_regions_of_the_report(reported: Path) -> None:
    rows = pd.read_parquet(reported / "rows.parquet")
    document = json.loads((reported / "report.json").read_text(encoding="utf-8"))
    assert set(rows["region"].dropna()) <= {region["id"] for region in document["regions"]}


def test_one_account_of_the_rows_is_given_everywhere(fitted: Any, reported: Path) -> None:
    metadata = json.loads((fitted.run.path / "metadata.json").read_text(encoding="utf-8"))["rows"]
    document = json.loads((reported / "report.json").read_text(encoding="utf-8"))["rows"]
    quarantine = pd.read_csv(fitted.run.path / "quarantine.csv")

    assert {name: document[name] for name in metadata} == metadata
    assert metadata["read"] == metadata["scored"] + metadata["quarantined"] + metadata["skipped"]
    assert metadata["scored"] == len(fitted.truth.frame) == len(fitted.run.rows)
    assert metadata["quarantined"] == len(quarantine) == 1
    assert metadata["skipped"] == 1
    assert quarantine.loc[0, "file"] == "people.csv"


def test_the_reports_folder_holds_its_files_and_no_others(reported: Path) -> None:
    assert files_of(reported) == {
        "report.html",
        "report.json",
        "rows.parquet",
        "flagged.csv",
        "cells.csv",
        "duplicates.csv",
        "labels.csv",
    }


def test_the_report_reads_back_how_suspicious_each_label_is(reported: Path, fitted: Any) -> None:
    rows = pd.read_parquet(reported / "rows.parquet")
    pd.testing.assert_series_equal(rows["label_suspicion"], fitted.run.rows["label_suspicion"])
    assert rows["label_suspicion"].dropna().between(0, 1).all()
    listed = pd.read_csv(reported / "labels.csv", encoding="utf-8-sig")
    assert listed["suspicion"].is_monotonic_decreasing


def test_the_seed_repeats_a_run_to_the_last_digit(fitted: Any, tmp_path: Path) -> None:
    from vaeaudit.workflow.fit import fit

    again = fit(fitted.source, fitted.run.config, run=tmp_path / "again", population=fitted.population)
    pd.testing.assert_frame_equal(again.rows, fitted.run.rows, check_exact=True)

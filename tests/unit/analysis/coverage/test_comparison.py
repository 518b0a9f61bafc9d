from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from vaeaudit.analysis.coverage.comparison import compare_with_reference
from vaeaudit.analysis.inputs import AuditInputs, Reference
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind, Role

Build = Callable[..., AuditInputs]
CONFIG = AnalysisConfig()


def compared(build: Build, n_rows: int = 3_000, *, shift: float = 0.0, seed: int = 0, **changes: Any) -> AuditInputs:
    """Halves of one table; in the first, pay and latent 0 are moved by `shift` of their spread."""
    rng = np.random.default_rng(seed)
    size = 2 * n_rows
    pay = rng.normal(size=size)
    pay[:n_rows] += shift
    job = rng.choice(["clerk", "cook", "pilot"], size)
    everything = build(
        {
            "pay": (np.where(rng.random(size) < 0.1, np.nan, pay), Kind.REAL),
            "job": (job, Kind.CATEGORY, Role.SENSITIVE),
            "level": (rng.integers(0, 4, size).astype(str), Kind.ORDINAL),
            "since": (pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, size), "D"), Kind.DATETIME),
            "remark": ([f"row {row}" for row in range(size)], Kind.TEXT),
        },
        np.stack([pay, rng.normal(size=size), np.zeros(size)], axis=1),
    )
    parts = []
    for rows in (slice(0, n_rows), slice(n_rows, size)):
        codes = everything.codes
        fields = {name: values[rows] if len(values) == size else values for name, values in codes.to_arrays().items()}
        parts.append((everything.frame.iloc[rows].reset_index(drop=True), type(codes).from_arrays(fields)))
    (frame, codes), (other, other_codes) = parts
    scores = everything.scores
    cut = {name: getattr(scores, name)[:n_rows] for name in ("outlier_score", "p_value", "outlier", "rarity", "weight")}
    reference = Reference("before.csv", "f" * 64, other, other_codes, np.zeros(n_rows, dtype=bool))
    return replace(
        everything,
        frame=frame,
        codes=codes,
        scores=replace(scores, **cut),
        row_ids=everything.row_ids[:n_rows],
        reference=replace(reference, **changes),
    )


def test_without_a_reference_there_is_nothing_to_compare(build: Build) -> None:
    assert compare_with_reference(replace(compared(build), reference=None), CONFIG, 0) is None


def test_halves_of_one_table_cannot_be_told_apart(build: Build) -> None:
    found = [compare_with_reference(compared(build, 1_000, seed=seed), CONFIG, 0) for seed in range(10)]
    beyond = sum(entry is not None and entry.auc is not None and (entry.auc.ci.low or 0) > 0.5 for entry in found)
    assert beyond <= 1
    assert sum(any(column.p_adjusted < 0.05 for column in entry.columns) for entry in found if entry) <= 1


def test_a_shifted_column_is_named_with_its_distance_and_the_latent_beside_it(build: Build) -> None:
    inputs = compared(build, shift=1.0)
    found = compare_with_reference(inputs, CONFIG, 0)
    assert found is not None
    assert found.auc is not None
    assert (found.n, found.n_reference, found.auc.expected) == (3_000, 3_000, 0.5)
    assert found.auc.ci.low is not None
    assert found.auc.ci.low > 0.7
    assert found.columns[0].name == "pay"
    assert found.latents[0].name == "z_0"
    assert inputs.reference is not None
    parts = [frame["pay"].fillna(-np.inf) for frame in (inputs.frame, inputs.reference.frame)]
    assert found.columns[0].distance == pytest.approx(stats.ks_2samp(*parts).statistic)
    assert found.columns[0].p_adjusted < 1e-50
    assert found.columns[0].significant
    assert "% here, " in found.columns[0].differs
    assert {entry.name for entry in found.columns} == {"pay", "job", "level", "since"}
    assert {entry.name for entry in found.latents} == {"z_0", "z_1"}


def test_levels_are_compared_by_total_variation_and_missing_cells_are_a_level(build: Build) -> None:
    inputs = compared(build)
    inputs = replace(inputs, frame=inputs.frame.assign(job=inputs.frame["job"].where(np.arange(3_000) % 2 == 0)))
    found = compare_with_reference(inputs, CONFIG, 0)
    assert found is not None
    assert (found.columns[0].name, found.columns[0].statistic) == ("job", "total variation")
    assert found.columns[0].distance == pytest.approx(0.5)
    assert found.columns[0].differs == "missing: 50.0 % here, 0 % in the reference"


def test_the_same_rows_differ_in_nothing(build: Build) -> None:
    inputs = compared(build, 500)
    assert inputs.reference is not None
    same = replace(inputs.reference, frame=inputs.frame, codes=inputs.codes)
    found = compare_with_reference(replace(inputs, reference=same), CONFIG, 0)
    assert found is not None
    assert all(entry.distance == 0 for entry in (*found.columns, *found.latents))
    assert all(entry.p_adjusted == 1 for entry in (*found.columns, *found.latents))


def test_columns_that_the_reference_lacks_are_left_out_and_a_few_rows_have_no_auc(build: Build) -> None:
    inputs = compared(build, 8, lacking=("pay",))
    found = compare_with_reference(inputs, CONFIG, 0)
    assert found is not None
    assert found.auc is None
    assert "pay" not in {entry.name for entry in found.columns}
    gone = replace(inputs, reference=replace(inputs.reference, outlier=np.ones(8, dtype=bool)))
    assert compare_with_reference(gone, CONFIG, 0) is None

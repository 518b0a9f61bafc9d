"""Rows that do not belong come first; rows of a small group are not flagged."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from vaeaudit.config import FitConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.table_encoding import fit_encoding
from vaeaudit.data.schema.columns import Kind
from vaeaudit.scoring.joined import row_p_values
from vaeaudit.statistics.multiplicity import benjamini_hochberg
from vaeaudit.workflow.trained.table_score import judge_own

N = 6000
SMALL = np.arange(30)  # half a percent
BROKEN = np.arange(30, 90)


def rows_with_a_small_group_and_broken_cells() -> dict[str, tuple[object, Kind]]:
    generator = np.random.default_rng(0)
    cause = generator.normal(size=N)
    school = np.array(["basic", "middle", "high"], object)[np.digitize(cause, [-0.8, 0.8])]
    school[SMALL] = "none"
    job = np.where(generator.random(N) < 0.9, school, generator.permutation(school))
    job = np.char.add("job-", job.astype(str)).astype(object)
    height = 170 + 8 * generator.normal(size=N)
    height[BROKEN] /= 2.54
    pay = np.exp(7 + 0.3 * cause + 0.1 * generator.normal(size=N))
    return {
        "school": (school, Kind.CATEGORY),
        "job": (job, Kind.CATEGORY),
        "height": (height, Kind.REAL),
        "pay": (pay, Kind.POSITIVE),
    }


@pytest.fixture(scope="module", params=[0, 1])
def found(dataset_of: Callable[..., Dataset], request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    """The score, and whether a row is flagged."""
    dataset = dataset_of(rows_with_a_small_group_and_broken_cells())
    encoding, config = fit_encoding(dataset, max_levels=255), FitConfig(seed=request.param)
    judged, scored = judge_own(encoding, dataset.frame, dataset.schema, config)
    score = scored.joined.score(judged.surprises)
    return score, benjamini_hochberg(row_p_values(score, judged.surprises)) <= 0.05


def test_broken_cells_come_first(found: tuple[np.ndarray, np.ndarray]) -> None:
    score, _ = found
    assert np.isin(np.argsort(-score)[: len(BROKEN)], BROKEN).mean() > 0.8
    assert roc_auc_score(np.isin(np.arange(N), BROKEN), score) > 0.995


def test_neither_a_small_group_for_being_small_nor_sound_rows_are_flagged(found: tuple[np.ndarray, np.ndarray]) -> None:
    _, outlier = found
    assert outlier[SMALL].mean() < 0.05
    assert outlier[np.setdiff1d(np.arange(N), BROKEN)].mean() < 0.005


@pytest.mark.xfail(
    strict=True,
    reason="a hundredth of all rows broken alike is a cluster that the network learns, and two questions must speak",
)
def test_broken_cells_are_flagged(found: tuple[np.ndarray, np.ndarray]) -> None:
    assert found[1][BROKEN].mean() > 0.9

"""Rows that do not belong are flagged; rows of a small group are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from vaeaudit.config import FitConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.table_encoding import fit_encoding
from vaeaudit.data.schema.columns import Kind
from vaeaudit.scoring.table_score import row_p_values
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


@pytest.mark.parametrize("seed", [0, 1])
def test_a_small_group_is_not_flagged_for_being_small_while_broken_cells_are(
    dataset_of: Callable[..., Dataset], seed: int
) -> None:
    dataset = dataset_of(rows_with_a_small_group_and_broken_cells())
    encoding, config = fit_encoding(dataset, max_levels=255), FitConfig(seed=seed)
    judged, score = judge_own(encoding, dataset.frame, dataset.schema, config)
    p_value = row_p_values(score.compared.score(judged.surprises), judged.surprises)
    outlier = benjamini_hochberg(p_value) <= 0.05
    assert outlier[BROKEN].mean() > 0.9
    assert outlier[SMALL].mean() < 0.05
    sound = np.setdiff1d(np.arange(N), BROKEN)
    assert outlier[sound].mean() < 0.005

"""Rows that do not belong must not be learned; rows of a small group must be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from vaeaudit.config import AnalysisConfig, FitConfig, ModelConfig, TrainConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.table_encoding import fit_encoding
from vaeaudit.data.schema.columns import Kind
from vaeaudit.models.fitting.training import split_held_out, train
from vaeaudit.scoring.rarity.rareness import LatentDensities, fit_density
from vaeaudit.scoring.table_score import score_rows
from vaeaudit.workflow.trained.table_score import encode_table

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
    encoding = fit_encoding(dataset, max_levels=255)
    held_out = split_held_out(N, 0.1, seed=seed)
    training = train(
        encoding,
        encoding.encode(dataset.frame),
        held_out,
        ModelConfig(latents=4, hidden=(32,)),
        TrainConfig(epochs=12, warmup_epochs=3, batch_size=256, learning_rate=2e-3),
        seed=seed,
    )
    config = FitConfig(train=TrainConfig(iwae_samples=8), seed=seed)
    codes, compared = encode_table(training.model, dataset.frame, dataset.schema, held_out, config)
    densities = LatentDensities.of(fit_density(codes.mean, codes.active, seed=seed), codes.mean)
    scores = score_rows(codes, compared.compared, densities.rareness(AnalysisConfig()), fdr=0.05)
    assert scores.outlier[BROKEN].mean() > 0.9
    assert scores.outlier[SMALL].mean() < 0.05
    sound = np.setdiff1d(np.arange(N), BROKEN)
    assert scores.outlier[sound].mean() < 0.005

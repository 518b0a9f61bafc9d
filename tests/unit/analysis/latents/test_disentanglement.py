from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.latents.disentanglement import factors_of, latent_overlap, summarise_disentanglement
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind
from vaeaudit.errors import UsageError

N = 600
RNG = np.random.default_rng(0)
SIZE, SHAPE, HUE = RNG.integers(0, 4, N), RNG.integers(0, 3, N), RNG.uniform(size=N)


@pytest.fixture(scope="module")
def made(build):
    """Latent 0 is the size, 1 is dead, 2 is the hue, 3 is noise; none knows the shape."""
    columns = {
        "size": (SIZE.astype(float), Kind.COUNT),
        "shape": (np.array(["disc", "square", "star"])[SHAPE], Kind.CATEGORY),
        "hue": (np.where(np.arange(N) < 50, np.nan, HUE), Kind.REAL),
        "fixed": (np.where(np.arange(N) < 5, "a", "b"), Kind.CATEGORY),
        "names": ([f"row {i}" for i in range(N)], Kind.TEXT),
        "many": ([f"level {i % 60}" for i in range(N)], Kind.CATEGORY),
    }
    noise = RNG.normal(size=(2, N))
    return build(columns, np.stack([SIZE - 1.5 + 0.05 * noise[0], np.full(N, 0.001), 3 * HUE - 1.5, noise[1]], axis=1))


@pytest.fixture(scope="module")
def found(made):
    return summarise_disentanglement(made, AnalysisConfig(factors=("size", "hue", "shape")), seed=0)


def test_each_factor_is_named_with_the_latent_that_tells_it_by_its_number_in_the_model(found):
    told = {factor.factor: (factor.latent, factor.levels) for factor in found.factors}
    assert told == {"size": (0, 4), "hue": (2, 10), "shape": (None, 3)}
    assert [factor.share > 0.9 for factor in found.factors] == [True, True, False]
    assert all(factor.next_latent is None and factor.next_share == 0 for factor in found.factors)


def test_scores_have_intervals_a_figure_by_chance_and_a_sentence_with_the_figure(found):
    mig = found.scores["mig"]
    assert mig.value == pytest.approx(2 / 3, abs=0.05)  # two of three factors have a latent of their own
    assert mig.ci.low <= mig.value <= mig.ci.high
    assert mig.n == N - 50  # rows without a hue cannot be judged
    assert mig.chance == 0
    assert found.scores["factorvae"].chance == pytest.approx(1 / 3, abs=0.1)
    assert f"the best latent tells {mig.value:.2f} more than the next best" in mig.says


def test_without_factors_only_what_needs_none_is_said(made):
    found = summarise_disentanglement(made, AnalysisConfig(), seed=0)
    assert list(found.scores) == ["mean_pairwise_mi_nats", "total_correlation_nats"]
    assert all(score.chance is None for score in found.scores.values())
    assert found.factors == ()


def test_refits_are_compared_on_the_held_out_rows(made):
    members = np.stack([made.codes.mean[:, ::-1], made.codes.mean])
    with_members = replace(made, member_means=members)
    found = summarise_disentanglement(with_members, AnalysisConfig(), seed=0).scores
    assert found["matched"].value == pytest.approx(1)
    assert found["udr"].value > 0.8
    assert found["udr"].n == int(made.codes.held_out.sum())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sise", "--factors sise: there is no such column."),
        ("fixed", "--factors fixed: expected a column that varies, found 5 rows that differ"),
        ("names", "--factors names: expected numbers, or at most 50 levels, found 600 distinct values."),
        ("many", "--factors many: expected numbers, or at most 50 levels, found 60 distinct values."),
    ],
)
def test_a_column_that_cannot_be_a_factor_is_refused_with_the_reason(made, name, said):
    with pytest.raises(UsageError, match=said):
        factors_of(made.frame, made.schema, (name,))


def test_factors_that_no_row_has_together_are_refused(build):
    half = np.arange(N) < N // 2
    columns = {
        "one": (np.where(half, SIZE, np.nan), Kind.COUNT),
        "other": (np.where(half, np.nan, SIZE), Kind.COUNT),
    }
    inputs = build(columns, RNG.normal(size=(N, 2)))
    with pytest.raises(UsageError, match="one, other: too few rows have a value in each"):
        summarise_disentanglement(inputs, AnalysisConfig(factors=("one", "other")), seed=0)


def test_the_gaussian_total_correlation_of_a_pair_is_minus_half_log_one_minus_rho_squared():
    rng = np.random.default_rng(0)
    first = rng.normal(size=5_000)
    second = 0.6 * first + 0.8 * rng.normal(size=5_000)
    overlap = latent_overlap(np.stack([first, second], axis=1))
    rho = np.corrcoef(first, second)[0, 1]
    assert overlap["total_correlation_gaussian_nats"] == pytest.approx(-0.5 * np.log(1 - rho**2))
    assert overlap["mean_abs_correlation"] == pytest.approx(rho)


def test_too_few_axes_or_rows_have_no_overlap_to_speak_of():
    assert latent_overlap(np.zeros((10, 2))) == {}
    assert latent_overlap(np.arange(10.0)[:, None]) == {}
    assert latent_overlap(np.zeros((0, 0))) == {}


def test_an_axis_that_repeats_another_leaves_the_total_correlation_out():
    axis = np.arange(16.0)
    overlap = latent_overlap(np.stack([axis, axis], axis=1))
    assert overlap == {"mean_abs_correlation": pytest.approx(1.0)}

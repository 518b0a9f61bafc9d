"""Energies are judged against pictures of the same complexity; flags are those of pictures held out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.scoring.image_score import (
    IMAGE_DEFINITION,
    ComplexityReference,
    aspects,
    excess_energies,
    fit_reference,
    image_outlier_score,
    score_images,
)
from vaeaudit.scoring.rarity.rareness import LatentDensities, Rareness, fit_density

K = 9
SLOPES = np.linspace(-0.5, 1.0, K)


def statistics_of(n: int, *, seed: int, noise: float = 0.3) -> np.ndarray:
    """K energies that follow the first of two related measures of complexity, with noise that they share in part."""
    generator = np.random.default_rng(seed)
    complexity = generator.normal(-5, 1.5, size=(n, 1)) + 0.3 * generator.normal(size=(n, 2))
    shared, own = generator.normal(size=(n, 1)), generator.normal(size=(n, K))
    energies = 2 + complexity[:, :1] * SLOPES + noise * (0.6 * shared + 0.8 * own)
    return np.column_stack([energies, complexity])


def codes_of(statistics: np.ndarray | None, held_out: np.ndarray, n_rows: int | None = None) -> LatentCodes:
    n = len(held_out)
    mean = np.random.default_rng(0).normal(size=(n, 2))
    nothing = np.zeros((n, 0))
    zeros = np.zeros(n)
    return LatentCodes(
        mean=mean,
        stddev=np.ones_like(mean),
        kl=np.ones_like(mean),
        log_likelihood=zeros,
        iwae=zeros,
        unit_correction=zeros,
        reason_column=nothing.astype(int),
        reason_nats=nothing,
        reason_p=nothing,
        held_out=held_out,
        columns=(),
        image_statistics=statistics,
    )


@pytest.fixture(scope="module")
def rareness() -> Rareness:
    mean = np.random.default_rng(1).normal(size=(300, 2))
    return LatentDensities.of(fit_density(mean, np.array([True, True]), seed=0), mean).rareness(AnalysisConfig())


def test_a_tenth_of_outliers_hardly_moves_what_is_usual_at_a_complexity() -> None:
    statistics = statistics_of(4000, seed=0)
    spoilt = statistics.copy()
    spoilt[:400, :K] += 5
    clean, found = fit_reference(statistics), fit_reference(spoilt)
    np.testing.assert_allclose(clean.coefficients[1], SLOPES, atol=0.06)
    np.testing.assert_allclose(clean.coefficients[2], 0, atol=0.06)
    np.testing.assert_allclose(clean.spread, 0.3, rtol=0.05)
    np.testing.assert_allclose(found.coefficients[1:], clean.coefficients[1:], atol=0.06)
    shift = excess_energies(statistics, found) - excess_energies(statistics, clean)
    assert np.abs(np.median(shift, axis=0)).max() < 0.3


def test_excess_is_standard_normal_for_usual_pictures_of_every_complexity() -> None:
    statistics = statistics_of(8000, seed=1)
    excess = excess_energies(statistics, fit_reference(statistics))
    for part in np.array_split(np.argsort(statistics[:, -2]), 4):
        np.testing.assert_allclose(np.median(excess[part], axis=0), 0, atol=0.12)
        np.testing.assert_allclose(excess[part].std(axis=0), 1, atol=0.1)


def test_one_kind_of_oddity_is_enough_and_more_of_it_scores_higher() -> None:
    statistics = statistics_of(1000, seed=2)
    reference = fit_reference(statistics)
    before = image_outlier_score(statistics, reference)
    for which in range(K):
        odd = statistics[:1].copy()
        odd[:, which] += np.array([10 * 0.3])
        higher = odd.copy()
        higher[:, which] += 0.3
        scores = [float(image_outlier_score(values, reference)[0]) for values in (odd, higher)]
        assert np.quantile(before, 0.99) < scores[0] < scores[1]


def test_the_score_lies_between_the_mean_and_the_largest_excess() -> None:
    statistics = statistics_of(500, seed=3)
    reference = fit_reference(statistics)
    excess, score = excess_energies(statistics, reference), image_outlier_score(statistics, reference)
    assert (score <= excess.max(axis=1) + 1e-9).all()
    assert (score >= excess.mean(axis=1) - 1e-9).all()
    assert (score >= excess.max(axis=1) - np.log(K) - 1e-9).all()


def test_a_picture_is_scored_alike_in_whatever_company_and_order() -> None:
    statistics = statistics_of(300, seed=4)
    reference = fit_reference(statistics)
    order = np.random.default_rng(5).permutation(300)
    score = image_outlier_score(statistics, reference)
    np.testing.assert_allclose(image_outlier_score(statistics[order], reference), score[order])
    np.testing.assert_allclose(image_outlier_score(statistics[7:8], reference), score[7:8])
    again = fit_reference(statistics[order])
    np.testing.assert_allclose(image_outlier_score(statistics, again), score, atol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 200])
def test_pictures_that_are_all_alike_score_alike_and_others_are_not_judged_by_an_invented_slope(n: int) -> None:
    statistics = np.tile(statistics_of(1, seed=6), (n, 1))
    reference = fit_reference(statistics)
    np.testing.assert_allclose(image_outlier_score(statistics, reference), 0, atol=1e-6)
    np.testing.assert_allclose(reference.coefficients[1:], 0, atol=1e-6)
    other = statistics[:1].copy()
    other[:, -2:] += 3
    np.testing.assert_allclose(image_outlier_score(other, reference), 0, atol=1e-6)


@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 12), st.just(5)), elements=st.floats(-15, 15)))
@settings(deadline=None, max_examples=50)
def test_whatever_the_statistics_the_score_is_finite(statistics: np.ndarray) -> None:
    assert np.isfinite(image_outlier_score(statistics, fit_reference(statistics))).all()


def test_no_pictures_or_no_energies_are_refused() -> None:
    for shape in ((0, 5), (4, 2), (4,)):
        with pytest.raises(ValueError, match="statistics must be"):
            fit_reference(np.zeros(shape))


def test_a_reference_survives_the_way_through_arrays_beside_others() -> None:
    reference = fit_reference(statistics_of(100, seed=7))
    arrays = reference.to_arrays()
    assert all(name.startswith("complexity_") for name in arrays)
    again = ComplexityReference.from_arrays({**arrays, "patch_scales": np.zeros(3)})
    for name, value in vars(reference).items():
        np.testing.assert_array_equal(getattr(again, name), value)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda arrays: arrays | {"complexity_spread": np.zeros(K)},
        lambda arrays: arrays | {"complexity_spread": np.ones(K - 1)},
        lambda arrays: arrays | {"complexity_origin": np.ones(3)},
        lambda arrays: arrays | {"complexity_centre": np.full(K, np.nan)},
    ],
)
def test_arrays_that_are_no_reference_are_refused(
    spoil: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]],
) -> None:
    with pytest.raises(ValueError, match="must"):
        ComplexityReference.from_arrays(spoil(fit_reference(statistics_of(100, seed=7)).to_arrays()))


def test_the_aspect_names_what_stands_out_most() -> None:
    statistics = statistics_of(1000, seed=8)
    reference = fit_reference(statistics)
    usual = np.column_stack([reference.coefficients[0] + reference.centre]).T
    rows = np.repeat(np.column_stack([usual, [reference.origin]]), 5, axis=0)
    for row, which in enumerate((0, 1, 4, 5)):
        rows[row, which] += 4 * 0.3
    assert aspects(rows, reference) == [
        "the picture as a whole differs from what the model expects",
        "fine texture differs from what the model expects",
        "coarse shape differs from what the model expects",
        "fine texture is unusual in itself",
        "nothing stands out",
    ]


def test_energies_of_an_unknown_make_are_not_named() -> None:
    statistics = np.random.default_rng(9).normal(size=(20, 6))
    with pytest.raises(ValueError, match="found 4"):
        aspects(statistics, fit_reference(statistics))


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_planted_outliers_are_flagged_although_they_are_among_those_held_out(share: float, rareness: Rareness) -> None:
    generator = np.random.default_rng(10)
    statistics, planted = statistics_of(3000, seed=10), generator.random(3000) < share
    statistics[planted, 3] += 12 * 0.3
    codes = codes_of(statistics, generator.random(3000) < 0.1)
    scores = score_images(codes, fit_reference(statistics), rareness, fdr=0.05)
    assert scores.outlier[planted].mean() > 0.9
    assert scores.outlier[~planted].mean() < 0.005
    assert scores.definition == IMAGE_DEFINITION
    assert scores.weight.mean() == pytest.approx(1)
    np.testing.assert_array_equal(scores.rarity, rareness.rarity(codes.mean))


def test_clean_pictures_are_hardly_ever_flagged(rareness: Rareness) -> None:
    flagged = []
    for seed in range(20):
        statistics = statistics_of(600, seed=seed)
        codes = codes_of(statistics, np.arange(600) < 60)
        flagged.append(score_images(codes, fit_reference(statistics), rareness, fdr=0.05).outlier.mean())
    assert np.mean(flagged) < 0.002
    assert np.count_nonzero(flagged) <= 3


def test_training_pictures_that_were_learned_by_heart_cost_power_not_false_flags(rareness: Rareness) -> None:
    statistics, held_out = statistics_of(3000, seed=11), np.arange(3000) < 300
    statistics[~held_out, :5] -= 0.5 * 0.3
    scores = score_images(codes_of(statistics, held_out), fit_reference(statistics), rareness, fdr=0.05)
    assert np.median(scores.p_value[~held_out]) > 0.5
    assert scores.outlier.mean() < 0.002


@pytest.mark.parametrize("n_held_out", [0, 1, 5])
def test_few_or_no_held_out_pictures_still_give_p_values(n_held_out: int, rareness: Rareness) -> None:
    statistics = statistics_of(50, seed=12)
    codes = codes_of(statistics, np.arange(50) < n_held_out)
    scores = score_images(codes, fit_reference(statistics), rareness, fdr=0.05)
    assert ((scores.p_value > 0) & (scores.p_value <= 1)).all()
    assert not scores.outlier.any()


def test_rows_of_a_table_are_refused(rareness: Rareness) -> None:
    reference = fit_reference(statistics_of(50, seed=13))
    with pytest.raises(ValueError, match="no pictures"):
        score_images(codes_of(None, np.ones(4, bool)), reference, rareness, fdr=0.05)


def test_other_pictures_are_compared_with_those_of_the_run(rareness: Rareness) -> None:
    statistics = statistics_of(2000, seed=14)
    reference = fit_reference(statistics)
    null = image_outlier_score(statistics[:300], reference)
    other = statistics_of(2, seed=15)
    other[1, 3] += 12 * 0.3
    scores = score_images(codes_of(other, np.ones(2, bool)), reference, rareness, fdr=0.05, null=null)
    assert scores.outlier.tolist() == [False, True]
    alone = score_images(codes_of(other, np.ones(2, bool)), reference, rareness, fdr=0.05)
    assert not alone.outlier.any()  # two pictures cannot be told apart by one another

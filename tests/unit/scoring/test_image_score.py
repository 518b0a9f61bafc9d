"""Energies are judged against pictures of the same complexity; a picture may be odd in its measures or latents, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vaeaudit.outputs.images import SCALES, PatchScale, PatchScales
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.row_scores import OF_PICTURES
from vaeaudit.scoring.image_score import (
    ComplexityReference,
    PictureScore,
    aspects,
    excess_energies,
    fit_reference,
    worst_patches,
)
from vaeaudit.scoring.joined import row_p_values
from vaeaudit.scoring.rarity.rareness import LatentDensities, fit_density
from vaeaudit.scoring.state import ImageScoring
from vaeaudit.statistics.multiplicity import benjamini_hochberg

pytestmark = pytest.mark.usefixtures("few_trees")
K = 9
SLOPES = np.linspace(-0.5, 1.0, K)


def statistics_of(n: int, *, seed: int, noise: float = 0.3) -> np.ndarray:
    """K energies that follow the first of two related measures of complexity, with noise that they share in part."""
    generator = np.random.default_rng(seed)
    complexity = generator.normal(-5, 1.5, size=(n, 1)) + 0.3 * generator.normal(size=(n, 2))
    shared, own = generator.normal(size=(n, 1)), generator.normal(size=(n, K))
    energies = 2 + complexity[:, :1] * SLOPES + noise * (0.6 * shared + 0.8 * own)
    return np.column_stack([energies, complexity])


def codes_of(statistics: np.ndarray | None, mean: np.ndarray) -> LatentCodes:
    """Codes of pictures whose first latents are active and whose last one is not."""
    n_rows, n_latents = mean.shape
    nothing, zeros = np.zeros((n_rows, 0)), np.zeros(n_rows)
    return LatentCodes(
        mean=mean,
        stddev=np.ones_like(mean),
        kl=np.tile(np.arange(n_latents) < n_latents - 1, (n_rows, 1)).astype(float),
        log_likelihood=zeros,
        iwae=zeros,
        unit_correction=zeros,
        reason_column=nothing.astype(int),
        reason_nats=nothing,
        reason_p=nothing,
        held_out=np.zeros(n_rows, bool),
        columns=(),
        image_statistics=statistics,
    )


@dataclass(frozen=True)
class Measured:
    """Pictures that were measured [N, V], and their codes."""

    measures: np.ndarray
    codes: LatentCodes

    def learn(self) -> PictureScore:
        return PictureScore.of(self.measures, self.codes, seed=0)

    def surprises(self, score: PictureScore) -> np.ndarray:
        return score.surprises(self.measures, self.codes)

    def at(self, rows: np.ndarray) -> Measured:
        statistics = self.codes.image_statistics
        assert statistics is not None
        return Measured(self.measures[rows], codes_of(statistics[rows], self.codes.mean[rows]))


V, L = 6, 4


def pictures_of(n: int, *, seed: int, statistics: np.ndarray | None = None) -> Measured:
    """Pictures of which nothing is odd."""
    generator = np.random.default_rng(seed)
    measures, mean = generator.normal(size=(n, V)), generator.normal(size=(n, L))
    return Measured(measures, codes_of(statistics_of(n, seed=seed) if statistics is None else statistics, mean))


def flags_of(score: PictureScore, surprises: np.ndarray) -> np.ndarray:
    return np.asarray(benjamini_hochberg(row_p_values(score.joined.score(surprises), surprises)) <= 0.05)


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
    before = worst_patches(statistics, reference)
    for which in range(K):
        odd = statistics[:1].copy()
        odd[:, which] += np.array([10 * 0.3])
        higher = odd.copy()
        higher[:, which] += 0.3
        scores = [float(worst_patches(values, reference)[0]) for values in (odd, higher)]
        assert np.quantile(before, 0.99) < scores[0] < scores[1]


def test_the_score_lies_between_the_mean_and_the_largest_excess() -> None:
    statistics = statistics_of(500, seed=3)
    reference = fit_reference(statistics)
    excess, score = excess_energies(statistics, reference), worst_patches(statistics, reference)
    assert (score <= excess.max(axis=1) + 1e-9).all()
    assert (score >= excess.mean(axis=1) - 1e-9).all()
    assert (score >= excess.max(axis=1) - np.log(K) - 1e-9).all()


def test_a_picture_is_scored_alike_in_whatever_company_and_order() -> None:
    statistics = statistics_of(300, seed=4)
    reference = fit_reference(statistics)
    order = np.random.default_rng(5).permutation(300)
    score = worst_patches(statistics, reference)
    np.testing.assert_allclose(worst_patches(statistics[order], reference), score[order])
    np.testing.assert_allclose(worst_patches(statistics[7:8], reference), score[7:8])
    again = fit_reference(statistics[order])
    np.testing.assert_allclose(worst_patches(statistics, again), score, atol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 200])
def test_pictures_that_are_all_alike_score_alike_and_others_are_not_judged_by_an_invented_slope(n: int) -> None:
    statistics = np.tile(statistics_of(1, seed=6), (n, 1))
    reference = fit_reference(statistics)
    np.testing.assert_allclose(worst_patches(statistics, reference), 0, atol=1e-6)
    np.testing.assert_allclose(reference.coefficients[1:], 0, atol=1e-6)
    other = statistics[:1].copy()
    other[:, -2:] += 3
    np.testing.assert_allclose(worst_patches(other, reference), 0, atol=1e-6)


@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 12), st.just(5)), elements=st.floats(-15, 15)))
@settings(deadline=None, max_examples=50)
def test_whatever_the_statistics_the_score_is_finite(statistics: np.ndarray) -> None:
    assert np.isfinite(worst_patches(statistics, fit_reference(statistics))).all()


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


# --- the five questions ---------------------------------------------------------------------------------------------

N, ODD = 500, np.array([5, 350, 499])
OF = {question: place for place, question in enumerate(OF_PICTURES)}


@pytest.fixture(scope="module")
def usual(few_trees: None) -> Measured:
    return pictures_of(N, seed=10)


@pytest.fixture(scope="module")
def learned(usual: Measured) -> PictureScore:
    return usual.learn()


@pytest.fixture(scope="module")
def found(usual: Measured, learned: PictureScore) -> np.ndarray:
    """What the questions find of the usual pictures."""
    return usual.surprises(learned)


def spoilt(usual: Measured, what: str) -> Measured:
    """Pictures of which three are odd: in a few patches, in what is measured on them, or where their latents lie."""
    assert usual.codes.image_statistics is not None
    measures, statistics, mean = usual.measures.copy(), usual.codes.image_statistics.copy(), usual.codes.mean.copy()
    if what == "defect":
        statistics[ODD, 3] += 12 * 0.3
    elif what == "measures":
        measures[ODD] += 8
    else:
        mean[ODD, :2] += 8
    return Measured(measures, codes_of(statistics, mean))


@pytest.mark.parametrize(
    ("what", "speaking"),
    [
        ("defect", ("robust distance of measures", "worst patches")),
        ("measures", ("isolation of measures", "robust distance of measures")),
        ("latents", ("isolation in the latents", "robust distance in the latents")),
    ],
)
def test_a_planted_picture_of_each_kind_comes_first_by_the_questions_that_see_it(
    all_trees: None, usual: Measured, what: str, speaking: tuple[str, ...]
) -> None:
    pictures = spoilt(usual, what)
    score = pictures.learn()
    surprises = pictures.surprises(score)
    assert surprises.shape == (N, len(OF_PICTURES))
    for question in speaking:
        assert set(ODD.tolist()) <= set(np.argsort(-surprises[:, OF[question]])[:10].tolist()), question
    assert set(ODD.tolist()) <= set(np.argsort(-score.joined.score(surprises))[:5].tolist())
    assert np.delete(flags_of(score, surprises), ODD).mean() < 0.005


def test_clean_pictures_are_hardly_ever_flagged() -> None:
    flagged = []
    for seed in range(5):
        pictures = pictures_of(300, seed=seed)
        score = pictures.learn()
        flagged.append(flags_of(score, pictures.surprises(score)).mean())
    assert np.mean(flagged) < 0.002
    assert np.count_nonzero(flagged) <= 2


def test_a_latent_that_carries_nothing_has_no_say(usual: Measured, learned: PictureScore) -> None:
    some = usual.at(np.arange(20))
    moved = some.codes.mean.copy()
    moved[:, L - 1] += 50
    codes = codes_of(some.codes.image_statistics, moved)
    np.testing.assert_array_equal(learned.surprises(some.measures, codes), some.surprises(learned))
    assert learned.active.tolist() == [True, True, True, False]


def test_a_measure_in_another_unit_changes_nothing(usual: Measured, found: np.ndarray) -> None:
    scaled = Measured(usual.measures * 2.0 ** np.arange(V) + 64, usual.codes)
    np.testing.assert_allclose(scaled.surprises(scaled.learn()), found, rtol=0.02, atol=0.02)


def test_what_cannot_be_measured_on_a_picture_counts_as_usual(usual: Measured, learned: PictureScore) -> None:
    some = usual.at(np.arange(3))
    gaps, middle = some.measures.copy(), some.measures.copy()
    gaps[:, 2], middle[:, 2] = np.nan, learned.location[2]
    found = learned.surprises(gaps, some.codes)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, learned.surprises(middle, some.codes), rtol=1e-4, atol=1e-4)


def test_gaps_among_the_runs_own_pictures_are_no_trouble(usual: Measured) -> None:
    gaps = usual.measures.copy()
    gaps[::3, 1] = np.nan
    pictures = Measured(gaps, usual.codes)
    score = pictures.learn()
    surprises = pictures.surprises(score)
    assert np.isfinite(surprises).all()
    assert flags_of(score, surprises).mean() < 0.005


@pytest.mark.parametrize("n", [1, 2, 30])
def test_pictures_that_are_all_alike_or_have_no_measures_are_compared_too(n: int) -> None:
    one = pictures_of(1, seed=11).at(np.zeros(n, int))
    for pictures in (one, Measured(np.zeros((n, 0)), one.codes)):
        surprises = pictures.surprises(pictures.learn())
        assert np.isfinite(surprises).all()
        np.testing.assert_allclose(surprises, surprises[:1].repeat(n, axis=0), atol=1e-5)


def test_other_pictures_are_compared_with_those_of_the_run(usual: Measured, learned: PictureScore) -> None:
    other = pictures_of(2, seed=15)
    assert other.codes.image_statistics is not None
    other.codes.image_statistics[1, 3] += 12 * 0.3
    assert flags_of(learned, other.surprises(learned)).tolist() == [False, True]
    alone = other.learn()
    assert not flags_of(alone, other.surprises(alone)).any()  # two pictures cannot be told apart by one another


def test_of_more_pictures_than_are_compared_with_a_sample_is_kept(
    usual: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vaeaudit.scoring.joined.MOST_ROWS", 300)
    assert usual.learn().joined.members.shape == (300, len(OF_PICTURES))


VALUES = st.floats(-15, 15) | st.integers(-2, 2).map(float)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    own=hnp.arrays(np.float64, st.tuples(st.integers(1, 15), st.just(9)), elements=VALUES),
    others=hnp.arrays(np.float64, (3, 9), elements=VALUES),
    gap=st.integers(0, 2),
)
def test_whatever_is_measured_all_surprises_are_finite(own: np.ndarray, others: np.ndarray, gap: int) -> None:
    pictures = [Measured(values[:, :2].copy(), codes_of(values[:, 2:7], values[:, 7:])) for values in (own, others)]
    pictures[1].measures[gap] = np.nan
    score = pictures[0].learn()
    for each in pictures:
        surprises = each.surprises(score)
        assert np.isfinite(surprises).all()
        assert surprises.min() >= 0
        assert np.isfinite(score.joined.score(surprises)).all()


def test_rows_of_a_table_are_refused(usual: Measured, learned: PictureScore) -> None:
    table = codes_of(None, usual.codes.mean)
    with pytest.raises(ValueError, match="no pictures"):
        PictureScore.of(usual.measures, table, seed=0)
    with pytest.raises(ValueError, match="no pictures"):
        learned.surprises(usual.measures, table)


# --- what a run keeps -----------------------------------------------------------------------------------------------


def scale_of(factor: int, side: int) -> PatchScale:
    """The whitening of patches of one kind, of no matter which."""
    size = side * side
    return PatchScale(factor, np.zeros((side, side, 1, size)), np.zeros(size), 0.0, 1.0)


@pytest.fixture(scope="module")
def scoring(usual: Measured, learned: PictureScore) -> ImageScoring:
    scales = tuple(scale_of(*kind) for kind in SCALES)
    density = fit_density(usual.codes.mean, usual.codes.active, seed=0)
    return ImageScoring(PatchScales(scales, scales), learned, LatentDensities.of(density, usual.codes.mean))


def test_pictures_scored_again_from_a_file_get_what_they_got(
    usual: Measured, found: np.ndarray, scoring: ImageScoring
) -> None:
    again = ImageScoring.from_arrays({**scoring.to_arrays(), "other": np.zeros(2)})
    np.testing.assert_array_equal(usual.surprises(again.score), found)
    np.testing.assert_allclose(usual.at(np.arange(40, 45)).surprises(again.score), found[40:45], rtol=1e-3, atol=1e-3)
    assert again.score.joined.rows.tolist() == scoring.score.joined.rows.tolist()
    assert again.aspects(usual.codes).tolist() == scoring.aspects(usual.codes).tolist()


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("location", lambda values: values[:-1], "scale must have shape"),
        ("scale", np.zeros_like, "scale must hold"),
        ("measures_reference", lambda values: values[:, :-1], "measures must be of"),
        ("latents_reference", lambda values: values[:, :-1], "expected 3 latents and 5 questions"),
        ("active", lambda values: ~values, "expected 1 latents and 5 questions"),
        ("joined_members", lambda values: values[:, :-1], "questions"),
        ("complexity_spread", lambda values: values[:-1], "must have shape"),
    ],
)
def test_sizes_that_do_not_fit_one_another_are_refused(
    learned: PictureScore, name: str, change: Callable[[np.ndarray], np.ndarray], said: str
) -> None:
    arrays = learned.to_arrays()
    with pytest.raises(ValueError, match=said):
        PictureScore.from_arrays({**arrays, name: change(arrays[name])})


def test_energies_of_other_scales_than_those_of_the_patches_are_refused(scoring: ImageScoring) -> None:
    fewer = PatchScales(scoring.patch.residual[:1], scoring.patch.image[:1])
    with pytest.raises(ValueError, match="complexity must be of 3 energies, found 9"):
        replace(scoring, patch=fewer)

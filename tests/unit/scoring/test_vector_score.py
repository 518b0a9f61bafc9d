"""Vectors that point elsewhere come first; how long they are tells only where it tells much."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vaeaudit.outputs.row_scores import OF_VECTORS
from vaeaudit.scoring.joined import row_p_values
from vaeaudit.scoring.vector_score import VectorScore
from vaeaudit.statistics.multiplicity import benjamini_hochberg

pytestmark = pytest.mark.usefixtures("few_trees")
N, D = 500, 32
ODD = np.arange(8)
LENGTH = OF_VECTORS.index("length")


def vectors_of(*, planted: int = len(ODD), seed: int = 0, n_rows: int = N, size: int = D) -> np.ndarray:
    """Embeddings [N, size] of five topics, of which the first few are `planted` in directions of their own."""
    generator = np.random.default_rng(seed)
    topics = generator.normal(size=(5, size))
    vectors = topics[generator.integers(0, 5, n_rows)] + 0.5 * generator.normal(size=(n_rows, size))
    vectors[:planted] = 1.2 * generator.normal(size=(planted, size))
    return np.asarray(vectors * generator.lognormal(0, 0.1, size=(n_rows, 1)))


def flags_of(score: VectorScore, surprises: np.ndarray) -> np.ndarray:
    return np.asarray(benjamini_hochberg(row_p_values(score.joined.score(surprises), surprises)) <= 0.05)


@pytest.fixture(scope="module")
def vectors(few_trees: None) -> np.ndarray:
    return vectors_of()


@pytest.fixture(scope="module")
def score(vectors: np.ndarray) -> VectorScore:
    return VectorScore.of(vectors, seed=0)


def test_directions_off_every_topic_come_first(all_trees: None) -> None:
    vectors = vectors_of(planted=20, n_rows=500, size=128)
    kept = VectorScore.of(vectors, seed=0)
    surprises = kept.surprises(vectors)
    assert surprises.shape == (500, len(OF_VECTORS))
    assert set(np.argsort(-kept.joined.score(surprises))[:20].tolist()) == set(range(20))
    assert flags_of(kept, surprises)[:20].all()


def test_of_clean_vectors_hardly_any_is_flagged() -> None:
    clean = vectors_of(planted=0)
    kept = VectorScore.of(clean, seed=0)
    assert flags_of(kept, kept.surprises(clean)).mean() < 0.005


@pytest.mark.parametrize("factor", [100.0, 0.01])
def test_a_vector_far_longer_or_shorter_than_most_is_first_by_its_length_and_by_nothing_else(
    vectors: np.ndarray, score: VectorScore, factor: float
) -> None:
    usual = vectors[100:101]
    found, as_usual = score.surprises(factor * usual), score.surprises(usual)
    others = np.arange(len(OF_VECTORS)) != LENGTH
    assert found[0, LENGTH] > np.log(N)
    np.testing.assert_allclose(found[:, others], as_usual[:, others], rtol=1e-3, atol=1e-3)
    assert score.joined.score(found) > score.joined.score(as_usual)
    among = np.concatenate([found, score.surprises(np.delete(vectors, 100, axis=0))])
    assert not flags_of(score, among)[0]  # one question alone does not flag


def test_lengths_within_the_usual_say_nothing(vectors: np.ndarray, score: VectorScore) -> None:
    by_length = score.surprises(vectors)[:, LENGTH]
    assert by_length.max() < 1
    assert score.surprises(1.3 * vectors[100:101])[0, LENGTH] < 1


def test_a_vector_of_nothing_stands_out_by_its_length(vectors: np.ndarray, score: VectorScore) -> None:
    for empty in (np.zeros((1, D)), np.full((1, D), np.nan)):
        found = score.surprises(empty)
        assert np.isfinite(found).all()
        assert found[0, LENGTH] > np.log(N)


def test_an_element_that_is_unknown_counts_as_nought(vectors: np.ndarray, score: VectorScore) -> None:
    for unknown in (np.nan, np.inf, -np.inf):
        with_gap, with_nought = vectors[50:52].copy(), vectors[50:52].copy()
        with_gap[:, 3], with_nought[:, 3] = unknown, 0
        np.testing.assert_array_equal(score.surprises(with_gap), score.surprises(with_nought))


def test_one_huge_element_is_a_direction_of_its_own_and_stays_finite(vectors: np.ndarray, score: VectorScore) -> None:
    huge = vectors[100:101].copy()
    huge[0, 7] = 1e300
    found = score.surprises(huge)
    assert np.isfinite(found).all()
    assert found[0, LENGTH] > np.log(N)
    assert found[0, OF_VECTORS.index("distance to neighbours")] > np.log(N)
    assert score.joined.score(found) > score.joined.score(score.surprises(vectors[100:])).max()


def test_broken_vectors_among_those_that_it_learns_from_do_not_hide_the_others() -> None:
    spoilt = vectors_of()
    spoilt[-4:] = [[0.0], [np.nan], [np.inf], [1e300]]
    kept = VectorScore.of(spoilt, seed=0)
    surprises = kept.surprises(spoilt)
    assert np.isfinite(surprises).all()
    order = np.argsort(-kept.joined.score(surprises))
    assert set(ODD.tolist()) <= set(order[: len(ODD) + 4].tolist())


@pytest.mark.parametrize("factor", [2.0**-20, 1024.0])
def test_the_unit_of_all_vectors_changes_nothing(vectors: np.ndarray, score: VectorScore, factor: float) -> None:
    scaled = VectorScore.of(factor * vectors, seed=0)
    np.testing.assert_allclose(scaled.surprises(factor * vectors), score.surprises(vectors), rtol=1e-3, atol=1e-3)


def test_rows_of_the_run_get_what_they_got_alone_and_from_a_file(vectors: np.ndarray, score: VectorScore) -> None:
    first = score.surprises(vectors)
    again = VectorScore.from_arrays({**score.to_arrays("score_"), "other": np.zeros(2)}, "score_")
    np.testing.assert_array_equal(again.surprises(vectors), first)
    np.testing.assert_allclose(again.surprises(vectors[40:45]), first[40:45], rtol=1e-3, atol=1e-3)


def test_of_more_vectors_than_are_compared_with_a_sample_is_kept(
    vectors: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vaeaudit.scoring.joined.MOST_ROWS", 300)
    kept = VectorScore.of(vectors, seed=0)
    assert kept.joined.members.shape == (300, len(OF_VECTORS))
    found = kept.joined.score(kept.surprises(vectors))
    assert np.isin(np.argsort(-found)[: len(ODD)], ODD).mean() > 0.9


@pytest.mark.parametrize("n_rows", [1, 2, 40])
def test_vectors_that_are_all_alike_are_none_more_atypical_than_another(n_rows: int) -> None:
    alike = np.ones((n_rows, 64))
    surprises = VectorScore.of(alike, seed=0).surprises(alike)
    assert np.isfinite(surprises).all()
    np.testing.assert_allclose(surprises, surprises[:1].repeat(n_rows, axis=0), atol=1e-5)


ELEMENTS = st.floats(allow_nan=True, allow_infinity=True) | st.integers(-2, 2).map(float)
SOME = hnp.arrays(np.float64, st.tuples(st.integers(1, 20), st.just(5)), elements=ELEMENTS)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(own=SOME, others=SOME, seed=st.integers(0, 2**32 - 1))
def test_whatever_the_elements_all_is_finite(own: np.ndarray, others: np.ndarray, seed: int) -> None:
    kept = VectorScore.of(own, seed=seed)
    for asked in (own, others):
        surprises = kept.surprises(asked)
        assert np.isfinite(surprises).all()
        assert surprises.min() >= 0
        assert np.isfinite(kept.joined.score(surprises)).all()

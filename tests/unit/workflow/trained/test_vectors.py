"""Rows that are long vectors are scored by where they point; no cell of theirs is told from the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from vaeaudit.config import FitConfig, ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load import load
from vaeaudit.data.reading.load_like import OtherData, load_like
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.row_scores import OF_VECTORS
from vaeaudit.runs.agreement import check_codes, check_scoring
from vaeaudit.scoring.state import TableScore, TableScoring
from vaeaudit.scoring.vector_score import LEAST_ELEMENTS, VECTOR_DEFINITION, VectorScore
from vaeaudit.workflow.trained.table import TrainedTable, learn_detector
from vaeaudit.workflow.trained.table_score import are_vectors

N, D = 300, 80
ODD = np.arange(4)


def vectors_of(n_rows: int = N, size: int = D) -> np.ndarray:
    """Embeddings of two topics, of which the first few point elsewhere."""
    generator = np.random.default_rng(0)
    topics = generator.normal(size=(2, size))
    vectors = topics[generator.integers(0, 2, n_rows)] + 0.4 * generator.normal(size=(n_rows, size))
    vectors[ODD] = 1.1 * generator.normal(size=(len(ODD), size))
    return vectors.astype(np.float32)


def saved(folder: Path, vectors: np.ndarray, name: str = "vectors.npy") -> Path:
    np.save(folder / name, vectors)
    return folder / name


@dataclass(frozen=True)
class Learned:
    """A model of vectors, their codes, and where they lie."""

    path: Path
    dataset: Dataset
    config: FitConfig
    trained: TrainedTable
    codes: LatentCodes

    def read(self, path: Path) -> OtherData:
        return load_like(path, self.dataset.schema, ReadConfig())


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory, small_config: Callable[..., FitConfig]) -> Learned:
    path = saved(tmp_path_factory.mktemp("vectors"), vectors_of())
    dataset = load(path)
    prepared = TrainedTable.prepare(dataset, small_config())
    trained, codes, _ = TrainedTable.learn(prepared.train(), dataset, prepared, lambda _: None)
    return Learned(path, dataset, prepared.config, trained, codes)


def test_vectors_are_scored_by_four_questions_and_those_that_point_elsewhere_come_first(learned: Learned) -> None:
    assert isinstance(learned.trained.scoring.score, VectorScore)
    assert learned.codes.questions == OF_VECTORS
    scores = learned.trained.row_scores(learned.codes)
    assert scores.definition == VECTOR_DEFINITION
    assert set(np.argsort(-scores.outlier_score)[: len(ODD)].tolist()) == set(ODD.tolist())


def test_no_cell_of_a_vector_is_looked_at(learned: Learned) -> None:
    scores = learned.trained.row_scores(learned.codes)
    assert learned.trained.cells(learned.dataset.frame, learned.codes, scores) is None


def test_vectors_scored_again_get_what_they_got_also_by_what_a_run_keeps(learned: Learned) -> None:
    scoring = TableScoring.from_arrays(learned.trained.scoring.to_arrays())
    again = TrainedTable(learned.trained.model, learned.dataset.schema, learned.config, scoring)
    codes = again.codes(learned.read(learned.path), lambda _: None)
    assert codes.surprises is not None
    np.testing.assert_array_equal(codes.surprises, learned.codes.surprises)
    np.testing.assert_array_equal(
        again.row_scores(codes).outlier_score, learned.trained.row_scores(learned.codes).outlier_score
    )


def test_other_vectors_are_held_against_those_of_the_run(learned: Learned, tmp_path: Path) -> None:
    other = vectors_of()[[0, 100]]
    codes = learned.trained.codes(learned.read(saved(tmp_path, other)), lambda _: None)
    surprises = np.asarray(learned.codes.surprises)[[0, 100]]
    np.testing.assert_allclose(np.asarray(codes.surprises), surprises, rtol=1e-2, atol=1e-2)
    odd, usual = learned.trained.row_scores(codes).outlier_score
    assert odd > usual


def test_a_detector_scores_vectors_as_a_run_does(learned: Learned) -> None:
    detector = learn_detector(learned.dataset, learned.config)
    run = learned.trained.row_scores(learned.codes)
    np.testing.assert_array_equal(detector.training_score, run.outlier_score)
    np.testing.assert_array_equal(detector.training_p, run.p_value)
    np.testing.assert_array_equal(detector.score(learned.read(learned.path)), run.outlier_score)


@pytest.mark.parametrize(("size", "expected"), [(LEAST_ELEMENTS, True), (LEAST_ELEMENTS - 1, False)])
def test_only_long_vectors_are_taken_for_embeddings(tmp_path: Path, size: int, *, expected: bool) -> None:
    assert are_vectors(load(saved(tmp_path, vectors_of(40, size)))) is expected


def test_a_table_of_as_many_columns_is_none_of_vectors(learned: Learned, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    learned.dataset.frame.to_csv(path, index=False)
    assert not are_vectors(load(path))


def test_what_a_table_and_what_vectors_are_compared_with_are_told_apart_in_a_file(learned: Learned) -> None:
    arrays = learned.trained.scoring.score.to_arrays("score_")
    assert VectorScore.share_in(arrays, "score_") == 1
    assert TableScore.share_in(arrays, "score_") < 1


def test_a_run_of_vectors_of_another_length_or_without_every_answer_is_refused(learned: Learned) -> None:
    encoding, schema, scoring = learned.trained.model.encoding, learned.dataset.schema, learned.trained.scoring
    check_scoring(scoring, encoding, schema, learned.config)
    check_codes(learned.codes, encoding, schema)
    assert isinstance(scoring.score, VectorScore)
    shorter = replace(scoring.score, geometry=replace(scoring.score.geometry, reference=np.zeros((3, D - 1))))
    with pytest.raises(ValueError, match="geometry is not of the columns"):
        check_scoring(replace(scoring, score=shorter), encoding, schema, learned.config)
    for surprises in (None, np.zeros((N, 3))):
        with pytest.raises(ValueError, match="surprises of every question"):
            check_codes(replace(learned.codes, surprises=surprises), encoding, schema)

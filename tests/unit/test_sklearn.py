"""`BetaVAEDetector` behaves as scikit-learn's outlier detectors do, and scores as `vaeaudit fit` does."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vaeaudit.config import ConditionalsConfig, FitConfig, ModelConfig, TrainConfig
from vaeaudit.sklearn import BetaVAEDetector
from vaeaudit.workflow.fit import fit

pytestmark = pytest.mark.tensorflow

SMALL = FitConfig(
    model=ModelConfig(hidden=(16,)),
    train=TrainConfig(epochs=2, fewest_steps=10, most_steps=10, warmup_epochs=1, members=0),
    conditionals=ConditionalsConfig(steps=30, width=16),
)


def rows_with_outliers(n_rows: int = 300, n_outliers: int = 6) -> np.ndarray:
    generator = np.random.default_rng(5)
    common = generator.normal(size=(n_rows, 1))
    rows = common + 0.3 * generator.normal(size=(n_rows, 4))
    rows[:n_outliers] += generator.choice([-8.0, 8.0], (n_outliers, 4))
    return np.asarray(rows)


@pytest.fixture(scope="module")
def fitted() -> BetaVAEDetector:
    return BetaVAEDetector(config=SMALL, random_state=3).fit(rows_with_outliers())


def test_rows_that_do_not_belong_score_lowest_and_are_predicted_minus_one(fitted: BetaVAEDetector) -> None:
    rows = rows_with_outliers()
    assert set(np.argsort(fitted.score_samples(rows))[:6]) == set(range(6))
    labels = fitted.predict(rows)
    assert set(np.flatnonzero(labels == -1)) <= set(range(6))
    np.testing.assert_array_equal(labels == -1, fitted.decision_function(rows) < 0)


def test_the_decision_is_the_score_less_its_offset(fitted: BetaVAEDetector) -> None:
    rows = rows_with_outliers()
    np.testing.assert_allclose(fitted.decision_function(rows), fitted.score_samples(rows) - fitted.offset_)


def test_a_row_scores_the_same_alone_and_among_others(fitted: BetaVAEDetector) -> None:
    rows = rows_with_outliers()
    together = fitted.score_samples(rows)
    np.testing.assert_allclose(fitted.score_samples(rows[40:41])[0], together[40], atol=0.02)
    np.testing.assert_allclose(fitted.score_samples(rows[::-1])[::-1], together, atol=0.02)


def test_the_scores_are_those_of_fit(fitted: BetaVAEDetector, tmp_path: Path) -> None:
    rows = rows_with_outliers()
    np.save(tmp_path / "rows.npy", rows)
    config = FitConfig(model=SMALL.model, train=SMALL.train, conditionals=SMALL.conditionals, seed=3)
    run = fit(tmp_path / "rows.npy", config, run=tmp_path / "run")
    stored = pd.read_parquet(run.path / "rows.parquet")["outlier_score"]
    np.testing.assert_allclose(-fitted.score_samples(rows), stored, atol=1e-9)


def test_a_share_can_be_asked_for_instead_of_a_rate() -> None:
    rows = rows_with_outliers()
    labels = BetaVAEDetector(contamination=0.1, config=SMALL, random_state=0).fit_predict(rows)
    assert (labels == -1).sum() == 30


def test_it_works_in_a_pipeline_and_survives_a_clone_and_a_pickle(fitted: BetaVAEDetector) -> None:
    rows = rows_with_outliers()
    through = make_pipeline(StandardScaler(), clone(fitted)).fit(rows)
    assert set(np.argsort(through.score_samples(rows))[:6]) == set(range(6))
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(again.score_samples(rows), fitted.score_samples(rows))


def test_a_frame_keeps_its_kinds_and_may_lack_values() -> None:
    generator = np.random.default_rng(0)
    size = generator.choice(["small", "large"], 200)
    weight = np.where(size == "large", 90.0, 10.0) + generator.normal(size=200)
    weight[generator.random(200) < 0.1] = np.nan
    frame = pd.DataFrame({"size": size, "weight": weight})
    detector = BetaVAEDetector(config=SMALL, random_state=0).fit(frame)
    assert list(detector.feature_names_in_) == ["size", "weight"]
    kinds = {column.name: column.kind.value for column in detector.detector_.schema}
    assert kinds == {"size": "category", "weight": "real"}
    assert np.isfinite(detector.score_samples(frame)).all()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (np.zeros((5, 2)), "n_samples = 5"),
        (np.ones((50, 2)), "no column is left"),
        (np.vstack([rows_with_outliers(50), np.full((1, 4), np.nan)]), "1 of 51 rows hold no value"),
    ],
    ids=["too few rows", "nothing varies", "an empty row"],
)
def test_rows_that_cannot_be_learned_are_refused_in_words(rows: np.ndarray, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        BetaVAEDetector(config=SMALL, random_state=0).fit(rows)


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="contamination"):
        BetaVAEDetector(contamination=0.7, config=SMALL).fit(rows_with_outliers())

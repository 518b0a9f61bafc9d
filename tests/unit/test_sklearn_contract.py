"""`BetaVAEDetector` keeps scikit-learn's contract, and many of them in a row leave no trace in TensorFlow."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from sklearn.exceptions import SkipTestWarning
from sklearn.utils.estimator_checks import check_estimator

from vaeaudit.config import ConditionalsConfig, FitConfig, ModelConfig, TrainConfig
from vaeaudit.sklearn import BetaVAEDetector

pytestmark = pytest.mark.tensorflow

TINY = FitConfig(
    model=ModelConfig(hidden=(8,)),
    train=TrainConfig(epochs=1, fewest_steps=2, most_steps=2, warmup_epochs=0, members=0),
    conditionals=ConditionalsConfig(steps=3, width=8),
)
#: What `check_estimator` asks and the detector does not do, and why.
EXCUSED = {
    "check_fit2d_1feature": "fits 10 rows; a model needs 20",
    "check_n_features_in_after_fitting": "fits 15 rows; a model needs 20",
    "check_classifier_data_not_an_array": "fits 12 rows; a model needs 20",
}
#: What is not asked of it unless an experimental switch of SciPy is set.
NOT_ASKED = {"check_array_api_input"}


@pytest.mark.filterwarnings(f"ignore::{SkipTestWarning.__module__}.SkipTestWarning")
def test_it_passes_the_checks_of_scikit_learn() -> None:
    detector = BetaVAEDetector(contamination=0.1, config=TINY, random_state=0)
    outcomes = check_estimator(detector, expected_failed_checks=EXCUSED, on_fail=None)
    by_status = {
        status: {outcome["check_name"] for outcome in outcomes if outcome["status"] == status}
        for status in ("passed", "failed", "xfail", "skipped")
    }
    assert not by_status["failed"]
    assert by_status["xfail"] == set(EXCUSED)
    assert by_status["skipped"] <= NOT_ASKED
    assert len(by_status["passed"]) > 30


def test_ten_fits_in_a_row_are_not_told_to_trace_anew(caplog: pytest.LogCaptureFixture) -> None:
    generator = np.random.default_rng(0)
    logger = logging.getLogger("tensorflow")
    logger.addHandler(caplog.handler)
    try:
        for round_ in range(10):
            rows = generator.normal(size=(40 + round_, 3 + round_ % 2))
            BetaVAEDetector(config=TINY, random_state=round_).fit(rows).score_samples(rows)
    finally:
        logger.removeHandler(caplog.handler)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]

"""Rules that choose beta, on a curve whose answer is known."""

from __future__ import annotations

import numpy as np

from benchmarks.beta import SCORES, compare, taken

CURVE = {
    "beta": np.array([0.5, 1.0, 2.0, 4.0]),
    "gain": np.array([9.0, 10.0, 9.2, 0.1]),
    "taken": np.array([0.0, 1.0, 0.0, 0.0]),
    "active": np.array([8.0, 5.0, 4.0, 1.0]),
    "UDR": np.array([0.2, 0.3, 0.4, 1.0]),
    "matched": np.array([0.2, 0.5, 0.4, 1.0]),
    "TC": np.array([0.4, 0.2, 0.1, 0.0]),
    "active, trained": np.array([8.0, 5.0, 4.0, 1.0]),
    **{score: np.array([0.1, 0.2, 0.4, 0.0]) for score in SCORES},
}


def test_no_rule_takes_a_beta_that_leaves_too_few_latents() -> None:
    places = taken(CURVE)
    assert places["beta 1"] == places["one error"] == places["share 0.05"] == places["matched"] == 1
    assert places["share 0.1"] == places["UDR"] == places["least TC"] == 2


def test_rules_are_compared_by_scores_that_they_did_not_see() -> None:
    rows = {row["rule"]: row for row in compare([CURVE, CURVE])}
    assert rows["UDR"]["mig"] == rows["best by MIG, labels seen"]["mig"] == 0.4
    assert rows["UDR"]["MIG beyond beta 1"] == "+0.200 (+0.200 to +0.200)"

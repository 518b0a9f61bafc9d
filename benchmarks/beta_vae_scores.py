"""Fit our detector to a table of numbers at its defaults and score its rows; for `benchmarks.outliers`, as a process.

The table is a .npy [N, C]; the scores go to another, higher for outliers. What fitting and scoring took comes back as
one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np

import vaeaudit.models  # noqa: F401 - TensorFlow starts here: not among the seconds of fitting and scoring
from vaeaudit.sklearn import BetaVAEDetector


def main() -> None:
    """Fit, score and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table")
    parser.add_argument("scores")
    parser.add_argument("--seed", type=int, required=True)
    arguments = parser.parse_args()
    x = np.load(arguments.table)
    started = time.monotonic()
    detector = BetaVAEDetector(random_state=arguments.seed).fit(x)
    scores = -detector.score_samples(x)
    seconds = time.monotonic() - started
    np.save(arguments.scores, scores)
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main()

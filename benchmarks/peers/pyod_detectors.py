"""Fit PyOD's detectors to a table of numbers and score its rows; runs in .peers/tables.

All at PyOD's own settings but the isolation forest, which has 200 trees. Columns are standardised. Columns of one value
are left out: they say nothing, and PyOD's PCA divides by their variance. Scores go to an .npz, named by detector and
seed; seconds and failures come back as one line of JSON.
"""

from __future__ import annotations

import argparse
import inspect
import json
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler

#: Class by module of pyod.models, and what is not left at PyOD's default.
DETECTORS: dict[str, tuple[str, dict[str, Any]]] = {
    "IForest": ("iforest", {"n_estimators": 200}),
    "INNE": ("inne", {}),
    "COPOD": ("copod", {}),
    "ECOD": ("ecod", {}),
    "HBOS": ("hbos", {}),
    "CBLOF": ("cblof", {}),
    "KNN": ("knn", {}),
    "PCA": ("pca", {}),
    "LOF": ("lof", {}),
    "VAE": ("vae", {"device": "cpu", "verbose": 0}),
}


def main() -> None:
    """Fit each detector with each seed and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table")
    parser.add_argument("scores")
    parser.add_argument("--detectors", nargs="+", choices=DETECTORS, required=True)
    parser.add_argument("--seeds", nargs="+", type=int, required=True)
    arguments = parser.parse_args()
    x = np.load(arguments.table)
    x = StandardScaler().fit_transform(x[:, np.ptp(x, axis=0) > 0])
    made = {name: maker(name) for name in arguments.detectors}
    scores, runs = {}, []
    for name, make in made.items():
        for seed in arguments.seeds:
            started = time.monotonic()
            failure = ""
            try:
                scores[f"{name} {seed}"] = fitted_scores(make(seed), x)
            except Exception as error:  # whatever stops a detector is a result of it
                failure = f"{type(error).__name__}: {error}"
            runs.append(
                {"detector": name, "seed": seed, "seconds": time.monotonic() - started, "failure": failure[:200]}
            )
    np.savez(arguments.scores, **scores)
    print(json.dumps({"software": f"pyod {version('pyod')}", "runs": runs}))


def maker(name: str) -> Callable[[int], Any]:
    """Import a detector; return what makes one with a seed, where it takes one."""
    module, settings = DETECTORS[name]
    detector = getattr(import_module(f"pyod.models.{module}"), name)
    seeded = "random_state" in inspect.signature(detector).parameters
    return lambda seed: detector(**settings, **({"random_state": seed} if seeded else {}))


def fitted_scores(detector: Any, x: np.ndarray) -> np.ndarray:
    """Return the scores [N] of the rows that the detector was fitted to, higher for outliers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        detector.fit(x)
    return np.asarray(detector.decision_scores_)


if __name__ == "__main__":
    main()

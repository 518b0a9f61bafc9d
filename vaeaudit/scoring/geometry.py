"""Where a row lies among the others, by three detectors that learn nothing: what isolates it, how far out, how near.

All three read the modelled columns as plain standardised numbers (`vaeaudit.data.encoding.features`) and compare a row
with one sample of the run's rows, so that rows of another dataset are held against the same ones.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.covariance import EmpiricalCovariance, MinCovDet
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest

from vaeaudit.outputs.record import Array, FloatArray, Record

#: Rows that others are compared with, at most: a tree of the forest takes 256 of them.
MOST_REFERENCE = 4096
#: Trees of the isolation forest: twice the 100 at which path lengths settle (Liu, Ting, Zhou 2008).
TREES = 200
#: Bags of rows, and rows of each (Pang, Ting, Albrecht 2015, ICDM Workshops).
BAGS, BAG_SIZE = 100, 32
#: Rows that the covariance is learned from, and directions of largest variance that it is over, at most.
_MOST_COVARIANCE_ROWS, _MOST_DIRECTIONS = 2000, 100
#: Rows per direction, at least: of fewer a covariance cannot be learned.
_LEAST_ROWS_PER_DIRECTION = 5
_CHUNK = 2048


@dataclass(frozen=True)
class Geometry(Record):
    """The rows that others are compared with.

    Attributes
    ----------
    reference
        [R, F]; features of some of the run's rows.
    seed
        Of trees, bags and the search for the covariance.
    """

    PREFIX: ClassVar[str] = "geometry_"

    reference: Annotated[FloatArray, Array("R F")]
    seed: Annotated[int, Array("", "whole numbers", least=0)]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not len(self.reference):
            raise ValueError("reference must hold a row")

    @classmethod
    def of(cls, features: FloatArray, *, seed: int) -> Geometry:
        """Draw the rows from features [N, F]."""
        kept = np.sort(np.random.default_rng(seed).permutation(len(features))[:MOST_REFERENCE])
        return cls(np.asarray(features[kept], np.float32), seed)

    def scores(self, features: FloatArray) -> npt.NDArray[np.float64]:
        """Return isolation, robust distance and distance to neighbours [N, 3] of rows as features [N, F].

        Higher is more atypical. Isolation: `2^(-E[path] / c)` of isolation trees (Liu, Ting, Zhou 2008). Robust
        distance: squared Mahalanobis distance under the minimum covariance determinant (Rousseeuw, Van Driessen 1999).
        Distance to neighbours: the mean distance to the nearest row of a bag (LeSiNN).
        """
        if features.shape[1] == 0:
            return np.zeros((len(features), 3))
        return np.column_stack(
            [
                isolation(self.reference, features, seed=self.seed),
                self._robust_distance(features),
                self._nearest(features),
            ]
        )

    def _robust_distance(self, features: FloatArray) -> npt.NDArray[np.float64]:
        reference = self.reference[np.random.default_rng(self.seed).permutation(len(self.reference))]
        reference = reference[:_MOST_COVARIANCE_ROWS].astype(np.float64)
        n_directions = min(reference.shape[1], _MOST_DIRECTIONS, len(reference) // _LEAST_ROWS_PER_DIRECTION)
        if n_directions < 1 or not np.ptp(reference, axis=0).any():
            return np.zeros(len(features))
        points = np.asarray(features, np.float64)
        if n_directions < reference.shape[1]:
            directions = PCA(n_directions, random_state=self.seed % 2**32).fit(reference)
            reference, points = directions.transform(reference), directions.transform(points)
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            warnings.simplefilter("error", UserWarning)
            # Levels that exclude each other make the covariance singular; its pseudo-inverse is what is wanted.
            warnings.filterwarnings("ignore", "The covariance matrix associated")
            warnings.filterwarnings("ignore", "Determinant has increased")
            try:
                found = MinCovDet(random_state=self.seed % 2**32).fit(reference)
            except (ValueError, RuntimeWarning, UserWarning):  # half of the rows are one point: nothing varies there
                found = EmpiricalCovariance().fit(reference)
        return np.asarray(found.mahalanobis(points), np.float64)

    def _nearest(self, features: FloatArray) -> npt.NDArray[np.float64]:
        draw = np.random.default_rng(self.seed)
        size = min(BAG_SIZE, len(self.reference))
        bags = self.reference[np.stack([draw.permutation(len(self.reference))[:size] for _ in range(BAGS)])]
        flat = bags.reshape(-1, bags.shape[-1]).astype(np.float64)
        squares = np.square(flat).sum(axis=1)
        total = np.empty(len(features))
        for start in range(0, len(features), _CHUNK):
            rows = np.asarray(features[start : start + _CHUNK], np.float64)  # the same, whatever rows are beside it
            squared = np.square(rows).sum(axis=1)[:, None] + squares - 2 * rows @ flat.T
            nearest = np.maximum(squared, 0.0).reshape(len(rows), BAGS, size).min(axis=2)
            total[start : start + _CHUNK] = np.sqrt(nearest).mean(axis=1)
        return total


def isolation(reference: FloatArray, rows: FloatArray, *, seed: int) -> npt.NDArray[np.float64]:
    """Return the anomaly score [N] of rows [N, F] in an isolation forest that was grown from others [R, F]."""
    forest = IsolationForest(n_estimators=TREES, random_state=seed % 2**32).fit(reference)
    return np.asarray(-forest.score_samples(rows), np.float64)

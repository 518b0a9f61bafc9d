"""Where a row lies among the others, by three detectors that learn nothing: what isolates it, how far out, how near.

All three read the modelled columns as plain standardised numbers (`vaeaudit.data.encoding.features`) and compare a row
with one sample of the run's rows, so that rows of another dataset are held against the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest

from vaeaudit.outputs.record import Array, FloatArray, Record
from vaeaudit.statistics.robust_covariance import RobustCovariance, minimum_covariance_determinant

#: Rows that others are compared with, at most: a tree of the forest takes 256 of them.
MOST_REFERENCE = 4096
#: Trees of the isolation forest: twice the 100 at which path lengths settle (Liu, Ting, Zhou 2008).
TREES = 200
#: Random rows among which the nearest counts (Pang, Ting, Albrecht 2015, ICDM Workshops).
BAG_SIZE = 32
#: Share of the draws in which a row is nearer than those that are weighed one by one.
_LEAST_WEIGHT = 1e-6
#: Rows that the covariance is learned from, and directions of largest variance that it is over, at most.
_MOST_COVARIANCE_ROWS, _MOST_DIRECTIONS = 2000, 100
#: Rows per direction, at least: of fewer a covariance cannot be learned.
_LEAST_ROWS_PER_DIRECTION = 5
_CHUNK = 512


@dataclass(frozen=True)
class Geometry(Record):
    """The rows that others are compared with.

    Attributes
    ----------
    reference
        [R, F]; features of some of the run's rows.
    seed
        Of trees, and of the rows that the covariance is learned from.
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
        """Return isolation, robust distance and distance to neighbours [N, 3] of rows; the higher, the more atypical.

        Parameters
        ----------
        features
            [N, F]; of these or other rows.
        """
        return np.column_stack([self.isolation(features), self.robust_distance(features), self.nearest(features)])

    def isolation(self, features: FloatArray) -> npt.NDArray[np.float64]:
        """Return `2^(-E[path] / c)` [N] of isolation trees (Liu, Ting, Zhou 2008)."""
        if features.shape[1] == 0:
            return np.zeros(len(features))
        return np.asarray(-self._forest.score_samples(features), np.float64)

    def robust_distance(self, features: FloatArray) -> npt.NDArray[np.float64]:
        """Return [N]; squared Mahalanobis distance under the minimum covariance determinant (Rousseeuw 1985)."""
        if self._covariance is None:
            return np.zeros(len(features))
        directions, covariance = self._covariance
        points = np.asarray(features, np.float64)
        return covariance.squared_distance(points if directions is None else directions.transform(points))

    @cached_property
    def _forest(self) -> IsolationForest:
        return IsolationForest(n_estimators=TREES, random_state=self.seed % 2**32).fit(self.reference)

    @cached_property
    def _covariance(self) -> tuple[PCA | None, RobustCovariance] | None:
        """Principal directions, where not all are kept, and what most rows are like along them; None of rows alike."""
        reference = self.reference[np.random.default_rng(self.seed).permutation(len(self.reference))]
        reference = reference[:_MOST_COVARIANCE_ROWS].astype(np.float64)
        n_directions = min(reference.shape[1], _MOST_DIRECTIONS, len(reference) // _LEAST_ROWS_PER_DIRECTION)
        if n_directions < 1 or not np.ptp(reference, axis=0).any():
            return None
        directions = None
        if n_directions < reference.shape[1]:
            directions = PCA(n_directions, random_state=self.seed % 2**32).fit(reference)
            reference = directions.transform(reference)
        spread = reference.std(axis=0)
        spread = np.where(spread > 0, spread, 1.0)
        found = minimum_covariance_determinant(reference / spread)
        if not found.whitening.size:  # most rows are one point
            found = RobustCovariance.of(reference / spread)
        return directions, found.in_units(spread)

    def nearest(self, features: FloatArray) -> npt.NDArray[np.float64]:
        """Return [N]; the expected distance to the nearest of `BAG_SIZE` random rows.

        LeSiNN (Pang, Ting, Albrecht 2015) averages over drawn bags; here is what infinitely many would give.
        """
        weight = _nearest_weights(len(self.reference), BAG_SIZE)
        flat = np.asarray(self.reference, np.float64)
        squares, expected = np.square(flat).sum(axis=1), np.empty(len(features))
        for start in range(0, len(features), _CHUNK):
            rows = np.asarray(features[start : start + _CHUNK], np.float64)  # the same, whatever rows are beside it
            squared = np.maximum(np.square(rows).sum(axis=1)[:, None] + squares - 2 * rows @ flat.T, 0.0)
            if len(weight) < squared.shape[1]:
                squared = np.partition(squared, len(weight) - 1, axis=1)[:, : len(weight)]
            expected[start : start + _CHUNK] = np.sqrt(np.sort(squared, axis=1)) @ weight
        return expected


def _nearest_weights(n_rows: int, size: int) -> npt.NDArray[np.float64]:
    """Return [K]; how probable it is that the nearest of `size` among n_rows drawn ones is the 1st, 2nd, ... nearest.

    Those beyond which less than `_LEAST_WEIGHT` remains count as one.
    """
    size = min(size, n_rows)
    place = np.arange(n_rows - size + 1)
    # C(n - 1 - place, size - 1) / C(n, size): of those farther than it, size - 1 are drawn as well.
    weight = np.exp(
        gammaln(n_rows - place)
        - gammaln(n_rows - place - size + 1)
        - gammaln(n_rows + 1)
        + gammaln(n_rows - size + 1)
        + np.log(size)
    )
    kept = weight[: int(np.searchsorted(np.cumsum(weight), 1 - _LEAST_WEIGHT)) + 1]
    return np.append(kept[:-1], 1 - kept[:-1].sum())

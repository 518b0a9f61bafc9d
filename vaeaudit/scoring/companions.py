"""Classical detectors on the latents of pictures, to be shown beside the score and never mixed into it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.neighbors import NearestNeighbors

from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.outputs.row_scores import CompanionScores
from vaeaudit.scoring.geometry import isolation

#: The neighbour whose distance counts: the default of PyOD's KNN, so that a reader can repeat the figure; up to five
#: odd rows that lie together are still far from the sixth.
NEIGHBOUR = 5
#: Multiplications that all distances together may cost; it bounds the rows among which neighbours are sought: 2,000
#: for 50,000 rows of 100 features, which take 0.6 s on 2 cores.
MOST_PRODUCTS = 1e10
#: Rows among which neighbours are sought: never fewer, never more.
_FEWEST_NEIGHBOURS, _MOST_NEIGHBOURS = 500, 20_000
#: Latents nearer than this are those of one picture.
_SAME_LATENT = 1e-4


def companion_scores(codes: LatentCodes, *, seed: int) -> CompanionScores:
    """Score all pictures by an isolation forest and by the distance to their neighbours.

    On the posterior means of their active latents, in standard deviations; what no latent holds, such as fine texture,
    they cannot see. A picture's copies are no company: neighbours are sought among pictures that differ, each counted
    once, so that a cluster of copies lies as far away as a single picture there would.

    Parameters
    ----------
    codes
        Of the pictures.
    seed
        Of the trees, and of the rows among which neighbours are sought where not all of them are.
    """
    points = _standardised(codes.mean[:, codes.active])
    neighbour = distance_to_neighbour(points, _first_of_equal_points(points), seed=seed)
    return CompanionScores(isolation_scores(points, seed=seed), neighbour)


def isolation_scores(features: FloatArray, *, seed: int) -> npt.NDArray[np.float32]:
    """Return [N]; the anomaly score of an isolation forest on features [N, D]; constant where D = 0.

    Parameters
    ----------
    features
        [N, D].
    seed
        Of the trees.
    """
    if features.shape[1] == 0:
        return np.full(len(features), 0.5, np.float32)
    return isolation(features, features, seed=seed).astype(np.float32)


def distance_to_neighbour(features: FloatArray, first: IntArray, *, seed: int) -> npt.NDArray[np.float32]:
    """Return [N]; distance of each row to the `NEIGHBOUR`-th nearest among rows that differ from it and each other.

    Where there are too many rows (see `MOST_PRODUCTS`), neighbours are sought among a random sample of them; every row
    is scored. Where fewer than `NEIGHBOUR` others differ, the farthest of them counts; where none does, all are 0.

    Parameters
    ----------
    features
        [N, D].
    first
        [N]; position of the first row that is equal to each.
    seed
        Of the sample.
    """
    n_rows, n_features = features.shape
    distinct = np.unique(first)
    n_neighbours = min(NEIGHBOUR, len(distinct) - 1)
    if n_neighbours < 1 or n_features == 0:
        return np.zeros(n_rows, np.float32)
    affordable = np.clip(MOST_PRODUCTS / (n_rows * n_features), _FEWEST_NEIGHBOURS, _MOST_NEIGHBOURS)
    if len(distinct) > affordable:
        distinct = np.sort(np.random.default_rng(seed).choice(distinct, int(affordable), replace=False))
    search = NearestNeighbors(n_neighbors=n_neighbours + 1, algorithm="brute").fit(features[distinct])
    asked, answer = np.unique(first, return_inverse=True)
    distances, neighbours = search.kneighbors(features[asked])
    # A row of the sample finds itself first; among the others the last of the k + 1 is one too many.
    itself = distinct[neighbours] == asked[:, None]
    is_asked = itself.any(axis=1)
    ordered = np.sort(np.where(itself, -1.0, distances), axis=1)
    found = np.where(is_asked, ordered[:, -1], ordered[:, -2])
    return np.asarray(found[answer.ravel()], np.float32)


def _standardised(points: FloatArray) -> npt.NDArray[np.float32]:
    spread = points.std(axis=0)
    return np.asarray((points - points.mean(axis=0)) / np.where(spread > 0, spread, 1.0), np.float32)


def _first_of_equal_points(points: FloatArray) -> npt.NDArray[np.int64]:
    """Return [N]; position of the first row with the same latents, up to rounding."""
    if points.shape[1] == 0:
        return np.zeros(len(points), np.int64)
    rounded = np.rint(np.asarray(points, np.float64) / _SAME_LATENT).astype(np.int64)
    _, first, group = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
    return np.asarray(first[group.ravel()], np.int64)

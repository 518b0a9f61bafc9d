"""How far apart groups lie along an axis: the Wasserstein distance, and whether chance would do it too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Shuffles of the groups: the smallest p-value is one in this and one.
SHUFFLES = 499
#: Places at which distribution functions are compared.
_PLACES = 128


@dataclass(frozen=True)
class GroupDistances:
    """Of G groups on L axes.

    Attributes
    ----------
    distance
        [L, G]; Wasserstein distance between each group and all other rows, in standard deviations of the axis.
    chance
        [L]; the largest distance of a group where the groups are shuffled over the rows, in the mean.
    p_value
        [L]; how often shuffled groups have a largest distance as large as the one found, beyond what each group's size
        brings.
    """

    distance: FloatArray
    chance: FloatArray
    p_value: FloatArray


def group_distances(values: FloatArray, codes: IntArray, n_groups: int, rng: np.random.Generator) -> GroupDistances:
    """Return the distance of each group from all others along each axis, with its permutation null.

    Small groups lie apart by chance alone. The test asks of each group how far its distance exceeds the mean that
    shuffled groups of its size have, in their standard deviations, and takes the largest such excess of all groups,
    of which only the largest counts in every shuffle, too.

    Parameters
    ----------
    values
        [N, L].
    codes
        [N]; the group of each row, 0 to `n_groups` - 1; each group has rows, and there are at least two.
    n_groups
        G.
    rng
        Of the shuffles.
    """
    n, n_axes = values.shape
    spread = np.maximum(values.std(axis=0), np.finfo(np.float64).tiny)
    edges = np.quantile(values, np.linspace(0, 1, _PLACES + 1), axis=0)
    widths = np.diff((edges[1:] + edges[:-1]) / 2, axis=0)  # between the middles of neighbouring bins
    bins = np.stack([_placed(values[:, axis], edges[1:-1, axis]) for axis in range(n_axes)], axis=1)
    n_cells = n_axes * _PLACES
    cells = bins + _PLACES * np.arange(n_axes)  # of each row and axis
    sizes = np.bincount(codes, minlength=n_groups)

    def distances(order: IntArray) -> FloatArray:
        """[L, G] for groups laid over the rows in another order."""
        held = np.bincount((cells + n_cells * codes[order][:, None]).ravel(), minlength=n_cells * n_groups)
        counts = held.astype(np.float64).reshape(n_groups, n_axes, _PLACES).transpose(1, 2, 0)
        below = counts.cumsum(axis=1)[:, :-1]
        of_all = below.sum(axis=2, keepdims=True)
        apart = np.abs(below / sizes - (of_all - below) / (n - sizes))
        return np.asarray(np.einsum("lpg,pl->lg", apart, widths) / spread[:, None])

    drawn = np.stack([distances(rng.permutation(n)) for _ in range(SHUFFLES)])
    found = distances(np.arange(n))
    exact = np.array([[_exact(values[:, axis], codes == group) for group in range(n_groups)] for axis in range(n_axes)])
    centre, scale = drawn.mean(axis=0), np.maximum(drawn.std(axis=0), 1e-12)
    excess, of_chance = ((found - centre) / scale).max(axis=1), ((drawn - centre) / scale).max(axis=2)
    p_value = (1 + (of_chance >= excess - 1e-9).sum(axis=0)) / (1 + SHUFFLES)
    return GroupDistances(exact / spread[:, None], drawn.max(axis=2).mean(axis=0), p_value)


def _placed(values: FloatArray, cuts: FloatArray) -> IntArray:
    return np.searchsorted(cuts, values, side="right")


def _exact(values: FloatArray, inside: npt.NDArray[np.bool_]) -> float:
    return float(stats.wasserstein_distance(values[inside], values[~inside]))

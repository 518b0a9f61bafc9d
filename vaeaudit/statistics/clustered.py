"""How much rows that belong together tell: the intraclass correlation, and how many independent rows they are worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Clustered:
    """Rows in groups: how alike rows of one group are (0 to 1), and how many independent rows they are worth."""

    correlation: float
    effective: float


def clustered(values: FloatArray, codes: IntArray) -> Clustered:
    """Measure how alike rows of one group are.

    The intraclass correlation is that of a one-way analysis of variance, summed over the columns of `values` (Donner
    1986), and not below 0; the effective number of rows is N / (1 + (m - 1) icc) with m the mean size of a row's group
    (Kish 1965).

    Parameters
    ----------
    values
        [N, T]; a number, or membership in each level.
    codes
        [N]; group of each row, from 0 on.

    Returns
    -------
    Clustered
        With fewer than two groups, or no two rows in one, rows count as independent.

    Examples
    --------
    >>> clustered(np.array([[0.0], [0.0], [1.0], [1.0]]), np.array([0, 0, 1, 1]))
    Clustered(correlation=1.0, effective=2.0)
    """
    n_rows = len(values)
    sizes = np.bincount(codes).astype(np.float64)
    sizes = sizes[sizes > 0]
    if len(sizes) < 2 or len(sizes) == n_rows:
        return Clustered(0.0, float(n_rows))
    values = values / (np.abs(values).max() or 1.0)  # squares of 1e308 have no room
    _, place = np.unique(codes, return_inverse=True)
    sums = np.zeros((len(sizes), values.shape[1]))
    np.add.at(sums, place, values)
    means = sums / sizes[:, None]
    between = (sizes[:, None] * (means - values.mean(axis=0)) ** 2).sum() / (len(sizes) - 1)
    within = ((values - means[place]) ** 2).sum() / (n_rows - len(sizes))
    usual = (n_rows - (sizes**2).sum() / n_rows) / (len(sizes) - 1)
    scale = between + (usual - 1) * within
    correlation = float(np.clip((between - within) / scale, 0.0, 1.0)) if scale > 0 else 0.0
    return Clustered(correlation, float(n_rows / (1 + ((sizes**2).sum() / n_rows - 1) * correlation)))

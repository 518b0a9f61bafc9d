"""Counts of groups in which rows count for as much as their weights say, at the size that they are worth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vaeaudit.statistics.intervals import FloatArray, IntArray, Mask


def effective_counts(
    codes: IntArray, has: Mask, groups: int, weight: npt.NDArray[np.float64] | None = None
) -> tuple[FloatArray, FloatArray]:
    """Count the rows of each group that have something, and all of them.

    With weights, a group's share is the weighted one, of as many rows as Kish's effective size says: (sum w)^2 / sum
    w^2 (Kish 1965, Survey Sampling, 11.7), which is right for weights that do not depend on what is counted. Intervals
    and tests of counts can be used of both.

    Parameters
    ----------
    codes, has
        [N]; the group of each row, 0 to `groups` - 1, rows of a negative code being left out; and whether it counts.
    groups
        G.
    weight
        [N], 0 or more; None: each row is one.

    Returns
    -------
    count, n
        [G]; whole numbers where there are no weights.

    Examples
    --------
    >>> has = np.array([True, False, False, False])
    >>> count, n = effective_counts(np.zeros(4, int), has, 1, np.array([3.0, 1, 1, 1]))
    >>> count.tolist(), n.tolist()
    ([1.5], [3.0])
    """
    inside = codes >= 0
    codes, has = codes[inside], has[inside]
    if weight is None:
        n = np.bincount(codes, minlength=groups).astype(np.float64)
        return np.bincount(codes[has], minlength=groups).astype(np.float64), n
    held = weight[inside]
    total = np.bincount(codes, held, minlength=groups)
    of_these = np.bincount(codes[has], held[has], minlength=groups)
    squares = np.bincount(codes, held**2, minlength=groups)
    effective = np.divide(total**2, squares, out=np.zeros(groups), where=squares > 0)
    share = np.divide(of_these, total, out=np.zeros(groups), where=total > 0)
    return share * effective, effective

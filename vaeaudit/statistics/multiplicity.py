"""Adjusted p-values, and the level of intervals that are shown only because something was selected."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

FloatArray = npt.NDArray[np.float64]


def holm(p: npt.ArrayLike) -> FloatArray:
    """Adjust p-values for the family-wise error by Holm's step-down (Holm 1979, Scand. J. Statist. 6).

    Parameters
    ----------
    p
        [M] p-values.

    Returns
    -------
    numpy.ndarray
        [M], in the order of `p`; empty for empty input.

    Raises
    ------
    ValueError
        Where a p-value is missing or outside [0, 1].

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    values = _p_values(p)
    order = np.argsort(values, kind="stable")
    raised = np.maximum.accumulate(values[order] * np.arange(values.size, 0, -1))
    adjusted = np.empty_like(raised)
    adjusted[order] = np.minimum(raised, 1.0)
    return adjusted


def benjamini_hochberg(p: npt.ArrayLike, n_tests: int | None = None) -> FloatArray:
    """Adjust p-values for the false-discovery rate (Benjamini and Hochberg 1995, JRSS B 57).

    Takes [M] p-values and returns [M] in the same order; see `holm` for what is raised.

    Parameters
    ----------
    p
        [M] p-values.
    n_tests
        How many tests were made, M unless more: those that are not in `p` have a p-value of 1.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.04, 0.04]
    >>> benjamini_hochberg([0.01, 0.04], n_tests=50).round(3).tolist()
    [0.5, 1.0]
    """
    values = _p_values(p)
    if values.size == 0:
        return values
    more = 1.0 if n_tests is None else max(n_tests / values.size, 1.0)
    return np.minimum(stats.false_discovery_control(values) * more, 1.0)


def holm_within_bh_across(p: npt.ArrayLike, family: npt.ArrayLike) -> FloatArray:
    """Adjust by Holm within each family and by Benjamini-Hochberg across families.

    The smallest Holm-adjusted p-value of a family stands for the family; the factor by which Benjamini-Hochberg
    raises it is applied to all members. This never rejects more than testing the members of the families that
    Benjamini-Hochberg selects at `fdr * selected / families` (Benjamini and Bogomolov 2014, JRSS B 76), which
    controls the average family-wise error over the selected families.

    Parameters
    ----------
    p, family
        [M] p-values, and [M] integers that name the family of each.

    Returns
    -------
    numpy.ndarray
        [M], in the order of `p`.
    """
    values = _p_values(p)
    names, member_of = np.unique(np.asarray(family), return_inverse=True)
    adjusted = np.empty_like(values)
    smallest = np.ones(names.size)
    for index in range(names.size):
        members = member_of == index
        adjusted[members] = holm(values[members])
        smallest[index] = adjusted[members].min()
    across = benjamini_hochberg(smallest)
    # a p-value that underflowed to 0 leaves no factor to read off: the largest possible one is used instead
    factor = np.divide(across, smallest, out=np.full(names.size, float(names.size)), where=smallest > 0)
    result: FloatArray = np.minimum(adjusted * factor[member_of], 1.0)
    return result


def adjusted_where_tested(p: npt.ArrayLike, family: npt.ArrayLike) -> FloatArray:
    """Adjust p-values [M] as `holm_within_bh_across` does; NaN stands, and counts, for nothing that was tested."""
    result, names = np.array(p, dtype=np.float64), np.asarray(family)
    tested = np.isfinite(result)
    result[tested] = holm_within_bh_across(result[tested], names[tested])
    return result


def fcr_level(level: float, *, selected: int, tested: int) -> float:
    """Return the level at which intervals of `selected` results out of `tested` keep the false-coverage rate.

    Intervals at this level, of the results that Benjamini-Hochberg selected, miss at most `1 - level` of their
    parameters on average (Benjamini and Yekutieli 2005, JASA 100).
    """
    if not 0 <= selected <= tested:
        raise ValueError(f"selected must lie between 0 and tested = {tested}, found {selected}")
    if tested == 0:
        return level
    return 1 - (1 - level) * max(selected, 1) / tested


def _p_values(p: npt.ArrayLike) -> FloatArray:
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"p must have shape [M], found {values.shape}")
    if not np.all((values >= 0) & (values <= 1)):
        raise ValueError("p-values must lie in [0, 1]")
    return values

"""How columns go together: in a joint table, which part of that one cell accounts for, by ranks, and on one scale."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy import sparse, special, stats

from vaeaudit.statistics.intervals import FloatArray, IntArray, Mask, normal_quantile
from vaeaudit.statistics.measures import Interval

#: Terms of Mehler's series: correlations up to 0.95 then stand to three digits.
_TERMS = 40
#: Correlations that are tried.
_GRID = np.linspace(0.0, 0.999, 200)
#: Rounds of fitting; deviances then stand to well within a nat.
_ROUNDS = 15


def entropy(counts: IntArray) -> float:
    """Entropy of the shares of [G] counts, in nats; 0 where nothing was counted."""
    shares = counts[counts > 0] / max(int(counts.sum()), 1)
    return float(-(shares * np.log(shares)).sum()) + 0.0


def mutual_information(joint: IntArray) -> float:
    """Mutual information of the two columns of a joint table [G, H], in nats.

    Less the bias that few rows in many cells give it (Miller 1955), and at least 0.
    """
    first, second = joint.sum(axis=1), joint.sum(axis=0)
    bias = (np.count_nonzero(first) - 1) * (np.count_nonzero(second) - 1) / (2 * max(int(joint.sum()), 1))
    return max(entropy(first) + entropy(second) - entropy(joint.ravel()) - bias, 0.0)


def uncertainty_coefficient(joint: IntArray) -> float:
    """Share of one column's entropy that the other removes, the larger of both ways (Theil 1970); 0 to 1."""
    smallest = min(entropy(joint.sum(axis=1)), entropy(joint.sum(axis=0)))
    return min(mutual_information(joint) / smallest, 1.0) if smallest > 0 else 0.0


def gap_shares(counts: IntArray, cells: Mask) -> FloatArray:
    """Return the part of a joint table's dependence that one cell accounts for, 0 to 1, of M tables of one shape.

    Two log-linear models are fitted by iterative proportional fitting (Deming and Stephan 1940): independence of two
    columns (of three: all their pairs), and the same with one parameter more for the rows of the cell, as in
    quasi-independence (Goodman 1968). What the parameter takes off the deviance, each deviance less its degrees of
    freedom, is the part that the cell accounts for: near 1 where rows of the cell were left out of columns that have
    nothing else to do with one another; near 0 where the columns go together in many ways, and the cell is one of them.

    Parameters
    ----------
    counts
        [M, G, H] or [M, G, H, J]; rows per combination of groups.
    cells
        The same shape; which combinations the cell takes in.

    Returns
    -------
    numpy.ndarray
        [M]; NaN where the two cannot be told apart: a table of two groups by two has one parameter of dependence in
        all.
    """
    table = counts.astype(np.float64)
    every = tuple(range(1, table.ndim))
    margins = [table.sum(axis=tuple(set(every) - {axis}), keepdims=True) > 0 for axis in every]
    filled = np.logical_and.reduce(np.broadcast_arrays(*margins))
    freedom = np.prod([margin.sum(axis=every) - 1.0 for margin in margins], axis=0)
    inside = cells & filled
    related = np.maximum(_deviance(table, _fitted(table, filled, None)) - freedom, 0.0)
    rest = np.maximum(_deviance(table, _fitted(table, filled, inside)) - (freedom - 1), 0.0)
    told = (freedom > 1) & inside.any(axis=every) & (filled & ~inside).any(axis=every) & (related > 0)
    return np.asarray(np.where(told, np.clip(1 - quotient(rest, related), 0.0, 1.0), np.nan), np.float64)


def _fitted(table: FloatArray, filled: Mask, cells: Mask | None) -> FloatArray:
    """Fit expected counts [M, G, ...] with the margins of each table and, where cells are given, with their totals."""
    every = tuple(range(1, table.ndim))
    fitted = filled * 1.0
    for _ in range(_ROUNDS):
        for axis in reversed(every):
            fitted *= quotient(table.sum(axis=axis, keepdims=True), fitted.sum(axis=axis, keepdims=True))
        if cells is None and len(every) == 2:
            break  # independence is met in one round
        if cells is not None:
            for part in (cells, filled & ~cells):
                totals = [(each * part).sum(axis=every, keepdims=True) for each in (table, fitted)]
                fitted = np.where(part, fitted * quotient(*totals), fitted)
    return np.asarray(fitted, np.float64)


def quotient(numerator: FloatArray | float, denominator: FloatArray | float) -> FloatArray:
    """Return the quotient of two arrays that broadcast; 0 where the denominator is not above 0."""
    above, below = np.broadcast_arrays(np.asarray(numerator, np.float64), np.asarray(denominator, np.float64))
    return np.asarray(np.divide(above, below, out=np.zeros_like(above), where=below > 0))


def _deviance(table: FloatArray, fitted: FloatArray) -> FloatArray:
    """G^2 = 2 sum of n log(n / fitted) [M], in nats doubled; empty combinations add nothing."""
    terms = special.rel_entr(table, fitted) - table + fitted
    return np.asarray(2 * terms.sum(axis=tuple(range(1, table.ndim))))


def rank_correlation(
    one: npt.NDArray[np.floating], other: npt.NDArray[np.floating], level: float
) -> tuple[float, Interval] | None:
    """Return Spearman's rank correlation and its interval; None where one of the two is constant.

    Parameters
    ----------
    one, other
        [N].
    level
        Confidence of the interval.
    """
    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    r = float(np.clip(np.corrcoef(stats.rankdata(one), stats.rankdata(other))[0, 1], -1.0, 1.0))
    return r, rank_correlation_interval(r, len(one), level)


def rank_correlation_interval(r: float, n: int, level: float) -> Interval:
    """Return the interval of a rank correlation of n rows.

    Fisher's z with the standard error of Bonett and Wright (2000, Psychometrika 65),
    `sqrt((1 + r^2 / 2) / (n - 3))`; open on both sides for fewer than four rows.
    """
    if n < 4:
        return Interval(None, None, level)
    half = normal_quantile(level) * np.sqrt((1 + r**2 / 2) / (n - 3))
    inside = np.clip(r, -1 + 1e-12, 1 - 1e-12)
    low, high = np.tanh(np.arctanh(inside) + np.array([-half, half]))
    return Interval(min(float(low), r), max(float(high), r), level)


#: Rounds in which what a cell would hold is filled in; the shares then stand still to a thousandth.
_FILLINGS = 30


def without_cells(counts: IntArray, cells: Mask) -> FloatArray:
    """Return what two columns would hold in each combination, told by all combinations but those of one cell.

    Of M tables of one shape.

    The margins and the main dependence of the two, the first dimension of a correspondence analysis (Greenacre 1984,
    reconstitution formula) less what noise alone gives one (Davidson and Szarek 2001), are fitted to the other
    combinations; those of the cell are filled in from the fit until it stands (Nora-Chouteau 1974). Where too few
    combinations are left to tell a dependence, the margins alone are.

    Parameters
    ----------
    counts, cells
        [M, G, H]; rows per combination of groups, and which combinations the cell takes in.

    Returns
    -------
    numpy.ndarray
        [M, G, H]; expected rows, at least 0.
    """
    filled = counts.astype(np.float64)
    rows, columns = (np.count_nonzero(filled.sum(axis=axis), axis=1) for axis in (2, 1))
    dependent = (rows - 2) * (columns - 2) > np.count_nonzero(cells, axis=(1, 2))
    noise = (np.sqrt(rows) + np.sqrt(columns))[dependent]
    expected = filled
    for _ in range(_FILLINGS):
        total = np.maximum(filled.sum(axis=(1, 2), keepdims=True), 1.0)
        expected = filled.sum(axis=2, keepdims=True) * filled.sum(axis=1, keepdims=True) / total
        product = expected[dependent]
        root = np.sqrt(product)
        residual = quotient(filled[dependent] - product, root)
        # of the singular vectors only the first is wanted, and the rest would take most of the time
        squares, vectors = np.linalg.eigh(residual @ residual.transpose(0, 2, 1))
        size, left = squares[:, -1], vectors[:, :, -1:]
        kept = np.sqrt(quotient(np.maximum(size - noise**2, 0.0), size))[:, None, None]
        expected[dependent] = np.maximum(product + root * kept * left * (left.transpose(0, 2, 1) @ residual), 0.0)
        filled = np.where(cells, expected, counts)
    return expected


def latent_correlations(codes: IntArray, ordered: Mask) -> tuple[FloatArray, FloatArray]:
    """Measure how far each two of C columns of groups go together, on one scale for numbers and levels alike.

    The correlation that two normal variables would need, so that cut into groups of these sizes they had the same
    mean-square contingency (Pearson 1900; for mixed columns Baak et al. 2020). Contingency is lessened by what
    independent columns have on average (Bergsma 2013, J. Korean Stat. Soc. 42), which is exact however many groups
    there are; that of the normal variables is Mehler's series (1866). It also hangs on the sign where groups are of
    uneven size: that of the codes counts for two columns that have an order, as any two groups have; else the sign that
    asks for less.

    Parameters
    ----------
    codes
        [N, C]; the group of each row, below 0 where it has none: pairs are judged on the rows that have both.
    ordered
        [C]; whether the groups of a column rise.

    Returns
    -------
    tuple[FloatArray, FloatArray]
        [C, C] correlations, 0 to 1, and [C, C] p-values of independence: chi-square with the mean and variance that it
        has given both margins (Haldane 1940, Biometrika 31), by a gamma distribution. Diagonals tell nothing.
    """
    rows, columns = np.nonzero(codes >= 0)
    sizes = np.maximum(codes.max(axis=0, initial=-1) + 1, 1)
    starts = np.cumsum(sizes) - sizes
    shape = (len(codes), int(sizes.sum()))
    member = sparse.csr_array((np.ones(rows.size), (rows, codes[rows, columns] + starts[columns])), shape=shape)
    joint = (member.T @ member).toarray()
    margin = np.add.reduceat(joint, starts, axis=1)  # rows of a group that have any group of the other column
    of_both = margin[:, np.repeat(np.arange(sizes.size), sizes)]
    cells = quotient(joint**2, of_both * of_both.T)
    contingency = np.add.reduceat(np.add.reduceat(cells, starts, axis=0), starts, axis=1) - 1
    n = np.add.reduceat(margin, starts, axis=0)
    groups = np.add.reduceat(margin > 0, starts, axis=0, dtype=np.float64)
    spread = np.add.reduceat(quotient(1.0, margin), starts, axis=0)
    mean, variance = _chi_square_by_chance(n, groups, spread)
    told = (mean > 0) & (variance > 0)
    p = np.ones(n.shape)
    shape_of, scale = mean[told] ** 2 / variance[told], variance[told] / mean[told]
    p[told] = stats.gamma.sf((n * contingency)[told], shape_of, scale=scale)
    beyond = np.maximum(contingency - quotient(mean, n), 0.0)
    moments = [_moments_of_cut(part) for part in np.split(np.diagonal(joint), starts[1:])]
    place = np.concatenate([np.arange(size) for size in sizes])
    total = np.add.reduceat(margin * place[:, None], starts, axis=0)
    product = np.add.reduceat(np.add.reduceat(joint * np.outer(place, place), starts, axis=0), starts, axis=1)
    in_order = ordered | (sizes == 2)
    sign = np.where(np.outer(in_order, in_order), np.where(n * product >= total * total.T, 1, -1), 0)
    return _correlations(beyond, moments, sign), p


def _chi_square_by_chance(n: FloatArray, groups: FloatArray, spread: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of chi-square of pairs of columns given their margins; `spread` is the sum of 1 / margin."""
    mean = quotient((groups - 1) * (groups.T - 1) * n, n - 1)
    usual = quotient((groups - 1) * (n - groups), n - 1)
    uneven = quotient(n * spread - groups**2, n - 2)
    variance = quotient(2 * n, n - 3) * (usual - uneven) * (usual - uneven).T
    return mean, variance + quotient(n**2, n - 1) * uneven * uneven.T


def _moments_of_cut(counts: FloatArray) -> FloatArray:
    """[T, T]; sums over groups of the products of their means of normed Hermite polynomials, weighted by their size.

    The groups are cut from a normal variable in their order.
    """
    shares = counts[counts > 0] / max(counts.sum(), 1.0)
    cuts = special.ndtri(np.clip(np.cumsum(shares)[:-1], 1e-12, 1 - 1e-12))
    density = np.exp(-(cuts**2) / 2) / np.sqrt(2 * np.pi)
    polynomial, before = np.ones_like(cuts), np.zeros_like(cuts)
    means = np.zeros((_TERMS, shares.size))
    for order in range(1, _TERMS):
        at_cuts = np.concatenate([[0.0], -polynomial * density / np.sqrt(order), [0.0]])
        means[order] = np.diff(at_cuts)
        polynomial, before = (cuts * polynomial - np.sqrt(order - 1) * before) / np.sqrt(order), polynomial
    return np.asarray((means / np.maximum(shares, 1e-300)) @ means.T)


def _correlations(contingency: FloatArray, moments: list[FloatArray], sign: IntArray) -> FloatArray:
    """[C, C]; the correlation at which normal variables, cut alike, have the contingency; of sign 0 the smaller one."""
    powers = {way: (way * _GRID[:, None]) ** np.arange(_TERMS) for way in (1, -1)}
    found = np.zeros(contingency.shape)
    for one, other in combinations(range(len(moments)), 2):
        if contingency[one, other] > 0:
            both = moments[one] * moments[other]
            ways = (1, -1) if sign[one, other] == 0 else (int(sign[one, other]),)
            reached = [((powers[way] @ both) * powers[way]).sum(axis=1) for way in ways]
            found[one, other] = min(
                np.interp(contingency[one, other], np.maximum.accumulate(f), _GRID) for f in reached
            )
    return found + found.T

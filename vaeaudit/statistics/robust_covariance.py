"""Where most rows lie and how they spread, whatever the others do: the minimum covariance determinant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats
from threadpoolctl import threadpool_limits

Floats = npt.NDArray[np.float64]

#: Concentration steps at most; they end by themselves, mostly within ten.
_MOST_STEPS = 50
#: Share of the largest variance below which a direction is one in which most rows do not differ.
_LEAST_VARIANCE = 1e-3
#: The same of the largest variance of all rows, outliers too: what is less is what rounding leaves of no difference.
_ROUNDING = 1e-12
#: Quantile of the distances of normal rows within which rows count for the final estimate.
_WITHIN = 0.975


@dataclass(frozen=True)
class RobustCovariance:
    """Location and spread of most rows.

    Attributes
    ----------
    location
        [F].
    whitening
        [F, R]; to coordinates of variance 1, along the R directions in which most rows differ.
    log_determinant
        Of the covariance along these directions.
    """

    location: Floats
    whitening: Floats
    log_determinant: float

    @classmethod
    def of(cls, rows: Floats, *, least: float = 0.0) -> RobustCovariance:
        """Return mean and covariance of rows [N, F].

        Directions are left out whose variance is `least` or less, or next to none beside that of another direction.
        """
        location = rows.mean(axis=0)
        variance, directions = np.linalg.eigh(np.cov(rows, rowvar=False, bias=True).reshape(len(location), -1))
        kept = variance > max(least, _LEAST_VARIANCE * variance.max(initial=0.0))
        log_determinant = float(np.log(variance[kept]).sum())
        return cls(location, directions[:, kept] / np.sqrt(variance[kept]), log_determinant)

    def squared_distance(self, rows: Floats) -> Floats:
        """Return the squared Mahalanobis distance [N] of rows [N, F]."""
        return np.asarray(np.square((rows - self.location) @ self.whitening).sum(axis=1))

    def in_units(self, unit: Floats) -> RobustCovariance:
        """Return the same for rows that were divided by `unit` [F] before."""
        moved = self.log_determinant + 2 * float(np.log(unit).sum())
        return RobustCovariance(self.location * unit, self.whitening / unit[:, None], moved)


def minimum_covariance_determinant(rows: Floats) -> RobustCovariance:
    """Estimate location and covariance from the half of the rows that lies closest together.

    The minimum covariance determinant (Rousseeuw 1985) by concentration steps (Rousseeuw and Van Driessen 1999) from
    five starts that the rows themselves give (DetMCD: Hubert, Rousseeuw and Verdonck 2012, J. Comput. Graph. Stat. 21)
    instead of many drawn ones: the same rows give the same answer, whatever the seed. Rows that are within what normal
    ones keep to then count once more. Directions in which most rows do not differ, as of a rare level, tell nothing; of
    two answers that is taken which leaves more directions.

    Parameters
    ----------
    rows
        [N, F], N > F >= 1, on comparable scales.

    Returns
    -------
    RobustCovariance
        Without any direction where most rows are one point.
    """
    most = (len(rows) + rows.shape[1] + 1) // 2
    least = _ROUNDING * float(rows.var(axis=0).max())
    with threadpool_limits(limits=1, user_api="blas"):  # threads that wait for a busy core cost more than they bring
        found = [_concentrated(rows, _closest(_distance_under(start, rows), most), least) for start in _starts(rows)]
    best = min(found, key=lambda each: (-each.whitening.shape[1], each.log_determinant))
    freedom = best.whitening.shape[1]
    if freedom == 0:
        return best
    distance = best.squared_distance(rows)
    consistent = distance * (stats.chi2.ppf(0.5, freedom) / max(float(np.median(distance)), 1e-300))
    return RobustCovariance.of(rows[consistent <= stats.chi2.ppf(_WITHIN, freedom)], least=least)


def _concentrated(rows: Floats, chosen: npt.NDArray[np.int64], least: float) -> RobustCovariance:
    """Take the rows that are closest to the chosen ones, until they are the chosen ones."""
    found = RobustCovariance.of(rows[chosen], least=least)
    for _ in range(_MOST_STEPS):
        closer = _closest(found.squared_distance(rows), len(chosen))
        if np.array_equal(closer, chosen):
            break
        chosen, found = closer, RobustCovariance.of(rows[closer], least=least)
    return found


def _closest(distance: Floats, most: int) -> npt.NDArray[np.int64]:
    return np.sort(np.argsort(distance, kind="stable")[:most])


def _starts(rows: Floats) -> Iterator[Floats]:
    """Yield first guesses of the scatter [F, F], each bounded in what a row far out can do to it."""
    centred = rows - np.median(rows, axis=0)
    ranks = stats.rankdata(centred, axis=0)
    length = np.sqrt(np.square(centred).sum(axis=1))
    yield _correlation(np.tanh(centred))
    yield _correlation(ranks)
    yield _correlation(stats.norm.ppf((ranks - 1 / 3) / (len(rows) + 1 / 3)))
    signs = centred / np.maximum(length, 1e-300)[:, None]
    yield signs.T @ signs / len(rows)
    inner = centred[_closest(length, (len(rows) + 1) // 2)]
    yield np.cov(inner, rowvar=False).reshape(rows.shape[1], -1)


def _correlation(values: Floats) -> Floats:
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.asarray(scaled.T @ scaled / len(values))


def _distance_under(scatter: Floats, rows: Floats) -> Floats:
    """Return the squared distance [N] of rows from their medians along the axes of a scatter, in robust scales."""
    along = rows @ np.linalg.eigh(scatter)[1]
    along = along - np.median(along, axis=0)
    robust, usual = stats.median_abs_deviation(along, axis=0, scale="normal"), along.std(axis=0)
    scale = np.where(robust > _LEAST_VARIANCE, robust, usual)
    return np.asarray(np.square(along / np.maximum(scale, _LEAST_VARIANCE)).sum(axis=1))

"""Cells of an audited table against the same cells of a reference: tests, intervals, and how a scan ranks them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from vaeaudit.analysis.intervals import clopper_pearson

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TwoSamples:
    """M cells of two tables; the arrays have one shape.

    Attributes
    ----------
    observed, reference
        Rows of the audited table, and of the reference, in each cell.
    n_observed, n_reference
        Rows of each in all; at least 1.
    """

    observed: FloatArray
    reference: FloatArray
    n_observed: float
    n_reference: float

    @property
    def expected(self) -> FloatArray:
        """[M]; audited rows that the share of the reference leads one to expect."""
        return np.asarray(self.reference * (self.n_observed / self.n_reference))

    def lower_tail(self) -> FloatArray:
        """[M]; exact probability of so few of the cell's rows, or fewer, lying in the audited table.

        Under equal shares, and given that a + b rows lie in the cell, a is binomial with n_A / (n_A + n_B)
        (Fisher 1934; the margins n_A and n_B are taken as fixed). 1 in a cell without rows.
        """
        chance = self.n_observed / (self.n_observed + self.n_reference)
        short = self.reference > 0
        tail = special.betainc(np.where(short, self.reference, 1.0), self.observed + 1, 1 - chance)
        return np.where(short, tail, 1.0)

    def ratio_interval(self, level: float) -> tuple[FloatArray, FloatArray]:
        """[M], [M]; exact interval of the ratio of shares (a / n_A) / (b / n_B).

        That of Clopper and Pearson (1934) for a out of a + b, a share p of which says that the ratio is
        p / (1 - p) * n_B / n_A. The upper end is infinite where b = 0.
        """
        low, high = clopper_pearson(self.observed, self.observed + self.reference, level)
        scale = self.n_reference / self.n_observed
        with np.errstate(divide="ignore"):
            return low / (1 - low) * scale, high / (1 - high) * scale

    def scan_statistic(self) -> FloatArray:
        """[M]; log-likelihood ratio, in nats, of one share inside the cell and another outside against one share.

        Kulldorff's (1997) Bernoulli model for a region of low rate; 0 where the cell is not short.
        """
        inside = self.observed + self.reference
        n_all = self.n_observed + self.n_reference
        gain = (
            _log_likelihood(self.observed, inside)
            + _log_likelihood(self.n_observed - self.observed, n_all - inside)
            - _log_likelihood(np.float64(self.n_observed), np.float64(n_all))
        )
        return np.where(self.observed * n_all < inside * self.n_observed, np.maximum(gain, 0.0), 0.0)


def _log_likelihood(successes: npt.ArrayLike, trials: npt.ArrayLike) -> FloatArray:
    """Log-likelihood of a binomial count at its own share, without the constant."""
    successes, trials = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    failures = trials - successes
    return np.asarray(
        special.xlogy(successes, successes) + special.xlogy(failures, failures) - special.xlogy(trials, trials)
    )

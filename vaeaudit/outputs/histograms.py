"""DB-VAE's histograms of single latents, and the weights that follow from them (Amini 2019); NumPy alone.

They serve training, which draws rows by them, and analysis, which offers them as a named kind of rarity. Both formulas
multiply or compare single latents and so assume that the latents are independent of each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from vaeaudit.outputs.record import Array, BoolArray, FloatArray, IntArray, Record

#: Bins of a latent's range; ten in the published code.
BINS = 10


@dataclass(frozen=True)
class LatentHistograms(Record):
    """One histogram per active latent, of equal bins over the range of its posterior means.

    Attributes
    ----------
    edges
        [A, B + 1]; rising.
    counts
        [A, B]; rows per bin, at least 1 in all.
    active
        [L]; which latents the histograms are of.
    """

    PREFIX: ClassVar[str] = "histogram_"

    edges: Annotated[FloatArray, Array("A B+1")]
    counts: Annotated[IntArray, Array("A B", "whole numbers", least=0)]
    active: Annotated[BoolArray, Array("L", "true or false")]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.active.sum() != len(self.counts):
            raise ValueError(f"active must name as many latents as there are histograms, {len(self.counts)}")
        if (np.diff(self.edges, axis=1) <= 0).any():
            raise ValueError("edges must rise")
        if (self.counts.sum(axis=1) < 1).any():
            raise ValueError("counts: each histogram must hold a row")

    @property
    def density(self) -> npt.NDArray[np.float64]:
        """[A, B]; count / (rows x width of the bin): each histogram integrates to 1 over the range of its latent."""
        return np.asarray(self.counts / self.counts.sum(axis=1, keepdims=True) / np.diff(self.edges, axis=1))

    def product(self, mean: FloatArray, alpha: float) -> npt.NDArray[np.float64]:
        """Return the log weight [N] of the paper: the sum over latents of log 1 / (Q_l(z_l) + alpha).

        Q_l is the histogram's density, of unit integral, per unit of the latent (Amini 2019, eq. 4). The paper leaves
        the weights unnormalised, and so does this.

        Parameters
        ----------
        mean
            [N, L].
        alpha
            Above 0; the larger, the more even the weights.
        """
        return np.asarray(-self._at(mean, np.log(self.density + alpha)).sum(axis=1))

    def maximum(self, mean: FloatArray, alpha: float) -> npt.NDArray[np.float64]:
        """Return the log weight [N] of the lab code published with the paper: the largest over latents; 0 without any.

        There the density is smoothed and made to sum to 1 over the *bins*, `S = (Q + alpha) / sum_b (Q_b + alpha)`,
        and what counts of a latent is its row's part of `1 / S` over all rows (that the histogram was made from). Here
        it is that part times the number of rows, so that an average row has weight 1 by every single latent.

        Parameters
        ----------
        mean
            [N, L].
        alpha
            Above 0; the larger, the more even the weights.
        """
        smoothed = self.density + alpha
        inverse = smoothed.sum(axis=1, keepdims=True) / smoothed
        average = (self.counts * inverse).sum(axis=1, keepdims=True) / self.counts.sum(axis=1, keepdims=True)
        per_latent = self._at(mean, np.log(inverse / average))
        return np.asarray(per_latent.max(axis=1)) if per_latent.shape[1] else np.zeros(len(per_latent))

    def _at(self, mean: FloatArray, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return [N, A]: what `values` [A, B] are in the bins of posterior means [N, L].

        The outermost bins have no outer end, as in the published code: a row beyond the range counts to them.
        """
        z = np.asarray(mean, np.float64)[:, self.active]
        found = np.empty(z.shape)
        for latent, inner in enumerate(self.edges[:, 1:-1]):
            found[:, latent] = values[latent, np.searchsorted(inner, z[:, latent], side="right")]
        return found


def fit_histograms(mean: FloatArray, active: BoolArray, *, bins: int = BINS) -> LatentHistograms:
    """Count posterior means in equal bins between the least and the largest of each latent.

    Parameters
    ----------
    mean
        [N, L], N >= 1, finite. A latent that never moves gets one unit of width around its value.
    active
        [L]; which latents take part.
    bins
        B, at least 1.
    """
    z = np.asarray(mean, np.float64)[:, active]
    if bins < 1 or not len(z) or not np.isfinite(z).all():
        raise ValueError(f"expected at least one bin and one row, all finite; found {bins} bins and {len(z)} rows")
    made = [_histogram(column, bins) for column in z.T]
    edges = np.array([edge for _, edge in made]).reshape(-1, bins + 1)
    counts = np.array([count for count, _ in made], np.int64).reshape(-1, bins)
    return LatentHistograms(edges, counts, np.asarray(active, bool))


def _histogram(values: FloatArray, bins: int) -> tuple[npt.NDArray[np.int64], FloatArray]:
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-6 * max(1.0, abs(low), abs(high)):  # too narrow for edges that differ
        middle = (low + high) / 2
        low, high = middle - 0.5 * max(1.0, abs(middle)), middle + 0.5 * max(1.0, abs(middle))
    counts, edges = np.histogram(values, bins=bins, range=(low, high))
    return counts.astype(np.int64), edges


def bounded_weights(log_weight: FloatArray, *, cap: float) -> npt.NDArray[np.float64]:
    """Return weights [N], mean 1, none above `cap` times the median one.

    Parameters
    ----------
    log_weight
        [N], finite; up to a constant.
    cap
        At least 1.
    """
    logs = np.asarray(log_weight, np.float64)
    relative = logs - np.quantile(logs, 0.5, method="lower")  # between two rows it could lie above the cap itself
    weight = np.exp(np.clip(relative, -50.0, np.log(cap)))
    return np.asarray(weight / weight.mean())


def effective_sample_size(weight: FloatArray) -> float:
    """Return (sum w)^2 / sum w^2 (Kish 1965): how many equally weighted rows are worth as much.

    Parameters
    ----------
    weight
        [N], not all 0.
    """
    return float(weight.sum() ** 2 / np.square(weight).sum())

"""What can be said of disentanglement without known factors: of q(z), the mean of q(z|x) over rows, and over refits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse, special, stats

from vaeaudit.statistics.disentanglement import Score

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: Bins of a latent, of equal size: as many as leave `CELL_ROWS` rows to a cell of two latents, within these bounds.
FEWEST_BINS, MOST_BINS, CELL_ROWS = 4, 20, 8
#: Shuffles that say what chance alone gives, and the standard deviations beyond it that count (120 pairs: one in 250).
SHUFFLES, BEYOND_CHANCE = 100, 4.0


def dependence(mean: FloatArray, stddev: FloatArray, rng: np.random.Generator, resamples: int = 0) -> dict[str, Score]:
    """Return how far the latents depend on one another over the rows, in nats; 0 where they are independent.

    One z is drawn for each row, and mutual information (MI) of pairs of latents is taken in bins of equal size, less
    its mean where one of the two is shuffled; what chance may give counts as 0. `mean_pairwise_mi_nats` is its mean
    over pairs. `total_correlation_nats` is its sum over the tree of pairs that has most of it: the largest lower bound
    of the total correlation KL(q(z) || prod_l q(z_l)) by pairs (Chow and Liu 1968, IEEE Trans. Inf. Theory 14).

    Parameters
    ----------
    mean, stddev
        [N, L]; of q(z|x), L > 1.
    rng, resamples
        Of z and shuffles, and of the rows for the standard errors.
    """
    n, n_latents = mean.shape
    n_bins = int(np.clip(np.sqrt(n / CELL_ROWS), FEWEST_BINS, MOST_BINS))
    ranks = stats.rankdata(mean + stddev * rng.normal(size=mean.shape), axis=0, method="ordinal") - 1
    bins = (ranks * n_bins // n).astype(np.int64)
    first, second = np.triu_indices(n_latents, k=1)
    by_chance = [_nats(bins[:, 0] * n_bins + rng.permutation(bins[:, 0]), n_bins) for _ in range(SHUFFLES)]
    bias, spread = float(np.mean(by_chance)), float(np.std(by_chance, ddof=1))
    cells = bins[:, first] * n_bins + bins[:, second]
    told = np.array([_nats(pair, n_bins) for pair in cells.T]) > bias + BEYOND_CHANCE * spread

    def measure(rows: npt.NDArray[np.int64]) -> tuple[float, float]:
        shared = np.zeros(len(first))
        shared[told] = np.maximum([_nats(pair, n_bins) - bias for pair in cells[rows][:, told].T], 0.0)
        graph = sparse.coo_array((-shared, (first, second)), shape=(n_latents, n_latents))
        return float(shared.mean()), float(abs(sparse.csgraph.minimum_spanning_tree(graph).sum()))

    found = measure(np.arange(n))
    drawn = [measure(rng.choice(np.arange(n), n)) for _ in range(resamples)]
    unseen = spread * np.sqrt([1 / len(first), n_latents - 1])  # what is set to 0 is known no better than this
    return _scores(("mean_pairwise_mi_nats", "total_correlation_nats"), found, drawn, unseen)


def _nats(cells: npt.NDArray[np.int64], n_bins: int) -> float:
    """Mutual information of two latents by the cell [N] of each row, rows counted as they come."""
    joint = np.bincount(cells, minlength=n_bins**2).reshape(n_bins, n_bins) / len(cells)
    margins = special.entr(joint.sum(axis=0)).sum() + special.entr(joint.sum(axis=1)).sum()
    return float(margins - special.entr(joint).sum())


def _scores(
    names: tuple[str, str],
    found: tuple[float, float],
    drawn: list[tuple[float, float]],
    unseen: npt.ArrayLike = 0.0,
) -> dict[str, Score]:
    errors = np.hypot(np.std(drawn, axis=0, ddof=1), unseen) if len(drawn) > 1 else np.zeros(2)
    return {name: Score(value, float(error)) for name, value, error in zip(names, found, errors, strict=True)}


def agreement(means: FloatArray, active: BoolArray, rng: np.random.Generator, resamples: int = 0) -> dict[str, Score]:
    """Return how far trainings from other seeds find the same latents: `udr` and `matched`.

    Of the first model with each other: |rank correlation| r of each active latent with each. `udr` is the unsupervised
    disentanglement ranking of Duan et al. (2020, arXiv 1905.12614): the mean over the latents of both of r^2 / sum r,
    r being the largest of a latent's; the median over the other models. `matched`: latents paired one to one so that
    the sum of r is largest (Kuhn 1955), which over the number of latents of the model that has more is 1 only if all
    return; averaged over the other models.

    Parameters
    ----------
    means
        [M, N, L]; posterior means of the same rows under M > 1 models.
    active
        [M, L]; latents that carry information. 0 is returned where a model has none.
    rng, resamples
        Of the rows and of the other models, for the standard errors.
    """
    ranks = stats.rankdata(means, axis=1)
    every = np.arange(means.shape[1])

    def pair(other: int, rows: npt.NDArray[np.int64]) -> tuple[float, float]:
        of_model, of_other = ranks[0][rows][:, active[0]], ranks[other][rows][:, active[other]]
        if not of_model.shape[1] or not of_other.shape[1]:
            return 0.0, 0.0
        r = _correlations(of_model, of_other)
        largest = [r.max(axis=axis) ** 2 / np.maximum(r.sum(axis=axis), 1e-12) for axis in (0, 1)]
        pairs = optimize.linear_sum_assignment(r, maximize=True)
        return float(np.concatenate(largest).mean()), float(r[pairs].sum() / max(r.shape))

    def measure(others: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]) -> tuple[float, float]:
        udr, matched = zip(*(pair(int(other), rows) for other in others), strict=True)
        return float(np.median(udr)), float(np.mean(matched))

    others = np.arange(1, len(means))
    found = measure(others, every)
    drawn = [measure(rng.choice(others, len(others)), rng.choice(every, len(every))) for _ in range(resamples)]
    return _scores(("udr", "matched"), found, drawn)


def matched_one_to_one(means: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how far each latent of the first model returns in the others, and its standard error over rows: [L], [L].

    |rank correlation| with the latent that it is paired with, one to one, so that their sum is largest (Kuhn 1955);
    averaged over the other models. The largest of all, without pairing, would count one latent of another model for
    several of this one. The error is that of the correlations of these rows; how models differ is not in it.

    Parameters
    ----------
    means
        [M, N, L]; posterior means of the same rows under M > 1 models.
    """
    ranks = stats.rankdata(means, axis=1)
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    units = centred / np.maximum(centred.std(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    found, influence = np.zeros(means.shape[2]), np.zeros(means.shape[1:])
    for other in range(1, len(means)):
        r = _correlations(ranks[0], ranks[other])
        of_first, of_other = optimize.linear_sum_assignment(r, maximize=True)
        one, two = units[0][:, of_first], units[other][:, of_other]
        signed = (one * two).mean(axis=0)
        found[of_first] += np.abs(signed) / (len(means) - 1)
        slope = np.sign(signed) * (one * two - signed * (one**2 + two**2) / 2)
        influence[:, of_first] += slope / (len(means) - 1)
    return found, influence.std(axis=0) / np.sqrt(means.shape[1])


def _correlations(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return |correlation| [L, M] of the columns of [N, L] and [N, M]; a column that stands still goes with none."""
    size = one.shape[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.abs(np.nan_to_num(np.corrcoef(one, other, rowvar=False)[:size, size:])))

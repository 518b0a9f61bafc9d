"""One outlier score, p-value, flag, rarity and weight per row, from what the model knows about the rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

from vaeaudit.analysis.density import LatentDensity, resampling_weight
from vaeaudit.analysis.inputs import RowScores
from vaeaudit.analysis.multiplicity import benjamini_hochberg
from vaeaudit.latents import LatentCodes

FloatArray = npt.NDArray[np.floating]

#: Upper share of the null scores that the tail is fitted to (peaks over threshold, Pickands 1975).
TAIL = 0.05
DEFINITION = (
    "The negative importance-weighted bound on log p(x) under the beta-VAE, in nats (Burda 2016): the higher, the more "
    "atypical. A row's p-value is the probability that a row drawn from the learned model itself scores at least as "
    "high; rows are flagged by Benjamini-Hochberg over all rows."
)


def tail_p_values(score: FloatArray, null: FloatArray) -> FloatArray:
    """Return P(null >= score) [N] for null scores [M].

    Empirical below the upper `TAIL` of the null; above, the generalised Pareto distribution fitted to the null's
    exceedances by maximum likelihood, so that p-values do not end at 1 / M.
    """
    ordered = np.sort(np.asarray(null, np.float64))
    at_least = len(ordered) - np.searchsorted(ordered, score, side="left")
    empirical = (1 + at_least) / (1 + len(ordered))
    threshold = float(np.quantile(ordered, 1 - TAIL))
    excess = ordered[ordered > threshold] - threshold
    if len(excess) < 20 or excess.max() == 0:
        return np.asarray(empirical)
    # An exponential tail is the lightest that is trusted: a fitted end point would make p-values 0.
    shape, _, scale = stats.genpareto.fit(excess, floc=0)
    if shape < 0:
        shape, scale = 0.0, float(excess.mean())
    beyond = TAIL * stats.genpareto.sf(np.maximum(score - threshold, 0.0), shape, loc=0, scale=scale)
    return np.asarray(np.where(score > threshold, np.maximum(beyond, np.finfo(np.float64).tiny), empirical))


def score_rows(codes: LatentCodes, null_bounds: FloatArray, density: LatentDensity, *, fdr: float) -> RowScores:
    """Score every row.

    Parameters
    ----------
    codes
        Of the rows to be scored.
    null_bounds
        [M]; the bound of rows drawn from the model (`vaeaudit.models.drawn_bounds`).
    density
        Fitted to the rows the model was trained on.
    fdr
        False-discovery rate of the flags.
    """
    score = -np.asarray(codes.iwae, np.float64)
    p_value = tail_p_values(score, -np.asarray(null_bounds, np.float64))
    rarity = density.rarity(codes.mean)
    return RowScores(
        outlier_score=score,
        p_value=p_value,
        outlier=benjamini_hochberg(p_value) <= fdr,
        rarity=rarity,
        weight=resampling_weight(rarity),
        definition=DEFINITION,
        fdr=fdr,
    )

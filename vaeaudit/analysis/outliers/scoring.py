"""One outlier score, p-value, flag, rarity and weight per row, from what the model knows about the rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.densities.rareness import Rareness
from vaeaudit.analysis.inputs import RowScores
from vaeaudit.analysis.multiplicity import benjamini_hochberg
from vaeaudit.analysis.outliers.calibration import p_values_of, tail_nats
from vaeaudit.latents import LatentCodes

FloatArray = npt.NDArray[np.floating]

DEFINITION = (
    "Surprise in nats: minus the log of the row's p-value, so the higher, the more atypical. Two questions are put to "
    "a row, and the clearer answer counts, with the allowance that two questions ask for (Sidak 1967). How improbable "
    "is it: the importance-weighted bound on log p(x) under the beta-VAE (Burda 2016), compared with that of rows "
    "drawn from the learned model itself. How isolated is it: the posterior standard deviations that an ensemble of "
    "small beta-VAEs, none of them trained on the row, give it, in an isolation forest (Liu 2008), compared with the "
    "bulk of all rows. Rows are flagged by Benjamini-Hochberg over all rows."
)


def score_rows(codes: LatentCodes, null_bounds: FloatArray, rareness: Rareness, *, fdr: float) -> RowScores:
    """Score every row of a table.

    Parameters
    ----------
    codes
        Of the rows to be scored, with `isolation_nats`.
    null_bounds
        [M]; the bound of rows drawn from the model (`vaeaudit.models.drawn_bounds`).
    rareness
        Of the rows the model was trained on.
    fdr
        False-discovery rate of the flags.
    """
    score = table_score(codes, null_bounds)
    return row_scores(codes, score, p_values_of(score), rareness, fdr=fdr, definition=DEFINITION)


def table_score(codes: LatentCodes, null_bounds: FloatArray) -> npt.NDArray[np.float64]:
    """Return the outlier score [N] of the rows of a table, in nats; see `DEFINITION`.

    Parameters
    ----------
    codes, null_bounds
        As for `score_rows`.
    """
    if codes.isolation_nats is None:
        raise ValueError("codes must have isolation_nats: these rows are no table, or nobody asked the ensemble")
    density = tail_nats(-np.asarray(codes.iwae, np.float64), -np.asarray(null_bounds, np.float64))
    return smaller_of_two(density, np.asarray(codes.isolation_nats, np.float64))


def smaller_of_two(one: FloatArray, other: FloatArray) -> npt.NDArray[np.float64]:
    """Return -log of the p-value of "the smaller of two p-values is this small" [N]: `1 - (1 - min)^2` (Sidak 1967).

    Exact where the two are independent, and cautious where they rise and fall together.

    Parameters
    ----------
    one, other
        [N]; each -log of a p-value.
    """
    nats = np.maximum(one, other)
    return np.asarray(np.maximum(nats - np.log(2.0 - np.exp(-nats)), 0.0))


def row_scores(
    codes: LatentCodes, score: FloatArray, p_value: FloatArray, rareness: Rareness, *, fdr: float, definition: str
) -> RowScores:
    """Flag rows by their p-values, and add what the latents say of each: its rarity, and its weight when resampled.

    Parameters
    ----------
    codes, score, p_value
        Of the same N rows.
    rareness
        Of the rows the model was trained on.
    fdr
        False-discovery rate of the flags, over all rows (Benjamini, Hochberg 1995).
    definition
        What the score is, for the report.
    """
    rarity = rareness.rarity(codes.mean)
    return RowScores(
        outlier_score=score,
        p_value=p_value,
        outlier=benjamini_hochberg(p_value) <= fdr,
        rarity=rarity,
        weight=rareness.weight(rarity),
        definition=definition,
        fdr=fdr,
        rarity_definition=rareness.definition,
    )

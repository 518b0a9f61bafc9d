"""One outlier score, p-value, flag, rarity and weight per row, from what the model knows about the rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.densities.rareness import Rareness
from vaeaudit.analysis.inputs import RowScores
from vaeaudit.analysis.multiplicity import benjamini_hochberg
from vaeaudit.analysis.outliers.calibration import tail_p_values
from vaeaudit.latents import LatentCodes

FloatArray = npt.NDArray[np.floating]

DEFINITION = (
    "The negative importance-weighted bound on log p(x) under the beta-VAE, in nats (Burda 2016): the higher, the more "
    "atypical. A row's p-value is the probability that a row drawn from the learned model itself scores at least as "
    "high; rows are flagged by Benjamini-Hochberg over all rows."
)


def score_rows(codes: LatentCodes, null_bounds: FloatArray, rareness: Rareness, *, fdr: float) -> RowScores:
    """Score every row.

    Parameters
    ----------
    codes
        Of the rows to be scored.
    null_bounds
        [M]; the bound of rows drawn from the model (`vaeaudit.models.drawn_bounds`).
    rareness
        Of the rows the model was trained on.
    fdr
        False-discovery rate of the flags.
    """
    score = -np.asarray(codes.iwae, np.float64)
    p_value = tail_p_values(score, -np.asarray(null_bounds, np.float64))
    return row_scores(codes, score, p_value, rareness, fdr=fdr, definition=DEFINITION)


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

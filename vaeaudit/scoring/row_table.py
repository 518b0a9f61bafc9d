"""Scores of rows, whatever the rows are: the one place that knows both tables and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.scoring.image_score import IMAGE_DEFINITION, ComplexityReference, aspects, score_images
from vaeaudit.scoring.rarity.rareness import Rareness
from vaeaudit.scoring.table_score import DEFINITION, score_rows
from vaeaudit.statistics.multiplicity import benjamini_hochberg


def scores_of(codes: LatentCodes, scoring: Mapping[str, npt.NDArray[Any]], config: AnalysisConfig) -> RowScores:
    """Score every row.

    Parameters
    ----------
    codes
        Of the rows to be scored.
    scoring
        The arrays of a run's `model/scoring.npz`.
    config
        Rate of the flags, and which kind of rarity.
    """
    rareness = Rareness.from_arrays(scoring, config)
    if codes.image_statistics is None:
        return score_rows(codes, scoring["density_null"], rareness, fdr=config.fdr)
    reference, null = ComplexityReference.from_arrays(scoring), scoring.get("null_scores")
    return score_images(codes, reference, rareness, null=null, fdr=config.fdr)


def stored_scores(rows: pd.DataFrame, codes: LatentCodes, *, fdr: float) -> RowScores:
    """Return the scores that a run's `rows.parquet` holds, with flags chosen anew at a rate.

    Parameters
    ----------
    rows
        The table.
    codes
        Of the same rows; they say which score it is.
    fdr
        False-discovery rate of the flags.
    """
    p_value = rows["outlier_p_value"].to_numpy(np.float64)
    return RowScores(
        outlier_score=rows["outlier_score"].to_numpy(np.float64),
        p_value=p_value,
        outlier=benjamini_hochberg(p_value) <= fdr,
        rarity=rows["rarity"].to_numpy(np.float64),
        weight=rows["weight"].to_numpy(np.float64),
        definition=DEFINITION if codes.image_statistics is None else IMAGE_DEFINITION,
        fdr=fdr,
    )


def aspects_of(codes: LatentCodes, scoring: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.object_] | None:
    """Say of each picture [N] what about it is most atypical; None for tables, whose cells say it.

    Parameters
    ----------
    codes, scoring
        As in `scores_of`.
    """
    if codes.image_statistics is None:
        return None
    return np.array(aspects(codes.image_statistics, ComplexityReference.from_arrays(scoring)), dtype=object)


def table_of_rows(
    row_ids: npt.NDArray[np.object_], scores: RowScores, codes: LatentCodes, row_region: npt.NDArray[np.object_]
) -> pd.DataFrame:
    """Return one row per scored row, in input order, as `rows.parquet` holds them.

    Parameters
    ----------
    row_ids, scores, codes
        Of the same N rows.
    row_region
        [N]; id of the highest-ranked under-represented region that holds the row, or None.
    """
    table = {
        "row_id": row_ids.astype(str).astype(object),
        "outlier_score": scores.outlier_score.astype(np.float64),
        "outlier_p_value": scores.p_value.astype(np.float64),
        "outlier": scores.outlier,
        "rarity": scores.rarity.astype(np.float64),
        "region": pd.array(row_region, dtype="string"),
        "weight": scores.weight.astype(np.float64),
    }
    table.update({f"z_{latent}": codes.mean[:, latent].astype(np.float64) for latent in range(codes.n_latents)})
    return pd.DataFrame(table)

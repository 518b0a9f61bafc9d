"""Scores of rows as `rows.parquet` holds them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import FloatArray
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.statistics.multiplicity import benjamini_hochberg


def stored_scores(rows: pd.DataFrame, definition: str, *, fdr: float) -> RowScores:
    """Return the scores that a run's `rows.parquet` holds, with flags chosen anew at a rate.

    Parameters
    ----------
    rows
        The table.
    definition
        What the score is, in words.
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
        definition=definition,
        fdr=fdr,
    )


def table_of_rows(
    row_ids: npt.NDArray[np.object_],
    scores: RowScores,
    codes: LatentCodes,
    row_region: npt.NDArray[np.object_],
    duplicate_of: npt.NDArray[np.object_] | None = None,
    *,
    label_suspicion: FloatArray | None = None,
    judged: npt.NDArray[np.object_] | None = None,
) -> pd.DataFrame:
    """Return one row per scored row, in input order, as `rows.parquet` holds them.

    Parameters
    ----------
    row_ids, scores, codes
        Of the same N rows.
    row_region
        [N]; id of the highest-ranked under-represented region that holds the row, or None.
    duplicate_of
        [N]; id of the row that this one copies, or None. Where None, copies were not sought, and there is no column.
    label_suspicion
        [N]; see `LabelDoubts.suspicion`. Where None, there is no label that could be judged, and no column.
    judged
        [N]; `wrong` or `sound` where readers of the run judged the same row with the same cells. Where None, nobody
        judged any, and there is no column.
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
    if duplicate_of is not None:
        table["duplicate_of"] = pd.array(duplicate_of, dtype="string")
    if label_suspicion is not None:
        table["label_suspicion"] = pd.array(label_suspicion, dtype="Float64")
    if judged is not None:
        table["judged"] = pd.array(judged, dtype="string")
    table.update({f"z_{latent}": codes.mean[:, latent].astype(np.float64) for latent in range(codes.n_latents)})
    return pd.DataFrame(table)

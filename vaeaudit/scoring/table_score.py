"""The outlier score of a table's rows, how isolated their posteriors are, and scores as `rows.parquet` holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import IsolationForest

from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import Array, FloatArray, Record
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.scoring.rarity.rareness import Rareness
from vaeaudit.statistics.calibration import bulk_nats, fold_nats, p_values_of, sample_of_scores
from vaeaudit.statistics.multiplicity import benjamini_hochberg

#: Rows that a forest is grown from, at most: each of its trees takes 256 of them.
_MOST_REFERENCE = 4096


@dataclass(frozen=True)
class PosteriorIsolation(Record):
    """A forest per fold, and the scores that its own rows have; forests are grown again from what is kept here.

    Attributes
    ----------
    reference
        Per fold: [R, P] posterior log standard deviations of some rows of the fold.
    null
        Per fold: [M] scores of rows of the fold, which need not all belong.
    trees, seed
        Of each forest.
    """

    PREFIX: ClassVar[str] = "isolation_"

    reference: Annotated[tuple[FloatArray, ...], Array("_ P")]
    null: Annotated[tuple[FloatArray, ...], Array("_")]
    trees: Annotated[int, Array("", "whole numbers", least=1)]
    seed: Annotated[int, Array("", "whole numbers", least=0)]

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.reference) != len(self.null) or not self.null:
            raise ValueError(f"one null per reference, found {len(self.null)} and {len(self.reference)}")
        if not all(len(values) for values in self.reference + self.null):
            raise ValueError("each reference and each null must hold a row")

    @property
    def n_folds(self) -> int:
        """How many folds of rows have forests of their own."""
        return len(self.null)

    def nats(self, spread: FloatArray, fold: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
        """Return -log P(a row that belongs is as isolated) [N].

        Parameters
        ----------
        spread, fold
            [N, P] and [N]; see `vaeaudit.models.table.posterior_ensemble.posterior_spread`. Need not be the
            rows of the reference.
        """
        score = np.zeros(len(spread))
        for index, reference in enumerate(self.reference):
            rows = np.flatnonzero(fold == index)
            if len(rows):
                score[rows] = _isolation(spread[rows], reference, self.trees, self.seed)
        return fold_nats(score, fold, self.null)


def fit_isolation(
    spread: FloatArray, fold: npt.NDArray[np.integer], *, trees: int, seed: int
) -> tuple[PosteriorIsolation, npt.NDArray[np.float64]]:
    """Grow a forest for each fold, keep the scores of its rows as their own null, and return `nats` [N] of all rows.

    The members of a fold never saw its rows, so the scores are those of rows that are new to them.

    Parameters
    ----------
    spread, fold
        [N, P] and [N]; every fold from 0 on holds rows.
    trees, seed
        Of each forest.
    """
    generator = np.random.default_rng(seed)
    references, nulls, score = [], [], np.zeros(len(spread))
    for index in range(int(fold.max()) + 1):
        rows = np.flatnonzero(fold == index)
        own = spread[rows]
        reference = own[np.sort(generator.permutation(len(own))[:_MOST_REFERENCE])]
        score[rows] = _isolation(own, reference, trees, seed)
        references.append(reference)
        nulls.append(sample_of_scores(score[rows], seed=seed))
    isolation = PosteriorIsolation(tuple(references), tuple(nulls), trees, seed)
    return isolation, fold_nats(score, fold, nulls)


def _isolation(spread: FloatArray, reference: FloatArray, trees: int, seed: int) -> npt.NDArray[np.float64]:
    forest = IsolationForest(n_estimators=trees, random_state=seed % 2**32).fit(reference)
    return np.asarray(-forest.score_samples(spread), np.float64)


DEFINITION = (
    "Surprise in nats: minus the log of the row's p-value, so the higher, the more atypical. Two questions are put to "
    "a row, and the clearer answer counts, with an allowance for having asked twice. How isolated is it: the "
    "posterior standard deviations that an ensemble of small beta-VAEs, none of them trained on the row, give it, in "
    "an isolation forest (Liu 2008). How improbable is it: the importance-weighted bound on log p(x) under the "
    "beta-VAE (Burda 2016), beyond what its levels are improbable by themselves, so that a rare group does not stand "
    "out for being rare. Both are compared with the bulk of all rows. Rows are flagged by Benjamini-Hochberg over all "
    "rows."
)


def density_null(codes: LatentCodes, *, seed: int) -> npt.NDArray[np.float64]:
    """Return the improbabilities [M] that others are compared with: those of the run's own rows, or a sample.

    Parameters
    ----------
    codes
        Of the run's N rows, which need not all belong.
    seed
        Of the sample.
    """
    return sample_of_scores(improbability(codes), seed=seed)


def score_rows(codes: LatentCodes, null: FloatArray, rareness: Rareness, *, fdr: float) -> RowScores:
    """Score every row of a table.

    Parameters
    ----------
    codes
        Of the rows to be scored, with `isolation_nats` and `rarity_nats`.
    null
        [M]; see `density_null`.
    rareness
        Of the rows the model was trained on.
    fdr
        False-discovery rate of the flags.
    """
    score = table_score(codes, null)
    return row_scores(codes, score, p_values_of(score), rareness, fdr=fdr, definition=DEFINITION)


def table_score(codes: LatentCodes, null: FloatArray) -> npt.NDArray[np.float64]:
    """Return the outlier score [N] of the rows of a table, in nats; see `DEFINITION`.

    Parameters
    ----------
    codes, null
        As for `score_rows`.
    """
    if codes.isolation_nats is None:
        raise ValueError("codes must have isolation_nats: these rows are no table, or nobody asked the ensemble")
    density = bulk_nats(improbability(codes), np.asarray(null, np.float64))
    return clearer_of_two(np.asarray(codes.isolation_nats, np.float64), density, n_compared=len(null))


def improbability(codes: LatentCodes) -> npt.NDArray[np.float64]:
    """Return by how many nats each row [N] of a table is less probable than its levels are by themselves.

    Minus the importance-weighted bound, less `rarity_nats`: for levels that is how much less probable they are together
    than apart, for numbers their improbability. A group that is rare, and thereby improbable, is no outlier; a rare
    level among cells that contradict it is.
    """
    if codes.rarity_nats is None:
        raise ValueError("codes must have rarity_nats: these rows are no table")
    return -np.asarray(codes.iwae, np.float64) - np.asarray(codes.rarity_nats, np.float64)


def clearer_of_two(isolation: FloatArray, density: FloatArray, *, n_compared: int) -> npt.NDArray[np.float64]:
    """Return -log of the p-value of "the smaller of two p-values is this small" [N]: `1 - (1 - min)^2` (Sidak 1967).

    Exact where the two are independent, cautious where they rise and fall together, and without ties at 1. The density
    speaks only where not even one of the rows compared with would be as improbable by chance: nearer to the bulk the
    isolation ranks rows better, on the outlier sets of the benchmark, and the density would drown it.

    Parameters
    ----------
    isolation, density
        [N]; each -log of a p-value.
    n_compared
        Rows that the density was compared with.
    """
    speaks = density > np.log(n_compared)
    nats = np.maximum(isolation, np.where(speaks, density, 0.0))
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
    table.update({f"z_{latent}": codes.mean[:, latent].astype(np.float64) for latent in range(codes.n_latents)})
    return pd.DataFrame(table)

"""The outlier score of a table's rows: five questions, one surprise each; and scores as `rows.parquet` holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import Array, FloatArray, Record
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.scoring.rarity.rareness import Rareness
from vaeaudit.statistics.calibration import bulk_nats, p_values_of
from vaeaudit.statistics.multiplicity import benjamini_hochberg

#: Numbers that all rows compared with hold together, at most, and rows.
_MOST_NUMBERS, _MOST_ROWS = 4_000_000, 20_000
#: Surprises of cells that agree to so many decimals are one: networks round differently from batch to batch.
_DECIMALS = 3

#: A single question counts for no more than this many times what it could say of the one most surprising row.
_MOST_OF_ONE = 1.5

DEFINITION = (
    "Surprise in nats, so the higher, the more atypical. Five questions are put to every row. Where does it lie among "
    "the others: in an isolation forest (Liu 2008), by its distance under a robust covariance (Rousseeuw 1999), and "
    "from the nearest of a few random rows (LeSiNN, Pang 2015). How improbable are its cells, each hidden and told "
    "from the others by a denoising network that never saw the row: all together, and the one that surprises most "
    "beside other cells of its column; a level counts by how much less probable it is there than everywhere, so that "
    "a rare group does not stand out for being rare. Each answer is minus the log of the share of rows that are as "
    "surprising; the root of the sum of their squares is compared with the bulk of all rows. Of these only the "
    "network is learned. The beta-VAE itself takes no part: it added nothing on sets that nothing was chosen on. A "
    "row is flagged where the score and at least two of the questions by themselves say so (partial conjunction, "
    "Benjamini and Heller 2008), by Benjamini-Hochberg over all rows."
)


@dataclass(frozen=True)
class Compared(Record):
    """The run's own rows, or some of them, that others are compared with; they need not all belong.

    Attributes
    ----------
    cells
        [M, C]; surprise of their cells, each column sorted.
    members
        [M, 5]; what the questions found, each sorted.
    rows
        [M]; their surprises joined, sorted.
    """

    PREFIX: ClassVar[str] = "compared_"

    cells: Annotated[FloatArray, Array("M C")]
    members: Annotated[FloatArray, Array("M Q")]
    rows: Annotated[FloatArray, Array("M", least=0)]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not len(self.rows):
            raise ValueError("rows must not be empty")

    @classmethod
    def of(cls, geometry: FloatArray, cells: FloatArray, clearest: FloatArray, *, seed: int) -> Compared:
        """Keep what the run's own rows found.

        Parameters
        ----------
        geometry
            [N, 3]; see `vaeaudit.scoring.geometry`.
        cells
            [N, C]; see `beyond_rarity`.
        clearest
            [N]; -log of the smallest p-value of the cells of each row.
        seed
            Of the rows that are kept, where there are too many.
        """
        most = int(np.clip(_MOST_NUMBERS // max(cells.shape[1], 1), 1, _MOST_ROWS))
        kept = np.sort(np.random.default_rng(seed).permutation(len(cells))[:most])
        own = np.sort(cells[kept], axis=0)
        found = _members(geometry[kept], _ranks(cells[kept], own), clearest[kept])
        members = np.sort(found, axis=0)
        return cls(own, members, np.sort(_joined(_surprises(found, members), len(members))))

    def cell_ranks(self, cells: FloatArray) -> npt.NDArray[np.float32]:
        """Return -log of the share of its column's cells that surprise as much [N, C], for surprises [N, C]."""
        return _ranks(cells, self.cells)

    def surprises(self, geometry: FloatArray, cell_ranks: FloatArray, clearest: FloatArray) -> npt.NDArray[np.float32]:
        """Return -log of the share of rows that are as surprising [N, 5], by question; beyond all rows, of their law.

        Parameters
        ----------
        geometry, cell_ranks, clearest
            [N, 3], [N, C] and [N], as in `of`.
        """
        return _surprises(_members(geometry, cell_ranks, clearest), self.members)

    def score(self, surprises: FloatArray) -> npt.NDArray[np.float64]:
        """Return the outlier score [N] of rows, in nats, for surprises [N, 5]; see `DEFINITION`."""
        return bulk_nats(_joined(surprises, len(self.members)), np.asarray(self.rows, np.float64))


def beyond_rarity(nats: FloatArray, alone: FloatArray) -> npt.NDArray[np.float32]:
    """Return by how much cells [N, C] are less probable beside the others of their row than they are by themselves.

    Parameters
    ----------
    nats
        [N, C]; -log p(cell | other cells of its row).
    alone
        [N, C]; -log of the share of a cell's code, and of its presence, in its column; 0 for plain numbers.
    """
    return np.asarray(np.round(nats - alone, _DECIMALS), np.float32)


def _members(geometry: FloatArray, cell_ranks: FloatArray, clearest: FloatArray) -> npt.NDArray[np.float32]:
    """Return what the five questions find [N, 5]: three of `geometry`, the sum of the cells' ranks, the clearest cell.

    Of ranks as many cells may be first as there are columns; which of them is how far out says their p-value.
    """
    total = cell_ranks.sum(axis=1, dtype=np.float64)
    one = np.maximum(cell_ranks.max(axis=1, initial=0.0), clearest)
    return np.asarray(np.column_stack([geometry, total, one]), np.float32)


def _ranks(values: FloatArray, ordered: FloatArray) -> npt.NDArray[np.float32]:
    """Return -log of the share of sorted values [M, K] that are no lower [N, K]; of equal ones half counts."""
    n_rows = len(ordered)
    ranks = np.empty(values.shape, np.float32)
    for place, column in enumerate(ordered.T):
        above = n_rows - np.searchsorted(column, values[:, place], side="right")
        at_least = n_rows - np.searchsorted(column, values[:, place], side="left")
        ranks[:, place] = -np.log(np.maximum(above + at_least, 1) / (2 * n_rows))
    return ranks


def _surprises(found: FloatArray, ordered: FloatArray) -> npt.NDArray[np.float32]:
    """Return the nats [N, 5] of what the questions found, beside what they found of the rows compared with, sorted."""
    ranks = _ranks(found, ordered)
    laws = [bulk_nats(own, null) for own, null in zip(found.T, ordered.T, strict=True)]
    return np.maximum(ranks, np.stack(laws, axis=1)).astype(np.float32)


def _joined(surprises: FloatArray, n_compared: int) -> npt.NDArray[np.float64]:
    """Return the root of the sum of squares [N] of surprises [N, 5], none of which drowns the others."""
    most = _MOST_OF_ONE * np.log(max(n_compared, 2))
    return np.asarray(np.sqrt(np.square(np.minimum(surprises.astype(np.float64), most)).sum(axis=1)))


def score_rows(codes: LatentCodes, compared: Compared, rareness: Rareness, *, fdr: float) -> RowScores:
    """Score every row of a table.

    Parameters
    ----------
    codes
        Of the rows to be scored, with `surprises`.
    compared
        Of the run's own rows.
    rareness
        Of the rows the model was trained on.
    fdr
        False-discovery rate of the flags.
    """
    if codes.surprises is None:
        raise ValueError("codes must have surprises: these rows are no table")
    score = compared.score(codes.surprises)
    p_value = row_p_values(score, codes.surprises)
    return row_scores(codes, score, p_value, rareness, fdr=fdr, definition=DEFINITION)


def row_p_values(score: FloatArray, surprises: FloatArray) -> npt.NDArray[np.float64]:
    """Return the p-value [N] of "the score says so, and two questions do": the larger of the two.

    That fewer than two of Q questions are right about a row is rejected at Q - 1 times the second smallest of their
    p-values, however they depend on each other (Benjamini, Heller 2008, Biometrics 64).

    Parameters
    ----------
    score, surprises
        [N] and [N, 5], in nats.
    """
    n_questions = surprises.shape[1]
    second = np.sort(surprises.astype(np.float64), axis=1)[:, -2]
    of_two = np.minimum((n_questions - 1) * p_values_of(second), 1.0)
    return np.asarray(np.maximum(p_values_of(score), of_two))


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

"""How the answers to several questions become one score, p-value and flag per row, whatever rows are of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import Array, FloatArray, Record
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.scoring.rarity.rareness import Rareness
from vaeaudit.statistics.calibration import bulk_nats, p_values_of
from vaeaudit.statistics.multiplicity import benjamini_hochberg

#: Rows compared with, at most.
MOST_ROWS = 20_000
#: A single question counts for no more than this many times what it could say of the one most surprising row.
_MOST_OF_ONE = 1.5

JOINED = (
    "Each answer is minus the log of the share of rows that are as surprising; the root of the sum of their squares is "
    "compared with the bulk of all rows."
)
FLAGGED = (
    "A row is flagged where the score and at least two of the questions by themselves say so (partial conjunction, "
    "Benjamini and Heller 2008), by Benjamini-Hochberg over all rows."
)


@dataclass(frozen=True)
class Joined(Record):
    """What Q questions found of a run's own rows, or of some of them; they need not all belong.

    Attributes
    ----------
    members
        [M, Q]; the answers, each sorted.
    rows
        [M]; their surprises joined, sorted.
    """

    PREFIX: ClassVar[str] = "joined_"

    members: Annotated[FloatArray, Array("M Q")]
    rows: Annotated[FloatArray, Array("M", least=0)]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not len(self.rows):
            raise ValueError("rows must not be empty")

    @classmethod
    def of(cls, found: FloatArray, *, seed: int) -> Joined:
        """Keep what was found of rows [N, Q], the higher the more atypical.

        Parameters
        ----------
        found
            [N, Q].
        seed
            Of the `MOST_ROWS` that are kept, where there are more.
        """
        kept = np.sort(np.random.default_rng(seed).permutation(len(found))[:MOST_ROWS])
        found = np.asarray(found[kept], np.float32)
        members = np.sort(found, axis=0)
        return cls(members, np.sort(_root_of_squares(_surprises(found, members), len(members))))

    def surprises(self, found: FloatArray) -> npt.NDArray[np.float32]:
        """Return -log of the share of rows that are as surprising [N, Q]; beyond all rows, of the law of their bulk.

        Parameters
        ----------
        found
            [N, Q]; as in `of`.
        """
        return _surprises(found, self.members)

    def score(self, surprises: FloatArray) -> npt.NDArray[np.float64]:
        """Return the outlier score [N] of rows, in nats, for surprises [N, Q]."""
        return bulk_nats(_root_of_squares(surprises, len(self.members)), np.asarray(self.rows, np.float64))

    def row_scores(self, codes: LatentCodes, rareness: Rareness, *, fdr: float, definition: str) -> RowScores:
        """Score every row.

        Parameters
        ----------
        codes
            Of the rows to be scored, with `surprises`.
        rareness
            Of the rows the model was trained on.
        fdr
            False-discovery rate of the flags, over all rows (Benjamini, Hochberg 1995).
        definition
            What the score is, for the report.
        """
        if codes.surprises is None:
            raise ValueError("codes must have surprises: no question was put to these rows")
        score = self.score(codes.surprises)
        p_value, rarity = row_p_values(score, codes.surprises), rareness.rarity(codes.mean)
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


def row_p_values(score: FloatArray, surprises: FloatArray) -> npt.NDArray[np.float64]:
    """Return the p-value [N] of "the score says so, and two questions do": the larger of the two.

    That fewer than two of Q questions are right about a row is rejected at Q - 1 times the second smallest of their
    p-values, however they depend on each other (Benjamini, Heller 2008, Biometrics 64).

    Parameters
    ----------
    score, surprises
        [N] and [N, Q], in nats.
    """
    n_questions = surprises.shape[1]
    second = np.sort(surprises.astype(np.float64), axis=1)[:, -2]
    of_two = np.minimum((n_questions - 1) * p_values_of(second), 1.0)
    return np.asarray(np.maximum(p_values_of(score), of_two))


def rank_nats(values: FloatArray, ordered: FloatArray) -> npt.NDArray[np.float32]:
    """Return -log of the share of sorted values [M, K] that are no lower [N, K]; of equal ones half counts."""
    n_rows = len(ordered)
    ranks = np.empty(values.shape, np.float32)
    for place, column in enumerate(ordered.T):
        above = n_rows - np.searchsorted(column, values[:, place], side="right")
        at_least = n_rows - np.searchsorted(column, values[:, place], side="left")
        ranks[:, place] = -np.log(np.maximum(above + at_least, 1) / (2 * n_rows))
    return ranks


def _surprises(found: FloatArray, ordered: FloatArray) -> npt.NDArray[np.float32]:
    """Return the nats [N, Q] of what the questions found, beside what they found of the rows compared with, sorted."""
    found = np.asarray(found, np.float32)
    laws = [bulk_nats(own, null) for own, null in zip(found.T, ordered.T, strict=True)]
    return np.maximum(rank_nats(found, ordered), np.stack(laws, axis=1)).astype(np.float32)


def _root_of_squares(surprises: FloatArray, n_compared: int) -> npt.NDArray[np.float64]:
    """Return the root of the sum of squares [N] of surprises [N, Q], none of which drowns the others."""
    most = _MOST_OF_ONE * np.log(max(n_compared, 2))
    return np.asarray(np.sqrt(np.square(np.minimum(surprises.astype(np.float64), most)).sum(axis=1)))

"""How isolated a row's posterior is among those of all rows: an isolation forest over posterior standard deviations.

Isolation forest: Liu, Ting, Zhou 2008. Its score is bounded and means nothing by itself; `PosteriorIsolation` turns it
into nats, -log of the share of belonging rows that would be as isolated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import IsolationForest

from vaeaudit.outputs.record import Array, FloatArray, Record
from vaeaudit.statistics.calibration import fold_nats, sample_of_scores

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
            [N, P] and [N]; see `vaeaudit.models.table.posterior_ensemble.posterior_spread`. Need not be the rows of the
            reference.
        """
        score = np.zeros(len(spread))
        for index, reference in enumerate(self.reference):
            rows = np.flatnonzero(fold == index)
            if len(rows):
                score[rows] = _isolation(_grow(reference, self.trees, self.seed), spread[rows])
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
        score[rows] = _isolation(_grow(reference, trees, seed), own)
        references.append(reference)
        nulls.append(sample_of_scores(score[rows], seed=seed))
    isolation = PosteriorIsolation(tuple(references), tuple(nulls), trees, seed)
    return isolation, fold_nats(score, fold, nulls)


def _grow(reference: FloatArray, trees: int, seed: int) -> IsolationForest:
    return IsolationForest(n_estimators=trees, random_state=seed % 2**32).fit(reference)


def _isolation(forest: IsolationForest, spread: FloatArray) -> npt.NDArray[np.float64]:
    return np.asarray(-forest.score_samples(spread), np.float64)

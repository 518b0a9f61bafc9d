"""The label as something to be predicted: its classes, or its rank where it is a number, with folds of the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from vaeaudit.data.schema.columns import Column, Kind
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.association import rank_correlation, rank_correlation_interval
from vaeaudit.statistics.cross_fit import FOLDS, macro_auc_interval, raised_by_fits, stratified_folds
from vaeaudit.statistics.measures import Interval

#: AUC is the mean over classes of the area under the ROC curve, one against the rest; the other is Spearman's.
TellMeasure = Literal["auc", "rank_correlation"]
#: Rows used at most: the interval is then narrow, and more rows would only cost time; rows times classes beyond two,
#: since each class has trees of its own.
MOST_ROWS, ROWS_AND_CLASSES = 10_000, 20_000
#: Classes at most, the largest ones, and rows of a class and of all below which nothing can be told.
MOST_CLASSES, FEWEST_OF_A_CLASS, FEWEST_ROWS = 10, 10, 50


@dataclass(frozen=True)
class Target:
    """What is predicted.

    Attributes
    ----------
    name
        Of the column.
    rows, folds
        [M]; positions in the frame of the rows that take part, and the fold of each.
    values
        [M, T]; membership of T classes, or the rank of a number between 0 and 1.
    classes
        [T]; their names, empty for a number.
    levels
        [T]; the classes as the column has them.
    """

    name: str
    rows: IntArray
    values: FloatArray
    classes: tuple[str, ...]
    folds: IntArray
    levels: tuple[object, ...] = ()

    @property
    def measure(self) -> TellMeasure:
        """How well predictions are is told by this."""
        return "auc" if self.classes else "rank_correlation"

    @property
    def guessing(self) -> float:
        """What knows nothing reaches in it."""
        return 0.5 if self.classes else 0.0

    def judge(self, scores: FloatArray, confidence: float, *, fits: int = 0) -> tuple[float, Interval]:
        """Return how well scores [M, T] tell the target, with an interval.

        DeLong's for the AUC; that of Bonett and Wright (2000, Psychometrika 65) for the rank correlation. It is
        wider, as `raised_by_fits` says, for scores of so many `fits`, each learned without a fold.
        """
        if self.classes:
            return macro_auc_interval(scores, self.values > 0, confidence, fits=fits)
        found = rank_correlation(scores[:, 0], self.values[:, 0], confidence)
        r = 0.0 if found is None else found[0]
        return r, rank_correlation_interval(r, int(len(self.rows) / raised_by_fits(fits)), confidence)


def label_as_target(
    values: pd.Series, column: Column, rng: np.random.Generator, together: IntArray | None = None
) -> Target | None:
    """Draw the rows of a label that are worth predicting; None where there are too few, or no two classes.

    Parameters
    ----------
    values, column
        [N], stored as `Dataset.frame` is, and its entry in the schema.
    rng
        Draws rows and folds.
    together
        [N]; rows of one number come into one fold, such as copies of one another. None: each row for itself.
    """
    present = np.flatnonzero(values.notna().to_numpy())
    number = (column.kind.is_numeric or column.kind is Kind.DATETIME) and values.nunique() > 2
    codes, levels = pd.factorize(values.iloc[present].astype(object), sort=True)
    if not number:
        if column.kind in (Kind.TEXT, Kind.IDENTIFIER):
            return None
        counts = np.bincount(codes, minlength=len(levels))
        kept = np.sort(np.argsort(-counts, kind="stable")[:MOST_CLASSES])
        kept = kept[counts[kept] >= FEWEST_OF_A_CLASS]
        chosen = np.isin(codes, kept)
        present, codes, levels = present[chosen], np.searchsorted(kept, codes[chosen]), levels[kept]
    if len(present) < FEWEST_ROWS or len(levels) < 2:
        return None
    most = MOST_ROWS if number else min(MOST_ROWS, ROWS_AND_CLASSES // len(levels))
    if len(present) > most:
        drawn = np.sort(rng.choice(len(present), most, replace=False))
        present, codes = present[drawn], codes[drawn]
    if number:
        rank = stats.rankdata(codes) / len(codes)
        strata: BoolArray = np.floor(FOLDS * (rank - 1e-9)).astype(np.int64)[:, None] == np.arange(FOLDS)
        wanted = rank[:, None]
    else:
        strata = codes[:, None] == np.arange(len(levels))
        strata = strata[:, strata.any(axis=0)]
        wanted, levels = strata.astype(np.float64), levels[np.unique(codes)]
    folds = stratified_folds(strata, rng, None if together is None else together[present])
    classes = () if number else tuple(str(level) for level in levels)
    return Target(column.name, present, wanted, classes, folds.astype(np.int64), () if number else tuple(levels))

"""Whether a model that learns from generated rows is as good on held-out rows as one that learned from real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from vaeaudit.analysis.generation.results import Figure
from vaeaudit.analysis.generation.tables import as_numbers
from vaeaudit.data.schema.columns import Column, Kind
from vaeaudit.outputs.record import BoolArray, FloatArray
from vaeaudit.statistics.association import rank_correlation, rank_correlation_interval
from vaeaudit.statistics.cross_fit import macro_auc_interval
from vaeaudit.statistics.intervals import normal_quantile

#: Trees and leaves of the learner, classes at most, and held-out rows of a class and of all at least.
_TREES, _LEAVES, _MOST_CLASSES, _FEWEST_OF_A_CLASS, _FEWEST = 100, 8, 10, 5, 50
#: Bins of a column that the boosted trees tell apart.
_BINS = 255


def utility(
    held_out: pd.DataFrame,
    sets: Sequence[pd.DataFrame],
    names: Sequence[str],
    label: Column,
    *,
    level: float,
    seed: int,
) -> list[Figure] | None:
    """Return how well boosted trees that learned the label from each set tell it on held-out rows.

    AUC, the mean over classes of one against the rest, with DeLong's interval; of a number the rank correlation. The
    trees that were learned are taken as they are. None where held-out rows, or a set, are too few to tell.

    Parameters
    ----------
    held_out, sets
        [H] and [M] rows each, stored as in `Dataset.frame`.
    names, label
        Columns that they share, and the label, one of them.
    level, seed
        Of intervals; of the trees.
    """
    others = [name for name in names if name != label.name]
    told = [as_numbers(frame, [label.name])[:, 0] for frame in (held_out, *sets)]
    classes = classes_of(told[0], label)
    usable = [tells(cells, classes) for cells in told]
    if not others or min(mask.sum() for mask in usable) < _FEWEST or (classes is not None and len(classes) < 2):
        return None
    rows = [as_numbers(frame, others)[mask] for frame, mask in zip((held_out, *sets), usable, strict=True)]
    wanted = [cells[mask] for cells, mask in zip(told, usable, strict=True)]
    return [
        _judged(said_of(rows[0], Examples(x, y), classes, seed), wanted[0], classes, level)
        for x, y in zip(rows[1:], wanted[1:], strict=True)
    ]


def classes_of(told: FloatArray, label: Column) -> FloatArray | None:
    """Return the most frequent values of a label, at most ten, of five cells at least; None where it is a number.

    Parameters
    ----------
    told, label
        [N], its cells as numbers, NaN where missing; the column.
    """
    values, counts = np.unique(told[~np.isnan(told)], return_counts=True)
    if (label.kind.is_numeric or label.kind is Kind.DATETIME) and len(values) > 2:
        return None
    kept = values[counts >= _FEWEST_OF_A_CLASS]
    return np.sort(kept[np.argsort(-counts[counts >= _FEWEST_OF_A_CLASS], kind="stable")][:_MOST_CLASSES])


def tells(told: FloatArray, classes: FloatArray | None) -> BoolArray:
    """Return which cells of a label [N] can be learned from: those of the classes, or of a number all that are there.

    Parameters
    ----------
    told, classes
        As in `classes_of`.
    """
    return ~np.isnan(told) if classes is None else np.isin(told, classes)


class Examples(NamedTuple):
    """What is learned from: cells [M, T], NaN where missing, those of the label [M], and weights [M] or None."""

    x: FloatArray
    y: FloatArray
    weight: FloatArray | None = None


def said_of(rows: FloatArray, examples: Examples, classes: FloatArray | None, seed: int) -> FloatArray:
    """Return what boosted trees say of rows: a probability per class [H, K], or a number [H, 1].

    It is the same of each row where the examples know one class only.

    Parameters
    ----------
    rows, examples
        [H, T], and what is learned from.
    classes, seed
        As in `classes_of`; of the trees.
    """
    how = {"max_iter": _TREES, "max_leaf_nodes": _LEAVES, "early_stopping": False, "random_state": seed}
    x, y, weight = examples
    if weight is not None:
        x, rows = _in_bins(x, rows)
    with threadpool_limits(limits=1):
        if classes is None:
            return np.asarray(HistGradientBoostingRegressor(**how).fit(x, y, weight).predict(rows))[:, None]
        said = np.zeros((len(rows), len(classes)))
        if len(np.unique(y)) > 1:
            model = HistGradientBoostingClassifier(**how).fit(x, y, weight)
            said[:, np.searchsorted(classes, model.classes_)] = model.predict_proba(rows)
    return said


def _in_bins(learned: FloatArray, asked: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return cells [M, T] and [H, T] as the bins that trees without weights would sort them into.

    Trees with weights look for weighted bins, one by one: that took four times as long as all else.
    """
    binned = [learned.copy(), asked.copy()]
    for column in range(learned.shape[1]):
        known = learned[~np.isnan(learned[:, column]), column]
        if len(np.unique(known)) > _BINS:
            edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1]))
            for cells in binned:
                places = np.searchsorted(edges, cells[:, column]).astype(np.float64)
                cells[:, column] = np.where(np.isnan(cells[:, column]), np.nan, places)
    return binned[0], binned[1]


def _judged(said: FloatArray, wanted: FloatArray, classes: FloatArray | None, level: float) -> Figure:
    if classes is not None:
        value, ci = macro_auc_interval(said, wanted[:, None] == classes, level)
    else:
        # Of a constant, which tells nothing, no rank correlation is defined.
        found = rank_correlation(said[:, 0], wanted, level)
        value, ci = found or (0.0, rank_correlation_interval(0.0, len(said), level))
    low, high = (bound if bound is not None else value for bound in ci.bounds)
    return Figure(value, ci, (high - low) / 2 / normal_quantile(level))

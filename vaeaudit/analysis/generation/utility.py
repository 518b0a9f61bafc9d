"""Whether a model that learns from generated rows is as good on held-out rows as one that learned from real ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from vaeaudit.analysis.generation.results import Figure
from vaeaudit.analysis.generation.tables import as_numbers
from vaeaudit.data.schema.columns import Column, Kind
from vaeaudit.outputs.record import FloatArray
from vaeaudit.statistics.association import rank_correlation, rank_correlation_interval
from vaeaudit.statistics.cross_fit import macro_auc_interval
from vaeaudit.statistics.intervals import normal_quantile

#: Trees and leaves of the learner, classes at most, and held-out rows of a class and of all at least.
_TREES, _LEAVES, _MOST_CLASSES, _FEWEST_OF_A_CLASS, _FEWEST = 100, 8, 10, 5, 50


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
    number = label.kind.is_numeric or label.kind is Kind.DATETIME
    told = [as_numbers(frame, [label.name])[:, 0] for frame in (held_out, *sets)]
    if number and len(np.unique(told[0])) <= 2:
        number = False
    classes = np.zeros(0)
    if not number:
        values, counts = np.unique(told[0][~np.isnan(told[0])], return_counts=True)
        kept = values[counts >= _FEWEST_OF_A_CLASS]
        classes = np.sort(kept[np.argsort(-counts[counts >= _FEWEST_OF_A_CLASS], kind="stable")][:_MOST_CLASSES])
    usable = [~np.isnan(cells) if number else np.isin(cells, classes) for cells in told]
    if not others or min(mask.sum() for mask in usable) < _FEWEST or (not number and len(classes) < 2):
        return None
    rows = [as_numbers(frame, others)[mask] for frame, mask in zip((held_out, *sets), usable, strict=True)]
    wanted = [cells[mask] for cells, mask in zip(told, usable, strict=True)]
    return [
        _judged(_said(x, y, rows[0], classes, seed), wanted[0], classes, level)
        for x, y in zip(rows[1:], wanted[1:], strict=True)
    ]


def _said(x: FloatArray, y: FloatArray, rows: FloatArray, classes: FloatArray, seed: int) -> FloatArray:
    """Return what is said of rows [H, T]; the same of each row where the set knows one class only."""
    how = {"max_iter": _TREES, "max_leaf_nodes": _LEAVES, "early_stopping": False, "random_state": seed}
    with threadpool_limits(limits=1):
        if not len(classes):
            return np.asarray(HistGradientBoostingRegressor(**how).fit(x, y).predict(rows))[:, None]
        said = np.zeros((len(rows), len(classes)))
        if len(np.unique(y)) > 1:
            model = HistGradientBoostingClassifier(**how).fit(x, y)
            said[:, np.searchsorted(classes, model.classes_)] = model.predict_proba(rows)
    return said


def _judged(said: FloatArray, wanted: FloatArray, classes: FloatArray, level: float) -> Figure:
    if len(classes):
        value, ci = macro_auc_interval(said, wanted[:, None] == classes, level)
    else:
        # Of a constant, which tells nothing, no rank correlation is defined.
        found = rank_correlation(said[:, 0], wanted, level)
        value, ci = found or (0.0, rank_correlation_interval(0.0, len(said), level))
    low, high = (bound if bound is not None else value for bound in ci.bounds)
    return Figure(value, ci, (high - low) / 2 / normal_quantile(level))

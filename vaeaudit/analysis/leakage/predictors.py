"""What tells the label, out of fold: all columns together, each alone, and what share each has in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from vaeaudit.analysis.grouping.groups import Grouping
from vaeaudit.analysis.leakage.alone import Alone, columns_alone
from vaeaudit.analysis.leakage.leaks import Leak, find_leaks
from vaeaudit.analysis.leakage.target import ROWS_AND_CLASSES, Target, TellMeasure, label_as_target
from vaeaudit.data.schema.columns import Schema
from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.statistics.cross_fit import FOLDS, out_of_fold_means
from vaeaudit.statistics.measures import Count, Interval, Share

#: Trees of four leaves, and how many of them over all classes: on eight real tables no larger trees told more, and the
#: AUC lay above that of ridge regression on bins.
LEAVES, TREES, LEAST_TREES = 4, 60, 12
#: Bins of a column in the trees.
_BINS = 63
#: Columns whose share is measured, by what they tell alone, and those that are kept.
MOST_MEASURED, LISTED = 15, 10


@dataclass(frozen=True)
class Predictor:
    """A column that tells the label.

    Attributes
    ----------
    column
        Its name.
    score, presence
        What it tells alone, and what no more than whether its cell is there tells; None where all are.
    share
        Of what all columns tell together: by how much less that is where the column's cells are shuffled.
    """

    column: str
    score: float
    presence: float | None
    share: Share


@dataclass(frozen=True)
class Together:
    """How well all columns together tell the label, out of fold, by gradient boosting.

    Attributes
    ----------
    measure
        `auc`, the mean over classes of one against the rest; `rank_correlation` for a number.
    score, ci
        In it.
    rows, columns
        Rows that were drawn for it, and columns that took part.
    classes
        Values of the label that were told apart; 0 for a number.
    best_alone, best_score
        The column of these that tells most by itself, and what it reaches.
    without
        Columns that are the label, or part of it, in other words: they took no part, or nothing else would show.
    """

    measure: TellMeasure
    score: float
    ci: Interval
    rows: Count
    columns: Count
    classes: Count
    best_alone: str
    best_score: float
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelTold:
    """What all columns tell of the label, the first by their share, those that tell too much, and each `alone`."""

    together: Together
    predictors: tuple[Predictor, ...]
    leaks: tuple[Leak, ...]
    alone: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Telling:
    """What a label may be told from.

    Attributes
    ----------
    target
        The label, and the rows that were drawn for it.
    columns
        Those that take part, the one that tells most by itself first; none where all are the label in other words.
    away
        Those that are, and take no part, or nothing else would show.
    leaks
        All that tell too much.
    """

    target: Target
    columns: tuple[Alone, ...]
    away: tuple[Alone, ...]
    leaks: tuple[Leak, ...]


def what_tells(
    frame: pd.DataFrame, schema: Schema, confidence: float, rng: np.random.Generator, together: IntArray | None = None
) -> Telling | None:
    """Judge each column by itself; None without a label, with too few rows, or where no column can tell.

    Parameters
    ----------
    frame, schema, confidence, together
        As for `tell_label`.
    rng
        Draws rows and folds.
    """
    if schema.label is None:
        return None
    target = label_as_target(frame[schema.label.name], schema.label, rng, together)
    columns = [] if target is None else columns_alone(frame, schema, target)
    if target is None or not columns:
        return None
    columns.sort(key=lambda column: -column.score)
    leaks = find_leaks(frame, columns, target, confidence)
    told = {name for leak in leaks if leak.grade != "strong" for name in (leak.column, *leak.alike)}
    others, away = (tuple(each for each in columns if (each.grouping.column in told) is out) for out in (False, True))
    return Telling(target, others, away, leaks)


def tell_label(
    frame: pd.DataFrame, schema: Schema, confidence: float, seed: int, together: IntArray | None = None
) -> LabelTold | None:
    """Measure what tells the label; None without one, with too few rows, or where no column can tell.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their columns.
    confidence, seed
        Of intervals; of the rows that are drawn, the folds and the shuffles.
    together
        [N]; rows of one number, such as copies or rows of one person, are never on both sides of a fold.
    """
    rng = np.random.default_rng(seed)
    telling = what_tells(frame, schema, confidence, rng, together)
    if telling is None:
        return None
    target, leaks = telling.target, telling.leaks
    columns, left_out = (telling.columns, telling.away) if telling.columns else (telling.away, ())
    scores, without = _together(frame, columns, target, seed, rng)
    score, ci = target.judge(scores, confidence, fits=FOLDS)
    lost = np.array([max(score - target.judge(shuffled, confidence)[0], 0.0) for shuffled in without])
    shares = lost / lost.sum() if lost.sum() > 0 else lost
    ranked = sorted(zip(columns, shares, strict=False), key=lambda each: (-each[1], -each[0].score))
    told = Together(
        measure=target.measure,
        score=score,
        ci=ci,
        rows=len(target.rows),
        columns=len(columns),
        classes=len(target.classes),
        best_alone=columns[0].grouping.column,
        best_score=columns[0].score,
        without=tuple(column.grouping.column for column in left_out),
    )
    predictors = tuple(
        Predictor(
            column.grouping.column,
            column.score,
            None if column.presence is None else column.presence.score,
            float(share),
        )
        for column, share in ranked[:LISTED]
    )
    alone = sorted((*telling.columns, *telling.away), key=lambda column: -column.score)
    return LabelTold(told, predictors, leaks, {column.grouping.column: column.score for column in alone})


def _together(
    frame: pd.DataFrame, columns: Sequence[Alone], target: Target, seed: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return scores [M, T] out of fold, and the same where one of the first columns at a time is shuffled [K, M, T]."""
    measured = min(len(columns), MOST_MEASURED)
    scores = np.empty_like(target.values)
    without = np.empty((measured, *scores.shape))
    wanted = target.values.argmax(axis=1) if target.classes else target.values[:, 0]
    with threadpool_limits(limits=1):  # threads that wait for a busy core cost more than they bring
        for fold in np.unique(target.folds):
            train, test = np.flatnonzero(target.folds != fold), np.flatnonzero(target.folds == fold)
            features, owners = features_of(frame, columns, target, int(fold))
            model = learner(target, seed).fit(features[train], wanted[train])
            variants = np.repeat(features[test][None], measured + 1, axis=0)
            for place in range(measured):
                own = owners == place
                variants[place][:, own] = features[rng.permutation(test)][:, own]
            said = said_by(model, variants.reshape(-1, len(owners)), target)  # one call: each has a cost of its own
            *without[:, test], scores[test] = said.reshape(measured + 1, len(test), -1)
    return scores, without


def boosted_scores(frame: pd.DataFrame, columns: Sequence[Alone], target: Target, seed: int) -> FloatArray:
    """Return what boosting on all columns says of each row out of fold, [M, T]; as for `features_of`.

    Each class has trees of its own: of many classes, fewer rows are learned from (`ROWS_AND_CLASSES`).
    """
    rng, most = np.random.default_rng(seed), ROWS_AND_CLASSES // max(len(target.classes), 1)
    scores = np.empty(target.values.shape)
    wanted = target.values.argmax(axis=1) if target.classes else target.values[:, 0]
    with threadpool_limits(limits=1):  # as above
        for fold in np.unique(target.folds):
            train, test = np.flatnonzero(target.folds != fold), np.flatnonzero(target.folds == fold)
            train = train if len(train) <= most else np.sort(rng.choice(train, most, replace=False))
            features, _ = features_of(frame, columns, target, int(fold))
            scores[test] = said_by(learner(target, seed).fit(features[train], wanted[train]), features[test], target)
    return scores


def learner(target: Target, seed: int) -> HistGradientBoostingClassifier | HistGradientBoostingRegressor:
    """Return the boosting that is to learn a target: trees too small to learn much by heart."""
    kind = HistGradientBoostingClassifier if target.classes else HistGradientBoostingRegressor
    trees = TREES if len(target.classes) <= 2 else max(2 * TREES // len(target.classes), LEAST_TREES)
    return kind(max_iter=trees, max_leaf_nodes=LEAVES, max_bins=_BINS, early_stopping=False, random_state=seed)


def said_by(
    model: HistGradientBoostingClassifier | HistGradientBoostingRegressor, features: FloatArray, target: Target
) -> FloatArray:
    """Return what a learner says of rows [M, T], in the order of the target's classes; 0 for one it never met."""
    if not target.classes:
        return np.asarray(model.predict(features))[:, None]
    said = np.zeros((len(features), len(target.classes)))
    said[:, model.classes_] = model.predict_proba(features)
    return said


def features_of(
    frame: pd.DataFrame, columns: Sequence[Alone], target: Target, fold: int, rows: IntArray | None = None
) -> tuple[FloatArray, IntArray]:
    """Return features [M, F] for a model that does not know a fold, and the column of each, [F].

    Numbers and dates are themselves. A level is what the label is in it, outside the fold and, for the rows that the
    model learns from, outside their own (Micci-Barreca 2001).

    Parameters
    ----------
    frame, columns, target, fold
        [N, C]; what takes part; what is told; the number of the fold.
    rows
        Positions in the frame of [M] rows that the model does not learn from; those of the target where None.
    """
    features, owners = [], []
    for place, column in enumerate(columns):
        values = frame[column.grouping.column].iloc[target.rows if rows is None else rows]
        if values.dtype.kind == "f":
            found = values.to_numpy()[:, None]
        elif values.dtype.kind == "M":
            found = values.astype("int64").where(values.notna()).to_numpy(dtype=np.float64)[:, None]
        else:
            found = _label_in_levels(column.grouping, target, fold, rows)
        features.append(found)
        owners += [place] * found.shape[1]
    return np.concatenate(features, axis=1), np.array(owners)


def _label_in_levels(grouping: Grouping, target: Target, fold: int, rows: IntArray | None) -> FloatArray:
    codes, wanted = grouping.codes[target.rows], target.values[:, : max(len(target.classes) - 1, 1)]
    learned = target.folds != fold
    outside, _ = out_of_fold_means(codes, len(grouping), wanted, target.folds)
    found: FloatArray = outside[fold, codes if rows is None else grouping.codes[rows]]
    if rows is not None:
        return found
    within, _ = out_of_fold_means(codes[learned], len(grouping), wanted[learned], target.folds[learned])
    found[learned] = within[target.folds[learned], codes[learned]]
    return found

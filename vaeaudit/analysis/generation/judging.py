"""All measures of generated rows, beside those of a tree per column and of rows of the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from vaeaudit.analysis.generation.closeness import FEWEST, closeness
from vaeaudit.analysis.generation.level_pairs import LevelPairs
from vaeaudit.analysis.generation.likeness import MOST_COLUMNS, associations, marginals, pairs_of, told_apart
from vaeaudit.analysis.generation.results import (
    Beside,
    Better,
    Closeness,
    ColumnOff,
    Figure,
    MeasureName,
    PairOff,
    Quality,
)
from vaeaudit.analysis.generation.tables import as_numbers
from vaeaudit.analysis.generation.trees import rows_of_trees
from vaeaudit.analysis.generation.utility import utility
from vaeaudit.data.schema.columns import Schema
from vaeaudit.outputs.record import FloatArray
from vaeaudit.statistics.intervals import normal_quantile

#: Rows compared at most: intervals are then narrow enough, and a whole judgement takes seconds.
MOST_ROWS = 2_000
#: Columns and pairs that are named.
_NAMED = 8


@dataclass(frozen=True)
class Rows:
    """Rows that are compared: their columns, and the features [N, F] that distances are taken in."""

    frame: pd.DataFrame
    features: FloatArray

    def some(self, most: int, rng: np.random.Generator) -> Rows:
        """Return at most so many, drawn at random."""
        if len(self.frame) <= most:
            return self
        rows = np.sort(rng.choice(len(self.frame), most, replace=False))
        return Rows(self.frame.iloc[rows].reset_index(drop=True), self.features[rows])


@dataclass(frozen=True)
class Data:
    """What generated rows are judged by.

    Attributes
    ----------
    trained, held_out
        Rows that the model learned from, and rows that it did not.
    schema, names
        The columns, and those of them that are compared.
    space, features
        As in `Quality`; what brings a frame of these columns to features, None where that takes a model.
    """

    trained: Rows
    held_out: Rows
    schema: Schema
    names: tuple[str, ...]
    space: Literal["columns", "latents"]
    features: Callable[[pd.DataFrame], FloatArray] | None = None


def judge(data: Data, generated: Rows, level: float, seed: int) -> Quality | None:
    """Judge rows of a model that nothing was asked of; None where too few rows were held out to tell.

    Parameters
    ----------
    data
        What they are compared with.
    generated
        The rows, at most `MOST_ROWS`.
    level, seed
        Confidence of intervals; of the trees, folds and resamples.
    """
    rng = np.random.default_rng(seed)
    held_out = data.held_out.some(MOST_ROWS, rng)
    near = closeness(generated.features, data.trained.features, held_out.features, level, rng)
    if near is None:
        return None
    trained = data.trained.some(len(generated.frame), rng)
    made, near_trees = None, None
    if data.features is not None:
        frame = rows_of_trees(data.trained.frame, data.names, len(generated.frame), rng)
        made = Rows(frame, data.features(frame))
        near_trees = closeness(made.features, data.trained.features, held_out.features, level, rng)
    sets = [generated, trained, *([] if made is None else [made])]
    is_level = np.array([data.schema[name].kind.is_levelled for name in data.names], bool)
    measures = [_told_apart(data, held_out, sets, level, seed)]
    numbers = [as_numbers(rows.frame, data.names) for rows in (held_out, *sets)]
    worst_columns: tuple[ColumnOff, ...] = ()
    worst_pairs: tuple[PairOff, ...] = ()
    if data.names:
        found = marginals(numbers[0], numbers[1:], is_level, level, rng)
        measures.append(_beside("marginals", [figure for figure, _ in found]))
        worst_columns = _worst_columns(data.names, found[0][1], found[1][1])
    if len(data.names) > 1:
        few = min(len(data.names), MOST_COLUMNS)
        tied, pairs = associations([table[:, :few] for table in numbers], is_level[:few], level, rng)
        measures.append(_beside("associations", [figure for figure, _ in pairs]))
        worst_pairs = _worst_pairs(data.names[:few], tied[0], tied[1], pairs[0][1])
    label = data.schema.label
    if label is not None and label.name in data.names:
        told = utility(held_out.frame, [rows.frame for rows in sets], data.names, label, level=level, seed=seed)
        measures += [] if told is None else [_beside("utility", told)]
    return Quality(
        rows=len(generated.frame),
        held_out=len(held_out.frame),
        level=level,
        space=data.space,
        measures=tuple(measures),
        worst_columns=worst_columns,
        worst_pairs=worst_pairs,
        closeness=near,
        closeness_of_trees=near_trees,
        unseen_pairs=LevelPairs(data.trained.frame, data.schema, data.names).judge(
            generated.frame, data.held_out.frame, None if made is None else made.frame, level
        ),
    )


def _told_apart(data: Data, held_out: Rows, sets: Sequence[Rows], level: float, seed: int) -> Beside:
    def cells(rows: Rows) -> FloatArray:
        return rows.features if data.features is None else as_numbers(rows.frame, data.names)

    return _beside("told_apart", [told_apart(cells(held_out), cells(rows), level, seed) for rows in sets])


def _beside(name: MeasureName, found: Sequence[Figure]) -> Beside:
    """Set the figures of the model, of real rows and, where there is one, of the trees side by side."""
    model, real, *trees = found
    return Beside(name, model, trees[0] if trees else None, real, _better(name, model, trees[0]) if trees else None)


def _better(name: MeasureName, model: Figure, trees: Figure) -> Better:
    apart = np.hypot(model.stderr, trees.stderr) * normal_quantile(model.ci.level)
    gap = _badness(name, model) - _badness(name, trees)
    if abs(gap) <= apart:
        return "too close to tell"
    return "trees" if gap > 0 else "model"


def _badness(name: MeasureName, figure: Figure) -> float:
    if name == "told_apart":
        return max(figure.value, 0.5)
    return -figure.value if name == "utility" else figure.value


def _worst_columns(names: Sequence[str], off: FloatArray, real: FloatArray) -> tuple[ColumnOff, ...]:
    order = np.argsort(-off, kind="stable")[:_NAMED]
    return tuple(ColumnOff(names[place], float(off[place]), float(real[place])) for place in order)


def _worst_pairs(names: Sequence[str], held: FloatArray, made: FloatArray, off: FloatArray) -> tuple[PairOff, ...]:
    first, second = pairs_of(len(names))
    order = np.argsort(-off, kind="stable")[:_NAMED]
    return tuple(
        PairOff((names[first[place]], names[second[place]]), float(made[place]), float(held[place])) for place in order
    )


def unseen_pairs(data: Data, frame: pd.DataFrame, level: float) -> Figure | None:
    """Return the share of written rows with a pair of levels that no trained row has; None without two such columns.

    Parameters
    ----------
    data, frame
        What they are compared with, and the rows [M].
    level
        Of the interval.
    """
    pairs = LevelPairs(data.trained.frame, data.schema, data.names)
    return pairs.share(frame, level) if len(pairs.names) > 1 else None


def close_rows(data: Data, features: FloatArray, level: float, seed: int) -> Closeness | None:
    """Say how near written rows lie to those of the data; None where they are too few.

    Parameters
    ----------
    data, features
        What they are compared with, and their features [M, F].
    level, seed
        Of intervals; of the rows where there are too many.
    """
    if len(features) < FEWEST:
        return None
    rng = np.random.default_rng(seed)
    return closeness(features, data.trained.features, data.held_out.features, level, rng)

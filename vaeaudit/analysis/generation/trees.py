"""A decision tree per column, one after another: the baseline that generative networks have to beat.

Each column is drawn from the leaf that the columns before it lead to (Reiter 2005, J. Off. Stat. 21; Nowok, Raab and
Dibben 2016, J. Stat. Softw. 74).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from vaeaudit.analysis.generation.tables import as_numbers
from vaeaudit.outputs.record import FloatArray, IntArray

#: Rows of a leaf at least, as in synthpop.
_LEAF = 5
#: Levels of which all are told apart as classes; of more the code is told as a number.
_MOST_CLASSES = 50


def rows_of_trees(frame: pd.DataFrame, names: Sequence[str], n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw n rows, column by column.

    Parameters
    ----------
    frame, names
        [N] rows to learn from, stored as in `Dataset.frame`, N >= 1, and the columns, in the order in which they are
        drawn.
    n, rng
        How many; of the draws.
    """
    first = rng.integers(len(frame), size=n)
    return ColumnTrees(frame, names, 1, rng).draw(first, rng)


class ColumnTrees:
    """A tree for each column but the first ones, which are taken together from a row of the data.

    Parameters
    ----------
    frame, names
        As for `rows_of_trees`.
    n_first, rng
        How many columns are taken together; of the trees.
    """

    def __init__(self, frame: pd.DataFrame, names: Sequence[str], n_first: int, rng: np.random.Generator) -> None:
        self._frame, self._names, self._n_first = frame, tuple(names), n_first
        self._numbers = as_numbers(frame, names)
        self._leaves = [
            _fit(self._numbers[:, :place], self._numbers[:, place], frame[names[place]], int(rng.integers(2**31)))
            for place in range(n_first, len(names))
        ]

    def draw(self, first: IntArray, rng: np.random.Generator) -> pd.DataFrame:
        """Return a row for each of the rows of the data [n] that its first columns are taken from."""
        drawn = np.empty((len(first), len(self._names)))
        taken: dict[str, pd.Series] = {}
        for place, name in enumerate(self._names):
            rows = first
            if place >= self._n_first:
                rows = self._leaves[place - self._n_first].donors(drawn[:, :place], rng)
            drawn[:, place] = self._numbers[rows, place]
            taken[name] = self._frame[name].iloc[rows].reset_index(drop=True)
        return pd.DataFrame(taken)


@dataclass(frozen=True)
class _Leaves:
    """A tree, the rows of the data [N] in the order of the leaves that they fall into, and these leaves, sorted."""

    tree: DecisionTreeClassifier | DecisionTreeRegressor
    rows: IntArray
    of_rows: IntArray

    def donors(self, known: FloatArray, rng: np.random.Generator) -> IntArray:
        """Return for each new row a row of the data [n] whose leaf it falls into."""
        leaf = self.tree.apply(known.astype(np.float32))
        start = np.searchsorted(self.of_rows, leaf, side="left")
        stop = np.searchsorted(self.of_rows, leaf, side="right")
        found: npt.NDArray[np.int64] = self.rows[start + (rng.random(len(leaf)) * (stop - start)).astype(np.int64)]
        return found


def _fit(known: FloatArray, told: FloatArray, values: pd.Series, seed: int) -> _Leaves:
    missing = np.isnan(told)
    levelled = isinstance(values.dtype, pd.CategoricalDtype) and len(np.unique(told[~missing])) <= _MOST_CLASSES
    if levelled:
        tree = DecisionTreeClassifier(min_samples_leaf=_LEAF, random_state=seed).fit(known, np.nan_to_num(told, nan=-1))
    else:
        middle = float(np.median(told[~missing])) if not missing.all() else 0.0
        spread = float(np.std(told[~missing])) if not missing.all() else 1.0
        filled = (np.where(missing, middle, told) - middle) / (spread or 1.0)
        wanted = np.column_stack([filled, missing]) if missing.any() else filled
        tree = DecisionTreeRegressor(min_samples_leaf=_LEAF, random_state=seed).fit(known, wanted)
    leaf = tree.apply(known.astype(np.float32))
    order = np.argsort(leaf, kind="stable")
    return _Leaves(tree, order, leaf[order])

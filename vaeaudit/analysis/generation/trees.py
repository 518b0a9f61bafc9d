"""A decision tree per column, one after another: the baseline that generative networks have to beat.

Each column is drawn from the leaf that the columns before it lead to (Reiter 2005, J. Off. Stat. 21; Nowok, Raab and
Dibben 2016, J. Stat. Softw. 74).
"""

from __future__ import annotations

from collections.abc import Sequence

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
    numbers = as_numbers(frame, names)
    drawn = np.empty((n, len(names)))
    taken: dict[str, pd.Series] = {}
    for place, name in enumerate(names):
        rows = _donors(numbers[:, :place], numbers[:, place], frame[name], drawn[:, :place], rng)
        drawn[:, place] = numbers[rows, place]
        taken[name] = frame[name].iloc[rows].reset_index(drop=True)
    return pd.DataFrame(taken)


def _donors(
    known: FloatArray, told: FloatArray, values: pd.Series, given: FloatArray, rng: np.random.Generator
) -> IntArray:
    """Return for each new row a row of the data [n] whose leaf it falls into."""
    if not known.shape[1]:
        return rng.integers(len(told), size=len(given))
    seed = int(rng.integers(2**31))
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
    of_data, of_new = tree.apply(known.astype(np.float32)), tree.apply(given.astype(np.float32))
    order = np.argsort(of_data, kind="stable")
    start = np.searchsorted(of_data[order], of_new, side="left")
    stop = np.searchsorted(of_data[order], of_new, side="right")
    found: npt.NDArray[np.int64] = order[start + (rng.random(len(of_new)) * (stop - start)).astype(np.int64)]
    return found

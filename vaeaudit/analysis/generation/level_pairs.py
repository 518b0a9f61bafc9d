"""Pairs of levels that generated rows have and the data never has: what a model that blurs makes up first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from vaeaudit.analysis.generation.results import Figure, UnseenPairs
from vaeaudit.analysis.generation.tables import as_numbers
from vaeaudit.data.schema.columns import Schema
from vaeaudit.outputs.record import BoolArray, IntArray
from vaeaudit.statistics.intervals import share_interval

#: Levelled columns whose pairs are looked at, the first of the table.
_MOST_COLUMNS = 30


class LevelPairs:
    """The pairs of levels of rows that a model was trained on; a missing cell counts as a level.

    Parameters
    ----------
    frame, schema, names
        [N] rows, stored as in `Dataset.frame`, their columns, and the names of those that are compared.
    """

    def __init__(self, frame: pd.DataFrame, schema: Schema, names: Sequence[str]) -> None:
        self.names = tuple(name for name in names if schema[name].kind.is_levelled)[:_MOST_COLUMNS]
        self._size = 2 + max((len(frame[name].cat.categories) for name in self.names), default=0)
        codes = self._codes(frame)
        self._seen = {pair: np.unique(self._together(codes, pair)) for pair in combinations(range(len(self.names)), 2)}

    def unseen(self, frame: pd.DataFrame) -> tuple[BoolArray, tuple[str, str] | None]:
        """Return which rows [M] have a pair that no trained row has, and the columns of which most have."""
        codes = self._codes(frame)
        found, most, worst = np.zeros(len(frame), bool), 0, None
        for pair, seen in self._seen.items():
            new = ~np.isin(self._together(codes, pair), seen)
            found |= new
            if new.sum() > most:
                most, worst = int(new.sum()), (self.names[pair[0]], self.names[pair[1]])
        return found, worst

    def share(self, frame: pd.DataFrame, level: float) -> Figure:
        """Return the share of rows [M] with such a pair, and its interval."""
        return _share(self.unseen(frame)[0], level)

    def judge(
        self, generated: pd.DataFrame, held_out: pd.DataFrame, trees: pd.DataFrame | None, level: float
    ) -> UnseenPairs | None:
        """Return the shares of three sorts of rows beside each other; None where there are no two levelled columns."""
        if not self._seen:
            return None
        of_model, most_often = self.unseen(generated)
        return UnseenPairs(
            columns=len(self.names),
            model=_share(of_model, level),
            trees=None if trees is None else self.share(trees, level),
            held_out=self.share(held_out, level),
            most_often=most_often,
        )

    def _codes(self, frame: pd.DataFrame) -> IntArray:
        return np.nan_to_num(as_numbers(frame, self.names), nan=-1).astype(np.int64) + 1

    def _together(self, codes: IntArray, pair: tuple[int, int]) -> IntArray:
        return np.asarray(codes[:, pair[0]] * self._size + codes[:, pair[1]])


def _share(found: BoolArray, level: float) -> Figure:
    n_rows = int(found.sum())
    return Figure.within(n_rows / max(len(found), 1), share_interval(n_rows, len(found), level))

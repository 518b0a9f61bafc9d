"""How the label is spread: a class with next to no rows can be neither learned nor tested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from vaeaudit.data.tables.cells import value_text
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.statistics.measures import Count, Interval, Share

#: A label without levels is one of classes if it has at most so many values.
MOST_CLASSES = 10


@dataclass(frozen=True)
class LabelBalance:
    """Rows per value of the label, of the rows that have one.

    Attributes
    ----------
    n
        Rows with a label.
    counts
        Value -> rows, the most frequent first; of a column with declared levels, also those without a row.
    largest_share
        Of the most frequent value: what is right in so many cases who always says it.
    smallest_share, ci
        Of the rarest value, with its interval.
    """

    n: Count
    counts: Mapping[str, Count]
    largest_share: Share
    smallest_share: Share
    ci: Interval

    @property
    def rarest(self) -> str:
        """The value with the fewest rows."""
        return list(self.counts)[-1]


def label_balance(values: pd.Series, confidence: float) -> LabelBalance | None:
    """Count the values of a label; None where no row has one.

    Parameters
    ----------
    values
        [N]; stored as `Dataset.frame` is.
    confidence
        Of the interval.
    """
    counts = values.value_counts(dropna=True)
    n = int(counts.sum())
    if n == 0:
        return None
    by_value = {value_text(value): int(count) for value, count in counts.items()}
    smallest = int(counts.iloc[-1])
    return LabelBalance(n, by_value, int(counts.iloc[0]) / n, smallest / n, share_interval(smallest, n, confidence))

"""Levels that a person would read as one: equal but for case, Unicode form or the kind and number of spaces."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vaeaudit.data.schema.columns import Column, Schema
from vaeaudit.statistics.measures import Count


@dataclass(frozen=True)
class LevelVariants:
    """Spellings of one level of a column, most frequent first, and the rows that hold each."""

    column: str
    rows_of: Mapping[str, Count]

    @property
    def spellings(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self.rows_of)

    @property
    def fewer(self) -> int:
        """Rows that hold another spelling than the most frequent one."""
        return sum(self.rows_of.values()) - max(self.rows_of.values())


def find_variants(frame: pd.DataFrame, schema: Schema) -> tuple[LevelVariants, ...]:
    """Find spellings of one level, in every column of levels; those with most rows first.

    Parameters
    ----------
    frame, schema
        [N, C] rows, stored as `Dataset.frame` is, and their columns.
    """
    found = [
        variants for column in schema if column.kind.is_levelled for variants in _of_column(frame[column.name], column)
    ]
    return tuple(sorted(found, key=lambda variants: (-variants.fewer, variants.column)))


def _of_column(values: pd.Series, column: Column) -> list[LevelVariants]:
    by_reading: dict[str, list[int]] = {}
    for place, level in enumerate(column.levels):
        by_reading.setdefault(as_read(level), []).append(place)
    alike = [places for places in by_reading.values() if len(places) > 1]
    if not alike:
        return []
    codes = values.cat.codes.to_numpy()
    counts = np.bincount(codes[codes >= 0], minlength=len(column.levels))
    ordered = (
        sorted((place for place in places if counts[place]), key=lambda place: -counts[place]) for places in alike
    )
    return [
        LevelVariants(column.name, {column.levels[place]: int(counts[place]) for place in places})
        for places in ordered
        if len(places) > 1
    ]


def as_read(level: str) -> str:
    r"""Bring a level to the form in which a person reads it.

    Examples
    --------
    >>> as_read("New\u00a0 York") == as_read("new york")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", level).casefold().split())

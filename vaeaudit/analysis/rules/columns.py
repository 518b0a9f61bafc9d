"""The columns of a table as codes, made once for all rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from vaeaudit.data.schema.columns import Column, Kind, Schema
from vaeaudit.statistics.dependence import grain
from vaeaudit.statistics.intervals import FloatArray, IntArray, Mask
from vaeaudit.wording.rules import bound_text

#: Fewest rows of a rule with exceptions, and of one without.
FEWEST, FEWEST_EXACT = 200, 100
#: Rows on which rules are sought first.
SAMPLE = 2_000
#: Share of rows that may break a rule.
MOST_BROKEN = 0.01
#: The same of columns whose names have nothing to do with each other: some 1 % are what correlation alone leaves.
MOST_BROKEN_UNRELATED = 0.005
_DAY = np.timedelta64(1, "D") / np.timedelta64(1, "ns")


@dataclass(frozen=True, eq=False)
class CodedColumn:
    """One column as codes.

    Attributes
    ----------
    name, kind
        As in the schema.
    codes
        [N]; the place of each cell's value among `levels`, -1 where it is missing. Ranks where the column is ordered.
    levels
        The distinct values that occur.
    values
        The levels as numbers, dates in days; None where they are none. An ordinal may be ordered without.
    """

    name: str
    kind: Kind
    codes: IntArray
    levels: Sequence[Any]
    values: FloatArray | None

    @property
    def is_date(self) -> bool:
        """Whether values are moments."""
        return self.kind is Kind.DATETIME

    @property
    def is_ordered(self) -> bool:
        """Whether codes are ranks."""
        return self.values is not None or self.kind is Kind.ORDINAL

    @cached_property
    def present(self) -> Mask:
        """[N]; where there is a value."""
        return self.codes >= 0

    @cached_property
    def numbers(self) -> FloatArray:
        """[N]; the cells as numbers, NaN where they are missing."""
        if self.values is None:
            raise ValueError(f"column {self.name!r} has no numbers")
        return np.where(self.present, self.values[self.codes], np.nan)

    @cached_property
    def counts(self) -> IntArray:
        """Rows of each level."""
        return np.bincount(self.codes[self.present], minlength=len(self.levels))

    @cached_property
    def grain(self) -> float:
        """What its numbers are printed to; see `vaeaudit.statistics.dependence.grain`."""
        return 1.0 if self.values is None else grain(self.values)

    def text(self, level: int) -> str:
        """Write a level as people read it."""
        value = self.levels[level]
        if self.is_date:
            return str(pd.Timestamp(value)).removesuffix(" 00:00:00")
        return bound_text(float(value)) if self.kind.is_numeric else str(value)


def code_columns(frame: pd.DataFrame, schema: Schema) -> tuple[CodedColumn, ...]:
    """Factorise every column that has two values or more.

    Parameters
    ----------
    frame, schema
        As in `Dataset`.
    """
    coded = (_coded(frame[column.name], column) for column in schema if column.kind is not Kind.CONSTANT)
    return tuple(column for column in coded if len(column.levels) > 1)


def _coded(cells: pd.Series, column: Column) -> CodedColumn:
    if column.kind.is_levelled:
        return _of_levels(np.asarray(cells.cat.codes, dtype=np.int64), column)
    if column.kind.is_numeric or column.kind is Kind.DATETIME:
        codes, levels = pd.factorize(cells, sort=True)
        held = np.asarray(levels)
        values = (
            held.astype(np.float64) if column.kind.is_numeric else held.astype("datetime64[ns]").astype(float) / _DAY
        )
        return CodedColumn(column.name, column.kind, codes.astype(np.int64), list(held), values)
    codes, levels = pd.factorize(cells)
    return CodedColumn(column.name, column.kind, codes.astype(np.int64), list(levels), None)


def _of_levels(codes: IntArray, column: Column) -> CodedColumn:
    """Keep the levels that occur; those that are all numbers are put in order."""
    occur = np.unique(codes[codes >= 0])
    texts = [column.levels[level] for level in occur]
    values = _numbers(texts)
    order = (
        np.arange(occur.size) if values is None or column.kind is Kind.ORDINAL else np.argsort(values, kind="stable")
    )
    place = np.full(len(column.levels) + 1, -1)
    place[occur[order]] = np.arange(occur.size)  # the last stays -1: a missing cell
    ordered = None if values is None else values[order]
    if ordered is not None and (np.diff(ordered) <= 0).any():  # one number written in two ways, or an order of its own
        ordered = None
    return CodedColumn(column.name, column.kind, place[codes], [texts[level] for level in order], ordered)


def _numbers(texts: Sequence[str]) -> FloatArray | None:
    if not all(re.fullmatch(r"[+-]?\d+(\.\d+)?", text) for text in texts):
        return None
    return np.array([float(text) for text in texts])


def both_present(*columns: CodedColumn) -> IntArray:
    """Return the positions of the rows in which all columns have a value."""
    present = columns[0].present
    for column in columns[1:]:
        present = present & column.present
    return np.flatnonzero(present)


def enough(support: int, exceptions: int, most: float = MOST_BROKEN) -> bool:
    """Whether so many rows with so many exceptions make a rule."""
    if exceptions == 0:
        return support >= FEWEST_EXACT
    return support >= FEWEST and exceptions <= most * support


def words_of(name: str) -> set[str]:
    """Return the words of a name in lower case, those of two letters or more, as the names of related columns share.

    >>> sorted(words_of("YearsAtCompany")), sorted(words_of("c_jail_in"))
    (['at', 'company', 'years'], ['in', 'jail'])
    """
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ")
    return {word.lower() for word in re.findall(r"[^\W\d]+", split) if len(word) > 1}


def pairs_of(columns: Sequence[CodedColumn]) -> Iterator[tuple[CodedColumn, CodedColumn]]:
    """Yield every pair once, in the order of the table."""
    for place, first in enumerate(columns):
        for second in columns[place + 1 :]:
            yield first, second

"""Rows that are equal in all that a prediction may use, and have different labels: no model can tell them apart."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vaeaudit.analysis.grouping.together import expected_equal_pairs, is_coarse
from vaeaudit.analysis.leakage.alone import can_tell
from vaeaudit.data.encoding.features import codes_of, first_of_equal_rows
from vaeaudit.data.schema.columns import Schema
from vaeaudit.statistics.measures import Count, NonNegative


@dataclass(frozen=True)
class SameRows:
    """Equal rows with different labels, of the rows that have one.

    Attributes
    ----------
    n, columns
        Rows with a label, and columns that were compared: all that a prediction may use.
    repeated
        Rows that are equal to another.
    groups, rows
        Sets of equal rows with more than one label, and rows in them.
    errors
        Those of these rows that have another label than most of their set: so many errors every model makes.
    expected_pairs
        Pairs of equal rows that chance gives.
    coarse
        Whether the columns have so few values that equal rows are no surprise.
    example
        Positions of two such rows; empty where there are none.
    """

    n: Count
    columns: Count
    repeated: Count
    groups: Count
    rows: Count
    errors: Count
    expected_pairs: NonNegative
    coarse: bool
    example: tuple[Count, ...] = ()


def same_rows_other_label(frame: pd.DataFrame, schema: Schema, away: Collection[str] = ()) -> SameRows | None:
    """Compare rows over all that a prediction may use; None without a label, or a column.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their columns.
    away
        Columns that are the label in other words: equal labels would follow from them.
    """
    if schema.label is None:
        return None
    compared = Schema(tuple(column for column in schema if can_tell(column) and column.name not in away))
    place = np.flatnonzero(frame[schema.label.name].notna().to_numpy())
    if len(place) < 2 or not len(compared):
        return None
    known = frame.iloc[place].reset_index(drop=True)
    first = first_of_equal_rows(known, compared)
    sets = pd.DataFrame({"first": first, "label": codes_of(known[schema.label.name])})
    counts = sets.value_counts(sort=False)
    size = counts.groupby(level="first").agg(["sum", "max", "size"])
    mixed = size[size["size"] > 1]
    expected = expected_equal_pairs(known, compared, first)
    example: tuple[int, ...] = ()
    if len(mixed):
        rows = sets[sets["first"] == mixed.index[0]]
        other = rows.index[rows["label"] != rows["label"].iloc[0]][0]
        example = (int(place[rows.index[0]]), int(place[other]))
    return SameRows(
        n=len(place),
        columns=len(compared),
        repeated=int(size["sum"][size["sum"] > 1].sum()),
        groups=len(mixed),
        rows=int(mixed["sum"].sum()),
        errors=int((mixed["sum"] - mixed["max"]).sum()),
        expected_pairs=expected,
        coarse=is_coarse(first, expected),
        example=example,
    )

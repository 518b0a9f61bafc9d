"""Two tables in one coding, so that what only one of them holds is told apart from what is missing."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from vaeaudit.data.schema.columns import Column, Kind, Schema

#: A column that is constant in one table is compared where both hold no more values than this.
_MOST_VALUES = 1_000


def common_schema(schema: Schema, *frames: pd.DataFrame) -> Schema:
    """Return the columns with the levels that any of the tables holds.

    What one table alone taught of a column must not shape a comparison: a level that the other lacks is a level. A
    constant of the one is a category where the other holds more; an order that lacks a level is none.

    Parameters
    ----------
    schema
        Of one of the tables.
    *frames
        Typed rows; categories of a column may go beyond its levels.
    """
    return Schema(tuple(_common(column, [frame[column.name] for frame in frames]) for column in schema))


def coded(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return the columns of a schema with its levels as categories.

    Parameters
    ----------
    frame, schema
        [N] typed rows, and columns that may have more levels than they.
    """
    return frame.assign(
        **{
            column.name: pd.Categorical(
                frame[column.name].astype(object), categories=pd.Index(column.levels, dtype=object)
            )
            for column in schema
            if column.kind.is_levelled and not _has_levels(frame[column.name], column)
        }
    )


def both_tables(frame: pd.DataFrame, reference: pd.DataFrame, schema: Schema) -> tuple[pd.DataFrame, Schema]:
    """Stack two tables, the rows of the first one first, in one coding.

    Parameters
    ----------
    frame, reference, schema
        [N] and [M] typed rows with the columns of the schema.

    Returns
    -------
    tuple[pandas.DataFrame, Schema]
        [N + M] rows of these columns, and the columns as they are in both.
    """
    common = common_schema(schema, frame, reference)
    names = list(schema.names)
    return pd.concat([coded(side[names], common) for side in (frame, reference)], ignore_index=True), common


def _common(column: Column, values: list[pd.Series]) -> Column:
    if column.kind.is_levelled:
        found = (
            str(level) for each in values for level in each.cat.categories[each.cat.codes[each.cat.codes >= 0].unique()]
        )
        added = dict.fromkeys(level for level in found if level not in column.levels)
        if not added:
            return column
        return replace(column, kind=Kind.CATEGORY, levels=(*column.levels, *added))
    if column.kind is Kind.CONSTANT:
        met = dict.fromkeys(str(value) for each in values for value in each.dropna().unique())
        if 1 < len(met) <= _MOST_VALUES:
            return replace(column, kind=Kind.CATEGORY, levels=tuple(met))
    return column


def _has_levels(values: pd.Series, column: Column) -> bool:
    return isinstance(values.dtype, pd.CategoricalDtype) and tuple(values.cat.categories) == column.levels

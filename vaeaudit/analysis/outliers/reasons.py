"""Why a row is atypical, in the user's terms: its surprising cells, and what the model expected in their place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.outliers.aspects import aspects_of
from vaeaudit.analysis.outliers.results import Reason
from vaeaudit.data.encoding.column_encoding import cell_numbers
from vaeaudit.data.schema.columns import Column, Kind, Schema
from vaeaudit.outputs.latents import CellExpectations, LatentCodes
from vaeaudit.outputs.record import IntArray
from vaeaudit.scoring.cells import find_cells, named_partner
from vaeaudit.wording import phrases
from vaeaudit.wording.cells import (
    MISSING,
    PRESENT,
    column_texts,
    holds_whole_days,
    moment_text,
    number_text,
)

#: A cell less surprising than this, beyond a typical cell of its column, explains nothing.
SMALLEST_REASON_NATS = 0.5
#: Levels that the model keeps no apart.
_OTHER = "(other)"


def describe_reasons(inputs: AuditInputs, positions: IntArray) -> list[tuple[Reason, ...]]:
    """Describe the surprising cells of the rows at these positions [M], in the user's terms, the most telling first.

    Only those are told that the run has looked at: of the rows of highest score, and wherever a cell is improbable.
    """
    codes = inputs.codes
    reasons: list[list[Reason]] = [[] for _ in positions]
    if inputs.cells is not None:
        column = codes.reason_column[positions]
        known = find_cells(inputs.cells, np.broadcast_to(positions[:, None], column.shape), column, len(codes.columns))
        row, place = np.nonzero(known >= 0)  # row by row, and within each in the order of the codes
        table = CheckedTable(inputs.frame, inputs.schema, codes.columns, inputs.cells)
        for at, reason in zip(row.tolist(), describe_cells(table, known[row, place]), strict=True):
            reasons[at].append(reason)
    # A cell that is what was expected is no reason, however unsure the model was of it.
    return [tuple(reason for reason in found if _is_reason(reason)) for found in reasons]


def reason_cells(codes: LatentCodes, positions: IntArray) -> tuple[IntArray, IntArray]:
    """Return row and column [R] of the cells that are told as reasons of some rows.

    Parameters
    ----------
    codes
        Of all rows.
    positions
        [M]; which rows.
    """
    row, place = np.nonzero(codes.reason_nats[positions] >= SMALLEST_REASON_NATS)
    return positions[row], codes.reason_column[positions][row, place]


def _is_reason(reason: Reason) -> bool:
    return reason.nats >= SMALLEST_REASON_NATS and reason.expected not in ("", reason.value)


def first_reasons(inputs: AuditInputs, positions: IntArray) -> dict[str, int]:
    """Count, per column, the rows in which it is the first reason; most frequent first."""
    first = [reasons[0].column for reasons in describe_reasons(inputs, positions) if reasons]
    return dict(Counter(first).most_common())


def reasons_in_words(inputs: AuditInputs, positions: IntArray) -> npt.NDArray[np.object_]:
    """Say why the rows at these positions [M] are atypical; of pictures, what about them is."""
    if inputs.aspects is not None:
        return aspects_of(inputs, positions)
    told = ["; ".join(phrases.reason(reason) for reason in reasons) for reasons in describe_reasons(inputs, positions)]
    return np.array(told, dtype=object)


def beside_cells(table: dict[str, object], inputs: AuditInputs, positions: IntArray) -> pd.DataFrame:
    """Return columns [M] with the rows' own cells as text behind them.

    Parameters
    ----------
    table
        Name -> values; a column of the data of such a name gets " (data)" appended.
    inputs, positions
        The rows, and which of them [M].
    """
    joined = dict(table)
    for column in inputs.schema:
        name = column.name
        while name in joined:
            name = f"{name} (data)"
        joined[name] = column_texts(inputs.frame[column.name].iloc[positions], column, missing="")
    return pd.DataFrame(joined)


@dataclass(frozen=True)
class CheckedTable:
    """A table, and what is expected in those of its cells that surprise.

    Attributes
    ----------
    frame, schema
        [N] rows, stored as `Dataset.frame` is, and their columns.
    columns
        Names of the modelled columns, in model order.
    cells
        What was looked at.
    """

    frame: pd.DataFrame
    schema: Schema
    columns: tuple[str, ...]
    cells: CellExpectations


def describe_cells(table: CheckedTable, which: IntArray) -> list[Reason]:
    """Describe cells given the other cells of their rows; `expected` is empty where a cell is what was expected.

    Parameters
    ----------
    table
        The cells and their rows.
    which
        [M]; positions among `table.cells` of those to describe.
    """
    cells = table.cells
    found: list[Reason] = [Reason("", 0.0, "", "")] * len(which)
    for place in np.unique(cells.column[which]):
        at = np.flatnonzero(cells.column[which] == place)
        column = table.schema[table.columns[place]]
        values = table.frame[column.name].iloc[cells.row[which[at]]]
        expected = expectation_texts(cells, which[at], values, ColumnScale.of(table.frame[column.name], column))
        for position, value, text in zip(at, column_texts(values, column), expected, strict=True):
            found[position] = Reason(column.name, float(cells.nats[which[position]]), value, text)
    return _with_partners(table, which, found)


def _with_partners(table: CheckedTable, which: IntArray, found: list[Reason]) -> list[Reason]:
    """Name beside a cell the other one that it contradicts, where one alone makes most of the difference."""
    cells, partner = table.cells, named_partner(table.cells)[which]
    result = list(found)
    for place in np.unique(partner[partner >= 0]):
        at = np.flatnonzero(partner == place)
        column = table.schema[table.columns[place]]
        texts = column_texts(table.frame[column.name].iloc[cells.row[which[at]]], column)
        for position, text in zip(at, texts, strict=True):
            result[position] = replace(result[position], partner=column.name, partner_value=text)
    return result


@dataclass(frozen=True)
class ColumnScale:
    """What is known of a column's values, so that a range is written like them and claims nothing beyond them.

    Attributes
    ----------
    column
        The column's entry in the schema.
    lowest, highest
        Of all its cells, as numbers; infinite where there is none.
    whole
        Whether all its numbers are whole, or all its date-times are dates.
    """

    column: Column
    lowest: float
    highest: float
    whole: bool

    @classmethod
    def of(cls, values: pd.Series, column: Column) -> ColumnScale:
        """Measure a column of typed rows, stored as in `Dataset.frame`."""
        if column.kind.is_levelled:
            return cls(column, -np.inf, np.inf, whole=False)
        numbers = cell_numbers(values)
        known = numbers[np.isfinite(numbers)]
        if len(known) == 0:
            return cls(column, -np.inf, np.inf, whole=False)
        is_date = column.kind is Kind.DATETIME
        whole = holds_whole_days(values) if is_date else bool(np.all(known == np.round(known)))
        return cls(column, float(known.min()), float(known.max()), whole)

    def text(self, number: float) -> str:
        """Write a number or a date as one of the column."""
        if self.column.kind is Kind.DATETIME:
            moment = pd.Timestamp(round(number), unit="s")
            return moment_text(moment.round("D") if self.whole else moment)
        return number_text(round(number) if self.whole and abs(number) < 1e15 else number)


def expectation_texts(
    cells: CellExpectations, which: IntArray, values: pd.Series, scale: ColumnScale
) -> npt.NDArray[np.object_]:
    """Write what was expected in some cells of one column; "" where the cell is no other than expected.

    Parameters
    ----------
    cells, which
        The expectations, and the positions [M] of the cells among them.
    values
        [M]; the cells as they are.
    scale
        Of their column.
    """
    absent = values.isna().to_numpy(dtype=bool)
    if scale.column.kind.is_levelled:
        found = np.asarray(values.cat.codes, np.int64)
        texts = [_levels_text(cells, place, code, scale.column) for place, code in zip(which, found, strict=True)]
    else:
        numbers = cell_numbers(values)
        texts = [
            _range_text(float(cells.low[place]), float(cells.high[place]), float(number), scale)
            for place, number in zip(which, numbers, strict=True)
        ]
    result = np.array(texts, dtype=object)
    result[~absent & (cells.p_missing[which] > 0.5)] = MISSING
    result[absent & (result == "")] = PRESENT
    return result


def _levels_text(cells: CellExpectations, place: int, code: int, column: Column) -> str:
    levels = [int(level) for level in cells.levels[place] if level >= 0]
    if code in levels:
        return ""
    # Levels beyond those of the schema are of other rows; a code that levels share names none of them.
    names = [column.levels[level] for level in levels if level < len(column.levels)] or [_OTHER]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
    return listed if cells.covered[place] >= 0.9 else f"most often {listed}"


def _range_text(low: float, high: float, found: float, scale: ColumnScale) -> str:
    if not (np.isfinite(low) and np.isfinite(high)):
        return ""
    if scale.whole and scale.column.kind is not Kind.DATETIME:
        low, high = float(round(low)), float(round(high))
    if low <= found <= high:
        return ""
    start, end = scale.text(low), scale.text(high)
    if start == end:
        return start
    if low <= scale.lowest:
        return f"at most {end}"
    if high >= scale.highest:
        return f"at least {start}"
    return f"{start} to {end}"

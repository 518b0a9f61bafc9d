"""What the model expects in a cell, in words: a range, the likely levels, or that there would be nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.encoding.column_encoding import cell_numbers
from vaeaudit.data.schema.columns import Column, Kind
from vaeaudit.outputs.latents import CellExpectations
from vaeaudit.wording.cells import MISSING, PRESENT, holds_whole_days, moment_text, number_text

#: Levels that the model keeps no apart.
_OTHER = "(other)"


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
    cells: CellExpectations, which: npt.NDArray[np.integer], values: pd.Series, scale: ColumnScale
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

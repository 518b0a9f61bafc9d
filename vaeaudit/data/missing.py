"""Which cells mean "missing": the usual tokens in any column, and words that mean it only among numbers or dates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vaeaudit.data.cells import Cells, NumberCells, TextCells, TimeCells

#: Missing in every column; compared without surrounding space and without case.
ALWAYS_MISSING = frozenset(
    ["", "?", "na", "n/a", "#na", "#n/a", "<na>", "nan", "-nan", "null", "nil", "-", "--", "---", ".", ".."]
)
#: Could be levels of a category ("Alley: none"), so they mean missing only where all other cells are numbers or dates.
MISSING_AMONG_NUMBERS = frozenset(
    [
        "none",
        "missing",
        "unknown",
        "unk",
        "undefined",
        "n.a.",
        "not available",
        "not applicable",
        "nat",
        "tbd",
        "#value!",
    ]
)
#: Where a column also holds a plus sign, a minus sign is a value (a rhesus factor, the result of a test).
_SIGNS = frozenset(["-", "--", "---"])
_OPPOSITE_SIGNS = frozenset(["+", "++", "+++"])


def mark_missing(cells: Cells, *, extra: Iterable[str] = (), levels: Iterable[str] = ()) -> Cells:
    """Strip the cells and set those that mean "missing" to missing.

    Parameters
    ----------
    cells
        [N].
    extra
        Further tokens (`--na`); one that is a number also applies to numeric columns.
    levels
        Declared levels: these are values whatever they look like.
    """
    extra = list(extra)
    if isinstance(cells, NumberCells):
        return _mark_numbers(cells, extra)
    if isinstance(cells, TimeCells):
        return cells
    stripped = pc.utf8_trim_whitespace(cells.texts)
    folded = pc.utf8_lower(stripped).to_pylist()
    tokens = ALWAYS_MISSING | {token.strip().lower() for token in extra}
    if not _OPPOSITE_SIGNS.isdisjoint(folded):
        tokens -= _SIGNS
    tokens -= {level.strip().lower() for level in levels}
    gone = np.fromiter((text in tokens for text in folded), dtype=bool, count=len(folded))
    return _recode(cells, stripped, gone)


def are_missing_among_numbers(values: pa.Array) -> npt.NDArray[np.bool_]:
    """[U]; which of the distinct values are words that mean "missing" in a column of numbers or dates."""
    folded = pc.utf8_lower(values)
    return np.asarray(pc.is_in(folded, value_set=pa.array(sorted(MISSING_AMONG_NUMBERS), values.type)))


def _mark_numbers(cells: NumberCells, extra: Iterable[str]) -> NumberCells:
    numbers = [float(token) for token in extra if _is_number(token)]
    if not numbers:
        return cells
    return NumberCells(np.where(np.isin(cells.numbers, numbers), np.nan, cells.numbers))


def _is_number(token: str) -> bool:
    try:
        float(token)
    except ValueError:
        return False
    return True


def _recode(cells: TextCells, stripped: pa.Array, gone: npt.NDArray[np.bool_]) -> TextCells:
    """Merge values that stripping made equal, drop those that are gone, and renumber the codes."""
    if not gone.any() and stripped.equals(cells.texts):
        return cells
    encoded = stripped.filter(pa.array(~gone)).dictionary_encode()
    new_codes = np.full(len(gone) + 1, -1, dtype=np.int64)
    new_codes[:-1][~gone] = encoded.indices.to_numpy()
    return replace(cells, codes=new_codes[cells.codes], texts=encoded.dictionary)

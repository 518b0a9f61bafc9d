"""Columns whose kind their own cells leave open: settled by the rest of the table, or named as a doubt.

Distinct whole numbers may number the rows, or measure something large (incomes, populations). What measures goes with
something else in the table or is spread unevenly; what numbers goes with nothing but the order of the rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.schema.columns import Kind
from vaeaudit.data.schema.inference import FEWEST_THINGS, are_integers
from vaeaudit.data.schema.names import suggests_count, suggests_period
from vaeaudit.data.schema.storage import Typed
from vaeaudit.data.tables.cells import number_text

#: Share of the present cells that must be distinct before whole numbers may number the rows.
_DISTINCT = 0.99
#: Rows, and other columns, that are looked at.
_SAMPLE, _MOST_OTHERS = 2_000, 100
#: A column that follows the order of the rows this closely says no more than that order does.
_FOLLOWS_ORDER = 0.9
#: Largest number of standard errors of a rank correlation that chance may give, for many columns.
_CHANCE = 4.0
#: Largest distance between the ranks and an even spread that chance gives: 1.63 / sqrt(N) at the 1 % level (Smirnov).
_EVEN = 1.63
#: Share of the rows in which a sequence number is the one before plus one.
_RUN = 0.8
#: Whole numbers of no more distinct values may be codes.
FEW_CODES = 12
#: Share of the rows by which the counts of neighbouring numbers must differ before they rise or fall.
_CLEAR_STEP = 0.03


def settle_doubts(typed: Mapping[str, Typed], settled: Collection[str]) -> dict[str, Typed]:
    """Look again at whole numbers whose kind was inferred, now that the whole table is known.

    Parameters
    ----------
    typed
        The columns, by name.
    settled
        Those whose kind the user gave.
    """
    found = dict(typed)
    for name, column in typed.items():
        if name in settled or column.kind is not Kind.COUNT or column.unit:
            continue
        numbers = np.asarray(column.stored, dtype=np.float64)
        present = numbers[~np.isnan(numbers)]
        if column.unique >= _DISTINCT * len(present) and are_integers(present):
            found[name] = _number_or_name(name, column, numbers, typed)
        elif column.unique >= FEWEST_THINGS and not suggests_period(name) and _runs_on(present):
            found[name] = _as_identifier(name, column, numbers, "that run on from row to row")
        elif column.unique <= FEW_CODES and not suggests_count(name) and _may_be_codes(present):
            found[name] = _doubted(column, f"if they are codes: --kind-of {name}=category")
    return found


def _doubted(column: Typed, how: str) -> Typed:
    said = f"{column.unique:,} distinct whole numbers are read as a count; {how}"
    return replace(column, problems=(*column.problems, said))


def _as_identifier(name: str, column: Typed, numbers: npt.NDArray[np.float64], which: str) -> Typed:
    said = (
        f"{column.unique:,} distinct whole numbers {which} look like an identifier: left out of the model; if they "
        f"measure: --kind-of {name}=count"
    )
    texts = [None if np.isnan(value) else number_text(value) for value in numbers.tolist()]
    return Typed(Kind.IDENTIFIER, np.array(texts, dtype=object), column.unique, problems=(*column.problems, said))


def _runs_on(present: npt.NDArray[np.float64]) -> bool:
    """Whether most numbers are the one before plus one, as sequence numbers that begin anew are."""
    return bool((np.diff(present) == 1).mean() >= _RUN)


def _number_or_name(name: str, column: Typed, numbers: npt.NDArray[np.float64], typed: Mapping[str, Typed]) -> Typed:
    if suggests_count(name) or not _goes_with_nothing(name, numbers, typed) or not _numbers_rows(numbers):
        return _doubted(column, f"if they number rows: --kind-of {name}=identifier")
    return _as_identifier(name, column, numbers, "that go with no other column")


def _numbers_rows(numbers: npt.NDArray[np.float64]) -> bool:
    """Whether the numbers follow the order of the rows, or are spread evenly between the first and the last."""
    present = numbers[~np.isnan(numbers)]
    if abs(_rank_correlation(np.arange(len(present), dtype=np.float64), present)) >= _FOLLOWS_ORDER:
        return True
    ordered = np.sort(present)
    share = (ordered - ordered[0]) / (ordered[-1] - ordered[0])
    return bool(np.abs(share - np.linspace(0, 1, len(share))).max() <= _EVEN / np.sqrt(len(share)))


def _goes_with_nothing(name: str, numbers: npt.NDArray[np.float64], typed: Mapping[str, Typed]) -> bool:
    """Whether no other column but dates, and what follows the order of the rows, rises, falls or differs with it."""
    rows = np.unique(np.linspace(0, len(numbers) - 1, min(len(numbers), _SAMPLE)).astype(np.int64))
    mine, order = numbers[rows], rows.astype(np.float64)
    others = [column for other, column in typed.items() if other != name and _can_be_compared(column)]
    for column in others[:: 1 + len(others) // _MOST_OTHERS]:
        values = _as_numbers(column)[rows]
        if abs(_rank_correlation(order, values)) >= _FOLLOWS_ORDER:
            continue
        if column.kind.is_numeric or column.unique == 2:
            both = int((~np.isnan(mine) & ~np.isnan(values)).sum())
            if abs(_rank_correlation(mine, values)) * np.sqrt(both) > _CHANCE:
                return False
        elif _differs_between_levels(mine, values):
            return False
    return True


def _can_be_compared(column: Typed) -> bool:
    return column.kind.is_numeric or column.kind.is_levelled


def _as_numbers(column: Typed) -> npt.NDArray[np.float64]:
    if isinstance(column.stored, pd.Categorical):
        codes = column.stored.codes.astype(np.float64)
        return np.where(codes < 0, np.nan, codes)
    return np.asarray(column.stored, dtype=np.float64)


def _rank_correlation(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """Spearman's, over rows that hold both; 0 where one of them does not vary."""
    both = ~np.isnan(one) & ~np.isnan(other)
    ranks = np.array([pd.Series(values[both]).rank().to_numpy() for values in (one, other)])
    ranks = ranks - ranks.mean(axis=1, keepdims=True) if ranks.size else ranks
    scale = np.sqrt((ranks**2).sum(axis=1).prod()) if ranks.size else 0.0
    return float((ranks[0] * ranks[1]).sum() / scale) if scale > 0 else 0.0


def _differs_between_levels(numbers: npt.NDArray[np.float64], codes: npt.NDArray[np.float64]) -> bool:
    """Whether mean ranks differ between levels by more than chance gives (Kruskal and Wallis, 1952)."""
    both = ~np.isnan(numbers) & ~np.isnan(codes)
    if not both.any():
        return False
    ranks = pd.Series(numbers[both]).rank().to_numpy()
    level = codes[both].astype(np.int64)
    sizes = np.bincount(level)
    sums = np.bincount(level, weights=ranks)[sizes > 0]
    n_rows, n_levels = len(ranks), len(sums)
    statistic = 12 / (n_rows * (n_rows + 1)) * (sums**2 / sizes[sizes > 0]).sum() - 3 * (n_rows + 1)
    freedom = n_levels - 1
    return freedom > 0 and bool(statistic > freedom + _CHANCE * np.sqrt(2 * freedom) + _CHANCE**2)


def _may_be_codes(present: npt.NDArray[np.float64]) -> bool:
    """Whether few whole numbers look like codes: not rising to one peak and falling again, as counts do."""
    _, counts = np.unique(present, return_counts=True)
    noise = np.maximum(2 * np.sqrt(counts[1:] + counts[:-1]), _CLEAR_STEP * len(present))
    steps = np.diff(counts)
    turns = np.sign(np.where(np.abs(steps) > noise, steps, 0))
    turns = turns[turns != 0]
    return len(counts) > 2 and bool(np.any(np.diff(turns) > 0))

"""Faults planted in a table whose truth is thereby known: a rule whose rows are deleted, one wrong cell in a row.

Tables are typed: numbers are floats, dates `datetime64`, levels categories.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]
ErrorKind = Literal[
    "unit slip",
    "digit slip",
    "swapped cells",
    "value from another group",
    "impossible pair",
    "wrong level",
    "sentinel",
    "shifted date",
]
#: A number, or a date, of more distinct values is cut at two of them; of any other column one value is taken.
MOST_SINGLE_VALUES = 15
#: Draws after which a table is taken to have no rule, or a row no cell, that would do.
_MOST_DRAWS = 2_000
_FACTORS = (2.54, 1000.0, 0.001)
_SENTINELS = (-999.0, 9999.0)
_FIRST_DAY = pd.Timestamp("1900-01-01")
_YEARS = (1, 10, 20, 100)
#: Rows that two levels lead one to expect together, from which on it tells that there is none.
_FEWEST_EXPECTED = 5.0


@dataclass(frozen=True)
class DrawnRule:
    """A rule over two columns: their names, and the rows [N] that it holds for."""

    columns: tuple[str, str]
    rows: Mask


def draw_rule(
    frame: pd.DataFrame,
    columns: Sequence[str],
    rng: np.random.Generator,
    shares: tuple[float, float],
    is_allowed: Callable[[DrawnRule], bool] = lambda rule: True,
) -> DrawnRule | None:
    """Draw two columns and a condition on each, until the rule holds for such a share of the rows; None if none does.

    Parameters
    ----------
    frame, columns
        [N] rows; names of the columns to draw from.
    rng
        Of the draws.
    shares
        Least and largest share of the rows.
    is_allowed
        Whether a rule will do.
    """
    if len(columns) < 2:
        return None

    @cache
    def conditions(column: str) -> _Conditions:
        return _Conditions.of(frame[column])

    for _ in range(_MOST_DRAWS):
        one, other = rng.choice(len(columns), 2, replace=False)
        names = columns[one], columns[other]
        rule = DrawnRule(names, conditions(names[0]).draw(rng) & conditions(names[1]).draw(rng))
        if shares[0] <= rule.rows.mean() <= shares[1] and is_allowed(rule):
            return rule
    return None


@dataclass(frozen=True)
class _Conditions:
    """What conditions on a column are drawn from.

    Attributes
    ----------
    values
        [N]; of the column.
    single
        Its values, where they are few: a condition is one of them.
    ordered
        [M]; its values that are not missing, in rising order, where they are many: a condition is a range of them.
    """

    values: pd.Series
    single: npt.NDArray[np.object_] | None
    ordered: pd.api.extensions.ExtensionArray

    @classmethod
    def of(cls, values: pd.Series) -> _Conditions:
        known = values.dropna()
        if isinstance(values.dtype, pd.CategoricalDtype) or known.nunique() <= MOST_SINGLE_VALUES:
            return cls(values, np.asarray(known.unique().astype(object)), known.array)
        return cls(values, None, known.sort_values().array)

    def draw(self, rng: np.random.Generator) -> Mask:
        """Return [N]: one value of few, or a range of a tenth to six tenths of the values."""
        if not len(self.ordered):
            return np.zeros(len(self.values), dtype=bool)
        if self.single is not None:
            return np.asarray(self.values == rng.choice(self.single))
        width = rng.uniform(0.1, 0.6)
        start = rng.uniform(0, 1 - width)
        low, high = (self.ordered[round(place * (len(self.ordered) - 1))] for place in (start, start + width))
        return np.asarray((self.values >= low) & (self.values < high))


# --- one wrong cell in a row ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BrokenRows:
    """M copies of rows of a table, each with one error.

    Attributes
    ----------
    frame
        [M]; their cells.
    source
        [M]; positions of the rows that they are copies of.
    kinds
        [M]; which error.
    guilty
        [M]; the columns of the cells that were changed, or that cannot go together.
    """

    frame: pd.DataFrame
    source: Positions
    kinds: tuple[ErrorKind, ...]
    guilty: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.source)


@dataclass(frozen=True)
class _Table:
    """A table, its cells and its columns by what they hold, and the pairs of levels that never occur together."""

    frame: pd.DataFrame
    cells: Mapping[str, npt.NDArray[Any]]
    numbers: tuple[str, ...]
    dates: tuple[str, ...]
    levels: tuple[str, ...]
    never: Mapping[tuple[str, str], npt.NDArray[np.intp]]


#: The cells that are guilty, by column, and what they hold then; None where the row has no cell for the error.
_Change = dict[str, object] | None


def plant_errors(
    frame: pd.DataFrame, columns: Sequence[str], source: Positions, rng: np.random.Generator
) -> BrokenRows:
    """Plant one error in a copy of each of some rows, the kinds in turn; rows that have no cell for any are left out.

    Parameters
    ----------
    frame, columns
        [N] rows; names of the columns that errors may be planted in.
    source
        [M]; positions of the rows.
    rng
        Of the choices.
    """
    table = _table(frame, columns)
    kinds = [kind for kind in get_args(ErrorKind) if _can_hold(table, kind)]
    found: list[tuple[int, ErrorKind, dict[str, object]]] = []
    for place, row in enumerate(source.tolist()):
        for kind in (kinds * 2)[place % max(len(kinds), 1) :][: len(kinds)]:
            change = _PLANT[kind](table, row, rng)
            if change is not None:
                found.append((row, kind, change))
                break
    rows = np.array([row for row, *_ in found], dtype=np.intp)
    broken = frame.iloc[rows].reset_index(drop=True)
    for name in columns:
        cells = {place: change[name] for place, (*_, change) in enumerate(found) if name in change}
        changed = broken[name].copy()
        changed.iloc[list(cells)] = list(cells.values())
        broken[name] = changed
    return BrokenRows(broken, rows, tuple(kind for _, kind, _ in found), tuple(tuple(change) for *_, change in found))


def _table(frame: pd.DataFrame, columns: Sequence[str]) -> _Table:
    kinds: dict[str, list[str]] = {"numbers": [], "dates": [], "levels": []}
    for name in columns:
        dtype = frame[name].dtype
        if isinstance(dtype, pd.CategoricalDtype):
            kinds["levels"].append(name)
        elif pd.api.types.is_datetime64_any_dtype(dtype):
            kinds["dates"].append(name)
        elif pd.api.types.is_float_dtype(dtype):
            kinds["numbers"].append(name)
    names = {kind: tuple(found) for kind, found in kinds.items()}
    cells = {name: frame[name].to_numpy(object) for name in columns}
    return _Table(
        frame, cells, names["numbers"], names["dates"], names["levels"], _never_together(frame, names["levels"])
    )


def _never_together(frame: pd.DataFrame, levels: Sequence[str]) -> dict[tuple[str, str], npt.NDArray[np.intp]]:
    """Return by pair of columns the pairs of codes [P, 2] that do not occur although enough rows are expected."""
    codes = {name: frame[name].cat.codes.to_numpy(np.intp) for name in levels}
    sizes = {name: len(frame[name].cat.categories) for name in levels}
    found = {}
    for one, other in combinations(levels, 2):
        known = (codes[one] >= 0) & (codes[other] >= 0)
        joint = codes[one][known] * sizes[other] + codes[other][known]
        counts = np.bincount(joint, minlength=sizes[one] * sizes[other]).reshape(sizes[one], sizes[other])
        expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / max(counts.sum(), 1)
        pairs = np.argwhere((counts == 0) & (expected >= _FEWEST_EXPECTED))
        if len(pairs):
            found[one, other] = pairs
    return found


def _can_hold(table: _Table, kind: ErrorKind) -> bool:
    needed = {
        "unit slip": table.numbers,
        "digit slip": table.numbers,
        "swapped cells": table.numbers[1:],
        "value from another group": table.levels if table.numbers or len(table.levels) > 1 else (),
        "impossible pair": table.never,
        "wrong level": table.levels,
        "sentinel": (*table.numbers, *table.dates),
        "shifted date": table.dates,
    }
    return bool(needed[kind])


def _known(table: _Table, row: int, names: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Return those of the columns that the row has a value in, in random order."""
    order = rng.permutation(len(names))
    return [names[place] for place in order if not pd.isna(table.cells[names[place]][row])]


def _unit_slip(table: _Table, row: int, rng: np.random.Generator) -> _Change:
    for name in _known(table, row, table.numbers, rng):
        value = float(table.cells[name][row])
        if value != 0.0:
            return {name: value * float(rng.choice(_FACTORS))}
    return None


def _digit_slip(table: _Table, row: int, rng: np.random.Generator) -> _Change:
    """Strike a digit twice, or two neighbours in the wrong order."""
    for name in _known(table, row, table.numbers, rng):
        value = float(table.cells[name][row])
        text = f"{value:.12g}"
        digits = [place for place, sign in enumerate(text) if sign.isdigit()]
        if value == 0.0 or "e" in text:
            continue
        place = int(rng.choice(digits))
        swapped = text[:place] + text[place + 1 : place + 2] + text[place] + text[place + 2 :]
        doubled = text[: place + 1] + text[place] + text[place + 1 :]
        can_swap = text[place + 1 : place + 2].isdigit() and text[place + 1] != text[place]
        return {name: float(swapped if can_swap and rng.random() < 0.5 else doubled)}
    return None


def _swapped_cells(table: _Table, row: int, rng: np.random.Generator) -> _Change:
    for one, other in combinations(_known(table, row, table.numbers, rng), 2):
        left, right = table.cells[one][row], table.cells[other][row]
        if left != right:
            return {one: float(right), other: float(left)}
    return None


def _other_group(table: _Table, row: int, rng: np.random.Generator) -> _Change:
    """Take the cell of a row that belongs to another group."""
    for group in _known(table, row, table.levels, rng):
        others = np.flatnonzero(table.cells[group] != table.cells[group][row])
        names = [name for name in (*table.numbers, *table.levels) if name != group]
        if not others.size or not names:
            continue
        for name in _known(table, row, names, rng):
            value = table.cells[name][rng.choice(others)]
            if not pd.isna(value) and value != table.cells[name][row]:
                return {name: value}
    return None


def _impossible_pair(table: _Table, row: int, rng: np.random.Generator) -> _Change:
    pairs = list(table.never)
    for place in rng.permutation(len(pairs)):
        one, other = pairs[place]
        code = int(table.frame[one].cat.codes.to_numpy()[row])
        partners = table.never[one, other][table.never[one, other][:, 0] == code, 1]
        if partners.size:
            return {other: table.frame[other].cat.categories[int(rng.choice(partners))], one: table.cells[one][row]}
    return None


def _wrong_level(table: _Table, row: int, rng: np.random.Generator) -> _Change:
    """Take any other level of the column that occurs, however rare it is."""
    for name in _known(table, row, table.levels, rng):
        others = [level for level in table.frame[name].dropna().unique().tolist() if level != table.cells[name][row]]
        if others:
            return {name: others[rng.integers(len(others))]}
    return None


def _sentinel(table: _Table, row: int, rng: np.random.Generator) -> _Change:
    for name in _known(table, row, (*table.numbers, *table.dates), rng):
        return {name: _FIRST_DAY if name in table.dates else float(rng.choice(_SENTINELS))}
    return None


def _shifted_date(table: _Table, row: int, rng: np.random.Generator) -> _Change:
    for name in _known(table, row, table.dates, rng):
        years = int(rng.choice(_YEARS)) * int(rng.choice((-1, 1)))
        return {name: table.cells[name][row] + pd.DateOffset(years=years)}
    return None


_PLANT: Mapping[ErrorKind, Callable[[_Table, int, np.random.Generator], _Change]] = {
    "unit slip": _unit_slip,
    "digit slip": _digit_slip,
    "swapped cells": _swapped_cells,
    "value from another group": _other_group,
    "impossible pair": _impossible_pair,
    "wrong level": _wrong_level,
    "sentinel": _sentinel,
    "shifted date": _shifted_date,
}

"""The rules of a table on rows that are not its own: what follows is filled in, what breaks a rule is found.

A rule says its columns and what it is; how it reads on values is taken from the table's rows that keep it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import pandas as pd

from vaeaudit.data.encoding.column_encoding import cell_numbers
from vaeaudit.data.encoding.decoding import grain_of
from vaeaudit.data.schema.columns import Kind
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.outputs.table_rules import RuleKind, TableRule, TableRules

#: Fewest rows with a level whose other cells are then all alike, as `find_rules` asks for.
_FEWEST = 100
#: Levels of a column that may leave another no choice, and share of all rows from which a cell is usual anyway.
_MOST_LEVELS, _USUAL = 64, 0.99
#: Part of its size to which a sum is exact.
_EXACT = 1e-9

Mend = Callable[[pd.DataFrame], pd.DataFrame]
Breaks = Callable[[pd.DataFrame], BoolArray]


@dataclass(frozen=True)
class Held:
    """A rule that can be put to other rows.

    Attributes
    ----------
    rule
        As it was found.
    breaks
        Which rows of a frame break it, [M].
    mend
        Fills in what follows from the rule; None where nothing follows.
    """

    rule: TableRule
    breaks: Breaks
    mend: Mend | None = None


def held_rules(rules: TableRules, frame: pd.DataFrame, made: set[str]) -> tuple[Held, ...]:
    """Return the rules that speak of columns which generated rows have.

    Parameters
    ----------
    rules, frame
        Of the table: its rules, and all its [N] rows, stored as in `Dataset.frame`.
    made
        Columns that generated rows have before anything is filled in; what follows from them is added to it.
    """
    found = []
    for rule in _from_what_is_known(rules.rules, made):
        sound = frame.drop(index=frame.index[list(rule.exception_rows)])[list(rule.columns)]
        held = _held(rule, sound, made)
        if held is not None:
            found.append(held)
            made.update(rule.columns if held.mend else ())
    return tuple(found)


def _from_what_is_known(rules: tuple[TableRule, ...], made: set[str]) -> Iterator[TableRule]:
    """Yield first what fills in other columns, then what can only be kept or broken."""
    yield from (rule for rule in rules if rule.kind.repeats or rule.kind is RuleKind.DETERMINES)
    yield from (rule for rule in rules if not rule.kind.repeats and rule.kind is not RuleKind.DETERMINES)


def _held(rule: TableRule, sound: pd.DataFrame, made: set[str]) -> Held | None:
    names = rule.columns
    if rule.kind.repeats or rule.kind is RuleKind.DETERMINES:
        given = next((name for name in names if name in made), None) if rule.kind.repeats else names[0]
        return None if given is None or given not in made else _following(rule, sound, given)
    if not made.issuperset(names):
        return None
    if rule.kind is RuleKind.SUM:
        return _total(rule, sound)
    if rule.kind is RuleKind.ORDER:
        least = float(np.nanmin(_numbers(sound[names[1]]) - _numbers(sound[names[0]])))
        return Held(rule, lambda rows: _numbers(rows[names[1]]) - _numbers(rows[names[0]]) < least)
    if rule.kind is RuleKind.ONE_HOT:
        allowed = np.unique(_set_flags(sound))
        return Held(rule, lambda rows: ~np.isin(_set_flags(rows[list(names)]), allowed))
    return _without_choice(rule, sound)


# --- columns that follow from one ------------------------------------------------------------------------------------


def _following(rule: TableRule, sound: pd.DataFrame, given: str) -> Held:
    """Take each other column from a row of the table that has the same value of the given one, or the nearest."""
    others = [name for name in rule.columns if name != given]
    ordered = sound[given].dtype.kind in "fM"
    table = {name: _by_value(sound, given, name) for name in others}
    lines = {name: _line(sound, given, name) if ordered and sound[name].dtype.kind in "fM" else None for name in others}

    def told(rows: pd.DataFrame, name: str) -> pd.Series:
        line, known = lines[name], table[name]
        if line is not None:
            return line(rows[given])
        if not ordered:
            return rows[given].astype(object).map(known)
        places = _nearest(_numbers(rows[given]), _numbers(pd.Series(list(known), dtype=sound[given].dtype)))
        found = pd.Series(list(known.values()), dtype=object).iloc[places].set_axis(rows.index)
        return found.where(rows[given].notna(), None)

    def mend(rows: pd.DataFrame) -> pd.DataFrame:
        filled = {name: _stored_as(told(rows, name), sound[name]) for name in others}
        return rows.assign(**filled)

    def breaks(rows: pd.DataFrame) -> BoolArray:
        wrong = np.zeros(len(rows), bool)
        for name in others:
            if name in rows:
                wrong |= _differ(rows[name], _stored_as(told(rows, name), sound[name]))
        return wrong

    return Held(rule, breaks, mend)


def _by_value(sound: pd.DataFrame, given: str, name: str) -> dict[object, object]:
    """Return value of the given column -> the most frequent value of another beside it, among them none."""
    pairs = pd.DataFrame({"given": sound[given].astype(object), "told": sound[name].astype(object)})
    counts = pairs[pairs["given"].notna()].groupby(["given", "told"], dropna=False).size().sort_values(kind="stable")
    return dict(counts.index.tolist())


def _line(sound: pd.DataFrame, given: str, name: str) -> Callable[[pd.Series], pd.Series] | None:
    """Return what draws a line through the rows, where they lie on one; else None."""
    x, y = _numbers(sound[given]), _numbers(sound[name])
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < 3 or np.ptp(x[both]) == 0:
        return None
    centre, size = x[both].mean(), np.ptp(x[both])
    slope, shift = np.polyfit((x[both] - centre) / size, y[both], 1)
    step = _step(y[both])
    fitted = shift + slope * (x[both] - centre) / size
    if np.abs(fitted - y[both]).max() > max(step, _EXACT * np.abs(y[both]).max()):
        return None
    dates = sound[name].dtype.kind == "M"
    first, grain = float(y[both].min()), grain_of(y[both], Kind.DATETIME) if dates else step

    def follow(values: pd.Series) -> pd.Series:
        found = shift + slope * (_numbers(values) - centre) / size
        found = first + np.round((found - first) / grain) * grain if grain else found
        series = pd.Series(found, index=values.index)
        return pd.to_datetime(series, unit="s").astype("datetime64[ns]") if dates else series

    return follow


def _step(numbers: FloatArray) -> float:
    return next(
        (step for step in (1.0, 0.1, 0.01, 1e-3, 1e-4) if np.allclose(numbers / step, np.round(numbers / step))), 0.0
    )


def _nearest(numbers: FloatArray, known: FloatArray) -> IntArray:
    order = np.argsort(known, kind="stable")
    ranked = known[order]
    right = np.searchsorted(ranked, np.nan_to_num(numbers)).clip(0, len(ranked) - 1)
    left = np.maximum(right - 1, 0)
    nearer = np.abs(ranked[left] - numbers) < np.abs(ranked[right] - numbers)
    return np.asarray(order[np.where(nearer, left, right)])


# --- sums, flags and levels that leave no choice ---------------------------------------------------------------------


def _total(rule: TableRule, sound: pd.DataFrame) -> Held:
    *parts, whole = rule.columns
    ways: dict[str, Callable[[FloatArray], FloatArray]] = {
        "sum": lambda cells: cells.sum(axis=1),
        "product": lambda cells: cells.prod(axis=1),
        "either": lambda cells: cells.max(axis=1),
    }
    cells, totals = np.stack([_numbers(sound[name]) for name in parts], axis=1), _numbers(sound[whole])
    off = {name: np.nanmedian(np.abs(way(cells) - totals)) for name, way in ways.items()}
    way = ways[min(off, key=lambda name: off[name])]
    error = np.abs(way(cells) - totals)
    allowed, step = float(np.nanmax(error)) * (1 + 1e-6) + _EXACT, _step(totals[np.isfinite(totals)])
    is_number = sound[whole].dtype.kind == "f"

    def given(rows: pd.DataFrame) -> FloatArray:
        return way(np.stack([_numbers(rows[name]) for name in parts], axis=1))

    def mend(rows: pd.DataFrame) -> pd.DataFrame:
        found = given(rows)
        found = np.where(np.isnan(found), _numbers(rows[whole]), np.round(found / step) * step if step else found)
        return rows.assign(**{whole: found})

    def breaks(rows: pd.DataFrame) -> BoolArray:
        return np.abs(given(rows) - _numbers(rows[whole])) > allowed

    return Held(rule, breaks, mend if is_number else None)


def _set_flags(rows: pd.DataFrame) -> FloatArray:
    """Return how many flags are set [M]."""
    texts = [rows[name].astype(object).map(lambda value: str(value).lower()) for name in rows]
    return np.asarray(sum(column.isin(["1", "1.0", "true"]).to_numpy(np.float64) for column in texts), np.float64)


def _without_choice(rule: TableRule, sound: pd.DataFrame) -> Held:
    """Find for each two columns of the rule which levels of one leave the other one value, or none.

    What a column that the rule names first leaves no choice is filled in: to draw such rows anew would make its levels,
    and missing cells, rarer than they are.
    """
    presence = rule.kind is RuleKind.ONLY_WHERE
    facts: list[tuple[str, object, str, object, object]] = []
    for given, told in permutations(rule.columns, 2):
        ways = [_as_levels(sound[given], presence=False), _as_levels(sound[given], presence=True)]
        seen = _as_levels(sound[told], presence=presence)
        usual = seen.value_counts(normalize=True).iloc[0] if len(seen) else 1.0
        for levels in ways:
            counts = levels.value_counts()
            if usual >= _USUAL or len(counts) > _MOST_LEVELS:
                continue
            for level in counts.index[counts >= _FEWEST]:
                values = seen[levels == level].unique()
                if len(values) == 1:
                    facts.append((given, level, told, values[0], sound.loc[levels == level, told].iloc[0]))

    def breaks(rows: pd.DataFrame) -> BoolArray:
        wrong = np.zeros(len(rows), bool)
        for given, level, told, value, _ in facts:
            where = _as_levels(rows[given], presence=isinstance(level, bool)) == level
            wrong |= (where & (_as_levels(rows[told], presence=presence) != value)).to_numpy()
        return wrong

    place = {name: position for position, name in enumerate(rule.columns)}
    leading = [fact for fact in facts if place[fact[0]] < place[fact[2]] and not (presence and fact[3])]

    def mend(rows: pd.DataFrame) -> pd.DataFrame:
        for given, level, told, _, cell in leading:
            where = _as_levels(rows[given], presence=isinstance(level, bool)) == level
            rows = rows.assign(**{told: rows[told].mask(where, cell)})
        return rows

    return Held(rule, breaks, mend if leading else None)


def _as_levels(values: pd.Series, *, presence: bool) -> pd.Series:
    """Return cells as texts, or as whether they are there."""
    if presence:
        return values.notna().astype(object)
    return values.astype(object).map(_plain).where(values.notna(), "").astype(object)


# --- cells -----------------------------------------------------------------------------------------------------------


def _plain(value: object) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _numbers(values: pd.Series) -> FloatArray:
    """Return cells as numbers, levels by their text where it is one; NaN elsewhere."""
    if values.dtype.kind in "fM":
        return cell_numbers(values)
    return pd.to_numeric(values.astype(object), errors="coerce").to_numpy(np.float64)


def _stored_as(values: pd.Series, like: pd.Series) -> pd.Series:
    """Store cells as a column of the table does."""
    if isinstance(like.dtype, pd.CategoricalDtype):
        return pd.Series(pd.Categorical(values, categories=like.cat.categories), index=values.index)
    if like.dtype.kind == "f":
        return pd.Series(pd.to_numeric(values, errors="coerce").astype(np.float64), index=values.index)
    if like.dtype.kind == "M":
        return pd.to_datetime(values).astype("datetime64[ns]")
    return values.astype(object).where(values.notna(), None)


def _differ(one: pd.Series, other: pd.Series) -> BoolArray:
    """Which cells differ, where both are there."""
    both = one.notna().to_numpy() & other.notna().to_numpy()
    if one.dtype.kind == "f" and other.dtype.kind == "f":
        return np.asarray(both & ~np.isclose(one.to_numpy(), other.to_numpy(), rtol=1e-6))
    return np.asarray(both & (one.astype(object).to_numpy() != other.astype(object).to_numpy()))

"""Which columns change along a date, where, and from what to what; and which depend on the order of the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from vaeaudit.analysis.grouping.groups import Grouping, group_column
from vaeaudit.analysis.grouping.rules import merge_conditions, satisfies
from vaeaudit.analysis.order.orders import Order, different, is_clock, orders_of
from vaeaudit.analysis.order.series import Cells
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema
from vaeaudit.outputs.changes import Change, Stretch
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.outputs.table_rules import NO_RULES, TableRules
from vaeaudit.statistics.change_points import Drift, fewest_rows, find_drift, locate, scan, scan_p
from vaeaudit.statistics.intervals import newcombe_difference, wilson
from vaeaudit.statistics.multiplicity import benjamini_hochberg
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import plural
from vaeaudit.wording.rules import describe

#: A share that changes by less is not told.
LEAST_DIFFERENCE = 0.05
#: Of several steps of one column, one of less than this part of the largest is not told.
MINOR = 0.25
#: Where the share of a part of the rows surely changes by so much more than that of all, the part is told, too.
CLEARER_BY = 0.2
#: Columns of more groups do not part the rows; of the others these many are looked into.
MOST_GROUPS, MOST_PARTED = 12, 5
#: Stretches of a curve.
STRETCHES = 40
#: Share of the rows of a file that are taken for training where nobody thinks of their order.
FIRST_ROWS = 0.8
Aspect = Literal["values", "missing"]


@dataclass(frozen=True, eq=False)
class _Found:
    """What drifts along which order; `looked_at` [N] are the rows that count."""

    cells: Cells
    aspect: Aspect
    order: Order
    drift: Drift
    looked_at: BoolArray
    within: tuple[Condition, ...] = ()


def find_changes(
    frame: pd.DataFrame, schema: Schema, config: AnalysisConfig, rules: TableRules = NO_RULES
) -> tuple[Change, ...]:
    """Find what changes along each date, and what depends on the order of the rows; the clearest first.

    *Test.* The largest standardised difference of a mean before and after any place (`scan`), its chance by Miller and
    Siegmund (1982), divided by what the series wanders by itself. Steps must be likelier than a trend, a bend, the
    seasons and a level that wanders (`find_drift`). *Multiplicity.* Within a column Bonferroni, over all columns and
    orders Benjamini and Hochberg (1995). *Place.* Highest binomial likelihood, with its interval (`locate`). Of several
    dates that show a change, the one that shows it best is told.

    Parameters
    ----------
    frame, schema
        [N, C] typed rows and their columns.
    config
        Gives `fdr` and `confidence`.
    rules
        What holds in the table by construction: a column that repeats another is not told.
    """
    orders = different(_main_first(orders_of(frame, schema), frame, schema))
    found: list[_Found] = []
    split: list[tuple[Cells, Order, float]] = []
    tests = 0
    for column in _looked_at(schema, rules):
        cells = Cells.of(frame[column.name], column)
        for aspect, values, present in _targets(cells):
            used = [order for order in orders if _may_change(order, cells, aspect)]
            tests += len(used)
            drifts: list[_Found] = []
            for order in used:
                sums = _binned(order, values, present)
                if order.moments is None:
                    split += [(cells, order, _chance(sums, values[present].var(axis=0)))] * (aspect == "values")
                    continue
                drift = _drift(order, sums, values[present].var(axis=0), config.fdr)
                drifts += [] if drift is None else [_Found(cells, aspect, order, drift, present)]
            found += _best(drifts)
    parts = list(_within(frame, schema, list(orders), rules, config)) if schema.label else []
    tests += len(orders) * bool(parts)
    changes = _told([*found, *parts], tests, orders, config)
    changes += _splits(split, tests, config)
    return tuple(sorted(changes, key=lambda change: (change.shape != "step", -change.difference)))


def _main_first(orders: list[Order], frame: pd.DataFrame, schema: Schema) -> list[Order]:
    """Put first the date that most rows have, for it is when they came to be; of these that of the clearest label."""
    cells = None if schema.label is None else Cells.of(frame[schema.label.name], schema.label)
    if cells is None or not cells.can_change:
        return sorted(orders, key=lambda order: -len(order.rows))
    series, present = cells.series(), cells.present
    variance = series[present].var(axis=0)
    return sorted(
        orders, key=lambda one: (-len(one.rows), -float(scan(*_binned(one, series, present), variance).max()))
    )


def _looked_at(schema: Schema, rules: TableRules) -> Iterator[Column]:
    for column in schema:
        apart = column.role in (Role.ID, Role.GROUP, Role.SPLIT) or (
            column.kind is Kind.CONSTANT and not column.missing
        )
        repeats = column.same_as or (column.name in rules.redundant and column.role is not Role.LABEL)
        if not (apart or repeats or column.derived or column.kind is Kind.IDENTIFIER):
            yield column


def _targets(cells: Cells) -> Iterator[tuple[Aspect, FloatArray, BoolArray]]:
    """Yield each aspect of a column as series [N, M], with the rows [N] that count."""
    if cells.can_change:
        yield "values", cells.series(), cells.present
    if not cells.present.all() and cells.present.any():
        yield "missing", (~cells.present[:, None]).astype(np.float64), np.ones(len(cells.present), bool)


def _may_change(order: Order, cells: Cells, aspect: Aspect) -> bool:
    if cells.column.name == order.name:
        return False
    return aspect == "missing" or cells.column.role is Role.LABEL or not is_clock(order, cells.numbers)


def _binned(order: Order, values: FloatArray, counted: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return sums and rows of the series in each bin of an order, [bins, M] both."""
    kept = counted[order.rows]
    rows, bins, n_bins = order.rows[kept], order.bins[kept], len(order.along)
    sums: FloatArray = np.stack([np.bincount(bins, series[rows], n_bins) for series in values.T], axis=1)
    counts = np.bincount(bins, minlength=n_bins).astype(np.float64)
    return sums, np.repeat(counts[:, None], values.shape[1], axis=1)


def _chance(binned: tuple[FloatArray, FloatArray], variance: FloatArray) -> float:
    z = scan(*binned, variance)
    return min(1.0, len(z) * float(scan_p(z.max(), binned[1].sum(axis=0).max())))


def _drift(order: Order, binned: tuple[FloatArray, FloatArray], variance: FloatArray, most_p: float) -> Drift | None:
    return find_drift(*binned, variance, order.along, years=order.years, most_p=most_p)


def _best(found: Sequence[_Found]) -> list[_Found]:
    """Keep the order that shows best how a column changes: by steps if any does, then by the largest."""
    return [min(found, key=lambda one: (one.drift.shape != "step", -one.drift.strength))] if found else []


# --- the label within a part of the rows -----------------------------------------------------------------------------


def _within(
    frame: pd.DataFrame, schema: Schema, orders: Sequence[Order], rules: TableRules, config: AnalysisConfig
) -> Iterator[_Found]:
    """Yield how the label moves in that part of the rows in which it changes most clearly, by a condition on a column.

    So a label is seen that means something else although it is as frequent as before.
    """
    label = next(column for column in schema if column.role is Role.LABEL)
    cells = Cells.of(frame[label.name], label)
    if not cells.can_change:
        return
    series, tried = cells.series(), []
    dated = [order for order in orders if order.moments is not None]
    for column in _looked_at(schema, rules) if dated else ():
        if column is label or column.kind is Kind.DATETIME or not column.kind.can_be_modelled:
            continue
        grouping = group_column(frame[column.name], column)
        if 1 < len(grouping) <= MOST_GROUPS:
            tried += [(_parted_z(order, series, cells.present, grouping), grouping, order) for order in dated]
    tried.sort(key=lambda one: -one[0])
    tests = sum(len(grouping) for _, grouping, _ in tried)
    for z, grouping, order in tried[:MOST_PARTED]:
        if tests * scan_p(np.array(z), len(frame)) * series.shape[1] <= config.fdr:
            yield from _clearest_part(cells, series, grouping, order, config=config, tests=tests)


def _parted_z(order: Order, series: FloatArray, present: BoolArray, grouping: Grouping) -> float:
    best = 0.0
    for group in range(len(grouping)):
        counted = present & (grouping.codes == group)
        if counted.any():
            best = max(best, float(scan(*_binned(order, series, counted), series[counted].var(axis=0)).max()))
    return best


def _clearest_part(
    cells: Cells,
    series: FloatArray,
    grouping: Grouping,
    order: Order,
    *,
    config: AnalysisConfig,
    tests: int,
) -> Iterator[_Found]:
    """Yield the group, or range of groups, in which the change is surely largest."""
    best, found = 0.0, None
    for first in range(len(grouping)):
        for last in range(first, len(grouping) if grouping.ordered else first + 1):
            if last == grouping.missing and last > first:
                continue
            counted = cells.present & (grouping.codes >= first) & (grouping.codes <= last)
            if not counted.any():
                continue
            binned = _binned(order, series, counted)
            drift = _drift(order, binned, series[counted].var(axis=0), config.fdr / tests)
            if drift is None or drift.shape == "trend":
                continue
            part = merge_conditions(grouping.conditions[first : last + 1])
            drift = replace(drift, p_values=tuple(min(1.0, tests * p) for p in drift.p_values))
            candidate = _Found(cells, "values", order, drift, counted, (part,))
            sure = max(_surely(change) for change in _described(candidate, (), config))
            if sure > best:
                best, found = sure, candidate
    if found is not None:
        yield found


def _surely(change: Change) -> float:
    """Return the difference that a change surely has."""
    one, other = sorted((change.before, change.after), key=lambda stretch: -stretch.value)
    return float(newcombe_difference(one.hits, one.n, other.hits, other.n)[0])


# --- what is told ----------------------------------------------------------------------------------------------------


def _told(
    found: Sequence[_Found], tests: int, orders: Mapping[Order, tuple[str, ...]], config: AnalysisConfig
) -> list[Change]:
    p_values = [p for one in found for p in one.drift.p_values]
    tested = tests + len(p_values) - len(found)
    adjusted = iter(benjamini_hochberg(p_values, tested).tolist())
    told = []
    for one in found:
        drift = replace(one.drift, p_values=tuple(next(adjusted) for _ in one.drift.p_values))
        changes = _described(replace(one, drift=drift), orders[one.order], config)
        while len(changes) > 1 and (least := min(changes, key=_size)).difference < MINOR * max(map(_size, changes)):
            drift = _without(drift, changes.index(least))
            changes = _described(replace(one, drift=drift), orders[one.order], config)
        fewest = fewest_rows(np.count_nonzero(one.looked_at[one.order.rows]))
        told += [
            each
            for each in changes
            if each.p_adjusted <= config.fdr
            and each.difference >= LEAST_DIFFERENCE
            and min(each.before.n, each.after.n) >= fewest  # the exact place may leave next to nothing on one side
        ]
    whole = [change for change in told if not change.within]
    parts = [change for change in told if change.within and _is_clearer(change, whole)]
    return whole + sorted(parts, key=_surely)[-1:]


def _size(change: Change) -> float:
    return change.difference


def _without(drift: Drift, step: int) -> Drift:
    """Return a drift with a step fewer."""
    edges, p_values = list(drift.edges), list(drift.p_values)
    del edges[step], p_values[step]
    return replace(drift, edges=tuple(edges), p_values=tuple(p_values))


def _is_clearer(part: Change, whole: Sequence[Change]) -> bool:
    same = [each.difference for each in whole if each.column == part.column and each.aspect == "values"]
    return _surely(part) >= max(same, default=0.0) + CLEARER_BY


def _described(found: _Found, others: tuple[str, ...], config: AnalysisConfig) -> list[Change]:
    """Say each change of a drift: what is counted, where exactly, and how often on both sides."""
    order = found.order
    kept = found.looked_at[order.rows]
    rows, place = order.rows[kept], order.place[kept]
    last = int(place[-1]) + 1
    if found.drift.shape == "trend":
        first, second = int(place[len(place) // 3]), int(place[2 * len(place) // 3])
        spans = [(0, first, second, last)]
        near = [(0, last - 1)]
    else:
        ends = [0, *(int(place[np.searchsorted(order.bins[kept], edge)]) for edge in found.drift.edges), last]
        near = []
        for step in range(1, len(ends) - 1):
            ends[step], *ci = _located(found, rows, place, ends[step - 1 : step + 2])
            near.append((ci[0], ci[1]))
        spans = [(start, edge, edge, end) for start, edge, end in zip(ends, ends[1:], ends[2:], strict=False)]
    p_values = found.drift.p_values
    return [
        _change(found, rows, place, span, ci, p_adjusted=p, others=others, config=config)
        for span, ci, p in zip(spans, near, p_values, strict=True)
        if span[0] < span[1] <= span[2] < span[3]
    ]


def _located(found: _Found, rows: IntArray, place: IntArray, ends: Sequence[int]) -> tuple[int, int, int]:
    """Return the place of a step and its interval, by how often what differs most on both sides occurs."""
    start, edge, end = ends
    edges = (edge, edge, edge)
    for _ in range(2):  # what differs most is chosen again where the first edge was not quite the place
        hits = _hits(found, rows, place, (start, edges[0], edges[0], end))[1]
        inside = (place >= start) & (place < end)
        places, at = np.unique(place[inside], return_inverse=True)
        found_at = locate(np.bincount(at, hits[inside]), np.bincount(at), spread=found.drift.spread)
        edges = (int(places[found_at[0]]), int(places[found_at[1]]), int(places[found_at[2]]))
    return edges


def _hits(
    found: _Found, rows: IntArray, place: IntArray, span: tuple[int, int, int, int]
) -> tuple[Condition, BoolArray]:
    """Return what is counted, and which rows of the walk satisfy it."""
    cells = found.cells
    if found.aspect == "missing":
        return Condition(cells.column.name, "missing", None), ~cells.present[rows]
    before, after = np.zeros(len(cells.cells), bool), np.zeros(len(cells.cells), bool)
    before[rows[(place >= span[0]) & (place < span[1])]] = True
    after[rows[(place >= span[2]) & (place < span[3])]] = True
    condition = cells.condition(before, after)
    return condition, satisfies(condition, cells.cells.iloc[rows])


def _change(
    found: _Found,
    rows: IntArray,
    place: IntArray,
    span: tuple[int, int, int, int],
    near: tuple[int, int],
    *,
    p_adjusted: float,
    others: tuple[str, ...],
    config: AnalysisConfig,
) -> Change:
    order = found.order
    condition, hits = _hits(found, rows, place, span)

    def stretch(start: int, end: int) -> Stretch:
        inside = (place >= start) & (place < end)
        return _stretch(order, place[inside], hits[inside], config.confidence)

    before, after = stretch(*span[:2]), stretch(*span[2:])
    whole = span[0] == 0, span[3] == int(place[-1]) + 1
    bounds = np.unique(place[np.arange(0, len(place), max(1, len(place) // STRETCHES))]).tolist()
    return Change(
        along=order.name,
        alike=others,
        column=found.cells.column.name,
        aspect=found.aspect,
        shape=found.drift.shape,
        at=order.text(span[2]),
        ci=(order.text(near[0]), order.text(near[1])),
        rule=condition,
        within=found.within,
        before=before,
        after=after,
        p_adjusted=p_adjusted,
        statement=_statement(condition, found.within, _periods(found.drift.shape, before, after, whole), before, after),
        curve=tuple(stretch(start, end) for start, end in pairwise([*bounds, int(place[-1]) + 1])),
    )


def _stretch(order: Order, place: IntArray, hits: BoolArray, level: float) -> Stretch:
    n, met = len(hits), int(hits.sum())
    low, high = wilson(met, n, level)
    return Stretch(order.text(int(place[0])), order.text(int(place[-1])), n, met, met / n, float(low), float(high))


def _periods(shape: str, before: Stretch, after: Stretch, whole: tuple[bool, bool]) -> tuple[str, str]:
    """Name two stretches; `whole` says whether the one reaches to the first row and the other to the last."""
    if shape == "split":
        return "of the first four fifths", "of the last fifth"
    if shape == "trend":
        return f"up to {before.end}", f"since {after.start}"
    old = f"before {after.start}" if whole[0] else f"from {before.start} to {before.end}"
    return old, "since" if whole[1] else f"from {after.start} to {after.end}"


def _statement(
    condition: Condition, within: tuple[Condition, ...], periods: tuple[str, str], before: Stretch, after: Stretch
) -> str:
    where = f" where {describe(within, cut=True)}" if within else ""
    old, new = periods
    return (
        f"{describe((condition,), cut=True)} in {numbers.share(before.value)} of the "
        f"{plural(before.n, 'row')}{where} {old} ({numbers.count(before.hits)}), and in {numbers.share(after.value)} "
        f"of the {numbers.count(after.n)} {new} ({numbers.count(after.hits)})"
    )


# --- the order of the file -------------------------------------------------------------------------------------------


def _splits(split: Sequence[tuple[Cells, Order, float]], tests: int, config: AnalysisConfig) -> list[Change]:
    """Say which columns differ between the first four fifths of the rows and the last, where their order tells."""
    told = []
    for (cells, order, _), p in zip(split, benjamini_hochberg([p for *_, p in split], tests).tolist(), strict=True):
        if p > config.fdr:
            continue
        cut, last = int(FIRST_ROWS * len(order.rows)), len(order.rows)
        known = cells.present[:cut].any() and cells.present[cut:].any()
        if known:
            found = _Found(cells, "values", order, Drift(0, "split", (), (p,), 1.0), cells.present)
            rows = order.rows[cells.present]
            span, near = (0, cut, cut, last), (cut, cut)
            change = _change(found, rows, rows, span, near, p_adjusted=p, others=(), config=config)
            told += [change] * (change.difference >= LEAST_DIFFERENCE)
    return told

"""Orders of the rows: by each date column, and as the file has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from vaeaudit.analysis.rules.columns import words_of
from vaeaudit.data.schema.columns import Kind, Role, Schema
from vaeaudit.outputs.changes import ROW_ORDER
from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.statistics.change_points import BINS

#: A date that fewer of the rows have is what happened to some of them, and no time at which they came to be.
LEAST_DATED = 0.5
#: Fewest rows in an order.
FEWEST_ROWS = 100
#: Rank correlation from which two dates are clocks of one course of things, and a number is but another clock.
SAME_ORDER, CLOCK = 0.5, 0.95
_SAMPLE = 2_000
_YEAR = 365.2425 * 24 * 3600 * 1e9
_BIRTH = frozenset(["birth", "birthdate", "birthday", "born", "dob", "dateofbirth", "bdate"])


@dataclass(frozen=True, eq=False)
class Order:
    """An order of n rows of a table.

    Attributes
    ----------
    name
        The date column, or `row order`.
    rows, place
        [n]; positions of rows in this order, and the number of the distinct place that each of them has.
    moments
        [T] date-times of the places; None for the order of the file.
    """

    name: str
    rows: IntArray
    place: IntArray
    moments: npt.NDArray[np.datetime64] | None

    @cached_property
    def bins(self) -> IntArray:
        """[n]; the bin of each row, whole places in each, about equal in rows."""
        rows = np.bincount(self.place)
        bin_of_place = (np.cumsum(rows) - rows) * min(BINS, len(rows)) // len(self.rows)
        return np.asarray(np.unique(bin_of_place, return_inverse=True)[1][self.place], np.int64)

    @cached_property
    def along(self) -> FloatArray:
        """[bins]; where each bin lies, from 0 to 1, in time where there is one."""
        ticks = self._ticks[self.place]
        mean = np.bincount(self.bins, ticks) / np.bincount(self.bins)
        return np.asarray((mean - ticks[0]) / max(ticks[-1] - ticks[0], 1.0), np.float64)

    @property
    def years(self) -> float:
        """How long it is; 0 for the order of the file."""
        return 0.0 if self.moments is None else float(np.ptp(self._ticks) / _YEAR)

    @cached_property
    def rank(self) -> FloatArray:
        """[N]; the place of every row of the table, NaN where it has none."""
        rank = np.full(int(self.rows.max()) + 1, np.nan)
        rank[self.rows] = self.place
        return rank

    def text(self, place: int) -> str:
        """Write a place as people read it: a date, or the number of a row from 1."""
        if self.moments is None:
            return str(int(place) + 1)
        return str(pd.Timestamp(self.moments[place])).removesuffix(" 00:00:00")

    @cached_property
    def _ticks(self) -> FloatArray:
        ticks = np.arange(len(self.rows)) if self.moments is None else self.moments.astype(np.int64)
        return ticks.astype(np.float64)


def orders_of(frame: pd.DataFrame, schema: Schema) -> list[Order]:
    """Return the order of each date that most rows have, births left out, and last that of the file.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their columns.
    """
    orders = []
    for column in schema:
        if column.kind is not Kind.DATETIME or column.same_as or words_of(column.name) & _BIRTH:
            continue
        codes, moments = pd.factorize(frame[column.name], sort=True)
        rows = np.argsort(codes, kind="stable")[np.count_nonzero(codes < 0) :]
        if len(rows) >= max(FEWEST_ROWS, LEAST_DATED * len(frame)) and len(moments) > 1:
            found = np.asarray(moments, dtype="datetime64[ns]")
            orders.append(Order(column.name, rows, codes[rows].astype(np.int64), found))
    if len(frame) >= FEWEST_ROWS:
        every = np.arange(len(frame))
        orders.append(Order(ROW_ORDER, every, every, None))
    return orders


def different(orders: Sequence[Order]) -> dict[Order, tuple[str, ...]]:
    """Return the orders that differ from each that comes before, with the names of the dates that go with each.

    A date that as many rows have as the one it goes with is kept beside it: a change may be sharper along it. What
    lies between two dates depends on either of them: along both, the time between them would seem to change.

    Parameters
    ----------
    orders
        The one to be kept first.
    """
    kept: dict[Order, tuple[str, ...]] = {}
    twins: list[tuple[Order, Order]] = []
    for order in orders:
        same = next((one for one in kept if abs(_rank_correlation(one, order.rank)) >= SAME_ORDER), None)
        if order.moments is None or same is None or same.moments is None:
            kept[order] = ()
        else:
            kept[same] = (*kept[same], order.name)
            twins += [(same, order)] * (len(order.rows) == len(same.rows))
    for one, twin in twins:
        others = (name for name in (one.name, *kept[one]) if name != twin.name)
        kept[twin] = tuple(others)
    return kept


def is_clock(order: Order, values: FloatArray) -> bool:
    """Whether a column [N], NaN where missing, only tells the place in another way: a year, a counter, a period."""
    found = values[order.rows]
    found = found[~np.isnan(found)]
    if len(found) == 0:
        return True
    runs, distinct = 1 + np.count_nonzero(np.diff(found)), len(np.unique(found))
    return bool(runs < 2 * distinct < len(found) / 2 and distinct > 2) or abs(_rank_correlation(order, values)) >= CLOCK


def _rank_correlation(order: Order, values: FloatArray) -> float:
    rows = order.rows[:: max(1, len(order.rows) // _SAMPLE)]
    rows = rows[rows < len(values)]
    both = ~np.isnan(values[rows])
    if both.sum() < FEWEST_ROWS or np.ptp(values[rows][both]) == 0:
        return 0.0
    return float(stats.spearmanr(order.rank[rows][both], values[rows][both]).statistic)


def sorted_by(frame: pd.DataFrame, schema: Schema) -> tuple[str, ...]:
    """Return the columns, numbers of rows left out, in whose order the rows stand, or whose values lie in one run each.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their columns.
    """
    if len(frame) < FEWEST_ROWS:
        return ()
    kept = (column for column in schema if column.role is not Role.ID and not column.same_as)
    kinds = (Kind.IDENTIFIER, Kind.CONSTANT, Kind.TEXT)
    return tuple(column.name for column in kept if column.kind not in kinds and _is_sorted(frame[column.name]))


def _is_sorted(cells: pd.Series) -> bool:
    codes = pd.factorize(cells, sort=not isinstance(cells.dtype, pd.CategoricalDtype))[0]
    steps = np.diff(codes[codes >= 0])
    if len(steps) < FEWEST_ROWS or not steps.any():
        return False
    in_runs = np.count_nonzero(steps) == codes.max()
    return bool(in_runs or (steps >= 0).all() or (steps <= 0).all())

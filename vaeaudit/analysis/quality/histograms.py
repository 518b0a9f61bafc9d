"""How the values of a column are spread: counts between edges, or of the most frequent levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from vaeaudit.data.schema.columns import Column, Kind
from vaeaudit.outputs.record import FloatArray
from vaeaudit.statistics.measures import Count

#: Bars of a number or a date, and levels that are counted by name.
BARS, NAMED_LEVELS = 20, 20
#: Bars are of one width between these quantiles; what lies beyond is in the first and the last, which reach farther.
_INNER = (0.005, 0.995)
#: Size of whole numbers up to which halves between them are exact.
_EXACT = 2.0**50


@dataclass(frozen=True)
class Histogram:
    """Rows of a column by value, without its missing cells.

    Attributes
    ----------
    edges
        Of a number or a date (ISO 8601): one more than `counts`, each bar with its lower edge, the last with both;
        empty for levels. The outer bars reach to the smallest and the largest value, and may be wider than the others.
    levels
        The most frequent ones, in the order of the scale where they have one; empty for numbers and dates.
    counts
        Rows per bar or level.
    rest
        Rows of all other levels.
    """

    edges: tuple[float | str, ...]
    levels: tuple[str, ...]
    counts: tuple[Count, ...]
    rest: Count = 0


def histogram(values: pd.Series, column: Column) -> Histogram | None:
    """Count the values of a column [N]; None without any, for text and identifiers, and where they are personal."""
    present = values.dropna()
    if present.empty or column.personal:
        return None
    if column.kind.is_levelled:
        return _of_levels(present, column)
    if column.kind.is_numeric:
        edges, counts = _between_edges(present.to_numpy(np.float64))
        return Histogram(tuple(edges.tolist()), (), counts)
    if column.kind is Kind.DATETIME:
        moments = present.to_numpy("datetime64[ns]").astype(np.int64)
        edges, counts = _between_edges((moments - moments.min()).astype(np.float64))
        borders = (edges.round().astype(np.int64) + moments.min()).astype("datetime64[ns]")
        return Histogram(tuple(np.datetime_as_string(borders, unit="s").tolist()), (), counts)
    return None


def _of_levels(present: pd.Series, column: Column) -> Histogram:
    counts = np.bincount(present.cat.codes.to_numpy(), minlength=len(column.levels))
    shown = np.argsort(-counts, kind="stable")[:NAMED_LEVELS]
    shown = np.sort(shown) if column.kind is Kind.ORDINAL else shown
    named = tuple(counts[shown].tolist())
    return Histogram((), tuple(column.levels[place] for place in shown), named, int(counts.sum()) - sum(named))


def _between_edges(values: FloatArray) -> tuple[FloatArray, tuple[int, ...]]:
    """Return edges and counts; bars of whole numbers hold as many of them each, and lie around them."""
    low, high = float(values.min()), float(values.max())
    first, last = (low, high) if high - low < BARS else np.quantile(values, _INNER)
    if max(-low, high) < _EXACT and bool((values == np.rint(values)).all()):
        first, last = np.floor(first), np.ceil(last)
        width = np.ceil((last - first + 1) / BARS)
        edges = np.arange(first, last + 1 + width, width) - 0.5
        edges[0], edges[-1] = min(edges[0], low - 0.5), max(edges[-1], high + 0.5)
    else:
        part = np.linspace(0, 1, BARS + 1)
        edges = first * (1 - part) + last * part  # their difference may be beyond the largest number
        edges[0], edges[-1] = low, high
        edges = np.unique(edges)
    if edges.size < 2:
        return np.array([low, high]), (values.size,)
    counts, _ = np.histogram(values, edges)
    return edges, tuple(counts.tolist())

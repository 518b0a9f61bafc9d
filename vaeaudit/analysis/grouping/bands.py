"""One banding of each column of numbers: what was said, else what a population is divided by, and used everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from vaeaudit.data.population_shares import Population, PopulationColumn, Span
from vaeaudit.data.schema.columns import Schema
from vaeaudit.errors import UsageError
from vaeaudit.wording.rules import bound_text


def banded(
    schema: Schema, bands: Mapping[str, Sequence[float]], population: Population | None
) -> tuple[Schema, Population | None]:
    """Lay the bands that were said over a schema and a population, and those of the population over the schema.

    Parameters
    ----------
    schema
        Of the data.
    bands
        Column -> rising bounds of its groups.
    population
        Shares, if any; its intervals are put together to those bands.

    Raises
    ------
    UsageError
        Where a column does not exist or holds no numbers, or where a bound lies within an interval of the population,
        whose share of it nobody knows.
    """
    for name in bands:
        column = schema.require(name, option="--bands")
        if not column.kind.is_numeric:
            raise UsageError(
                f"--bands {name}: the column is {column.kind.value}; only numbers can be cut into bands.",
                hint=f"If it holds numbers, say so: --kind-of {name}=real",
            )
    cuts = {name: tuple(map(float, bounds)) for name, bounds in bands.items()}
    if population is not None:
        for name in set(cuts) & set(population.column_names):
            population = _coarser(population, name, cuts[name])
        given = {column.name: _bounds(column) for column in population.columns if column.intervals}
        cuts = {**given, **cuts}
    columns = tuple(replace(column, bands=cuts.get(column.name, ())) for column in schema)
    return Schema(columns), population


def _bounds(column: PopulationColumn) -> tuple[float, ...]:
    return tuple(sorted({bound for span in column.intervals for bound in span if bound is not None}))


def _coarser(population: Population, name: str, cuts: tuple[float, ...]) -> Population:
    """Put the intervals of one column together to bands."""
    column = population[name]
    within = [cut for cut in cuts if any(_lies_within(cut, span) for span in column.intervals)]
    if within:
        known = ", ".join(map(bound_text, _bounds(column)))
        raise UsageError(
            f"--bands {name}: {bound_text(within[0])} lies within an interval of {population.name}, of whose parts no "
            "share is known.",
            hint=f"Its bounds are {known}.",
        )
    band = [_band(span, cuts) for span in column.intervals]
    kept = sorted(set(band))
    members = [[span for span, of in zip(column.intervals, band, strict=True) if of == b] for b in kept]
    spans = tuple((joined[0][0], joined[-1][1]) for joined in members)  # rising, and without a gap
    axis = population.column_names.index(name)
    shape = tuple(len(each) for each in population.columns)
    table = np.array([np.nan if share is None else share for share in population.shares]).reshape(shape)
    parts = [table.compress([of == b for of in band], axis=axis) for b in kept]
    # a band is known where any of its intervals is: those that are not listed hold nobody that the source counts
    sums = [np.where(np.isnan(part).all(axis=axis), np.nan, np.nansum(part, axis=axis)) for part in parts]
    joined = np.stack(sums, axis=axis)
    columns = tuple(PopulationColumn(name, intervals=spans) if each is column else each for each in population.columns)
    shares = tuple(None if np.isnan(share) else float(share) for share in joined.ravel())
    return replace(population, columns=columns, shares=shares)


def _lies_within(cut: float, span: Span) -> bool:
    low, high = span
    return (low is None or low < cut) and (high is None or cut < high)


def _band(span: Span, cuts: Sequence[float]) -> int:
    low = span[0]
    return 0 if low is None else int(np.searchsorted(cuts, low, side="right"))

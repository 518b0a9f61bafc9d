"""Whether a region comes back: on resampled rows, and in the latents of models that were trained from other seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from vaeaudit.analysis.coverage.axes import ORDERED_BINS, Axis, FloatArray, Pooled, axis_of, joint_counts
from vaeaudit.analysis.coverage.crossed_columns import CrossedColumns, ExpectedCounts
from vaeaudit.analysis.coverage.shortages import SAME, Shortage, Threshold
from vaeaudit.analysis.grouping.groups import group_column
from vaeaudit.analysis.grouping.rules import satisfies
from vaeaudit.data.schema.columns import Column, Kind
from vaeaudit.outputs.latents import ACTIVE_THRESHOLD
from vaeaudit.outputs.record import BoolArray
from vaeaudit.statistics.two_samples import triple_expectation


def share_of_resamples(shortage: Shortage, resamples: int, rng: np.random.Generator) -> float:
    """Return the share of bootstrap resamples (Efron 1979) in which a shortage comes back.

    Rows are drawn anew from each dataset; since only their counts in one joint table matter, these are drawn, which is
    the same. The shortage is back where its cell, or one on the same columns that overlaps it by an F1 of `SAME` in
    expected rows, meets what the whole search asked of a cell: multiplicity counts as it did there.

    Parameters
    ----------
    shortage
        As a baseline found it.
    resamples
        At least 1.
    rng
        Of the resamples.
    """
    returned = 0
    for _ in range(resamples):
        tables = tuple(
            rng.multinomial(table.sum(), table.ravel() / table.sum()).reshape(table.shape) if table.any() else table
            for table in shortage.recount.tables
        )
        returned += bool(shortage.threshold.is_short(shortage.recount.cells(tables)).any())
    return returned / resamples


def share_of_members(
    shortage: Shortage, frame: pd.DataFrame, latents: frozenset[str], members: Sequence[Sequence[Axis]]
) -> float:
    """Return the share of refits in whose latents a shortage against independence comes back.

    Axes of another training have other names and directions. Each condition on a latent may therefore be met by any
    range of any latent of the refit that selects much the same rows (F1 of at least `SAME`); the shortage is back
    where such ranges, crossed, are short again at the threshold of the whole search.

    Parameters
    ----------
    shortage
        As `baselines.against_independence` found it.
    frame
        [N]; its rows, latents included.
    latents
        Which columns are latents.
    members
        `latent_axes` of the same rows, one entry for each refit, at least one.
    """
    selected = [np.asarray(satisfies(condition, frame[condition.column])) for condition in shortage.rule]
    over_latents = [condition.column in latents for condition in shortage.rule]
    returned = 0
    for axes in members:
        options = [
            list(_matching(axes, rows)) if of_latents else [(None, _two_groups(rows))]
            for rows, of_latents in zip(selected, over_latents, strict=True)
        ]
        returned += any(_is_short(chosen, shortage.threshold) for chosen in product(*options))
    return returned / len(members)


def latent_axes(means: FloatArray) -> list[Axis]:
    """Return axes of the latents that vary.

    Parameters
    ----------
    means
        [N, L]; posterior means.
    """
    varying = np.flatnonzero(means.var(axis=0) > ACTIVE_THRESHOLD)
    columns = [Column(f"z_{latent}", Kind.REAL, in_model=False) for latent in varying]
    values = pd.DataFrame(means[:, varying].astype(np.float64), columns=[column.name for column in columns])
    return [axis_of(group_column(values[column.name], column, bins=ORDERED_BINS)) for column in columns]


def _matching(axes: Sequence[Axis], rows: BoolArray) -> Iterator[tuple[str, Pooled]]:
    """Yield the names of axes, and their groups with the ranges [m, G] that select much the same rows as `rows` [N]."""
    wanted = int(np.count_nonzero(rows))
    for axis in axes:
        part = axis.many
        shared = part.sets @ np.bincount(part.codes[rows], minlength=part.groups)
        sizes = part.sets @ np.bincount(part.codes, minlength=part.groups)
        alike = 2 * shared >= SAME * (sizes + wanted)
        if alike.any():
            yield axis.column, replace(part, sets=part.sets[alike])


def _two_groups(rows: BoolArray) -> Pooled:
    """Divide rows into those [N] that a condition selects, and the others."""
    return Pooled(rows.astype(np.int64), np.eye(2, dtype=bool), np.array([[False, True]]))


def _is_short(chosen: tuple[tuple[str | None, Pooled], ...], threshold: Threshold) -> bool:
    """Whether any crossing of ranges is short against independence."""
    latents = [name for name, _ in chosen if name is not None]
    if len(set(latents)) < len(latents):
        return False  # one latent cannot stand for two
    parts = tuple(part for _, part in chosen)
    crossed, counts = CrossedColumns(tuple(range(len(parts))), parts), joint_counts(*parts)
    table = ExpectedCounts(crossed, crossed.masks, counts, None if len(parts) == 2 else triple_expectation(counts))
    enough = table.expected_rows(table.masks) > 0
    return bool(threshold.is_short(table.cells(tuple(mask[enough] for mask in table.masks))).any())

"""Whether a region comes back: on resampled rows, and in the latents of models that were trained from other seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.groups import group_column
from vaeaudit.analysis.missing.baselines import SAME, Shortage
from vaeaudit.analysis.missing.region_axes import ORDERED_BINS, Axis, axis_of, joint_counts
from vaeaudit.analysis.missing.region_blocks import Block
from vaeaudit.analysis.missing.shortfall import triple_expectation
from vaeaudit.analysis.missing.thresholds import Threshold
from vaeaudit.analysis.rules import satisfies
from vaeaudit.data.schema import Column, Kind
from vaeaudit.latents import ACTIVE_THRESHOLD

FloatArray = npt.NDArray[np.floating]
GroupMasks = npt.NDArray[np.bool_]
Mask = npt.NDArray[np.bool_]


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
        tables = tuple(_resampled(table, rng) for table in shortage.recount.tables)
        returned += bool(shortage.threshold.is_short(shortage.recount.cells(tables)).any())
    return returned / resamples


def _resampled(table: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    total = int(table.sum())
    if total == 0:
        return table
    return rng.multinomial(total, table.ravel() / total).reshape(table.shape)


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
        As `against_independence` found it.
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
            list(_matching(axes, rows)) if of_latents else [(_two_groups(rows), np.array([[False, True]]))]
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
    return [
        axis_of(
            group_column(
                pd.Series(means[:, latent].astype(np.float64)),
                Column(f"z_{latent}", Kind.REAL, in_model=False),
                bins=ORDERED_BINS,
            )
        )
        for latent in varying
    ]


def _matching(axes: Sequence[Axis], rows: Mask) -> Iterator[tuple[Axis, GroupMasks]]:
    """Yield axes with their ranges [m, G] that select much the same rows as a condition does [N]."""
    wanted = int(np.count_nonzero(rows))
    for axis in axes:
        shared = axis.candidates @ np.bincount(axis.codes[rows], minlength=axis.groups)
        sizes = axis.candidates @ np.bincount(axis.codes, minlength=axis.groups)
        alike = 2 * shared >= SAME * (sizes + wanted)
        if alike.any():
            yield axis, axis.candidates[alike]


def _two_groups(rows: Mask) -> Axis:
    return Axis("", rows.astype(np.int64), (), 2, ordered=False, candidates=np.array([[False, True]]))


def _is_short(chosen: tuple[tuple[Axis, GroupMasks], ...], threshold: Threshold) -> bool:
    """Whether any crossing of the ranges of some axes is short against independence."""
    axes = [axis for axis, _ in chosen]
    if len({axis.column for axis in axes if axis.column}) < sum(bool(axis.column) for axis in axes):
        return False  # one latent cannot stand for two
    counts = joint_counts(*axes)
    sets = [candidates for _, candidates in chosen]
    positions = np.indices([len(candidates) for candidates in sets]).reshape(len(sets), -1)
    masks = tuple(candidates[position] for candidates, position in zip(sets, positions, strict=True))
    block = Block(tuple(range(len(axes))), masks, counts, None if len(axes) == 2 else triple_expectation(counts))
    enough = block.expected_rows(masks) > 0
    cells = block.cells(tuple(mask[enough] for mask in masks))
    return bool(threshold.is_short(cells).any())

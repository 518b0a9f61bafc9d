"""Regions and latents: latents as columns to search in, which region a row lies in, and points that stand for one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.grouping.rules import apply_rule, satisfies
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.data.images.measured_columns import are_bound, computed_columns
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema
from vaeaudit.errors import RunError
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.outputs.region_rules import Condition, Ruled, latent_of, region_key

#: Pictures decoded per region.
POINTS = 6
#: How far inside its range a latent is put, as a share of the latent's standard deviation.
_INSIDE = 0.25
#: Rows named per region.
MOST_NEAREST = 5
#: Latents of largest KL that are searched; pairs grow with the square of them.
MOST_LATENTS = 8


class Points(NamedTuple):
    """A points in the latents: `z` [A, L], and for each a `row` [A] that it comes from, by position."""

    z: FloatArray
    row: IntArray


def points_of_regions(
    inputs: AuditInputs, regions: Sequence[Region], *, n_points: int = POINTS, midway: bool = True, seed: int
) -> dict[str, Points]:
    """Return, by `region_key`, points [n_points, L] of each region.

    A condition on a latent is met by moving the rows that come nearest to meeting it; conditions on columns that a
    person knows are met by rows that meet them. Where fewer than two rows meet all of these, rows that meet all but one
    stand in.

    Parameters
    ----------
    inputs
        The rows and their latents; flagged rows stand for nothing.
    regions
        As `find_regions` gives them for the same rows.
    n_points
        Points per region.
    midway
        Whether points lie halfway between two of the rows that meet a rule over known columns, so that what is decoded
        there is none of the rows; else at the rows themselves, as columns that are not of one kind ask for: between
        wives and single women the decoder may see husbands.
    seed
        Of the rows.
    """
    frame = with_named_latents(inputs.frame, regions, inputs.codes)
    latents = frozenset(frame.columns) - frozenset(inputs.schema.names)
    means, sound = inputs.codes.mean.astype(np.float64), ~inputs.scores.outlier
    shape = (n_points, 2 if midway else 1)
    return {
        region_key(region): _points(region, frame, latents, means, sound, np.random.default_rng(seed), shape)
        for region in regions
    }


def usual_points(inputs: AuditInputs, *, n_points: int, seed: int) -> Points:
    """Return the posterior means [n_points, L] of rows drawn from all that are not flagged (from all, if all are).

    Parameters
    ----------
    inputs
        The rows and their latents.
    n_points, seed
        How many; the same seed gives the same rows.
    """
    sound = np.flatnonzero(~inputs.scores.outlier)
    rows = sound if sound.size else np.arange(len(inputs.codes))
    drawn = np.random.default_rng(seed).choice(rows, n_points)
    return Points(np.asarray(inputs.codes.mean[drawn], dtype=np.float64), drawn)


def nearest_rows(inputs: AuditInputs, regions: Sequence[Region], *, seed: int) -> list[tuple[str, ...]]:
    """Return, per region, ids of at most `MOST_NEAREST` rows: those in it first, then those nearest in the latents.

    Distances are Euclidean over the active latents, each in its own standard deviations, to the nearest of the points
    that stand for the region (`points_of_regions`). Flagged rows are left out.
    """
    if not regions:
        return []
    frame = with_named_latents(inputs.frame, regions, inputs.codes)
    active = np.flatnonzero(inputs.codes.active)
    sound = np.flatnonzero(~inputs.scores.outlier)
    points = points_of_regions(inputs, regions, seed=seed) if sound.size else {}
    means = inputs.codes.mean[:, active].astype(np.float64)
    spread = np.maximum(means.std(axis=0), 1e-9) if len(means) else np.ones(active.size)
    means = means[sound] / spread
    named = []
    for region in regions:
        inside = apply_rule(region.rule, frame)[sound]
        distance = np.zeros(sound.size)
        if active.size and sound.size:
            squared = [np.square(means - point[active] / spread).sum(axis=1) for point in points[region_key(region)].z]
            distance = np.min(squared, axis=0)
        order = np.lexsort((distance, ~inside))[:MOST_NEAREST]
        named.append(tuple(str(inputs.row_ids[row]) for row in sound[order]))
    return named


def _points(  # noqa: PLR0917 - the rows, and what is asked of them
    region: Region,
    frame: pd.DataFrame,
    latents: frozenset[str],
    means: FloatArray,
    sound: BoolArray,
    generator: np.random.Generator,
    shape: tuple[int, int],
) -> Points:
    known = [condition for condition in region.rule if condition.column not in latents]
    ranges = [condition for condition in region.rule if condition.column in latents]
    count = np.zeros(len(frame), dtype=np.int64)
    for condition in known:
        count += satisfies(condition, frame[condition.column])
    rows = np.flatnonzero(sound & (count == len(known)))
    if rows.size < 2:
        rows = np.flatnonzero(sound & (count >= len(known) - 1))
    if rows.size < 2:
        rows = np.arange(len(frame))
    if not ranges:
        drawn = generator.choice(rows, shape)
        return Points(np.asarray(means[drawn].mean(axis=1)), drawn[:, 0])
    n_points, _ = shape
    away = np.zeros(rows.size)
    moved = means[rows].copy()
    for condition in ranges:
        latent = int(condition.column.removeprefix("z_"))
        target = _into_range(moved[:, latent], condition, _INSIDE * float(means[:, latent].std()))
        away += ((target - moved[:, latent]) / max(float(means[:, latent].std()), 1e-9)) ** 2
        moved[:, latent] = target
    nearest = np.resize(np.argsort(away, kind="stable")[:n_points], n_points)
    return Points(np.asarray(moved[nearest]), rows[nearest])


def _into_range(values: FloatArray, condition: Condition, margin: float) -> FloatArray:
    """Move values [N] to inside a condition's range, to its middle where it is narrow."""
    low, high = (edge if edge is None else float(edge) for edge in condition.value)
    if low is not None and high is not None:
        margin = min(margin, (high - low) / 2)
    lowest = -np.inf if low is None else low + margin
    highest = np.inf if high is None else high - margin
    return np.clip(values, lowest, highest)


def searched_latents(codes: LatentCodes) -> IntArray:
    """Return the positions, rising, of the active latents of largest KL: those that regions are searched in."""
    if len(codes) == 0:
        return np.empty(0, dtype=np.intp)
    active = np.flatnonzero(codes.active)
    return np.sort(active[np.argsort(-codes.kl.mean(axis=0)[active], kind="stable")[:MOST_LATENTS]])


def with_latents(
    frame: pd.DataFrame, schema: Schema, codes: LatentCodes, latents: IntArray | None = None
) -> tuple[pd.DataFrame, Schema]:
    """Return the table with the posterior means of the strongest active latents as columns `z_0`, … behind it.

    The names are those of `rows.parquet`, so that a rule over them can be applied there. A latent whose name the table
    has already is left out.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their columns.
    codes
        Of the same rows.
    latents
        Positions of the latents; None for those of `searched_latents`.
    """
    chosen = searched_latents(codes) if latents is None else latents
    added = {f"z_{latent}": codes.mean[:, latent].astype(np.float64) for latent in chosen}
    added = {name: values for name, values in added.items() if name not in schema.names}
    columns = tuple(Column(name, Kind.REAL, in_model=False, unique=len(np.unique(added[name]))) for name in added)
    return frame.assign(**added), Schema((*schema.columns, *columns))


def uncrossed(schema: Schema, searched: tuple[str, ...], latents: frozenset[str]) -> set[tuple[int, int]]:
    """Return the pairs of searched columns, as rising positions, that no region is looked for in.

    A latent is crossed with latents and with sensitive columns. With the label, or a column that says what a picture
    shows, it is not: that a class lies elsewhere in the latents is what the model is for, and no gap. The same holds
    for columns computed from the pictures, which are crossed with one another only where they are not tied by what
    they measure (`are_bound`), and with latents never: that a latent follows brightness is no gap either.

    Parameters
    ----------
    schema
        Of the searched table.
    searched
        Names of the searched columns, in their order.
    latents
        Which of them are latents.
    """
    sensitive = {column.name for column in schema if column.role is Role.SENSITIVE}
    derived = {column.name for column in schema if column.derived}
    sort = dict.fromkeys(computed_columns(schema), "computed") | dict.fromkeys(latents, "latent")

    def is_crossed(one: str, other: str) -> bool:
        if {one, other} <= derived and are_bound(one, other):
            return False
        return sort.get(one) == sort.get(other) or bool({one, other} & sensitive)

    return {
        (i, j)
        for i, one in enumerate(searched)
        for j, other in enumerate(searched)
        if i < j and not is_crossed(one, other)
    }


def place_rows(
    regions: Sequence[Ruled], frame: pd.DataFrame, codes: LatentCodes, *, lacking: Collection[str] = ()
) -> npt.NDArray[np.object_]:
    """Return [N]: id of the first region whose rule the row satisfies, or None.

    Parameters
    ----------
    regions
        By rank.
    frame
        [N] rows, stored as `Dataset.frame` is. A rule over `z_3` means the posterior mean of latent 3, unless the
        frame has a column of that name.
    codes
        Of the same rows.
    lacking
        Columns that are missing only because the data does not have them: rules over them place no row.
    """
    placed = np.full(len(frame), None, dtype=object)
    known = with_named_latents(frame, regions, codes)
    for region in regions:
        if not lacking or not {condition.column for condition in region.rule} & set(lacking):
            placed[apply_rule(region.rule, known) & pd.isna(placed)] = region.id
    return placed


def with_named_latents(frame: pd.DataFrame, regions: Sequence[Ruled], codes: LatentCodes) -> pd.DataFrame:
    """Return the frame with the posterior means that rules name, and that it has no column for, behind it.

    Parameters
    ----------
    frame, regions, codes
        As in `place_rows`.

    Raises
    ------
    RunError
        Where a rule names neither a column nor a latent.
    """
    named = dict.fromkeys(condition.column for region in regions for condition in region.rule)
    added = {name: codes.mean[:, _latent(name, codes)].astype(np.float64) for name in named if name not in frame}
    return frame.assign(**added)


def _latent(name: str, codes: LatentCodes) -> int:
    latent = latent_of(name, codes.n_latents)
    if latent is None:
        raise RunError(f"regions: a rule names {name!r}, which is neither a column nor a latent of the run.")
    return latent

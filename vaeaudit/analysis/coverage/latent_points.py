"""Points in the latents that stand for a region, and the rows nearest to it: where what is missing is decoded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.coverage.placing import with_named_latents
from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.grouping.rules import apply_rule, satisfies
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.outputs.region_rules import Condition, region_key

Points = npt.NDArray[np.float64]

#: Pictures decoded per region.
POINTS = 6
#: How far inside its range a latent is put, as a share of the latent's standard deviation.
_INSIDE = 0.25
#: Rows named per region.
MOST_NEAREST = 5


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
    return np.asarray(inputs.codes.mean[np.random.default_rng(seed).choice(rows, n_points)], dtype=np.float64)


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
            squared = [np.square(means - point[active] / spread).sum(axis=1) for point in points[region_key(region)]]
            distance = np.min(squared, axis=0)
        order = np.lexsort((distance, ~inside))[:MOST_NEAREST]
        named.append(tuple(str(inputs.row_ids[row]) for row in sound[order]))
    return named


def _points(  # noqa: PLR0917 - the rows, and what is asked of them
    region: Region,
    frame: pd.DataFrame,
    latents: frozenset[str],
    means: Points,
    sound: npt.NDArray[np.bool_],
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
        return np.asarray(means[generator.choice(rows, shape)].mean(axis=1))
    n_points, _ = shape
    away = np.zeros(rows.size)
    moved = means[rows].copy()
    for condition in ranges:
        latent = int(condition.column.removeprefix("z_"))
        target = _into_range(moved[:, latent], condition, _INSIDE * float(means[:, latent].std()))
        away += ((target - moved[:, latent]) / max(float(means[:, latent].std()), 1e-9)) ** 2
        moved[:, latent] = target
    nearest = np.resize(np.argsort(away, kind="stable")[:n_points], n_points)
    return np.asarray(moved[nearest])


def _into_range(values: Points, condition: Condition, margin: float) -> Points:
    """Move values [N] to inside a condition's range, to its middle where it is narrow."""
    low, high = (edge if edge is None else float(edge) for edge in condition.value)
    if low is not None and high is not None:
        margin = min(margin, (high - low) / 2)
    lowest = -np.inf if low is None else low + margin
    highest = np.inf if high is None else high - margin
    return np.clip(values, lowest, highest)

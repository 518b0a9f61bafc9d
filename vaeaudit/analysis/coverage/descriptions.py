"""Where the rows of a region are: in known columns, in the latents, and in what the model decodes there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from vaeaudit.analysis.coverage.axes import Axis
from vaeaudit.analysis.coverage.results import LatentRange, Region
from vaeaudit.analysis.coverage.shortages import MOST_CONDITIONS
from vaeaudit.analysis.grouping.rules import satisfies
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.latents.traversals import data_spread
from vaeaudit.data.schema.columns import Column
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import BoolArray, FloatArray
from vaeaudit.outputs.region_rules import Rule, region_key
from vaeaudit.wording.cells import expected_texts, holds_whole_days

#: What a further condition must add to the F1.
_LEAST_GAIN = 0.02
#: F1 from which on a rule says where a region is.
_TELLING = 0.5
#: The part of a region's rows that its box encloses, on each latent.
BOX_PERCENTILES = (5.0, 95.0)
#: Among what is decoded by the key of a region: what is decoded of rows drawn from all.
USUAL = "usual"
#: Columns told per region.
MOST_COLUMNS = 4
#: A number is told where its median lies this many standard deviations of the data from the usual one; a level, where
#: it is decoded this much more often than usual.
_FAR, _MORE_OFTEN = 0.5, 0.3


@dataclass(frozen=True)
class Description:
    """A rule, the share of its rows that lie in the set, and the share of the set that it holds."""

    rule: Rule
    precision: float
    recall: float


def describe_conditions(conditions: Sequence[BoolArray], axes: Sequence[Axis]) -> Description | None:
    """Say each of several conditions by the one on a known column that comes nearest to it.

    A region that has hardly any rows cannot be described by them; the rows that meet one of its conditions can. What
    holds for the rows that would lie in it is put together as if the conditions were independent, as its baseline is.

    Parameters
    ----------
    conditions
        [N] each; the rows that meet it.
    axes
        Known columns of the same rows.

    Returns
    -------
    Description or None
        None where one of them is not told by any column, or all together are not.
    """
    found = [describe_rows(rows, axes, most=1) for rows in conditions]
    told = [each for each in found if each is not None]
    if not told or len(told) < len(found):
        return None
    precision, recall = (float(np.prod([getattr(each, name) for each in told])) for name in ("precision", "recall"))
    columns = [condition.column for each in told for condition in each.rule]
    return _telling(Description(tuple(c for each in told for c in each.rule), precision, recall), columns)


def _telling(found: Description, columns: Sequence[str]) -> Description | None:
    """Drop a description that says too little, or two things of one column."""
    f1 = 2 * found.precision * found.recall / max(found.precision + found.recall, 1e-9)
    return found if f1 >= _TELLING and len(set(columns)) == len(columns) else None


def describe_rows(wanted: BoolArray, axes: Sequence[Axis], *, most: int = MOST_CONDITIONS) -> Description | None:
    """Grow a rule condition by condition, each the one that brings its F1 against the wanted rows highest.

    Parameters
    ----------
    wanted
        [N]; the rows to describe.
    axes
        Known columns of the same rows.
    most
        Conditions at most.

    Returns
    -------
    Description or None
        None where there is no such row, or no condition tells them from the others better than naming all rows does,
        or the rule comes to an F1 of less than a half.
    """
    n_wanted = int(np.count_nonzero(wanted))
    inside = np.ones(wanted.size, dtype=bool)
    f1 = 2 * n_wanted / max(wanted.size + n_wanted, 1)
    chosen: dict[int, BoolArray] = {}
    while n_wanted and len(chosen) < most:
        best, axis, groups = max(
            (_best_set(axes[axis], axis, inside, wanted) for axis in range(len(axes)) if axis not in chosen),
            key=lambda step: step[0],
            default=(0.0, -1, np.empty(0, dtype=bool)),
        )
        if best < f1 + _LEAST_GAIN:
            break
        f1, chosen[axis] = best, groups
        inside &= groups[axes[axis].codes]
    if not chosen:
        return None
    hits = int(np.count_nonzero(inside & wanted))
    rule = tuple(axes[axis].condition(groups) for axis, groups in chosen.items())
    found = Description(rule, hits / int(np.count_nonzero(inside)), hits / n_wanted)
    return _telling(found, [condition.column for condition in rule])


def _best_set(axis: Axis, position: int, inside: BoolArray, wanted: BoolArray) -> tuple[float, int, BoolArray]:
    """F1 of the best set of one column's groups among the rows inside, the column's position, and the set [F]."""
    pooled = axis.many
    selected = pooled.sets @ np.bincount(pooled.codes[inside], minlength=pooled.groups)
    hits = pooled.sets @ np.bincount(pooled.codes[inside & wanted], minlength=pooled.groups)
    f1 = 2 * hits / np.maximum(selected + np.count_nonzero(wanted), 1)
    best = int(np.argmax(f1))
    return float(f1[best]), position, np.asarray(pooled.sets[best] @ pooled.members)


def latent_box(
    rule: Rule, frame: pd.DataFrame, codes: LatentCodes, counted: BoolArray, fewest: int
) -> tuple[LatentRange, ...]:
    """Range of the posterior means of the rows in a region, on each active latent.

    Where the region has fewer rows than `fewest`, the rows that satisfy all conditions but one stand in for it.

    Parameters
    ----------
    rule
        Of the region.
    frame, codes
        [N] rows, with the columns that the rule names, and their latents.
    counted
        [N]; rows that are no outliers.
    fewest
        Rows that it takes to say where they lie.
    """
    active = np.flatnonzero(codes.active)
    satisfied = np.array([satisfies(condition, frame[condition.column]) for condition in rule]).sum(axis=0)
    rows = counted & (satisfied == len(rule))
    if rows.sum() < fewest:
        rows = counted & (satisfied >= len(rule) - 1)
    if rows.sum() < fewest or active.size == 0:
        return ()
    low, high = np.percentile(codes.mean[rows][:, active], BOX_PERCENTILES, axis=0)
    return tuple(
        LatentRange(int(latent), float(start), float(end)) for latent, start, end in zip(active, low, high, strict=True)
    )


def with_decoded(
    regions: Sequence[Region], inputs: AuditInputs, decoded: Mapping[str, FloatArray]
) -> tuple[Region, ...]:
    """Return the regions with `decoded` filled in: what sets them apart from what is decoded elsewhere, most first.

    The columns of a region's own rule are left out, for they only say the rule again.

    Parameters
    ----------
    regions, inputs
        What was found in which rows.
    decoded
        By `region_key`, and by `USUAL`: [P, C] what the decoder expects of each modelled column at P points, as in
        `ModelFacts.traversals`. Regions that are not in it stay as they are.
    """
    if USUAL not in decoded:
        return tuple(regions)
    columns = [inputs.schema[name] for name in inputs.codes.columns]
    spreads = [float(np.sqrt(data_spread(inputs.frame[column.name], column))) for column in columns]
    return tuple(_told(region, columns, spreads, inputs, decoded) for region in regions)


def _told(
    region: Region,
    columns: Sequence[Column],
    spreads: Sequence[float],
    inputs: AuditInputs,
    decoded: Mapping[str, FloatArray],
) -> Region:
    values = decoded.get(region_key(region))
    if values is None:
        return region
    ruled = {condition.column for condition in region.rule}
    apart = [
        _apart(values[:, place], decoded[USUAL][:, place], column, spreads[place])
        for place, column in enumerate(columns)
        if column.name not in ruled
    ]
    told = sorted((entry for entry in apart if entry.distance > 0), key=lambda entry: -entry.distance)
    cells = ((entry.column.name, _text(entry, inputs)) for entry in told[:MOST_COLUMNS])
    return replace(region, decoded=tuple(cells))


@dataclass(frozen=True)
class _Apart:
    """The value of a column that sets a region apart, and how far it does so; 0: not worth telling."""

    column: Column
    value: float
    distance: float


def _apart(values: FloatArray, usual: FloatArray, column: Column, spread: float) -> _Apart:
    values, usual = values[np.isfinite(values)], usual[np.isfinite(usual)]
    if values.size == 0 or usual.size == 0:
        return _Apart(column, 0.0, 0.0)
    if column.kind.is_levelled:
        counts = [
            np.bincount(part.astype(np.int64), minlength=len(column.levels)) / part.size for part in (values, usual)
        ]
        more = counts[0] - counts[1]
        level = int(np.argmax(more))
        return _Apart(column, float(level), float(more[level]) if more[level] >= _MORE_OFTEN else 0.0)
    middle = float(np.median(values))
    far = abs(middle - float(np.median(usual))) / spread if spread > 0 else 0.0
    return _Apart(column, middle, far if far >= _FAR else 0.0)


def _text(entry: _Apart, inputs: AuditInputs) -> str:
    days = holds_whole_days(inputs.frame[entry.column.name])
    return str(expected_texts(np.array([entry.value]), entry.column, np.zeros(1, dtype=bool), whole_days=days)[0])

"""What the model decodes where rows are missing, in the columns of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.latents.traversals import data_spread
from vaeaudit.data.schema.columns import Column
from vaeaudit.outputs.record import FloatArray
from vaeaudit.outputs.region_rules import region_key
from vaeaudit.wording.cells import expected_texts, holds_whole_days

#: Among what is decoded by the key of a region: what is decoded of rows drawn from all.
USUAL = "usual"
#: Columns told per region.
MOST_COLUMNS = 4
#: A number is told where its median lies this many standard deviations of the data from the usual one; a level, where
#: it is decoded this much more often than usual.
_FAR, _MORE_OFTEN = 0.5, 0.3


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
        By `region_key`, and by `USUAL`: [P, C] what the decoder expects of each modelled column at P points, in the
        units of `LatentCodes.reason_expected`. Regions that are not in it stay as they are.
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

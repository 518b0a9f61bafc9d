"""What the model decodes where rows are missing, in the columns of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.picture_rows import region_key
from vaeaudit.analysis.results.regions import Region
from vaeaudit.analysis.traversals import data_spread
from vaeaudit.analysis.wording import expected_texts, holds_whole_days
from vaeaudit.data.schema import Column, Kind

FloatArray = npt.NDArray[np.floating]

#: Columns told per region.
MOST_COLUMNS = 4
#: A number is told where it lies this many standard deviations from the middle of the data; a level, where the data
#: hold it in less than this share of the rows.
_FAR, _UNCOMMON = 0.5, 0.5


def with_decoded(
    regions: Sequence[Region], inputs: AuditInputs, decoded: Mapping[str, FloatArray]
) -> tuple[Region, ...]:
    """Return the regions with `decoded` filled in: what sets the decoded cells apart from the data, most first.

    The columns of a region's own rule are left out, for they only say the rule again.

    Parameters
    ----------
    regions, inputs
        What was found in which rows.
    decoded
        By `region_key`: [P, C] what the decoder expects of each modelled column at P points of the region, in the
        units of `LatentCodes.reason_expected`. Regions that are not in it stay as they are.
    """
    if not decoded:
        return tuple(regions)
    columns = [inputs.schema[name] for name in inputs.codes.columns]
    facts = [_Usual.of(inputs.frame[column.name], column) for column in columns]
    told = []
    for region in regions:
        values = decoded.get(region_key(region))
        ruled = {condition.column for condition in region.rule}
        if values is None:
            told.append(region)
            continue
        typical = [usual.typical(values[:, place]) for place, usual in enumerate(facts)]
        apart = np.array([usual.distance(value) for usual, value in zip(facts, typical, strict=True)])
        apart[[column.name in ruled for column in columns]] = 0.0
        order = [place for place in np.argsort(-apart, kind="stable")[:MOST_COLUMNS] if apart[place] > 0]
        told.append(replace(region, decoded=tuple((columns[p].name, facts[p].text(typical[p])) for p in order)))
    return tuple(told)


class _Usual:
    """What is usual in a column: the middle and the spread of numbers, or the share of each level."""

    def __init__(self, column: Column, middle: float, spread: float, shares: FloatArray, whole_days: bool) -> None:
        self.column, self.middle, self.spread, self.shares = column, middle, spread, shares
        self.whole_days = whole_days

    @classmethod
    def of(cls, values: pd.Series, column: Column) -> _Usual:
        if column.kind.is_levelled:
            counts = np.bincount(values.cat.codes[values.notna()].to_numpy(), minlength=len(column.levels))
            return cls(column, 0.0, 1.0, counts / max(int(counts.sum()), 1), False)
        present = values.dropna().to_numpy()
        if column.kind is Kind.DATETIME:
            present = present.astype("datetime64[s]")
        numbers = present.astype(np.float64)
        middle = float(np.median(numbers)) if numbers.size else 0.0
        spread = float(np.sqrt(data_spread(values, column)))
        return cls(column, middle, spread, np.zeros(0), holds_whole_days(values))

    def typical(self, decoded: FloatArray) -> float:
        """Return the median, or the most frequent level, of decoded cells [P]; NaN where none is known."""
        known = decoded[np.isfinite(decoded)]
        if known.size == 0:
            return float("nan")
        if not self.column.kind.is_levelled:
            return float(np.median(known))
        levels, counts = np.unique(np.round(known), return_counts=True)
        return float(levels[np.argmax(counts)])

    def distance(self, value: float) -> float:
        """Return how far a value is from what is usual, 0 where it is not worth telling."""
        if not np.isfinite(value):
            return 0.0
        if self.column.kind.is_levelled:
            share = float(self.shares[int(value)]) if 0 <= value < len(self.shares) else 1.0
            return 1 - share if share < _UNCOMMON else 0.0
        apart = abs(value - self.middle) / self.spread if self.spread > 0 else 0.0
        return apart if apart >= _FAR else 0.0

    def text(self, value: float) -> str:
        """Write a value of the column."""
        cell_is_missing = np.zeros(1, dtype=bool)
        return str(expected_texts(np.array([value]), self.column, cell_is_missing, whole_days=self.whole_days)[0])

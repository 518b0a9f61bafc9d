"""Which rows are atypical, why, and how flags are spread over groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vaeaudit.analysis.results.measures import FloatArray, Interval


@dataclass(frozen=True)
class Reason:
    """Why a row is atypical: a cell, how many nats beyond a typical cell of its column, and what was expected."""

    column: str
    nats: float
    value: str
    expected: str


@dataclass(frozen=True)
class OutlierRow:
    """One flagged (or merely top-ranked) row; `aspect` says of a picture in words what about it is atypical."""

    row_id: str
    position: int
    score: float
    p_value: float
    flagged: bool
    reasons: tuple[Reason, ...]
    aspect: str = ""


@dataclass(frozen=True)
class GroupOutlierRate:
    """Share of a group's rows that are flagged: what deleting the flagged rows would do to that group."""

    attribute: str
    group: str
    n: int
    flagged: int
    rate: float
    ci: Interval


@dataclass(frozen=True)
class OutlierSummary:
    """Outlier scores of the whole dataset.

    Attributes
    ----------
    definition
        What the score is, in one or two sentences.
    threshold
        Lowest flagged score, or None where nothing is flagged.
    fdr
        The false-discovery rate that the flags were chosen for.
    flagged, n
        Flagged rows and all rows.
    by_group, top
        See `GroupOutlierRate`; the rows of highest score, flagged ones first.
    score_quantiles
        [101]; quantiles 0, 1, ..., 100 % of the score, for the score curve.
    by_column
        Column -> number of flagged rows in which it is the first reason.
    unit
        Of the scores: `nats`, or for pictures `robust sd`, standard deviations estimated so that outliers hardly count.
    """

    definition: str
    threshold: float | None
    fdr: float
    flagged: int
    n: int
    by_group: tuple[GroupOutlierRate, ...]
    top: tuple[OutlierRow, ...]
    score_quantiles: FloatArray
    by_column: Mapping[str, int] = field(default_factory=dict)
    unit: str = "nats"

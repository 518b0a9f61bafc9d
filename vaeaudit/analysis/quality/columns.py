"""One line about each column, in the terms of the person who owns the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Ge

from vaeaudit.analysis.quality.associations import Association, LabelDifference
from vaeaudit.analysis.quality.histograms import Histogram, histogram
from vaeaudit.data.images.measured_columns import MEANINGS
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema
from vaeaudit.data.tables.cells import number_text as exact_text
from vaeaudit.statistics.measures import Count, Share
from vaeaudit.wording import numbers
from vaeaudit.wording.cells import moment_text, number_text
from vaeaudit.wording.phrases import shorten

#: Levels named with their share.
_NAMED_LEVELS = 3
#: Longer values are cut in a summary, so that one cell cannot fill a page.
_LONGEST_VALUE = 40


@dataclass(frozen=True)
class QuarantinedRecord:
    """A record that was left out: its file, its 0-based row (-1 is the whole file), and why."""

    file: str
    row: Annotated[int, Ge(-1)]
    reason: str


@dataclass(frozen=True)
class ColumnSummary:
    """One column, for the table at the end of the report.

    `meaning` says what a `derived` column, one that was computed from the pictures, measures; it is empty for others.
    `same_as` names the column that says the same and stands for it in the model, if there is one;
    `personal` what personal data it holds, of which no value is shown.

    Attributes
    ----------
    histogram
        Its values; None for text, identifiers and personal data.
    associations
        The columns that go together most with it, the strongest first; those that chance explains are left out.
    label_difference
        The group of it whose label differs most; None without a label that has rates.
    tells_label
        How well it tells the label alone, in the measure of `labels.together`; None where that was not measured.
    gives_away
        Sensitive attribute -> AUC with which the column alone tells it.
    given
        Whether the model is given it beside its latents instead of decoding it.
    suspicious_cells
        How many of its cells contradict the rest of their row; None where none was judged.
    """

    name: str
    kind: Kind
    role: Role
    in_model: bool
    missing: Count
    unique: Count
    summary: str
    problems: tuple[str, ...]
    suggested_sensitive: bool
    derived: bool = False
    meaning: str = ""
    same_as: str = ""
    personal: str = ""
    histogram: Histogram | None = None
    associations: tuple[Association, ...] = ()
    label_difference: LabelDifference | None = None
    tells_label: float | None = None
    gives_away: Mapping[str, Share] = field(default_factory=dict)
    suspicious_cells: Count | None = None
    given: bool = False


def summarise_columns(frame: pd.DataFrame, schema: Schema) -> tuple[ColumnSummary, ...]:
    """Describe every column of the table, whether it entered the model or not."""
    return tuple(
        ColumnSummary(
            name=column.name,
            kind=column.kind,
            role=column.role,
            in_model=column.in_model,
            missing=int(frame[column.name].isna().sum()),
            unique=int(frame[column.name].nunique()),
            summary=describe(frame[column.name], column),
            problems=column.problems,
            suggested_sensitive=column.suggested_sensitive,
            derived=column.derived,
            meaning=MEANINGS[column.name] if column.derived else "",
            same_as=column.same_as,
            given=column.given,
            personal=column.personal,
            histogram=histogram(frame[column.name], column),
        )
        for column in schema
    )


def describe(values: pd.Series, column: Column) -> str:
    """Describe the values of one column in words and numbers; shares are of the cells that are not missing."""
    present = values.dropna()
    if present.empty:
        return "no value at all"
    if column.kind.is_numeric:
        said = _describe_numbers(present.to_numpy(dtype=np.float64))
        return f"{said}, in {column.unit}" if column.unit else said
    if column.kind is Kind.DATETIME:
        ordered = np.sort(present.to_numpy())
        first, middle, last = (moment_text(pd.Timestamp(ordered[place])) for place in (0, len(ordered) // 2, -1))
        return f"{first} to {last}, median {middle}"
    if column.kind.is_levelled:
        return _describe_levels(present, column)
    return _describe_others(present, column)


def _describe_others(present: pd.Series, column: Column) -> str:
    """Describe a column without likelihood; no value of personal data is shown."""
    if column.personal:
        return f"{column.personal}, {numbers.count(present.nunique())} distinct"
    example = shorten(str(present.iloc[0]), _LONGEST_VALUE)
    if column.kind is Kind.CONSTANT:
        return f"always {example}"
    what = "identifier" if column.kind is Kind.IDENTIFIER else "free text"
    return f"{what}, {numbers.count(present.nunique())} distinct values, such as {example}"


def _describe_numbers(values: np.ndarray) -> str:
    low, lower, middle, upper, high = np.quantile(values, [0, 0.25, 0.5, 0.75, 1], method="nearest")
    if lower == upper:
        share = float(np.mean(values == middle))
        spread = f"{exact_text(float(middle))} in {numbers.share(share)} of the cells"
    else:
        spread = f"median {number_text(middle)}, middle half {number_text(lower)} to {number_text(upper)}"
    return f"{spread}, range {number_text(low)} to {number_text(high)}"


def _describe_levels(present: pd.Series, column: Column) -> str:
    counts = np.bincount(present.cat.codes.to_numpy(), minlength=len(column.levels))
    used = int((counts > 0).sum())
    order = np.argsort(-counts, kind="stable")
    if column.kind is Kind.ORDINAL and used <= _NAMED_LEVELS + 1:
        order = np.arange(len(counts))
    shown = [place for place in order if counts[place] > 0][: _NAMED_LEVELS + (used == _NAMED_LEVELS + 1)]
    parts = [
        f"{shorten(column.levels[place], _LONGEST_VALUE)} {numbers.share(counts[place] / counts.sum())}"
        for place in shown
    ]
    if used > len(shown):
        parts.append(f"… {numbers.count(used)} levels")
    return ", ".join(parts)

"""Outliers in the user's terms: which rows, for which cells, and whom their deletion would hit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.groups import Grouping
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.intervals import wilson
from vaeaudit.analysis.results.measures import Interval
from vaeaudit.analysis.results.outliers import GroupOutlierRate, OutlierRow, OutlierSummary, Reason
from vaeaudit.analysis.wording import column_texts, expected_texts, holds_whole_days
from vaeaudit.config import AnalysisConfig

#: Rows listed with their reasons.
MOST_ROWS = 50
#: A cell less surprising than this, beyond a typical cell of its column, explains nothing.
SMALLEST_REASON_NATS = 0.5
#: Names of the columns that `flagged_table` puts before the row's own cells.
FLAGGED_COLUMNS = ("row_id", "outlier_score", "outlier_p_value", "reasons")


def summarise_outliers(inputs: AuditInputs, groupings: Sequence[Grouping], config: AnalysisConfig) -> OutlierSummary:
    """Summarise the scores of all rows; see `OutlierSummary`."""
    scores = inputs.scores
    flagged = scores.outlier
    ranked = scores.most_atypical_first[:MOST_ROWS]
    n_rows = len(flagged)
    return OutlierSummary(
        definition=scores.definition,
        threshold=float(scores.outlier_score[flagged].min()) if flagged.any() else None,
        fdr=float(scores.fdr),
        flagged=int(flagged.sum()),
        n=n_rows,
        by_group=tuple(rate for grouping in groupings for rate in outlier_rates(grouping, flagged, config.confidence)),
        top=outlier_rows(inputs, ranked),
        score_quantiles=np.quantile(scores.outlier_score, np.linspace(0, 1, 101)) if n_rows else np.zeros(101),
        by_column=_first_reasons(inputs, np.flatnonzero(flagged)),
        unit="nats" if inputs.codes.image_statistics is None else "robust sd",
    )


def outlier_rates(grouping: Grouping, flagged: npt.NDArray[np.bool_], confidence: float) -> Iterator[GroupOutlierRate]:
    """Yield the share of flagged rows of each group that holds rows, with Wilson's interval."""
    counts = grouping.counts
    inside = grouping.codes >= 0
    hits = np.bincount(grouping.codes[inside & flagged], minlength=len(grouping))
    lows, highs = wilson(hits, counts, confidence)
    for place in np.flatnonzero(counts):
        yield GroupOutlierRate(
            attribute=grouping.column,
            group=grouping.labels[place],
            n=int(counts[place]),
            flagged=int(hits[place]),
            rate=float(hits[place] / counts[place]),
            ci=Interval(float(lows[place]), float(highs[place]), confidence),
        )


def outlier_rows(inputs: AuditInputs, positions: npt.NDArray[np.integer]) -> tuple[OutlierRow, ...]:
    """Describe the rows at these positions [M], with the cells that make them atypical, most surprising first."""
    scores = inputs.scores
    reasons = describe_reasons(inputs, positions)
    return tuple(
        OutlierRow(
            row_id=str(inputs.row_ids[position]),
            position=int(position),
            score=float(scores.outlier_score[position]),
            p_value=float(scores.p_value[position]),
            flagged=bool(scores.outlier[position]),
            reasons=reasons[place],
            aspect="" if inputs.aspects is None else str(inputs.aspects[position]),
        )
        for place, position in enumerate(positions)
    )


def describe_reasons(inputs: AuditInputs, positions: npt.NDArray[np.integer]) -> list[tuple[Reason, ...]]:
    """Describe the surprising cells of the rows at these positions [M], in the user's terms."""
    codes = inputs.codes
    which, nats = codes.reason_column[positions], codes.reason_nats[positions]
    expected = codes.reason_expected[positions]
    told = nats >= SMALLEST_REASON_NATS
    values = np.full(which.shape, "", dtype=object)
    hopes = np.full(which.shape, "", dtype=object)
    for place in np.unique(which[told]):
        column = inputs.schema[codes.columns[place]]
        at = told & (which == place)
        cells = inputs.frame[column.name].iloc[positions[np.nonzero(at)[0]]]
        values[at] = column_texts(cells, column)
        hopes[at] = expected_texts(
            expected[at],
            column,
            cells.isna().to_numpy(dtype=bool),
            whole_days=holds_whole_days(inputs.frame[column.name]),
        )
    told &= values != hopes  # a cell that is what was expected is no reason, however unsure the model was of it
    return [
        tuple(
            Reason(codes.columns[which[row, k]], float(nats[row, k]), values[row, k], hopes[row, k])
            for k in np.flatnonzero(told[row])
        )
        for row in range(len(positions))
    ]


def reason_text(reason: Reason) -> str:
    """Write a reason as one phrase.

    >>> reason_text(Reason("age", 4.23, "90", "38"))
    'age is 90, expected 38 (4.2 nats)'
    """
    return f"{reason.column} is {reason.value}, expected {reason.expected} ({reason.nats:.1f} nats)"


def _first_reasons(inputs: AuditInputs, positions: npt.NDArray[np.integer]) -> dict[str, int]:
    """Count, per column, the rows in which it is the first reason; most frequent first."""
    if inputs.codes.reason_column.shape[1] == 0:
        return {}
    told = positions[inputs.codes.reason_nats[positions, 0] >= SMALLEST_REASON_NATS]
    counts = np.bincount(inputs.codes.reason_column[told, 0], minlength=len(inputs.codes.columns))
    order = np.argsort(-counts, kind="stable")
    return {inputs.codes.columns[place]: int(counts[place]) for place in order if counts[place] > 0}


def flagged_table(inputs: AuditInputs) -> pd.DataFrame:
    """Return all flagged rows, most atypical first, with the reasons in words and the row's own cells as text.

    Missing cells are empty. A column of the data that is called like one of `FLAGGED_COLUMNS` gets " (data)" appended.
    Nothing is escaped here: what writes the table to a file makes it safe for that kind of file.

    Parameters
    ----------
    inputs
        The rows, their scores and their reasons.
    """
    flagged = np.flatnonzero(inputs.scores.outlier)
    positions = flagged[np.argsort(-inputs.scores.outlier_score[flagged], kind="stable")]
    told = ["; ".join(reason_text(reason) for reason in reasons) for reasons in describe_reasons(inputs, positions)]
    if inputs.aspects is not None:
        told = [str(aspect) for aspect in inputs.aspects[positions]]
    table: dict[str, object] = {
        "row_id": inputs.row_ids[positions].astype(object),
        "outlier_score": inputs.scores.outlier_score[positions],
        "outlier_p_value": inputs.scores.p_value[positions],
        "reasons": np.array(told, dtype=object),
    }
    for column in inputs.schema:
        name = column.name
        while name in table:
            name = f"{name} (data)"
        table[name] = column_texts(inputs.frame[column.name].iloc[positions], column, missing="")
    return pd.DataFrame(table)

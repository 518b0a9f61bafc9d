"""Outliers in the user's terms: which rows, for which cells, and whom their deletion would hit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.grouping.groups import Grouping
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.outliers.agreement import find_agreement
from vaeaudit.analysis.outliers.aspects import aspects_of
from vaeaudit.analysis.outliers.cell_summary import summarise_cells
from vaeaudit.analysis.outliers.groups import leaning_groups, listed_groups, outlier_rates
from vaeaudit.analysis.outliers.reasons import beside_cells, describe_reasons, first_reasons, reasons_in_words
from vaeaudit.analysis.outliers.results import OutlierRow, OutlierSummary, ScoreCurve
from vaeaudit.analysis.outliers.review import review_of
from vaeaudit.config import AnalysisConfig
from vaeaudit.statistics.calibration import p_values_of
from vaeaudit.statistics.measures import FloatArray

#: Rows listed with their reasons.
MOST_ROWS = 50
#: Points of the score curve at most.
CURVE_POINTS = 160


def summarise_outliers(inputs: AuditInputs, groupings: Sequence[Grouping], config: AnalysisConfig) -> OutlierSummary:
    """Summarise the scores of all rows; see `OutlierSummary`."""
    scores = inputs.scores
    flagged = scores.outlier
    ranked = scores.most_atypical_first[:MOST_ROWS]
    n_rows = len(flagged)
    by_group, by_combination = outlier_rates(groupings, flagged, config)
    listed = listed_groups(groupings, scores.most_atypical_first, config) or leaning_groups(inputs, config)
    return OutlierSummary(
        definition=scores.definition,
        threshold=float(scores.outlier_score[flagged].min()) if flagged.any() else None,
        fdr=float(scores.fdr),
        flagged=int(flagged.sum()),
        n=n_rows,
        by_group=by_group,
        by_combination=by_combination,
        listed_by_group=listed,
        top=outlier_rows(inputs, ranked),
        score_quantiles=np.quantile(scores.outlier_score, np.linspace(0, 1, 101)) if n_rows else np.zeros(101),
        by_column=first_reasons(inputs, np.flatnonzero(flagged)),
        curve=_curve(inputs) if n_rows else None,
        agreement=find_agreement(inputs, config.confidence),
        cells=summarise_cells(inputs, config),
        review=review_of(inputs, config),
    )


def _curve(inputs: AuditInputs) -> ScoreCurve:
    """Return the curve of the score by itself: a row is flagged where two questions say so, too."""
    score = inputs.scores.outlier_score
    return score_curve(score, p_values_of(score))


def score_curve(score: FloatArray, p_value: FloatArray) -> ScoreCurve:
    """Count how many rows score as high, beside how many would if all belonged.

    Every row of the highest `CURVE_POINTS` / 2 is a point; below, their ranks grow geometrically, so that a curve
    over 50,000 rows shows its tail as fully as one over 200.

    Parameters
    ----------
    score, p_value
        [N], N >= 1.
    """
    order = np.argsort(-score, kind="stable")
    n_rows, half = len(order), CURVE_POINTS // 2
    picked = np.arange(n_rows)
    if n_rows > CURVE_POINTS:
        picked = np.unique(np.concatenate([np.arange(half), np.geomspace(half, n_rows - 1, half).astype(np.int64)]))
    picked = picked[::-1]
    reached = np.searchsorted(-score[order], -score[order][picked], side="right")  # ties score as high, too
    return ScoreCurve(score[order][picked], reached / n_rows, np.clip(p_value[order][picked], 0.0, 1.0))


def outlier_rows(inputs: AuditInputs, positions: npt.NDArray[np.integer]) -> tuple[OutlierRow, ...]:
    """Describe the rows at these positions [M], with the cells that make them atypical, most surprising first."""
    scores = inputs.scores
    reasons, said = describe_reasons(inputs, positions), aspects_of(inputs, positions)
    return tuple(
        OutlierRow(
            row_id=str(inputs.row_ids[position]),
            position=int(position),
            score=float(scores.outlier_score[position]),
            p_value=float(scores.p_value[position]),
            flagged=bool(scores.outlier[position]),
            reasons=reasons[place],
            aspect=said[place],
            questions=inputs.codes.speaking(int(position)),
        )
        for place, position in enumerate(positions)
    )


def flagged_table(inputs: AuditInputs) -> pd.DataFrame:
    """Return all flagged rows, most atypical first, with the reasons in words and the row's own cells as text.

    Missing cells are empty. A column of the data with the name of one of the first four gets " (data)" appended.
    Nothing is escaped here: what writes the table to a file makes it safe for that kind of file.

    Parameters
    ----------
    inputs
        The rows, their scores and their reasons.
    """
    flagged = np.flatnonzero(inputs.scores.outlier)
    positions = flagged[np.argsort(-inputs.scores.outlier_score[flagged], kind="stable")]
    table: dict[str, object] = {
        "row_id": inputs.row_ids[positions].astype(object),
        "outlier_score": inputs.scores.outlier_score[positions],
        "outlier_p_value": inputs.scores.p_value[positions],
        "reasons": reasons_in_words(inputs, positions),
    }
    return beside_cells(table, inputs, positions)

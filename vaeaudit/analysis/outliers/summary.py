"""Outliers in the user's terms: which rows, for which cells, and whom their deletion would hit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.conclusions import Finding, facts
from vaeaudit.analysis.grouping.groups import Grouping
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.outliers.agreement import find_agreement
from vaeaudit.analysis.outliers.cell_summary import summarise_cells
from vaeaudit.analysis.outliers.groups import outlier_rates
from vaeaudit.analysis.outliers.reasons import describe_reasons, first_reasons
from vaeaudit.analysis.outliers.results import AnyOutlierRate, OutlierRow, OutlierSummary, ScoreCurve
from vaeaudit.config import AnalysisConfig
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.statistics.measures import FloatArray
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.cells import column_texts
from vaeaudit.wording.phrases import finding_id, listed, plural

#: Rows listed with their reasons.
MOST_ROWS = 50
#: Points of the score curve at most.
CURVE_POINTS = 160
#: A group that surely loses this many times the share of all others is hit gravely.
GRAVE_RATIO = 2.0


def summarise_outliers(inputs: AuditInputs, groupings: Sequence[Grouping], config: AnalysisConfig) -> OutlierSummary:
    """Summarise the scores of all rows; see `OutlierSummary`."""
    scores = inputs.scores
    flagged = scores.outlier
    ranked = scores.most_atypical_first[:MOST_ROWS]
    n_rows = len(flagged)
    by_group, by_combination = outlier_rates(groupings, flagged, config)
    return OutlierSummary(
        definition=scores.definition,
        threshold=float(scores.outlier_score[flagged].min()) if flagged.any() else None,
        fdr=float(scores.fdr),
        flagged=int(flagged.sum()),
        n=n_rows,
        by_group=by_group,
        by_combination=by_combination,
        top=outlier_rows(inputs, ranked),
        score_quantiles=np.quantile(scores.outlier_score, np.linspace(0, 1, 101)) if n_rows else np.zeros(101),
        by_column=first_reasons(inputs, np.flatnonzero(flagged)),
        curve=score_curve(scores.outlier_score, scores.p_value) if n_rows else None,
        agreement=find_agreement(inputs, config.confidence),
        cells=summarise_cells(inputs, config),
        unit="nats" if inputs.codes.image_statistics is None else "robust sd",
    )


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
    told = ["; ".join(phrases.reason(reason) for reason in reasons) for reasons in describe_reasons(inputs, positions)]
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


def outlier_findings(
    outliers: OutlierSummary, config: AnalysisConfig, *, of_pictures: bool = False
) -> Iterator[Finding]:
    """Yield one finding where rows are flagged, and one per attribute where deleting them would hit a group harder.

    Of combinations of two attributes only those are told that lose more than either of their groups does.

    Parameters
    ----------
    outliers
        Of all rows; its `by_group` says which groups are hit.
    config
        Gives the confidence, and the share of outliers that is tolerated.
    of_pictures
        Whether the rows are pictures, which have no columns to blame.
    """
    if outliers.flagged == 0:
        return
    yield _flagged_rows(outliers, config, of_pictures=of_pictures)
    for _, members in groupby(outliers.by_group, key=lambda entry: entry.attribute):
        hit = [entry for entry in members if entry.status == "harder"]
        if hit:
            yield _hit_group(hit)
    if outliers.combinations_beyond_their_groups:
        yield _hit_group(outliers.combinations_beyond_their_groups)


def _flagged_rows(outliers: OutlierSummary, config: AnalysisConfig, *, of_pictures: bool) -> Finding:
    share = outliers.flagged / outliers.n
    ci = share_interval(outliers.flagged, outliers.n, config.confidence)
    names = phrases.counted(outliers.by_column)
    blamed = f", most often for {listed(names)}" if names else ""
    look = "Read flagged.csv from the top and correct or explain the cells named there;"
    if of_pictures:
        look = "Look at the pictures named in flagged.csv, the first of which the report shows;"
    return Finding(
        id="outlier-rows",
        kind="outlier",
        severity="medium" if (ci.low or 0.0) > config.max_outlier_share else "low",
        title=(
            f"{plural(outliers.flagged, 'row')} ({numbers.share(share)}) "
            f"{'does' if outliers.flagged == 1 else 'do'} not belong with the rest{blamed}"
        ),
        evidence={
            "flagged": outliers.flagged,
            "n": outliers.n,
            "share": share,
            "ci": ci.bounds,
            "fdr": outliers.fdr,
            "threshold": outliers.threshold,
            "by_column": dict(outliers.by_column),
        },
        action=(f"{look} about {numbers.rate(outliers.fdr)} of the flags may be false, so delete nothing unseen."),
        anchor="outliers",
    )


def _hit_group(hit: Sequence[AnyOutlierRate]) -> Finding:
    worst = max(hit, key=lambda entry: entry.rate)
    name = phrases.group(worst.attributes, worst.groups)
    others = worst.rate_of_others or 0.0
    more = f"; {plural(len(hit) - 1, 'more group')} would lose more than others too" if len(hit) > 1 else ""
    return Finding(
        id=finding_id("outlier", *(part for pair in zip(worst.attributes, worst.groups, strict=True) for part in pair)),
        kind="outlier",
        severity="medium" if (worst.ratio_ci.low or 0.0) >= GRAVE_RATIO else "low",
        title=(
            f"Deleting the flagged rows would remove {numbers.with_interval(worst.rate, worst.ci, 'share')} of the "
            f"rows with {name} ({numbers.count(worst.flagged)} of {numbers.count(worst.n)}), {numbers.share(others)} "
            f"of all others{more}"
        ),
        evidence={
            **facts(worst, "n", "flagged", "rate", "ci", "rate_of_others", "ratio", "ratio_ci", "p_adjusted"),
            "groups": [
                {"group": phrases.group(entry.attributes, entry.groups), "n": entry.n, "rate": entry.rate}
                for entry in sorted(hit, key=lambda entry: -entry.rate)
            ],
        },
        action=f"Do not delete outliers blindly: look at the flagged rows with {name} one by one.",
        anchor="outliers",
    )

"""Rows whose label the rest of the data contradicts: the first ones, how many are wrong, and in which groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vaeaudit.analysis.grouping.groups import Grouping
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.labels.annotators import majority_labels, texts_of
from vaeaudit.outputs.label_doubts import DoubtBasis, LabelDoubts
from vaeaudit.outputs.record import BoolArray, IntArray
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.statistics.lapse import lapse_rate
from vaeaudit.statistics.measures import Count, Interval, Share

#: Rows listed in the results; `labels.csv` has all that are doubted.
MOST_SUSPECTS = 50
#: A number is doubted from this suspicion on: three times as far from what is expected as such rows lie on average.
DOUBTFUL_NUMBER = 0.75


@dataclass(frozen=True)
class Suspect:
    """A row whose label is doubted.

    Attributes
    ----------
    rank, row_id, position
        1 for the most suspicious; its name; its place in the data.
    label, said
        What it has, and what the rest of the data speaks for.
    probability
        Of `said`; None for a number.
    suspicion
        See `LabelDoubts.suspicion`.
    """

    rank: Count
    row_id: str
    position: Count
    label: str
    said: str
    probability: Share | None
    suspicion: Share


@dataclass(frozen=True)
class GroupDoubts:
    """Of the n rows of a group with a judged label, `doubted`; `expected` is the share that overlapping classes give.

    The latter is what the models themselves say of how often their first choice is wrong.
    """

    attribute: str
    group: str
    n: Count
    doubted: Count
    share: Share
    ci: Interval
    expected: Share | None


@dataclass(frozen=True)
class LabelErrors:
    """How many labels are doubted, and how many of them are wrong rather than in a place where classes overlap.

    Attributes
    ----------
    basis, without
        What spoke, and the columns that are the label in other words and did not.
    n, doubted
        Labels that were judged, and those that the rest of the data contradicts.
    rate, ci, p_value
        Share of labels that are contradicted however surely the rest speaks, its interval, and the p-value of "there
        is none": an error does not care how hard a row is, an overlap does. None for a number.
    by_group
        Of the sensitive columns.
    """

    basis: DoubtBasis
    without: tuple[str, ...]
    n: Count
    doubted: Count
    rate: Share | None
    ci: Interval | None
    p_value: Share | None
    by_group: tuple[GroupDoubts, ...]


def label_errors(doubts: LabelDoubts, groupings: Sequence[Grouping], confidence: float) -> LabelErrors | None:
    """Count doubted labels, and estimate how many are wrong; None where none was judged.

    Parameters
    ----------
    doubts
        Of N rows.
    groupings
        Of the same rows, by sensitive column.
    confidence
        Of intervals.
    """
    judged, doubted = np.isfinite(doubts.suspicion), is_doubted(doubts)
    if not judged.any():
        return None
    lapse = lapse_rate(doubted[judged], np.abs(doubts.odds[judged]), confidence) if doubts.levels else None
    return LabelErrors(
        basis=doubts.basis,
        without=doubts.without,
        n=int(judged.sum()),
        doubted=int(doubted.sum()),
        rate=None if lapse is None else lapse.rate,
        ci=None if lapse is None else lapse.ci,
        p_value=None if lapse is None else lapse.p_value,
        by_group=tuple(each for grouping in groupings for each in _by_group(doubts, doubted, grouping, confidence)),
    )


def is_doubted(doubts: LabelDoubts) -> BoolArray:
    """Return which rows have a label that the rest of the data contradicts, [N]."""
    return np.asarray(doubts.odds < 0 if doubts.levels else doubts.suspicion >= DOUBTFUL_NUMBER)


def most_suspicious(doubts: LabelDoubts) -> IntArray:
    """Return the positions of the doubted rows, the most suspicious first."""
    rows = np.flatnonzero(is_doubted(doubts))
    return rows[np.argsort(-doubts.suspicion[rows], kind="stable")]


def suspects_of(inputs: AuditInputs) -> tuple[Suspect, ...]:
    """Return the most suspicious rows; none where no label was judged.

    Parameters
    ----------
    inputs
        Of the audit.
    """
    table = labels_table(inputs, MOST_SUSPECTS)
    if table is None or inputs.label_doubts is None:
        return ()
    return tuple(
        Suspect(
            rank=int(row["rank"]),
            row_id=row["row_id"],
            position=int(row["position"]),
            label=row["label"],
            said=row["said"],
            probability=None if pd.isna(row["probability"]) else float(row["probability"]),
            suspicion=float(row["suspicion"]),
        )
        for row in table.to_dict("records")
        if not pd.isna(row["suspicion"]) and row["rank"]
    )


def labels_table(inputs: AuditInputs, most: int | None = None) -> pd.DataFrame | None:
    """Return `labels.csv`: all rows whose label is doubted, most suspicious first; None without doubts and annotators.

    Where annotators' columns are given, rows follow that only they contradict, with rank 0.

    Parameters
    ----------
    inputs
        Of the audit.
    most
        Rows at most; None for all.
    """
    doubts, label, n_rows = inputs.label_doubts, inputs.schema.label, len(inputs.frame)
    majority = majority_labels(inputs.frame, inputs.schema)
    if label is None or (doubts is None and majority is None):
        return None
    rows = np.zeros(0, np.int64) if doubts is None else most_suspicious(doubts)
    rank = np.arange(1, len(rows) + 1)
    held = texts_of(inputs.frame[label.name])
    if majority is not None:
        others = np.setdiff1d(np.flatnonzero((majority != "") & (held != "") & (majority != held)), rows)
        rows, rank = np.concatenate([rows, others]), np.concatenate([rank, np.zeros(len(others), np.int64)])
    rows, rank = rows[:most], rank[:most]
    none = np.full(n_rows, np.nan)
    table = pd.DataFrame(
        {
            "rank": rank,
            "row_id": inputs.row_ids[rows].astype(str).astype(object),
            "position": rows,
            "label": held[rows],
            "said": "" if doubts is None else _said(doubts, rows),
            "probability": (none if doubts is None else doubts.other)[rows],
            "suspicion": (none if doubts is None else doubts.suspicion)[rows],
        }
    )
    return table if majority is None else table.assign(annotators=majority[rows])


def _said(doubts: LabelDoubts, rows: IntArray) -> list[str]:
    said = doubts.said[rows]
    if doubts.levels:
        return [doubts.levels[int(place)] if np.isfinite(place) else "" for place in said]
    return [f"{value:.4g}" if np.isfinite(value) else "" for value in said]


def _by_group(doubts: LabelDoubts, doubted: BoolArray, grouping: Grouping, confidence: float) -> list[GroupDoubts]:
    judged, expected = np.isfinite(doubts.suspicion), 1 / (1 + np.exp(np.abs(doubts.odds)))
    found = []
    for place, group in enumerate(grouping.labels):
        rows = judged & (grouping.codes == place)
        n, hits = int(rows.sum()), int((doubted & rows).sum())
        if n:
            overlap = float(expected[rows].mean()) if doubts.levels else None
            ci = share_interval(hits, n, confidence)
            found.append(GroupDoubts(grouping.column, group, n, hits, hits / n, ci, overlap))
    return found

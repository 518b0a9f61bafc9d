"""Where the outlier score and the questions that it is made of agree, and which rows only one side finds."""

from __future__ import annotations

import numpy as np

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.outliers.aspects import aspects_of
from vaeaudit.analysis.outliers.reasons import describe_reasons, first_reasons
from vaeaudit.analysis.outliers.results import Agreement, Companion, DifferingRow
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.association import rank_correlation
from vaeaudit.statistics.intervals import share_interval

#: Rows that are named of those that only one side finds.
MOST_ROWS = 10
#: Fewest rows of highest score that are compared: of fewer, chance decides what is shared.
FEWEST_TOP = 10
#: Share of the rows that is compared where fewer are flagged.
TOP_SHARE = 0.01
#: With fewer rows in all the top is no top.
FEWEST_ROWS = 100


def find_agreement(inputs: AuditInputs, confidence: float) -> Agreement | None:
    """Compare the score of all rows with the questions that it is made of.

    Parameters
    ----------
    inputs
        The rows and their scores.
    confidence
        Of the intervals.

    Returns
    -------
    Agreement or None
        None below `FEWEST_ROWS` rows.
    """
    codes, n_rows = inputs.codes, len(inputs.frame)
    if codes.surprises is None or n_rows < FEWEST_ROWS:
        return None
    flagged = int(inputs.scores.outlier.sum())
    of_flagged = FEWEST_TOP <= flagged <= n_rows // 2
    n_top = flagged if of_flagged else max(FEWEST_TOP, round(TOP_SHARE * n_rows))
    rank = _places(inputs.scores.most_atypical_first) if of_flagged else ranks(inputs.scores.outlier_score)
    others = np.stack([ranks(score) for score in codes.surprises.T])
    ours, theirs = rank <= n_top, others <= n_top
    only_model = np.flatnonzero(ours & ~theirs.any(axis=0))
    only_model = only_model[np.argsort(rank[only_model])]
    only_companions = np.flatnonzero(~ours & theirs.any(axis=0))
    order = np.lexsort((others[:, only_companions].min(axis=0), -theirs[:, only_companions].sum(axis=0)))
    only_companions = only_companions[order]
    return Agreement(
        n=n_rows,
        n_top=n_top,
        of_flagged=of_flagged,
        companions=_companions(inputs, ours, theirs, confidence),
        only_model=_described(inputs, only_model[:MOST_ROWS], rank, others),
        n_only_model=len(only_model),
        only_model_columns=first_reasons(inputs, only_model),
        only_companions=_described(inputs, only_companions[:MOST_ROWS], rank, others),
        n_only_companions=len(only_companions),
    )


def ranks(score: FloatArray) -> IntArray:
    """Return [N]; 1 for the highest score, 2 for the next; among equal scores the earlier row comes first."""
    return _places(np.argsort(-np.asarray(score, np.float64), kind="stable"))


def _places(order: IntArray) -> IntArray:
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    return rank


def _companions(inputs: AuditInputs, ours: BoolArray, theirs: BoolArray, confidence: float) -> tuple[Companion, ...]:
    codes, entries = inputs.codes, []
    for name, other, top in zip(codes.questions, np.asarray(codes.surprises).T, theirs, strict=True):
        correlation = rank_correlation(inputs.scores.outlier_score, other, confidence)
        shared = int((ours & top).sum())
        entries.append(
            Companion(
                name=name,
                correlation=None if correlation is None else correlation[0],
                correlation_ci=None if correlation is None else correlation[1],
                shared=shared,
                shared_ci=share_interval(shared, int(ours.sum()), confidence),
            )
        )
    return tuple(entries)


def _described(inputs: AuditInputs, positions: IntArray, rank: IntArray, others: IntArray) -> tuple[DifferingRow, ...]:
    reasons, said = describe_reasons(inputs, positions), aspects_of(inputs, positions)
    return tuple(
        DifferingRow(
            row_id=str(inputs.row_ids[position]),
            position=int(position),
            rank=int(rank[position]),
            companion_ranks=tuple(int(place) for place in others[:, position]),
            flagged=bool(inputs.scores.outlier[position]),
            reasons=reasons[place],
            aspect=said[place],
        )
        for place, position in enumerate(positions)
    )

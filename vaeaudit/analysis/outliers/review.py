"""A reader's judgements on the list of atypical rows: which rows to ask about, and what follows from the answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.judged import JudgedThings, Things, precision_down, row_contents
from vaeaudit.analysis.outliers.reasons import beside_cells, reasons_in_words
from vaeaudit.analysis.outliers.results import CommonToWrong, RerankedRow, Review
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.encoding.column_encoding import cell_numbers
from vaeaudit.data.encoding.features import fit_features
from vaeaudit.data.schema.columns import Column, Kind
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.judged import Judged, common_to_wrong, reordered, spread_places, weighed

#: Rows listed in the new order.
MOST_ROWS = 50
#: A rule of the rows that were judged wrong holds for so many of them, and is believed up to this p-value.
_LEAST_WRONG, _LARGEST_P = 3, 0.01
#: Weights of what is asked of every row, of its reasons, and of its cells, when rows are told apart.
_OF_QUESTIONS, _OF_COLUMNS = 1.5, 0.7


def things_of_rows(inputs: AuditInputs) -> Things:
    """Return all rows, in the order of the data, as things that can be judged."""
    return Things("rows", inputs.row_ids.astype(str).tolist(), lambda positions: row_contents(inputs, positions))


def propose(inputs: AuditInputs, n_rows: int, *, by: str) -> IntArray:
    """Return positions of rows to be judged, spread over the first hundred of the list, the most telling first.

    Most telling are those about which the questions put to every row disagree.

    Parameters
    ----------
    inputs
        The rows and what was judged so far.
    n_rows
        How many to ask for.
    by
        The reader, who is not asked twice about the same content.
    """
    judged, order = JudgedThings.of(things_of_rows(inputs), inputs.judgements), inputs.scores.most_atypical_first
    taken = np.flatnonzero(np.isin(order, judged.places_of(by)))
    asked = order[spread_places(len(order), n_rows, taken, seed=inputs.run.seed)]
    surprises = np.asarray(inputs.codes.surprises)
    return asked[np.argsort(-surprises[asked].std(axis=1), kind="stable")]


def proposals_table(inputs: AuditInputs, positions: IntArray) -> pd.DataFrame:
    """Return rows [M] to be judged: id, place in the list, room for the judgement, reasons, content, cells as text.

    Parameters
    ----------
    inputs, positions
        The rows, and which of them [M].
    """
    order = inputs.scores.most_atypical_first
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    table: dict[str, object] = {
        "row_id": inputs.row_ids[positions].astype(str).astype(object),
        "rank": rank[positions],
        "judgement": "",
        "note": "",
        "reasons": reasons_in_words(inputs, positions),
        "content": row_contents(inputs, positions),
    }
    return beside_cells(table, inputs, positions)


def review_of(inputs: AuditInputs, config: AnalysisConfig) -> Review | None:
    """Say what readers' judgements tell of the list; None where nobody judged.

    Parameters
    ----------
    inputs
        The rows, their scores, the judgements.
    config
        Level of the intervals.
    """
    if not any(one.of == "rows" for one in inputs.judgements):
        return None
    rows = JudgedThings.of(things_of_rows(inputs), inputs.judgements)
    ranked = inputs.scores.most_atypical_first
    place = np.empty(len(ranked), dtype=np.int64)
    place[ranked] = np.arange(len(ranked))
    judged = Judged(place[rows.place], rows.wrong, len(ranked))
    order = reranked(inputs, judged)
    also = (round(len(ranked) / 100), int(inputs.scores.outlier.sum()))
    return Review(
        **vars(rows.review("rows", precision_down(judged, config.confidence, also))),
        order=tuple(
            RerankedRow(str(inputs.row_ids[position]), int(position), rank, int(place[position]) + 1)
            for rank, position in enumerate(order[:MOST_ROWS], start=1)
        ),
        common=_common(inputs, rows.by_place),
    )


def reranked(inputs: AuditInputs, judged: Judged) -> IntArray:
    """Return positions of all rows [N] in the order that judgements give; without any, in that of the scores.

    Parameters
    ----------
    inputs
        The rows.
    judged
        Judgements on places of `RowScores.most_atypical_first`.
    """
    ranked = inputs.scores.most_atypical_first
    if not judged.wrong.any():
        return ranked
    features = weighed([(block[ranked], weight) for block, weight in _blocks(inputs)])
    return ranked[reordered(features, judged)]


def _blocks(inputs: AuditInputs) -> Iterator[tuple[FloatArray, float]]:
    """Yield what rows are told apart by, and its weight: the questions put to them, their reasons, their cells."""
    codes = inputs.codes
    yield np.column_stack([np.asarray(codes.surprises), inputs.scores.rarity]), _OF_QUESTIONS
    if codes.columns:
        reasons = np.zeros((len(codes), len(codes.columns)))
        np.put_along_axis(reasons, codes.reason_column, np.maximum(codes.reason_nats, 0.0), axis=1)
        yield reasons, _OF_COLUMNS
        features = fit_features(inputs.frame, inputs.schema).encode(inputs.frame, inputs.schema)
        yield np.asarray(features, np.float64), _OF_COLUMNS


@dataclass(frozen=True)
class _Candidate:
    """A condition, and in which rows [N] it holds."""

    condition: Condition | None
    reason: str
    holds: BoolArray


def _common(inputs: AuditInputs, by_row: Mapping[int, Collection[bool]]) -> CommonToWrong | None:
    """Find what rows judged wrong have in common; rows of which as many say wrong as sound take no part."""
    told = {position: 2 * sum(wrong) - len(wrong) for position, wrong in by_row.items()}
    positions = np.array([position for position, balance in told.items() if balance], dtype=np.int64)
    wrong = np.array([told[position] > 0 for position in positions.tolist()], dtype=bool)
    if wrong.sum() < _LEAST_WRONG:
        return None
    candidates = list(_candidates(inputs, positions))
    holds = np.array([one.holds[positions] for one in candidates], dtype=bool)
    found = common_to_wrong(holds, wrong, least=_LEAST_WRONG, seed=inputs.run.seed)
    if found is None or found[1] > _LARGEST_P:
        return None
    best = candidates[found[0]]
    held = best.holds[positions]
    return CommonToWrong(
        condition=best.condition,
        reason=best.reason,
        wrong=int((held & wrong).sum()),
        n_wrong=int(wrong.sum()),
        sound=int((held & ~wrong).sum()),
        n_sound=int((~wrong).sum()),
        rows=int(best.holds.sum()),
        p_adjusted=found[1],
    )


def _candidates(inputs: AuditInputs, positions: IntArray) -> Iterator[_Candidate]:
    """Yield conditions that hold for some of the judged rows and not for others."""
    codes = inputs.codes
    if codes.reason_column.shape[1]:
        first = codes.reason_column[:, 0]
        for place in np.unique(first[positions]):
            yield _Candidate(None, codes.columns[place], first == place)
    for column in inputs.schema:
        for condition, holds in _conditions(inputs.frame[column.name], column, positions):
            if 0 < holds[positions].sum() < len(positions):
                yield _Candidate(condition, "", holds)


def _conditions(values: pd.Series, column: Column, positions: IntArray) -> Iterator[tuple[Condition, BoolArray]]:
    """Yield that a cell is missing, is one level, or lies on one side of a value midway between two judged rows."""
    absent = values.isna().to_numpy(dtype=bool)
    yield Condition(column.name, "missing", None), absent
    if column.kind.is_levelled:
        codes = values.cat.codes.to_numpy()
        for code in np.unique(codes[positions]):
            if code >= 0:
                yield Condition(column.name, "in", [str(values.cat.categories[code])]), codes == code
    elif column.kind.can_be_modelled:
        numbers = cell_numbers(values)
        judged = np.unique(numbers[positions][~absent[positions]])
        for bound in (judged[1:] + judged[:-1]) / 2:
            written = str(pd.Timestamp(bound, unit="s")) if column.kind is Kind.DATETIME else float(bound)
            yield Condition(column.name, "between", [None, written]), ~absent & (numbers < bound)
            yield Condition(column.name, "between", [written, None]), ~absent & (numbers >= bound)

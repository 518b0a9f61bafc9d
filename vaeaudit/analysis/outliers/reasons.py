"""Why a row is atypical, in the user's terms: its surprising cells, and what the model expected in their place."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.outliers.described_cells import CheckedTable, describe_cells
from vaeaudit.analysis.outliers.results import Reason
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.scoring.cells import find_cells
from vaeaudit.wording.cells import column_texts, expected_texts, holds_whole_days

IntArray = npt.NDArray[np.integer]

#: A cell less surprising than this, beyond a typical cell of its column, explains nothing.
SMALLEST_REASON_NATS = 0.5


def describe_reasons(inputs: AuditInputs, positions: IntArray) -> list[tuple[Reason, ...]]:
    """Describe the surprising cells of the rows at these positions [M], in the user's terms, most surprising first.

    Where the run knows what the other cells of the row make of a cell, that is what was expected; else what the whole
    row does, the cell included.
    """
    codes = inputs.codes
    column, nats = codes.reason_column[positions], codes.reason_nats[positions].astype(np.float64)
    reasons: list[list[Reason]] = [[] for _ in positions]
    known = np.full(column.shape, -1)
    if inputs.cells is not None:
        known = find_cells(inputs.cells, np.broadcast_to(positions[:, None], column.shape), column, len(codes.columns))
        row, place = np.nonzero(known >= 0)
        table = CheckedTable(inputs.frame, inputs.schema, codes.columns, inputs.cells)
        for at, reason in zip(row.tolist(), describe_cells(table, known[row, place]), strict=True):
            reasons[at].append(reason)
    for at, reason in _given_the_whole_row(inputs, positions, (known < 0) & (nats >= SMALLEST_REASON_NATS)):
        reasons[at].append(reason)
    # A cell that is what was expected is no reason, however unsure the model was of it.
    return [
        tuple(sorted((reason for reason in found if _is_reason(reason)), key=lambda reason: -reason.nats))
        for found in reasons
    ]


def reason_cells(codes: LatentCodes, positions: IntArray) -> tuple[IntArray, IntArray]:
    """Return row and column [R] of the cells that are told as reasons of some rows.

    Parameters
    ----------
    codes
        Of all rows.
    positions
        [M]; which rows.
    """
    row, place = np.nonzero(codes.reason_nats[positions] >= SMALLEST_REASON_NATS)
    return positions[row], codes.reason_column[positions][row, place]


def _given_the_whole_row(
    inputs: AuditInputs, positions: IntArray, told: npt.NDArray[np.bool_]
) -> list[tuple[int, Reason]]:
    """Describe the cells where `told` [M, K], with the places of their rows, by what the whole row expects."""
    codes = inputs.codes
    which, nats, expected = (
        codes.reason_column[positions],
        codes.reason_nats[positions],
        codes.reason_expected[positions],
    )
    found = []
    for place in np.unique(which[told]):
        column = inputs.schema[codes.columns[place]]
        row, k = np.nonzero(told & (which == place))
        cells = inputs.frame[column.name].iloc[positions[row]]
        whole_days = holds_whole_days(inputs.frame[column.name])
        hopes = expected_texts(expected[row, k], column, cells.isna().to_numpy(dtype=bool), whole_days=whole_days)
        values = column_texts(cells, column)
        found += [
            (int(r), Reason(column.name, float(nats[r, j]), value, hope))
            for r, j, value, hope in zip(row, k, values, hopes, strict=True)
        ]
    return found


def _is_reason(reason: Reason) -> bool:
    return reason.nats >= SMALLEST_REASON_NATS and reason.expected not in ("", reason.value)


def first_reasons(inputs: AuditInputs, positions: IntArray) -> dict[str, int]:
    """Count, per column, the rows in which it is the first reason; most frequent first."""
    first = [reasons[0].column for reasons in describe_reasons(inputs, positions) if reasons]
    return dict(Counter(first).most_common())

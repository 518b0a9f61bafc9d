"""Suspicious cells in the user's terms, apart from rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vaeaudit.analysis.outliers.cell_summary import MOST_CELLS, summarise_cells, suspicious_table
from vaeaudit.analysis.outliers.reasons import CheckedTable, describe_reasons, first_reasons
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.latents import CellExpectations
from vaeaudit.wording import phrases

CONFIG = AnalysisConfig()


@pytest.fixture(scope="module")
def checked(people: Any) -> Any:
    """The hours of 60 rows contradict their jobs, those of the first half beyond doubt; one row in two is flagged."""
    row = np.arange(60)
    n_cells = len(row)
    place = {name: position for position, name in enumerate(people.codes.columns)}
    cells = CellExpectations(
        row=row,
        column=np.full(n_cells, place["hours"]),
        nats=np.linspace(20, 10, n_cells),
        low=np.full(n_cells, 90.0),
        high=np.full(n_cells, 95.0),
        levels=np.full((n_cells, 3), -1),
        covered=np.full(n_cells, 0.9),
        p_missing=np.zeros(n_cells),
        partner=np.full(n_cells, place["job"]),
        partner_nats=np.full(n_cells, 0.5),
        p_value=np.where(row < 30, 1e-9, 0.5),
    )
    scores = replace(people.scores, outlier=np.arange(len(people.frame)) % 2 == 0)
    return replace(people, cells=cells, scores=scores)


def test_cells_are_counted_apart_from_rows(checked: Any) -> None:
    found = summarise_cells(checked, CONFIG)
    assert found is not None
    assert (found.flagged, found.rows, found.rows_not_flagged) == (30, 30, 15)
    assert found.n == len(checked.frame) * len(checked.codes.columns)
    assert found.by_column == {"hours": 30}
    assert found.share_of_rows == 30 / len(checked.frame)
    assert found.ci.low < found.share_of_rows < found.ci.high
    assert len(found.top) == 30 <= MOST_CELLS
    assert [cell.row_flagged for cell in found.top[:2]] == [True, False]


def test_a_cell_is_told_beside_the_one_it_contradicts(checked: Any) -> None:
    found = summarise_cells(checked, CONFIG)
    assert found is not None
    first = found.top[0]
    hours, job = checked.frame["hours"].iloc[0], checked.frame["job"].iloc[0]
    assert first.row_id == "row-0"
    assert phrases.reason(first.reason) == f"hours is {hours:g} with job {job}, expected at least 90 (20.00 nats)"


def test_the_table_holds_every_suspicious_cell_least_probable_first(checked: Any) -> None:
    table = CheckedTable(checked.frame, checked.schema, checked.codes.columns, checked.cells)
    listed = suspicious_table(table, checked.row_ids, checked.scores)
    assert list(listed["row_id"]) == [f"row-{place}" for place in range(30)]
    assert set(listed["partner"]) == {"job"}
    assert (np.diff(listed["nats"]) < 0).all()
    none = replace(checked.cells, p_value=np.ones(60))
    assert suspicious_table(replace(table, cells=none), checked.row_ids, checked.scores).empty


def test_of_rows_that_are_all_flagged_none_is_told_by_its_cells_and_a_run_may_not_have_looked(
    people: Any, checked: Any
) -> None:
    assert summarise_cells(replace(people, cells=None), CONFIG) is None
    all_flagged = replace(checked, scores=replace(checked.scores, outlier=np.ones(len(checked.frame), bool)))
    found = summarise_cells(all_flagged, CONFIG)
    assert found is not None
    assert (found.rows, found.rows_not_flagged) == (30, 0)


def test_a_reason_is_told_where_the_other_cells_were_asked(people: Any, checked: Any) -> None:
    positions = np.array([5, 100])
    before, after = describe_reasons(people, positions), describe_reasons(checked, positions)
    assert before[0][0].expected == "38"
    assert (after[0][0].column, after[0][0].expected, after[0][0].partner) == ("hours", "at least 90", "job")
    assert after[0][0].nats == pytest.approx(checked.cells.nats[5])
    assert not after[1]  # nobody asked
    assert first_reasons(checked, positions)["hours"] >= 1


def test_a_cell_that_is_as_the_others_expect_is_no_reason(checked: Any) -> None:
    value = float(checked.frame["hours"].iloc[3])
    low, high = checked.cells.low.copy(), checked.cells.high.copy()
    low[3], high[3] = value - 1, value + 1
    expected = replace(checked, cells=replace(checked.cells, low=low, high=high))
    assert "hours" not in [reason.column for reason in describe_reasons(expected, np.array([3]))[0]]

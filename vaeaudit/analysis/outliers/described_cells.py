"""Cells beside what the other cells of their rows make of them, as reasons that a person can read."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.outliers.expectations import ColumnScale, expectation_texts
from vaeaudit.analysis.outliers.results import Reason
from vaeaudit.data.schema.columns import Schema
from vaeaudit.outputs.latents import CellExpectations
from vaeaudit.scoring.cells import named_partner
from vaeaudit.wording.cells import column_texts

IntArray = npt.NDArray[np.integer]


@dataclass(frozen=True)
class CheckedTable:
    """A table, and what is expected in those of its cells that surprise.

    Attributes
    ----------
    frame, schema
        [N] rows, stored as `Dataset.frame` is, and their columns.
    columns
        Names of the modelled columns, in model order.
    cells
        What was looked at.
    """

    frame: pd.DataFrame
    schema: Schema
    columns: tuple[str, ...]
    cells: CellExpectations


def describe_cells(table: CheckedTable, which: IntArray) -> list[Reason]:
    """Describe cells given the other cells of their rows; `expected` is empty where a cell is what was expected.

    Parameters
    ----------
    table
        The cells and their rows.
    which
        [M]; positions among `table.cells` of those to describe.
    """
    cells = table.cells
    found: list[Reason] = [Reason("", 0.0, "", "")] * len(which)
    for place in np.unique(cells.column[which]):
        at = np.flatnonzero(cells.column[which] == place)
        column = table.schema[table.columns[place]]
        values = table.frame[column.name].iloc[cells.row[which[at]]]
        expected = expectation_texts(cells, which[at], values, ColumnScale.of(table.frame[column.name], column))
        for position, value, text in zip(at, column_texts(values, column), expected, strict=True):
            found[position] = Reason(column.name, float(cells.nats[which[position]]), value, text)
    return _with_partners(table, which, found)


def _with_partners(table: CheckedTable, which: IntArray, found: list[Reason]) -> list[Reason]:
    """Name beside a cell the other one that it contradicts, where one alone makes most of the difference."""
    cells, partner = table.cells, named_partner(table.cells)[which]
    result = list(found)
    for place in np.unique(partner[partner >= 0]):
        at = np.flatnonzero(partner == place)
        column = table.schema[table.columns[place]]
        texts = column_texts(table.frame[column.name].iloc[cells.row[which[at]]], column)
        for position, text in zip(at, texts, strict=True):
            result[position] = replace(result[position], partner=column.name, partner_value=text)
    return result

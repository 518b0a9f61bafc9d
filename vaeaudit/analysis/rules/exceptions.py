"""Cells that break a rule of the table: suspicious before all that a model finds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.schema.columns import Schema
from vaeaudit.outputs.record import BoolArray
from vaeaudit.outputs.table_rules import TableRule, TableRules
from vaeaudit.wording.cells import column_texts

#: Stands for a cell of personal data.
_NOT_SHOWN = "(not shown)"


def broken_cells(
    rules: TableRules, frame: pd.DataFrame, schema: Schema, row_ids: npt.NDArray[np.object_], outlier: BoolArray
) -> pd.DataFrame:
    """Return one line per row and rule that it breaks, with the columns that `suspicious_table` has, and `rule`.

    Rules that the fewest rows break come first: the rarer the exception, the likelier a slip.

    Parameters
    ----------
    rules
        Of the table.
    frame, schema, row_ids, outlier
        [N, C] rows, their columns, the names of the rows, and which of them are flagged.
    """
    broken = sorted((rule for rule in rules.rules if rule.exceptions), key=lambda rule: rule.exceptions)
    lines = [_of_rule(rule, frame, schema, row_ids, outlier) for rule in broken]
    return pd.concat(lines, ignore_index=True) if lines else pd.DataFrame()


def _of_rule(
    rule: TableRule, frame: pd.DataFrame, schema: Schema, row_ids: npt.NDArray[np.object_], outlier: BoolArray
) -> pd.DataFrame:
    rows = np.array(rule.exception_rows, dtype=np.int64)
    partner, column = rule.columns[0], rule.columns[-1]

    def texts(name: str) -> npt.NDArray[np.object_]:
        if schema[name].personal:
            return np.full(len(rows), _NOT_SHOWN, dtype=object)
        return column_texts(frame[name].iloc[rows], schema[name])

    return pd.DataFrame(
        {
            "row_id": row_ids[rows].astype(object),
            "column": column,
            "value": texts(column),
            "expected": "",
            "partner": partner,
            "partner_value": texts(partner),
            "nats": np.nan,
            "p_value": np.nan,
            "row_flagged": outlier[rows],
            "rule": rule.statement,
        }
    )

"""What the whole audit says of each single column, gathered from where it was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vaeaudit.analysis.fairness.proxies import Proxy
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.labels.summary import LabelSummary
from vaeaudit.analysis.outliers.results import CellSummary
from vaeaudit.analysis.quality.associations import label_differences, strongest_associations
from vaeaudit.analysis.quality.columns import ColumnSummary, summarise_columns
from vaeaudit.config import AnalysisConfig


def describe_columns(
    inputs: AuditInputs,
    config: AnalysisConfig,
    seed: int,
    *,
    labels: LabelSummary | None = None,
    proxies: Sequence[Proxy] = (),
    cells: CellSummary | None = None,
) -> tuple[tuple[ColumnSummary, ...], tuple[str, ...]]:
    """Describe every column, and say what of it was not looked at.

    Parameters
    ----------
    inputs, config, seed
        Of the audit; the seed draws the rows that associations are measured on.
    labels, proxies, cells
        What was measured of the label, of sensitive attributes and of single cells.
    """
    associations, notes = strongest_associations(inputs.frame, inputs.schema, seed)
    differences = label_differences(inputs.frame, inputs.schema, config)
    alone = {} if labels is None else labels.alone
    columns = (
        replace(
            column,
            associations=associations.get(column.name, ()),
            label_difference=differences.get(column.name),
            tells_label=alone.get(column.name),
            gives_away={
                proxy.attribute: proxy.by_column[column.name] for proxy in proxies if column.name in proxy.by_column
            },
            suspicious_cells=None if cells is None or not column.in_model else cells.by_column.get(column.name, 0),
        )
        for column in summarise_columns(inputs.frame, inputs.schema)
    )
    return tuple(columns), notes

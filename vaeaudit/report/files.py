"""The files of a report folder, and of a rebalancing, written beside their place and renamed into it."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.rebalancing.results import PlanLine, RebalanceResults
from vaeaudit.report.document import document, plain, to_json
from vaeaudit.report.generated_files import marked
from vaeaudit.report.html import to_html
from vaeaudit.storage.csv_safe import to_csv
from vaeaudit.storage.files import written_together

_CELLS, _DUPLICATES, _LABELS = "cells.csv", "duplicates.csv", "labels.csv"
# report.html comes last: whoever opens it finds the others already there.
_NAMES = (_CELLS, _DUPLICATES, _LABELS, "rows.parquet", "flagged.csv", "report.json", "report.html")
# rebalance.json comes last: whoever opens it finds the others already there.
_REBALANCE_NAMES = ("weights.parquet", "plan.csv", "generated.csv", "rebalance.json")
_PLAN_COLUMNS = (
    *("part", "rows", "fewest", "most", "rule", "rule_json", "closes", "closes_in_words"),
    *("existing_rows", "examples"),
)


def write(
    results: AuditResults,
    rows: pd.DataFrame,
    flagged: pd.DataFrame,
    folder: Path,
    *,
    cells: pd.DataFrame | None = None,
    duplicates: pd.DataFrame | None = None,
    labels: pd.DataFrame | None = None,
) -> Path:
    """Write `report.html`, `report.json`, `rows.parquet` and the CSV files of flagged rows, cells and copies.

    Everything is rendered before the first file of an earlier report is touched, and each file is renamed into its
    place; other files in the folder stay.

    Parameters
    ----------
    results
        What the analysis found.
    rows
        One row per scored row, with the columns of `rows.parquet`.
    flagged
        The flagged rows with their reasons; text is made formula-safe here.
    folder
        Created where it does not exist.
    cells
        The suspicious cells; text is made formula-safe here. None for pictures: there is no `cells.csv` then.
    duplicates
        The rows of all clusters of copies, likewise.
    labels
        The rows whose label is doubted, likewise; there is no `labels.csv` where None.

    Returns
    -------
    Path
        Of `report.html`.

    Raises
    ------
    ValueError
        Where `results` holds a number that is not finite (see `document`).
    UsageError
        Where the folder cannot be written, or another process is writing there.
    """
    folder = Path(folder)
    contents = {
        "report.json": to_json(document(results)).encode("utf-8"),
        "report.html": to_html(results).encode("utf-8", errors="replace"),
        "flagged.csv": to_csv(flagged),
    }
    tables = {_CELLS: cells, _DUPLICATES: duplicates, _LABELS: labels}
    contents |= {name: to_csv(table) for name, table in tables.items() if table is not None}
    with written_together(folder, _NAMES) as open_file:
        for name, content in contents.items():
            with open_file(name) as stream:
                stream.write(content)
        with open_file("rows.parquet") as stream:
            pq.write_table(_rows_table(rows, results.outliers.definition), stream)
    return folder / "report.html"


def _rows_table(rows: pd.DataFrame, score_definition: str) -> pa.Table:
    """Say in the metadata of `outlier_score` what the score is, so that the file explains itself."""
    table = pa.Table.from_pandas(rows, preserve_index=False)
    position = table.schema.get_field_index("outlier_score")
    if position < 0:
        return table
    described = table.schema.field(position).with_metadata({"definition": score_definition})
    return table.cast(table.schema.set(position, described))


def plan_table(results: RebalanceResults) -> pd.DataFrame:
    """Return the plan as a table: what to collect, then, in a part of its own, what is only a question."""
    names = {gap.id: gap.name for gap in results.gaps}
    parts = (("to close the findings", results.plan.lines), ("only if they exist in the world", results.plan.questions))
    lines = [_plan_cells(part, line, names) for part, all_lines in parts for line in all_lines]
    return pd.DataFrame(lines, columns=list(_PLAN_COLUMNS))


def write_rebalance(
    results: RebalanceResults, weights: pd.DataFrame, generated: pd.DataFrame | None, folder: Path
) -> Path:
    """Write the files; each is made beside its place and renamed into it, other files in the folder stay.

    Parameters
    ----------
    results, weights
        What was computed; one row of weights per row of the data.
    generated
        Rows for what is short, which are marked here; there is no `generated.csv` where None.
    folder
        Created where it does not exist.

    Returns
    -------
    Path
        The folder.
    """
    folder = Path(folder)
    document = to_json(plain(results))
    with written_together(folder, _REBALANCE_NAMES) as open_file:
        with open_file("weights.parquet") as stream:
            pq.write_table(pa.Table.from_pandas(weights, preserve_index=False), stream)
        with open_file("plan.csv") as stream:
            stream.write(to_csv(plan_table(results)))
        if generated is not None:
            with open_file("generated.csv") as stream:
                stream.write(to_csv(marked(generated, results.tool, results.run.id, results.seed)))
        with open_file("rebalance.json") as stream:
            stream.write(document.encode("utf-8"))
    return folder


def _plan_cells(part: str, line: PlanLine, names: dict[str, str]) -> dict[str, object]:
    rule = json.dumps([plain(condition, "rule") for condition in line.rule], ensure_ascii=False)
    closes = ", ".join(f"{closed} ({names[closed]})" for closed in line.closes)
    values = (
        *(part, line.rows, line.fewest, line.most, line.name, rule, ", ".join(line.closes), closes),
        *(line.existing, ", ".join(line.examples)),
    )
    return dict(zip(_PLAN_COLUMNS, values, strict=True))

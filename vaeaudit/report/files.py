"""The files of a report folder, written beside their place and renamed into it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from vaeaudit.analysis.results.audit import AuditResults
from vaeaudit.report.csv_safe import to_csv
from vaeaudit.report.document import document, to_json
from vaeaudit.report.html import to_html

# report.html comes last: whoever opens it finds the others already there.
_NAMES = ("rows.parquet", "flagged.csv", "report.json", "report.html")
_CELLS = "cells.csv"


def write(
    results: AuditResults,
    rows: pd.DataFrame,
    flagged: pd.DataFrame,
    folder: Path,
    *,
    cells: pd.DataFrame | None = None,
) -> Path:
    """Write `report.html`, `report.json`, `rows.parquet`, `flagged.csv` and `cells.csv` into `folder`.

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

    Returns
    -------
    Path
        Of `report.html`.

    Raises
    ------
    ValueError
        Where `results` holds a number that is not finite (see `document`).
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".report-", dir=folder))
    try:
        (beside / "report.json").write_text(to_json(document(results)), encoding="utf-8")
        (beside / "report.html").write_text(to_html(results), encoding="utf-8", errors="replace")
        (beside / "flagged.csv").write_bytes(to_csv(flagged))
        pq.write_table(_rows_table(rows, results.outliers.definition), beside / "rows.parquet")
        if cells is None:
            (folder / _CELLS).unlink(missing_ok=True)
        else:
            (beside / _CELLS).write_bytes(to_csv(cells))
            (beside / _CELLS).replace(folder / _CELLS)
        for name in _NAMES:
            (beside / name).replace(folder / name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder / "report.html"


def _rows_table(rows: pd.DataFrame, score_definition: str) -> pa.Table:
    """Say in the metadata of `outlier_score` what the score is, so that the file explains itself."""
    table = pa.Table.from_pandas(rows, preserve_index=False)
    position = table.schema.get_field_index("outlier_score")
    if position < 0:
        return table
    described = table.schema.field(position).with_metadata({"definition": score_definition})
    return table.cast(table.schema.set(position, described))

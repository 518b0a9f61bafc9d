"""The folder of scores of other data: files written beside their places and renamed into them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from vaeaudit.runs import store
from vaeaudit.runs.directory import folder_name
from vaeaudit.storage.files import written_together

SCORES = Path("scores")
_CELLS = "cells.parquet"
#: score.json comes last: whoever finds it finds the others already there.
_NAMES = (_CELLS, "rows.parquet", "quarantine.csv", "score.json")


def score_path(run_id: str, data_name: str) -> Path:
    """Return where scores of this data by this run go unless the user says otherwise.

    Parameters
    ----------
    run_id, data_name
        What run and data are called.
    """
    return SCORES / run_id / folder_name(data_name)


def write_scores(
    folder: Path,
    rows: pd.DataFrame,
    quarantine: pd.DataFrame,
    document: Mapping[str, Any],
    *,
    note: str,
    cells: pd.DataFrame | None = None,
) -> Path:
    """Write `rows.parquet`, `quarantine.csv`, `cells.parquet` and `score.json`; those of earlier scores are replaced.

    Everything is written before the first file of earlier scores is touched; other files in the folder stay.

    Parameters
    ----------
    folder
        Created where it does not exist.
    rows, quarantine
        The rows that were scored, and those that could not be.
    document
        What `score.json` says.
    note
        What the score is, for the metadata of `rows.parquet`.
    cells
        The suspicious cells; None where there is nothing to say of cells, and then no `cells.parquet`.

    Returns
    -------
    pathlib.Path
        Of `rows.parquet`.

    Raises
    ------
    UsageError
        Where the folder cannot be written.
    """
    tables = {"rows.parquet": rows, "quarantine.csv": quarantine} | ({} if cells is None else {_CELLS: cells})
    with written_together(folder, _NAMES) as open_file:
        for name, table in tables.items():
            with open_file(name) as stream:
                store.write_table_to(stream, name, table, note=note if name == "rows.parquet" else "")
        with open_file("score.json") as stream:
            stream.write(store.json_bytes(document))
    return folder / "rows.parquet"

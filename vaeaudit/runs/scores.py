"""The folder of scores of other data: files written beside their places and renamed into them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from vaeaudit.errors import UsageError
from vaeaudit.runs import store
from vaeaudit.runs.directory import folder_name

SCORES = Path("scores")
#: score.json comes last: whoever finds it finds the others already there.
_NAMES = ("rows.parquet", "quarantine.csv", "score.json")
_CELLS = "cells.parquet"


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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".score-", dir=folder))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"--out {folder}: scores cannot be written there: {reason}.") from error
    try:
        store.write_table(beside / "rows.parquet", rows, note=note)
        store.write_table(beside / "quarantine.csv", quarantine)
        store.write_json(beside / "score.json", document)
        if cells is None:
            (folder / _CELLS).unlink(missing_ok=True)
        else:
            store.write_table(beside / _CELLS, cells)
            (beside / _CELLS).replace(folder / _CELLS)
        for name in _NAMES:
            (beside / name).replace(folder / name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder / "rows.parquet"

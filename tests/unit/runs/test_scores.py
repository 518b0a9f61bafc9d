"""Scores of other data are three files that are replaced together."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from vaeaudit.errors import UsageError
from vaeaudit.runs.scores import score_path, write_scores

ROWS = pd.DataFrame({"row_id": ["a", "b"], "outlier_score": [1.0, 2.0]})
NOTHING = pd.DataFrame({"file": [], "row": [], "reason": []})


@pytest.mark.parametrize(
    ("name", "folder"),
    [("new people.csv", "new-people"), ("../../etc/passwd", "passwd"), ("DataFrame", "DataFrame"), ("…", "data")],
)
def test_the_folder_is_called_after_the_data_and_stays_inside_the_runs(name: str, folder: str) -> None:
    assert score_path("adult", name) == Path("scores", "adult", folder)


def test_earlier_scores_are_replaced_and_other_files_stay(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    write_scores(folder, ROWS, NOTHING, {"n": 2}, note="a score")
    (folder / "mine.txt").write_text("keep", encoding="utf-8")
    path = write_scores(folder, ROWS.head(1), NOTHING, {"n": 1}, note="a score")
    assert path == folder / "rows.parquet"
    assert len(pd.read_parquet(path)) == json.loads((folder / "score.json").read_text(encoding="utf-8"))["n"] == 1
    assert {file.name for file in folder.iterdir()} == {"rows.parquet", "quarantine.csv", "score.json", "mine.txt"}


def test_suspicious_cells_come_and_go_with_the_scores(tmp_path: Path) -> None:
    write_scores(tmp_path, ROWS, NOTHING, {"n": 2}, note="", cells=ROWS.head(1))
    assert len(pd.read_parquet(tmp_path / "cells.parquet")) == 1
    write_scores(tmp_path, ROWS, NOTHING, {"n": 2}, note="")
    assert not (tmp_path / "cells.parquet").exists()


def test_what_cannot_be_written_leaves_the_earlier_scores_whole(tmp_path: Path) -> None:
    write_scores(tmp_path, ROWS, NOTHING, {"n": 2}, note="")
    with pytest.raises(ValueError, match="JSON"):
        write_scores(tmp_path, ROWS.head(1), NOTHING, {"n": float("nan")}, note="")
    assert len(pd.read_parquet(tmp_path / "rows.parquet")) == 2
    assert len(list(tmp_path.iterdir())) == 3


def test_a_folder_that_is_a_file_is_said_by_its_option(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="--out"):
        write_scores(tmp_path / "file", ROWS, NOTHING, {}, note="")

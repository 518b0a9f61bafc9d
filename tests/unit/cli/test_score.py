"""`vaeaudit score`: what it says, and what it passes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from vaeaudit.cli.main import run
from vaeaudit.cli.options import Output
from vaeaudit.cli.score import say_scores


def document(notes: list[str]) -> dict[str, Any]:
    return {
        "rows": {"read": 12, "scored": 10, "quarantined": 1, "skipped": 1},
        "outliers": {"flagged": 2, "fdr": 0.05},
        "regions": {"R1": 3, "R2": 0},
        "notes": notes,
    }


def test_the_account_the_flags_and_the_first_notes_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    say_scores(
        document([f"note {number} \x1b[2J" for number in range(7)]), Output(as_json=False, quiet=False, verbose=False)
    )
    said = capsys.readouterr().err
    assert "12 read = 10 scored + 1 quarantined + 1 skipped" in said
    assert "2 rows" in said and "3 rows in one of 2" in said
    assert said.count("Note: note") == 5
    assert "2 more with -v" in said
    assert "\x1b" not in said
    say_scores(document(["one"]), Output(as_json=False, quiet=False, verbose=True))
    assert "more with -v" not in capsys.readouterr().err


def test_reading_options_are_those_of_the_run_and_more(
    fitted: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    frame = fitted.truth.frame.head(3).assign(tag=["x", "y", "z"])
    numeric = next(column.name for column in fitted.run.schema.modelled if column.kind.is_numeric)
    frame[numeric] = ["nix", "nix", "7"]
    frame.to_csv(tmp_path / "a.txt", index=False, sep="|")
    arguments = ["score", str(fitted.run.path), str(tmp_path / "a.txt"), "--out", str(tmp_path / "o"), "--json", "-q"]
    assert run([*arguments, "--id", "tag", "--na", "nix", "--delimiter", "|"]) == 0
    notes = json.loads(capfd.readouterr().out)["notes"]
    assert not [note for note in notes if note.startswith(f"{numeric}:")]
    assert pd.read_parquet(tmp_path / "o" / "rows.parquet")["row_id"].tolist() == ["x", "y", "z"]


def test_what_is_no_run_is_an_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["score", str(tmp_path), str(tmp_path)]) == 2
    assert "not a complete run" in capfd.readouterr().err

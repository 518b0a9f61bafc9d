"""`vaeaudit demo`: what was planted, beside what was found; a folder that is not a demo is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vaeaudit.cli.main import run


def test_the_demo_prints_planted_beside_found_and_the_page_last(demonstrated: Any) -> None:
    done = demonstrated.done
    lines = done.stdout.splitlines()

    assert done.returncode == 0, done.stderr
    assert lines[0].split() == ["planted", "found"]
    assert lines[-1] == "demo/report/report.html"
    column = lines[0].index("found")
    assert {line[column : column + 3].strip() for line in lines[1:-1]} <= {"yes", "NO"}
    for planted in ("women of 60 and over", "master's degrees on the coast", "height in inches", "height_cm gives sex"):
        assert any(line.startswith(planted) or planted in line for line in lines)
    assert "Run: demo/run" in done.stderr


def test_the_demo_leaves_data_run_and_report(demonstrated: Any) -> None:
    names = {entry.name for entry in demonstrated.folder.iterdir() if not entry.name.startswith(".")}
    assert names == {"people.csv", "population.csv", "run", "report"}


@pytest.mark.parametrize("entry", ["file", "folder"])
def test_a_place_that_holds_something_else_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], entry: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if entry == "file":
        Path("mine").write_text("precious", encoding="utf-8")
    else:
        Path("mine").mkdir()
        Path("mine/thesis.txt").write_text("precious", encoding="utf-8")
    assert run(["demo", "--out", "mine", "-q"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert "--out mine" in err
    kept = Path("mine") if entry == "file" else Path("mine/thesis.txt")
    assert kept.read_text(encoding="utf-8") == "precious"

from __future__ import annotations

import json
import shutil
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from vaeaudit.cli import review as command
from vaeaudit.cli.main import run as command_line
from vaeaudit.errors import RunError
from vaeaudit.runs.reading import load_run
from vaeaudit.workflow.report import report
from vaeaudit.workflow.review import review


@pytest.fixture
def run(fitted, tmp_path):
    """A run of its own, for judgements are written into it."""
    shutil.copytree(fitted.run.path, tmp_path / "people")
    return tmp_path / "people"


def judge(path, outliers, *, turned=False):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    wrong = table["row_id"].isin({str(row_id) for row_id in outliers}) ^ turned
    table["judgement"] = np.where(wrong, "wrong", "is so in the world")
    table.to_csv(path, index=False)
    return table


def test_a_reader_judges_a_file_and_the_report_says_how_right_the_list_is(run, fitted, tmp_path, capfd):
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    asked = tmp_path / "asked.csv"
    assert command_line(["review", str(run), "--by", "Ann", "--out", str(asked), "-q"]) == 0
    table = judge(asked, fitted.truth.outliers)
    assert len(table) == 12
    assert capfd.readouterr().out.strip() == str(asked)

    assert command_line(["review", str(run), "--by", "Ann", "--judgements", str(asked)]) == 0
    said = capfd.readouterr()
    assert said.out.strip() == str(run / "judgements.json")
    assert "12 judgements of Ann added." in said.err
    assert "of the first 10" in said.err
    kept = load_run(run).judgements.rows
    assert {(one.by, one.row_id) for one in kept} == {("Ann", row_id) for row_id in table["row_id"]}
    assert all(path.read_bytes() == held for path, held in before.items())

    judge(asked, fitted.truth.outliers, turned=True)
    assert command_line(["review", str(run), "--by", "Bob", "--judgements", str(asked), "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert document["review"]["contradicted"] == 12
    assert load_run(run).judgements.rows[:12] == kept

    audit = report(run, out=tmp_path / "report")
    written = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert written["outliers"]["review"]["readers"] == ["Ann", "Bob"]
    assert audit.results.outliers.review is not None


def test_a_run_that_nobody_judged_has_no_review(fitted, reported):
    assert fitted.run.judgements.rows == ()
    written = json.loads((reported / "report.json").read_text(encoding="utf-8"))
    assert written["outliers"]["review"] is None


def test_the_same_file_again_adds_nothing(run, fitted, tmp_path):
    asked = tmp_path / "asked.csv"
    review(run, by="Ann", out=asked)
    judge(asked, fitted.truth.outliers)
    assert len(review(run, by="Ann", judgements=asked).kept) == 12
    again = review(run, by="Ann", judgements=asked)
    assert again.kept == ()
    assert not set(again.proposed["row_id"]) & {one.row_id for one in load_run(run).judgements.rows}


def test_a_judgement_of_other_content_is_not_taken_and_asked_for_again(run, fitted, tmp_path, capfd):
    asked = tmp_path / "asked.csv"
    review(run, by="Ann", out=asked)
    table = judge(asked, fitted.truth.outliers)
    table.loc[0, "content"] = "0" * 64
    table.to_csv(asked, index=False)
    assert command_line(["review", str(run), "--by", "Ann", "--judgements", str(asked)]) == 0
    assert "1 row held other values when judged" in capfd.readouterr().err
    assert len(load_run(run).judgements.rows) == 11


def test_a_file_of_judgements_is_never_overwritten(run, fitted, tmp_path, capfd):
    asked = tmp_path / "asked.csv"
    review(run, by="Ann", out=asked)
    judged = judge(asked, fitted.truth.outliers)
    assert command_line(["review", str(run), "--by", "Ann", "--out", str(asked)]) == 2
    assert str(asked) in capfd.readouterr().err
    assert pd.read_csv(asked, dtype=str, keep_default_na=False).equals(judged)


def test_a_row_that_is_not_there_is_said_and_nothing_is_kept(run, tmp_path, capfd):
    (tmp_path / "bad.csv").write_text("row_id,judgement\nnobody,wrong\n", encoding="utf-8")
    assert command_line(["review", str(run), "--judgements", str(tmp_path / "bad.csv"), "--by", "Ann"]) == 2
    assert "there is no such row" in capfd.readouterr().err
    assert not (run / "judgements.json").exists()


@pytest.mark.parametrize(
    "damage",
    [
        "[]",
        '{"format": 2, "rows": []}',
        '{"format": 1, "rows": [{"row_id": "a"}]}',
        '{"format": 1, "rows": [{"row_id": "a", "content": "x", "judgement": "no", "note": "", "by": "A"}]}',
    ],
)
def test_judgements_that_were_tampered_with_are_refused_in_words(run, damage):
    (run / "judgements.json").write_text(damage, encoding="utf-8")
    with pytest.raises(RunError, match=r"judgements\.json: expected"):
        _ = load_run(run).judgements


def test_judgements_are_never_read_through_a_link(run, tmp_path):
    (tmp_path / "elsewhere.json").write_text('{"format": 1, "rows": []}', encoding="utf-8")
    (run / "judgements.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(RunError, match="link"):
        _ = load_run(run).judgements


def test_in_a_terminal_rows_are_put_one_by_one_until_the_reader_quits(run, monkeypatch):
    answers = iter(["w", "n", "s", "q"])
    monkeypatch.setattr(command.click, "prompt", lambda *_, **__: next(answers))
    made = review(run, by="Ann", rows=6, ask=command._ask)
    assert [one.judgement for one in made.kept] == ["wrong", "sound"]
    assert asdict(load_run(run).judgements.rows[0]) == asdict(made.kept[0])

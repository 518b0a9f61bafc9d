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
from vaeaudit.workflow.rebalance import rebalance
from vaeaudit.workflow.report import report
from vaeaudit.workflow.review import review
from vaeaudit.workflow.score import score


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
    kept = load_run(run).judgements.given
    assert {(one.by, one.name) for one in kept} == {("Ann", row_id) for row_id in table["row_id"]}
    assert all(path.read_bytes() == held for path, held in before.items())

    judge(asked, fitted.truth.outliers, turned=True)
    assert command_line(["review", str(run), "--by", "Bob", "--judgements", str(asked), "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert document["review"]["contradicted"] == 12
    assert load_run(run).judgements.given[:12] == kept

    audit = report(run, out=tmp_path / "report")
    written = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert written["outliers"]["review"]["readers"] == ["Ann", "Bob"]
    assert audit.results.outliers.review is not None


def test_a_run_that_nobody_judged_has_no_review(fitted, reported):
    assert fitted.run.judgements.given == ()
    written = json.loads((reported / "report.json").read_text(encoding="utf-8"))
    assert written["outliers"]["review"] is None


def test_the_same_file_again_adds_nothing(run, fitted, tmp_path):
    asked = tmp_path / "asked.csv"
    review(run, by="Ann", out=asked)
    judge(asked, fitted.truth.outliers)
    assert len(review(run, by="Ann", judgements=asked).kept) == 12
    again = review(run, by="Ann", judgements=asked)
    assert again.kept == ()
    assert not set(again.proposed["row_id"]) & {one.name for one in load_run(run).judgements.given}


def test_a_judgement_of_other_content_is_not_taken_and_asked_for_again(run, fitted, tmp_path, capfd):
    asked = tmp_path / "asked.csv"
    review(run, by="Ann", out=asked)
    table = judge(asked, fitted.truth.outliers)
    table.loc[0, "content"] = "0" * 64
    table.to_csv(asked, index=False)
    assert command_line(["review", str(run), "--by", "Ann", "--judgements", str(asked)]) == 0
    assert "1 row held other values when judged" in capfd.readouterr().err
    assert len(load_run(run).judgements.given) == 11


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
        '{"format": 3, "given": []}',
        '{"format": 2, "given": [{"row_id": "a"}]}',
        '{"format": 2, "given": [{"row_id": "a", "content": "x", "judgement": "no", "note": "", "by": "A"}]}',
    ],
)
def test_judgements_that_were_tampered_with_are_refused_in_words(run, damage):
    (run / "judgements.json").write_text(damage, encoding="utf-8")
    with pytest.raises(RunError, match=r"judgements\.json: expected"):
        _ = load_run(run).judgements


def test_judgements_are_never_read_through_a_link(run, tmp_path):
    (tmp_path / "elsewhere.json").write_text('{"format": 2, "given": []}', encoding="utf-8")
    (run / "judgements.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(RunError, match="link"):
        _ = load_run(run).judgements


def test_in_a_terminal_rows_are_put_one_by_one_until_the_reader_quits(run, monkeypatch):
    answers = iter(["w", "n", "s", "q"])
    monkeypatch.setattr(command.click, "prompt", lambda *_, **__: next(answers))
    made = review(run, by="Ann", number=6, ask=command._ask)
    assert [one.judgement for one in made.kept] == ["wrong", "sound"]
    assert asdict(load_run(run).judgements.given[0]) == asdict(made.kept[0])


@pytest.mark.parametrize(
    ("of", "verdict", "said"),
    [
        ("cells", "wrong", "Ann judged: 4 cells"),
        ("labels", "is so in the world", "of these labels are wrong"),
        ("regions", "cannot exist", "to be no gap"),
    ],
)
def test_every_list_is_judged_and_its_section_says_what_follows(run, tmp_path, of, verdict, said):
    asked = tmp_path / "asked.csv"
    assert command_line(["review", str(run), "--of", of, "-n", "4", "--by", "Ann", "--out", str(asked), "-q"]) == 0
    table = pd.read_csv(asked, dtype=str, keep_default_na=False).assign(judgement=verdict)
    table.to_csv(asked, index=False)
    made = review(run, of=of, by="Ann", judgements=asked)
    assert (len(made.kept), made.review.judgements) == (len(table), len(table))
    audit = report(run, out=tmp_path / "report")
    assert audit.results.review_of(of) == made.review
    assert audit.results.outliers.review is None
    assert said in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")


def test_what_was_judged_is_told_by_score_and_left_alone_by_rebalance(run, fitted, tmp_path):
    region = review(run, of="regions", by="Ann", out=tmp_path / "regions.csv").proposed.iloc[:1]
    region.assign(judgement="so in the world").to_csv(tmp_path / "judged.csv", index=False)
    review(run, of="regions", by="Ann", judgements=tmp_path / "judged.csv")
    row = review(run, by="Ann", out=tmp_path / "rows.csv").proposed.iloc[:1]
    row.assign(judgement="wrong").to_csv(tmp_path / "judged_row.csv", index=False)
    review(run, by="Ann", judgements=tmp_path / "judged_row.csv")
    scored = score(run, fitted.source, out=tmp_path / "scores").rows
    assert scored.loc[scored["judged"].notna(), "row_id"].tolist() == row["row_id"].tolist()
    assert region["region"].item() not in set(scored["region"])
    assert region["region"].item() not in {gap.id for gap in rebalance(run, out=tmp_path / "plan").results.gaps}


def test_a_list_with_nothing_on_it_is_one_line(run, capfd):
    assert command_line(["review", str(run), "--of", "copies", "--by", "Ann", "-q"]) == 2
    assert capfd.readouterr().err == "vaeaudit: --of copies: nothing can be judged: no pair of copies is listed.\n"

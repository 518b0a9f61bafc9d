"""What Python gets back: objects with tables, the same files elsewhere, and a few lines in a notebook."""

from __future__ import annotations

import json
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import vaeaudit
from vaeaudit.analysis.conclusions import Finding
from vaeaudit.report.document import plain
from vaeaudit.report.notebook import to_card

#: What GitHub and others still show of an output.
LARGEST = 200_000


@pytest.fixture(scope="module")
def audited(fitted: Any, tmp_path_factory: pytest.TempPathFactory) -> vaeaudit.Audit:
    """The report of `fitted`, by a rate of its own."""
    return vaeaudit.report(fitted.run, out=tmp_path_factory.mktemp("report"), fdr=0.1, uniform=True)


def document_of(page: Path) -> dict[str, Any]:
    return json.loads((page.parent / "report.json").read_text(encoding="utf-8"))


def test_an_audit_holds_what_its_report_says(audited: vaeaudit.Audit, fitted: Any) -> None:
    document = document_of(audited.page)
    assert plain(audited.verdict) == document["verdict"]
    assert json.loads(audited.checks.to_json(orient="records")) == document["checks"]
    assert audited.findings.to_dict("records") == document["findings"]
    assert {"id", "kind", "severity", "title", "action"} <= set(audited.findings.columns)
    assert audited.run.path == fitted.run.path
    pd.testing.assert_frame_equal(audited.rows, pd.read_parquet(audited.page.parent / "rows.parquet"))


def test_a_region_is_a_row_with_its_rule_in_words_and_as_conditions(audited: vaeaudit.Audit) -> None:
    regions, written = audited.regions, document_of(audited.page)["regions"]
    assert regions["id"].tolist() == [region["id"] for region in written]
    assert regions["conditions"].tolist() == [region["rule"] for region in written]
    assert json.loads(json.dumps(regions["conditions"].tolist())) == regions["conditions"].tolist()
    for rule, conditions in zip(regions["rule"], regions["conditions"], strict=True):
        assert all(condition["column"] in rule for condition in conditions)


def test_tables_without_rows_have_their_columns(audited: vaeaudit.Audit) -> None:
    empty = replace(audited, results=replace(audited.results, findings=(), regions=()))
    assert empty.findings.columns.tolist() == audited.findings.columns.tolist()
    assert empty.regions.columns.tolist() == audited.regions.columns.tolist()
    assert len(empty.findings) == len(empty.regions) == 0


def test_settings_of_a_report_win_over_those_of_its_run(audited: vaeaudit.Audit, fitted: Any) -> None:
    assert fitted.run.config.analysis.fdr != 0.1
    assert audited.results.outliers.fdr == 0.1


def test_saved_elsewhere_the_files_are_the_same(audited: vaeaudit.Audit, tmp_path: Path) -> None:
    page = audited.save(tmp_path / "elsewhere")
    assert page == tmp_path / "elsewhere" / "report.html"
    for file in audited.page.parent.iterdir():
        assert (page.parent / file.name).read_bytes() == file.read_bytes(), file.name


def test_as_text_an_audit_is_its_verdict_and_where_the_page_is(audited: vaeaudit.Audit) -> None:
    assert audited.verdict.sentence in repr(audited)
    assert repr(audited).endswith(f"See {audited.page}>")


def test_scores_are_an_object_and_their_files(fitted: Any, tmp_path: Path) -> None:
    scores = vaeaudit.score(fitted.run, fitted.truth.frame.head(50), out=tmp_path / "s", na="north")
    assert scores.path == tmp_path / "s" / "rows.parquet"
    pd.testing.assert_frame_equal(scores.rows, pd.read_parquet(scores.path))
    assert scores.summary == json.loads((tmp_path / "s" / "score.json").read_text(encoding="utf-8"))
    assert (len(scores.rows), len(scores.quarantine)) == (50, 0)
    assert repr(scores).startswith("<Scores of 50 rows: ")


def test_a_rebalancing_is_an_object_and_its_files(fitted: Any, tmp_path: Path) -> None:
    made = vaeaudit.rebalance(fitted.run, out=tmp_path / "r", cap=3.0)
    document = json.loads((tmp_path / "r" / "rebalance.json").read_text(encoding="utf-8"))
    assert plain(made.results) == document
    assert made.path == tmp_path / "r"
    assert made.weights.equals(pd.read_parquet(tmp_path / "r" / "weights.parquet"))
    assert len(made.plan) == len(document["plan"]["lines"]) + len(document["plan"]["questions"])
    assert repr(made).startswith(f"<Rebalancing of {len(made.weights):,} rows by targets.")


def test_the_readme_s_python_does_what_it_says(
    fitted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    block = readme.split("## From Python", 1)[1].split("```python\n", 1)[1].split("```", 1)[0]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").mkdir()
    for file in (fitted.source, fitted.population):
        (tmp_path / "demo" / file.name).write_bytes(file.read_bytes())
    names: dict[str, Any] = {}
    exec(block, names)  # noqa: S102 - our own page

    audit = names["audit"]
    assert (audit.run.config.preset, audit.run.config.train.members) == ("quick", 0)
    assert audit.run.config.read.sensitive == ("sex", "age")
    assert capsys.readouterr().out.startswith(audit.verdict.sentence)
    assert audit.page == Path("reports") / audit.run.id / "report.html"
    assert (tmp_path / "reports" / "for-the-board" / "report.html").is_file()
    assert isinstance(names["plan"], pd.DataFrame)


# --- in a notebook --------------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """Collect the tags and the attributes of a piece of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_a_notebook_shows_verdict_checks_and_findings(tmp_path: Path, fitted: Any) -> None:
    import nbformat
    from nbclient import NotebookClient

    out = tmp_path / "out"
    cells = [
        f"import sys, vaeaudit\naudit = vaeaudit.report({str(fitted.run.path)!r}, out={str(out)!r})",
        "audit",
        "assert 'tensorflow' not in sys.modules",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    NotebookClient(notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()

    (shown,) = notebook.cells[1].outputs
    text = unescape(shown["data"]["text/html"])
    assert len(json.dumps(shown)) < LARGEST
    assert str(out / "report.html") in text
    document = document_of(out / "report.html")
    said = [reason["why"] for reason in document["verdict"]["checks"]] + [check["why"] for check in document["checks"]]
    said += [finding["title"] for finding in document["findings"][:10]]
    assert [sentence for sentence in said if sentence not in text.replace("\N{NO-BREAK SPACE}", " ")] == []
    assert "What to do" in text


def test_hostile_names_are_text_in_a_notebook_and_long_ones_are_cut(audited: vaeaudit.Audit) -> None:
    hostile = '<script>alert(1)</script><img src=x onerror="alert(2)">\u202e' + "{{ 7 * 7 }}"
    finding = Finding("VA203", "R1", "region", "high", hostile, {}, hostile + "x" * 1_000_000, "regions")
    results = replace(audited.results, findings=(finding,) * 500)
    html = to_card(results, hostile)
    seen = Tags(html)
    assert seen.tags <= {
        "div",
        "p",
        "strong",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "code",
        "details",
        "summary",
    }
    assert seen.attributes == {"style"}
    assert "&lt;script&gt;" in html
    assert "{{ 7 * 7 }}" in html
    assert "\u202e" not in html
    assert "490 more findings" in html
    assert len(html) < LARGEST

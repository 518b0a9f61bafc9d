"""The page is one safe, self-contained and accessible file."""

from __future__ import annotations

import base64
import gzip
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
from plotly.offline import get_plotlyjs

from vaeaudit.analysis.conclusions import Finding
from vaeaudit.analysis.latents.results import Traversal
from vaeaudit.report import SECTION_IDS, to_html
from vaeaudit.report.parts.tables import MOST_ROWS, Badge, Column, Table, Track, table
from vaeaudit.report.summary import FIRST_FINDINGS, evidence, summarise
from vaeaudit.statistics.measures import Interval


class Page(HTMLParser):
    """The elements, ids, links and visible text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.scripts: list[str] = []
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "path", "circle", "br"):
            self._inside = tag

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts.append(data)
        elif self._inside != "style":
            self.text += data

    def handle_endtag(self, tag):
        self._inside = ""

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def html(results):
    return to_html(results)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_hostile_names_are_shown_as_text_and_make_no_element(page, people):
    assert people.SCRIPT in page.text
    assert people.FORMULA in page.text
    assert '<b>bold</b> & <a href="https://evil.example">link</a>' in page.text
    assert page.all("img") == []
    assert page.all("b") == []
    assert all(link["href"].startswith("#") for link in page.all("a"))
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)


def test_nothing_is_fetched_from_anywhere(page):
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy
    assert not any("src" in attributes for _, attributes in page.elements)
    assert [link["href"] for link in page.all("link")] == ["data:,"]


def test_data_never_leaves_its_script_block(page, html):
    (block,) = re.findall(r'<script type="text/plain" id="figures-gzip">(.*?)</script>', html, flags=re.S)
    specs = json.loads(gzip.decompress(base64.b64decode(block, validate=True)))
    assert len(specs) >= 14
    assert {plot["data-figure"] for plot in page.all("div") if "data-figure" in plot} == specs.keys()


def test_the_plotly_library_inside_is_the_installed_one(page):
    packed = next(script for script in page.scripts if len(script) > 1_000_000)
    assert gzip.decompress(base64.b64decode(packed)).decode("utf-8") == get_plotlyjs()


def test_every_link_goes_to_an_element_of_the_page(page):
    ids = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    assert {link["href"][1:] for link in page.all("a")} <= set(ids)
    assert set(SECTION_IDS) <= set(ids)


def test_headings_descend_one_level_at_a_time(page):
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_tables_and_figures_are_named_for_those_who_cannot_see_them(page):
    assert len(page.all("caption")) == len(page.all("table")) > 20
    assert all(cell.get("scope") in ("col", "row") for cell in page.all("th"))
    plots = [div for div in page.all("div") if "data-figure" in div]
    assert all(plot["role"] == "img" and plot["aria-label"] for plot in plots)
    landmarks = {tag for tag, _ in page.elements}
    assert {"header", "nav", "main", "footer"} <= landmarks
    labels = {label["for"] for label in page.all("label")}
    assert all(select["id"] in labels for select in page.all("select"))


def test_every_section_answers_in_words_where_there_is_nothing(empty):
    page = Page(to_html(empty))
    for said in (
        "No finding:",
        "No region is flagged: of 412 combinations tested, none",
        "No row is flagged",
        "No sensitive column was declared",
        "No outcome by group",
        "No row occurs twice.",
        "The model has no latents.",
    ):
        assert said in page.text
    assert "nan" not in page.text.lower().split()


def test_the_page_opens_with_the_verdict_and_says_which_way_scores_point(page):
    assert page.text.index("Fail") < page.text.index("Who is here")
    assert "Higher scores are more atypical" in page.text


def test_rows_are_accounted_for(page):
    assert "48,846 read = 48,842 scored + 3 quarantined + 1 skipped" in page.text


def test_a_finding_links_to_its_section_even_if_its_anchor_is_unknown(results):
    summary = summarise(results)
    anchors = [card.anchor for card in summary.findings]
    assert anchors == ["representation", "outliers", "proxies", "disparities", "duplicates"]
    assert [card.anchor for card in summary.questions] == ["regions"]


def test_what_only_somebody_who_knows_the_field_can_judge_stands_apart(results, page):
    (question,) = summarise(results).questions
    assert question.code == "VA203"
    assert page.text.index("Questions for somebody who knows the field") < page.text.index(question.title[:20])


def test_every_check_shows_its_question_its_answer_and_its_state_gravest_first(results):
    summary = summarise(results)
    rows = summary.checks.rows
    first = results.checks[0]
    assert rows[0] == (first.code, first.question, f"{first.why} {first.detectable}", Badge("finding", "warn"))
    states = [row[3].word for row in rows]
    assert list(dict.fromkeys(states)) == [
        "finding", "passed", "inconclusive", "not applicable", "not asked", "set aside",
    ]  # fmt: skip
    assert len(rows) == len(results.checks)
    assert summary.states.startswith(f"{len(rows)} checks: 6 found something, ")


def test_what_was_set_aside_is_shown_with_who_did_it_and_why(results, people):
    (row,) = (row for row in summarise(results).checks.rows if row[0] == "VA803")
    assert row[2].endswith(
        f" Set aside by {people.FORMULA}: {people.SCRIPT}: 12 infinite values: Known of {people.BOLD}."
    )


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ({"ci": [0.2, 0.4], "rate": 0.3}, (("interval", "[20.0, 40.0] %"), ("rate", "30.0 %"))),
        (
            {"observed": 3, "ratio": 0.5, "ci": [None, 0.8]},
            (("observed", "3"), ("ratio", "0.50"), ("interval", "at most 0.80")),
        ),
        ({"shares": {"job": 0.123}}, (("shares", "job: 12.3 %"),)),
        ({"ratio": 2.0, "ratio_ci": [1.0, 4.0]}, (("ratio", "2.00"), ("ratio ci", "[1.00, 4.00]"))),
        (
            {"minimum_detectable": 0.11, "fdr": 0.05},
            (("detectable difference", "11.0 pp"), ("false-discovery rate", "5 %")),
        ),
        ({"elbo_nats": 14.8, "ci": [14.6, 15.0]}, (("ELBO (nats)", "14.80"), ("interval", "[14.60, 15.00]"))),
        ({"difference_ci": (-0.1, 0.1)}, (("interval of the difference", "[\N{MINUS SIGN}10.0, +10.0] pp"),)),
        ({"columns": ["a", "b"], "none": None, "flag": True}, (("columns", "a and b"), ("flag", "yes"))),
        ({"rules": {"R1": "age under 20"}}, (("rules", "R1: age under 20"),)),
        ({"kl_nats": [0.1, 0.2, 0.3]}, ()),
    ],
)
def test_evidence_is_written_for_people(found, shown):
    assert evidence(found) == shown


def test_a_finding_of_every_kind_has_a_section(results):
    kinds = ("representation", "region", "outlier", "disparity", "proxy", "duplicate", "latent", "quality")
    findings = tuple(Finding("VA999", kind, kind, "low", kind, {}, "act", "") for kind in kinds)
    assert {card.anchor for card in summarise(replace(results, findings=findings)).findings} <= set(SECTION_IDS)


def test_a_table_longer_than_a_page_is_cut_and_says_so(results):
    columns = tuple(replace(results.columns[0], name=f"column {place}") for place in range(MOST_ROWS + 1_234))
    page = Page(to_html(replace(results, columns=columns)))
    assert "1,234 more rows stand in report.json." in page.text


def test_a_table_with_a_ragged_row_is_refused():
    with pytest.raises(ValueError, match="has 2 columns, found a row of 1"):
        Table("t", (Column("a"), Column("b")), (("x",),))


def test_long_tables_are_folded_and_short_ones_open():
    assert not table("t", [Column("a")], [("x",)]).folded
    assert table("t", [Column("a")], [("x",)] * 40).folded


@pytest.mark.parametrize(
    ("ci", "left", "width"),
    [(Interval(0.2, 0.4, 0.95), 20, 20), (Interval(None, 0.4, 0.95), 0, 40), (Interval(0.5, 9.0, 0.95), 50, 50)],
)
def test_a_mark_is_drawn_to_scale_and_stays_on_its_track(ci, left, width):
    mark = Track(0.0, 1.0, "ratio", reference=1.0).mark(0.3, ci)
    assert (mark.left, mark.width, mark.dot, mark.reference) == (left, width, 30, 100)


def test_control_characters_are_not_shown(html):
    assert "\u202e" not in html
    assert "\x07" not in html


def test_a_long_traversal_is_thinned_and_keeps_its_ends_and_its_middle(results):
    positions = np.linspace(-2.5, 2.5, 11)
    traversal = Traversal(0, positions, {"age": tuple(str(place) for place in range(11))})
    page = Page(to_html(replace(results, traversals=(traversal,))))
    shown = re.findall(r"([\N{MINUS SIGN}\d.]+) sd", page.text)
    assert [text.replace("\N{MINUS SIGN}", "-") for text in shown] == ["-2.5", "-1.5", "-1", "0", "1", "1.5", "2.5"]


def test_icons_are_drawn_once_and_referred_to(page):
    symbols = {symbol["id"] for symbol in page.all("symbol")}
    assert {use["href"][1:] for use in page.all("use")} <= symbols


def test_fifteen_findings_are_seen_at_once_and_the_others_are_folded_beneath_them(results):
    many = tuple(replace(results.findings[0], subject=f"n{number}") for number in range(20))
    summary = summarise(replace(results, findings=many))
    assert [len(summary.findings), len(summary.more_findings)] == [FIRST_FINDINGS, 5]
    page = to_html(replace(results, findings=many))
    seen, folded = page.split("5 more, of no more weight than these</summary>")
    assert seen.count('<article id="') == FIRST_FINDINGS
    assert folded.count('<article id="') == 5
    assert f'<ol class="findings" start="{FIRST_FINDINGS + 1}">' in folded
    assert "20 findings, the most serious first." in seen

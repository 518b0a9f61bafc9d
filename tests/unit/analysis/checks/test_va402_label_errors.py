from __future__ import annotations

import pytest

from vaeaudit.analysis.checks.va402_label_errors import CHECK
from vaeaudit.analysis.labels.summary import LabelSummary
from vaeaudit.analysis.labels.suspects import LabelErrors, Suspect
from vaeaudit.statistics.measures import Interval


@pytest.fixture
def ask(seen_of):
    """The answer where this share of 1,000 labels is contradicted however surely the rest speaks."""

    def asked(rate, low, high, p_value, n=1_000):
        ci = None if rate is None else Interval(low, high, 0.95)
        errors = LabelErrors("columns", (), n, 120, rate, ci, p_value, ())
        suspects = (Suspect(1, "row-7", 7, "yes", "no", 0.9, 0.95),)
        return CHECK.ask(seen_of(labels=LabelSummary("y", None, errors=errors, suspects=suspects)))

    return asked


def test_errors_are_one_finding_with_share_interval_and_the_first_rows(ask):
    (finding,) = ask(0.04, 0.01, 0.07, 0.001).findings
    assert finding.id == "VA402"
    assert finding.title == (
        "About 4.0 % of the labels in y (1.0 % to 7.0 %) are contradicted however surely the rest of the data speaks: "
        "some 40 rows of 1,000"
    )
    assert finding.evidence["first"] == ["row-7"]
    assert "labels.csv" in finding.action


@pytest.mark.parametrize(("low", "severity"), [(0.01, "low"), (0.03, "medium")])
def test_it_is_graver_where_the_whole_interval_is(ask, low, severity):
    assert ask(0.04, low, 0.07, 0.001).findings[0].severity == severity


@pytest.mark.parametrize(("rate", "p_value", "n"), [(0.04, 0.02, 1_000), (0.004, 0.001, 5_000), (0.04, 0.001, 100)])
def test_what_chance_could_explain_or_is_next_to_nothing_is_no_finding(ask, rate, p_value, n):
    assert ask(rate, 0.0, 0.045, p_value, n).findings == ()


def test_overlap_in_which_many_errors_could_hide_is_no_pass(ask):
    assert ask(0.0, 0.0, 0.03, 1.0).state == "passed"
    answer = ask(0.0, 0.0, 0.12, 1.0)
    assert answer.state == "inconclusive"
    assert "Up to 12 % of the labels may be wrong" in answer.why.replace("12.0", "12")


def test_of_a_number_no_share_is_told(ask):
    answer = ask(None, None, None, None)
    assert (answer.state, answer.findings) == ("inconclusive", ())


def test_where_no_label_was_judged_nothing_is_said(seen_of):
    assert CHECK.ask(seen_of(labels=None)).state == "inconclusive"

from __future__ import annotations

from dataclasses import replace

import pytest

from vaeaudit.analysis.checks.va502_label_given_away import CHECK
from vaeaudit.analysis.labels.summary import LabelSummary
from vaeaudit.analysis.leakage.leaks import Leak
from vaeaudit.analysis.leakage.predictors import Predictor, Together
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.measures import Interval

CI = Interval(0.95, 0.98, 0.95)
TOGETHER = Together("auc", 0.82, Interval(0.78, 0.85, 0.95), 2_000, 12, 2, "hours", 0.71)
RECEIPT = Leak(
    *("receipt", "presence", "same", 0.97, CI),
    **{"n": 1_000, "agree": 980, "value": "yes", "groups": ("a value",), "rows": 500, "hits": 480, "of_value": 480},
    alike=("paid_on",),
    rule=(Condition("receipt", "between", [None, None]),),
)
STRONG = Leak("length", "values", "strong", 0.93, CI, 1_000, 900, "yes", ("[1, 2)", ">= 2"), 400, 380, 480)


@pytest.fixture
def ask(seen_of):
    def asked(*leaks, together=TOGETHER):
        predictors = (Predictor("hours", 0.71, None, 0.9), Predictor("age", 0.6, 0.51, 0.1))
        return CHECK.ask(seen_of(labels=LabelSummary("paid", None, together, predictors, leaks)))

    return asked


def test_being_filled_that_is_the_label_is_grave_and_told_with_the_rows_that_contradict(ask):
    (finding,) = ask(RECEIPT).findings
    assert (finding.id, finding.severity, finding.rule) == ("VA502-receipt", "high", RECEIPT.rule)
    assert finding.title == (
        "paid is given away by whether receipt is filled: it is yes in 480 of 500 rows where receipt (and paid_on, in "
        "the same rows) is filled, and in none of 500 others; 20 of 1,000 rows contradict"
    )
    assert "known at the moment of prediction?" in finding.action


def test_a_level_that_is_part_of_the_label_is_a_question(ask):
    part = replace(RECEIPT, column="event", by="values", grade="part", groups=("closed",), alike=())
    (finding,) = ask(part).findings
    assert finding.severity == "medium"
    assert finding.title.startswith("paid is largely told by event: it is yes in 480 of 500 rows where event is closed")


def test_honest_predictors_share_one_question(ask):
    (finding,) = ask(STRONG, replace(STRONG, column="width", score=0.91)).findings
    assert (finding.id, finding.severity) == ("VA502-others", "medium")
    assert finding.title == "paid can nearly be told from any of these alone, by AUC: length (0.93) and width (0.91)"


def test_a_number_is_told_by_its_rank(ask):
    twice = Leak("twice", "values", "same", 1.0, Interval(0.99, 1.0, 0.95), 1_000)
    together = replace(TOGETHER, measure="rank_correlation", classes=0)
    (finding,) = ask(twice, together=together).findings
    assert finding.title == "paid is given away by twice: rank correlation 1.00 [0.99, 1.00]"


@pytest.mark.parametrize(
    ("changes", "state"),
    [({}, "finding"), ({"rows": 300}, "passed"), ({"classes": 3}, "passed"), ({"score": 0.98}, "passed")],
)
def test_columns_that_know_all_but_together_are_a_question_where_rows_are_many(ask, changes, state):
    answer = ask(together=replace(TOGETHER, **({"score": 0.995} | changes)))
    assert answer.state == state
    assert all("above all hours and age" in finding.title for finding in answer.findings)


def test_nothing_found_says_what_was_reached_and_by_which_column(ask):
    why = "No column alone tells paid nearly always; all 12 together reach AUC 0.82 [0.78, 0.85], hours alone 0.71."
    assert (ask().why, ask().tested) == (why, 12)
    assert "reach only AUC 0.82" in ask(together=replace(TOGETHER, best_score=0.85)).why


def test_too_few_rows_are_not_judged(ask):
    assert ask(together=None).state == "inconclusive"

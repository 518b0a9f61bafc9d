from __future__ import annotations

import json
from dataclasses import replace

import pytest

from vaeaudit.analysis.checks.base import unmet
from vaeaudit.analysis.checks.va604_splits_differ import CHECK
from vaeaudit.analysis.coverage.results import Difference
from vaeaudit.analysis.duplicates.splits import PeriodOverlap, SplitComparison, UnseenLevel

ALIKE = SplitComparison("test", "train", 200, 800, 9, (), 0, (), (), (), None)
AGE = Difference("age", "ks", 0.4, 1e-9, True, "up to 40: 20 % in test, 60 % in train")


@pytest.fixture
def ask(seen_of):
    """The answer about these splits."""
    return lambda *splits: CHECK.ask(seen_of(splits=splits))


def test_a_split_that_differs_is_one_finding_which_names_where(ask):
    answer = ask(replace(ALIKE, columns=(AGE,)))
    (finding,) = answer.findings
    assert (answer.state, answer.tested, finding.id, finding.severity) == ("finding", 9, "VA604-test-train", "low")
    assert finding.title == (
        "test differs from train in 1 column, most of all in age (up to 40: 20 % in test, 60 % in train)"
    )
    json.dumps(dict(finding.evidence), allow_nan=False)


def test_a_label_that_differs_is_graver(ask, people):
    label = replace(AGE, name=people.schema.label.name)
    assert ask(replace(ALIKE, columns=(label,))).findings[0].severity == "medium"


def test_levels_that_are_not_trained_on_are_told_where_chance_does_not_explain_them(ask):
    rare = UnseenLevel("city", "isle", 1, surely=False)
    few = ask(replace(ALIKE, unseen_rows=1, unseen=(rare,)))
    assert (few.state, few.why) == (
        "passed",
        "No column differs between train and test. 1 row has levels that train lacks, as chance gives.",
    )
    (finding,) = ask(replace(ALIKE, unseen_rows=20, unseen=(UnseenLevel("city", "west", 19, True), rare))).findings
    assert finding.title == "train knows none of 1 level of test: city = west (19 rows)"
    json.dumps(dict(finding.evidence), allow_nan=False)


def test_a_split_in_time_that_begins_too_early_is_told_with_the_rows(ask):
    overlap = PeriodOverlap("day", "2020-03-01", "2020-03-09", 16)
    (finding,) = ask(replace(ALIKE, in_time=("day",), overlaps=(overlap,))).findings
    assert finding.title == (
        "test begins (day: 2020-03-01) before train ends (2020-03-09): 16 rows of train (2.0 %) are no earlier"
    )
    json.dumps(dict(finding.evidence), allow_nan=False)


def test_one_split_alone_leaves_the_answer_open_and_none_is_not_asked(ask, seen_of):
    assert ask().state == "inconclusive"
    assert unmet(CHECK, seen_of()) == ("not_asked", "Give --split COL.")

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.analysis.checks.va454_cleaning_hits_a_group import CHECK
from vaeaudit.analysis.fairness.cleaning import NOTHING_CLEANED, Removal, measure_cleaning
from vaeaudit.analysis.grouping.groups import group_column
from vaeaudit.config import AnalysisConfig

CONFIG = AnalysisConfig()


@pytest.fixture
def ask(people, seen_of):
    """The answer where these steps remove these rows of the people, by sex and region."""
    groupings = [group_column(people.frame[name], people.schema[name]) for name in ("sex", "region")]

    def asked(config=CONFIG, **steps):
        removals = [Removal(step.replace("_", " "), "said", rows) for step, rows in steps.items()]
        return CHECK.ask(seen_of(cleaning=measure_cleaning(groupings, removals, config), config=config))

    return asked


@pytest.fixture
def female(people):
    return np.asarray(people.frame["sex"] == "female")


def drawn(share, seed=0):
    return np.random.default_rng(454 + seed).uniform(size=len(share)) < share


def test_a_group_whose_rows_are_all_incomplete_is_named_with_the_step(ask, female):
    answer = ask(incomplete_rows=female, outliers=drawn(np.full(len(female), 0.01)))
    finding = answer.findings[0]
    assert (answer.state, answer.tested) == ("finding", 5)
    assert (finding.id, finding.severity, finding.anchor) == ("VA454-sex", "medium", "group-views")
    assert finding.title.startswith("Cleaning would take 100 % [")
    assert f"of the rows with sex = female ({female.sum()} of {female.sum()})," in finding.title
    assert "most by its incomplete rows (100 % against 0 %)" in finding.title
    assert finding.action.startswith("Keep incomplete rows")
    assert [(condition.column, condition.value) for condition in finding.rule] == [("sex", ["female"])]
    assert finding.evidence["ratio_ci"][0] >= 2
    assert (finding.evidence["share_after"], finding.evidence["hits"]) == (0.0, female.sum())


def test_a_small_difference_that_is_sure_is_low(ask, female):
    (finding,) = ask(doubted_labels=drawn(np.where(female, 0.36, 0.18))).findings
    assert (finding.id, finding.severity) == ("VA454-sex", "low")


def test_what_the_flags_of_outliers_take_is_left_to_va303(ask, female):
    answer = ask(outliers=drawn(np.where(female, 0.3, 0.02)), incomplete_rows=drawn(np.full(len(female), 0.1), 1))
    assert answer.state == "passed"
    assert answer.why.endswith("of what outliers take VA303 tells.")


def test_a_step_that_hits_a_group_is_told_where_another_step_evens_it_out(ask, female):
    incomplete, doubted = np.where(female, 0.3, 0.1), np.where(female, 0.02, 0.2)
    (finding,) = ask(incomplete_rows=drawn(incomplete), doubted_labels=drawn(doubted, 1)).findings
    assert finding.title.startswith("To delete incomplete rows would take")
    assert "of the rows with sex = female" in finding.title
    assert finding.title.endswith("sex = male (doubted labels) would lose more than others too")
    assert finding.evidence["step"] == "incomplete rows"


def test_a_combination_is_told_where_it_loses_more_than_either_of_its_groups(people, ask, female):
    both = female & np.asarray(people.frame["region"] == "east")
    of_both = {each.id: each for each in ask(incomplete_rows=drawn(np.where(both, 0.6, 0.05))).findings}
    assert "of the rows with sex = female, region = east" in of_both["VA454-combinations"].title
    of_sex = ask(incomplete_rows=drawn(np.where(female, 0.4, 0.05)))
    assert [finding.id for finding in of_sex.findings] == ["VA454-sex"]


def test_a_difference_of_less_than_two_points_is_not_told(ask, female):
    copies = np.zeros(len(female), bool)
    copies[np.flatnonzero(female)[:12]] = True
    assert ask(copies=copies).state == "passed"


def test_rates_that_differ_by_chance_pass_and_say_what_would_have_been_seen(ask, female):
    answers = [ask(incomplete_rows=drawn(np.full(len(female), 0.1), seed)) for seed in range(40)]
    assert sum(answer.state == "finding" for answer in answers) <= 2
    passed = next(answer for answer in answers if answer.state == "passed")
    assert passed.detectable.startswith("A difference of ")
    assert passed.detectable.endswith(" would have been found with a probability of 80 %.")


def test_where_every_group_is_too_small_nothing_is_passed(ask, female):
    answer = ask(AnalysisConfig(smallest_group=5_000), incomplete_rows=female)
    assert (answer.state, answer.tested) == ("inconclusive", 0)
    assert answer.detectable == "Nothing is told of groups of fewer than 5,000 rows."


def test_where_cleaning_deletes_nothing_the_check_passes(ask, female):
    answer = ask(copies=np.zeros(len(female), bool))
    assert (answer.state, answer.why) == ("passed", "No step of cleaning would delete a row.")


def test_where_no_column_has_few_enough_groups_nothing_is_passed(seen_of):
    assert CHECK.ask(seen_of(cleaning=NOTHING_CLEANED)).state == "inconclusive"

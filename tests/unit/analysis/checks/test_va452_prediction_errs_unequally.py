from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.checks.base import unmet
from vaeaudit.analysis.checks.va452_prediction_errs_unequally import CHECK
from vaeaudit.analysis.fairness.crossed import crossed_groups
from vaeaudit.analysis.fairness.predictions import assess_predictions
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind, Role

CONFIG = AnalysisConfig()


@pytest.fixture(scope="module")
def assessed(build):
    """`assessed(chance)`: 6,000 people, wrongly said to be hired with the chance that it gives of sex and race."""

    def made(chance, config=CONFIG, n=6_000, seed=0):
        rng = np.random.default_rng(seed)
        sex, race = rng.choice(["f", "m"], n), rng.choice(["a", "b"], n)
        hired = rng.uniform(size=n) < 0.4
        wrong = rng.uniform(size=n) < np.where(hired, 0.2, chance(sex, race))
        columns = {
            "sex": (sex, Kind.CATEGORY, Role.SENSITIVE),
            "race": (race, Kind.CATEGORY, Role.SENSITIVE),
            "hired": (np.where(hired, "yes", "no"), Kind.BOOLEAN, Role.LABEL),
            "said": (np.where(hired != wrong, "yes", "no"), Kind.BOOLEAN, Role.PREDICTION),
        }
        inputs = build(columns, np.zeros((n, 1)))
        cells = list(crossed_groups(inputs, []))
        return assess_predictions(inputs, cells, config, 0, np.arange(n))

    return made


@pytest.fixture(scope="module")
def unequal(assessed):
    return assessed(lambda sex, race: np.where(sex == "f", 0.4, 0.15))


def only(found, *measures, **changes):
    """Keep some rates, changed."""
    groups = (
        replace(entry, rates=tuple(replace(rate, **changes) for rate in entry.rates if rate.measure in measures))
        for entry in found.groups
    )
    return replace(found, groups=tuple(groups))


def test_the_widest_difference_of_an_attribute_is_told_in_one_finding(seen_of, unequal):
    answer = CHECK.ask(seen_of(predictions=unequal))
    (finding,) = answer.findings
    women = next(entry for entry in unequal.groups if entry.group == ("f",)).rate("false_positive")
    assert (answer.state, finding.id, finding.severity) == ("finding", "VA452-sex", "high")
    assert finding.title.startswith(
        f"said wrongly predicts hired = yes for {100 * women.rate:.1f} % of the rows with sex = f"
    )
    assert "that do not have it, for " in finding.title
    assert finding.evidence["measure"] == "false_positive"
    assert finding.evidence["difference"] == pytest.approx(0.25, abs=0.04)
    assert finding.evidence["groups"][0]["group"] == "f"
    assert finding.rule == unequal.groups[0].rule
    assert answer.detectable.endswith("would have been found with a probability of 80 %.")


def test_a_clear_difference_of_a_few_points_is_not_grave(seen_of, unequal):
    slight = only(unequal, "false_negative", rate=0.08, difference=0.05, p_adjusted=1e-9)
    severities = {finding.severity for finding in CHECK.ask(seen_of(predictions=slight)).findings}
    assert severities == {"medium"}


def test_a_grave_difference_is_told_before_a_wider_one_of_a_smaller_ratio(seen_of, unequal):
    women, men, *_ = unequal.groups
    grave = {
        "false_positive": {"rate": 0.36, "difference": 0.2},
        "false_negative": {"rate": 0.45, "difference": 0.21},
    }
    rates = tuple(
        replace(rate, p_adjusted=1e-9, **grave[rate.measure]) for rate in women.rates if rate.measure in grave
    )
    found = replace(unequal, groups=(replace(women, rates=rates), men))
    (finding,) = CHECK.ask(seen_of(predictions=found)).findings
    assert (finding.severity, finding.evidence["measure"]) == ("high", "false_positive")


def test_misses_selection_and_errors_have_their_own_words(seen_of, unequal):
    def said(found):
        return CHECK.ask(seen_of(predictions=found)).findings[0].title

    sure = {"rate": 0.3, "difference": 0.2, "p_adjusted": 1e-9}
    assert said(only(unequal, "false_negative", **sure)).startswith("said misses hired = yes in ")
    assert said(only(unequal, "selection", **sure)).startswith("said predicts hired = yes for ")
    errors = only(unequal, "accuracy", rate=0.7, difference=-0.2, p_adjusted=1e-9)
    told = said(replace(errors, outcome=""))
    assert told.startswith("said is wrong on 30.0 % of the rows with sex = f, on 10.0 % of all others")


def test_sure_but_small_and_large_but_unsure_differences_pass(seen_of, unequal):
    small = only(unequal, "false_positive", rate=0.33, difference=0.03, p_adjusted=1e-9)
    unsure = only(unequal, "false_positive", rate=0.4, difference=0.3, p_adjusted=0.2)
    for found in (small, unsure):
        answer = CHECK.ask(seen_of(predictions=found))
        assert (answer.state, answer.tested) == ("passed", 8)
        assert answer.why.startswith("None of 8 rates of said differs both surely and clearly")


def test_errors_are_told_before_a_wider_difference_in_selection(seen_of, unequal):
    women = unequal.groups[0]
    wide = {"selection": {"rate": 0.1, "difference": -0.3}, "false_negative": {"rate": 0.3, "difference": 0.2}}
    rates = tuple(replace(rate, p_adjusted=1e-9, **wide[rate.measure]) for rate in women.rates if rate.measure in wide)
    (finding,) = CHECK.ask(seen_of(predictions=replace(unequal, groups=(replace(women, rates=rates),)))).findings
    assert finding.evidence["measure"] == "false_negative"
    assert [entry["measure"] for entry in finding.evidence["groups"]][:2] == ["false_negative", "selection"]


def test_what_is_the_rarer_is_what_rates_are_compared_by(seen_of, unequal):
    often = only(unequal, "selection", rate=0.74, difference=-0.12, p_adjusted=1e-9)
    (finding, *_) = CHECK.ask(seen_of(predictions=often)).findings
    assert finding.title.startswith("said predicts hired = yes for 74.0 % of the rows with ")
    assert finding.severity == "medium"


def test_a_combination_is_told_only_where_it_is_beyond_all_that_meets_in_it(seen_of, assessed, unequal):
    by_sex = {finding.subject for finding in CHECK.ask(seen_of(predictions=unequal)).findings}
    assert by_sex == {"sex"}
    crossed = assessed(lambda sex, race: np.where((sex == "f") == (race == "a"), 0.4, 0.15))
    answer = CHECK.ask(seen_of(predictions=crossed))
    (finding,) = answer.findings
    assert finding.id.startswith("VA452-combinations")
    assert "sex = " in finding.title and "race = " in finding.title
    assert "beyond what either group shows alone; 3 more combinations differ too" in finding.title


def test_a_combination_that_is_as_one_of_its_groups_is_is_seldom_told(seen_of, assessed):
    told = 0
    for seed in range(60):
        found = assessed(lambda sex, race: np.where(sex == "f", 0.4, 0.15), n=2_000, seed=seed)
        subjects = {finding.subject for finding in CHECK.ask(seen_of(predictions=found)).findings}
        assert "sex" in subjects
        told += any(subject.startswith("combinations") for subject in subjects)
    assert told <= 3


def test_groups_that_are_too_small_and_scores_without_a_threshold_leave_it_open(seen_of, unequal):
    unjudged = only(unequal, "false_positive", "selection", p_adjusted=None)
    answer = CHECK.ask(seen_of(predictions=unjudged))
    assert (answer.state, answer.tested) == ("inconclusive", 0)
    assert "too few rows" in answer.why
    score = replace(unequal, rates=(), notes=("said is a score from 1 to 9: give --threshold.",))
    answer = CHECK.ask(seen_of(predictions=score))
    assert (answer.state, answer.why) == ("inconclusive", "said is a score from 1 to 9: give --threshold.")


def test_without_a_prediction_it_is_not_asked(seen_of):
    assert unmet(CHECK, seen_of()) == ("not_asked", "Give --prediction COL.")

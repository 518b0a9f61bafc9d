from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.checks.va303_deletion_hits_a_group import CHECK
from vaeaudit.analysis.grouping.groups import group_column
from vaeaudit.analysis.outliers.groups import outlier_rates
from vaeaudit.config import AnalysisConfig
from vaeaudit.statistics.measures import Interval

CONFIG = AnalysisConfig()


@pytest.fixture
def ask(people, seen_of, healthy):
    """The answer where these rows of the people are flagged, by sex and region."""
    groupings = [group_column(people.frame[name], people.schema[name]) for name in ("sex", "region")]

    def asked(flagged, **changes):
        by_group, by_combination = outlier_rates(groupings, flagged, CONFIG)
        fields = {"flagged": int(flagged.sum()), "n": len(flagged)}
        outliers = replace(healthy.outliers, by_group=by_group, by_combination=by_combination, **fields)
        return CHECK.ask(seen_of(outliers=outliers, **changes))

    return asked


@pytest.fixture
def female(people):
    return np.asarray(people.frame["sex"] == "female")


def test_a_group_that_loses_more_rows_to_deletion_is_named(ask, female):
    flagged = np.random.default_rng(1).uniform(size=len(female)) < np.where(female, 0.08, 0.01)
    answer = ask(flagged)
    finding = answer.findings[0]
    assert (answer.state, answer.tested) == ("finding", 5)
    assert (finding.id, finding.severity) == ("VA303-sex", "medium")
    assert finding.title.startswith("Deleting the flagged rows would remove")
    assert f"of the rows with sex = female ({flagged[female].sum()} of {female.sum()})," in finding.title
    assert finding.evidence["rate"] > 2 * finding.evidence["rate_of_others"]
    assert finding.evidence["ratio_ci"][0] > CONFIG.max_ratio
    assert finding.evidence["p_adjusted"] < CONFIG.fdr


def test_a_combination_is_told_only_where_it_loses_more_than_either_of_its_groups(people, ask, female):
    rng = np.random.default_rng(2)
    both = female & np.asarray(people.frame["region"] == "east")
    of_sex = rng.uniform(size=len(female)) < np.where(female, 0.1, 0.01)
    of_both = rng.uniform(size=len(female)) < np.where(both, 0.4, 0.01)
    assert [finding.id for finding in ask(of_sex).findings] == ["VA303-sex"]
    crossed = {finding.id: finding for finding in ask(of_both).findings}["VA303-combinations"]
    assert "of the rows with sex = female, region = east" in crossed.title


def test_rates_that_differ_by_chance_pass(people, ask):
    rng = np.random.default_rng(1)
    answers = [ask(rng.uniform(size=len(people.frame)) < 0.03) for _ in range(40)]
    found = [answer for answer in answers if answer.state == "finding"]
    assert len(found) <= 4  # of 40, at a false-discovery rate of 5 %
    assert (
        next(answer for answer in answers if answer.state == "passed").why
        == "None of 5 groups large enough to judge would surely lose more than the others."
    )


def test_where_every_group_is_too_small_nothing_is_passed(ask, female, healthy, seen_of):
    answer = CHECK.ask(seen_of(outliers=healthy.outliers))
    assert (answer.state, answer.tested) == ("inconclusive", 0)


def test_by_the_flags_of_a_model_that_learned_nothing_nobody_should_delete_pictures(ask, female, healthy, of_pictures):
    blind = replace(healthy.model, gain_ci=Interval(-0.1, 0.1, 0.95))
    assert ask(female, model=blind).state == "finding"
    answer = ask(female, model=blind, inputs=of_pictures)
    assert answer.state == "inconclusive"
    assert answer.why.endswith("so nobody should delete by its flags.")

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.audit.audit import sensitive_groupings
from vaeaudit.analysis.grouping.groups import group_column
from vaeaudit.analysis.outliers.groups import outlier_rates
from vaeaudit.analysis.outliers.results import OutlierSummary
from vaeaudit.analysis.outliers.summary import outlier_findings, summarise_outliers
from vaeaudit.config import AnalysisConfig

CONFIG = AnalysisConfig()


def outliers(flagged, n=1_000):
    return OutlierSummary("score", 9.5, 0.05, flagged, n, (), (), np.zeros(101), {"pay": flagged})


def test_outliers_are_one_finding_whose_gravity_depends_on_the_tolerated_share():
    (few,) = outlier_findings(outliers(15), CONFIG)
    (many,) = outlier_findings(outliers(60), CONFIG)
    assert (few.severity, many.severity) == ("low", "medium")
    assert many.title == "60 rows (6.0 %) do not belong with the rest, most often for pay (60)"
    assert list(outlier_findings(outliers(0), CONFIG)) == []


def test_pictures_are_to_be_looked_at():
    (finding,) = outlier_findings(replace(outliers(15), by_column={}), CONFIG, of_pictures=True)
    assert finding.action.startswith("Look at the pictures named in flagged.csv")


@pytest.fixture
def summary(people):
    """`summary(outlier)`: of the generated people, with these rows flagged."""
    sex = group_column(people.frame["sex"], people.schema["sex"])
    region = group_column(people.frame["region"], people.schema["region"])

    def summarised(flagged):
        by_group, by_combination = outlier_rates([sex, region], flagged, CONFIG)
        made = outliers(int(flagged.sum()), len(flagged))
        return replace(made, by_group=by_group, by_combination=by_combination)

    return summarised


def test_a_group_that_loses_more_rows_to_deletion_is_named(people, summary):
    female = np.asarray(people.frame["sex"] == "female")
    rng = np.random.default_rng(0)
    flagged = rng.uniform(size=len(female)) < np.where(female, 0.08, 0.01)
    _, finding = outlier_findings(summary(flagged), CONFIG)
    assert finding.id == "outlier-sex-female"
    assert finding.severity == "medium"
    assert finding.title.startswith("Deleting the flagged rows would remove")
    assert f"of the rows with sex = female ({flagged[female].sum()} of {female.sum()})," in finding.title
    assert finding.evidence["rate"] > 2 * finding.evidence["rate_of_others"]
    assert finding.evidence["ratio_ci"][0] > CONFIG.max_ratio
    assert finding.evidence["p_adjusted"] < CONFIG.fdr


def test_a_combination_is_told_only_where_it_loses_more_than_either_of_its_groups(people, summary):
    rng = np.random.default_rng(2)
    female = np.asarray(people.frame["sex"] == "female")
    both = female & np.asarray(people.frame["region"] == "east")
    of_sex = rng.uniform(size=len(female)) < np.where(female, 0.1, 0.01)
    of_both = rng.uniform(size=len(female)) < np.where(both, 0.4, 0.01)
    told = [finding.id for finding in outlier_findings(summary(of_sex), CONFIG)]
    assert told == ["outlier-rows", "outlier-sex-female"]
    assert "outlier-sex-female-region-east" in [finding.id for finding in outlier_findings(summary(of_both), CONFIG)]


def test_rates_that_differ_by_chance_are_no_finding(people, summary):
    rng = np.random.default_rng(0)
    flagged = (rng.uniform(size=len(people.frame)) < 0.03 for _ in range(40))
    assert sum(len(list(outlier_findings(summary(rows), CONFIG))) - 1 for rows in flagged) <= 2


def test_the_summary_of_an_audit_says_the_same_of_its_groups(people):
    groupings, _ = sensitive_groupings(people)
    found = summarise_outliers(people, groupings, CONFIG)
    assert {rate.attributes for rate in found.by_group} == {("age",), ("sex",)}
    assert sum(rate.flagged for rate in found.by_group if rate.attributes == ("sex",)) == found.flagged

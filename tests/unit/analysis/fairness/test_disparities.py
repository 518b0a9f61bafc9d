from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from vaeaudit.analysis.fairness.disparities import (
    MAX_OUTCOMES,
    assess_disparities,
    compare_rates,
    minimum_detectable_difference,
)
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind, Role

CONFIG = AnalysisConfig()


@pytest.fixture
def labelled(build):
    def built(label, kind=Kind.BOOLEAN, **sensitive):
        table = {name: (values, Kind.CATEGORY, Role.SENSITIVE) for name, values in sensitive.items()}
        inputs = build({**table, "hired": (label, kind, Role.LABEL)}, np.zeros((len(label), 1)))
        return assess_disparities(inputs.frame, inputs.schema, CONFIG)

    return built


def two_groups(yes_f, n_f, yes_m, n_m):
    label = ["yes"] * yes_f + ["no"] * (n_f - yes_f) + ["yes"] * yes_m + ["no"] * (n_m - yes_m)
    return label, ["f"] * n_f + ["m"] * n_m


def test_rates_differences_and_ratios_are_those_of_the_table(labelled):
    label, sex = two_groups(20, 100, 120, 300)
    female, male = labelled(label, sex=sex).disparities
    assert (female.group, female.outcome, female.n, female.rate) == ("f", "hired = yes", 100, 0.2)
    assert female.difference == pytest.approx(-0.2)
    assert female.ratio == pytest.approx(0.5)
    assert male.difference == pytest.approx(0.2)
    assert female.difference_ci.low < -0.2 < female.difference_ci.high < 0


def test_the_p_value_is_fishers_times_holms_factor(labelled):
    label, sex = two_groups(40, 100, 90, 300)
    p = stats.fisher_exact([[40, 60], [90, 210]]).pvalue
    assert labelled(label, sex=sex).disparities[0].p_adjusted == pytest.approx(min(2 * p, 1))


def test_of_two_levels_the_rarer_is_the_outcome(labelled):
    label, sex = two_groups(90, 100, 80, 100)
    assert {entry.outcome for entry in labelled(label, sex=sex).disparities} == {"hired = no"}


def test_each_of_a_few_levels_is_an_outcome_and_of_many_the_most_frequent(labelled):
    label = ["a"] * 50 + ["b"] * 40 + ["c"] * 10
    outcomes = [entry.outcome for entry in labelled(label, Kind.CATEGORY, sex=["f", "m"] * 50).disparities]
    assert outcomes == ["hired = a"] * 2 + ["hired = b"] * 2 + ["hired = c"] * 2
    many = [f"level {number:02d}" for number in range(12)] * 10
    table = labelled(many, Kind.CATEGORY, sex=["f", "m"] * 60)
    assert len({entry.outcome for entry in table.disparities}) == MAX_OUTCOMES
    assert "12 levels" in table.notes[0]


def test_a_number_is_compared_above_its_median(labelled):
    table = labelled(np.arange(100.0), Kind.REAL, sex=["f"] * 50 + ["m"] * 50)
    assert {entry.outcome for entry in table.disparities} == {"hired > 49.5 (median)"}
    assert [entry.rate for entry in table.disparities] == [0.0, 1.0]


def test_rows_without_a_label_are_left_out_and_counted(labelled):
    label, sex = two_groups(20, 50, 20, 50)
    table = labelled([*label, None, None], sex=[*sex, "f", "m"])
    assert [entry.n for entry in table.disparities] == [50, 50]
    assert table.notes == ("2 rows without hired are left out where its rates are compared.",)


def test_small_and_empty_groups_are_listed_and_not_judged(labelled):
    label, sex = two_groups(20, 60, 20, 60)
    table = labelled(["yes", *label, None], sex=["x", *sex, "empty"])
    groups = {entry.group: entry for entry in table.disparities}
    assert groups["x"].p_adjusted is None
    assert groups["x"].ci.low < 0.5
    empty = groups["empty"]
    assert (empty.n, empty.rate, empty.ci.low, empty.ci.high) == (0, 0.0, 0.0, 1.0)
    assert (empty.difference, empty.difference_ci, empty.ratio, empty.minimum_detectable) == (None, None, None, None)
    assert groups["f"].p_adjusted is not None


def test_a_missing_attribute_is_a_group(labelled):
    label, sex = two_groups(20, 60, 20, 60)
    table = labelled([*label, "no"], sex=[*sex, None])
    assert [entry.group for entry in table.disparities] == ["f", "m", "(missing)"]


def test_a_label_with_one_value_has_no_rates_to_compare(labelled):
    table = labelled(["yes"] * 10, sex=["f", "m"] * 5)
    assert table.disparities == ()
    assert "no rates to compare" in table.notes[0]


def test_equal_rates_are_seldom_called_different():
    rng = np.random.default_rng(0)
    flagged = 0
    for _ in range(100):
        compared = compare_rates(rng.integers(0, 2, 400), rng.uniform(size=400) < 0.3, 2, CONFIG)
        flagged += compared.p.min() < 0.05
    assert flagged <= 8


def test_the_smallest_detectable_difference_is_found_four_times_in_five():
    rng = np.random.default_rng(0)
    n, rest, rate = 400, 1_600, 0.3
    difference = float(minimum_detectable_difference(n, rest, int(rate * (n + rest)), 0.95))
    low, high = rate - difference * 0.8, rate + difference * 0.2
    one, other = rng.binomial(n, low, 4_000), rng.binomial(rest, high, 4_000)
    pooled = (one + other) / (n + rest)
    score = (other / rest - one / n) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / rest))
    assert (np.abs(score) > 1.96).mean() == pytest.approx(0.8, abs=0.03)


def test_nothing_is_detectable_against_nobody():
    assert np.isnan(minimum_detectable_difference(10, 0, 5, 0.95))


def test_without_a_label_or_sensitive_columns_there_is_nothing_to_compare(build):
    inputs = build({"sex": (["f", "m"], Kind.CATEGORY, Role.SENSITIVE)}, np.zeros((2, 1)))
    assert assess_disparities(inputs.frame, inputs.schema, CONFIG).disparities == ()

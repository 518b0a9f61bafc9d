from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vaeaudit.analysis.grouping.groups import Grouping
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.outliers.groups import leaning_groups, listed_groups, outlier_rates
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.intervals import rate_ratio_interval

CONFIG = AnalysisConfig()


def grouping(name, codes, labels):
    conditions = tuple(Condition(name, "in", [label]) for label in labels)
    return Grouping(name, np.asarray(codes), tuple(labels), conditions, ordered=False)


def sexes_and_races(n_rows=4_000, seed=0):
    rng = np.random.default_rng(seed)
    sex, race = rng.integers(0, 2, n_rows), (rng.uniform(size=n_rows) < 0.2).astype(int)
    return grouping("sex", sex, ("f", "m")), grouping("race", race, ("white", "black"))


def by_name(rates):
    return {rate.groups: rate for rate in rates}


def test_a_group_is_compared_with_everybody_else():
    codes = np.repeat([0, 1], [200, 800])
    flagged = np.zeros(1_000, dtype=bool)
    flagged[:20] = flagged[200:216] = True
    rates, combinations = outlier_rates([grouping("sex", codes, ("f", "m"))], flagged, CONFIG)
    women = by_name(rates)["f",]
    assert combinations == ()
    assert (women.n, women.flagged, women.rate, women.n_others) == (200, 20, 0.1, 800)
    assert women.rate_of_others == pytest.approx(0.02)
    assert women.ratio == pytest.approx(5.0)
    assert women.ratio_ci.low < 5.0 < women.ratio_ci.high
    p = stats.fisher_exact([[20, 180], [16, 784]]).pvalue
    assert women.p_adjusted == pytest.approx(p)  # two groups that complete each other have one and the same p
    assert (women.status, by_name(rates)["m",].status) == ("harder", "less")


def test_a_combination_that_loses_more_is_found_among_all_others():
    sex, race = sexes_and_races()
    rng = np.random.default_rng(1)
    black_women = (sex.codes == 0) & (race.codes == 1)
    flagged = rng.uniform(size=len(black_women)) < np.where(black_women, 0.12, 0.01)
    _, combinations = outlier_rates([sex, race], flagged, CONFIG)
    found = by_name(combinations)
    assert [rate.attributes for rate in combinations] == [("sex", "race")] * 4
    assert [name for name, rate in found.items() if rate.status == "harder"] == [("f", "black")]


def test_where_flags_fall_at_random_no_group_is_singled_out():
    sex, race = sexes_and_races()
    statuses = []
    for seed in range(40):
        flagged = np.random.default_rng(100 + seed).uniform(size=len(sex.codes)) < 0.02
        groups, combinations = outlier_rates([sex, race], flagged, CONFIG)
        statuses.append({rate.status for rate in (*groups, *combinations)} - {"unclear"})
    assert sum(bool(found) for found in statuses) <= 2


def test_the_list_is_held_against_groups_whether_or_not_anything_is_flagged():
    codes = np.repeat([0, 1], [200, 1_800])
    order = np.concatenate([np.arange(0, 60), np.arange(300, 2_000), np.arange(60, 300)])  # women come first
    found = listed_groups([grouping("sex", codes, ("f", "m"))], order, CONFIG)
    assert [(rate.first, rate.group, rate.flagged, rate.status) for rate in found] == [
        (0.01, "f", 20, "harder"),
        (0.01, "m", 0, "less"),
        (0.05, "f", 60, "harder"),
        (0.05, "m", 40, "less"),
    ]


def test_a_sure_but_small_difference_is_within_tolerance():
    codes = np.repeat([0, 1], [50_000, 50_000])
    flagged = np.zeros(100_000, dtype=bool)
    flagged[:11_000] = flagged[50_000:60_000] = True
    (women, men), _ = outlier_rates([grouping("sex", codes, ("f", "m"))], flagged, CONFIG)
    assert women.p_adjusted < 1e-6
    assert (women.status, men.status) == ("unclear", "unclear")


def test_tiny_and_empty_groups_are_listed_and_not_judged():
    codes = np.repeat([0, 1], [100, 5])
    flagged = np.zeros(105, dtype=bool)
    flagged[-5:] = True
    rates, _ = outlier_rates([grouping("race", codes, ("a", "b", "c"))], flagged, CONFIG)
    assert [rate.status for rate in rates] == ["small", "small", "empty"]  # those outside "a" are too few as well
    assert [rate.p_adjusted for rate in rates] == [None, None, None]
    assert (rates[1].rate, rates[1].rate_of_others, rates[1].ratio, rates[1].ratio_ci.high) == (1.0, 0.0, None, None)
    assert (rates[2].n, rates[2].rate, rates[2].ci.low, rates[2].ci.high) == (0, 0.0, 0.0, 1.0)


def test_a_single_group_has_nobody_to_be_compared_with():
    (everybody,), _ = outlier_rates([grouping("sex", np.zeros(60, int), ("f",))], np.arange(60) < 3, CONFIG)
    assert (everybody.rate_of_others, everybody.ratio, everybody.p_adjusted) == (None, None, None)
    assert everybody.status == "small"


def test_rows_outside_all_groups_count_for_nobody():
    codes = np.repeat([0, 1, -1], [100, 100, 100])
    (first, second), _ = outlier_rates([grouping("age", codes, ("a", "b"))], np.ones(300, bool), CONFIG)
    assert (first.n, first.n_others, second.n) == (100, 100, 100)


def test_without_a_sensitive_attribute_there_is_no_rate():
    assert outlier_rates([], np.ones(4, bool), CONFIG) == ((), ())


@given(st.integers(0, 40), st.integers(40, 500), st.integers(0, 40), st.integers(40, 500), st.sampled_from([0.8, 0.95]))
def test_the_interval_of_a_ratio_holds_it_and_turns_over_with_its_sides(count, n, other, other_n, level):
    low, high = rate_ratio_interval(count, n, other, other_n, level)
    turned_low, turned_high = rate_ratio_interval(other, other_n, count, n, level)
    assert 0 <= low <= high
    if other:
        assert low <= (count / n) / (other / other_n) <= high
    if count and other:
        assert float(low * turned_high) == pytest.approx(1.0)
        assert float(high * turned_low) == pytest.approx(1.0)


def test_the_interval_of_a_ratio_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(2)
    count, other = rng.binomial(300, 0.06, 4_000), rng.binomial(900, 0.02, 4_000)
    low, high = rate_ratio_interval(count, 300, other, 900, 0.95)
    assert 0.95 <= ((low <= 3.0) & (high >= 3.0)).mean() <= 0.99


def test_nothing_bounds_a_ratio_where_a_side_has_no_row():
    low, high = rate_ratio_interval([0, 3], [0, 10], [3, 0], [10, 0], 0.95)
    assert low.tolist() == [0.0, 0.0]
    assert np.isinf(high).all()


def with_scores(people: AuditInputs, score: np.ndarray) -> AuditInputs:
    none = np.zeros(len(score), bool)
    return replace(people, scores=replace(people.scores, outlier_score=score, outlier=none))


def test_where_nothing_sensitive_is_declared_the_columns_that_the_list_leans_on_are_said(people):
    label = people.schema.label
    levels = people.frame[label.name].astype(str)
    rare = levels.value_counts().idxmin()
    score = np.random.default_rng(4).gumbel(size=len(levels)) + 4.0 * (levels == rare).to_numpy()
    found = leaning_groups(with_scores(people, score), CONFIG)
    assert (found[0].attribute, found[0].group, found[0].status) == (label.name, rare, "harder")
    assert found[0].rate > 4 * (found[0].rate_of_others or 0.0)


def test_a_list_in_random_order_leans_on_no_column(people):
    score = np.random.default_rng(5).gumbel(size=len(people.frame))
    assert leaning_groups(with_scores(people, score), CONFIG) == ()

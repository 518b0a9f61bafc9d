"""How groups fare in what is said of every row: closed forms, what is too few to be judged, and what chance does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from vaeaudit.analysis.fairness.group_views import Aspect, view_groups
from vaeaudit.analysis.grouping.groups import Grouping
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.region_rules import Condition

CONFIG = AnalysisConfig()


def grouping(codes, labels=("f", "m"), name="sex"):
    conditions = tuple(Condition(name, "in", [label]) for label in labels)
    return Grouping(name, np.asarray(codes), tuple(labels), conditions, ordered=False)


SEX = grouping(np.repeat([0, 1], [40, 60]))


def test_the_probability_counts_pairs_and_ties_as_half():
    values = np.concatenate([np.repeat([1.0, 2.0, 3.0, 3.0], 10), np.repeat([1.0, 2.0], 30)])
    female, male = view_groups([SEX], [Aspect("rarity", values)], CONFIG)
    women, men = values[:40], values[40:]
    pairs = np.sign(women[:, None] - men[None, :])
    assert female.value == pytest.approx(((pairs + 1) / 2).mean())
    assert male.value == pytest.approx(1 - female.value)
    assert female.ci.low < female.value < female.ci.high
    assert (female.measure, female.n, female.n_others, female.difference) == ("probability", 40, 60, None)


def test_its_p_value_is_mann_and_whitneys_times_holms_factor():
    values = np.random.default_rng(0).normal(size=100) + 0.3 * (SEX.codes == 0)
    female, _ = view_groups([SEX], [Aspect("rarity", values)], CONFIG)
    p = stats.mannwhitneyu(values[:40], values[40:], method="asymptotic").pvalue
    assert female.p_adjusted == pytest.approx(min(2 * p, 1))


def test_what_is_yes_or_no_is_compared_as_a_rate():
    copied = np.zeros(100, bool)
    copied[:20] = copied[40:46] = True  # half of the women, a tenth of the men
    female, male = view_groups([SEX], [Aspect("copy", copied)], CONFIG)
    assert (female.measure, female.value, male.value) == ("rate", 0.5, 0.1)
    assert female.difference == pytest.approx(0.4)
    assert female.difference_ci.low < 0.4 < female.difference_ci.high
    assert (female.status, male.status) == ("harder", "less")
    assert female.p_adjusted == pytest.approx(2 * stats.fisher_exact([[20, 20], [6, 54]]).pvalue)


def test_a_group_that_stands_apart_is_told_and_one_within_the_tolerance_is_not():
    rng = np.random.default_rng(3)
    codes = np.repeat([0, 1], [5_000, 5_000])
    apart, near = (rng.normal(size=10_000) + shift * (codes == 0) for shift in (1.0, 0.12))
    views = view_groups([grouping(codes)], [Aspect("rarity", apart), Aspect("outlier rank", near)], CONFIG)
    assert [view.status for view in views] == ["harder", "less", "unclear", "unclear"]
    assert views[2].p_adjusted < 0.001  # surely there, but the odds of being the higher one are about 1.14


def test_held_out_rows_alone_are_compared_where_they_are_enough():
    values = np.arange(400.0)
    codes = np.tile([0, 1], 200)
    many, few = np.arange(400) < 100, np.arange(400) < 40
    seen = {
        name: view_groups([grouping(codes)], [Aspect("improbable", values, held_out)], CONFIG)[0]
        for name, held_out in (("many", many), ("few", few))
    }
    assert (seen["many"].compared, seen["many"].n, seen["many"].n_others) == ("held-out rows", 50, 50)
    assert (seen["few"].compared, seen["few"].n, seen["few"].n_others) == ("all rows", 200, 200)


def test_small_and_empty_groups_are_listed_and_not_judged():
    codes = np.repeat([0, 1], [10, 90])
    few, many, none = view_groups([grouping(codes, ("few", "many", "none"))], [Aspect("rarity", -codes + 0.0)], CONFIG)
    assert (few.status, few.n, few.value, few.p_adjusted) == ("small", 10, None, None)
    assert many.status == "small"  # too few outside it
    assert (none.status, none.n) == ("empty", 0)


def test_rows_of_which_nothing_is_said_do_not_count():
    values = np.where(np.arange(100) % 2 == 0, np.nan, np.arange(100.0))
    codes = np.repeat([0, 1], [50, 50])
    config = AnalysisConfig(smallest_group=10)
    female, _ = view_groups([grouping(codes)], [Aspect("label suspicion", values)], config)
    assert (female.n, female.n_others, female.value) == (25, 25, 0.0)


def test_an_aspect_in_which_all_rows_are_alike_is_left_out():
    alike = [Aspect("missing cells", np.zeros(100)), Aspect("copy", np.zeros(100, bool))]
    assert view_groups([SEX], [*alike, Aspect("label suspicion", np.full(100, np.nan))], CONFIG) == ()


def test_copies_do_not_make_an_interval_narrower():
    rng = np.random.default_rng(5)
    values, codes = np.tile(rng.normal(size=100), 4), np.tile(SEX.codes, 4)
    together = np.tile(np.arange(100), 4)
    alone, _ = view_groups([grouping(codes)], [Aspect("rarity", values)], CONFIG)
    tied, _ = view_groups([grouping(codes)], [Aspect("rarity", values)], CONFIG, together)
    once, _ = view_groups([SEX], [Aspect("rarity", values[:100])], CONFIG)
    assert tied.ci.high - tied.ci.low == pytest.approx(once.ci.high - once.ci.low)
    assert alone.ci.high - alone.ci.low < 0.6 * (tied.ci.high - tied.ci.low)


def test_values_that_have_nothing_to_do_with_groups_mark_none():
    marked = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        groups = [grouping(rng.integers(0, 2, 500)), grouping(rng.integers(0, 4, 500), "abcd", name="race")]
        aspects = [
            Aspect("improbable", rng.normal(size=500), rng.uniform(size=500) < 0.5),
            Aspect("rarity", rng.exponential(size=500)),
            Aspect("missing cells", rng.poisson(0.3, 500) + 0.0),
            Aspect("copy", rng.uniform(size=500) < 0.1),
        ]
        marked += any(view.status in {"harder", "less"} for view in view_groups(groups, aspects, CONFIG))
    assert marked <= 5

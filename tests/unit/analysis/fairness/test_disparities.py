from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from vaeaudit.analysis.fairness.disparities import assess_disparities
from vaeaudit.analysis.fairness.outcomes import MAX_OUTCOMES
from vaeaudit.analysis.fairness.rates import compare_rates, minimum_detectable_difference
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.errors import UsageError

CONFIG = AnalysisConfig()


@pytest.fixture
def labelled(build):
    def built(label, kind=Kind.BOOLEAN, **sensitive):
        table = {name: (values, Kind.CATEGORY, Role.SENSITIVE) for name, values in sensitive.items()}
        inputs = build({**table, "hired": (label, kind, Role.LABEL)}, np.zeros((len(label), 1)))
        return assess_disparities(inputs, CONFIG)

    return built


def two_groups(yes_f, n_f, yes_m, n_m):
    label = ["yes"] * yes_f + ["no"] * (n_f - yes_f) + ["yes"] * yes_m + ["no"] * (n_m - yes_m)
    return label, ["f"] * n_f + ["m"] * n_m


def test_rates_differences_and_ratios_are_those_of_the_table(labelled):
    label, sex = two_groups(20, 100, 120, 300)
    female, male = labelled(label, sex=sex).disparities
    assert (female.group, female.outcome, female.n, female.rate) == (("f",), "hired = yes", 100, 0.2)
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
    groups = {entry.group[0]: entry for entry in table.disparities}
    assert groups["x"].p_adjusted is None
    assert groups["x"].ci.low < 0.5
    empty = groups["empty"]
    assert (empty.n, empty.rate, empty.ci.low, empty.ci.high) == (0, 0.0, 0.0, 1.0)
    assert (empty.difference, empty.difference_ci, empty.ratio, empty.minimum_detectable) == (None, None, None, None)
    assert groups["f"].p_adjusted is not None


def test_a_missing_attribute_is_a_group(labelled):
    label, sex = two_groups(20, 60, 20, 60)
    table = labelled([*label, "no"], sex=[*sex, None])
    assert [entry.group[0] for entry in table.disparities] == ["f", "m", "(missing)"]


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
    assert assess_disparities(inputs, CONFIG).disparities == ()


# --- combinations ---------------------------------------------------------------------------------------------------


@pytest.fixture
def assessed(build):
    """`assessed(columns, **settings)`: disparities of `name -> (values, kind[, role])`."""

    def made(columns, **settings):
        n_rows = len(next(iter(columns.values()))[0])
        return assess_disparities(build(columns, np.zeros((n_rows, 1))), AnalysisConfig(**settings))

    return made


def planted(n=4_000, seed=0):
    """Women and men, two regions; only women of the north are hired less."""
    rng = np.random.default_rng(seed)
    sex, region = rng.choice(["f", "m"], n), rng.choice(["north", "south"], n)
    hired = rng.uniform(size=n) < np.where((sex == "f") & (region == "north"), 0.1, 0.4)
    return sex, region, np.where(hired, "yes", "no")


def columns_of(sex, region, hired, **more):
    return {
        "sex": (sex, Kind.CATEGORY, Role.SENSITIVE),
        "region": (region, Kind.CATEGORY, Role.SENSITIVE),
        "hired": (hired, Kind.BOOLEAN, Role.LABEL),
        **more,
    }


def test_combinations_are_compared_as_pandas_counts_them(assessed):
    sex, region, hired = planted()
    table = assessed(columns_of(sex, region, hired)).disparities
    cell = next(entry for entry in table if entry.group == ("f", "north"))
    inside = (sex == "f") & (region == "north")
    yes = hired == cell.outcome.split(" = ")[1]
    assert (cell.attributes, cell.n) == (("sex", "region"), inside.sum())
    assert cell.rate == pytest.approx(yes[inside].mean())
    assert cell.difference == pytest.approx(yes[inside].mean() - yes[~inside].mean())
    assert [(part.column, part.value) for part in cell.rule] == [("sex", ["f"]), ("region", ["north"])]


def test_empty_combinations_are_listed(assessed):
    sex, region, hired = planted()
    keep = ~((sex == "f") & (region == "north"))
    table = assessed(columns_of(sex[keep], region[keep], hired[keep])).disparities
    empty = next(entry for entry in table if entry.group == ("f", "north"))
    assert (empty.n, empty.difference, empty.p_adjusted) == (0, None, None)


# --- what is favourable ---------------------------------------------------------------------------------------------


def test_the_favourable_value_is_the_outcome_and_ratios_are_to_the_best_group(assessed):
    sex, region, hired = planted()
    table = assessed(columns_of(sex, region, hired), favourable=("yes",)).disparities
    by_sex = {entry.group: entry for entry in table if entry.attributes == ("sex",)}
    assert {entry.outcome for entry in table} == {"hired = yes"}
    best = (hired[sex == "m"] == "yes").mean()
    assert by_sex["m",].impact_ratio == 1.0
    assert by_sex["m",].impact_ratio_ci is None
    assert by_sex["f",].impact_ratio == pytest.approx((hired[sex == "f"] == "yes").mean() / best)
    assert by_sex["f",].impact_ratio_ci.low < by_sex["f",].impact_ratio < by_sex["f",].impact_ratio_ci.high


def test_of_numbers_the_favourable_outcome_begins_at_a_bound_and_several_levels_are_one(assessed):
    sex = np.array(["f", "m"] * 100)
    numbers = {"sex": (sex, Kind.CATEGORY, Role.SENSITIVE), "pay": (np.arange(200.0), Kind.REAL, Role.LABEL)}
    assert {entry.outcome for entry in assessed(numbers, favourable=("50",)).disparities} == {"pay >= 50"}
    levels = {
        "sex": (sex, Kind.CATEGORY, Role.SENSITIVE),
        "grade": (np.array(["a", "b", "c", "d"] * 50), Kind.CATEGORY, Role.LABEL),
    }
    found = assessed(levels, favourable=("a", "b")).disparities
    assert {(entry.outcome, entry.favourable) for entry in found} == {("grade = a or b", True)}


@pytest.mark.parametrize(
    ("favourable", "message"),
    [(("maybe",), "hired has no such value"), (("yes", "no"), "all rows of hired are so")],
)
def test_what_the_label_cannot_have_is_refused(assessed, favourable, message):
    with pytest.raises(UsageError, match=message):
        assessed(columns_of(*planted(200)), favourable=favourable)


# --- equal circumstances --------------------------------------------------------------------------------------------


def test_a_control_that_explains_the_difference_leaves_none(assessed):
    rng = np.random.default_rng(0)
    sex = rng.choice(["f", "m"], 4_000)
    part_time = rng.uniform(size=4_000) < np.where(sex == "f", 0.7, 0.2)
    hired = np.where(rng.uniform(size=4_000) < np.where(part_time, 0.1, 0.5), "yes", "no")
    columns = {
        "sex": (sex, Kind.CATEGORY, Role.SENSITIVE),
        "hours": (np.where(part_time, "part", "full"), Kind.CATEGORY),
        "hired": (hired, Kind.BOOLEAN, Role.LABEL),
    }
    women = assessed(columns, control=("hours",), favourable=("yes",)).disparities[0]
    assert women.group == ("f",)
    assert women.difference < -0.15
    assert women.p_adjusted < 1e-6
    assert women.adjusted.ci.low < 0 < women.adjusted.ci.high
    assert women.adjusted.p_adjusted > 0.05
    assert (women.adjusted.strata, women.adjusted.n, women.adjusted.reverses) == (2, (sex == "f").sum(), False)


def test_a_control_of_few_numbers_is_held_equal_and_one_of_many_similar(assessed):
    rng = np.random.default_rng(0)
    sex, years, pay = rng.choice(["f", "m"], 600), rng.integers(0, 17, 600), rng.uniform(size=600)
    hired = np.where(rng.uniform(size=600) < 0.4, "yes", "no")
    more = {"years": (years.astype(float), Kind.COUNT), "pay": (pay, Kind.REAL)}
    columns = {"sex": (sex, Kind.CATEGORY, Role.SENSITIVE), "hired": (hired, Kind.BOOLEAN, Role.LABEL), **more}
    exact, cut = (assessed(columns, control=(name,)).disparities[0].adjusted for name in ("years", "pay"))
    assert (exact.exact, exact.strata) == (True, 17)
    assert cut.exact is False
    told = pd.DataFrame({"f": sex == "f", "yes": hired == "yes", "years": years})
    rate, n = (told.pivot_table("yes", "years", "f", aggfunc=how) for how in ("mean", "size"))
    weight = n[True] * n[False] / (n[True] + n[False])
    sign = 1 if assessed(columns, control=("years",)).disparities[0].outcome == "hired = yes" else -1
    assert exact.difference == pytest.approx(sign * ((rate[True] - rate[False]) * weight).sum() / weight.sum())


def test_huge_weights_are_weights(assessed):
    sex, region, hired = planted(400)
    for factor in (1.0, 1e300):
        weight = np.where(sex == "f", 2.0, 1.0) * factor
        found = assessed(columns_of(sex, region, hired, w=(weight, Kind.REAL, Role.WEIGHT))).disparities
        assert all(np.isfinite(entry.rate) for entry in found)
        assert found[0].difference_ci.low < found[0].difference < found[0].difference_ci.high


def test_a_control_must_be_a_column_that_is_free(assessed):
    with pytest.raises(UsageError, match="--control hired: the column is label already"):
        assessed(columns_of(*planted(200)), control=("hired",))
    with pytest.raises(UsageError, match="--control: the data has no column 'huors'"):
        assessed(columns_of(*planted(200)), control=("huors",))


# --- weights --------------------------------------------------------------------------------------------------------


def test_a_row_of_weight_two_gives_the_rate_of_the_row_twice(assessed):
    sex, region, hired = planted(400)
    weight = np.where(sex == "f", 2.0, 1.0) * np.where(region == "north", 1.0, 3.0)
    weighted = assessed(columns_of(sex, region, hired, w=(weight, Kind.REAL, Role.WEIGHT))).disparities
    times = weight.astype(int)
    repeated = assessed(columns_of(*(np.repeat(part, times) for part in (sex, region, hired)))).disparities
    assert [entry.rate for entry in weighted] == pytest.approx([entry.rate for entry in repeated])
    assert [entry.difference for entry in weighted] == pytest.approx([entry.difference for entry in repeated])
    wider = [a.ci.high - a.ci.low >= b.ci.high - b.ci.low for a, b in zip(weighted, repeated, strict=True)]
    assert all(wider)  # weights add no rows


# --- labels with an order ---------------------------------------------------------------------------------------------


def test_a_label_of_numbers_is_compared_by_means_and_ranks(assessed):
    rng = np.random.default_rng(0)
    sex = rng.choice(["f", "m"], 500)
    pay = rng.normal(np.where(sex == "f", 10.0, 11.0))
    columns = {"sex": (sex, Kind.CATEGORY, Role.SENSITIVE), "pay": (pay, Kind.REAL, Role.LABEL)}
    women = assessed(columns).graded[0]
    welch = stats.ttest_ind(pay[sex == "f"], pay[sex == "m"], equal_var=False)
    assert (women.group, women.n) == (("f",), (sex == "f").sum())
    assert women.difference == pytest.approx(pay[sex == "f"].mean() - pay[sex == "m"].mean())
    assert women.difference_ci.bounds == pytest.approx(list(welch.confidence_interval()))
    assert women.p_adjusted == pytest.approx(min(2 * welch.pvalue, 1))
    u = stats.mannwhitneyu(pay[sex == "f"], pay[sex == "m"]).statistic
    assert women.superiority == pytest.approx(u / ((sex == "f").sum() * (sex == "m").sum()))


def test_ordered_levels_are_compared_by_ranks_alone_and_small_groups_are_not(assessed):
    rng = np.random.default_rng(0)
    sex = np.array([*rng.choice(["f", "m"], 300), "x"])
    grade = pd.Categorical(rng.choice(["low", "mid", "high"], 301), categories=["low", "mid", "high"], ordered=True)
    columns = {"sex": (sex, Kind.CATEGORY, Role.SENSITIVE), "grade": (grade, Kind.ORDINAL, Role.LABEL)}
    found = {entry.group[0]: entry for entry in assessed(columns).graded}
    assert found["f"].mean is None
    assert 0.4 < found["f"].superiority < 0.6
    assert (found["x"].n, found["x"].superiority, found["x"].p_adjusted) == (1, None, None)


def test_a_label_without_an_order_has_no_grades(assessed):
    assert assessed(columns_of(*planted(200))).graded == ()

"""Whom cleaning removes, counted by hand on small frames; what chance does is not told."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from vaeaudit.analysis.fairness.cleaning import Removal, incomplete_rows, measure_cleaning
from vaeaudit.analysis.grouping.groups import Grouping
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.outputs.table_rules import RuleKind, TableRule, TableRules
from vaeaudit.statistics.intervals import newcombe_difference, wilson

CONFIG = AnalysisConfig()


def grouping(name, codes, labels):
    conditions = tuple(Condition(name, "in", [label]) for label in labels)
    return Grouping(name, np.asarray(codes), tuple(labels), conditions, ordered=False)


def removal(step, rows):
    return Removal(step, "said", np.asarray(rows, bool))


def first_of(codes, group, how_many):
    """Rows: the first so many of a group."""
    rows = np.zeros(len(codes), bool)
    rows[np.flatnonzero(np.asarray(codes) == group)[:how_many]] = True
    return rows


#: 100 women and 300 men.
SEX = grouping("sex", np.repeat([0, 1], [100, 300]), ("f", "m"))


def loss_of(losses, step):
    return next(loss for loss in losses.losses if loss.step == step)


def test_shares_intervals_and_the_test_are_those_of_the_table():
    gone = first_of(SEX.codes, 0, 30) | first_of(SEX.codes, 1, 30)
    female, male = measure_cleaning([SEX], [removal("incomplete rows", gone)], CONFIG).groups
    loss = female.together
    assert (loss.n, loss.hits, loss.rate, loss.n_others, loss.rate_of_others) == (100, 30, 0.3, 300, 0.1)
    assert loss.difference == pytest.approx(0.2)
    assert loss.ratio == pytest.approx(3.0)
    assert loss.ci.bounds == pytest.approx([float(bound) for bound in wilson(30, 100)])
    assert loss.difference_ci.bounds == pytest.approx([float(bound) for bound in newcombe_difference(30, 100, 30, 300)])
    # twice by Holm over two groups; the family of `all` has the same p-value, so that nothing is added across
    assert loss.p_adjusted == pytest.approx(2 * stats.fisher_exact([[30, 70], [30, 270]]).pvalue)
    assert (loss.status, male.together.status) == ("harder", "less")


def test_a_row_that_two_steps_remove_counts_once():
    both, one = first_of(SEX.codes, 0, 20), first_of(SEX.codes, 0, 35)
    found = measure_cleaning([SEX], [removal("copies", both), removal("doubted labels", one)], CONFIG)
    assert [(step.step, step.removed, step.n) for step in found.steps] == [
        ("copies", 20, 400),
        ("doubted labels", 35, 400),
        ("all", 35, 400),
    ]
    assert found.removed == 35
    assert [(loss.step, loss.hits) for loss in found.groups[0].losses] == [
        ("copies", 20),
        ("doubted labels", 35),
        ("all", 35),
    ]


def test_shares_before_and_after_are_of_all_rows_and_of_those_left():
    found = measure_cleaning([SEX], [removal("copies", first_of(SEX.codes, 0, 50))], CONFIG)
    female, male = found.groups
    assert (female.share_before, male.share_before) == (0.25, 0.75)
    assert (female.share_after, male.share_after) == pytest.approx((50 / 350, 300 / 350))


def test_where_no_row_is_left_no_share_is_told():
    found = measure_cleaning([SEX], [removal("incomplete rows", np.ones(400))], CONFIG)
    assert [losses.share_after for losses in found.groups] == [None, None]
    assert {losses.together.status for losses in found.groups} == {"unclear"}


def test_small_and_empty_groups_are_listed_and_not_judged():
    codes = np.repeat([0, 1], [10, 390])
    race = grouping("race", codes, ("few", "many", "none"))
    few, _, none = measure_cleaning([race], [removal("copies", codes == 0)], CONFIG).groups
    assert (few.together.status, few.together.hits, few.together.p_adjusted) == ("small", 10, None)
    assert (none.together.status, none.n, none.share_before) == ("empty", 0, 0.0)


def test_the_worst_step_is_that_which_takes_most_beyond_what_it_takes_from_others():
    everywhere = np.arange(400) % 2 == 0  # half of all rows
    found = measure_cleaning(
        [SEX], [removal("doubted labels", everywhere), removal("copies", first_of(SEX.codes, 0, 30))], CONFIG
    )
    assert found.groups[0].worst_step.step == "copies"


def test_steps_that_remove_nothing_are_said_and_not_tested():
    found = measure_cleaning([SEX], [removal("copies", np.zeros(400)), removal("outliers", SEX.codes == 0)], CONFIG)
    assert [(step.step, step.removed) for step in found.steps] == [("copies", 0), ("outliers", 100), ("all", 100)]
    assert [loss.step for loss in found.groups[0].losses] == ["outliers", "all"]
    nothing = measure_cleaning([SEX], [removal("copies", np.zeros(400))], CONFIG)
    assert (nothing.removed, nothing.groups, nothing.combinations) == (0, (), ())


def test_without_a_sensitive_column_there_is_nothing():
    found = measure_cleaning([], [removal("copies", np.ones(4))], CONFIG)
    assert (found.steps, found.groups, found.removed) == ((), (), 0)


@pytest.fixture(scope="module")
def crossed():
    """Two attributes of two groups over 1,600 rows."""
    rng = np.random.default_rng(0)
    return [
        grouping("sex", rng.integers(0, 2, 1_600), ("f", "m")),
        grouping("race", rng.integers(0, 2, 1_600), ("a", "b")),
    ]


def test_a_combination_is_told_only_where_it_loses_more_than_each_of_its_groups(crossed):
    rng = np.random.default_rng(1)
    sex, race = (each.codes for each in crossed)
    of_sex = rng.uniform(size=1_600) < np.where(sex == 0, 0.4, 0.05)
    of_both = rng.uniform(size=1_600) < np.where((sex == 0) & (race == 1), 0.5, 0.05)
    by_sex = measure_cleaning(crossed, [removal("incomplete rows", of_sex)], CONFIG)
    by_both = measure_cleaning(crossed, [removal("incomplete rows", of_both)], CONFIG)
    assert by_sex.beyond_their_groups == ()
    assert [losses.together.status for losses in by_sex.combinations].count("harder") == 2
    (told,) = by_both.beyond_their_groups
    assert (told.attributes, told.group) == (("sex", "race"), ("f", "b"))
    assert [condition.column for condition in told.rule] == ["sex", "race"]


def test_a_combination_of_three_is_not_told_where_a_pair_of_them_explains_it(crossed):
    rng = np.random.default_rng(2)
    three = [*crossed, grouping("age", rng.integers(0, 2, 1_600), ("old", "young"))]
    pair = (crossed[0].codes == 0) & (crossed[1].codes == 1)
    gone = rng.uniform(size=1_600) < np.where(pair, 0.6, 0.05)
    found = measure_cleaning(three, [removal("copies", gone)], CONFIG)
    assert {len(losses.attributes) for losses in found.combinations} == {2, 3}
    assert [losses.group for losses in found.beyond_their_groups] == [("f", "b")]


def test_combinations_of_a_group_that_is_hit_are_not_told_by_chance():
    told = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        groups = [
            grouping("sex", rng.integers(0, 2, 2_000), ("f", "m")),
            grouping("race", rng.integers(0, 8, 2_000), "abcdefgh"),
        ]
        gone = rng.uniform(size=2_000) < np.where(groups[0].codes == 0, 0.4, 0.05)
        told += bool(measure_cleaning(groups, [removal("copies", gone)], CONFIG).beyond_their_groups)
    assert told <= 5


def test_attributes_that_a_rule_ties_are_not_crossed(crossed):
    rule = TableRule("equal", RuleKind.EQUAL, ("sex", "race"), "the same", 1_600, 0, np.zeros(0, np.int64))
    gone = [removal("copies", np.arange(1_600) < 400)]
    assert measure_cleaning(crossed, gone, CONFIG).combinations
    assert measure_cleaning(crossed, gone, CONFIG, TableRules((rule,))).combinations == ()


def test_cleaning_that_strikes_at_random_hits_no_group():
    hit = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        groups = [
            grouping("sex", rng.integers(0, 2, 600), ("f", "m")),
            grouping("race", rng.integers(0, 4, 600), "abcd"),
        ]
        steps = ("outliers", "incomplete rows", "copies", "doubted labels")
        shares = (0.01, 0.1, 0.05, 0.2)
        gone = [removal(step, rng.uniform(size=600) < share) for step, share in zip(steps, shares, strict=True)]
        found = measure_cleaning(groups, gone, CONFIG)
        everything = [loss for losses in (*found.groups, *found.combinations) for loss in losses.losses]
        hit += any(loss.status in {"harder", "less"} for loss in everything)
    assert hit <= 5


# --- which rows are incomplete -------------------------------------------------------------------------------------


def test_incomplete_are_rows_that_lack_a_cell_of_the_model_or_the_label(build):
    rows = 40
    pay = np.arange(rows, dtype=float)
    pay[:3] = np.nan
    label = ["yes", "no"] * 20
    label[5] = None
    inputs = build(
        {
            "pay": (pay, Kind.REAL),
            "sex": ([None, *["f", "m"] * 19, "f"], Kind.CATEGORY, Role.SENSITIVE),
            "note": ([None] * 20 + ["text"] * 20, Kind.TEXT),
            "hired": (label, Kind.BOOLEAN, Role.LABEL),
        },
        np.zeros((rows, 1)),
    )
    found = incomplete_rows(inputs.frame, inputs.schema)
    assert np.flatnonzero(found.rows).tolist() == [0, 1, 2, 5]
    assert found.statement == "rows with a missing cell in any of 2 columns"


def test_a_column_that_is_mostly_missing_is_dropped_and_not_its_rows(build):
    rows = 40
    spouse = np.full(rows, np.nan)
    spouse[:20] = 1.0
    inputs = build({"pay": (np.arange(rows), Kind.REAL), "spouse": (spouse, Kind.REAL)}, np.zeros((rows, 1)))
    found = incomplete_rows(inputs.frame, inputs.schema)
    assert not found.rows.any()
    assert found.statement.endswith(
        "in any of 1 column (spouse, which lacks 50 % of the cells or more, is dropped instead)"
    )


def test_a_frame_without_such_columns_lacks_nothing(build):
    inputs = build({"sex": (["f", None] * 10, Kind.CATEGORY, Role.SENSITIVE)}, np.zeros((20, 1)))
    found = incomplete_rows(inputs.frame, inputs.schema)
    assert not found.rows.any()
    assert found.statement == "there are no cells to lack"

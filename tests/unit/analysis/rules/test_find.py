"""Rules that were planted are found and said once; columns without relation have none."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaeaudit.analysis.rules.find import find_rules, summarise_rules
from vaeaudit.data.reading.load import load
from vaeaudit.data.schema.columns import Role
from vaeaudit.outputs.table_rules import RuleKind

N = 1_000
DAY = np.timedelta64(1, "D")


def said(rules):
    return [(rule.kind.value, rule.statement, rule.exceptions) for rule in rules.rules]


@pytest.fixture
def only(found, plain):
    """The one rule of the plain columns with these beside them."""

    def find(**columns):
        (rule,) = found({**plain, **columns}).rules
        return rule

    return find


def test_columns_without_relation_have_no_rule(found, plain):
    assert said(found(plain)) == []


def test_sixty_tables_of_independent_columns_have_no_rule():
    """Were a rule found in one table of 20, sixty without any would have a chance of 5 %; of one in ten, of 0.2 %."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n = int(rng.choice([120, 250, 600]))
        columns = {
            "a": rng.normal(size=n).round(2),
            "b": rng.integers(0, 5, n),
            "c": rng.integers(0, 5, n),
            "d": rng.choice(["x", "y", "z"], n, p=[0.9, 0.08, 0.02]),
            "e": rng.integers(0, 2, n),
            "f": np.where(rng.random(n) < 0.3, np.nan, rng.lognormal(size=n).round(3)),
            "g": np.datetime64("2024-01-01") + rng.integers(0, 300, n) * DAY,
            "h": np.datetime64("2024-03-01") + rng.integers(0, 300, n) * DAY,
            "i": np.where(rng.random(n) < 0.05, None, rng.choice(list("pqrstu"), n)),
        }
        dataset = load(pd.DataFrame(columns))
        assert said(find_rules(dataset.frame, dataset.schema, seed)) == [], seed


# --- columns that repeat ----------------------------------------------------------------------------------------------


def test_columns_with_the_same_values_are_one_rule(only, plain):
    rule = only(weight_2=plain["weight"], weight_3=plain["weight"])
    assert (rule.kind, rule.statement, rule.support, rule.exceptions) == (
        "equal",
        "weight, weight_2 and weight_3 hold the same values",
        N,
        0,
    )


def test_free_text_may_repeat_and_takes_part_in_nothing_else(only, rng):
    remark = [f"remark {number} of {number % 7} words" for number in rng.permutation(N)]
    rule = only(remark=remark, note=remark)
    assert (rule.kind, rule.columns) == ("equal", ("remark", "note"))


def test_rows_in_which_a_copy_differs_are_its_exceptions(only, plain):
    other = plain["weight"].copy()
    other[[3, 77, 500]] += 1
    rule = only(copy=other)
    assert (rule.kind, rule.exception_rows) == ("equal", (3, 77, 500))


def test_levels_under_other_names_are_renamed(only, plain):
    rule = only(code=np.searchsorted(list("abcd"), plain["town"]) * 10)
    assert rule.statement == "code is town under other names (a is 0, b is 10, c is 20, d is 30)"


def test_what_was_measured_of_a_thing_is_no_other_name_of_it_and_takes_part_in_rules(found, rng):
    county = rng.integers(0, 100, N)
    of_county, share = np.arange(100) * 137 + 20_000, rng.uniform(0.5, 2, N).round(6)
    columns = {"county_id": county * 7 + 1_001, "income": of_county[county], "share": share}
    rules = found({**columns, "own": of_county[county] * share})
    assert [rule.kind for rule in rules.rules] == [RuleKind.SUM]


def test_one_minus_a_flag_is_its_complement(only, rng):
    flag = rng.integers(0, 2, N)
    assert only(no=flag, yes=1 - flag).statement == "yes is 1 − no"


def test_a_number_in_another_unit_is_scaled_up_to_its_last_digit(only, plain):
    pounds = (plain["weight"] * 2.2046).round(1)
    pounds[10] += 0.3
    rule = only(pounds=pounds)
    assert (rule.kind, rule.statement, rule.exception_rows) == ("scaled", "pounds is 2.2046 × weight", (10,))


def test_a_date_that_is_another_and_some_days_is_scaled(only, rng):
    start = np.datetime64("2020-01-01") + rng.integers(0, 900, N) * DAY
    assert only(start=start, due=start + 30 * DAY).statement == "due is start + 30 days"


def test_a_number_that_is_nearly_another_is_no_copy(found, plain, rng):
    assert said(found({**plain, "near": (plain["weight"] + rng.normal(0, 0.5, N)).round(1)})) == []


def test_flags_of_which_exactly_one_is_set_are_one_column(only, plain):
    flags = {
        f"kind_{level}": (np.searchsorted(list("abcd"), plain["town"]) == place) * 1
        for place, level in enumerate("wxyz")
    }
    del plain["town"]
    rule = only(**flags)
    assert (rule.kind, rule.statement) == (
        "one_hot",
        "exactly one of kind_w, kind_x, kind_y and kind_z is 1 in each row",
    )


def test_flags_of_which_at_most_one_is_set_are_told_where_their_names_go_together(found, rng):
    level = rng.integers(0, 4, N)
    flags = {f"kind_{place}": (level == place) * 1 for place in range(3)}
    assert said(found({"n": rng.integers(0, 30, N), **flags})) == [
        ("one_hot", "at most one of kind_0, kind_1 and kind_2 is 1 in each row", 0)
    ]


# --- columns that follow ----------------------------------------------------------------------------------------------


def test_a_level_that_fixes_another_column_is_told_with_its_exceptions(only, rng):
    city = rng.integers(0, 30, N)
    state = np.array(list("PQR"))[city % 3]
    state[5] = "Q" if state[5] != "Q" else "P"
    rule = only(city=[f"city {place}" for place in city], state=state)
    assert (rule.kind, rule.statement, rule.exception_rows) == ("determines", "state follows from city", (5,))


def test_what_follows_over_another_column_is_not_told_and_yet_tied(found, rng):
    city = rng.integers(0, 40, N)
    rules = found(
        {
            "city": [f"c{place}" for place in city],
            "state": [f"s{place % 8}" for place in city],
            "zone": [f"z{place % 8 % 3}" for place in city],
        }
    )
    assert [rule.columns for rule in rules.rules] == [("city", "state"), ("state", "zone")]
    assert rules.tied("city", "zone")


def test_groups_of_an_ordered_column_are_told_with_their_bounds(only, rng):
    age = rng.integers(18, 90, N)
    group = np.select([age < 25, age < 46], ["young", "middle"], "old")
    rule = only(age=age, age_group=group)
    assert rule.statement == "age_group follows from age: young below 25, middle from 25, old from 46"
    assert rule.one_thing


def test_a_number_that_only_rises_with_another_is_told(only, plain):
    rule = only(root=np.sqrt(plain["weight"]).round(2))
    assert (rule.kind, rule.statement, rule.one_thing) == ("determines", "root never falls as weight rises", True)


def test_an_age_is_counted_from_the_date_of_birth(only, rng):
    asked = np.datetime64("2013-01-01") + rng.integers(0, 700, N) * DAY
    born = np.datetime64("1990-01-01") - rng.integers(0, 22_000, N) * DAY
    assert only(born=born, age=((asked - born) / DAY // 365.25).astype(int)).statement == "age is counted from born"


def test_rows_that_were_copied_do_not_make_numbers_fix_all_columns(found, plain):
    twice = {name: np.repeat(values[:500], 2) for name, values in plain.items()}
    assert said(found({"no": np.arange(N), **twice})) == []


# --- orders -----------------------------------------------------------------------------------------------------------


def test_two_dates_in_order_are_told_with_the_rows_that_are_not(only, rng):
    came = np.datetime64("2020-01-01") + rng.integers(0, 900, N) * DAY
    left = came + rng.integers(0, 60, N) * DAY
    left[:30] = came[:30] - 3 * DAY
    rule = only(came=came, left=left)
    assert (rule.kind, rule.statement, rule.exception_rows) == ("order", "came is never after left", tuple(range(30)))


def test_an_order_that_chance_would_seldom_break_is_told_where_the_names_say_it(only, found, plain, rng):
    end = rng.integers(1, 900, 6 * N)
    begun = np.where(rng.random(end.size) < 0.03, rng.integers(0, 900, end.size), 0)
    start = np.minimum(begun, end)
    start[:3], end[:3] = [580, 531, 1], [324, 408, 0]
    wide = {name: np.tile(cells, 6) for name, cells in plain.items()}
    rule = only(**wide, start=start, end=end)
    assert (rule.kind, rule.statement, rule.exception_rows) == ("order", "start is never above end", (0, 1, 2))
    assert said(found({**wide, "start": begun, "end": end})) == []
    assert said(found({**wide, "open_days": start, "left_days": end})) == []


def test_an_order_that_follows_from_two_others_is_not_told(found, rng):
    whole = rng.integers(0, 40, N)
    some = rng.integers(0, whole + 1)
    few = rng.integers(0, some + 1)
    rules = found({"few_years": few, "some_years": some, "whole_years": whole})
    assert [rule.columns for rule in rules.rules if rule.kind is RuleKind.ORDER] == [
        ("few_years", "some_years"),
        ("some_years", "whole_years"),
    ]
    assert rules.tied("few_years", "whole_years")


@pytest.mark.parametrize("size", [1_000.0, 3.0])
def test_columns_that_merely_differ_in_size_or_are_related_are_in_no_order(found, plain, rng, size):
    income = (plain["weight"] * size + rng.normal(0, size * 5, N) + 30 * size).round(1)
    assert said(found({**plain, "income": income})) == []


# --- missing cells, levels, sums --------------------------------------------------------------------------------------


def test_a_column_that_is_present_only_where_another_says_so_is_told(only, rng):
    result = rng.choice(["pass", "fail"], N)
    code = np.where((result == "fail") & (rng.random(N) < 0.8), rng.choice(["u", "v", "w"], N), None)
    assert only(result=result, code=code).statement == "code is present only where result is fail"


def test_columns_that_are_missing_exactly_where_another_says_so_are_told_at_once(only, rng):
    died = rng.integers(0, 2, N)
    cells = {name: np.where(died == 1, rng.integers(0, 50, N), np.nan) for name in ("cause", "ward")}
    assert only(died=died, **cells).statement == "cause and ward are present exactly where died is 1"


def test_an_identifier_that_is_missing_by_rule_is_told(found, rng):
    again = rng.integers(0, 2, N)
    number = [f"K-{place:05d}" if new else None for place, new in zip(rng.permutation(N), again, strict=True)]
    rules = found({"again": again, "case_no": number, "n": rng.integers(0, 40, N)})
    assert said(rules) == [("only_where", "case_no is present exactly where again is 1", 0)]
    assert rules.tied("again", "case_no")


def test_what_follows_over_a_level_of_another_column_is_tied_too(found, rng):
    first = rng.integers(0, 2, N)
    second = first * rng.integers(0, 2, N)
    rules = found({"first": first, "second": second, "cause": np.where(first == 1, rng.integers(0, 50, N), np.nan)})
    assert not any({"second", "cause"} <= set(rule.columns) for rule in rules.rules)
    assert rules.tied("second", "cause")


def test_a_level_that_leaves_another_column_no_choice_is_told(only, rng):
    status = rng.choice(["single", "married", "widowed"], N)
    stocks = np.where(status == "single", 0, rng.integers(0, 4, N))
    rule = only(status=status, stocks=stocks)
    assert (rule.kind, rule.statement) == ("implies", "stocks is 0 wherever status is single")


def test_of_several_columns_that_say_the_same_without_exception_one_rule_is_made(found, plain, rng):
    part = rng.integers(0, 6, N)
    flags = {f"{name} side": (part == place).astype(int) for place, name in enumerate("abcdef")}
    rules = found({**plain, **flags, "inland": np.where(part < 3, 0, rng.integers(0, 2, N))})
    _, rule = rules.rules
    assert rule.statement == "inland is 0 wherever any of a side, b side and c side is 1"
    assert (rule.support, rule.exceptions) == (int((part < 3).sum()), 0)
    assert rules.tied("a side", "inland")
    assert not rules.tied("town", "inland")


def test_answers_that_imply_an_earlier_one_are_told_together(found, plain, rng):
    third, second = (np.where(rng.random(N) < 0.6, rng.integers(0, 9, N), np.nan) for _ in range(2))
    asked = ~np.isnan(second) | ~np.isnan(third) | (rng.random(N) < 0.5)
    first = np.where(asked, rng.integers(0, 9, N), np.nan)
    (rule,) = found({**plain, "answer 1": first, "answer 2": second, "answer 3": third}).rules
    assert rule.statement == "answer 1 is never missing where any of answer 2 and answer 3 is present"


def test_flags_that_seldom_go_together_are_no_rule_that_a_few_rows_break(found, plain, rng):
    office, driver = rng.random(N) < 0.5, rng.random(N) < 0.4
    driver &= ~office
    driver[np.flatnonzero(office)[:4]] = True
    assert said(found({**plain, "office": office.astype(int), "driver": driver.astype(int)})) == []


def test_a_number_that_nearly_names_a_thing_is_tied_to_what_is_known_of_it_and_no_rule_is_broken(found, plain, rng):
    of_place = rng.permutation(9_000)[:150] + 20_000
    of_place[1] = of_place[0]
    place, north = rng.integers(0, 150, N), rng.integers(0, 2, 150)
    north[:2] = 0, 1
    rules = found({**plain, "income": of_place[place], "north": north[place]})
    assert said(rules) == []
    assert rules.tied("income", "north")


def test_the_end_of_an_order_that_nearly_fixes_another_column_is_no_rule(found, rng):
    score = rng.integers(1, 11, N)
    risk = np.where(rng.random(N) < np.clip((score - 1) / 20, 0, 1), "high", "low")
    assert said(found({"score": score, "risk": risk, "n": rng.integers(0, 40, N)})) == []


@pytest.mark.parametrize(
    ("make", "statement"),
    [
        (lambda a, b: a + b, "total is a + b"),
        (lambda a, b: a - b, "a is b + total"),
        (lambda a, b: (a * b).round(2), "total is a × b"),
    ],
)
def test_sums_differences_and_products_are_told_with_their_exceptions(found, rng, make, statement):
    a, b = rng.normal(50, 20, N).round(1), rng.normal(10, 4, N).round(1)
    total = make(a, b).round(2)
    total[[4, 9]] += 7
    (rule,) = [rule for rule in found({"a": a, "b": b, "total": total}).rules if rule.kind is RuleKind.SUM]
    assert (rule.statement, rule.exception_rows) == (statement, (4, 9))


def test_a_difference_of_numbers_is_told_in_eighty_rows(found, rng):
    before, after = rng.integers(0, 300, (2, 80))
    columns = {"before": before, "after": after, "change": after - before, "other": rng.integers(0, 300, 80)}
    assert said(found(columns)) == [("sum", "after is before + change", 0)]


def test_a_flag_that_is_set_where_either_of_two_is_is_no_sum_that_rows_break(found, plain, rng):
    fair = rng.random(N) < 0.2
    poor = np.where(fair, rng.random(N) < 0.01, rng.random(N) < 0.2)
    flags = {"fair": fair.astype(int), "poor": poor.astype(int), "unwell": (fair | poor).astype(int)}
    assert (fair & poor).any()
    said_of_it = [rule for rule in said(found({**plain, **flags})) if rule[0] == "sum"]
    assert said_of_it == [("sum", "unwell is 1 where any of fair and poor is 1, and else 0", 0)]


def test_no_answer_rules_out_all_answers_at_once(found, plain, rng):
    chosen = rng.random((N, 4)) < [0.6, 0.5, 0.4, 0.5]
    none = ~chosen.any(axis=1) | (rng.random(N) < 0.2)
    chosen[none] = False
    answers = {f"pick_{place}": np.where(chosen[:, place], "yes it is", "Not selected") for place in range(4)}
    answers["pick_none"] = np.where(none, "None of these", "Not selected")
    (rule,) = (rule for rule in found({**plain, **answers}).rules if rule.kind is RuleKind.IMPLIES)
    assert rule.statement == ("pick_0, pick_1, pick_2 and pick_3 are Not selected wherever pick_none is None of these")


def test_a_sum_of_neighbours_in_the_table_is_told(found, rng):
    parts = {name: rng.integers(0, 90, N) for name in ("food", "rent", "fuel", "rest")}
    rules = found({**parts, "spent": sum(parts.values())})
    assert [rule.statement for rule in rules.rules if rule.kind is RuleKind.SUM] == [
        "spent is food + rent + fuel + rest"
    ]


def test_a_part_that_is_always_nothing_makes_no_sum(found, plain):
    rules = found({**plain, "zero": np.r_[np.zeros(N - 3), 1, 2, 3], "weight_too": plain["weight"]})
    assert [rule.kind for rule in rules.rules] == ["equal"]


# --- what follows for who asks ----------------------------------------------------------------------------------------


def test_users_are_told_what_is_tied_what_is_a_copy_and_what_could_go(found, rng):
    age = rng.integers(18, 90, N)
    town = rng.integers(0, 30, N)
    rules = found(
        {
            "age": age,
            "age_too": age,
            "group": np.where(age < 30, "young", "old"),
            "town": [f"t{place}" for place in town],
            "land": [f"l{place % 3}" for place in town],
            "n": rng.integers(0, 9, N),
        }
    )
    assert rules.redundant == {"age_too": "age"}
    assert rules.copies_of("group") == ("age", "age_too")
    assert rules.copies_of("town") == ()
    assert rules.tied("age_too", "group")
    assert rules.tied("land", "town")
    assert not rules.tied("n", "age")


def test_a_copy_with_gaps_of_its_own_could_not_go(found, plain, rng):
    rules = found({**plain, "copy": np.where(rng.random(N) < 0.3, np.nan, plain["weight"])})
    assert (rules.redundant, rules.copies_of("weight")) == ({}, ("copy",))


def test_the_parts_of_a_sum_are_tied_to_it_alone(found, rng):
    a, b = rng.normal(0, 20, N).round(1), rng.normal(0, 20, N).round(1)
    rules = found({"a": a, "b": b, "c": (a + b).round(1)})
    assert (rules.tied("a", "c"), rules.tied("a", "b")) == (True, False)


def test_the_label_takes_part_and_the_seed_changes_nothing(rng):
    flag = rng.integers(0, 2, N)
    dataset = load(pd.DataFrame({"n": rng.integers(0, 99, N), "failed": 1 - flag, "passed": flag}))
    assert dataset.schema["passed"].role is Role.INPUT
    rules = [find_rules(dataset.frame, dataset.schema, seed) for seed in (0, 1)]
    assert rules[0] == rules[1]
    assert len({rule.id for rule in rules[0].rules}) == len(rules[0].rules) == 1


def test_a_summary_names_the_first_twenty_rows_that_break_a_rule(found, plain):
    other = plain["weight"].repeat(5).copy()
    other[100:130] += 1
    rules = found({"weight": plain["weight"].repeat(5), "copy": other})
    (summary,) = summarise_rules(rules, np.array([f"row {place}" for place in range(5 * N)], dtype=object))
    assert (summary.exceptions, summary.rows[:2], len(summary.rows)) == (30, ("row 100", "row 101"), 20)


def test_no_rule_is_found_in_a_table_of_a_few_rows(found):
    assert said(found({"a": ["x", "y"] * 15, "b": ["p", "q"] * 15, "c": range(30)})) == []


# --- an oracle --------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.integers(0, 3))
def test_exact_dependences_of_small_tables_are_those_that_counting_finds(seed, n_levels, planted):
    """Every pair is counted by hand; what follows over a third column, or both ways, is said as such."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 6, 400), rng.integers(0, n_levels, 400)
    columns = {"a": a, "b": b, "c": [b, rng.integers(0, 3, 6)[a], a % 2, rng.integers(0, 3, 400)][planted]}
    frame = pd.DataFrame({name: np.array(list("uvwxyz"))[values] for name, values in columns.items()})
    dataset = load(frame)
    rules = find_rules(dataset.frame, dataset.schema)
    for one, other in permutations(frame, 2):
        modes = frame.groupby(one)[other].agg(lambda cells: cells.value_counts().iloc[0])
        exact = modes.sum() == len(frame) and frame[other].value_counts().iloc[0] <= len(frame) - 20
        if exact:
            assert rules.tied(one, other)
    fixes = {pair for rule in rules.rules if rule.kind is RuleKind.DETERMINES for pair in [rule.columns[:2]]}
    for one, other in fixes:
        wrong = len(frame) - frame.groupby(one)[other].agg(lambda cells: cells.value_counts().iloc[0]).sum()
        assert wrong <= 0.01 * len(frame)


def test_whole_numbers_that_always_keep_a_distance_are_a_rule_and_what_goes_together_is_none(found, rng):
    age = rng.integers(18, 65, 1_000)
    worked = np.floor((age - 16) * rng.random(1_000) ** 0.3).astype(int)
    tall = np.round(rng.normal(170, 9, 1_000))
    columns = {"age": age, "worked": worked, "tall": tall, "weight": np.round(tall - 100 + rng.normal(0, 8, 1_000))}
    assert [rule.statement for rule in found(columns).rules] == ["age is at least 17 above worked"]

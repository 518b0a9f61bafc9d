from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.grouping.rules import (
    ConditionRows,
    apply_rule,
    merge_conditions,
    same_conditions,
    satisfies,
    simplify,
)
from vaeaudit.outputs.region_rules import Condition

FRAME = pd.DataFrame(
    {
        "age": [17.0, 25.0, np.nan, 60.0],
        "sex": pd.Categorical(["f", "m", "f", None], categories=["f", "m"]),
        "since": pd.to_datetime(["2020-01-01", None, "2021-06-01", "2022-01-01"]),
    }
)


def between(column, low, high):
    return Condition(column, "between", [low, high])


def among(column, *levels):
    return Condition(column, "in", list(levels))


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        (between("age", 17.0, 25.0), [True, False, False, False]),
        (between("age", None, 60.0), [True, True, False, False]),
        (between("age", 25.0, None), [False, True, False, True]),
        (between("age", None, None), [True, True, False, True]),
        (between("since", "2021-01-01", "2022-01-01"), [False, False, True, False]),
        (among("sex", "f", "never seen"), [True, False, True, False]),
        (Condition("sex", "missing", None), [False, False, False, True]),
        (Condition("age", "missing", None), [False, False, True, False]),
    ],
)
def test_a_condition_holds_for_the_rows_it_names(condition, rows):
    assert satisfies(condition, FRAME[condition.column]).tolist() == rows


def test_all_conditions_of_a_rule_hold_together():
    assert apply_rule((between("age", None, 30.0), among("sex", "f")), FRAME).tolist() == [True, False, False, False]
    assert apply_rule((), FRAME).all()


def test_a_rule_needs_no_more_than_three_lines_of_pandas():
    rule = (between("age", 17.0, 30.0), among("sex", "m"))
    mask = (FRAME["age"] >= 17) & (FRAME["age"] < 30)
    mask &= FRAME["sex"].isin(["m"])
    assert apply_rule(rule, FRAME).tolist() == mask.tolist()


def test_neighbouring_bins_merge_into_one():
    merged = merge_conditions([between("age", 25.0, 30.0), between("age", None, 25.0), between("age", 20.0, 28.0)])
    assert merged == between("age", None, 30.0)
    dates = merge_conditions([between("since", "2021-01-01", None), between("since", "2020-05-01", "2021-01-01")])
    assert dates == between("since", "2020-05-01", None)


def test_levels_unite_in_the_order_given():
    assert merge_conditions([among("sex", "m"), among("sex", "f", "m")]) == among("sex", "m", "f")
    assert merge_conditions([Condition("sex", "missing", None)] * 2).op == "missing"


def test_bins_with_a_gap_between_them_do_not_merge():
    with pytest.raises(ValueError, match="do not touch"):
        merge_conditions([between("age", 10.0, 20.0), between("age", 30.0, 40.0)])
    with pytest.raises(ValueError, match="one column"):
        merge_conditions([between("age", 10.0, 20.0), among("sex", "f")])


def test_a_simplified_rule_says_the_same_with_fewer_conditions():
    ages = between("age", 10.0, None), between("age", None, 50.0)
    rule = (*ages, between("since", None, None), among("sex", "f", "m"), among("sex", "f"))
    assert simplify(rule) == (between("age", 10.0, 50.0), among("sex", "f"))


def test_a_rule_that_nothing_satisfies_is_refused():
    with pytest.raises(ValueError, match="no row can satisfy"):
        simplify((between("age", 10.0, 20.0), between("age", 20.0, None)))
    with pytest.raises(ValueError, match="no row can satisfy"):
        simplify((among("sex", "f"), among("sex", "m")))


def test_rules_say_the_same_where_each_condition_has_its_like():
    frame = pd.DataFrame({"age": np.arange(100.0), "job": pd.Categorical(list("abcd") * 25)})
    young, younger = Condition("age", "between", [None, 40.0]), Condition("age", "between", [None, 30.0])
    cook, clerk = Condition("job", "in", ["a"]), Condition("job", "in", ["b"])
    rows_of = ConditionRows(frame)
    assert same_conditions((young, cook), (cook, younger), rows_of)
    assert not same_conditions((young, cook), (young, clerk), rows_of)
    assert not same_conditions((young, cook), (young,), rows_of)
    assert not same_conditions((Condition("age", "between", [60.0, None]),), (young,), rows_of)

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaeaudit.analysis.grouping.groups import (
    MISSING_LABEL,
    OUTSIDE,
    Grouping,
    group_by_population,
    group_column,
    interval_label,
    product,
    product_size,
)
from vaeaudit.analysis.grouping.rules import apply_rule, satisfies
from vaeaudit.data.population_shares import PopulationColumn
from vaeaudit.data.schema.columns import Column, Kind


def levelled(values, levels, kind=Kind.CATEGORY, name="sex"):
    return pd.Series(pd.Categorical(values, categories=levels), name=name), Column(name, kind, levels=tuple(levels))


def numeric(values, name="age", kind=Kind.REAL):
    return pd.Series(np.asarray(values, dtype=float), name=name), Column(name, kind)


def test_every_level_is_a_group_even_without_rows():
    grouping = group_column(*levelled(["f", "m", "f"], ["f", "m", "x"]))
    assert grouping.labels == ("f", "m", "x")
    assert grouping.counts.tolist() == [2, 1, 0]
    assert not grouping.ordered


def test_missing_values_are_a_group_of_their_own_and_the_last():
    grouping = group_column(*levelled(["f", None, "m", None], ["f", "m"]))
    assert grouping.labels[grouping.missing] == MISSING_LABEL
    assert grouping.missing == 2
    assert grouping.counts.tolist() == [1, 1, 2]


def test_a_level_called_like_the_missing_group_stays_apart_from_it():
    grouping = group_column(*levelled([MISSING_LABEL, None], [MISSING_LABEL]))
    assert len(set(grouping.labels)) == 2


def test_ordinal_levels_are_ordered():
    assert group_column(*levelled(["low"], ["low", "high"], Kind.ORDINAL)).ordered


def test_numbers_are_grouped_by_given_edges():
    grouping = group_column(*numeric([17, 25, 34.9, 35, np.nan]), edges=[25, 35])
    assert grouping.labels == ("< 25", "[25, 35)", ">= 35", MISSING_LABEL)
    assert grouping.codes.tolist() == [0, 1, 1, 2, 3]


def test_few_distinct_numbers_are_named_by_their_value():
    assert group_column(*numeric([1, 2, 2, 4])).labels == ("1", "2", "4")


def test_dates_are_grouped_by_calendar():
    days = pd.Series(pd.date_range("2020-01-01", "2023-12-31", freq="D")).astype("datetime64[ns]")
    grouping = group_column(days, Column("since", Kind.DATETIME))
    assert len(grouping) == 5
    assert all(label.count(":") == 0 for label in grouping.labels)
    rule_rows = [satisfies(condition, days).sum() for condition in grouping.conditions]
    assert rule_rows == grouping.counts.tolist()


def test_text_has_one_group_per_value():
    values = pd.Series(["b", None, "a", "b"], dtype=object)
    grouping = group_column(values, Column("remark", Kind.TEXT, in_model=False))
    assert grouping.labels == ("a", "b", MISSING_LABEL)
    assert grouping.counts.tolist() == [1, 2, 1]


def test_a_column_without_any_value_has_only_the_missing_group_filled():
    grouping = group_column(*numeric([np.nan, np.nan]))
    assert grouping.counts.tolist() == [0, 2]
    assert group_column(*levelled([None], [])).labels == (MISSING_LABEL,)
    assert group_column(*numeric([])).counts.tolist() == [0]


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)), max_size=50), st.integers(2, 9))
def test_the_condition_of_a_group_picks_exactly_its_rows(values, bins):
    series, column = numeric([np.nan if value is None else value for value in values])
    grouping = group_column(series, column, bins=bins)
    for group, condition in enumerate(grouping.conditions):
        assert satisfies(condition, series).tolist() == (grouping.codes == group).tolist()


def test_population_groups_leave_rows_outside():
    ages, _ = numeric([14, 15, 19.5, 20, 99, np.nan])
    grouping = group_by_population(ages, PopulationColumn("age", intervals=((15.0, 20.0), (20.0, None))))
    assert grouping.codes.tolist() == [OUTSIDE, 0, 0, 1, 1, OUTSIDE]
    assert grouping.labels == ("[15, 20)", ">= 20")
    assert grouping.counts.tolist() == [2, 2]


def test_the_product_lists_every_cell_and_its_rule():
    sex, sex_column = levelled(["f", "m", "f"], ["f", "m"])
    age, age_column = numeric([20, 30, 30])
    crossed = product([group_column(sex, sex_column), group_column(age, age_column)])
    assert crossed.labels == (("f", "20"), ("f", "30"), ("m", "20"), ("m", "30"))
    assert crossed.counts.tolist() == [1, 1, 0, 1]
    frame = pd.DataFrame({"sex": sex, "age": age})
    for cell, rule in enumerate(crossed.rules):
        assert apply_rule(rule, frame).tolist() == (crossed.codes == cell).tolist()


def test_a_row_outside_one_grouping_is_outside_the_product():
    inside = Grouping("a", np.array([0, 0]), ("x",), group_column(*levelled(["f"], ["f"])).conditions, ordered=False)
    outside = Grouping("b", np.array([0, OUTSIDE]), ("x",), inside.conditions, ordered=False)
    assert product([inside, outside]).codes.tolist() == [0, OUTSIDE]
    assert product_size([inside, outside]) == 1


def test_groupings_of_different_rows_are_not_crossed():
    one, other = group_column(*levelled(["f"], ["f"])), group_column(*levelled(["f", "f"], ["f"]))
    with pytest.raises(ValueError, match="share their rows"):
        product([one, other])
    with pytest.raises(ValueError, match="at least one"):
        product([])


def test_bounds_are_written_without_needless_digits():
    assert interval_label(0.1, 1_234_567.0) == "[0.1, 1234567)"
    assert interval_label(None, None) == "any value"


def test_codes_beyond_the_groups_are_refused():
    with pytest.raises(ValueError, match="codes must lie"):
        Grouping("a", np.array([1]), ("x",), group_column(*levelled(["f"], ["f"])).conditions, ordered=False)

"""Rules of a table on other rows: planted rules are filled in, kept, or found broken."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.generation.rules import held_rules
from vaeaudit.analysis.rules.find import find_rules
from vaeaudit.data.schema.columns import Kind
from vaeaudit.outputs.table_rules import RuleKind

N = 600


@pytest.fixture(scope="module")
def table(request):
    return request.getfixturevalue("dataset_of")(columns())


def columns():
    rng = np.random.default_rng(1)
    school = rng.choice(["basic", "middle", "high"], N)
    status = rng.choice(["single", "married", "widowed"], N)
    age = rng.integers(20, 80, N).astype(float)
    wage, rent = rng.integers(100, 900, N).astype(float), rng.integers(0, 300, N).astype(float)
    shares = np.where(status == "single", 0, rng.integers(0, 4, N)).astype(str)
    code = pd.Series(school).map({"basic": "1", "middle": "2", "high": "3"}).to_numpy()
    spouse = np.where(status == "married", rng.integers(18, 90, N), np.nan)
    return {
        "school": (school, Kind.CATEGORY),
        "school_code": (code, Kind.CATEGORY),
        "age": (age, Kind.COUNT),
        "months": (age * 12, Kind.COUNT),
        "worked": (np.floor((age - 18) * rng.random(N)), Kind.COUNT),
        "wage": (wage, Kind.COUNT),
        "rent": (rent, Kind.COUNT),
        "income": (wage + rent, Kind.COUNT),
        "status": (status, Kind.CATEGORY),
        "shares": (shares, Kind.CATEGORY),
        "spouse_age": (spouse, Kind.COUNT),
    }


@pytest.fixture(scope="module")
def rules(table):
    return find_rules(table.frame, table.schema)


def held(rules, table, kind, made):
    known = set(made)
    found = [rule for rule in held_rules(rules, table.frame, known) if rule.rule.kind is kind]
    return found, known


def test_a_column_that_repeats_another_is_filled_in(rules, table):
    found, known = held(rules, table, RuleKind.RENAMED, ["school"])
    rows = pd.DataFrame({"school": table.frame["school"].iloc[[3, 4, 5]].reset_index(drop=True)})
    filled = found[0].mend(rows)
    assert "school_code" in known
    assert filled["school_code"].tolist() == table.frame["school_code"].iloc[[3, 4, 5]].tolist()
    assert not found[0].breaks(filled).any()
    wrong = filled.assign(school_code=filled["school_code"].cat.rename_categories({"1": "2", "2": "1"}))
    assert found[0].breaks(wrong).sum() == (wrong["school"] != "high").sum()


def test_another_unit_is_computed_for_values_that_the_table_does_not_have(rules, table):
    found, _ = held(rules, table, RuleKind.SCALED, ["age"])
    filled = found[0].mend(pd.DataFrame({"age": [25.0, 25.5, np.nan]}))
    assert filled["months"].tolist()[:2] == [300.0, 306.0]
    assert np.isnan(filled["months"][2])


def test_a_sum_is_filled_in_and_a_wrong_one_is_found(rules, table):
    found, _ = held(rules, table, RuleKind.SUM, ["wage", "rent", "income"])
    rows = pd.DataFrame({"wage": [10.0, 20.0], "rent": [1.0, 2.0], "income": [11.0, 99.0]})
    assert found[0].breaks(rows).tolist() == [False, True]
    assert found[0].mend(rows)["income"].tolist() == [11.0, 22.0]


def test_an_order_with_a_distance_is_kept(rules, table):
    found, _ = held(rules, table, RuleKind.ORDER, ["age", "worked"])
    rows = pd.DataFrame({"age": [30.0, 30.0, np.nan], "worked": [11.0, 12.0, 50.0]})
    assert found[0].breaks(rows).tolist() == [False, True, False]


def test_levels_that_leave_no_choice_and_cells_missing_by_rule_are_found_broken(rules, table):
    made = ["status", "shares", "spouse_age"]
    implies, _ = held(rules, table, RuleKind.IMPLIES, made)
    rows = table.frame[made].iloc[:50].reset_index(drop=True)
    assert not implies[0].breaks(rows).any()
    single = rows["status"] == "single"
    broken = rows.assign(shares=pd.Categorical(["1"] * 50, categories=rows["shares"].cat.categories))
    assert implies[0].breaks(broken).tolist() == single.tolist()
    mended = implies[0].mend(broken)
    assert not implies[0].breaks(mended).any()
    assert (mended["shares"] == np.where(single, "0", "1")).all()
    only, _ = held(rules, table, RuleKind.ONLY_WHERE, made)
    assert not only[0].breaks(rows).any()
    everywhere = rows.assign(spouse_age=40.0)
    assert only[0].breaks(everywhere).tolist() == (rows["status"] != "married").tolist()
    assert (only[0].mend(everywhere)["spouse_age"].isna() == (rows["status"] != "married")).all()


def test_rules_of_columns_that_are_not_made_are_left_out(rules, table):
    assert held_rules(rules, table.frame, {"rent"}) == ()


def test_a_date_that_follows_from_another_lies_on_a_day_if_all_of_them_do(dataset_of):
    started = np.datetime64("2020-01-06") + (7 * np.random.default_rng(0).integers(0, 200, N)).astype("timedelta64[D]")
    table = dataset_of({"start": (started, Kind.DATETIME), "end": (started + np.timedelta64(3, "D"), Kind.DATETIME)})
    rules = find_rules(table.frame, table.schema)
    mend = held_rules(rules, table.frame, {"start"})[0].mend
    between = pd.DataFrame({"start": pd.to_datetime(["2020-02-03 00:00:00", "2020-02-05 07:31:12"]).as_unit("ns")})
    days = mend(between)["end"]
    assert days.eq(days.dt.normalize()).all()
    assert days.dt.day_of_week.eq(3).all()

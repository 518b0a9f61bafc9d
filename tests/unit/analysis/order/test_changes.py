from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.order.changes import find_changes
from vaeaudit.analysis.order.orders import sorted_by
from vaeaudit.config import AnalysisConfig, ReadConfig
from vaeaudit.data.reading.load import load
from vaeaudit.outputs.changes import ROW_ORDER, told_by_changes

ROWS = 2_000


@pytest.fixture
def table():
    """Made-up rows of two years, some three a day, in which nothing changes."""
    rng = np.random.default_rng(5)
    day = pd.Timestamp("2013-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 730, ROWS)), unit="D")
    return pd.DataFrame(
        {
            "asked": day,
            "sent": day + pd.to_timedelta(rng.integers(0, 5, ROWS), unit="D"),
            "income": rng.normal(50, 9, ROWS).round(1),
            "wet": rng.choice(["yes", "no"], ROWS),
            "paid": np.where(rng.random(ROWS) < 0.4, "yes", "no"),
        }
    )


def changes_of(frame, *, shuffled=True, **options):
    frame = frame.sample(frac=1, random_state=1) if shuffled else frame
    dataset = load(frame.reset_index(drop=True), ReadConfig(label="paid", **options))
    return find_changes(dataset.frame, dataset.schema, AnalysisConfig()), dataset


def steps(found):
    return [change for change in found if change.shape == "step"]


def test_nothing_is_told_of_a_table_that_does_not_change(table):
    assert changes_of(table)[0] == ()


def test_a_label_that_is_constant_since_a_day_is_told_once_with_the_counts_that_pandas_gives(table):
    table.loc[table["asked"] >= "2014-08-04", "paid"] = "yes"
    (change,) = steps(changes_of(table)[0])
    before, after = (table[table["asked"] < "2014-08-04"], table[table["asked"] >= "2014-08-04"])
    assert (change.along, change.alike, change.column, change.at) == (
        "asked",
        ("sent",),
        "paid",
        str(after["asked"].min().date()),
    )
    assert (change.before.n, change.before.hits) == (len(before), (before["paid"] == "yes").sum())
    assert (change.after.n, change.after.hits, change.after.value) == (len(after), len(after), 1.0)
    assert change.rule.value == ["yes"]
    assert change.ci[0] <= change.at <= change.ci[1]


def test_a_column_that_is_filled_since_a_day_is_told_by_its_missing_cells(table):
    table.loc[table["asked"] < "2013-10-01", "income"] = np.nan
    (change,) = steps(changes_of(table)[0])
    assert (change.column, change.aspect, change.rule.op) == ("income", "missing", "missing")
    assert (change.before.value, change.after.value) == (1.0, 0.0)


def test_a_number_in_another_unit_is_told(table):
    table.loc[table["asked"] >= "2014-01-01", "income"] *= 2.54
    (change,) = steps(changes_of(table)[0])
    assert (change.column, change.at, change.rule.op) == ("income", "2014-01-01", "between")


def test_a_label_that_swaps_its_meaning_is_seen_where_a_column_parts_the_rows(table):
    late = table["asked"] >= "2014-01-01"
    table["paid"] = np.where((table["wet"] == "yes") ^ late, "yes", "no")
    (change,) = steps(changes_of(table)[0])
    assert [condition.column for condition in change.within] == ["wet"]
    assert {change.before.value, change.after.value} == {0.0, 1.0}
    among = late & table["wet"].isin(change.within[0].value)
    assert change.at == str(table.loc[among, "asked"].min().date())


def test_a_date_of_birth_and_a_clock_are_no_change(table):
    frame = table.assign(year=table["asked"].dt.year + (table["asked"].dt.month > 6), dob=table["asked"])
    frame.loc[frame["dob"] >= "2014-01-01", "wet"] = "yes"
    found, _ = changes_of(frame.drop(columns=["asked", "sent"]))
    assert [change for change in found if change.along == "dob"] == []
    found, _ = changes_of(table.assign(number=np.arange(ROWS) // 3))
    assert steps(found) == []


def test_rows_that_stand_sorted_are_told_by_the_order_of_the_file(table):
    frame = table.sort_values("paid")
    found, dataset = changes_of(frame.drop(columns=["asked", "sent"]), shuffled=False)
    assert [(change.along, change.column, change.shape) for change in found] == [(ROW_ORDER, "paid", "split")]
    assert sorted_by(dataset.frame, dataset.schema) == ("paid",)


def test_pairs_of_a_date_and_what_changes_along_it_are_told(table):
    table.loc[table["asked"] >= "2014-08-04", "paid"] = "yes"
    found = steps(changes_of(table)[0])
    pairs = {frozenset(pair) for pair in (("asked", "paid"), ("sent", "paid"), ("asked", "sent"))}
    assert told_by_changes(found) == pairs
    assert told_by_changes(replace(change, along=ROW_ORDER) for change in found) == frozenset()


def test_a_stretch_between_two_changes_is_named_by_its_days_so_that_pandas_counts_the_same(table):
    between = (table["asked"] >= "2013-08-01") & (table["asked"] < "2014-02-01")
    table.loc[between, "paid"] = "yes"
    first, second = sorted(steps(changes_of(table)[0]), key=lambda change: change.at)
    inside = table[(table["asked"] >= first.after.start) & (table["asked"] <= first.after.end)]
    assert (first.after.n, first.after.hits) == (len(inside), len(inside))
    assert f"before {first.after.start} (" in first.statement
    assert f"of the {len(inside)} from {first.after.start} to {first.after.end} (" in first.statement
    assert f"rows from {second.before.start} to {second.before.end} (" in second.statement
    assert second.statement.count("since (") == 1

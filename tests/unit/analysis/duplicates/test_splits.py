from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.duplicates.splits import compare_splits
from vaeaudit.analysis.grouping.together import rows_together
from vaeaudit.data.schema.columns import Kind, Role

N = 1_000


def columns(rng, n_rows=N):
    """A number, a count, an ordinal, a category with many rare levels, a date, and a number of the row."""
    job = rng.choice(200, n_rows, p=(1 / np.arange(1, 201)) / (1 / np.arange(1, 201)).sum())
    return {
        "row": (np.arange(n_rows), Kind.COUNT),
        "x": (rng.normal(size=n_rows), Kind.REAL),
        "visits": (rng.poisson(2, n_rows), Kind.COUNT),
        "job": ([f"job {code}" for code in job], Kind.CATEGORY),
        "day": (pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 700, n_rows), "D"), Kind.DATETIME),
    }


def compared(build, table, split):
    inputs = build(table | {"part": (split, Kind.CATEGORY, Role.SPLIT)}, np.zeros((len(split), 1)))
    return compare_splits(inputs, rows_together(inputs), confidence=0.95)


def test_random_splits_do_not_differ(build):
    for seed in range(50):
        rng = np.random.default_rng(seed)
        split = rng.choice(["train", "valid", "test"], 300, p=[0.6, 0.2, 0.2])
        for found in compared(build, columns(rng, 300), split):
            assert (found.columns, found.in_time, found.overlaps, found.groups) == ((), (), (), ())
            assert not any(level.surely for level in found.unseen)


def test_a_column_that_differs_is_told_with_where_it_does(build):
    rng = np.random.default_rng(0)
    split = rng.choice(["train", "test"], N, p=[0.7, 0.3])
    table = columns(rng)
    table["x"] = (table["x"][0] + (split == "test"), Kind.REAL)
    (found,) = compared(build, table, split)
    (differing,) = found.columns
    assert (found.split, found.other, differing.name, differing.statistic) == ("test", "train", "x", "ks")
    assert differing.distance > 0.3
    assert "in test" in differing.differs and "in train" in differing.differs
    assert found.compared == 4  # not the number of the row


def test_what_is_trained_on_is_the_split_of_that_name_or_the_largest(build):
    rng = np.random.default_rng(1)
    split = np.repeat(["test", "train"], [700, 300])
    assert [found.other for found in compared(build, columns(rng), split)] == ["train"]
    split = np.repeat(["a", "b", "c"], [200, 500, 300])
    assert [(found.split, found.other) for found in compared(build, columns(rng), split)] == [("a", "b"), ("c", "b")]


def test_a_level_that_is_not_trained_on_is_told_and_a_rare_one_counted(build):
    rng = np.random.default_rng(2)
    split = np.array(["train"] * 800 + ["test"] * 200)
    city = np.array(["north"] * 780 + ["south"] * 200 + ["west"] * 19 + ["isle"])
    (found,) = compared(build, columns(rng) | {"city": (city, Kind.CATEGORY)}, split)
    told = {level.level: (level.rows, level.surely) for level in found.unseen if level.column == "city"}
    assert told == {"west": (19, True), "isle": (1, False)}
    assert found.unseen_rows >= 20


@pytest.mark.parametrize(("ends", "rows"), [(800, 0), (810, 10)])
def test_a_split_in_time_overlaps_or_does_not_and_its_date_is_no_difference(build, ends, rows):
    rng = np.random.default_rng(3)
    days = np.arange(N)
    days[:800] = np.arange(800) + (ends - 800)
    moments = pd.Timestamp("2020-01-01") + pd.to_timedelta(days, "D")
    table = columns(rng) | {"day": (moments, Kind.DATETIME)}
    (found,) = compared(build, table, np.array(["train"] * 800 + ["test"] * 200))
    assert (found.in_time, found.columns) == (("day",), ())
    assert [overlap.rows for overlap in found.overlaps] == [rows] * bool(rows)
    assert all(overlap.begins == "2022-03-11" for overlap in found.overlaps)


def test_groups_that_both_splits_hold_are_counted(build):
    rng = np.random.default_rng(4)
    home = np.array([None] * 10 + [f"h{place // 2}" for place in range(N - 10)])
    split = np.array(["train", "test"])[(np.arange(N) >= 811).astype(int)]
    (found,) = compared(build, columns(rng) | {"home": (home, Kind.CATEGORY, Role.GROUP)}, split)
    (shared,) = found.groups
    assert (shared.column, shared.groups, shared.rows) == ("home", 1, 1)


def test_copies_are_no_evidence_that_splits_differ(build):
    rng = np.random.default_rng(5)
    told = {1: 0, 30: 0}
    for times in told:
        for _ in range(20):
            base = np.repeat(np.arange(40), times)
            split = np.where(base < 24, "train", "test")
            table = {f"x{place}": (rng.normal(size=40)[base], Kind.REAL) for place in range(3)}
            inputs = build(table | {"part": (split, Kind.CATEGORY, Role.SPLIT)}, np.zeros((len(base), 1)))
            told[times] += sum(len(found.columns) for found in compare_splits(inputs, base, confidence=0.95))
    assert told == {1: 0, 30: 0}


def test_without_two_splits_there_is_nothing_to_compare(build):
    rng = np.random.default_rng(6)
    assert compared(build, columns(rng), np.array(["train"] * N)) == ()
    inputs = build(columns(rng), np.zeros((N, 1)))
    assert compare_splits(inputs, np.arange(N), confidence=0.95) == ()

"""What goes with a column, and the group of it in which the label differs."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.analysis.quality.associations import LISTED, MOST_COLUMNS, label_differences, strongest_associations
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind, Role

N = 3_000


@pytest.fixture(scope="module")
def table(build):
    rng = np.random.default_rng(0)
    size = rng.normal(size=N)
    town = rng.choice([f"town {place}" for place in range(60)], N).astype(object)
    columns = {
        "size": (size, Kind.REAL),
        "weight": (0.9 * size + np.sqrt(1 - 0.81) * rng.normal(size=N), Kind.REAL),
        "class": (np.where(size > 1, "large", "small").astype(object), Kind.CATEGORY),
        "town": (town, Kind.CATEGORY),
        "noise": (np.where(rng.random(N) < 0.2, np.nan, rng.normal(size=N)), Kind.REAL),
        "words": ([f"word {place}" for place in range(N)], Kind.TEXT),
        "paid": (np.where((town == "town 7") | (rng.random(N) < 0.2), "yes", "no"), Kind.BOOLEAN, Role.LABEL),
    }
    return build(columns, rng.normal(size=(N, 1)))


def test_numbers_and_levels_are_ranked_on_one_scale(table):
    found, notes = strongest_associations(table.frame, table.schema, 0)
    assert [each.column for each in found["size"]] == ["class", "weight"]
    assert found["size"][1].strength == pytest.approx(0.9, abs=0.02)
    assert found["size"][0].strength > 0.95
    assert notes == ()


def test_what_chance_explains_is_left_out(table):
    found, _ = strongest_associations(table.frame, table.schema, 0)
    assert found["noise"] == ()
    assert "words" not in found


def test_independent_tables_seldom_have_any_association(build):
    told = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        columns = {f"x{place}": (rng.normal(size=200), Kind.REAL) for place in range(4)}
        columns |= {f"c{size}": (rng.integers(0, size, 200).astype(str), Kind.CATEGORY) for size in (2, 9, 50)}
        inputs = build(columns, np.zeros((200, 1)))
        told += any(strongest_associations(inputs.frame, inputs.schema, 0)[0].values())
    assert told <= 5


def test_a_wide_table_is_compared_on_its_first_columns_and_says_so(build):
    shared = np.random.default_rng(0).normal(size=(200, 1))
    values = shared + 0.5 * np.random.default_rng(1).normal(size=(200, MOST_COLUMNS + 3))
    inputs = build({f"x{place}": (column, Kind.REAL) for place, column in enumerate(values.T)}, shared)
    found, notes = strongest_associations(inputs.frame, inputs.schema, 0)
    assert len(found) == MOST_COLUMNS
    assert len(found["x0"]) == LISTED
    assert notes == (f"Associations were measured among the first {MOST_COLUMNS} columns; 3 others were left out.",)


def test_the_group_whose_label_differs_most_is_named_with_an_interval_that_holds_for_all_groups(table):
    found = label_differences(table.frame, table.schema, AnalysisConfig())
    town = found["town"]
    assert (town.outcome, town.group, town.rate) == ("paid = yes", "town 7", 1.0)
    assert town.ci.low <= town.difference <= town.ci.high
    assert town.ci.low > 0.6
    assert town.ci.level == pytest.approx(1 - 0.05 / 60)
    assert "paid" not in found


def test_columns_that_have_nothing_to_do_with_the_label_seldom_differ(build):
    differs = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        columns = {
            "x": (rng.integers(0, 9, 300).astype(str), Kind.CATEGORY),
            "y": (rng.choice(["a", "b", "c"], 300), Kind.CATEGORY, Role.LABEL),
        }
        inputs = build(columns, np.zeros((300, 1)))
        interval = label_differences(inputs.frame, inputs.schema, AnalysisConfig())["x"].ci
        differs += interval.low > 0 or interval.high < 0
    assert differs <= 9


def test_of_two_groups_the_smaller_one_is_named(table):
    assert label_differences(table.frame, table.schema, AnalysisConfig())["class"].group == "large"


def test_a_table_without_label_has_no_differences(build):
    inputs = build({"a": (np.arange(50), Kind.REAL)}, np.zeros((50, 1)))
    assert label_differences(inputs.frame, inputs.schema, AnalysisConfig()) == {}

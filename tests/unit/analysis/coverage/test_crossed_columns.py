from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.analysis.coverage.axes import Pooled, population_axes, search_axes
from vaeaudit.analysis.coverage.crossed_columns import (
    DEFINITION,
    MIN_EXPECTED,
    TRIPLE_COLUMNS,
    CrossedColumns,
    against_margins,
    against_shares,
    crossings,
    defining_pairs,
    pair_tables,
)
from vaeaudit.data.population_shares import Population, PopulationColumn
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.statistics.association import uncertainty_coefficient


@pytest.fixture
def axes_of(build):
    def built(**columns):
        rows = len(next(iter(columns.values()))[0])
        inputs = build(columns, np.zeros((rows, 1)))
        return search_axes(inputs.frame, inputs.schema)[0]

    return built


def levels(rng, names, rows=1_000):
    return rng.choice(names, rows), Kind.CATEGORY


@pytest.mark.parametrize("cell", [0.02, 0.05, 0.1])
def test_a_gap_is_never_taken_for_a_definition(cell):
    strongest = 0.0
    for first in np.linspace(cell, 1, 200)[1:-1]:
        second = cell / first
        joint = np.array([[cell * 0.1, first - cell], [second - cell, 1 - first - second + cell]])
        strongest = max(strongest, uncertainty_coefficient((joint * 1e6).round().astype(np.int64)))
    assert strongest < 0.15 < DEFINITION


def test_a_column_that_determines_another_is_a_definition(axes_of):
    rng = np.random.default_rng(0)
    city, _ = levels(rng, ["a", "b", "c", "d"])
    north = np.isin(city, ["a", "b"]).astype(str)
    axes = axes_of(city=(city, Kind.CATEGORY), north=(north, Kind.BOOLEAN), plan=levels(rng, ["x", "y"]))
    assert defining_pairs(pair_tables(axes)) == {(0, 1)}


def test_only_cells_that_could_be_found_short_are_tested(axes_of):
    rng = np.random.default_rng(0)
    axes = axes_of(a=(rng.choice(["x", "y"], 400, p=[0.05, 0.95]), Kind.CATEGORY), b=(rng.normal(size=400), Kind.REAL))
    (pair,) = against_margins(axes, pair_tables(axes), set())
    _, cells = pair.tested()
    assert 0 < cells.observed.size < len(axes[0].many.sets) * len(axes[1].many.sets)
    assert cells.expected.min() >= MIN_EXPECTED


def test_skipped_pairs_are_crossed_in_no_block(axes_of):
    rng = np.random.default_rng(0)
    axes = axes_of(**{name: levels(rng, ["x", "y"]) for name in "abcd"})
    assert {pair.axes for pair in crossings(axes, 2, {(0, 1)})} == {(0, 2), (0, 3), (1, 2), (1, 3), (2, 3)}
    assert {triple.axes for triple in crossings(axes, 3, {(0, 1)})} == {(0, 2, 3), (1, 2, 3)}


def test_triples_are_crossed_among_the_first_columns_only(axes_of):
    rng = np.random.default_rng(0)
    axes = axes_of(**{f"c{number:02d}": levels(rng, ["x", "y"], 60) for number in range(TRIPLE_COLUMNS + 2)})
    assert max(max(triple.axes) for triple in crossings(axes, 3)) == TRIPLE_COLUMNS - 1


def test_groups_of_a_triple_are_told_in_the_groups_of_its_axes(axes_of):
    rng = np.random.default_rng(0)
    axes = axes_of(
        a=(rng.normal(size=2_000), Kind.REAL), b=levels(rng, ["x", "y"], 2_000), c=levels(rng, ["x", "y"], 2_000)
    )
    triple = list(against_margins(axes, pair_tables(axes), set()))[-1]
    fine = triple.crossed.on_axes(tuple(mask[0] for mask in triple.masks))
    assert [group.size for group in fine] == [axis.groups for axis in axes]
    members = [np.isin(axis.codes, np.flatnonzero(group)) for axis, group in zip(axes, fine, strict=True)]
    assert np.logical_and.reduce(members).sum() == triple.cells(triple.masks).observed[0]


def test_a_population_expects_its_shares_of_the_rows_in_its_cells(build):
    sex, age = (
        PopulationColumn("sex", levels=("f", "m")),
        PopulationColumn("age", intervals=((0.0, 30.0), (30.0, None))),
    )
    population = Population("p.csv", (sex, age), (0.1, 0.2, 0.3, 0.4))
    columns = {
        "sex": (np.array(["f", "m", "m", None] * 50, dtype=object), Kind.CATEGORY, Role.SENSITIVE),
        "age": (np.array([20.0, 40.0, 20.0, 40.0] * 50), Kind.REAL, Role.SENSITIVE),
    }
    frame = build(columns, np.zeros((200, 1))).frame
    (table,) = against_shares(population_axes(frame, population), population)
    assert table.total == 150
    assert table.expected == pytest.approx(150 * np.array([[0.1, 0.2], [0.3, 0.4]]))
    whole = np.ones((1, 2), dtype=bool)
    assert table.cells((np.array([[True, False]]), whole)).expected == pytest.approx([45])


def test_a_population_of_many_columns_is_crossed_three_at_a_time(build):
    names = ["a", "b", "c", "d"]
    population = Population("p.csv", tuple(PopulationColumn(name, levels=("x", "y")) for name in names), (1 / 16,) * 16)
    rng = np.random.default_rng(0)
    frame = build({name: (*levels(rng, ["x", "y"]), Role.SENSITIVE) for name in names}, np.zeros((1_000, 1))).frame
    tables = against_shares(population_axes(frame, population), population)
    assert [table.crossed.axes for table in tables] == [(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)]


@given(st.integers(0, 10_000))
def test_sums_over_sets_are_those_of_the_rows_counted_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 5, size=int(rng.integers(1, 4))))
    table = rng.integers(0, 9, shape)
    parts = [
        Pooled(
            np.zeros(0, dtype=np.int64), np.eye(groups, dtype=bool), rng.random((int(rng.integers(1, 4)), groups)) < 0.5
        )
        for groups in shape
    ]
    brute = [
        table[np.ix_(*(np.flatnonzero(part.sets[place]) for part, place in zip(parts, places, strict=True)))].sum()
        for places in np.ndindex(*(len(part.sets) for part in parts))
    ]
    assert CrossedColumns(tuple(range(len(parts))), tuple(parts)).sums(table).tolist() == brute

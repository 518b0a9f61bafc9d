from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.analysis.missing.region_axes import search_axes, uncertainty_coefficient
from vaeaudit.analysis.missing.region_blocks import (
    DEFINITION,
    MIN_EXPECTED,
    TRIPLE_COLUMNS,
    defining_pairs,
    pair_blocks,
    pair_tables,
    population_blocks,
    triple_blocks,
)
from vaeaudit.data.population import Population, PopulationColumn
from vaeaudit.data.schema import Kind, Role


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
    (block,) = pair_blocks(axes, pair_tables(axes), set())
    assert 0 < block.masks[0].shape[0] < len(axes[0].candidates) * len(axes[1].candidates)
    assert block.cells(block.masks).expected.min() >= MIN_EXPECTED


def test_skipped_pairs_are_crossed_in_no_block(axes_of):
    rng = np.random.default_rng(0)
    axes = axes_of(**{name: levels(rng, ["x", "y"]) for name in "abcd"})
    assert {block.axes for block in pair_blocks(axes, pair_tables(axes), {(0, 1)})} == {
        (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)
    }  # fmt: skip
    assert {block.axes for block in triple_blocks(axes, {(0, 1)})} == {(0, 2, 3), (1, 2, 3)}


def test_triples_are_crossed_among_the_first_columns_only(axes_of):
    rng = np.random.default_rng(0)
    axes = axes_of(**{f"c{number:02d}": levels(rng, ["x", "y"], 60) for number in range(TRIPLE_COLUMNS + 2)})
    assert max(max(block.axes) for block in triple_blocks(axes, set())) == TRIPLE_COLUMNS - 1


def test_groups_of_a_triple_are_told_in_the_groups_of_its_axes(axes_of):
    rng = np.random.default_rng(0)
    axes = axes_of(
        a=(rng.normal(size=2_000), Kind.REAL), b=levels(rng, ["x", "y"], 2_000), c=levels(rng, ["x", "y"], 2_000)
    )
    (block,) = triple_blocks(axes, set())
    fine = block.on_axes(tuple(mask[0] for mask in block.masks))
    assert [group.size for group in fine] == [axis.groups for axis in axes]
    members = [np.isin(axis.codes, np.flatnonzero(group)) for axis, group in zip(axes, fine, strict=True)]
    assert np.logical_and.reduce(members).sum() == block.cells(block.masks).observed[0]


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
    _, (block,) = population_blocks(frame, population)
    assert block.total == 150
    assert block.expected == pytest.approx(150 * np.array([[0.1, 0.2], [0.3, 0.4]]))
    whole = np.ones((1, 2), dtype=bool)
    assert block.cells((np.array([[True, False]]), whole)).expected == pytest.approx([45])


def test_a_population_of_many_columns_is_crossed_three_at_a_time(build):
    names = ["a", "b", "c", "d"]
    population = Population("p.csv", tuple(PopulationColumn(name, levels=("x", "y")) for name in names), (1 / 16,) * 16)
    rng = np.random.default_rng(0)
    frame = build({name: (*levels(rng, ["x", "y"]), Role.SENSITIVE) for name in names}, np.zeros((1_000, 1))).frame
    _, blocks = population_blocks(frame, population)
    assert [block.axes for block in blocks] == [(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)]

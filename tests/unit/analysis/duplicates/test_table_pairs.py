from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from vaeaudit.analysis.duplicates import table_pairs
from vaeaudit.analysis.duplicates.table_pairs import (
    ALL_NUMBERS,
    ONE_CELL,
    TOLERANCE,
    close_pairs,
    equal_but_one,
    find_table_pairs,
)
from vaeaudit.data.encoding.features import Cells
from vaeaudit.data.schema.columns import Kind

N = 800


def people(rng, n_rows=N):
    """Six numbers that go together and two categories; the latents are what the numbers were made of."""
    latents = rng.normal(size=(n_rows, 3))
    numbers = latents @ rng.normal(size=(3, 6)) + 0.7 * rng.normal(size=(n_rows, 6))
    codes = np.stack([rng.integers(0, 4, n_rows), (latents[:, 0] > 0).astype(int)], axis=1)
    return numbers, codes, np.concatenate([latents, numbers], axis=1)


def searched(build, numbers, codes, latents, splits=None):
    table = {f"x{place}": (column, Kind.REAL) for place, column in enumerate(numbers.T)}
    table |= {f"c{place}": ([f"l{code}" for code in column], Kind.CATEGORY) for place, column in enumerate(codes.T)}
    inputs = build(table, np.zeros((len(latents), 1)))
    splits = np.full(len(latents), -1) if splits is None else splits
    return find_table_pairs(inputs.frame, inputs.schema, latents, splits)


def test_copies_with_jittered_numbers_are_found_and_nothing_else(build):
    rng = np.random.default_rng(1)
    numbers, codes, latents = people(rng)
    rows = rng.choice(N, 40, replace=False)
    moved = numbers[rows] * (1 + rng.uniform(-1e-3, 1e-3, (40, 6)))
    found = searched(
        build,
        np.concatenate([numbers, moved]),
        np.concatenate([codes, codes[rows]]),
        np.concatenate([latents, latents[rows] + 1e-3]),
    )
    planted = {(int(row), N + place) for place, row in enumerate(rows)}
    assert {tuple(pair) for pair in found.near.tolist()} == planted
    assert np.all(np.diff(found.distance) >= 0)
    assert found.distance.max() < 0.01
    assert found.chances[ALL_NUMBERS] > 0.5


def test_copies_with_one_changed_cell_are_found_wherever_their_latents_lie(build):
    rng = np.random.default_rng(2)
    numbers, codes, latents = people(rng)
    rows = rng.choice(N, 30, replace=False)
    changed = numbers[rows].copy()
    changed[np.arange(30), rng.integers(0, 6, 30)] += 3.0
    found = searched(
        build,
        np.concatenate([numbers, changed]),
        np.concatenate([codes, codes[rows]]),
        np.concatenate([latents, rng.normal(size=(30, latents.shape[1]))]),
    )
    assert {tuple(pair) for pair in found.near.tolist()} == {(int(row), N + place) for place, row in enumerate(rows)}
    assert found.chances[ONE_CELL] > 0.9


@pytest.mark.parametrize("seed", range(5))
def test_clean_tables_have_no_near_pairs(build, seed):
    numbers, codes, latents = people(np.random.default_rng(10 + seed))
    found = searched(build, numbers, codes, latents)
    assert (found.near_found, len(found.listed)) == (0, 0)


def test_in_a_coarse_table_nothing_is_listed_and_look_alikes_are_counted(build):
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 4, (N, 5))
    found = searched(build, np.zeros((N, 0)), codes, codes + 0.1 * rng.normal(size=(N, 5)))
    assert found.near_found == 0
    assert found.look_alikes > N / 2
    assert found.chances[ONE_CELL] < 0.05


def test_rows_on_a_smooth_curve_are_no_copies_of_one_another(build):
    rng = np.random.default_rng(4)
    time = np.sort(rng.uniform(0, 6, 2_000))
    numbers = np.stack([np.sin(time + shift) for shift in range(8)], axis=1)
    found = searched(build, numbers, np.zeros((2_000, 1), int), np.stack([np.sin(time), np.cos(time)], axis=1))
    assert found.near_found == 0


def test_all_rows_equal_and_tables_of_twenty_rows_are_no_trouble(build):
    found = searched(build, np.ones((20, 2)), np.zeros((20, 1), int), np.zeros((20, 1)))
    assert found.first.tolist() == [0] * 20
    assert (found.near_found, dict(found.chances)) == (0, {})
    numbers = np.random.default_rng(5).normal(size=(20, 5))
    assert searched(build, numbers, np.zeros((20, 1), int), numbers[:, :1]).near_found == 0


def test_without_an_active_latent_rows_that_differ_in_one_cell_are_still_found(build):
    rng = np.random.default_rng(6)
    numbers = rng.normal(size=(200, 6))
    copy = numbers[:1].copy()
    copy[0, 2] += 1
    both = np.concatenate([numbers, copy])
    found = searched(build, both, np.zeros((201, 1), int), np.zeros((201, 0)))
    assert found.near_found in (0, 1)  # nothing tells how neighbours lie, so nothing need be listed
    assert found.look_alikes + 2 * found.near_found == 2


def test_pairs_across_splits_are_listed_first(build):
    rng = np.random.default_rng(7)
    numbers, codes, latents = people(rng)
    rows = np.arange(10)
    splits = np.zeros(N + 10, np.int64)
    splits[N + 5] = 1
    found = searched(
        build,
        np.concatenate([numbers, numbers[rows] * 1.0001]),
        np.concatenate([codes, codes[rows]]),
        np.concatenate([latents, latents[rows]]),
        splits,
    )
    assert found.listed[0].tolist() == [5, N + 5]
    assert len(found.listed) == 10


@settings(max_examples=60, deadline=None)
@given(arrays.arrays(np.int64, st.tuples(st.integers(2, 12), st.integers(1, 4)), elements=st.integers(0, 2)))
def test_rows_equal_but_for_one_cell_are_those_of_comparing_all_pairs(codes):
    codes = np.unique(codes, axis=0)  # the search looks at rows that are not equal
    numbers = codes[:, :1].astype(float)
    cells = Cells(numbers, codes[:, 1:])
    found = {tuple(pair) for pair in equal_but_one(cells).tolist()}
    left, right = np.triu_indices(len(codes), 1)
    differing = np.count_nonzero(codes[left] != codes[right], axis=1)
    truth = set(zip(left[differing == 1].tolist(), right[differing == 1].tolist(), strict=True))
    assert found <= truth
    assert {row for pair in found for row in pair} == {row for pair in truth for row in pair}


def test_rows_within_tolerance_are_those_of_comparing_all_pairs():
    rng = np.random.default_rng(8)
    numbers, codes, _ = people(rng, 300)
    moved = numbers[:100] / numbers.std(axis=0) + rng.uniform(-TOLERANCE, TOLERANCE, (100, 6))
    both = np.concatenate([numbers / numbers.std(axis=0), moved])
    both[[0, 300], 0] = np.nan
    cells = Cells(both, np.concatenate([codes, codes[:100]]))
    left, right = np.triu_indices(400, 1)
    close = cells.differences(left, right).max(axis=1) <= TOLERANCE
    truth = set(zip(left[close].tolist(), right[close].tolist(), strict=True))
    assert {tuple(pair) for pair in close_pairs(cells).tolist()} == truth
    assert len(truth) >= 100


def test_copies_are_found_where_neighbours_are_sought_among_a_sample(build, monkeypatch):
    monkeypatch.setattr(table_pairs, "MOST_SAMPLED", 200)
    rng = np.random.default_rng(9)
    numbers, codes, latents = people(rng, 2_000)
    moved = numbers[:30] + 0.01 * rng.choice([-1, 1], (30, 6))
    found = searched(
        build,
        np.concatenate([numbers, moved]),
        np.concatenate([codes, codes[:30]]),
        np.concatenate([latents, latents[:30]]),
    )
    assert {tuple(pair) for pair in found.near.tolist()} == {(row, 2_000 + row) for row in range(30)}
    assert searched(build, numbers, codes, latents).near_found == 0

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.duplicates.duplicates import measure_leakage
from vaeaudit.outputs.row_pairs import RowPairs
from vaeaudit.statistics.intervals import wilson


def pairs(first, near=()):
    near = np.array(near, np.int64).reshape(-1, 2)
    return RowPairs(
        first=np.array(first, np.int64),
        near=near,
        distance=np.zeros(len(near)),
        listed=near,
        near_found=len(near),
        look_alikes=0,
        set_aside=0,
        basis="cells",
    )


def leaks(first, splits, near=()):
    return measure_leakage(pairs(first, near), pd.Series(pd.Categorical(splits)), confidence=0.95)


def test_rows_of_the_smaller_split_that_occur_in_the_larger_one_are_counted():
    splits = ["train"] * 6 + ["test"] * 4
    (leak,) = leaks([0, 0, 2, 3, 4, 5, 0, 0, 2, 9], splits)
    assert (leak.split, leak.other, leak.n, leak.exact, leak.near, leak.other_rows) == ("test", "train", 4, 3, 0, 3)
    assert leak.share == 0.75
    assert (leak.ci.low, leak.ci.high) == tuple(map(float, wilson(3, 4)))


def test_a_row_with_an_exact_copy_is_not_counted_again_as_near():
    splits = ["train"] * 4 + ["test"] * 3
    (leak,) = leaks([0, 1, 2, 3, 0, 5, 6], splits, near=[[0, 1], [2, 5]])
    assert (leak.exact, leak.near, leak.other_rows) == (1, 1, 3)


def test_a_copy_of_a_near_copy_counts_as_near():
    splits = ["train", "train", "test", "test", "train"]
    (leak,) = leaks([0, 1, 2, 2, 4], splits, near=[[0, 2]])
    assert (leak.exact, leak.near) == (0, 2)


def test_rows_without_a_split_take_no_part_and_empty_splits_are_not_compared():
    values = pd.Series(pd.Categorical(["train", None, "test", "test"], categories=["train", "val", "test"]))
    (leak,) = measure_leakage(pairs([0, 0, 2, 2]), values, confidence=0.95)
    assert (leak.split, leak.other, leak.n, leak.exact) == ("train", "test", 1, 0)
    nobody = pd.Series(pd.Categorical([None] * 4, categories=["train", "test"]))
    assert measure_leakage(pairs([0, 0, 0, 0]), nobody, confidence=0.95) == ()


def test_one_row_per_split_and_the_pair_that_shares_most_comes_first():
    found = leaks([0, 1, 0], ["a", "b", "c"])
    assert [(leak.exact, {leak.split, leak.other}) for leak in found] == [
        (1, {"a", "c"}),
        (0, {"a", "b"}),
        (0, {"b", "c"}),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_counts_are_those_of_asking_every_row(seed):
    rng = np.random.default_rng(seed)
    keys, codes = rng.integers(0, 40, 60), rng.integers(0, 3, 60)
    first = [keys.tolist().index(key) for key in keys]
    for leak in leaks(first, [f"s{code}" for code in codes]):
        own, other = (codes == int(name[1]) for name in (leak.split, leak.other))
        assert leak.exact == sum(key in keys[other] for key in keys[own])
        assert leak.other_rows == sum(key in keys[own] for key in keys[other])
        assert leak.n == own.sum() <= other.sum()

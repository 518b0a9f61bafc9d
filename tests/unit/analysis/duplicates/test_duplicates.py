from __future__ import annotations

from dataclasses import replace

import numpy as np

from vaeaudit.analysis.duplicates.duplicates import EqualRows, summarise_duplicates
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.outputs.row_pairs import RowPairs


def summed_up(inputs):
    return summarise_duplicates(inputs, confidence=0.95)


def with_pairs(inputs, near, listed, basis="cells"):
    near = np.array(near, np.int64).reshape(-1, 2)
    pairs = RowPairs(
        first=np.arange(len(inputs.frame)),
        near=near,
        distance=np.linspace(0.1, 0.2, len(near)),
        listed=np.array(listed, np.int64).reshape(-1, 2),
        near_found=len(near),
        look_alikes=3,
        set_aside=0,
        basis=basis,
        chance_of=("with one cell changed",),
        chance=np.array([0.75]),
    )
    return replace(inputs, pairs=pairs)


def test_without_a_search_equal_rows_of_a_table_are_still_found_largest_group_first(build):
    values = np.concatenate([np.arange(100.0), [3.0, 3.0, 7.0]])
    found = summed_up(build({"x": (values, Kind.REAL)}, np.zeros((103, 1))))
    assert (found.groups, found.rows_in_groups, found.searched) == (2, 5, False)
    assert found.largest == (EqualRows("row-3", 3), EqualRows("row-7", 2))
    assert [pair.rows for pair in found.pairs] == [("row-3", "row-100"), ("row-3", "row-101"), ("row-7", "row-102")]
    assert all(pair.exact and pair.distance == 0 and pair.differs == () for pair in found.pairs)


def test_of_pictures_nothing_is_concluded_from_their_columns_alone(build):
    inputs = build({"class": (["a"] * 10 + ["b"] * 10, Kind.CATEGORY)}, np.zeros((20, 1)))
    pictures = replace(inputs, codes=replace(inputs.codes, columns=()))
    found = summed_up(pictures)
    assert (found.basis, found.groups, found.searched, found.expected_pairs) == ("pixels", 0, False, 0.0)


def test_near_pairs_name_the_columns_that_differ_and_their_splits(build):
    table = {
        "x": ([1.0, 1.0, 5.0, 9.0], Kind.REAL),
        "job": (["a", "b", "a", "c"], Kind.CATEGORY),
        "part": (["train", "test", "train", None], Kind.CATEGORY, Role.SPLIT),
    }
    inputs = with_pairs(build(table, np.zeros((4, 1))), near=[[0, 1], [2, 3]], listed=[[0, 1], [2, 3]])
    found = summed_up(inputs)
    assert [(pair.differs, pair.splits) for pair in found.pairs] == [
        (("job",), ("train", "test")),
        (("x", "job"), ("train", None)),
    ]
    assert [pair.distance for pair in found.pairs] == [0.1, 0.2]
    assert (found.near_pairs, found.near_rows, found.look_alikes, found.searched) == (2, 4, 3, True)
    assert (dict(found.splits), found.without_split) == ({"test": 1, "train": 2}, 1)
    (leak,) = found.leakage
    assert (leak.split, leak.other, leak.exact, leak.near) == ("test", "train", 0, 1)


def test_a_table_without_a_split_has_no_leakage(build):
    found = summed_up(build({"x": ([1.0, 1.0, 2.0], Kind.REAL)}, np.zeros((3, 1))))
    assert (found.leakage, dict(found.splits), found.without_split) == ((), {}, 0)
    assert found.pairs[0].splits == (None, None)

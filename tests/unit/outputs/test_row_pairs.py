from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.outputs.row_pairs import RowPairs, choose_listed


def pairs(**changes):
    values = {
        "first": np.array([0, 1, 0, 3, 4]),
        "near": np.array([[1, 3]]),
        "distance": np.array([0.1]),
        "listed": np.array([[0, 2], [1, 3]]),
        "near_found": 1,
        "look_alikes": 2,
        "set_aside": 0,
        "basis": "pixels",
        "chance_of": ("saved as JPEG", "trimmed"),
        "chance": np.array([0.5, 1.0]),
    }
    return RowPairs(**{**values, **changes})


def test_pairs_survive_being_written_as_arrays():
    written = pairs().to_arrays()
    assert all(isinstance(array, np.ndarray) and array.dtype != object for array in written.values())
    again = RowPairs.from_arrays(written)
    assert again.chances == {"saved as JPEG": 0.5, "trimmed": 1.0}
    assert (again.basis, again.near_found, again.look_alikes, again.set_aside) == ("pixels", 1, 2, 0)
    assert np.array_equal(again.listed, pairs().listed)
    assert len(again) == 5


def test_no_pairs_survive_it_too():
    none = np.zeros((0, 2), np.int64)
    empty = pairs(
        first=np.arange(5), near=none, distance=np.zeros(0), listed=none, near_found=0, chance_of=(), chance=np.zeros(0)
    )
    again = RowPairs.from_arrays(empty.to_arrays())
    assert again.near.shape == (0, 2)
    assert again.shown_rows().size == 0


def test_the_rows_shown_are_those_of_the_first_listed_pairs():
    assert pairs().shown_rows(1).tolist() == [0, 2]
    assert pairs().shown_rows().tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "changes",
    [
        {"first": np.array([1, 1, 2, 3, 4])},
        {"near": np.array([[1, 9]])},
        {"near": np.array([[2, 3]])},
        {"distance": np.zeros(2)},
        {"listed": np.zeros(2, np.int64)},
        {"basis": "words"},
    ],
)
def test_pairs_that_cannot_be_are_refused(changes):
    with pytest.raises(ValueError, match="must|first"):
        pairs(**changes)


def test_the_list_leaves_room_for_exact_and_for_near_pairs():
    first = np.zeros(200, np.int64)
    first[100:] = np.arange(100, 200)
    near = np.stack([np.arange(100, 140), np.arange(140, 180)], axis=1)
    listed = choose_listed(first, near, np.full(200, -1), 50)
    exact = first[listed[:, 0]] == first[listed[:, 1]]
    assert (len(listed), int(exact.sum())) == (50, 25)
    assert len(choose_listed(first, near[:3], np.full(200, -1), 50)) == 50
    assert len(choose_listed(np.arange(200), near, np.full(200, -1), 50)) == 40
    assert choose_listed(np.arange(4), near[:0], np.full(4, -1)).shape == (0, 2)

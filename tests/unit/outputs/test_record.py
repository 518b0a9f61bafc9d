"""A record checks what its fields declare, and comes back from plain arrays, nested and with any prefix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vaeaudit.outputs.record import Array, BoolArray, FloatArray, IntArray, PixelArray, Record


@dataclass(frozen=True)
class Leaf(Record):
    PREFIX: ClassVar[str] = "leaf_"

    weights: Annotated[FloatArray, Array("A B+1")]
    counts: Annotated[IntArray, Array("A B", "whole numbers", least=0)]
    size: Annotated[int, Array("", "whole numbers", least=1)]


@dataclass(frozen=True)
class Other(Record):
    scale: Annotated[float, Array("", above=0)]
    active: Annotated[BoolArray, Array("L", "true or false")]


@dataclass(frozen=True)
class Whole(Record):
    mean: Annotated[FloatArray, Array("N L")]
    names: Annotated[tuple[str, ...], Array("C", "text")]
    title: Annotated[str, Array("", "text")]
    leaf: Leaf
    either: Leaf | Other
    parts: Annotated[tuple[FloatArray, ...], Array("_ L")]
    others: tuple[Other, ...]
    square: Annotated[FloatArray, Array("K 2*L K*K")]
    pixels: Annotated[PixelArray, Array("_ 3", "bytes")] | None = None
    share: Annotated[float, Array("", least=0, most=1)] | None = None
    nested: Other | None = None


def leaf(**changes: Any) -> Leaf:
    values = {"weights": np.zeros((2, 4)), "counts": np.zeros((2, 3), int), "size": 5}
    return Leaf(**{**values, **changes})


def other(n_latents: int = 3, scale: float = 1.0) -> Other:
    return Other(scale, np.ones(n_latents, bool))


def whole(**changes: Any) -> Whole:
    values: dict[str, Any] = {
        "mean": np.zeros((4, 3)),
        "names": ("größe", "a,b\n"),
        "title": "text",
        "leaf": leaf(),
        "either": other(),
        "parts": (np.ones((2, 3)), np.zeros((0, 3))),
        "others": (other(scale=2.0), other()),
        "square": np.zeros((2, 6, 4)),
    }
    return Whole(**{**values, **changes})


def assert_same(one: Record, two: Record) -> None:
    assert type(one) is type(two)
    first, second = one.to_arrays(), two.to_arrays()
    assert set(first) == set(second)
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name], err_msg=name)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"names": ()},
        {"parts": (), "others": ()},
        {"either": leaf()},
        {"pixels": np.zeros((2, 3), np.uint8), "share": 0.5, "nested": other()},
    ],
)
def test_a_record_comes_back_from_its_arrays_among_others(changes: dict[str, Any]) -> None:
    record = whole(**changes)
    arrays = record.to_arrays("here_")
    assert all(name.startswith("here_") and values.dtype != object for name, values in arrays.items())
    again = Whole.from_arrays({**arrays, "mean": np.zeros(1), "here_else": np.zeros(1)}, "here_")
    assert_same(again, record)
    assert (again.title, again.names, again.share) == (record.title, record.names, record.share)
    assert isinstance(again.leaf.size, int)


def test_arrays_of_a_nested_record_are_named_after_its_field_and_those_of_many_by_their_place() -> None:
    names = set(whole().to_arrays())
    assert {"leaf_weights", "either_scale", "parts_0", "parts_1", "others_1_active", "title"} <= names
    assert set(leaf().to_arrays()) == {"leaf_weights", "leaf_counts", "leaf_size"}


@given(hnp.arrays(np.float64, st.tuples(st.integers(0, 5), st.integers(0, 5)), elements=st.floats(-1e9, 1e9)))
def test_any_finite_array_comes_back(weights: np.ndarray) -> None:
    rows, columns = weights.shape
    wide = np.concatenate([weights, np.zeros((rows, 1))], axis=1)
    record = leaf(weights=wide, counts=np.ones((rows, columns), int))
    assert_same(Leaf.from_arrays(record.to_arrays()), record)
    assert record.letters == {"A": rows, "B": columns}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"weights": np.zeros((2, 3))}, r"weights must have shape \(2, 4\) \(A, B\+1 = 2, 4\), found \(2, 3\)"),
        ({"weights": np.zeros(4)}, "weights must have shape"),
        ({"counts": np.zeros((3, 3), int)}, "counts must have shape"),
        ({"counts": np.full((2, 3), -1)}, "counts must hold whole numbers of at least 0"),
        ({"counts": np.zeros((2, 3))}, "counts must hold whole numbers, found float64"),
        ({"weights": np.full((2, 4), np.nan)}, "weights must hold finite numbers"),
        ({"weights": np.full((2, 4), -np.inf)}, "weights must hold finite numbers"),
        ({"weights": np.full((2, 4), "a")}, "weights must hold numbers, found <U1"),
        ({"size": 0}, "size must hold whole numbers of at least 1"),
        ({"size": 10**30}, "size must hold whole numbers, found object"),
    ],
)
def test_what_a_field_does_not_declare_is_refused_by_its_name(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        leaf(**changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"either": other(4)}, "either must have L = 3, found 4"),
        ({"others": (other(), other(2))}, "others_1 must have L = 3, found 2"),
        ({"parts": (np.ones((2, 4)),)}, "parts_0 must have shape"),
        ({"square": np.zeros((2, 6, 5))}, "square must have shape"),
        ({"pixels": np.zeros((2, 3), np.uint16)}, "pixels must hold bytes"),
        ({"share": 1.5}, "share must hold finite numbers of at least 0 and at most 1"),
    ],
)
def test_sizes_of_one_letter_agree_across_fields_and_what_is_in_them(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        whole(**changes)


def test_an_excluded_bound_is_not_allowed() -> None:
    with pytest.raises(ValueError, match="scale must hold finite numbers above 0"):
        other(scale=0.0)


def test_every_array_that_is_needed_is_missed_by_its_name() -> None:
    arrays = whole().to_arrays()
    for name in arrays.keys() - {"parts_0", "parts_1", "others_0_scale", "others_0_active"}:
        rest = {other_name: values for other_name, values in arrays.items() if other_name != name}
        if name.startswith("others_1"):
            with pytest.raises(ValueError, match=name):
                Whole.from_arrays(rest)
            continue
        with pytest.raises(ValueError, match=f"the array '{name}' is missing"):
            Whole.from_arrays(rest)


def test_a_single_value_must_be_one_and_texts_a_list() -> None:
    arrays = whole().to_arrays()
    for name, broken in (("title", np.array(["a"])), ("names", np.array("a")), ("leaf_size", np.array([1]))):
        with pytest.raises(ValueError, match=name.split("_")[-1]):
            Whole.from_arrays({**arrays, name: broken})


@dataclass(frozen=True)
class HoldsLeaf(Record):
    part: Leaf


@dataclass(frozen=True)
class HoldsOther(Record):
    part: Other


@dataclass(frozen=True)
class HoldsEither(Record):
    held: HoldsLeaf | HoldsOther
    spare: HoldsLeaf | HoldsOther | None = None


@pytest.mark.parametrize("held", [HoldsLeaf(leaf()), HoldsOther(other())])
@pytest.mark.parametrize("spare", [None, HoldsLeaf(leaf()), HoldsOther(other())])
def test_kinds_that_differ_only_in_the_records_they_hold_are_told_apart(held: Any, spare: Any) -> None:
    again = HoldsEither.from_arrays(HoldsEither(held, spare).to_arrays())
    assert_same(again.held, held)
    assert type(again.spare) is type(spare)


def test_the_share_of_a_record_counts_the_arrays_of_those_in_it() -> None:
    arrays = HoldsLeaf(leaf()).to_arrays("here_")
    assert (HoldsLeaf.share_in(arrays, "here_"), HoldsOther.share_in(arrays, "here_")) == (1, 0)
    del arrays["here_part_size"]
    assert HoldsLeaf.share_in(arrays, "here_") == pytest.approx(2 / 3)
    assert HoldsEither.share_in(HoldsEither(HoldsOther(other())).to_arrays()) == 1
    with pytest.raises(ValueError, match="here_part_size' is missing"):
        HoldsLeaf.from_arrays(arrays, "here_")


def test_a_field_without_a_declaration_is_a_mistake_of_the_class() -> None:
    @dataclass(frozen=True)
    class Undeclared(Record):
        values: FloatArray

    with pytest.raises(TypeError, match="values must be declared by Array"):
        Undeclared(np.zeros(1))

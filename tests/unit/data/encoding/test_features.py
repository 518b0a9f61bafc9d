"""Features are standardised numbers, whatever a column holds; equal rows are found, others differ by their cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.column_encoding import CLIP
from vaeaudit.data.encoding.features import (
    LEAST_SPREAD,
    MOST_LEVELS,
    Cells,
    FeatureScaling,
    agreement,
    cells_of,
    first_of_equal_rows,
    fit_features,
)
from vaeaudit.data.reading.load import load
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema

RNG = np.random.default_rng(3)


def dataset_of(columns: dict[str, object], **read: object) -> Dataset:
    return load(pd.DataFrame(columns), ReadConfig(**read))  # type: ignore[arg-type]


def features_of(dataset: Dataset) -> np.ndarray:
    return fit_features(dataset.frame, dataset.schema).encode(dataset.frame, dataset.schema)


def test_numbers_are_standardised_and_clipped() -> None:
    numbers = RNG.normal(50, 7, 1000)
    numbers[0] = 1e12
    features = features_of(dataset_of({"a": numbers}))
    assert features[0, 0] == CLIP
    assert np.median(features) == pytest.approx(0, abs=0.3)
    assert np.percentile(features, 84) - np.percentile(features, 16) > 0.2


def test_numbers_of_any_size_stay_finite() -> None:
    numbers = RNG.normal(size=200)
    numbers[:3] = [1.7e308, -1.7e308, 5e-324]
    assert np.isfinite(features_of(dataset_of({"a": numbers, "b": numbers / 2}))).all()


def test_a_column_that_hardly_varies_keeps_its_rare_values_apart() -> None:
    numbers = np.zeros(1000)
    numbers[:5] = 3.5
    features = features_of(dataset_of({"a": numbers, "b": RNG.normal(size=1000)}, kinds={"a": "real"}))
    assert features[:5, 0].min() > 10
    assert np.abs(features[5:, 0]).max() < 0.1


def test_missing_numbers_are_zero_and_marked() -> None:
    numbers = RNG.normal(size=400)
    numbers[:100] = np.nan
    features = features_of(dataset_of({"a": numbers, "b": RNG.normal(size=400)}))
    assert features.shape == (400, 3)
    assert (features[:100, 0] == 0).all()
    assert features[0, 1] > features[-1, 1]


def test_a_rare_level_lies_no_farther_out_than_two_spreads() -> None:
    levels = np.array(["common"] * 1990 + ["rare"] * 10)
    features = features_of(dataset_of({"a": levels, "b": RNG.normal(size=2000)}))
    assert np.abs(features[:, :2]).max() <= 1 / LEAST_SPREAD


def test_ordinal_levels_keep_their_order_and_many_levels_are_bounded() -> None:
    grades = RNG.choice(["low", "mid", "high"], 300)
    many = [f"level {place}" for place in RNG.integers(0, 100, 300)]
    levels = {"grade": ["low", "mid", "high"]}
    dataset = dataset_of({"grade": grades, "many": many}, levels=levels, kinds={"many": "category"})
    scaling = fit_features(dataset.frame, dataset.schema)
    assert list(scaling.sizes) == [1, MOST_LEVELS]
    first = scaling.encode(dataset.frame, dataset.schema)[:, 0]
    means = [first[grades == grade].mean() for grade in ("low", "mid", "high")]
    assert means == sorted(means)


def test_levels_never_seen_have_no_feature_of_their_own() -> None:
    dataset = dataset_of({"a": RNG.choice(["x", "y", "z"], 300), "b": RNG.normal(size=300)})
    scaling = fit_features(dataset.frame, dataset.schema)
    other = dataset.frame.head(3).copy()
    other["a"] = pd.Categorical(["new", None, "x"], categories=[*dataset.schema["a"].levels, "new"])
    features = scaling.encode(other, dataset.schema)
    np.testing.assert_array_equal(features[0, :3], features[1, :3])
    assert not np.array_equal(features[0, :3], features[2, :3])


def test_the_scaling_survives_its_arrays() -> None:
    dataset = dataset_of({"a": RNG.choice(["x", "y", "z"], 300), "b": RNG.normal(size=300)})
    scaling = fit_features(dataset.frame, dataset.schema)
    again = FeatureScaling.from_arrays(scaling.to_arrays())
    given = (dataset.frame, dataset.schema)
    np.testing.assert_array_equal(again.encode(*given), scaling.encode(*given))


def test_shapes_that_disagree_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        FeatureScaling(np.array([2]), np.array([False]), np.zeros(3), np.ones(3))


def first(inputs):
    return first_of_equal_rows(inputs.frame, inputs.schema).tolist()


def test_the_id_identifiers_and_the_split_do_not_make_copies_different(build):
    table = {
        "id": ([f"p{k}" for k in range(4)], Kind.IDENTIFIER, Role.ID),
        "token": ([f"t{k}" for k in range(4)], Kind.IDENTIFIER),
        "part": (["train", "test", "train", "test"], Kind.CATEGORY, Role.SPLIT),
        "x": ([1.0, 1.0, 2.0, 3.0], Kind.REAL),
    }
    assert first(build(table, np.zeros((4, 1)))) == [0, 0, 2, 3]


def test_missing_equals_missing_and_text_is_compared_too(build):
    table = {"x": ([np.nan, np.nan, np.nan], Kind.REAL), "note": (["a", "a", "b"], Kind.TEXT)}
    assert first(build(table, np.zeros((3, 1)))) == [0, 0, 2]


def test_a_table_of_nothing_but_an_id_has_no_copies(build):
    assert first(build({"id": (["a", "a", "b"], Kind.IDENTIFIER, Role.ID)}, np.zeros((3, 1)))) == [0, 1, 2]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from([0.0, -0.0, 1.0, None]), st.sampled_from(["a", "b", None])), max_size=30))
def test_the_first_of_equal_rows_is_that_of_comparing_rows_one_by_one(rows):
    frame = pd.DataFrame(
        {
            "x": pd.Series([np.nan if x is None else x for x, _ in rows], dtype=np.float64),
            "c": pd.Series(pd.Categorical([c for _, c in rows], categories=["a", "b"])),
        }
    )
    schema = Schema((Column("x", Kind.REAL), Column("c", Kind.CATEGORY, levels=("a", "b"))))
    assert first_of_equal_rows(frame, schema).tolist() == [rows.index(row) for row in rows]


def test_numbers_are_compared_in_standard_deviations_that_one_huge_value_does_not_stretch(build):
    values = np.concatenate([np.random.default_rng(0).normal(50, 4, 500), [1e308, -1e308]])
    inputs = build({"x": (values, Kind.REAL)}, np.zeros((502, 1)))
    cells = cells_of(inputs.frame, inputs.schema)
    assert cells.numbers[:500].std() == pytest.approx(1, abs=0.05)
    assert np.isfinite(cells.numbers[:500]).all()


def test_date_times_are_numbers_and_columns_of_one_value_do_no_harm(build):
    table = {
        "since": (["2024-01-01", "2024-01-03", None], Kind.DATETIME),
        "x": ([7.0, 7.0, 7.0], Kind.REAL),
        "all_missing": ([np.nan] * 3, Kind.REAL),
    }
    inputs = build(table, np.zeros((3, 1)))
    cells = cells_of(inputs.frame, inputs.schema)
    assert cells.n_columns == 3
    apart = cells.differences(np.array([0, 0]), np.array([1, 2]))
    assert apart.tolist() == [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]


def test_agreement_is_the_share_of_pairs_that_agree():
    numbers = np.array([[0.0], [0.04], [1.0], [np.nan], [np.nan]])
    codes = np.array([[0], [0], [0], [1], [2]])
    assert agreement(Cells(numbers, codes), 0.05) == pytest.approx([2 / 10, 3 / 10])
    assert agreement(Cells(numbers, codes), 0.0) == pytest.approx([1 / 10, 3 / 10])

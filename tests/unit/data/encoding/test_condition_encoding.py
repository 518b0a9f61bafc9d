"""What the model is given: levels one-hot, numbers standardised, a place for missing cells, and what stands in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.condition_encoding import ConditionEncoding, fit_condition
from vaeaudit.data.encoding.table_encoding import fit_encoding
from vaeaudit.data.schema.columns import Kind, Schema
from vaeaudit.errors import InputError

COLUMNS = {
    "sex": (["m", "f", "f", None] * 25, Kind.CATEGORY),
    "grade": (["a", "b", "c", "c"] * 25, Kind.ORDINAL),
    "age": ([20.0, 40.0, np.nan, 60.0] * 25, Kind.REAL),
    "pay": ([1.0, 2.0, 3.0, 4.0] * 25, Kind.REAL),
}


def given(dataset: Dataset, *names: str) -> Dataset:
    columns = (replace(column, given=column.name in names) for column in dataset.schema)
    return replace(dataset, schema=Schema(tuple(columns)))


@pytest.fixture
def dataset(dataset_of: Callable[..., Dataset]) -> Dataset:
    return given(dataset_of(COLUMNS), "sex", "grade", "age")


@pytest.fixture
def condition(dataset: Dataset) -> ConditionEncoding:
    found = fit_condition(dataset.frame, dataset.schema)
    assert found is not None
    return found


def test_levels_are_one_hot_numbers_standardised_and_missing_cells_have_a_place(
    dataset: Dataset, condition: ConditionEncoding
) -> None:
    rows = condition.encode(dataset.frame.iloc[:4])
    spread = np.std([20, 40, 60])
    np.testing.assert_allclose(
        rows,
        [
            [0, 1, 0, 1, 0, 0, -20 / spread, 0],
            [1, 0, 0, 0, 1, 0, 0, 0],
            [1, 0, 0, 0, 0, 1, 0, 1],
            [0, 0, 1, 0, 0, 1, 20 / spread, 0],
        ],
        rtol=1e-6,
    )
    assert condition.n_features == 8
    assert [part for _, part in condition.parts()] == [slice(0, 3), slice(3, 6), slice(6, 8)]


def test_what_is_not_known_counts_as_the_usual_value(condition: ConditionEncoding) -> None:
    frame = pd.DataFrame(
        {
            "sex": pd.Categorical(["x", None], ["f", "m", "x"]),
            "grade": pd.Categorical([None, "d"], ["a", "b", "c", "d"]),
            "age": [np.nan, 1e308],
        }
    )
    unknown, missing = condition.encode(frame)
    np.testing.assert_array_equal(condition.usual, [1, 0, 0, 0, 0, 1, 0, 0])
    np.testing.assert_array_equal(unknown, [1, 0, 0, 0, 0, 1, 0, 1])
    np.testing.assert_array_equal(missing, [0, 0, 1, 0, 0, 1, 20, 0])


def test_what_is_given_is_not_decoded_and_is_still_among_the_columns(dataset: Dataset) -> None:
    encoding = fit_encoding(dataset, max_levels=255)
    assert set(encoding.names) == set(COLUMNS)
    assert encoding.decoded.names == ("pay",)
    rows = encoding.encode_for_latents(dataset.frame)
    assert [part.shape[1] for part in rows.arrays()] == [0, 1, 1, 8]
    taken = rows.take(np.array([3]))
    assert taken.condition is not None
    np.testing.assert_array_equal(taken.condition[0], rows.arrays()[-1][3])
    assert encoding.encode(dataset.frame).condition is None


def test_without_a_given_column_the_rows_are_what_they_were(dataset_of: Callable[..., Dataset]) -> None:
    plain = dataset_of(COLUMNS)
    encoding = fit_encoding(plain, max_levels=255)
    assert encoding.condition is None
    assert encoding.decoded is encoding
    assert len(encoding.encode_for_latents(plain.frame).arrays()) == 3


def test_something_must_be_left_to_decode(dataset: Dataset) -> None:
    with pytest.raises(InputError, match="no column is left for the model"):
        fit_encoding(given(dataset, *COLUMNS), max_levels=255)

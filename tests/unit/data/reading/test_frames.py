"""A DataFrame of any library is read as the same data from pandas would be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from vaeaudit.config import ReadConfig
from vaeaudit.data.reading.load import load
from vaeaudit.data.reading.load_like import load_like
from vaeaudit.errors import UsageError

N = 40
CELLS: dict[str, list[Any]] = {
    "height": [None, *(150.25 + i for i in range(N - 1))],
    "children": [i % 5 for i in range(N)],
    "town": [None if i % 7 == 6 else ["nord", "süd", "<b>"][i % 3] for i in range(N)],
    "member": [i % 2 == 0 for i in range(N)],
    "since": [None, *pd.date_range("2020-01-01", periods=N - 1).to_pydatetime()],
}
ELSEWHERE: dict[str, Callable[[], Any]] = {
    "polars": lambda: pl.DataFrame(CELLS),
    "polars, lazy": lambda: pl.LazyFrame(CELLS),
    "arrow": lambda: pa.table(CELLS),
    "arrow, in chunks": lambda: pa.concat_tables([pa.table(CELLS).slice(0, 7), pa.table(CELLS).slice(7)]),
}


@pytest.mark.parametrize("library", ELSEWHERE)
def test_the_same_cells_are_the_same_dataset_whichever_library_holds_them(library: str) -> None:
    config = ReadConfig(sensitive=("town",))
    read, expected = load(ELSEWHERE[library](), config), load(pd.DataFrame(CELLS), config)
    pd.testing.assert_frame_equal(read.frame, expected.frame)
    assert read.schema == expected.schema
    assert (read.fingerprint, read.accounting) == (expected.fingerprint, expected.accounting)


def test_categories_are_declared_by_polars_and_arrow_as_by_pandas() -> None:
    sizes = ["small", "large", "medium"] * 10
    order = ["small", "medium", "large"]
    dictionary = pa.DictionaryArray.from_arrays([order.index(size) for size in sizes], order, ordered=True)
    ordered = pd.DataFrame({"size": pd.Categorical(sizes, order, ordered=True)})
    assert load(pa.table({"size": dictionary})).schema == load(ordered).schema
    plain = load(pl.DataFrame({"size": pl.Series(sizes, dtype=pl.Categorical)})).schema
    assert plain == load(ordered.astype("category").assign(size=pd.Categorical(sizes))).schema


def test_other_data_may_come_from_another_library_than_that_of_the_run() -> None:
    schema = load(pd.DataFrame(CELLS)).schema
    expected = load_like(pd.DataFrame(CELLS), schema, ReadConfig()).dataset.frame
    pd.testing.assert_frame_equal(load_like(pl.DataFrame(CELLS), schema, ReadConfig()).dataset.frame, expected)


def test_columns_of_one_name_in_an_arrow_table_are_told_apart() -> None:
    twice = pa.table([pa.array([0.5, 1.5, 2.0] * 10), pa.array([1.5, 3.5, 0.5] * 10)], names=["x", "x"])
    assert len(set(load(twice).schema.names)) == 2


@pytest.mark.parametrize("source", [pl.Series([1]), pd.Series([1]), [1, 2], None, {"a": [1]}], ids=str)
def test_what_is_no_dataframe_is_refused_by_its_type(source: Any) -> None:
    with pytest.raises(UsageError, match=f"expected a path or a DataFrame, found {type(source).__name__}"):
        load(source)

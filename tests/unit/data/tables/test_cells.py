"""Arrow columns as cells: what float64 cannot hold stays text, what an extension type means is read."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vaeaudit.data.tables.cells import NumberCells, TextCells, TimeCells, from_arrow, table_cells


def decimals(*written: str | None, scale: int, digits: int = 38):
    values = [None if text is None else Decimal(text) for text in written]
    return from_arrow(pa.chunked_array([pa.array(values, pa.decimal128(digits, scale))]))


def test_decimals_of_few_digits_are_numbers() -> None:
    cells = decimals("1234.50", None, "-0.25", scale=10)
    assert isinstance(cells, NumberCells)
    np.testing.assert_array_equal(cells.numbers, [1234.5, np.nan, -0.25])


@pytest.mark.parametrize(
    ("written", "scale"), [("900000000000000001", 0), ("9007199254740993", 0), ("12.333333333333333333", 18)]
)
def test_decimals_that_float64_would_round_are_text(written: str, scale: int) -> None:
    cells = decimals(written, None, scale=scale)
    assert isinstance(cells, TextCells)
    assert cells.to_objects().tolist() == [written, None]


def test_decimals_lose_the_zeros_that_only_their_scale_adds() -> None:
    assert decimals("9000000000000000010", scale=5).to_objects().tolist() == ["9000000000000000010"]


@pytest.mark.parametrize("registered", [True, False])
def test_periods_of_pandas_are_the_moments_at_which_they_begin(tmp_path, registered: bool) -> None:
    frame = pd.DataFrame({"quarter": pd.PeriodIndex(["2020Q1", "2020Q2", None], freq="Q")})
    table = pa.Table.from_pandas(frame)
    if not registered:  # as a file is read where nothing has told Arrow of the type
        field, storage = table.schema.field(0), table.column(0).chunk(0).storage
        name, described = field.type.extension_name, field.type.__arrow_ext_serialize__()
        said = {"ARROW:extension:name": name, "ARROW:extension:metadata": described}
        table = pa.table([storage], schema=pa.schema([pa.field("quarter", storage.type, metadata=said)]))
    else:
        pq.write_table(table, tmp_path / "quarters.parquet")
        table = pq.read_table(tmp_path / "quarters.parquet")
    (cells,) = table_cells(table)
    assert isinstance(cells, TimeCells)
    assert cells.times.astype("datetime64[D]").astype(str).tolist() == ["2020-01-01", "2020-04-01", "NaT"]
